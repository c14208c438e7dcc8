"""Services as recorded: created, run, failed over, scaled, updated, broken, removed."""

from __future__ import annotations

import pytest

FOLDERS = {  # folder: (daemon, client, task first on worker0)
    "swarm-1.12": ("1.12.1", "", False),
    "swarm-1.12-on-20.10": ("20.10.24", "1.12.1", True),
    "swarm-20.10": ("20.10.24", "", True),
    "swarm-28.2": ("20.10.24", "28.2.2", True),
}
CREATE = "--name webserver --replicas 1 --publish 80:80 nginx"
ONE = """service-ls-1 service-ps-running service-ps-filter service-ps-format service-ps-json
service-ps-json-no-trunc service-ps-no-trunc service-ps-q service-ps-no-resolve service-ls-q
service-ls-filter service-ls-format-json service-inspect-pretty node-ps-worker docker-ps-worker
service-create-duplicate service-create-port-conflict failover-0-ps service-logs
service-logs-tail service-inspect service-create-bad-image"""
LOST = """failover-2-ps failover-2-ps-json failover-2-ps-no-trunc failover-2-node-inspect-pretty
failover-2-node-rm-down"""


def begin(folder, scene, theatre):
    version, client, swap = FOLDERS[folder]
    old = "1.12" in (version[:4], client[:4])
    return theatre(scene, folder, swap), version, client, "" if old else "-d "


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_service_lives_and_moves(folder, play, theatre):
    async def story(scene):
        stage, version, client, detached = begin(folder, scene, theatre)
        await scene.swarm(version, client)
        await scene.docker("manager0", "node update --label-add zone=ru-1 worker1")
        await stage.act("service-create-article", f"service create {detached}{CREATE}")
        await stage.replay("service-ls-0")
        await stage.see("service-ps-preparing", 2)
        await scene.wait(18)
        await stage.replay_all(ONE)
        await stage.replay("failover-0-node-ls", order=False)
        scene.world.cut.add("192.168.0.102")
        await stage.replay_all("failover-1-ps-at-once")
        await stage.replay("failover-1-node-ls-at-once", order=False)
        await scene.wait(45)
        await stage.replay("failover-2-node-ls", order=False)
        await stage.replay_all(LOST)
        await stage.replay("failover-2-service-ls", order=False)
        await stage.replay("wrongaddr-failover-2-service-ls")
        if folder != "swarm-28.2":  # there another service had been removed just then
            await stage.replay("failover-2-node-ps")
        scene.world.cut.clear()
        await scene.wait(8)
        await stage.replay("failover-3-ps")
        await stage.replay("failover-3-node-ls", order=False)
        await grow(scene, stage, version, detached)
        stage.finish(18)

    play(story)


async def grow(scene, stage, version, detached):
    await stage.act("service-update-replicas-2", f"service update {detached}--replicas 2 webserver")
    await stage.replay("service-ls-1-of-2", order=False)
    await stage.see("service-ps-2-preparing", 2)
    await scene.wait(3)
    await stage.replay_all("service-ps-2 service-ls-2")
    await stage.act("service-scale-5", f"service scale {detached}webserver=5")
    await scene.wait(3)
    await stage.see("service-ps-5", 1)
    await stage.act("service-scale-2", f"service scale {detached}webserver=2")
    await scene.wait(3)
    await stage.replay_all("service-ps-scaled-down service-scale-bad service-scale-missing")


@pytest.mark.parametrize("folder", FOLDERS)
def test_services_that_fail_in_many_ways(folder, play, theatre):
    async def story(scene):
        stage, version, client, detached = begin(folder, scene, theatre)
        await scene.swarm(version, client)
        scene.images("nginx", "busybox")
        await scene.docker("manager0", f"service create {detached}{CREATE}")
        await scene.docker("manager0", f"service scale {detached}webserver=2")
        await scene.wait(2)
        for name in CREATED:
            await stage.replay(f"create-{name}")
            await create_if_missing(scene, detached, name)
        await stage.see_all(FAILURES, 25)
        await stage.replay("failures-inspect-pretty-crash")
        if version != "1.12.1":
            await stage.see("failures-service-ls", 10)
        await stage.replay("service-rm-many")
        await stage.replay("service-rm-mixed")
        await scene.wait(12)
        stage.finish(13)

    play(story)


CREATED = {
    "missing-image": ["--name", "noimage", "nosuchimage"],
    "missing-tag": ["--name", "notag", "nginx:9.99"],
    "crash": ["--name", "crash", "busybox", "sh", "-c", "sleep 1; exit 3"],
    "badcmd": ["--name", "badcmd", "busybox", "/no/such/binary"],
    "complete": ["--name", "oneshot", "--restart-condition", "none", "busybox", "true"],
    "nonode": ["--name", "nonode", "--constraint", "node.labels.zone == nowhere", "busybox",
               "sleep", "1000"],
    "global": ["--name", "agent", "--mode", "global", "busybox", "sleep", "100000"],
    "reserve": ["--name", "big", "--reserve-memory", "900g", "busybox", "sleep", "1000"],
}  # fmt: skip
FAILURES = """failures-ps-crash failures-ps-badcmd failures-ps-missing-image failures-ps-missing-tag
failures-ps-nonode failures-ps-big failures-ps-complete failures-ps-global failures-ps-no-trunc
failures-ps-noimage-no-trunc"""


async def create_if_missing(scene, detached, name):
    words = CREATED[name]
    listed = await scene.docker("manager0", "service ls")
    if words[1] not in listed:
        argv = ["docker", "service", "create", *detached.split(), *words]
        assert (await scene.run("manager0", argv)).exit_code == 0


@pytest.mark.parametrize("folder", FOLDERS)
def test_rolling_updates(folder, play, theatre):
    async def story(scene):
        stage, version, client, detached = begin(folder, scene, theatre)
        scene.world.images["nginx:1.11"] = 16.0
        await scene.swarm(version, client)
        scene.images("nginx")
        await scene.docker("manager0", f"service create {detached}{CREATE}")
        await scene.docker("manager0", f"service update {detached}--replicas 2 webserver")
        await scene.wait(8)
        await stage.act("update-image", f"service update {detached}--image nginx:1.11 webserver")
        await stage.see("update-ps-mid", 4) if version != "1.12.1" else await scene.wait(2)
        await stage.replay("update-inspect-mid")
        await scene.wait(60)
        await stage.replay("update-inspect-done")
        await stage.see("update-ps-done", 1) if version != "1.12.1" else None
        await stage.act(
            "update-bad-image", f"service update {detached}--image nginx:9.99 webserver"
        )
        paused = "" if version == "1.12.1" else "update-ps-paused"
        await stage.see_all(f"update-inspect-paused {paused}", 4)
        await stage.act("rollback", f"service update {detached}--image nginx:1.11 webserver")
        await scene.wait(20)
        listed = await scene.docker("manager0", "service ps webserver")
        assert listed.count(" Running  ") >= 2, listed
        stage.finish(2)

    play(story)


@pytest.mark.parametrize("folder", ["swarm-20.10", "swarm-28.2"])
def test_a_client_that_waits_shows_the_progress(folder, play, theatre):
    async def story(scene):
        stage, version, client, _ = begin(folder, scene, theatre)
        await scene.swarm(version, client)
        scene.images()
        argv = ["docker", "service", "create", "--name", "web3", "busybox", "sleep", "100000"]
        ran = await scene.run("manager0", argv)
        lines = ran.stdout.splitlines()
        assert lines[1:3] == ["overall progress: 0 out of 1 tasks", "1/1:  "]
        assert "overall progress: 1 out of 1 tasks" in lines
        assert sum(line.startswith("verify: Waiting") for line in lines) == 25
        assert lines[-1].startswith("verify: Service ")
        await scene.run(
            "manager0", ["docker", "service", "create", "-d", "--name", "webserver", "nginx"]
        )
        await scene.docker("manager0", "service scale -d webserver=2")
        await scene.wait(3)
        await stage.replay("service-scale-attached")
        stage.finish(0)

    play(story)

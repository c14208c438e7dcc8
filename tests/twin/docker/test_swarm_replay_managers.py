"""Nodes that leave, managers that are lost, quorum lost and back, as recorded."""

from __future__ import annotations

import pytest

FOLDERS = {
    "swarm-1.12": ("1.12.1", ""),
    "swarm-1.12-on-20.10": ("20.10.24", "1.12.1"),
    "swarm-20.10": ("20.10.24", ""),
    "swarm-28.2": ("20.10.24", "28.2.2"),
}


async def running(scene, version, client):
    """A swarm with two replicas of nginx:1.11."""
    scene.world.images["nginx:1.11"] = 16.0
    await scene.swarm(version, client)
    scene.images("nginx:1.11")
    detached = "" if "1.12" in (version[:4], client[:4]) else "-d "
    create = "--name webserver --replicas 2 --publish 80:80 nginx:1.11"
    await scene.docker("manager0", f"service create {detached}{create}")
    await scene.wait(3)


@pytest.mark.parametrize("folder", FOLDERS)
def test_draining_leaving_and_removing_a_worker(folder, play, theatre):
    version, client = FOLDERS[folder]

    async def story(scene):
        stage = theatre(scene, folder)
        await running(scene, version, client)
        await stage.act("node-drain-worker", "node update --availability drain worker1")
        await stage.replay("drain-node-ls", order=False)
        await scene.wait(6)
        await stage.see("drain-ps", 1)
        await stage.replay("node-rm-ready")
        await scene.docker("manager0", "node update --availability active worker1")
        await stage.act("leave-worker", "swarm leave", host="worker1")
        await stage.replay("node-ls-after-leave", order=False)
        await scene.wait(14)
        await stage.replay("node-ls-left", order=False)
        await stage.act("node-rm-down", "node rm worker1")
        await stage.replay("node-ls-removed", order=False)
        await stage.see("quorum-lost-service-ps", 1)
        await stage.replay("leave-manager")
        stage.finish(3)

    play(story)


@pytest.mark.parametrize("folder", FOLDERS)
def test_three_managers_lose_two_and_get_them_back(folder, play, theatre):
    version, client = FOLDERS[folder]

    async def story(scene):
        stage = theatre(scene, folder)
        await running(scene, version, client)
        await scene.docker("manager0", "node update --availability drain worker1")
        await scene.wait(5)
        await scene.docker("manager0", "node update --availability active worker1")
        await stage.act("node-promote", "node promote worker0 worker1")
        await scene.wait(3)
        await stage.replay("node-promote-again")
        await stage.replay("node-ls-3-managers", order=False)
        if folder != "swarm-1.12-on-20.10":
            await stage.replay("node-ls-3-managers-on-worker0", order=False)
        await stage.replay("info-3-managers")
        scene.world.cut.add("192.168.0.102")
        await scene.wait(2.5)
        await stage.replay("node-ls-manager-unreachable", order=False)
        await stage.replay("node-inspect-unreachable")
        scene.world.cut.add("192.168.0.101")
        await scene.wait(1)
        await stage.replay("quorum-lost-node-ls-at-once", order=False)
        await scene.wait(7)
        await lost(scene, stage, version, client)
        scene.world.cut.clear()
        await back(scene, stage, version)
        await stage.act("node-demote", "node demote worker0 worker1")
        for name in ("node-demote-last", "swarm-update", "join-token-rotate"):
            await stage.replay(name)
        await stage.act("leave-force", "swarm leave --force")
        await stage.replay("node-ls-after-force")
        stage.finish(14)

    play(story)


async def lost(scene, stage, version, client):
    await stage.replay("quorum-lost-node-ls", order=False)
    await stage.replay("quorum-lost-service-ls")
    await stage.see("quorum-lost-ps-local", 1)
    if version == "1.12.1":
        await stage.replay("quorum-lost-service-create")
        await stage.replay("quorum-lost-join-token")
        return
    await stage.act("quorum-lost-service-create", "service create -d --name y nginx")
    await scene.wait(5)
    await stage.replay("quorum-lost-node-update")
    await stage.replay("quorum-lost-info")
    await stage.replay("quorum-lost-join-token")
    await stage.replay("quorum-lost-on-worker0")


async def back(scene, stage, version):
    if version == "1.12.1":
        await stage.see("quorum-back-node-ls", 10)
    for _ in range(200):
        ran = await scene.run("manager0", ["docker", "node", "ls"])
        if ran.exit_code == 0 and ran.stdout.count(" Ready ") == 3:
            return
        await scene.wait(0.5)
    raise AssertionError(ran)


def test_a_lost_leader_is_replaced_and_its_tasks_move(play):
    async def story(scene):
        await running(scene, "20.10.24", "")
        await scene.docker("manager0", "node promote worker0 worker1")
        await scene.wait(3)
        scene.world.machines["manager0"].power_off()
        await scene.wait(40)
        listed = await scene.docker("worker0", "node ls")
        assert "Leader" in listed
        assert "Unreachable" in listed
        assert "Down" in listed
        scene.world.machines["manager0"].power_on()
        await scene.wait(10)
        assert (await scene.docker("manager0", "node ls")).count(" Ready ") == 3

    play(story)


def test_a_single_manager_comes_back_with_its_swarm(play):
    async def story(scene):
        await running(scene, "1.12.1", "")
        scene.world.machines["manager0"].power_off()
        await scene.wait(30)
        answer = await scene.world.http(None, "GET", "http://192.168.0.102/")
        assert answer.status == 200
        scene.world.machines["manager0"].power_on()
        await scene.wait(8)
        assert (await scene.docker("manager0", "node ls")).count(" Ready ") == 3
        assert "2/2" in await scene.docker("manager0", "service ls")

    play(story)


def test_an_engine_below_1_12_is_in_no_swarm(play):
    async def story(scene):
        await running(scene, "1.12.1", "")
        scene.engines["worker1"].set_version("docker-1.11.2")
        ran = await scene.run("worker1", ["docker", "node", "ls"])
        assert ran.stderr == "docker: 'node' is not a docker command.\nSee 'docker --help'.\n"
        assert "Swarm" not in await scene.docker("worker1", "info")
        await scene.wait(20)
        assert "Down" in await scene.docker("manager0", "node ls")
        assert await scene.docker("worker1", "--version") == (
            "Docker version 1.11.2, build b9f10c9\n"
        )

    play(story)

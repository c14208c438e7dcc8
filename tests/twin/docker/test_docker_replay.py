"""Containers and images of one machine, as recorded from four pairs of client and daemon."""

from __future__ import annotations

import re
import shlex

import pytest

from runbook_twin.docker import images

PAIRS = {  # prefix of the recordings: (daemon, client)
    "1.12": ("1.12.1", ""),
    "1.12-on-20.10": ("20.10.24", "1.12.1"),
    "20.10": ("20.10.24", ""),
    "28.2": ("20.10.24", "28.2.2"),
}
LONG = "registry.local:5000/team/very-long-image-name-for-tests:v1.2.3-rc1"
PORTS = "-p 80:80 -p 443:443 -p 53:53/udp -p 9000-9003:9000-9003 -p 127.0.0.1:8080:8080"
CRASHING = "sh -c 'sleep 1; exit 3'"
LOOP = "sh -c 'while true; do echo a very long command line that will be cut; sleep 1000; done'"
CONTAINERS = f"""run -d --name web nginx
run -d --name ports {PORTS} nginx
run -d --name linked --link web:backend --link web:api busybox sleep 100000
run -d --name exited0 busybox true
run -d --name exited137 busybox sleep 1000
run -d --name crash --restart always busybox {CRASHING}
create --name created busybox sleep 5
run -d --name paused busybox sleep 100000
run -d --name longcmd busybox {LOOP}
run -d --name quoted busybox sh -c 'echo "it is"; sleep 1000'
run -d --name byid 5e71dbb64ed5 sleep 100000
run -d --name longimg {LONG} sleep 100000
run -d --name health --health-cmd true busybox sleep 100000
kill exited137
pause paused"""
LISTS = """ps-a ps-no-trunc ps-q ps-aq-no-trunc ps-s ps-n2 ps-l ps-filter ps-filter-none ps-format
ps-format-table ps-format-json ps-format-json-word ps-tty-80"""
IMAGES = """images images-digests images-no-trunc images-format-json images-filter-none"""
OTHERS = """version version-flag version-format inspect-missing logs-missing restart-missing
rm-running run-name-conflict run-port-conflict run-bad-cmd run-exit-3 run-missing-image
run-missing-tag pull-missing pull-missing-tag pull-again restart bad-flag bad-command"""


def stage(scene, prefix):
    version, client = PAIRS[prefix]
    engine = scene.add("node02", version, client)
    scene.world.machines["worker1"] = scene.world.machines["node02"]  # host of some recordings
    scene.world.images.update({"redis:3": 3.0, "nginx:1.11": 16.0})
    for name in ("nginx:latest", "nginx:1.10", "busybox", LONG):
        image = engine.add_image(name)
        if name == LONG:
            busybox = engine.add_image("busybox")
            image.id, image.bytes, image.layer = busybox.id, busybox.bytes, busybox.layer
            image.digest = ""
    return engine


async def fill(scene):
    for line in CONTAINERS.splitlines():
        assert (await scene.run("node02", ["docker", *shlex.split(line)])).exit_code == 0, line


@pytest.mark.parametrize("prefix", PAIRS)
def test_lists_of_many_kinds_of_containers(prefix, play, theatre):
    async def story(scene):
        engine = stage(scene, prefix)
        show = theatre(scene, "docker")
        await fill(scene)
        await scene.wait(0.5)
        await show.see(f"{prefix}-ps", 30)
        for name in LISTS.split():
            await settle(scene, engine, show, f"{prefix}-{name}")
            await show.replay(f"{prefix}-{name}")
        show.finish(6)

    play(story)


async def settle(scene, engine, show, name):
    """Wait until the container that crashes again and again is as it was when recorded."""
    crash = engine.find("crash")
    recorded = show.read(name)
    if recorded is None:
        return
    text = recorded.ran.stdout
    restarting = '"restarting"' in text or "Restarting" in text
    while (crash.state == "restarting") != restarting:
        await scene.wait(0.05)
    crash.exit_code = 3


@pytest.mark.parametrize("prefix", PAIRS)
def test_images_versions_and_refusals(prefix, play, theatre, monkeypatch):
    # the recorded registry's redis was busybox under another name
    monkeypatch.setitem(images.KNOWN, "redis:3", images.KNOWN["busybox:latest"])

    async def story(scene):
        engine = stage(scene, prefix)
        show = theatre(scene, "docker")
        redis = engine.add_image("redis:3")
        engine.add_image("nginx:1.11")
        for name in IMAGES.split():
            await show.see(f"{prefix}-{name}", 0.25)
        await fill(scene)
        await scene.wait(0.5)
        await settle(scene, engine, show, f"{prefix}-info")
        if prefix == "1.12":
            scene.world.machines["node02"].hostname = "worker1"
            await show.replay(f"{prefix}-info")
        if prefix == "1.12":
            await show.replay(f"{prefix}-pull-tty")
        for name in OTHERS.split():
            await show.replay(f"{prefix}-{name}")
        engine.images.remove(redis)
        await show.replay(f"{prefix}-pull")
        engine.stop_daemon()
        scene.environment["DOCKER_HOST"] = "unix:///tmp/nosuch.sock"
        for name in ("daemon-down", "daemon-down-info", "daemon-down-version"):
            await show.replay(f"{prefix}-{name}")
        show.finish(10)

    play(story)


def test_the_articles_run_and_ps(play, theatre):
    async def story(scene):
        scene.add("node02", "20.10.24", "1.12.1")
        show = theatre(scene, "docker")
        scene.world.machines["rancher-os"] = scene.world.machines["node02"]
        await show.replay("docker-run-article")
        await scene.wait(2)
        ran = await scene.run("node02", ["docker", "ps"])
        recorded = show.read("docker-ps-article")
        id_and_name = r"^\w{12}|\w+$"
        have, want = (
            re.sub(id_and_name, "X", text, flags=re.M) for text in (ran.stdout, recorded.ran.stdout)
        )
        assert have == want
        show.finish(1)

    play(story)

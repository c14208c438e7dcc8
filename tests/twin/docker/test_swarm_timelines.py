"""Fail-overs in time: the states come in the recorded order, at about the recorded seconds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

OUTPUTS = Path(__file__).parents[2] / "outputs" / "timelines"
LOST = {  # recording: (daemon, client, power off instead of link down, seconds until Running)
    "swarm-1.12-power-off": ("1.12.1", "", True, (14, 20)),
    "swarm-1.12-failover-link-down": ("1.12.1", "", False, (26, 33)),
    "swarm-1.12-on-20.10-failover-link-down": ("20.10.24", "1.12.1", False, (26, 34)),
    "swarm-20.10-failover-link-down": ("20.10.24", "", False, (26, 33)),
    "swarm-28.2-failover-link-down": ("20.10.24", "28.2.2", False, (26, 33)),
}


def states(samples, label):
    """The different states of a table in order: (status), (replicas), (desired and current)."""
    words = {
        "node ls": r"worker\d +(?:Ready|Down)",
        "service ls": r"webserver +(?:replicated +)?(\d/\d)",
        "service ps": r"webserver\.1 .*?(Ready|Running|Shutdown)  +([A-Z][a-z]+) ",
    }
    found = []
    for sample in samples:
        if sample["label"] != label:
            continue
        rows = re.findall(words[label], sample["stdout"])
        rows = sorted(re.sub(r"worker\d", "worker", str(row)) for row in rows)
        # a state of half a second may fall between two samples
        if re.search(r"Starting|Assigned|'Running', 'Ready'", str(rows)):
            continue
        if not found or found[-1] != rows:
            found.append(rows)
    return found


async def sampled(scene, seconds):
    samples = []
    for _ in range(int(seconds * 2)):
        for label in ("node ls", "service ls", "service ps"):
            line = f"{label} webserver" if label == "service ps" else label
            text = await scene.docker("manager0", line)
            samples.append({"label": label, "stdout": text, "t_s": _ / 2})
        await scene.wait(0.5)
    return samples


@pytest.mark.parametrize("name", LOST)
def test_a_lost_worker(name, play):
    version, client, power, (soonest, latest) = LOST[name]
    recorded = json.loads((OUTPUTS / f"{name}.json").read_text())["samples"]

    async def story(scene):
        await scene.swarm(version, client)
        detached = "" if "1.12" in (version[:4], client[:4]) else "-d "
        await scene.docker(
            "manager0", f"service create {detached}--name webserver --publish 80:80 nginx"
        )
        await scene.wait(20)
        if power:
            scene.images("nginx")
            scene.world.machines["worker1"].power_off()
        else:
            scene.world.cut.add("192.168.0.102")
        samples = await sampled(scene, 40)
        for label in ("node ls", "service ls", "service ps"):
            real = states(recorded, label)  # it may end before the last change
            assert states(samples, label)[: len(real)] == real
        down = next(s["t_s"] for s in samples if re.search(r"Down ", s["stdout"]))
        assert 10 <= down <= 13.5
        ps = [s for s in samples if s["label"] == "service ps"]
        again = next(s["t_s"] for s in ps if re.search(r"Running +Running", s["stdout"])
                     and "Shutdown" in s["stdout"])  # fmt: skip
        assert soonest <= again <= latest

    play(story)


@pytest.mark.parametrize("name", ["swarm-1.12-start", "swarm-20.10-start", "swarm-28.2-start"])
def test_a_service_starts(name, play):
    version = {"1": "1.12.1", "2": "20.10.24"}[name[6]]
    recorded = json.loads((OUTPUTS / f"{name}.json").read_text())["samples"]

    async def story(scene):
        await scene.swarm(version)
        detached = "" if version == "1.12.1" else "-d "
        await scene.wait(0.3)
        await scene.docker(
            "manager0", f"service create {detached}--name webserver --publish 80:80 nginx"
        )
        await scene.wait(0.4)
        samples = await sampled(scene, 20)
        for label in ("service ls", "service ps"):
            assert states(samples, label) == states(recorded, label)
        ready = next(s["t_s"] for s in samples if "1/1" in s["stdout"])
        assert 15 <= ready <= 19

    play(story)


def test_power_back_and_two_replicas_as_recorded(play, theatre):
    async def story(scene):
        stage = theatre(scene, "swarm-1.12")
        await scene.swarm()
        scene.images("nginx")
        await stage.replay("power-0-create")
        await scene.wait(2)
        await stage.replay("power-1-ps")
        scene.world.machines["worker1"].power_off()
        await scene.wait(18)
        await stage.replay("power-3-node-ls", order=False)
        await scene.wait(35)
        await stage.replay("power-4-ps-later")
        scene.world.machines["worker1"].power_on()
        await scene.wait(5)
        await stage.replay("power-5-ps")
        await stage.replay("power-6-update-replicas-2")
        await stage.replay("power-6-ps-at-once")
        await scene.wait(3)
        await stage.replay("power-7-ps")
        ran = await scene.docker("worker1", "ps -a")
        assert re.search(r"Exited \(1\) \d+ seconds ago +webserver\.1\.", ran)
        assert re.search(r"Up \d+ seconds? +80/tcp, 443/tcp +webserver\.2\.", ran)
        stage.finish(8)

    play(story)


QUORUM = {"1.12.1": (0, 3), "20.10.24": (10, 20)}


@pytest.mark.parametrize("version", QUORUM)
def test_quorum_comes_back(version, play):
    soonest, latest = QUORUM[version]

    async def story(scene):
        await scene.swarm(version)
        await scene.docker("manager0", "node promote worker0 worker1")
        await scene.wait(3)
        scene.world.cut |= {"192.168.0.101", "192.168.0.102"}
        await scene.wait(30)
        ran = await scene.run("manager0", ["docker", "node", "ls"])
        assert (ran.exit_code == 0) == (version == "1.12.1")
        scene.world.cut.clear()
        waited = 0.0
        seen = []
        while ran.stdout.count("Reachable") != 2 or ran.stdout.count(" Ready ") != 3:
            await scene.wait(0.5)
            waited += 0.5
            ran = await scene.run("manager0", ["docker", "node", "ls"])
            if ran.stdout and not seen:
                seen = [waited]
            assert waited < 60, ran
        assert soonest <= waited <= latest + 5
        if version != "1.12.1":
            assert soonest <= seen[0] <= latest

    play(story)

"""The outage meter against an independent client that asks ten times as often, on real engines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from runbook.command import Nodes
from runbook.facts import swarm
from runbook.facts.base import Condition, Observation
from runbook.facts.servers import answers
from runbook.outage import Meter
from runbook_lab import cgroups

from .client import EVERY_S
from .conftest import play
from .sides import Side

SERVICE, INTERVAL_S, DEADLINE_S = "webserver", 0.1, 120.0
CLIENT = (Path(__file__).parent / "client.py").read_text()


@dataclass(frozen=True)
class Seen:
    """One failover: seconds without service as the client and as the meter saw them, and within
    how many seconds each of them can tell."""

    what: str
    client: float
    gap: float
    meter: float
    resolution: float

    def __str__(self) -> str:
        difference = self.meter - self.client
        return (
            f"| {self.what} | {self.client:.3f} | {self.meter:.3f} | {difference:+.3f} "
            f"| {self.gap:.3f} | {self.resolution:.3f} |"
        )


def longest(rounds: list[tuple[float, float | None]]) -> float:
    """Seconds from the first round that nobody answered to the first answer after it."""
    found, began = 0.0, None
    for number, (sent, answered) in enumerate(rounds):
        if answered is None:
            began = sent if began is None else began
        elif began is not None:
            first = min(at for _, at in rounds[number:] if at is not None)
            found, began = max(found, first - began), None
    assert began is None, "the page never came back"
    return found


def gap(rounds: list[tuple[float, float | None]]) -> float:
    """The largest time in which the client itself did not ask: it gets no processor either."""
    return max(later - earlier for (earlier, _), (later, _) in pairwise(rounds))


def favour(server: str) -> None:
    """The client's server gets the processor before the others of the lab."""
    for hierarchy in cgroups.hierarchies():
        for setting, most in (("cpu.shares", "262144"), ("cpu.weight", "10000")):
            file = hierarchy / cgroups.NAME / server / setting
            if file.exists():
                file.write_text(most)


@contextmanager
def client(side: Side, addresses: list[str]) -> Iterator[list[tuple[float, float | None]]]:
    """Asks from a server that has nothing to do with the Swarm; its rounds are there afterwards."""
    script = f"'{sys.executable}' -c '{CLIENT}' {' '.join(addresses)}"
    ssh = ["ssh", "-F", str(side.folder / "ssh_config"), "192.168.0.10", script]
    rounds: list[tuple[float, float | None]] = []
    with subprocess.Popen(ssh, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asks:
        assert asks.stdout is not None
        assert asks.stdout.readline() == "the page answers\n"
        yield rounds
        output, _ = asks.communicate("", timeout=60)
    rounds += [(sent, answered) for sent, answered in json.loads(output)]


@pytest.fixture
def side(up: Path) -> Iterator[Side]:
    """The lab with the article's Swarm, and a server for the client."""
    for name in ("coreos-build-cluster", "swarm-set-up"):
        assert play(up, name)["verdict"] == "passed", name
    favour("node00")
    made = Side("lab", up, cut=lambda name: None, heal=lambda name: None)
    yield made
    made.close()


Drill = Callable[[], AbstractContextManager[None]]


class Drills:
    """Ways to lose the page: each is over when the Swarm has done its part, and is taken back."""

    def __init__(self, side: Side) -> None:
        self.run, self.manager = side.run, side.swarm[0]
        self.workers: Nodes = side.swarm[1:]

    def where(self) -> str:
        """A worker that runs a task."""
        return str(swarm.running_tasks(self.manager, SERVICE).node.iloc[0])

    @contextmanager
    def power_cut(self) -> Iterator[None]:
        """The worker loses its power."""
        name = self.where()
        self.run.power.off(name)
        self.workers.named(name).disconnect()
        self.wait("it is Down", swarm.node_has(self.manager, name, status="Down"))
        self.wait("a task runs", swarm.service_runs(self.manager, SERVICE, not_on=name))
        yield
        self.run.power.on(name)
        self.wait("it is back", answers(self.workers.named(name)))
        self.wait("it is Ready", swarm.node_has(self.manager, name, status="Ready"))

    @contextmanager
    def drained(self) -> Iterator[None]:
        """The worker is drained."""
        name = self.where()
        self.manager.change("docker node update --availability drain %s", name)
        self.wait("a task runs", swarm.service_runs(self.manager, SERVICE, not_on=name))
        yield
        self.manager.change("docker node update --availability active %s", name)

    @contextmanager
    def killed(self) -> Iterator[None]:
        """The task's container is killed."""
        before = set(swarm.running_tasks(self.manager, SERVICE).task)
        kill = "docker kill $(docker ps -q --filter name=webserver)"
        self.workers.named(self.where()).change(kill)

        def replaced() -> Observation:
            now = set(swarm.running_tasks(self.manager, SERVICE).task)
            return Observation(len(now) == len(before) and now != before, ", ".join(now))

        self.wait("a new task runs", replaced)
        yield

    def scale(self, replicas: int) -> None:
        """So many tasks run, each on a worker of its own."""
        self.manager.change(f"docker service scale --detach {SERVICE}={replicas}")
        self.wait("they run", swarm.service_spread(self.manager, SERVICE, replicas))

    def wait(self, what: str, condition: Condition) -> None:
        """Within the deadline."""
        self.run.wait_until(what, condition, deadline=DEADLINE_S)


def test_the_meter_agrees_with_a_client_that_asks_ten_times_as_often(
    side: Side, rounds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    drills = Drills(side)
    plan: list[tuple[str, int, Drill]] = [
        *[("power cut, 1 replica", 1, drills.power_cut)] * rounds,
        *[("drained, 1 replica", 1, drills.drained)] * rounds,
        *[("container killed, 1 replica", 1, drills.killed)] * rounds,
        *[("power cut, 2 replicas", 2, drills.power_cut)] * rounds,
        *[("container killed, 2 replicas", 2, drills.killed)] * rounds,
    ]
    addresses = [node.address for node in drills.workers]
    seen = []
    for what, replicas, lose in plan:
        drills.scale(replicas)
        with client(side, addresses) as asked:
            meter: Meter = side.run.meter(drills.workers, 80, via=drills.manager)
            drills.wait("the page answers", meter.answering())
            with lose():
                drills.wait("the page answers again", meter.answering())
            outage = meter.stop()
        seen.append(Seen(what, longest(asked), gap(asked), outage.longest, outage.resolution))
        with capsys.disabled():
            print(seen[-1])  # noqa: T201 - the table of the documentation
    for one in seen:
        assert abs(one.meter - one.client) <= INTERVAL_S + max(one.gap, EVERY_S), one
        if "1 replica" in one.what:
            assert one.client > 0.5, one

"""The conditions of the drills, held against recorded fail-overs of the real clusters."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from runbook.command import Node
from runbook.facts import fleet, swarm
from runbook.transport import Reply

from .conftest import recorded, reply

Make = Callable[..., Node]


class Timeline:
    """A recorded fail-over, looked at at one moment after the other."""

    def __init__(self, name: str) -> None:
        self.samples: list[dict[str, Any]] = recorded(f"timelines/{name}")["samples"]
        self.moments = sorted({sample["t_s"] for sample in self.samples})
        self.now = self.moments[-1]

    def answer(self, line: str) -> Reply:
        """What the tool last said before now."""
        words = _plain(line.split())
        mine = [s for s in self.samples if _plain(s["argv"]) == words]
        # A table that was not asked for yet was the same as when it was.
        case = ([s for s in mine if s["t_s"] <= self.now] or mine[:1])[-1]
        if "--fields=machine,ip" in case["argv"]:  # ours asks for the third column too
            lines = case["stdout"].splitlines()
            whole = [f"{row}\t{'METADATA' if n == 0 else '-'}\n" for n, row in enumerate(lines)]
            case = {**case, "stdout": "".join(whole)}
        return reply(case)

    def first(self, holds: Callable[[], bool]) -> float | None:
        """The first moment at which something holds, and goes on to hold."""
        held = []
        for moment in self.moments:
            self.now = moment
            held.append(holds())
        if not held[-1]:
            return None
        start = max([n + 1 for n, each in enumerate(held) if not each], default=0)
        return self.moments[start]


def _plain(argv: list[str]) -> list[str]:
    return [word for word in argv if not word.startswith("--")]


LOST = "192.168.0.11"


def test_fleet_counts_a_placement_only_on_a_machine_that_it_knows(node: Make) -> None:
    """17 s after the power went the machine is gone, and the unit is still listed as running."""
    timeline = Timeline("fleet-failover-power-off")
    asked = node(timeline.answer)
    timeline.now = timeline.moments[-1]
    listed = fleet.units(asked)
    assert list(listed["sub"]) == ["running"]
    assert len(fleet.machines(asked)) == 2
    assert len(fleet.placements(asked, "nginx.service")) == 0
    elsewhere = fleet.unit_runs(asked, "nginx.service", not_on=LOST)
    assert timeline.first(lambda: elsewhere().held) is None
    assert "a machine that is gone" in elsewhere().seen


def test_fleet_moves_the_unit_after_the_link_is_down(node: Make) -> None:
    timeline = Timeline("fleet-failover-link-down")
    asked = node(timeline.answer)
    elsewhere = fleet.unit_runs(asked, "nginx.service", not_on=LOST)
    running = timeline.first(lambda: elsewhere().held)
    assert running is not None
    assert 30 <= running <= 31
    missed = timeline.first(lambda: fleet.machines_known(asked, 2)().held)
    assert missed is not None
    assert 17 <= missed <= 30


@pytest.mark.parametrize(
    ("name", "lost", "other"),
    [
        ("swarm-1.12-power-off", "worker1", "worker0"),
        ("swarm-1.12-failover-link-down", "worker1", "worker0"),
        ("swarm-1.12-on-20.10-failover-link-down", "worker0", "worker1"),
        ("swarm-20.10-failover-link-down", "worker0", "worker1"),
        ("swarm-28.2-failover-link-down", "worker0", "worker1"),
    ],
)
def test_a_swarm_task_counts_when_it_runs_on_a_living_node(
    node: Make, name: str, lost: str, other: str
) -> None:
    """The lost node's task goes on to say Running, and service ls may say 2/1 meanwhile."""
    timeline = Timeline(name)
    manager = node(timeline.answer, docker="1.12.1")  # these were recorded as tables
    runs = swarm.service_runs(manager, "webserver", not_on=lost)
    down = timeline.first(lambda: swarm.node_has(manager, lost, status="Down")().held)
    placed = timeline.first(lambda: swarm.task_placed(manager, "webserver", not_on=lost)().held)
    running = timeline.first(lambda: runs().held)
    assert down is not None
    assert placed is not None
    assert running is not None
    assert down <= placed <= running
    assert 17 <= running <= 34
    assert list(swarm.running_tasks(manager, "webserver").node) == [other]
    history = swarm.tasks(manager, "webserver")
    assert swarm.shut_down_on(history, lost)
    assert "Running" in set(history[history.node == lost].current_state)


@pytest.mark.parametrize("name", ["swarm-1.12-start", "swarm-20.10-start", "swarm-28.2-start"])
def test_a_new_service_is_awaited_through_its_pull(node: Make, name: str) -> None:
    timeline = Timeline(name)
    nodes = "swarm-1.12/failover-0-node-ls"
    manager = node(
        lambda line: reply(recorded(nodes)) if "node ls" in line else timeline.answer(line),
        docker="1.12.1",
    )
    seen: list[str] = []

    def look() -> bool:
        observation = swarm.service_runs(manager, "webserver")()
        seen.append(observation.seen)
        return observation.held

    assert timeline.first(look) is not None
    assert any("Preparing" in words for words in seen)


def test_why_a_task_does_not_run_is_told(node: Make) -> None:
    case = recorded("swarm-20.10/failures-ps-missing-image")
    name = case["argv"][-1]
    manager = node(
        lambda line: reply(
            recorded("swarm-1.12/failover-0-node-ls") if "node ls" in line else case
        ),
        docker="1.12.1",
    )
    observation = swarm.service_runs(manager, name)()
    assert not observation.held
    assert "No such image" in observation.seen


def test_a_task_that_no_node_can_take_is_waited_for_no_longer(node: Make) -> None:
    """Docker 20.10.24, published in host mode: the living worker has room for one task only."""
    states = {"manager0": ("Ready", "Drain", "Leader"), "worker0": ("Down", "Active", ""),
              "worker1": ("Ready", "Active", "")}  # fmt: skip
    nodes = "".join(
        json.dumps(
            {
                "Availability": availability, "EngineVersion": "20.10.24+dfsg1",
                "Hostname": name, "ID": f"{name:x<25}", "ManagerStatus": manager,
                "Self": bool(manager), "Status": status, "TLSStatus": "Ready",
            }
        )
        + "\n"
        for name, (status, availability, manager) in states.items()
    )  # fmt: skip
    header = (
        "ID             NAME              IMAGE          NODE      DESIRED STATE   "
        "CURRENT STATE            ERROR                              PORTS\n"
    )
    lives = (
        "nhymqv09pt35   webserver.1       nginx:latest   worker1   Running         "
        "Running 3 minutes ago                                       *:80->80/tcp\n"
    )
    waits = (
        "m64cvl80vecn   webserver.2       nginx:latest             Running         "
        'Pending 2 seconds ago    "no suitable node (2 nodes not…"   \n'
    )

    def settled(*rows: str) -> bool:
        said = {
            "docker node ls --format '{{json .}}'": nodes,
            "docker service ps webserver": header + "".join(rows),
        }
        manager = node(lambda line: Reply(0, said[line].encode(), b""), docker="20.10.24")
        return swarm.service_settled(manager, "webserver", 2, not_on="worker0")().held

    assert not settled(lives)
    assert settled(lives, waits)
    assert not settled(waits)

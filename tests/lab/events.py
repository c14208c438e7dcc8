"""In which order a failover happens, as somebody sees it who asks all the time."""

from __future__ import annotations

import time
from itertools import combinations

from runbook.facts import http, swarm
from runbook.facts.servers import answers

from .sides import Side

SERVICE, DEADLINE_S = "webserver", 120.0


def failover(side: Side) -> dict[str, float]:
    """Cut the power of the worker that serves, and give it back: when each event was first seen,
    in seconds of the target."""
    manager = side.swarm[0]
    [lost] = swarm.running_tasks(manager, SERVICE).node
    others = [node.address for node in side.swarm[1:] if node.name != lost]
    seen: dict[str, float] = {}
    began = time.monotonic()
    side.run.power.off(lost)
    side.node(lost).disconnect()
    while len(seen) < 5:
        at = (time.monotonic() - began) * side.run.target.clock
        assert at < DEADLINE_S, seen
        known, tasks = swarm.nodes(manager), swarm.tasks(manager, SERVICE)
        elsewhere = tasks[(tasks.node != lost) & (tasks.desired_state != "Shutdown")]
        held = {
            "the node is Down": (known.status[known.hostname == lost] == "Down").any(),
            "the old task is to shut down": swarm.shut_down_on(tasks, lost),
            "a new task is placed": elsewhere.node.notna().any(),
            "the new task runs": (elsewhere.current_state == "Running").any(),
            "the page answers": (http.pages(manager, others).status == 200).any(),
        }
        for event, holds in held.items():
            if holds:
                seen.setdefault(event, at)
    side.run.power.on(lost)
    side.run.wait_until("it answers", answers(side.node(lost)), deadline=DEADLINE_S)
    ready = swarm.node_has(manager, lost, status="Ready")
    side.run.wait_until("it is Ready", ready, deadline=DEADLINE_S)
    return seen


def turned_round(one: dict[str, float], two: dict[str, float]) -> list[tuple[str, str]]:
    """Pairs of events that came in one order on one side and in the other one on the other; those
    that were first seen by the same look are in no order."""
    return [(a, b) for a, b in combinations(one, 2) if (one[a] - one[b]) * (two[a] - two[b]) < 0]

"""Where a task goes: nodes that may take it, and the one with the fewest tasks."""

from __future__ import annotations

import re
from collections.abc import Callable

from runbook_twin.docker.swarm.state import Cluster, Node, Spec, Task

CONSTRAINT = re.compile(r"^([\w.\-/]+)\s*(==|!=)\s*(.+)$")


def assign(cluster: Cluster, now: float) -> None:
    """Give every task without a node one, or the reason why there is none."""
    for task in list(cluster.tasks.values()):
        if task.node or task.ended or not task.wanted:
            continue
        node, why = choose(cluster, task)
        if node is not None:
            task.node, task.state, task.since, task.error = node.id, "assigned", now, ""
        elif not cluster.old:
            task.error = why


def choose(cluster: Cluster, task: Task) -> tuple[Node | None, str]:
    """The node for a task: fewest tasks of its service, then fewest at all, then the last name
    (so that the article's first task goes to worker1)."""
    checks: list[tuple[Callable[[Node], bool], str]] = [
        (_available, "{} {} not available for new tasks"),
        (lambda node: _resources(cluster, node, task.spec), "insufficient resources on {} {}"),
        (lambda node: matches(node, task.spec), "scheduling constraints not satisfied on {} {}"),
        (lambda node: _ports(cluster, node, task), "host-mode port already in use on {} {}"),
    ]
    failures = [0] * len(checks)
    fit: list[Node] = []
    for node in cluster.nodes.values():
        failed = next((i for i, check in enumerate(checks) if not check[0](node)), None)
        if failed is None:
            fit.append(node)
        else:
            failures[failed] += 1
    if not fit:
        order = sorted(range(len(checks)), key=lambda i: -failures[i])
        reasons = [
            checks[i][1].format(failures[i], "node" if failures[i] == 1 else "nodes")
            for i in order
            if failures[i]
        ]
        return None, f"no suitable node ({'; '.join(reasons)})" if reasons else "no suitable node"
    names = sorted((node.hostname for node in fit), reverse=True)
    return min(fit, key=lambda node: (*_load(cluster, node, task), names.index(node.hostname))), ""


def _load(cluster: Cluster, node: Node, task: Task) -> tuple[int, int]:
    mine = [one for one in cluster.tasks.values() if one.node == node.id and one.wanted]
    return sum(one.service is task.service for one in mine), len(mine)


def _available(node: Node) -> bool:
    return node.status == "ready" and node.availability == "active"


def _resources(cluster: Cluster, node: Node, spec: Spec) -> bool:
    here = [one.spec for one in cluster.tasks.values() if one.node == node.id and one.wanted]
    host = node.agent.engine.host
    memory = sum(one.reserve_memory for one in here) + spec.reserve_memory
    cpu = sum(one.reserve_cpu for one in here) + spec.reserve_cpu
    return memory <= host.memory and cpu <= host.cpus


def matches(node: Node, spec: Spec) -> bool:
    """Whether a node satisfies the constraints."""
    facts = {
        "node.id": node.id,
        "node.hostname": node.hostname,
        "node.role": node.role,
        "node.platform.os": "linux",
        "node.platform.arch": "x86_64",
    }
    for text in spec.constraints:
        found = CONSTRAINT.match(text)
        if found is None:
            return False
        key, operator, value = found.groups()
        have = facts.get(key, node.labels.get(key.removeprefix("node.labels."), ""))
        if (have.lower() == value.strip().lower()) != (operator == "=="):
            return False
    return True


def _ports(cluster: Cluster, node: Node, task: Task) -> bool:
    wanted = {port.published for port in task.spec.ports if port.mode == "host"}
    taken = {
        port.published
        for one in cluster.tasks.values()
        if one.node == node.id and one.wanted and not one.ended
        for port in one.spec.ports
        if port.mode == "host"
    }
    return not wanted & taken

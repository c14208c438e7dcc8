"""What the leader does about services: the right number of tasks, restarts, history."""

from __future__ import annotations

from collections import Counter

from runbook_twin.docker.swarm import scheduler, updater
from runbook_twin.docker.swarm.state import Cluster, Node, Service, Task


def turn(cluster: Cluster, now: float) -> None:
    """Bring tasks a step nearer to what the services ask for."""
    for service in list(cluster.services.values()):
        if service.spec.replicas is None:
            _global(cluster, service, now)
        elif service.changed:
            settle(cluster, service, now)
        service.changed = False
        updater.turn(cluster, service, now)
    for task in list(cluster.tasks.values()):
        _restart_if_needed(cluster, task, now)
    _release(cluster, now)
    scheduler.assign(cluster, now)
    _reap(cluster)


def settle(cluster: Cluster, service: Service, now: float) -> None:
    """Make or let go tasks until a replicated service has as many as it asks for."""
    replicas = service.spec.replicas
    if replicas is None:
        return
    live: dict[int, Task] = {}
    for task in cluster.tasks_of(service):
        if task.wanted:
            live[task.slot] = task
    number = 0
    while len(live) < replicas:
        number += 1
        if number not in live:
            live[number] = cluster.add_task(service, number, now)
    while len(live) > replicas:
        loads = Counter(task.node for task in live.values())
        slot = max(live, key=lambda one: (loads[live[one].node], one))
        let_go(cluster, live.pop(slot))


def let_go(cluster: Cluster, task: Task) -> None:
    """A task that is no longer wanted: 1.12 keeps it in the history, later ones remove it."""
    task.desired = "shutdown" if cluster.old else "remove"
    if not task.node and task.desired == "remove":
        cluster.tasks.pop(task.id, None)


def _global(cluster: Cluster, service: Service, now: float) -> None:
    for node in cluster.nodes.values():
        mine = [task for task in cluster.tasks_of(service) if task.node == node.id]
        fits = scheduler.matches(node, service.spec) and node.availability != "drain"
        if not fits or node.status == "down":
            for task in mine:
                task.desired = "shutdown" if task.wanted else task.desired
        elif node.availability == "active" and node.status == "ready":
            over = any(task.ended and not _again(task) for task in mine)
            if not any(task.wanted for task in mine) and not over:
                cluster.add_task(service, 0, now, node=node.id)


def _again(task: Task) -> bool:
    """Whether the restart policy wants another try after this task."""
    condition = task.spec.restart_condition
    if condition == "none" or (condition == "on-failure" and task.state == "complete"):
        return task.state not in ("complete", "failed", "rejected")
    return True


def _attempts_left(cluster: Cluster, task: Task) -> bool:
    most = task.spec.restart_attempts
    tries = [one for one in cluster.tasks_of(task.service) if one.slot == task.slot]
    return not most or len(tries) <= most


def lost(cluster: Cluster, task: Task) -> Node | None:
    """The node that makes a task impossible (down, drained), None when its node is fine."""
    node = cluster.nodes.get(task.node)
    if node is not None and (node.status == "down" or node.availability == "drain"):
        return node
    return None


def _restart_if_needed(cluster: Cluster, task: Task, now: float) -> None:
    if task.desired != "running" or not task.node or task.service.id not in cluster.services:
        return
    node, gone = lost(cluster, task), task.node not in cluster.nodes
    if not (task.ended or node or gone):
        return
    if task.slot == 0 and (node or gone):
        task.desired = "shutdown"
        return
    task.desired = "shutdown"
    if task.ended and not (_again(task) and _attempts_left(cluster, task)):
        return
    replacement = cluster.add_task(
        task.service, task.slot, now, desired="ready", node="" if task.slot else task.node
    )
    drained = node is not None and node.status != "down"
    replacement.start_at = now if drained else now + task.spec.restart_delay
    replacement.after = task.id if drained else ""


def _release(cluster: Cluster, now: float) -> None:
    """Let tasks run whose delay is over and whose predecessor has stopped."""
    for task in cluster.tasks.values():
        if task.desired != "ready" or now < task.start_at:
            continue
        before = cluster.tasks.get(task.after)
        node = cluster.nodes.get(before.node) if before else None
        if before is None or before.ended or node is None or node.status == "down":
            task.desired = "running"


def _reap(cluster: Cluster) -> None:
    """Forget removed tasks that have ended, and the oldest of a long history."""
    slots: dict[tuple[str, object], list[Task]] = {}
    for task in list(cluster.tasks.values()):
        node = cluster.nodes.get(task.node)
        removed = task.desired == "remove" and (task.ended or node is None)
        never_placed = not (task.ended or task.wanted or task.node)
        if removed or never_placed:
            del cluster.tasks[task.id]
        else:
            slots.setdefault((task.service.id, task.slot or task.node), []).append(task)
    for tasks in slots.values():
        spare = len(tasks) - max(cluster.history, 1)
        for task in [one for one in tasks if not one.wanted][: max(spare, 0)]:
            del cluster.tasks[task.id]

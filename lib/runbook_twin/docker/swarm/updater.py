"""Rolling updates: a few tasks at a time, paused when one fails."""

from __future__ import annotations

from dataclasses import replace

from runbook_twin.docker.swarm.state import Cluster, Service, Spec, Task, Update

MONITOR = 5.0  # seconds that a new task must last (since 1.13)


def change(
    cluster: Cluster, service: Service, spec: Spec, now: float, *, rollback: bool = False
) -> None:
    """Give a service another spec; begin a rolling update when its tasks change."""
    previous, service.spec, service.changed = service.spec, spec, True
    service.previous, service.updated, service.version = previous, now, cluster.touch()
    if spec.template() == previous.template():
        for task in cluster.tasks_of(service):
            if task.wanted:
                task.spec = replace(task.spec, replicas=spec.replicas, ports=spec.ports)
        return
    word = "rollback" if rollback else "update"
    state = "rollback_started" if rollback else "updating"
    service.update = Update(state, now, f"{word} in progress")


def turn(cluster: Cluster, service: Service, now: float) -> None:
    """Go on with a service's update."""
    update = service.update
    if update is None or update.state not in ("updating", "rollback_started"):
        return
    tasks = [cluster.tasks[one] for one in update.current if one in cluster.tasks]
    bad = next((one for one in tasks if one.ended), None)
    if bad is not None and service.spec.update_failure == "pause":
        update.state = "paused" if update.state == "updating" else "rollback_paused"
        update.message = (
            f"{'update' if update.state == 'paused' else 'rollback'} paused due to failure or "
            f"early termination of task {bad.id}"
        )
        return
    if any(not one.ended and not _settled(cluster, one, now) for one in tasks):
        return
    if tasks:
        update.current, update.next_at = [], now + service.spec.update_delay
    if now >= update.next_at:
        _next(cluster, service, update, now)


def _settled(cluster: Cluster, task: Task, now: float) -> bool:
    if task.state != "running":
        return False
    return cluster.old or now - task.since >= MONITOR


def _next(cluster: Cluster, service: Service, update: Update, now: float) -> None:
    target = service.spec.template()
    stale = [
        task for task in cluster.tasks_of(service) if task.wanted and task.spec.template() != target
    ]
    if not stale:
        rollback = update.state == "rollback_started"
        update.state = "rollback_completed" if rollback else "completed"
        update.message = "rollback completed" if rollback else "update completed"
        update.completed = now
        return
    stale.sort(key=lambda task: (task.slot, task.node))
    for task in stale[: service.spec.update_parallelism or len(stale)]:
        node = "" if task.slot else task.node
        replacement = cluster.add_task(service, task.slot, now, desired="ready", node=node)
        if service.spec.update_order != "start-first":
            replacement.after = task.id
        task.desired = "shutdown"
        update.current.append(replacement.id)

"""What `docker service create` (since 17.10) shows until the service has converged."""

from __future__ import annotations

from runbook_twin.docker.cli import Cli
from runbook_twin.docker.swarm.state import Cluster, Service, Task

STEP = 0.2
STABLE = 5.0


class Display:
    """Lines that are drawn again on a terminal, and otherwise only once each (or when final)."""

    def __init__(self, cli: Cli) -> None:
        self.cli, self.lines = cli, list[str]()

    def draw(self, key: str, text: str, *, state: bool = False) -> None:
        """Show a line. state: on a terminal only, unless it is the first time."""
        first = key not in self.lines
        if first:
            self.lines.append(key)
        if not self.cli.call.tty:
            if first or not state:
                self.cli.out(f"{text}\n")
            return
        back = len(self.lines) - self.lines.index(key)
        self.cli.out(("\n" if first else "") + f"\x1b[{back}A\x1b[2K\r{text} \r\x1b[{back}B")


async def converge(cli: Cli, cluster: Cluster, service: Service) -> int:
    """Show the progress until all tasks run and have run for 5 seconds."""
    display = Display(cli)
    _overall(display, 0, _wanted(cluster, service))
    _slots(display, cluster, service, first=True)
    since: float | None = None
    done = False
    while True:
        await cli.call.clock.sleep(STEP)
        running, wanted = _counts(cluster, service)
        if running < wanted or _updating(service):
            since, done = None, False
        elif since is None:
            since = cli.now
        if not done:
            _slots(display, cluster, service, first=False)
            _overall(display, running, wanted)
            done = since is not None
        if _paused(service):
            cli.out(f"service update paused: {service.update.message if service.update else ''}\n")
            return 1
        if since is not None and _verified(cli, display, service, cli.now - since):
            return 0


def _verified(cli: Cli, display: Display, service: Service, seconds: float) -> bool:
    if seconds < STABLE:
        left = int(STABLE - seconds) + 1
        text = f"verify: Waiting {left} seconds to verify that tasks are stable..."
        display.draw("verify", text)
        return False
    name = service.name if cli.given.usage.path.endswith("scale") else service.id
    which = (cli.given.arguments[0] if cli.given.usage.path.endswith("update") else name) + " "
    display.draw("verify", f"verify: Service {which if cli.client.new else ''}converged")
    return True


def _updating(service: Service) -> bool:
    return service.update is not None and service.update.state in ("updating", "rollback_started")


def _paused(service: Service) -> bool:
    return service.update is not None and service.update.state.endswith("paused")


def _overall(display: Display, running: int, wanted: int) -> None:
    display.draw("overall", f"overall progress: {running} out of {wanted} tasks")


def _wanted(cluster: Cluster, service: Service) -> int:
    if service.spec.replicas is not None:
        return service.spec.replicas
    nodes = [one for one in cluster.nodes.values() if one.status == "ready"]
    return sum(one.availability == "active" for one in nodes)


def _current(cluster: Cluster, service: Service) -> list[Task]:
    return [one for one in cluster.tasks_of(service) if one.wanted]


def _counts(cluster: Cluster, service: Service) -> tuple[int, int]:
    target = service.spec.template()
    tasks = [one for one in _current(cluster, service) if one.spec.template() == target]
    running = sum(one.state == "running" and one.desired == "running" for one in tasks)
    wanted = _wanted(cluster, service)
    return min(running, wanted), wanted


def _slots(display: Display, cluster: Cluster, service: Service, *, first: bool) -> None:
    count = service.spec.replicas
    if count is None or count > 20:
        return
    states = {one.slot: one.state for one in _current(cluster, service)}
    for slot in range(1, count + 1):
        state = "" if first else states.get(slot, "new")
        display.draw(f"slot {slot}", f"{slot}/{count}: {state:<{0 if first else 9}} ", state=True)


__all__ = ["converge"]

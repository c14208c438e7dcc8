"""`docker service ls` and `docker service logs`."""

from __future__ import annotations

from runbook_twin.docker.cli import Cli, Command
from runbook_twin.docker.cli_service import find
from runbook_twin.docker.failures import DaemonError
from runbook_twin.docker.flags import Usage
from runbook_twin.docker.listing import Row, formatted, in_columns
from runbook_twin.docker.swarm.control import cluster_of
from runbook_twin.docker.swarm.state import Cluster, Service, Task
from runbook_twin.docker.text import go_time

OLD_COLUMNS = {
    "ID": "ID",
    "NAME": "Name",
    "REPLICAS": "Replicas",
    "IMAGE": "Image",
    "COMMAND": "Command",
}
COLUMNS = {
    "ID": "ID",
    "NAME": "Name",
    "MODE": "Mode",
    "REPLICAS": "Replicas",
    "IMAGE": "Image",
    "PORTS": "Ports",
}


def _running(cli: Cli, cluster: Cluster, service: Service) -> int:
    """Tasks that run: old clients leave out those of nodes that are Down, newer daemons do not."""
    running = [task for task in cluster.tasks_of(service) if task.state == "running"]
    if not cli.api_old:
        return len(running)
    return sum(_up(cluster, task) for task in running)


def _up(cluster: Cluster, task: Task) -> bool:
    node = cluster.nodes.get(task.node)
    return node is not None and node.status != "down"


def _row(cli: Cli, cluster: Cluster, service: Service) -> Row:
    spec, old = service.spec, cli.client.old
    running = _running(cli, cluster, service)
    wanted = spec.replicas
    if wanted is None:
        wanted = sum(task.desired == "running" for task in cluster.tasks_of(service))
    ports = sorted(
        (one for one in spec.ports if one.mode == "ingress"), key=lambda one: one.published
    )
    is_global = spec.replicas is None
    return {
        "Command": " ".join(spec.command),
        "ID": service.id[:12],
        "Image": spec.image if old else spec.image.split("@")[0],
        "Mode": "global" if is_global else "replicated",
        "Name": spec.name,
        "Ports": ", ".join(f"*:{one.published}->{one.target}/{one.protocol}" for one in ports),
        "Replicas": "global" if is_global and old else f"{running}/{wanted}",
    }


async def ls(cli: Cli) -> int:
    """`docker service ls`."""
    given, old = cli.given, cli.client.old
    cluster = await cluster_of(cli.engine)
    services = [one for one in cluster.services.values() if _matches(one, given.all("filter"))]
    services.sort(key=lambda one: one.id if old else one.name)
    rows = [_row(cli, cluster, service) for service in services]
    columns = OLD_COLUMNS if old else COLUMNS
    if "quiet" in given:
        cli.out("".join(f"{one.id if old else one.id[:12]}\n" for one in services))
    elif template := given.get("format"):
        shown = [{key: row[key] for key in sorted(COLUMNS.values())} for row in rows]
        cli.out(formatted(shown, template, {v: k for k, v in columns.items()}, cli.client))
    else:
        cli.out(in_columns(rows, columns, cli.client.swarm_columns))
    return 0


def _matches(service: Service, filters: list[str]) -> bool:
    for text in filters:
        key, _, value = text.partition("=")
        have = {
            "name": service.name.startswith(value),
            "id": service.id.startswith(value),
            "mode": value == ("global" if service.spec.replicas is None else "replicated"),
            "label": value in service.spec.labels,
        }
        if key not in have:
            raise DaemonError(f"Invalid filter '{key}'", status=400)
        if not have[key]:
            return False
    return True


async def logs(cli: Cli) -> int:
    """`docker service logs SERVICE`: the lines of its tasks' containers."""
    cluster = await cluster_of(cli.engine)
    service = find(cli, cluster, cli.given.arguments[0])
    tail = cli.given.get("tail", "all")
    for task in cluster.tasks_of(service):
        node = cluster.nodes.get(task.node)
        local = node.agent.tasks.get(task.id) if node else None
        if local is None or local.container is None:
            continue
        lines = local.container.log
        for when, stream, line in lines[-int(tail) :] if tail.isdigit() else lines:
            stamp = f"{go_time(when)} " if "timestamps" in cli.given else ""
            where = f"{task.name}.{task.id[:12]}@{cluster.node_name(task.node)}"
            text = f"{stamp}{where}    | {line}\n"
            (cli.err if stream == "stderr" else cli.out)(text)
    return 0


SINCE = (1, 12)
COMMANDS = (
    Command(
        Usage("docker service ls", "", "List services", "q,quiet f,filter= format="), ls, SINCE
    ),
    Command(
        Usage(
            "docker service logs",
            "SERVICE|TASK",
            "Fetch the logs of a service or task",
            "f,follow t,timestamps no-resolve no-trunc raw details tail= n= since=",
            1,
            1,
        ),
        logs,
        (17, 5),
    ),
)

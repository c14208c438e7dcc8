"""`docker service ps` and `docker node ps`: tasks with their history."""

from __future__ import annotations

from collections.abc import Callable

from runbook_twin.docker import cli_node
from runbook_twin.docker.cli import Cli, Command
from runbook_twin.docker.cli_node import natural
from runbook_twin.docker.cli_service import find
from runbook_twin.docker.failures import ClientError, DaemonError
from runbook_twin.docker.flags import Usage
from runbook_twin.docker.listing import Row, formatted, in_columns
from runbook_twin.docker.swarm.control import cluster_of
from runbook_twin.docker.swarm.state import Cluster, Publish, Task
from runbook_twin.docker.text import duration

COLUMNS = {
    "ID": "ID",
    "NAME": "Shown",
    "IMAGE": "Image",
    "NODE": "Node",
    "DESIRED STATE": "DesiredState",
    "CURRENT STATE": "CurrentState",
    "ERROR": "Error",
}
HEADINGS = {
    "ID": "ID",
    "Name": "NAME",
    "Image": "IMAGE",
    "Node": "NODE",
    "Ports": "PORTS",
    "DesiredState": "DESIRED STATE",
    "CurrentState": "CURRENT STATE",
    "Error": "ERROR",
}
LONGEST_ERROR = 30


def _name(cli: Cli, cluster: Cluster, task: Task, *, resolve: bool) -> str:
    known = resolve and task.service.id in cluster.services
    service = task.service.name if known else task.service.id
    if task.slot:
        return f"{service}.{task.slot}"
    return service if cli.client.old else f"{service}.{task.node}"


def _error(task: Task, *, trunc: bool) -> str:
    text = task.error
    if trunc and len(text) > LONGEST_ERROR:
        text = text[: LONGEST_ERROR - 1] + "…"
    return f'"{text}"' if text else ""


def _row(cli: Cli, cluster: Cluster, task: Task) -> Row:
    old, given = cli.client.old, cli.given
    resolve, trunc = "no-resolve" not in given, "no-trunc" not in given
    ago = duration(cli.now - task.since, old=old).lower()
    image = task.spec.image
    running = task.state == "running"
    ports = [port_text(one) for one in task.spec.ports if one.mode == "host"] if running else []
    return {
        "CurrentState": f"{task.state.title()} {ago} ago",
        "DesiredState": task.desired.title(),
        "Error": _error(task, trunc=trunc or old),
        "ID": task.id[:12] if trunc and not old else task.id,
        "Image": image.split("@")[0] if trunc and not old else image,
        "Name": _name(cli, cluster, task, resolve=resolve),
        "Node": cluster.node_name(task.node) if resolve else task.node,
        "Ports": ",".join(ports),
    }


def port_text(port: Publish) -> str:
    """`*:80->80/tcp`."""
    return f"*:{port.published}->{port.target}/{port.protocol}"


def ordered(cli: Cli, cluster: Cluster, tasks: list[Task]) -> list[Task]:
    """1.12 sorts by slot, later ones by name; the newest first within one."""
    newest = list(reversed(tasks))
    if cli.client.old:
        return sorted(newest, key=lambda task: task.slot)
    return sorted(newest, key=lambda task: natural(_name(cli, cluster, task, resolve=True)))


def _matches(cluster: Cluster, task: Task, filters: list[str]) -> bool:
    wanted: dict[str, list[str]] = {}
    for text in filters:
        key, _, value = text.partition("=")
        wanted.setdefault(key, []).append(value)
    node = cluster.node_name(task.node)
    have: dict[str, Callable[[str], bool]] = {
        "desired-state": lambda value: task.desired == value,
        "name": lambda value: task.name.startswith(value),
        "id": lambda value: task.id.startswith(value),
        "node": lambda value: value in (node, task.node),
    }
    for key, values in wanted.items():
        if key not in have:
            raise DaemonError(f"Invalid filter '{key}'", status=400)
        if not any(have[key](value) for value in values):
            return False
    return True


def show(cli: Cli, cluster: Cluster, tasks: list[Task]) -> None:
    """Print tasks as the client does."""
    given, old = cli.given, cli.client.old
    found = [task for task in tasks if _matches(cluster, task, given.all("filter"))]
    found = ordered(cli, cluster, found)
    rows = [_row(cli, cluster, task) for task in found]
    if "quiet" in given:
        cli.out("".join(f"{task.id}\n" for task in found))
        return
    if template := given.get("format"):
        cli.out(formatted(rows, template, HEADINGS, cli.client))
        return
    before = ""
    for row in rows:
        row["Shown"] = f" \\_ {row['Name']}" if row["Name"] == before else row["Name"]
        before = row["Name"]
    columns = COLUMNS if old else {**COLUMNS, "PORTS": "Ports"}
    cli.out(in_columns(rows, columns, cli.client.swarm_columns))


async def service_ps(cli: Cli) -> int:
    """`docker service ps SERVICE...`."""
    cluster = await cluster_of(cli.engine)
    tasks: list[Task] = []
    errors: list[str] = []
    for name in cli.given.arguments:
        try:
            tasks += cluster.tasks_of(find(cli, cluster, name))
        except ClientError as error:
            errors.append(error.text if cli.client.old else f"no such service: {name}\n")
    if tasks or not errors:
        show(cli, cluster, tasks)
    if errors:
        raise ClientError("".join(errors))
    return 0


async def node_ps(cli: Cli) -> int:
    """`docker node ps [NODE...]`."""
    cluster = await cluster_of(cli.engine)
    names = cli.given.arguments or ["self"]
    nodes = [cli_node.find(cli, cluster, name).id for name in names]
    show(cli, cluster, [task for task in cluster.tasks.values() if task.node in nodes])
    return 0


FLAGS = "q,quiet no-resolve no-trunc f,filter= format="
COMMANDS = (
    Command(
        Usage(
            "docker service ps",
            "SERVICE [SERVICE...]",
            "List the tasks of one or more services",
            FLAGS,
            1,
            None,
        ),
        service_ps,
        (1, 12),
    ),
    Command(
        Usage(
            "docker node ps",
            "[NODE...]",
            "List tasks running on one or more nodes, defaults to current node",
            FLAGS,
            0,
            None,
        ),
        node_ps,
        (1, 12),
    ),
)

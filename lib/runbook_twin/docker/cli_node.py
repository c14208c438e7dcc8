"""`docker node ls`, and finding nodes by name."""

from __future__ import annotations

import re

from runbook_twin.docker.cli import Cli, Command
from runbook_twin.docker.failures import DaemonError
from runbook_twin.docker.flags import Usage
from runbook_twin.docker.listing import Row, formatted, in_columns
from runbook_twin.docker.swarm import raft
from runbook_twin.docker.swarm.control import cluster_of
from runbook_twin.docker.swarm.state import Cluster, Node

COLUMNS = {
    "ID": "Marked",
    "HOSTNAME": "Hostname",
    "STATUS": "Status",
    "AVAILABILITY": "Availability",
    "MANAGER STATUS": "ManagerStatus",
}
HEADINGS = {
    "ID": "ID",
    "Hostname": "HOSTNAME",
    "Status": "STATUS",
    "Availability": "AVAILABILITY",
    "ManagerStatus": "MANAGER STATUS",
    "EngineVersion": "ENGINE VERSION",
    "TLSStatus": "TLS STATUS",
    "Self": "SELF",
}


def natural(text: str) -> list[tuple[int, str]]:
    """A key that sorts worker2 before worker10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", text)]


def find(cli: Cli, cluster: Cluster, name: str, *, removal: bool = False) -> Node:
    """A node by name, id, or `self`. Raises ClientError."""
    if name == "self" and cli.engine.agent is not None and not removal:
        return cli.engine.agent.node
    for node in cluster.nodes.values():
        if name in (node.id, node.hostname):
            return node
    starts = [node for node in cluster.nodes.values() if name and node.id.startswith(name)]
    if len(starts) == 1:
        return starts[0]
    raise cli.missing("node", name, removal=removal)


def manager_status(cluster: Cluster, node: Node, now: float) -> str:
    """The MANAGER STATUS column: Leader, Reachable, Unreachable or nothing."""
    if not node.manager or now < node.manager_at:
        return ""
    if cluster.leader is node:
        return "Leader"
    unseen = node.unseen_since
    return "Unreachable" if unseen is not None and now - unseen >= raft.UNREACHABLE else "Reachable"


def _row(cli: Cli, cluster: Cluster, node: Node) -> Row:
    self_ = cli.engine.agent is not None and cli.engine.agent.node is node
    return {
        "Availability": node.availability.title(),
        "EngineVersion": node.agent.engine.version,
        "Hostname": node.hostname,
        "ID": node.id,
        "ManagerStatus": manager_status(cluster, node, cli.now),
        "Self": self_,
        "Status": node.status.title(),
        "TLSStatus": "Ready",
    }


def _matches(node: Node, filters: list[str]) -> bool:
    for text in filters:
        key, _, value = text.partition("=")
        have = {
            "name": node.hostname.startswith(value),
            "id": node.id.startswith(value),
            "role": node.role == value,
            "membership": value == "accepted",
            "node.label": value.partition("=")[0] in node.labels,
            "label": value.partition("=")[0] in node.labels,
        }
        if key not in have:
            raise DaemonError(f"Invalid filter '{key}'", status=400)
        if not have[key]:
            return False
    return True


async def ls(cli: Cli) -> int:
    """`docker node ls`."""
    given, cluster = cli.given, await cluster_of(cli.engine)
    for text in given.all("filter"):
        _matches(next(iter(cluster.nodes.values())), [text])
    nodes = [one for one in cluster.nodes.values() if _matches(one, given.all("filter"))]
    nodes.sort(key=lambda one: [(0, one.id)] if cli.client.old else natural(one.hostname))
    rows = [_row(cli, cluster, node) for node in nodes]
    if "quiet" in given:
        cli.out("".join(f"{row['ID']}\n" for row in rows))
    elif template := given.get("format"):
        cli.out(formatted(rows, template, HEADINGS, cli.client))
    else:
        marked = any(row["Self"] for row in rows) or not cli.client.old
        for row in rows:
            mark = " *" if row["Self"] else "  " if marked else ""
            row["Marked"] = row["ID"] + mark
        columns = dict(COLUMNS)
        if not cli.client.old:
            columns["ENGINE VERSION"] = "EngineVersion"
        cli.out(in_columns(rows, columns, cli.client.swarm_columns))
    return 0


SINCE = (1, 12)
COMMANDS = (
    Command(
        Usage("docker node ls", "", "List nodes in the swarm", "q,quiet f,filter= format="),
        ls,
        SINCE,
    ),
)

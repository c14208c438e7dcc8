"""`docker node ls, update, promote, demote, rm, ps`."""

from __future__ import annotations

import re

from runbook_twin.docker.cli import Cli, Command
from runbook_twin.docker.failures import ClientError, DaemonError
from runbook_twin.docker.flags import Usage
from runbook_twin.docker.listing import Row, formatted, in_columns
from runbook_twin.docker.swarm import raft
from runbook_twin.docker.swarm.control import cluster_of, lookup, rpc
from runbook_twin.docker.swarm.state import Cluster, Node

COLUMNS = {"ID": "Marked", "HOSTNAME": "Hostname", "STATUS": "Status", "AVAILABILITY": "Availability",
           "MANAGER STATUS": "ManagerStatus"}  # fmt: skip
HEADINGS = {"ID": "ID", "Hostname": "HOSTNAME", "Status": "STATUS", "Availability": "AVAILABILITY",
            "ManagerStatus": "MANAGER STATUS", "EngineVersion": "ENGINE VERSION",
            "TLSStatus": "TLS STATUS", "Self": "SELF"}  # fmt: skip


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


async def update(cli: Cli) -> int:
    """`docker node update --availability --label-add --label-rm --role NODE`."""
    name = cli.given.arguments[0]
    cluster = await lookup(cli.engine)
    node = find(cli, cluster, name)
    given = cli.given
    availability = given.get("availability", node.availability)
    if availability not in ("active", "pause", "drain"):
        raise DaemonError(f'invalid Availability: "{availability}"', status=400)
    role = given.get("role", node.role)
    if role not in ("worker", "manager"):
        raise DaemonError(f'invalid Role: "{role}"', status=400)
    if role != node.role:
        change_role(cli, cluster, node, role)
    node.availability = availability
    for text in given.all("label-add"):
        key, _, value = text.partition("=")
        node.labels[key] = value
    for key in given.all("label-rm"):
        node.labels.pop(key, None)
    _touched(cli, cluster, node)
    cli.out(f"{name}\n")
    return 0


def _touched(cli: Cli, cluster: Cluster, node: Node) -> None:
    node.version, node.updated = cluster.touch(), cli.now


def change_role(cli: Cli, cluster: Cluster, node: Node, role: str) -> None:
    """Make a node a manager or a worker. Raises DaemonError for the last manager."""
    if role == "worker":
        if len(cluster.managers) == 1:
            raise rpc(cli.engine, 9, "attempting to demote the last manager of the swarm")
        node.role = role
        if cluster.leader is node:
            cluster.leader = None
        else:
            node.status, node.agent.session, node.agent.reconnect_at = "unknown", None, None
    else:
        node.role, node.manager_at = role, cli.now + 1.0
    _touched(cli, cluster, node)


async def promote(cli: Cli) -> int:
    """`docker node promote NODE...`."""
    cluster = await lookup(cli.engine)
    for name in cli.given.arguments:
        node = find(cli, cluster, name)
        if node.manager and not cli.client.old:
            cli.out(f"Node {node.id} is already a manager.\n")
            continue
        if not node.manager:
            change_role(cli, cluster, node, "manager")
        cli.out(f"Node {name} promoted to a manager in the swarm.\n")
    return 0


async def demote(cli: Cli) -> int:
    """`docker node demote NODE...`."""
    cluster = await lookup(cli.engine)
    for name in cli.given.arguments:
        node = find(cli, cluster, name)
        if not node.manager and not cli.client.old:
            cli.out(f"Node {node.id} is already a worker.\n")
            continue
        if node.manager:
            change_role(cli, cluster, node, "worker")
        cli.out(f"Manager {name} demoted in the swarm.\n")
    return 0


async def rm(cli: Cli) -> int:
    """`docker node rm [--force] NODE...`."""
    cluster = await cluster_of(cli.engine, write=True)
    code = 0
    for name in cli.given.arguments:
        try:
            node = find(cli, cluster, name, removal=True)
            _refuse_removal(cli, cluster, node)
            del cluster.nodes[node.id]
            cli.out(f"{name}\n")
        except ClientError as error:
            cli.err(error.text)
            code = 1
        except DaemonError as error:
            cli.refused(error)
            code = 1
    return code


def _refuse_removal(cli: Cli, cluster: Cluster, node: Node) -> None:
    if node.manager:
        text = f"node {node.id} is a cluster manager and is a member of the raft cluster. "
        raise rpc(cli.engine, 9, text + "It must be demoted to worker before removal")
    if node.status == "ready" and "force" not in cli.given:
        raise rpc(cli.engine, 9, f"node {node.id} is not down and can't be removed")


SINCE = (1, 12)
COMMANDS = (
    Command(Usage("docker node ls", "", "List nodes in the swarm", "q,quiet f,filter= format="), ls, SINCE),
    Command(
        Usage("docker node update", "NODE", "Update a node",
              "availability= label-add= label-rm= role=", 1, 1), update, SINCE),
    Command(
        Usage("docker node promote", "NODE [NODE...]",
              "Promote one or more nodes to manager in the swarm", "", 1, None), promote, SINCE),
    Command(
        Usage("docker node demote", "NODE [NODE...]",
              "Demote one or more nodes from manager in the swarm", "", 1, None), demote, SINCE),
    Command(
        Usage("docker node rm", "NODE [NODE...]", "Remove one or more nodes from the swarm",
              "f,force", 1, None), rm, SINCE),
)  # fmt: skip

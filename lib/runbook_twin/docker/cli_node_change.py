"""`docker node update, promote, demote, rm`."""

from __future__ import annotations

from runbook_twin.docker.cli import Cli, Command
from runbook_twin.docker.cli_node import find
from runbook_twin.docker.failures import ClientError, DaemonError
from runbook_twin.docker.flags import Usage
from runbook_twin.docker.swarm import raft
from runbook_twin.docker.swarm.control import cluster_of, lookup, rpc
from runbook_twin.docker.swarm.state import Cluster, Node


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
            raft.hand_over(cluster, node, cli.now)
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
    Command(
        Usage(
            "docker node update",
            "NODE",
            "Update a node",
            "availability= label-add= label-rm= role=",
            1,
            1,
        ),
        update,
        SINCE,
    ),
    Command(
        Usage(
            "docker node promote",
            "NODE [NODE...]",
            "Promote one or more nodes to manager in the swarm",
            "",
            1,
            None,
        ),
        promote,
        SINCE,
    ),
    Command(
        Usage(
            "docker node demote",
            "NODE [NODE...]",
            "Demote one or more nodes from manager in the swarm",
            "",
            1,
            None,
        ),
        demote,
        SINCE,
    ),
    Command(
        Usage(
            "docker node rm",
            "NODE [NODE...]",
            "Remove one or more nodes from the swarm",
            "f,force",
            1,
            None,
        ),
        rm,
        SINCE,
    ),
)

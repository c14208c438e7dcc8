"""Asking the managers: who may, and what they say without a quorum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbook_twin.docker.failures import DaemonError
from runbook_twin.docker.swarm import raft
from runbook_twin.docker.swarm.state import Cluster, SwarmFacts

if TYPE_CHECKING:
    from runbook_twin.docker.engine import Engine
    from runbook_twin.docker.swarm.agent import Agent

REQUEST = 20.0  # seconds until a request to the managers is given up
NO_SWARM = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect '
    "this node to swarm and try again."
)
WORKER = (
    "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster "
    "state. Please run this command on a manager node or promote the current node to a manager."
)
PREPARING = (
    "This node is not a swarm manager. Manager is being prepared or has trouble connecting to the "
    "cluster."
)
NO_LEADER = (
    "The swarm does not have a leader. It's possible that too few managers are online. "
    "Make sure more than half of the managers are online."
)
CODES = {
    2: "Unknown",
    3: "InvalidArgument",
    4: "DeadlineExceeded",
    5: "NotFound",
    6: "AlreadyExists",
    9: "FailedPrecondition",
    14: "Unavailable",
}


def rpc(engine: Engine, code: int, text: str) -> DaemonError:
    """An error of the managers' RPC: 1.12 shows the code's number, later ones its name."""
    shown = str(code) if engine.dialect.old else CODES[code]
    return DaemonError(f"rpc error: code = {shown} desc = {text}")


def late(engine: Engine) -> DaemonError:
    """The error of a request that nobody answered."""
    return rpc(engine, 4, "context deadline exceeded")


async def cluster_of(engine: Engine, *, write: bool = False) -> Cluster:
    """The swarm's state, as a manager command on this engine gets to see it.

    Raises DaemonError: no manager here, no leader, no quorum (at once or after 20 s, by version).
    """
    agent = engine.agent
    if engine.pending is not None:
        raise DaemonError(WORKER, status=406)
    if agent is None or not engine.dialect.swarm:
        raise DaemonError(NO_SWARM, status=406)
    node, cluster = agent.node, agent.cluster
    if not node.manager:
        raise DaemonError(WORKER, status=406)
    if engine.now < node.manager_at:
        raise DaemonError(PREPARING, status=406)
    await _answered(engine, agent)
    if write:
        await _written(engine, cluster)
    return cluster


async def _answered(engine: Engine, agent: Agent) -> None:
    """Wait for the leader's answer as the daemon does."""
    cluster, node = agent.cluster, agent.node
    if cluster.leader is node:
        return
    if cluster.leader is not None and raft.connected(node, cluster.leader):
        return
    if cluster.old:
        raise rpc(engine, 2, "raft: no elected cluster leader")
    if cluster.leader is None and cluster.last_leader is node:
        raise rpc(engine, 2, NO_LEADER)
    await engine.machine.world.clock.sleep(REQUEST)
    if cluster.leader is None or not raft.connected(node, cluster.leader):
        raise late(engine)


async def _written(engine: Engine, cluster: Cluster) -> None:
    """Wait until more than half of the managers have a change; raise when they do not."""
    leader = cluster.leader
    waited = 0.0
    while leader is not None and not raft.has_quorum(cluster, leader):
        await engine.machine.world.clock.sleep(0.5)
        waited += 0.5
        if cluster.leader is not leader:
            raise rpc(engine, 2, "raft: failed to process the request: node lost leader status")
        if waited >= REQUEST:
            raise late(engine)


async def lookup(engine: Engine) -> Cluster:
    """The swarm's state for a change of an object that is looked up first."""
    agent = engine.agent
    stranded = (
        agent is not None
        and agent.node.manager
        and not agent.cluster.old
        and agent.cluster.leader is None
        and agent.cluster.last_leader is agent.node
    )
    if stranded:
        await engine.machine.world.clock.sleep(REQUEST)
        raise late(engine)
    return await cluster_of(engine, write=True)


async def facts(agent: Agent) -> SwarmFacts:
    """What `docker info` says of the swarm on this machine."""
    engine, cluster, node = agent.engine, agent.cluster, agent.node
    if not engine.dialect.swarm:
        return SwarmFacts()
    remotes = [f"{one.address}:2377" for one in cluster.managers]
    facts = SwarmFacts("active", node.id, "", node.manager, address=node.address, remotes=remotes)
    if node.manager:
        try:
            await cluster_of(engine)
        except DaemonError as error:
            facts.error = error.message
        facts.cluster, facts.history = cluster.id, cluster.history
        facts.managers, facts.nodes = len(cluster.managers), len(cluster.nodes)
    return facts

"""Who leads the managers: quorum, elections, the leader's watch over heartbeats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbook_twin.docker.swarm import orchestrator
from runbook_twin.docker.swarm.state import Cluster, Node

if TYPE_CHECKING:
    from runbook_twin.docker.swarm.agent import Agent

GRACE = 12.7  # seconds without a heartbeat until a node is Down
LOOK = 1.0  # seconds between two looks at the heartbeats, at most
UNREACHABLE = 1.5  # seconds until a manager shows as Unreachable
STEP_DOWN = 11.0  # seconds until a leader without quorum gives up (since 1.13; 1.12 never does)


def connected(one: Node, other: Node) -> bool:
    """Whether two nodes' engines reach each other just now."""
    mine, theirs = one.agent.engine.machine, other.agent.engine.machine
    if one is other:
        return one.agent.engine.up
    ways = mine.world.reachable(mine, theirs.address) and mine.world.reachable(theirs, mine.address)
    return ways and one.agent.serving and other.agent.serving


def has_quorum(cluster: Cluster, node: Node) -> bool:
    """Whether a manager reaches more than half of the managers."""
    alive = sum(connected(node, other) for other in cluster.managers)
    return alive * 2 > len(cluster.managers)


def turn(agent: Agent, now: float) -> None:
    """One step of this machine's manager."""
    cluster, node = agent.cluster, agent.node
    if cluster.leader is node:
        _lead(cluster, node, now)
    elif not node.manager:
        return
    elif _content(cluster, node):
        agent.election_at = None
    elif agent.election_at is None:
        agent.election_at = now + _patience(cluster, node)
    elif now >= agent.election_at:
        agent.election_at = None
        elect(cluster, node, now)


def _content(cluster: Cluster, node: Node) -> bool:
    """Whether a manager has a leader, or no hope of becoming one."""
    led = cluster.leader is not None and connected(node, cluster.leader)
    return led or not has_quorum(cluster, node)


def _patience(cluster: Cluster, node: Node) -> float:
    if len(cluster.managers) == 1:
        return 1.0
    low, high = (1.5, 4.0) if cluster.old else (10.0, 14.0)
    again = 3.0 if cluster.last_leader is node else 0.0  # the others' terms are ahead of its own
    return cluster.source.uniform(low, high) + again


def elect(cluster: Cluster, node: Node, now: float) -> None:
    """Make a manager the leader: it knows no node's state until each has come to it."""
    cluster.leader = cluster.last_leader = node
    cluster.lost_at = cluster.handover_at = None
    for one in cluster.nodes.values():
        one.status = one.status if one.status == "down" else "unknown"
        one.heartbeat = now
        one.unseen_since = None
    node.agent.engine.machine.world.note(f"swarm leader {node.hostname}")


def hand_over(cluster: Cluster, node: Node, now: float) -> None:
    """Another manager takes over from this one."""
    others = [one for one in cluster.managers if one is not node and connected(node, one)]
    elect(cluster, (others or [node])[-1], now)


def _lead(cluster: Cluster, node: Node, now: float) -> None:
    for other in cluster.managers:
        if connected(node, other):
            other.unseen_since = None
        elif other.unseen_since is None:
            other.unseen_since = now
    if not has_quorum(cluster, node):
        cluster.lost_at = now if cluster.lost_at is None else cluster.lost_at
        if not cluster.old and now - cluster.lost_at >= STEP_DOWN:
            cluster.leader, cluster.lost_at = None, None
        return
    if cluster.lost_at is not None:
        # managers that were away come back with a higher term and take over a moment later
        if now - cluster.lost_at > 5.0 and len(cluster.managers) > 1:
            cluster.handover_at = now + 1.0
        cluster.lost_at = None
        for one in cluster.nodes.values():
            one.heartbeat = now
    if cluster.handover_at is not None and now >= cluster.handover_at:
        hand_over(cluster, node, now)
        return
    watch(cluster, now)
    orchestrator.turn(cluster, now)


def watch(cluster: Cluster, now: float) -> None:
    """Declare nodes Down that have sent no heartbeat for too long.

    Time in which nobody could look, because this process had no processor, does not count: in it
    nobody could send a heartbeat either.
    """
    missed = 0.0 if cluster.watched_at is None else now - cluster.watched_at - LOOK
    cluster.watched_at = now
    for node in cluster.nodes.values():
        node.heartbeat = min(node.heartbeat + max(missed, 0.0), now)
        if node.status != "down" and now - node.heartbeat > GRACE:
            node.status, node.message = "down", "Heartbeat failure"
            node.version = cluster.touch()
            node.agent.engine.machine.world.note(f"swarm node {node.hostname} down")

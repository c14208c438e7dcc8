"""Into a swarm and out of it: init, join (also in the background), leave."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runbook_twin.docker.failures import DaemonError
from runbook_twin.docker.swarm import raft
from runbook_twin.docker.swarm.agent import Agent
from runbook_twin.docker.swarm.control import REQUEST, rpc
from runbook_twin.docker.swarm.state import Cluster, Node, SwarmFacts
from runbook_twin.docker.text import object_id

if TYPE_CHECKING:
    from runbook_twin.docker.engine import Engine

MEMBER = (
    'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join '
    "another one."
)
TOKEN = re.compile(r"^SWMTKN-1-([0-9a-z]{50})-([0-9a-z]{25})$")
TIMEOUT = (
    "Timeout was reached before node {} joined. The attempt to join the swarm will continue in the "
    'background. Use the "docker info" command to see the current swarm status of your node.'
)
LAST_MANAGER = (
    "You are attempting to leave the swarm on a node that is participating as a manager. "
    "Removing the last manager erases all current state of the swarm. Use `--force` to ignore "
    "this message."
)


class Pending:
    """A join that timed out and goes on in the background."""

    def __init__(self, engine: Engine, work: Join) -> None:
        self.engine, self.work = engine, work

    async def facts(self) -> SwarmFacts:
        """What `docker info` says meanwhile."""
        return SwarmFacts("pending", address=self.work.advertise)


def advertised(engine: Engine, text: str) -> str:
    """The address to advertise. Raises DaemonError: no address; 1.12 also: not one of ours."""
    old = engine.dialect.old
    host = text.rpartition(":")[0] if text.count(":") == 1 else text
    if not host:
        return engine.machine.address
    if host in ("eth0", "ens3"):
        return engine.machine.address
    try:
        ipaddress.ip_address(host)
    except ValueError:
        what = "an IP address" if old else "a non-zero IP address"
        raise DaemonError(
            f"advertise address must be {what} or network interface (with optional port number)",
            status=400,
        ) from None
    if old and host != engine.machine.address:
        raise DaemonError(
            "must specify a listening address because the address to advertise is not recognized "
            "as a system address",
            status=400,
        )
    return host


def _new_member(engine: Engine, cluster: Cluster, address: str, role: str) -> Agent:
    now = engine.now
    agent = Agent(engine, cluster)
    agent.node = Node(
        object_id(cluster.source),
        agent,
        engine.machine.hostname,
        address,
        role,
        now,
        heartbeat=now,
        updated=now,
        status="unknown",
        version=cluster.touch(),
    )
    cluster.nodes[agent.node.id] = agent.node
    engine.agent = agent
    return agent


def refuse_member(engine: Engine) -> None:
    """Raise DaemonError when the engine is in a swarm or joining one."""
    if engine.agent is not None or engine.pending is not None:
        raise DaemonError(MEMBER, status=406)


def init(engine: Engine, advertise: str = "", *, force_new: bool = False) -> Cluster:
    """Begin a swarm with this engine as its manager; the swarm. Raises DaemonError."""
    if force_new and engine.agent is not None:
        return _force_new(engine, engine.agent)
    refuse_member(engine)
    address = advertised(engine, advertise)
    source = engine.machine.world.random
    cluster = Cluster(object_id(source), source, engine.now, engine.dialect.old)
    agent = _new_member(engine, cluster, address, "manager")
    cluster.leader = cluster.last_leader = agent.node
    agent.join()
    return cluster


def _force_new(engine: Engine, agent: Agent) -> Cluster:
    """Make this manager the only one, with all services (`--force-new-cluster`)."""
    cluster = agent.cluster
    for node in list(cluster.nodes.values()):
        if node.manager and node is not agent.node:
            node.role = "worker"
    raft.elect(cluster, agent.node, engine.now)
    return cluster


class Join:
    """One join: tried at once, for 20 s while the client waits, then in the background."""

    def __init__(
        self, engine: Engine, remotes: Sequence[str], token: str, advertise: str = ""
    ) -> None:
        self.engine, self.token = engine, token
        self.remotes = [one if ":" in one else f"{one}:2377" for one in remotes]
        self.advertise = advertised(engine, advertise)

    async def run(self) -> str:
        """Join; the role. Raises DaemonError (wrong token, refused, timed out)."""
        refuse_member(self.engine)
        if self.token and not TOKEN.match(self.token):
            raise DaemonError("invalid join token", status=400)
        clock, waited = self.engine.machine.world.clock, 0.0
        while waited < REQUEST:
            manager = self._manager()
            if isinstance(manager, Agent):
                return await self._enter(manager)
            if manager == "refused" and not self.engine.dialect.old:
                await clock.sleep(10.0)
                raise rpc(self.engine, 14, _refusal(self.remotes[0]))
            await clock.sleep(1.0)
            waited += 1.0
        self.engine.pending = Pending(self.engine, self)
        self.engine.machine.spawn(self._go_on())
        raise DaemonError(
            TIMEOUT.format("was" if self.engine.dialect.old else "").replace("  ", " ")
        )

    def _manager(self) -> Agent | str:
        """The manager at the address, or why there is none: unreachable, refused, leaderless."""
        world, mine = self.engine.machine.world, self.engine.machine
        for remote in self.remotes:
            host, _, port = remote.rpartition(":")
            machine = world.machine_at(host)
            if machine is None or not world.reachable(mine, host):
                continue
            other = next((one for one in machine.software.values() if _is_manager(one)), None)
            if port != "2377" or other is None:
                return "refused"
            agent: Agent = other.agent  # type: ignore[attr-defined]
            leader = agent.cluster.leader
            if leader is None or not raft.has_quorum(agent.cluster, leader):
                return "leaderless"
            return agent
        return "unreachable"

    async def _enter(self, manager: Agent) -> str:
        cluster, engine = manager.cluster, self.engine
        found = TOKEN.match(self.token)
        slow = 0.0 if engine.dialect.old else 10.0
        if found and int(found[1], 36) != cluster.authority:
            await engine.machine.world.clock.sleep(slow)
            raise DaemonError(
                f"remote CA does not match fingerprint. Expected: {int(found[1], 36):064x}"
            )
        roles = [role for role, secret in cluster.secrets.items() if found and found[2] == secret]
        if not roles:
            await engine.machine.world.clock.sleep(slow)
            raise rpc(engine, 3, "A valid join token is necessary to join this cluster")
        agent = _new_member(engine, cluster, self.advertise, roles[0])
        agent.node.manager_at = engine.now + 1.0
        for service in cluster.services.values():
            service.changed = True
        agent.join()
        return roles[0]

    async def _go_on(self) -> None:
        while self.engine.pending is not None and self.engine.pending.work is self:
            manager = self._manager()
            if isinstance(manager, Agent):
                self.engine.pending = None
                await self._enter(manager)
                return
            await self.engine.machine.world.clock.sleep(2.0)


def _is_manager(software: object) -> bool:
    agent = getattr(software, "agent", None)
    return isinstance(agent, Agent) and agent.serving and agent.node.manager


def _refusal(remote: str) -> str:
    return (
        f'connection error: desc = "transport: Error while dialing dial tcp {remote}: '
        'connect: connection refused"'
    )


async def leave(engine: Engine, *, force: bool = False) -> None:
    """Leave the swarm. Raises DaemonError: a manager without `force`, not in a swarm."""
    if engine.pending is not None:
        engine.pending = None
        return
    agent = engine.agent
    if agent is None:
        raise DaemonError("This node is not part of a swarm", status=406)
    if agent.node.manager and not force:
        raise DaemonError(_manager_leaves(agent), status=406)
    if agent.cluster.leader is agent.node:
        agent.cluster.leader = None
    await agent.leave()


def _manager_leaves(agent: Agent) -> str:
    count = len(agent.cluster.managers)
    if count == 1:
        return LAST_MANAGER
    alive = sum(raft.connected(agent.node, one) for one in agent.cluster.managers)
    text = "You are attempting to leave the swarm on a node that is participating as a manager. "
    if (alive - 1) * 2 > count - 1:
        return (
            f"{text}The only way to restore a swarm that has lost consensus is to reinitialize it "
            "with `--force-new-cluster`. Use `--force` to suppress this message."
        )
    return (
        f"{text}Removing this node leaves {count - 1} managers out of {count}. Without a Raft "
        "quorum your swarm will be inaccessible. The only way to restore a swarm that has lost "
        "consensus is to reinitialize it with `--force-new-cluster`. Use `--force` to suppress "
        "this message."
    )

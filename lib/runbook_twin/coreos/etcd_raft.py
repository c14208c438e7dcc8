"""One running member of an etcd cluster: who leads, what is committed, who lags behind."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from runbook_twin.coreos.etcd_replica import Member, Replica
from runbook_twin.coreos.etcd_store import EtcdError, Json
from runbook_twin.files import File
from runbook_twin.machine import Machine

TICK_S = 0.2
_RETRY_S = 0.1
REQUEST_TIMEOUT_S = 7.0  # 5 s and two election timeouts


class Server:
    """A running etcd: the raft part."""

    def __init__(self, machine: Machine, replica: Replica, path: str) -> None:
        self.machine = machine
        self.replica = replica
        self.path = path  # of its data on the disk
        self.leader: int | None = None
        self.started_at = self.now()
        self.leader_since = self.now()
        self.changed = asyncio.Event()
        self._heard = self.now()
        self._patience = self._draw()

    def now(self) -> float:
        """The twin's time."""
        return self.machine.world.clock.now()

    def _draw(self) -> float:
        return 1.0 + self.machine.world.random.random()

    # --- who is there

    def peer(self, member: Member) -> Server | None:
        """The running server of a member that we reach and that reaches us."""
        if member.id == self.replica.member:
            return self
        world = self.machine.world
        host = urlsplit(member.peer_urls[0]).hostname or ""
        machine = world.machine_at(host)
        if machine is None or not world.reachable(self.machine, host):
            return None
        server = running(machine)
        same = server and server.replica.cluster == self.replica.cluster
        return server if server and same and server.replica.member == member.id else None

    def peers(self) -> list[Server]:
        """All running servers of the cluster that are in touch, ourselves among them."""
        found = [self.peer(member) for member in self.replica.members.values()]
        return [server for server in found if server]

    def quorum(self) -> bool:
        """Whether more than half of the members are in touch."""
        return 2 * len(self.peers()) > len(self.replica.members)

    def leading(self) -> Server | None:
        """The leader that we know, if it is in touch and still thinks so."""
        member = self.replica.members.get(self.leader or 0)
        server = self.peer(member) if member else None
        return server if server and server.leader == server.replica.member else None

    # --- time passes

    async def run(self) -> None:
        """Heartbeats and elections, until cancelled or removed from the cluster."""
        while self.replica.member not in self.replica.removed:
            self.tick()
            await self.machine.world.clock.sleep(TICK_S)

    def tick(self) -> None:
        """Hear the leader, or become impatient and stand for election."""
        best = max(self.peers(), key=lambda s: (s.leader == s.replica.member, s.replica.term),
                   default=self)  # fmt: skip
        if best.leader == best.replica.member and best.replica.term >= self.replica.term:
            self._hear(best)
        elif self.leader != self.replica.member and self.now() - self._heard > self._patience:
            self._campaign()
        if self.leader == self.replica.member and self.quorum():
            now = self.now()
            if self.replica.store.overdue(now):
                self._commit({"action": "expire", "now": now})

    def _hear(self, leader: Server) -> None:
        self._heard, self._patience = self.now(), self._draw()
        self.replica.term = leader.replica.term
        if self.leader != leader.replica.member:
            self.leader, self.leader_since = leader.replica.member, self.now()
        if self is not leader and self.replica.index != leader.replica.index and leader.quorum():
            self.replica.follow(leader.replica)
            self._wake()

    def _campaign(self) -> None:
        """Ask for votes: of those in touch who have not seen more than we have."""
        self.leader = None
        self._heard, self._patience = self.now(), self._draw()
        self.replica.term += 1
        voters = [s for s in self.peers() if s.replica.index <= self.replica.index]
        if 2 * len(voters) > len(self.replica.members):
            self.replica.term = max(s.replica.term for s in self.peers()) + 1
            self.leader, self.leader_since = self.replica.member, self.now()
            self.replica.index += 1  # the empty entry of a new term

    # --- writing

    async def propose(self, operation: Json, timeout: float = REQUEST_TIMEOUT_S) -> Json:
        """Commit an operation on the cluster; the event. Raises EtcdError (300: no quorum)."""
        deadline = self.now() + timeout
        while True:
            leader = self.leading()
            if leader and leader.quorum():
                return leader._commit(operation)
            if self.now() >= deadline:
                raise EtcdError(300, "etcdserver: request timed out", self.replica.store.index)
            await self.machine.world.clock.sleep(_RETRY_S)

    def _commit(self, operation: Json) -> Json:
        """Replicate to all that are in touch, then carry out."""
        before = self.replica.index
        followers = [server for server in self.peers() if server is not self]
        try:
            return self.replica.apply(operation)
        finally:
            self._wake()
            for server in followers:
                if server.replica.index == before:
                    _apply_quietly(server.replica, operation)
                else:
                    server.replica.follow(self.replica)
                server._wake()

    def _wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    # --- disk

    def save(self) -> None:
        """Write the data directory; its file has its full length already: no disk is too full."""
        self.machine.disk.files[self.path] = File(self.replica.dump(), 0o600, "etcd", self.now())


def _apply_quietly(replica: Replica, operation: Json) -> None:
    """A follower carries out what the leader did; the error has been told by the leader."""
    try:
        replica.apply(operation)
    except EtcdError:
        return


class EtcdSoftware:
    """The place of a machine's etcd (software `etcd`): its server while it runs."""

    def __init__(self) -> None:
        self.server: Server | None = None

    def power_on(self) -> None:
        """systemd starts etcd."""

    def power_off(self) -> None:
        """Only what it wrote remains."""
        if self.server:
            self.server.save()
            self.server = None


def running(machine: Machine) -> Server | None:
    """The etcd server that runs on a machine."""
    software = machine.software.get("etcd")
    return software.server if isinstance(software, EtcdSoftware) and machine.powered else None

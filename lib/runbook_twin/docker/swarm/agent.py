"""A machine's part in a swarm: its session with the leader, its tasks, its manager."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from runbook_twin.docker.swarm import control, raft
from runbook_twin.docker.swarm.ingress import Mesh
from runbook_twin.docker.swarm.local import Local
from runbook_twin.docker.swarm.state import ENDED, Cluster, Node, SwarmFacts, Task

if TYPE_CHECKING:
    from runbook_twin.docker.engine import Engine

TICK = 0.25
HEARTBEAT = 2.5


class Agent:
    """What a machine keeps of its swarm (on disk) and does in it (while it has power)."""

    def __init__(self, engine: Engine, cluster: Cluster) -> None:
        self.engine = engine
        self.cluster = cluster
        self.node: Node = None  # type: ignore[assignment]  # set by whoever makes the agent
        self.tasks: dict[str, Local] = {}
        self.session: Node | None = None  # the leader that knows this node
        self.reconnect_at: float | None = None
        self.election_at: float | None = None
        self.heartbeat_at = 0.0
        self.mesh = Mesh(self)
        self.works: set[asyncio.Task[Any]] = set()

    @property
    def serving(self) -> bool:
        """Whether the engine runs and is still in this swarm."""
        return self.engine.up and self.engine.agent is self and self.engine.dialect.swarm

    # ---- power

    def power_on(self) -> None:
        """The engine has started: find out what became of the tasks, look for the managers."""
        now = self.engine.now
        if self.cluster.leader is self.node:
            self.cluster.leader = None
        for local in self.tasks.values():
            if local.state == "running" and local.container is not None:
                code = local.container.exit_code
                local.become("failed", f"task: non-zero exit ({code})")
            elif local.state not in ENDED:
                local.discard()
                self._spawn(local.carry())
        self.reconnect_at = now + self.cluster.source.uniform(1.2, 3.0)
        self._spawn(self._serve())

    def join(self) -> None:
        """Begin, with a session from the start."""
        self._register(self.engine.now)
        self._spawn(self._serve())

    def power_off(self) -> None:
        """The power is gone."""
        self.session = self.reconnect_at = self.election_at = None
        for local in self.tasks.values():
            if local.state == "running":
                machine = self.engine.machine
                machine.world.note(f"task {local.task.name} down on {machine.hostname}")
        self._cancel()
        self.mesh.power_off()

    async def leave(self) -> None:
        """Out of the swarm: stop and remove every task's container."""
        self.engine.agent = None
        self._cancel(keep=asyncio.current_task())
        self.mesh.close()
        containers = [one.container for one in self.tasks.values() if one.container is not None]
        await asyncio.gather(*(self.engine.stop(one, grace=10.0) for one in containers))
        for local in self.tasks.values():
            local.discard()
            self.engine.machine.world.note(
                f"task {local.task.name} down on {self.engine.machine.hostname}"
            )

    def _spawn(self, work: Any) -> None:
        task = self.engine.machine.spawn(work)
        self.works.add(task)
        task.add_done_callback(self.works.discard)

    def _cancel(self, keep: asyncio.Task[Any] | None = None) -> None:
        for work in list(self.works):
            if work is not keep:
                work.cancel()

    # ---- life

    async def _serve(self) -> None:
        while self.serving:
            now = self.engine.now
            self._keep_session(now)
            if self.node.manager and now >= self.node.manager_at:
                raft.turn(self, now)
            if self.session is not None:
                self._exchange(now)
            await self.engine.machine.world.clock.sleep(TICK)

    def _keep_session(self, now: float) -> None:
        leader = self.cluster.leader
        alive = leader is not None and raft.connected(self.node, leader)
        if self.session is not None and (self.session is not leader or not alive):
            self.session = self.reconnect_at = None
        if self.session is not None:
            if now >= self.heartbeat_at:
                self.node.heartbeat, self.heartbeat_at = now, now + HEARTBEAT
        elif leader is None or not alive or not self._finds(leader):
            self.reconnect_at = None
        elif self.reconnect_at is None:
            self.reconnect_at = now + self.cluster.source.uniform(1.2, 3.5)
        elif now >= self.reconnect_at and raft.has_quorum(self.cluster, leader):
            self._register(now)

    def _finds(self, leader: Node) -> bool:
        """Whether the leader is where it advertises to be (20.10 takes any address)."""
        if leader is self.node or leader.address == leader.agent.engine.machine.address:
            return True
        return self.engine.machine.world.machine_at(leader.address) is leader.agent.engine.machine

    def _register(self, now: float) -> None:
        self.session, self.reconnect_at = self.cluster.leader, None
        if self.node.id not in self.cluster.nodes:
            return
        if self.node.status != "ready":
            self.engine.machine.world.note(f"swarm node {self.engine.machine.hostname} ready")
        self.node.hostname = self.engine.machine.hostname
        self.node.status, self.node.message = "ready", ""
        self.node.heartbeat, self.heartbeat_at = now, now + HEARTBEAT

    # ---- tasks

    def _exchange(self, now: float) -> None:
        """Tell the leader the states of the tasks, hear what shall become of them."""
        cluster = self.cluster
        if cluster.leader is None or not raft.has_quorum(cluster, cluster.leader):
            return
        mine = {one.id: one for one in cluster.tasks.values() if one.node == self.node.id}
        for task in mine.values():
            local = self.tasks.get(task.id)
            if local is None and task.wanted and not task.ended:
                self._accept(task)
            elif local is None and not task.wanted and not task.ended:
                task.state, task.since = "shutdown", now
            elif local is not None:
                self._report(task, local)
                local.tell(task.desired)
        for task_id in [one for one in self.tasks if one not in mine]:
            self._forget(self.tasks[task_id])
        self.mesh.learn(cluster)

    def _accept(self, task: Task) -> None:
        local = Local(self.engine, task, task.desired, since=self.engine.now)
        self.tasks[task.id] = local
        self._spawn(local.carry())

    def _report(self, task: Task, local: Local) -> None:
        task.state, task.since, task.error = local.state, local.since, local.error

    def _forget(self, local: Local) -> None:
        """The managers know this task no more: stop it, then take its container away."""
        local.tell("remove")
        if local.state in ENDED:
            local.discard()
            del self.tasks[local.task.id]

    async def facts(self) -> SwarmFacts:
        """What `docker info` says of the swarm."""
        return await control.facts(self)

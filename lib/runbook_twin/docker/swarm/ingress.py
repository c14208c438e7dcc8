"""The routing mesh: a published port answers on every node, from whatever node runs a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbook_twin.docker import page
from runbook_twin.docker.container import Container
from runbook_twin.docker.swarm.state import Cluster, Publish
from runbook_twin.machine import HttpAnswer, HttpHandler, Machine
from runbook_twin.world import NetworkError

if TYPE_CHECKING:
    from runbook_twin.docker.swarm.agent import Agent

DEAD_BACKEND = 3.0  # seconds until a client's connection to a lost backend fails
Backend = tuple[Machine, Container]


class Mesh:
    """One node's share of the mesh: its table of backends, as the managers last told it.

    A lost node's task stays a backend until the managers know that the node is Down; what
    is sent there in the meantime times out.
    """

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.table: dict[int, tuple[Publish, list[Backend]]] = {}
        self.handlers: dict[int, HttpHandler] = {}
        self.turns: dict[int, int] = {}

    def learn(self, cluster: Cluster) -> None:
        """Take over the managers' view of published ports and running tasks."""
        table: dict[int, tuple[Publish, list[Backend]]] = {}
        for service in cluster.services.values():
            for port in service.spec.ports:
                if port.mode == "ingress" and port.protocol == "tcp":
                    table[port.published] = (port, self._backends(cluster, service.id))
        self.table = table
        self._listen()

    def _backends(self, cluster: Cluster, service_id: str) -> list[Backend]:
        found: list[Backend] = []
        for task in cluster.tasks.values():
            node = cluster.nodes.get(task.node)
            if task.service.id != service_id or node is None:
                continue
            local = node.agent.tasks.get(task.id)
            if task.desired == "running" and task.state == "running" and local and local.container:
                found.append((node.agent.engine.machine, local.container))
        return found

    def _listen(self) -> None:
        listeners = self.agent.engine.machine.listeners
        for number in [one for one in self.handlers if one not in self.table]:
            self._close(number)
        for number in self.table:
            if number not in listeners:
                self.handlers[number] = listeners[number] = self._handler(number)

    def _close(self, number: int) -> None:
        listeners = self.agent.engine.machine.listeners
        if listeners.get(number) is self.handlers.pop(number):
            del listeners[number]

    def close(self) -> None:
        """Leave the mesh."""
        self.table = {}
        for number in list(self.handlers):
            self._close(number)

    def power_off(self) -> None:
        """The listeners went with the power; the table is told anew."""
        self.table, self.handlers = {}, {}

    def _handler(self, number: int) -> HttpHandler:
        async def answer(method: str, path: str, body: bytes) -> HttpAnswer:
            port, backends = self.table.get(number, (None, []))
            if port is None or not backends:
                raise NetworkError("connection refused")
            self.turns[number] = turn = self.turns.get(number, -1) + 1
            machine, container = backends[turn % len(backends)]
            mine = self.agent.engine.machine
            if not self._reaches(machine):
                await mine.world.clock.sleep(DEAD_BACKEND)
                raise NetworkError("i/o timeout")
            if not container.running or not page.serves_http(container, port.target):
                raise NetworkError("connection refused")
            return page.nginx(method, path)

        return answer

    def _reaches(self, machine: Machine) -> bool:
        """Whether packets go to the backend's node and back."""
        mine = self.agent.engine.machine
        if machine is mine:
            return True
        world = mine.world
        return world.reachable(mine, machine.address) and world.reachable(machine, mine.address)

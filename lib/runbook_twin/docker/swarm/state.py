"""What the managers of a swarm keep: nodes, services, tasks, tokens."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from runbook_twin.docker.text import BASE36, object_id

if TYPE_CHECKING:
    from runbook_twin.docker.swarm.agent import Agent

ENDED = ("complete", "shutdown", "failed", "rejected", "remove")


@dataclass
class Node:
    """A member of the swarm. status: ready, down, unknown; address: what it advertises."""

    id: str
    agent: Agent
    hostname: str
    address: str
    role: str
    joined: float
    availability: str = "active"
    status: str = "ready"
    message: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    heartbeat: float = 0.0
    manager_at: float = 0.0  # since when its manager answers
    unseen_since: float | None = None  # by the leader's raft
    version: int = 9
    updated: float = 0.0

    @property
    def manager(self) -> bool:
        """Whether its role is manager."""
        return self.role == "manager"


@dataclass(frozen=True)
class Publish:
    """A published port of a service. mode: ingress (every node) or host (where the task runs)."""

    published: int
    target: int
    protocol: str = "tcp"
    mode: str = "ingress"


@dataclass(frozen=True)
class Spec:
    """What a service asks for. replicas None = global. Times in seconds, memory in bytes."""

    name: str
    image: str
    command: tuple[str, ...] = ()
    replicas: int | None = 1
    ports: tuple[Publish, ...] = ()
    constraints: tuple[str, ...] = ()
    restart_condition: str = "any"
    restart_delay: float = 5.0
    restart_attempts: int = 0
    update_parallelism: int = 1
    update_delay: float = 0.0
    update_failure: str = "pause"
    update_order: str = "stop-first"
    reserve_memory: int = 0
    reserve_cpu: float = 0.0
    limit_memory: int = 0
    limit_cpu: float = 0.0
    environment: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    container_labels: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    endpoint: str = "vip"
    grace: float = 10.0
    forced: int = 0

    def template(self) -> Spec:
        """The part whose change makes new tasks."""
        return replace(
            self,
            replicas=None if self.replicas is None else 0,
            update_parallelism=1,
            labels=(),
            update_delay=0.0,
            update_failure="pause",
            update_order="stop-first",
            ports=tuple(port for port in self.ports if port.mode == "host"),
        )


@dataclass
class Update:
    """A rolling update: updating, paused, completed (or rollback_...)."""

    state: str
    started: float
    message: str = "update in progress"
    completed: float = 0.0
    current: list[str] = field(default_factory=list)  # ids of the tasks on their way
    next_at: float = 0.0


@dataclass
class Service:
    """A service and its running update."""

    id: str
    spec: Spec
    created: float
    updated: float
    version: int
    previous: Spec | None = None
    update: Update | None = None
    changed: bool = True  # its number of tasks is to be looked at

    @property
    def name(self) -> str:
        """The service's name."""
        return self.spec.name


@dataclass
class Task:
    """One try to run a service's container. desired: ready, running, shutdown, remove.

    start_at: when a task that waits in `ready` may run; after: the task it waits for.
    """

    id: str
    service: Service
    spec: Spec
    slot: int  # 0 = global
    created: float
    state: str
    since: float
    desired: str = "running"
    node: str = ""
    error: str = ""
    start_at: float = 0.0
    after: str = ""
    running_since: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.state in ENDED

    @property
    def wanted(self) -> bool:
        """Whether it shall run."""
        return self.desired in ("ready", "running")

    @property
    def name(self) -> str:
        """`webserver.1`, or `agent.NODE` of a global service."""
        return f"{self.service.name}.{self.slot or self.node}"


@dataclass
class Cluster:
    """One swarm. old: its first manager is a 1.12 (texts, states and timings of then)."""

    id: str
    source: random.Random
    created: float
    old: bool
    nodes: dict[str, Node] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    leader: Node | None = None
    last_leader: Node | None = None
    watched_at: float | None = None  # when the leader last looked at the heartbeats
    lost_at: float | None = None  # since when the leader has no quorum
    handover_at: float | None = None
    history: int = 5
    index: int = 8
    authority: int = 0

    def __post_init__(self) -> None:
        self.authority = self.authority or self.source.getrandbits(256)
        for role in ("worker", "manager"):
            self.rotate(role)

    def rotate(self, role: str) -> None:
        """Make a new join token for a role."""
        self.secrets[role] = object_id(self.source)

    def token(self, role: str) -> str:
        """The join token of a role."""
        return f"SWMTKN-1-{base36(self.authority).rjust(50, '0')}-{self.secrets[role]}"

    @property
    def managers(self) -> list[Node]:
        """The managers, in order of joining."""
        return [node for node in self.nodes.values() if node.manager]

    def touch(self) -> int:
        """The next version number of an object."""
        self.index += 1
        return self.index

    def node_name(self, node_id: str) -> str:
        """The host name of a node; its id once it was removed."""
        node = self.nodes.get(node_id)
        return node.hostname if node else node_id

    def add_task(
        self, service: Service, slot: int, now: float, *, desired: str = "running", node: str = ""
    ) -> Task:
        """A new task of a service, not yet on a node (unless it is a global service's)."""
        state = "assigned" if node else "allocated" if self.old else "pending"
        task = Task(
            object_id(self.source), service, service.spec, slot, now, state, now, desired, node
        )
        self.tasks[task.id] = task
        return task

    def tasks_of(self, service: Service) -> list[Task]:
        """The service's tasks, oldest first."""
        return [task for task in self.tasks.values() if task.service is service]


@dataclass
class SwarmFacts:
    """What the engine says about its swarm. state: inactive, pending, active."""

    state: str = "inactive"
    node: str = ""
    error: str = ""
    manager: bool = False
    cluster: str = ""
    managers: int = 0
    nodes: int = 0
    history: int = 5
    address: str = ""
    remotes: list[str] = field(default_factory=list)


def base36(number: int) -> str:
    """A number in base 36."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = BASE36[digit] + digits
    return digits or "0"

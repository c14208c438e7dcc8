"""A random walk over a cluster: seeded acts, what must come of them, and what is seen then."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pandas as pd

from runbook.command import Node, Nodes
from runbook.facts import docker, etcd, swarm
from runbook.facts.base import Observation
from runbook.facts.servers import answers

from .sides import Side

MANAGER = "manager0"
WORKERS = ("worker0", "worker1")
MEMBERS = ("node00", "node01", "node02")
SERVICE, IMAGE, KEY = "walk", "nginx", "/walk"
DEADLINE = 180.0  # seconds of the target for what an act sets off


@dataclass(frozen=True)
class Act:
    """One step of a walk: a verb, and on what or to which value."""

    verb: str
    on: str = ""

    @property
    def in_etcd(self) -> bool:
        """Whether it is about etcd; else it is about the Swarm."""
        return self.verb == "set" or self.on in MEMBERS

    def __str__(self) -> str:
        return f"{self.verb} {self.on}".strip()


@dataclass
class Model:
    """What is so after the acts: the world as whoever did them knows it."""

    off: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)
    drained: set[str] = field(default_factory=set)
    alone: set[str] = field(default_factory=set)  # members that were started without a quorum
    replicas: int = 1

    def reachable(self, names: tuple[str, ...]) -> list[str]:
        """Those that are on and plugged in."""
        return [name for name in names if name not in self.off | self.cut]

    @property
    def able(self) -> list[str]:
        """The workers that can run a task."""
        return [name for name in self.reachable(WORKERS) if name not in self.drained]

    @property
    def tasks(self) -> int:
        """How many tasks of the service can run."""
        return self.replicas if self.able else 0

    @property
    def has_quorum(self) -> bool:
        """Whether etcd can decide anything."""
        return len(self.reachable(MEMBERS)) > len(MEMBERS) // 2

    def possible(self, chance: random.Random) -> dict[str, list[Act]]:
        """What can be done now, by verb. One worker can always run tasks: what a Swarm does with
        those that wait for the first one to return is another thing in 20.10 (differences.yaml)."""
        last = self.able if len(self.able) == 1 else []
        up = [name for name in self.reachable((*WORKERS, *MEMBERS)) if name not in last]
        busy = [name for name in WORKERS if name not in self.drained and name not in last]
        acts = {
            "stop": [Act("stop", name) for name in up],
            "cut": [Act("cut", name) for name in up],
            "start": [Act("start", name) for name in sorted(self.off)],
            "heal": [Act("heal", name) for name in sorted(self.cut)],
            "drain": [Act("drain", name) for name in busy],
            "activate": [Act("activate", name) for name in sorted(self.drained)],
            "scale": [Act("scale", str(n)) for n in (1, 2, 3) if n != self.replicas],
            "kill": [Act("kill")] if self.tasks else [],
            "set": [Act("set", f"v{chance.randrange(10**6)}")] if self.has_quorum else [],
        }
        return {verb: choices for verb, choices in acts.items() if choices}

    def after(self, act: Act) -> None:
        """What is so once the act was done."""
        match act.verb:
            case "stop":
                self.off.add(act.on)
            case "start":
                self.off.discard(act.on)
                self.alone.add(act.on)
            case "cut":
                self.cut.add(act.on)
            case "heal":
                self.cut.discard(act.on)
            case "drain":
                self.drained.add(act.on)
            case "activate":
                self.drained.discard(act.on)
            case "scale":
                self.replicas = int(act.on)
        if self.has_quorum:
            self.alone.clear()


def walk(seed: int, count: int) -> Iterator[tuple[Act, Model]]:
    """`count` acts, each with the model after it; the same for the same seed."""
    chance, model = random.Random(seed), Model()  # noqa: S311 - to come again
    for _ in range(count):
        possible = model.possible(chance)
        act = chance.choice(possible[chance.choice(sorted(possible))])
        model.after(act)
        yield act, model


def begin(side: Side) -> None:
    """Make the service that walks; no port is published, so that any number fits on a worker."""
    manager = side.swarm[0]
    words = f"{_detached(manager)}--name {SERVICE} --replicas 1 {IMAGE}"
    manager.change(f"docker service create {words}", deadline=120)


def do(side: Side, act: Act, model: Model) -> None:
    """Do an act, and wait until everything that it sets off has happened. Raises WaitFailed."""
    manager, killed = side.swarm[0], ""
    match act.verb:
        case "stop":
            side.run.power.off(act.on)
            side.node(act.on).disconnect()
        case "start":
            side.run.power.on(act.on)
        case "cut":
            side.cut(act.on)
            side.node(act.on).disconnect()
        case "heal":
            side.heal(act.on)
        case "drain":
            manager.change("docker node update --availability drain %s", act.on)
        case "activate":
            manager.change("docker node update --availability active %s", act.on)
        case "scale":
            manager.change(f"docker service scale {_detached(manager)}{SERVICE}={act.on}")
        case "kill":
            first = _running(side).iloc[0]
            killed = str(first.task)
            find = f"docker ps -q --filter name={first['name']}.{killed}"
            side.node(str(first.node)).change(f"docker kill $({find})")
        case "set":
            writer = side.node(model.reachable(MEMBERS)[0])
            writer.change("etcdctl set %s %s", KEY, act.on)
    if act.verb in ("start", "heal"):
        side.run.wait_until("it answers", answers(side.node(act.on)), deadline=DEADLINE)
    if not act.in_etcd:
        rests = _swarm_rests(side, model, killed)
        side.run.wait_until("the Swarm is at rest", rests, deadline=DEADLINE)
    elif model.reachable(MEMBERS):
        side.run.wait_until("etcd is at rest", _etcd_rests(side, model), deadline=DEADLINE)


def _detached(manager: Node) -> str:
    """1.12 never waits, later clients would without it."""
    return "" if docker.version(manager).startswith("1.") else "--detach "


def _running(side: Side) -> pd.DataFrame:
    return swarm.running_tasks(side.swarm[0], SERVICE)


def _swarm_rests(side: Side, model: Model, killed: str) -> Callable[[], Observation]:
    """Every node is seen as it is, and as many tasks run as can, on workers that can."""

    def look() -> Observation:
        known = swarm.nodes(side.swarm[0])
        ready = set(known.hostname[known.status == "Ready"])
        down = set(known.hostname[known.status == "Down"])
        tasks = _running(side)
        held = (
            ready == {MANAGER, *model.reachable(WORKERS)}
            and down == set(WORKERS) - ready
            and len(tasks) == model.tasks
            and set(tasks.node) <= set(model.able)
            and killed not in set(tasks.task)
        )
        return Observation(held, f"ready {sorted(ready)}, tasks on {sorted(tasks.node)}", tasks)

    return look


def _etcd_rests(side: Side, model: Model) -> Callable[[], Observation]:
    reachable = model.reachable(MEMBERS)
    expected = len(reachable) if model.has_quorum else 0

    def look() -> Observation:
        health = side.health = etcd.cluster_health(side.node(reachable[0]))
        well = etcd.healthy(health)
        return Observation(well == expected, f"{well} of {len(health)} healthy", health)

    return look


def seen(side: Side, act: Act, model: Model) -> dict[str, pd.DataFrame]:
    """The tables of what an act was about, sorted by what is the same on both sides."""
    if not act.in_etcd:
        manager = side.swarm[0]
        return {
            "docker node ls": swarm.nodes(manager).sort_values("hostname"),
            "docker service ls": swarm.services(manager).sort_values("name"),
            "docker service ps, running": _running(side).sort_values("name"),
        }
    tables: dict[str, pd.DataFrame] = {}
    reachable = model.reachable(MEMBERS)
    if reachable and reachable[0] not in model.alone:  # see differences.yaml
        asked = side.node(reachable[0])
        tables["etcdctl cluster-health"] = _by_url(side.health)  # a dead member makes it slow
        tables["etcdctl cluster-health, summary"] = pd.DataFrame([side.health.attrs["summary"]])
        if model.has_quorum:
            tables["etcdctl member list"] = _by_url(etcd.members(asked))
            nodes = Nodes([side.node(name) for name in reachable])
            tables["etcdctl get"] = etcd.read_everywhere(nodes, KEY)
    return tables


def _by_url(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values("client_urls", key=lambda column: column.map(str))

"""Facts about a Docker Swarm, asked of a manager (1.12, 20.10, 28.2)."""

from __future__ import annotations

import pandas as pd

from runbook.command import Node, Nodes
from runbook.facts.base import Condition, Observation, ask_table
from runbook.facts.docker import speaks_json
from runbook.table import rows_frame

_JSON = " --format '{{json .}}'"


def info(node: Node) -> dict[str, str]:
    """docker info as key -> value (the first of each name)."""
    found: dict[str, str] = {}
    for line in node.ask("docker info").text.splitlines():
        key, colon, value = line.strip().partition(":")
        if colon:
            found.setdefault(key, value.strip())
    return found


def info_table(node: Node, *keys: str) -> pd.DataFrame:
    """Some lines of docker info. Columns: key, value (null when docker does not say)."""
    told = info(node)
    rows = [{"key": key, "value": told.get(key)} for key in keys]
    return rows_frame(rows, ("key", "value"), f"{node.name} · docker info")


def membership(node: Node) -> str:
    """The node's own word on its swarm: inactive, pending, active or error (docker info)."""
    return info(node).get("Swarm", "inactive")


def nodes(manager: Node) -> pd.DataFrame:
    """docker node ls (S4). Columns: tables.md; summary: nodes, managers, leader ..."""
    return ask_table(manager, "docker node ls" + (_JSON if speaks_json(manager) else ""))


def services(manager: Node) -> pd.DataFrame:
    """docker service ls (S7). Columns: tables.md."""
    return ask_table(manager, "docker service ls" + (_JSON if speaks_json(manager) else ""))


def tasks(manager: Node, service: str) -> pd.DataFrame:
    """docker service ps (S7, S9). Columns: tables.md. As text in every version: only that
    marks the history rows (previous)."""
    return ask_table(manager, "docker service ps %s", service)


def running_tasks(manager: Node, service: str) -> pd.DataFrame:
    """Tasks that are wanted and running on nodes that are Ready.

    A lost node's task keeps CURRENT STATE Running, and `service ls` may say 2/1 meanwhile.
    """
    found = tasks(manager, service)
    known = nodes(manager)
    ready = set(known[known.status == "Ready"].hostname)
    wanted = (found.desired_state == "Running") & (found.current_state == "Running")
    kept = found[wanted & found.node.isin(ready)].reset_index(drop=True)
    kept.attrs = dict(found.attrs)
    return kept


def service_runs(
    manager: Node, service: str, *, replicas: int = 1, not_on: str | None = None
) -> Condition:
    """The condition that `replicas` tasks run on Ready nodes (other than the node `not_on`)."""

    def look() -> Observation:
        found = tasks(manager, service)
        running = running_tasks(manager, service)
        here = running[running.node != not_on] if not_on else running
        wanted = found[found.desired_state == "Running"]
        states = ", ".join(
            f"{t.node or '(no node)'} {t.current_state}{f' ({t.error})' if t.error else ''}"
            for t in (wanted if len(wanted) else found).itertuples()
        )
        return Observation(len(here) >= replicas, states or "there is no task yet", found)

    return look


def service_settled(manager: Node, service: str, replicas: int, *, not_on: str) -> Condition:
    """The condition that the Swarm has done what it can after the loss of a node: each of
    `replicas` tasks runs on another one, or waits because no node can take it (a port published in
    host mode has room for one task on each)."""

    def look() -> Observation:
        found = tasks(manager, service)
        running = running_tasks(manager, service)
        here = running[running.node != not_on]
        pending = found[(found.desired_state == "Running") & (found.current_state == "Pending")]
        waiting = pending[pending.error.fillna("").str.contains("no suitable node")]
        seen = [*here.node, *(["no node for one more"] * len(waiting))]
        held = len(here) > 0 and len(here) + len(waiting) >= replicas
        return Observation(held, ", ".join(seen) or "no task runs", found)

    return look


def task_placed(manager: Node, service: str, *, not_on: str) -> Condition:
    """The condition that a wanted task is placed on another node than `not_on`."""

    def look() -> Observation:
        found = tasks(manager, service)
        wanted = found[found.desired_state.isin(["Running", "Ready"]) & found.node.notna()]
        other = wanted[wanted.node != not_on]
        seen = ", ".join(f"{t.node} {t.current_state}" for t in other.itertuples())
        return Observation(len(other) > 0, seen or "no task elsewhere yet", found)

    return look


def service_spread(manager: Node, service: str, count: int) -> Condition:
    """The condition that exactly `count` tasks run, each on a Ready node of its own."""

    def look() -> Observation:
        running = running_tasks(manager, service)
        seen = ", ".join(running.node) or "no task runs"
        return Observation(len(running) == count == running.node.nunique(), seen, running)

    return look


def shut_down_on(history: pd.DataFrame, node: str) -> bool:
    """Whether a table of tasks holds one on that node that is to be shut down."""
    return bool(((history.node == node) & (history.desired_state == "Shutdown")).any())


def wanted_and_running(found: pd.DataFrame, service: str) -> tuple[int, int]:
    """Desired and running tasks of a service, by a table of services."""
    mine = found[found.name == service].iloc[0]
    return int(mine.desired), int(mine.running)


def image_of(found: pd.DataFrame, service: str) -> str | None:
    """The plain name of a service's image, by a table of services."""
    images = found.image[found.name == service]
    return None if images.empty else plain_image(str(images.iloc[0]))


def plain_image(image: str) -> str:
    """An image as one asks for it, without what the engine adds.

    >>> plain_image("nginx:latest"), plain_image("nginx:1.11@sha256:53a5")
    ('nginx', 'nginx:1.11')
    """
    return image.split("@")[0].removesuffix(":latest")


def placed(members: Nodes, running: pd.DataFrame) -> dict[str, list[str]]:
    """What runs on each server, by a table of tasks: for the picture."""
    return {n.name: list(running.name[running.node == n.name]) for n in members}


def node_has(manager: Node, hostname: str, **expected: str) -> Condition:
    """The condition that `docker node ls` shows these values (status="Ready" ...) for a node."""

    def look() -> Observation:
        found = nodes(manager)
        mine = found[found.hostname == hostname]
        held = any(all(row[k] == v for k, v in expected.items()) for _, row in mine.iterrows())
        seen = "; ".join(" ".join(str(row[k]) for k in expected) for _, row in mine.iterrows())
        return Observation(held, f"{hostname}: {seen or 'not listed'}", found)

    return look


def nodes_ready(manager: Node, count: int) -> Condition:
    """The condition that `count` nodes are Ready."""

    def look() -> Observation:
        found = nodes(manager)
        ready = int((found.status == "Ready").sum())
        return Observation(ready == count, f"{ready} of {len(found)} nodes Ready", found)

    return look

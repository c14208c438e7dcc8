"""Facts about a Docker engine and its containers (1.12, 20.10, 28.2; also system-docker)."""

from __future__ import annotations

import re

import pandas as pd

from runbook.command import Node, Nodes
from runbook.facts.base import Condition, Observation, ask_table
from runbook.table import rows_frame


def version(node: Node) -> str:
    """The version of the node's docker client, such as 1.12.1; one probe per server."""
    return node.fact("docker", lambda n: str(engine_version(n).version.iloc[0]))


def engine_version(node: Node) -> pd.DataFrame:
    """docker --version (R1). Columns: component, version, build, api_version."""
    return ask_table(node, "docker --version")


def versions(nodes: Nodes) -> pd.DataFrame:
    """docker --version on every node. Columns: server, version, swarm (whether it knows Swarm)."""
    rows = [
        {"server": n.name, "version": version(n), "swarm": _numbers(version(n)) >= (1, 12)}
        for n in nodes
    ]
    return rows_frame(rows, ("server", "version", "swarm"), "docker --version on every node")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def names(table: pd.DataFrame) -> set[str]:
    """The names of all containers in a table of containers."""
    return {name for found in table.names for name in found}


def restarted(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """Names of containers that are Up for a shorter time than before, by two tables of them."""
    since = {found[0]: up for found, up in zip(before.names, before.status_s, strict=True)}
    return sorted(
        found[0]
        for found, up in zip(after.names, after.status_s, strict=True)
        if found[0] not in since or up < since[found[0]]
    )


def speaks_json(node: Node) -> bool:
    """Whether the Swarm commands of this client have --format (1.12 and 1.13 have not)."""
    return _numbers(version(node)) >= (18, 9)


def containers(node: Node, *, every: bool = False) -> pd.DataFrame:
    """docker ps (R1). every: the ended ones too. Columns: tables.md, `docker ps`."""
    return ask_table(node, "docker ps -a" if every else "docker ps")


def system_containers(node: Node) -> pd.DataFrame:
    """sudo system-docker ps (R2), on RancherOS. Columns: as docker ps."""
    return ask_table(node, "system-docker ps", sudo=True)


def images(node: Node) -> pd.DataFrame:
    """docker images. Columns: tables.md, `docker images`."""
    return ask_table(node, "docker images")


def all_up(node: Node, wanted: set[str]) -> Condition:
    """The condition that all containers of these names are Up."""

    def look() -> Observation:
        found = containers(node)
        missing = sorted(wanted - names(found[found.status == "Up"]))
        return Observation(not missing, f"not up: {', '.join(missing) or 'none'}", found)

    return look

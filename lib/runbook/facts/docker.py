"""Facts about a Docker engine and its containers (1.12, 20.10, 28.2; also system-docker)."""

from __future__ import annotations

import pandas as pd

from runbook.command import Node
from runbook.facts.base import Condition, Observation, ask_table


def version(node: Node) -> str:
    """The version of the node's docker client, such as 1.12.1; one probe per server."""
    return node.fact("docker", lambda n: str(engine_version(n).version.iloc[0]))


def engine_version(node: Node) -> pd.DataFrame:
    """docker --version (R1). Columns: component, version, build, api_version."""
    return ask_table(node, "docker --version")


def speaks_json(node: Node) -> bool:
    """Whether the Swarm commands of this client have --format (1.12 and 1.13 have not)."""
    major = int(version(node).split(".")[0])
    return major >= 18


def containers(node: Node, *, every: bool = False) -> pd.DataFrame:
    """docker ps (R1). every: the ended ones too. Columns: tables.md, `docker ps`."""
    return ask_table(node, "docker ps -a" if every else "docker ps")


def system_containers(node: Node) -> pd.DataFrame:
    """sudo system-docker ps (R2), on RancherOS. Columns: as docker ps."""
    return ask_table(node, "system-docker ps", sudo=True)


def images(node: Node) -> pd.DataFrame:
    """docker images. Columns: tables.md, `docker images`."""
    return ask_table(node, "docker images")


def container_runs(node: Node, name: str) -> Condition:
    """The condition that a container of that name is Up."""

    def look() -> Observation:
        found = containers(node)
        mine = found[[name in names for names in found.names]]
        up = len(mine) > 0 and mine.status.iloc[0] == "Up"
        return Observation(up, f"{name}: {mine.status_text.iloc[0] if len(mine) else 'not there'}", found)

    return look

"""Facts about a Docker engine and its containers (1.12, 20.10, 28.2; also system-docker)."""

from __future__ import annotations

import re

import pandas as pd

from runbook.command import Node, Nodes
from runbook.facts.base import Condition, Observation, ask_table
from runbook.table import rows_frame

_TASK = re.compile(r"\.(\d+|[a-z0-9]{25})\.[a-z0-9]{25}$")  # NAME.SLOT.ID, global: NAME.NODE.ID


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


def up(table: pd.DataFrame) -> set[str]:
    """The names of the containers that are Up."""
    return names(table[table.status == "Up"])


def unversioned(table: pd.DataFrame) -> list[str]:
    """Images in a table of containers that do not say their version."""
    return sorted(image for image in table.image if ":" not in image.rpartition("/")[2])


def own_names(table: pd.DataFrame) -> set[str]:
    """The names without those of a Swarm's tasks, which their managers place anew each time."""
    return {name for name in names(table) if not _TASK.search(name)}


def system_starts(node: Node) -> pd.DataFrame:
    """When each system container was started, to the nanosecond (R3): `ps` tells it in minutes.

    Columns: name, started_at (as the engine prints it), in the order of the names.
    """
    inspect = "system-docker inspect --format '{{.Name}} {{.State.StartedAt}}'"
    running = node.ask("system-docker ps -q", sudo=True).text.split()
    result = node.ask(f"{inspect} {' '.join(running)}", sudo=True)
    pairs = sorted(line.lstrip("/").split(maxsplit=1) for line in result.text.splitlines())
    rows = [{"name": name, "started_at": at} for name, at in pairs]
    return rows_frame(rows, ("name", "started_at"), f"{node.name} · {inspect}")


def restarted(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """Names of containers that were started anew, by two tables of `system_starts`."""
    since = dict(zip(before.name, before.started_at, strict=True))
    return [
        row.name for row in after.itertuples(index=False) if since.get(row.name) != row.started_at
    ]


def engine(node: Node) -> str:
    """The version of the running engine (docker version), such as 1.12.1."""
    found = ask_table(node, "docker version")
    return str(found.version[found.component.str.lower() == "server"].iloc[0])


def speaks_json(node: Node) -> bool:
    """Whether the Swarm commands of this client have --format (1.12 and 1.13 have not)."""
    return _numbers(version(node)) >= (18, 9)


def containers(node: Node, *, every: bool = False) -> pd.DataFrame:
    """docker ps (R1). every: the ended ones too. Columns: tables.md, `docker ps`."""
    return ask_table(node, "docker ps -a" if every else "docker ps")


def system_containers(node: Node) -> pd.DataFrame:
    """sudo system-docker ps (R2), on RancherOS. Columns: as docker ps."""
    return ask_table(node, "system-docker ps", sudo=True)


def all_up(node: Node, wanted: set[str]) -> Condition:
    """The condition that all containers of these names are Up."""

    def look() -> Observation:
        found = containers(node)
        missing = sorted(wanted - up(found))
        return Observation(not missing, f"not up: {', '.join(missing) or 'none'}", found)

    return look

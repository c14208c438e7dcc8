"""Facts about a RancherOS server (ros 0.6.1 to 2.0)."""

from __future__ import annotations

import re

import pandas as pd

from runbook.command import Node
from runbook.facts.base import Condition, Observation, ask_table


def version(node: Node) -> str:
    """The version of the server's ros tool, such as v0.6.1; one probe per server."""
    probe = "ros --version"
    return node.fact("ros", lambda n: str(ask_table(n, probe, sudo=True).version.iloc[0]))


def os_version(node: Node) -> pd.DataFrame:
    """sudo ros os version (V1). Columns: version."""
    return ask_table(node, "ros os version", sudo=True)


def releases(node: Node) -> pd.DataFrame:
    """sudo ros os list (V2). Columns: image, version, where, running, latest.

    ros before 1.5 does not say which one runs: then `ros os version` does.
    """
    found = ask_table(node, "ros os list", sudo=True)
    if not found.running.fillna(False).any():
        runs = release(node)
        found["running"] = [image.rpartition(":")[2] == runs for image in found.image]
    return found


def engines(node: Node) -> pd.DataFrame:
    """sudo ros engine list (V5). Columns: engine, version, state, where."""
    return ask_table(node, "ros engine list", sudo=True)


def setting(node: Node, key: str) -> pd.DataFrame:
    """sudo ros config get KEY (R5). Columns: key, value."""
    return ask_table(node, "ros config get %s", key, sudo=True)


def release(node: Node) -> str:
    """The release that runs, such as v0.6.1."""
    return str(os_version(node).version.iloc[0])


def tags(table: pd.DataFrame) -> list[str]:
    """The releases in a table of `releases`, oldest first as versions go."""
    return sorted({image.rpartition(":")[2] for image in table.image}, key=_order)


def newest(table: pd.DataFrame) -> str:
    """The newest stable release in a table of `releases` (no -rc, no -beta)."""
    return [tag for tag in tags(table) if "-" not in tag][-1]


def current_engine(table: pd.DataFrame) -> str:
    """The current engine in a table of `engines`, such as docker-1.12.1."""
    return str(table.engine[table.state == "current"].iloc[0])


def runs_release(node: Node, wanted: str) -> Condition:
    """The condition that the server answers (again) and runs this release."""

    def look() -> Observation:
        seen = release(node)
        return Observation(seen == wanted, f"{node.name} runs {seen}")

    return look


def _order(tag: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", tag))

"""Facts about a RancherOS server (ros 0.6.1 to 2.0)."""

from __future__ import annotations

import pandas as pd

from runbook.command import Node
from runbook.facts.base import ask_table

def os_version(node: Node) -> pd.DataFrame:
    """sudo ros os version (V1). Columns: version."""
    return ask_table(node, "ros os version", sudo=True)


def releases(node: Node) -> pd.DataFrame:
    """sudo ros os list (V2). Columns: image, version, where, running, latest."""
    return ask_table(node, "ros os list", sudo=True)


def engines(node: Node) -> pd.DataFrame:
    """sudo ros engine list (V5). Columns: engine, version, state, where."""
    return ask_table(node, "ros engine list", sudo=True)


def setting(node: Node, key: str) -> pd.DataFrame:
    """sudo ros config get KEY (R5). Columns: key, value."""
    return ask_table(node, "ros config get %s", key, sudo=True)



"""Facts about systemd units."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from runbook.command import Node, Nodes
from runbook.facts.base import Condition, Observation
from runbook.table import rows_frame


def is_active(node: Node, name: str) -> bool:
    """Whether systemctl calls the unit active."""
    return node.run("systemctl is-active %s", name).exit_code == 0


def units(nodes: Nodes, names: Sequence[str]) -> pd.DataFrame:
    """systemctl is-active of several units on every node. Columns: server, unit, active."""
    rows = []
    for node in nodes:
        said = node.run(f"systemctl is-active {' '.join(['%s'] * len(names))}", *names)
        for name, state in zip(names, said.text.split(), strict=True):
            rows.append({"server": node.name, "unit": name, "active": state})
    return rows_frame(rows, ("server", "unit", "active"), f"systemctl is-active {' '.join(names)}")


def unit_active(node: Node, name: str) -> Condition:
    """The condition that a unit is active."""

    def look() -> Observation:
        said = node.run("systemctl is-active %s", name)
        return Observation(said.exit_code == 0, f"{node.name} {name}: {said.text.strip()}")

    return look

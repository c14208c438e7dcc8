"""Facts about systemd units."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from runbook.command import Node, Nodes
from runbook.facts.base import ask_table
from runbook.table import rows_frame

MISSING = "not on this image"


def units(nodes: Nodes, names: Sequence[str]) -> pd.DataFrame:
    """systemctl show of several units on every node. Columns: server, unit, active (the state, or
    that the image has no such unit)."""
    rows = [
        {"server": node.name, "unit": name, "active": state}
        for node in nodes
        for name, state in states(node, names).items()
    ]
    return rows_frame(rows, ("server", "unit", "active"), f"systemctl show {' '.join(names)}")


def states(node: Node, names: Sequence[str]) -> dict[str, str]:
    """The state of each unit (active, inactive, failed ...), or that the image has none such."""
    line = f"systemctl show --property=LoadState,ActiveState {' '.join(['%s'] * len(names))}"
    found = ask_table(node, line, *names)
    return {
        row.unit: MISSING if row.load_state == "not-found" else row.active_state
        for row in found.itertuples()
    }


def not_active(found: pd.DataFrame, may_be_missing: Sequence[str] = ()) -> int:
    """How many rows of `units` are not active; some units are not on every image."""
    excused = (found.active == MISSING) & found.unit.isin(may_be_missing)
    return int(((found.active != "active") & ~excused).sum())

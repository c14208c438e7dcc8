"""Facts about systemd units."""

from __future__ import annotations

import pandas as pd

from runbook.command import Node
from runbook.facts.base import Condition, Observation, ask_table


def unit(node: Node, name: str) -> pd.DataFrame:
    """systemctl show of one unit. Columns: unit, active_state, sub_state, load_state."""
    return ask_table(node, "systemctl show --property=Id,ActiveState,SubState,LoadState %s", name)


def is_active(node: Node, name: str) -> bool:
    """Whether systemctl calls the unit active."""
    return node.run("systemctl is-active %s", name).exit_code == 0


def unit_active(node: Node, name: str) -> Condition:
    """The condition that a unit is active."""

    def look() -> Observation:
        said = node.run("systemctl is-active %s", name)
        return Observation(said.exit_code == 0, f"{node.name} {name}: {said.text.strip()}")

    return look

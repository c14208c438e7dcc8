"""Taking services, Swarms and units down before their servers go."""

from __future__ import annotations

import pandas as pd

from runbook.changes import fleet as fleet_changes
from runbook.changes import swarm as swarm_changes
from runbook.changes.base import Act
from runbook.command import Nodes
from runbook.facts import roles


def leave_all(found: pd.DataFrame, nodes: Nodes) -> list[Act]:
    """Acts that remove every service and unit of a `roles.inventory`, then take the Swarm apart."""
    acts: list[Act] = []
    units: set[str] = set()
    for row in found.itertuples():
        node = nodes.named(row.server)
        if row.role == roles.MANAGER:
            acts += [swarm_changes.remove_service(node, name) for name in row.runs]
        if row.role == roles.FLEET:
            acts += [fleet_changes.destroy(node, name) for name in row.runs if name not in units]
            units |= set(row.runs)
    workers = [nodes.named(n) for n in found.server[found.role == roles.WORKER]]
    managers = [nodes.named(n) for n in found.server[found.role == roles.MANAGER]]
    acts += [swarm_changes.leave(node) for node in workers]
    return acts + [swarm_changes.leave(node, force=True) for node in managers]

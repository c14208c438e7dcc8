"""Taking services, Swarms and units down before their servers go."""

from __future__ import annotations

import pandas as pd

from runbook.changes import fleet as fleet_changes
from runbook.changes import swarm as swarm_changes
from runbook.changes.base import Act
from runbook.command import Node, Nodes
from runbook.errors import RunbookError
from runbook.facts import fleet, swarm
from runbook.table import rows_frame

_COLUMNS = ("server", "role", "runs")


def inventory(nodes: Nodes) -> pd.DataFrame:
    """What runs on these servers. Columns: server, role (fleet, swarm manager, swarm worker, none,
    does not answer), runs (units or services that the server knows of)."""
    rows = []
    for node in nodes:
        role = _role(node)
        runs = [] if role not in _RUNS else _RUNS[role](node)
        rows.append({"server": node.name, "role": role, "runs": runs})
    return rows_frame(rows, _COLUMNS, "What will be lost")


def leave_all(found: pd.DataFrame, nodes: Nodes) -> list[Act]:
    """Acts that remove every service and unit of `inventory`, then take the Swarm apart."""
    acts: list[Act] = []
    units: set[str] = set()
    for row in found.itertuples():
        node = nodes.named(row.server)
        if row.role == "swarm manager":
            acts += [swarm_changes.remove_service(node, name) for name in row.runs]
        if row.role == "fleet":
            acts += [fleet_changes.destroy(node, name) for name in row.runs if name not in units]
            units |= set(row.runs)
    workers = [nodes.named(n) for n in found.server[found.role == "swarm worker"]]
    managers = [nodes.named(n) for n in found.server[found.role == "swarm manager"]]
    acts += [swarm_changes.leave(node) for node in workers]
    return acts + [swarm_changes.leave(node, force=True) for node in managers]


def _services(node: Node) -> list[str]:
    return list(swarm.services(node).name)


def _units(node: Node) -> list[str]:
    return list(fleet.unit_files(node).unit)


_RUNS = {"swarm manager": _services, "fleet": _units}


def _role(node: Node) -> str:
    """What the server does, by its own tools."""
    try:
        if node.run("command -v fleetctl").exit_code == 0:
            return "fleet" if node.run("fleetctl list-machines").exit_code == 0 else "none"
        if node.run("command -v docker").exit_code != 0 or swarm.membership(node) != "active":
            return "none"
        manages = node.run("docker node ls").exit_code == 0
        return "swarm manager" if manages else "swarm worker"
    except RunbookError:
        return "does not answer"

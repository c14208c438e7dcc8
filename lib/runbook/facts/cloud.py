"""What the cloud has of a target's servers. A target without a cloud has its servers already."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from runbook.cloud import Cloud
from runbook.cloud.values import CloudServer
from runbook.cloud.waiting import failed
from runbook.command import Node, Nodes
from runbook.facts.base import Condition, Observation
from runbook.table import rows_frame

_COLUMNS = ("server", "wanted", "status", "address", "id")
_NO_CLOUD = "This target has no cloud: its servers are there already"


def existing(cloud: Cloud | None, nodes: Sequence[Node]) -> pd.DataFrame:
    """What the cloud has of these nodes. Columns: server, wanted (address), status, address, id.

    Raises CloudError when two servers have the name of one.
    """
    if cloud is None:
        return rows_frame([], _COLUMNS, _NO_CLOUD)
    rows = [_row(node, cloud.find(node.name)) for node in nodes]
    return rows_frame(rows, _COLUMNS, f"Servers in cloud {cloud.name}")


def misplaced(table: pd.DataFrame) -> int:
    """How many servers of `existing` have another address than wanted."""
    return int((table.address.notna() & (table.address != table.wanted)).sum())


def not_active(table: pd.DataFrame) -> int:
    """How many servers of `existing` are not ACTIVE."""
    return int((table.status != "ACTIVE").sum())


def present(cloud: Cloud | None, nodes: Nodes) -> Nodes:
    """Those of the nodes that there are."""
    if cloud is None:
        return nodes
    return Nodes([node for node in nodes if cloud.find(node.name) is not None])


def all_active(cloud: Cloud | None, nodes: Sequence[Node]) -> Condition:
    """The condition that the cloud calls every server ACTIVE; final when one went to ERROR."""

    def look() -> Observation:
        if cloud is None:
            return Observation(True, _NO_CLOUD)
        found = [(node.name, cloud.find(node.name)) for node in nodes]
        seen = ", ".join(f"{name} {_state(server)}" for name, server in found)
        broken = next((s for _, s in found if s and s.status == "ERROR"), None)
        held = all(server and server.is_settled("ACTIVE") for _, server in found)
        return Observation(held, seen, final=failed(broken) if broken else None)

    return look


def _row(node: Node, found: CloudServer | None) -> dict[str, object]:
    return {
        "server": node.name,
        "wanted": node.address,
        "status": found.status if found else "missing",
        "address": (found.address or None) if found else None,  # one in ERROR may have none
        "id": found.id if found else None,
    }


def _state(server: CloudServer | None) -> str:
    if server is None:
        return "missing"
    return f"{server.status} ({server.task_state})" if server.task_state else server.status

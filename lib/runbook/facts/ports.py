"""How a Swarm can publish the port of a service: what the kernels of its nodes can do (S6)."""

from __future__ import annotations

import pandas as pd

from runbook.command import Node, Nodes
from runbook.errors import ParameterError
from runbook.table import rows_frame

MODES = ("auto", "ingress", "host")
# Loaded, or to be loaded: as a module or as a part of the kernel.
_IPVS = (
    "test -e /proc/net/ip_vs || cat /lib/modules/$(uname -r)/modules.* 2>/dev/null | grep -q ip_vs"
)
_WHY = {
    ("auto", "ingress"): "every kernel has IPVS: every node answers",
    ("auto", "host"): "a kernel without IPVS forwards nothing: only a task's own node answers",
}


def known_mode(wanted: str) -> None:
    """Raises ParameterError for a mode that there is not."""
    if wanted not in MODES:
        raise ParameterError(f"publish: {wanted!r}", remedy=f"use {', '.join(MODES)}")


def has_ipvs(node: Node) -> bool:
    """Whether the node's kernel has IPVS, which the routing mesh of a Swarm is made of."""
    return node.fact("ipvs", lambda n: "yes" if n.test(_IPVS) else "no") == "yes"


def publishing(nodes: Nodes, wanted: str) -> pd.DataFrame:
    """How a port is published on each node. Columns: server, ipvs, publish, why.

    wanted: `ingress` (as in the article: every node forwards to a task), `host` (each task on its
    own node only) or `auto`: ingress where every kernel has IPVS, else host.
    """
    found = {node.name: has_ipvs(node) for node in nodes}
    mode = wanted if wanted != "auto" else "ingress" if all(found.values()) else "host"
    why = _WHY.get((wanted, mode), "as the parameter says")
    rows = [{"server": n, "ipvs": i, "publish": mode, "why": why} for n, i in found.items()]
    return rows_frame(rows, ("server", "ipvs", "publish", "why"), "IPVS in the kernel of each node")


def cannot(table: pd.DataFrame) -> list[str]:
    """Servers in a table of `publishing` that cannot publish so."""
    return list(table.server[(table.publish == "ingress") & ~table.ipvs])

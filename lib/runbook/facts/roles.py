"""What each server does for its cluster, and what runs there: asked before it is taken down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from runbook.command import Node, Nodes
from runbook.errors import RunbookError
from runbook.facts import docker, fleet, swarm
from runbook.table import rows_frame

MANAGER, WORKER, FLEET, NONE = "swarm manager", "swarm worker", "fleet", "none"
SILENT = "does not answer"


def inventory(nodes: Nodes) -> pd.DataFrame:
    """What runs on these servers. Columns: server, role (fleet, swarm manager, swarm worker, none,
    does not answer), runs (units or services that the server knows of), containers (on it)."""
    with ThreadPoolExecutor(max(len(nodes), 1)) as pool:
        rows = list(pool.map(_row, nodes))
    columns = ("server", "role", "runs", "containers")
    return rows_frame(rows, columns, "What runs on these servers")


def running(found: pd.DataFrame) -> list[str]:
    """The units and services of an `inventory`, each once."""
    return sorted({name for names in found.runs for name in names})


def _row(node: Node) -> dict[str, object]:
    try:
        role, runs = _look(node)
        has_docker = node.test("command -v docker >/dev/null")
        containers = sorted(docker.names(docker.containers(node))) if has_docker else []
    except RunbookError:  # it is to go in any case
        role, runs, containers = SILENT, [], []
    return {"server": node.name, "role": role, "runs": runs, "containers": containers}


def _look(node: Node) -> tuple[str, list[str]]:
    """The server's role, by its own tools, and what it knows to run."""
    if node.test("command -v fleetctl >/dev/null"):
        if node.run("fleetctl list-machines").exit_code != 0:
            return NONE, []
        return FLEET, list(fleet.unit_files(node).unit)
    if not node.test("command -v docker >/dev/null") or swarm.membership(node) != "active":
        return NONE, []
    if node.run("docker node ls").exit_code != 0:
        return WORKER, []
    return MANAGER, list(swarm.services(node).name)

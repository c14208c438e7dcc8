"""Facts about a fleet cluster (fleetctl 0.11.8 and 1.0.0)."""

from __future__ import annotations

import pandas as pd

from runbook.command import Node, Nodes
from runbook.errors import Refused, ToolMissing
from runbook.facts.base import Condition, Observation, ask_table


def version(node: Node) -> str:
    """The version of the node's fleetctl, such as 0.11.8; one probe per server.

    Raises Refused where there is none: fleet has no successor, and images of today do not bring it.
    """
    try:
        return node.fact("fleetctl", lambda n: n.ask("fleetctl --version").text.split()[-1])
    except ToolMissing as error:
        raise Refused(
            f"{node.name}: this image has no fleet",
            evidence=error.evidence,
            remedy="use swarm-set-up and swarm-fail-over, which replace the runbooks for fleet",
        ) from None


def machines(node: Node) -> pd.DataFrame:
    """fleetctl list-machines. Columns: machine, ip, metadata."""
    return ask_table(node, "fleetctl list-machines")


def units(node: Node) -> pd.DataFrame:
    """fleetctl list-units (F3, F6). Columns: unit, machine, ip, active, sub."""
    return ask_table(node, "fleetctl list-units")


def unit_files(node: Node) -> pd.DataFrame:
    """fleetctl list-unit-files (F3). Columns: unit, hash, dstate, state, machine, ip, global."""
    return ask_table(node, "fleetctl list-unit-files")


def placements(node: Node, unit: str) -> pd.DataFrame:
    """Where the unit really runs: its rows of list-units that are active/running on a machine
    that list-machines knows.

    For 17-30 s after a machine is lost list-units still says active/running there (fleet 0.11.8).
    """
    known = set(machines(node).machine)
    seen = units(node)
    alive = seen.machine.isin(known) & seen.ip.notna()
    running = (seen.unit == unit) & (seen.active == "active") & (seen["sub"] == "running")
    found = seen[running & alive].reset_index(drop=True)
    found.attrs = dict(seen.attrs)
    return found


def placements_everywhere(nodes: Nodes, unit: str) -> pd.DataFrame:
    """`placements` as each node tells it (F3). Columns: server, then those of list-units."""
    told = [placements(node, unit).assign(server=node.name) for node in nodes]
    joined = pd.concat(told, ignore_index=True)
    made = joined[["server", *(name for name in joined if name != "server")]]
    made.attrs = {"caption": f"fleetctl list-units on every node: {unit}"}
    return made


def states_of(files: pd.DataFrame, unit: str) -> tuple[str, str] | None:
    """DSTATE and STATE of a unit in a table of unit_files; None when it is not there."""
    found = [(row.dstate, row.state) for row in files.itertuples() if row.unit == unit]
    return found[0] if found else None


def holds(node: Node, unit: str, text: str) -> bool:
    """Whether fleet's own copy of a unit (fleetctl cat) says this, blank lines aside."""
    held = node.ask("fleetctl cat %s", unit).text
    return _lines(held) == _lines(text)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def placed(nodes: Nodes, found: pd.DataFrame) -> dict[str, list[str]]:
    """What runs on each server, by a table of placements: for the picture."""
    return {node.name: list(found.unit[found.ip == node.address]) for node in nodes}


def unit_runs(node: Node, unit: str, *, not_on: str | None = None) -> Condition:
    """The condition that the unit runs on a known machine (other than the address `not_on`)."""

    def look() -> Observation:
        placed = placements(node, unit)
        elsewhere = placed[placed.ip != not_on] if not_on else placed
        listed = units(node)
        if len(elsewhere):
            return Observation(True, f"{unit} runs on {', '.join(elsewhere.ip)}", listed)
        told = ", ".join(
            f"{row.active}/{row.sub} on {row.ip or 'a machine that is gone'}"
            for row in listed[listed.unit == unit].itertuples()
        )
        return Observation(False, f"{unit}: {told or 'on no machine yet'}", listed)

    return look


def machines_known(node: Node, count: int) -> Condition:
    """The condition that list-machines shows `count` machines."""

    def look() -> Observation:
        found = machines(node)
        return Observation(len(found) == count, f"{len(found)} machines", found)

    return look

"""fleetctl list-machines, list-units, list-unit-files and cat."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from runbook_twin.coreos import unit_file
from runbook_twin.coreos.fleet_job import Job, MachineState, UnitState, unit_name
from runbook_twin.coreos.fleetctl_api import FleetError, Session
from runbook_twin.coreos.fleetctl_usage import fields
from runbook_twin.coreos.tabwriter import align

_Row = TypeVar("_Row")


def _print(
    session: Session, name: str, rows: Iterable[_Row], columns: dict[str, Callable[[_Row], str]]
) -> int:
    chosen = fields(name, session.local.text("fields"))
    if isinstance(chosen, str):
        return session.complain(f'Invalid key in output format: "{chosen}"')
    lines = [[columns[field](row) or "-" for field in chosen] for row in rows]
    if not session.local.on("no-legend"):
        lines.insert(0, [field.upper() for field in chosen])
    session.call.out(align("".join("\t".join(line) + "\n" for line in lines)))
    return 0


def _invalid(session: Session, name: str) -> bool:
    """Whether an unknown column is asked for (fleetctl looks before it asks fleet)."""
    return isinstance(fields(name, session.local.text("fields")), str)


def _full(session: Session) -> bool:
    return session.local.on("full") or session.local.on("l")


async def list_machines(session: Session) -> int:
    """list-machines."""
    full = _full(session)
    try:
        rows = (
            [] if _invalid(session, "list-machines") else list((await session.machines()).values())
        )
    except FleetError as error:
        return session.complain(f"Error retrieving list of active machines: {error}")
    columns: dict[str, Callable[[MachineState], str]] = {
        "machine": lambda m: m.id if full else f"{m.id[:8]}...",
        "ip": lambda m: m.ip,
        "metadata": lambda m: ",".join(f"{k}={v}" for k, v in sorted(m.metadata.items())),
    }
    return _print(session, "list-machines", rows, columns)


async def list_units(session: Session) -> int:
    """list-units."""
    full = _full(session)
    machines: dict[str, MachineState] = {}
    rows: list[UnitState] = []
    try:
        if not _invalid(session, "list-units"):
            rows = list((await session.ask(session.registry.states())).values())
            machines = await session.machines()
    except FleetError as error:
        return session.complain(f"Error retrieving list of units from repository: {error}")
    columns: dict[str, Callable[[UnitState], str]] = {
        "unit": lambda s: s.name,
        "machine": lambda s: _legend(s.machine, machines, full),
        "load": lambda s: s.load,
        "active": lambda s: s.active,
        "sub": lambda s: s.sub,
        "hash": lambda s: s.hash if full else s.hash[:7],
    }
    return _print(session, "list-units", rows, columns)


def _legend(machine: str, machines: dict[str, MachineState], full: bool) -> str:
    """A machine that fleet does not list any more is a bare id."""
    return (machines.get(machine) or MachineState(machine, "", {})).legend(full)


async def list_unit_files(session: Session) -> int:
    """list-unit-files."""
    full = _full(session)
    machines: dict[str, MachineState] = {}
    rows: list[Job] = []
    try:
        if not _invalid(session, "list-unit-files"):
            rows = list((await session.jobs()).values())
            machines = await session.machines()
    except FleetError as error:
        return session.complain(f"Error retrieving list of units from repository: {error}")

    def target(job: Job) -> str:
        if job.is_global:
            return "global"
        return _legend(job.target, machines, full) if job.target else "-"

    columns: dict[str, Callable[[Job], str]] = {
        "unit": lambda j: j.name,
        "global": lambda j: str(j.is_global).lower(),
        "dstate": lambda j: j.desired,
        "state": lambda j: j.current,
        "target": target,
        "hash": lambda j: j.hash if full else j.hash[:7],
        "desc": lambda j: j.description,
    }
    return _print(session, "list-unit-files", rows, columns)


async def cat(session: Session) -> int:
    """cat UNIT."""
    if len(session.words) != 1:
        return session.complain("One unit file must be provided")
    name = unit_name(session.words[0])
    try:
        job = (await session.jobs()).get(name)
    except FleetError as error:
        return session.complain(f"Error retrieving Unit {name}: {error}")
    if job is None:
        return session.complain(f"Unit {name} not found")
    session.call.out(unit_file.serialise(job.options))
    return 0

"""fleetctl submit, load, start, stop, unload and destroy."""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Iterable

from runbook_twin.coreos import unit_file
from runbook_twin.coreos.fleet_job import INACTIVE, LAUNCHED, LOADED, Job, template_of, unit_name
from runbook_twin.coreos.fleetctl_api import FleetError, Session

_POLL_S = 0.5


class _Problem(Exception):
    """A unit that cannot be created."""


# --- creating


async def _create(session: Session, argument: str) -> str:
    """Put a unit into the registry unless it is there; its name if it was made. Raises _Problem."""
    name = unit_name(argument)
    try:
        jobs = await session.jobs()
    except FleetError as error:
        raise _Problem(f"error retrieving Unit({name}) from Registry: {error}") from None
    folder = posixpath.dirname(posixpath.join(session.call.directory, argument))
    if name in jobs:
        _warn(session, jobs[name], argument, f"{folder}/{name}")
        return ""
    options = _from_file(session, f"{folder}/{name}", argument, name)
    template = template_of(name)
    if options is None and template:
        options = jobs[template].options if template in jobs else None
        options = options or _from_file(session, f"{folder}/{template}", template, template)
        if options is None:
            raise _Problem(
                f"unable to find Unit({name}) or template Unit({template}) "
                "in Registry or on filesystem"
            )
    if options is None:
        raise _Problem(f"unable to find Unit({name}) in Registry or on filesystem")
    try:
        await session.ask(session.registry.create(name, options))
    except FleetError as error:
        raise _Problem(f"failed creating unit {name}: {error}") from None
    return name


def _from_file(
    session: Session, path: str, shown: str, name: str
) -> tuple[unit_file.Option, ...] | None:
    disk = session.call.machine.disk
    if path not in disk.files:
        return None
    try:
        return tuple(unit_file.parse(disk.text(path)))
    except unit_file.UnitSyntaxError as error:
        raise _Problem(f"failed getting Unit({shown}) from file: {error}") from None


def _warn(session: Session, job: Job, argument: str, path: str) -> None:
    """Say so when the unit on the disk is another one than fleet has."""
    disk = session.call.machine.disk
    if path not in disk.files:
        return
    try:
        local = unit_file.digest(unit_file.parse(disk.text(path)))
    except unit_file.UnitSyntaxError:
        return
    if local != job.hash:
        session.complain(
            f"WARNING: Unit {job.name} in registry differs from local unit file {argument}"
        )


async def _create_all(session: Session, arguments: Iterable[str]) -> int:
    for argument in arguments:
        try:
            name = await _create(session, argument)
        except _Problem as problem:
            return session.complain(f"Error creating units: {problem}")
        if name:
            await _wait_for(session, name, INACTIVE, 0)
    return 0


# --- waiting


async def _reached(session: Session, name: str, state: str) -> bool:
    """Whether a unit has a state; then the line that says so is printed."""
    try:
        job = (await session.jobs()).get(name)
        machines = await session.machines() if job and job.target else {}
    except FleetError:
        return False
    if job is None or (job.desired if job.is_global else job.current) != state:
        return False
    line = f"Unit {name} {job.current}"
    if job.target in machines:
        line += f" on {machines[job.target].legend(full=False)}"
    session.say(line)
    return True


async def _wait_for(session: Session, name: str, state: str, attempts: int) -> str:
    """Ask every half second; what fleetctl says when it gives up, else ""."""
    tried = 0
    while not await _reached(session, name, state):
        tried += 1
        await session.call.clock.sleep(_POLL_S)
        if attempts and tried >= attempts:
            return f"timed out waiting for unit {name} to report state {state}"
    return ""


async def _wait(session: Session, names: list[str], verb: str, state: str) -> int:
    if session.local.on("no-block"):
        for name in names:
            session.say(f"Triggered unit {name} {verb}")
        return 0
    attempts = int(session.local.number("block-attempts"))
    problems = await asyncio.gather(*(_wait_for(session, name, state, attempts) for name in names))
    for problem in [problem for problem in problems if problem][:1]:
        return session.complain(f"Error waiting for units: {problem}")
    return 0


# --- commands


async def submit(session: Session) -> int:
    """submit UNIT..."""
    return await _create_all(session, session.words)


async def _towards(session: Session, verb: str, state: str) -> int:
    """load and start: create what is missing, set the wanted state, wait for it."""
    if code := await _create_all(session, session.words):
        return code
    waiting: list[str] = []
    try:
        for argument in session.words:
            name = unit_name(argument)
            job = (await session.jobs())[name]
            if job.desired == state:
                continue
            await session.ask(session.registry.want(name, state))
            if job.is_global:
                session.say(f"Triggered global unit {name} {verb}")
            else:
                waiting.append(name)
    except FleetError as error:
        return session.complain(f"Error {verb}ing units: {error}")
    return await _wait(session, waiting, verb, state)


async def load(session: Session) -> int:
    """load UNIT..."""
    return await _towards(session, "load", LOADED)


async def start(session: Session) -> int:
    """start UNIT..."""
    return await _towards(session, "start", LAUNCHED)


async def _found(session: Session) -> list[Job]:
    jobs = await session.jobs()
    return [jobs[name] for name in map(unit_name, session.words) if name in jobs]


async def _away(session: Session, verb: str, state: str) -> int:
    """stop and unload: those that are there; a missing unit is passed over in silence."""
    waiting: list[str] = []
    try:
        for job in await _found(session):
            if not job.is_global and job.current == INACTIVE and state == LOADED:
                return session.complain(f"Unable to stop unit {job.name} in state {INACTIVE}")
            if not job.is_global and job.current == state:
                continue
            await session.ask(session.registry.want(job.name, state))
            if job.is_global:
                session.say(f"Triggered global unit {job.name} {verb}")
            else:
                waiting.append(job.name)
    except FleetError as error:
        return session.complain(str(error))
    return await _wait(session, waiting, verb, state)


async def stop(session: Session) -> int:
    """stop UNIT..."""
    return await _away(session, "stop", LOADED)


async def unload(session: Session) -> int:
    """unload UNIT..."""
    return await _away(session, "unload", INACTIVE)


async def destroy(session: Session) -> int:
    """destroy UNIT..."""
    worst = 0
    for name in map(unit_name, session.words):
        try:
            gone = await session.ask(session.registry.destroy(name))
        except FleetError as error:
            worst = session.complain(f"Error destroying units: {error}")
            continue
        if gone:
            session.say(f"Destroyed {name}")
        else:
            worst = session.complain(
                "Error destroying units: googleapi: Error 404: unit does not exist"
            )
    return worst

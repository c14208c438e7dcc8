"""The program `fleetctl` 0.11.8: global flags, sub-commands, exit codes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from runbook_twin.coreos import (
    fleetctl_lists,
    fleetctl_remote,
    fleetctl_units,
    fleetctl_usage,
    goflags,
)
from runbook_twin.coreos.fleetctl_api import NoClient, Session
from runbook_twin.coreos.goflags import Flags
from runbook_twin.machine import Call, Program

Command = Callable[[Session], Awaitable[int]]
_COMMANDS: dict[str, Command] = {
    "cat": fleetctl_lists.cat,
    "destroy": fleetctl_units.destroy,
    "journal": fleetctl_remote.journal,
    "list-machines": fleetctl_lists.list_machines,
    "list-unit-files": fleetctl_lists.list_unit_files,
    "list-units": fleetctl_lists.list_units,
    "load": fleetctl_units.load,
    "ssh": fleetctl_remote.ssh,
    "start": fleetctl_units.start,
    "status": fleetctl_remote.status,
    "stop": fleetctl_units.stop,
    "submit": fleetctl_units.submit,
    "unload": fleetctl_units.unload,
}


def _from_environment(flags: Flags, call: Call) -> None:
    for name in flags.values:
        text = call.environment.get("FLEETCTL_" + name.upper().replace("-", "_"))
        if text and name not in flags.given:
            flags.set(name, text)


def _help(call: Call, words: list[str], version: str) -> int:
    if not words:
        call.out(fleetctl_usage.overview(version))
    elif words[0] in fleetctl_usage.COMMANDS:
        call.out(fleetctl_usage.of_command(words[0]))
    else:
        call.err(f"Unrecognized command: {words[0]}\n")
        return 1
    return 0


def program(version: str) -> Program:
    """fleetctl of a version."""

    async def fleetctl(call: Call) -> int:
        defaults = {name: default for name, (default, _) in fleetctl_usage.GLOBAL.items()}
        try:
            flags = goflags.parse(call.argv[1:], defaults)
            _from_environment(flags, call)
        except goflags.FlagError as error:
            call.err(fleetctl_usage.Usage("", "", fleetctl_usage.GLOBAL).complaint(str(error)))
            return 2
        name, *words = flags.words or ["help"]
        if flags.on("version") or name == "version":
            call.out(f"fleetctl version {version}\n")
            return 0
        if flags.on("help") or flags.on("h") or name == "help":
            return _help(call, words if name == "help" else [name] if flags.words else [], version)
        if name not in _COMMANDS:
            call.err(f"fleetctl: unknown subcommand: \"{name}\"\nRun 'fleetctl help' for usage.\n")
            return 2
        usage = fleetctl_usage.COMMANDS[name]
        try:
            local = goflags.parse(words, usage.defaults)
        except goflags.Help:
            call.err(usage.complaint(""))
            return 2
        except goflags.FlagError as error:
            call.err(usage.complaint(str(error)))
            return 2
        return await _run(Session(call, flags, local), _COMMANDS[name])

    return fleetctl


async def _run(session: Session, command: Command) -> int:
    try:
        await session.connect()
    except NoClient as error:
        return session.complain(f"Unable to initialize client: {error}")
    return await command(session)

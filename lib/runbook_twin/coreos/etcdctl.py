"""The program `etcdctl` for the v2 API: global flags, sub-commands, errors and exit codes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from runbook_twin.coreos import etcdctl_keys, etcdctl_members, etcdctl_usage, goflags
from runbook_twin.coreos.etcd_client import Client, ClientError, ClusterError
from runbook_twin.coreos.etcdctl_keys import BadArguments, Session
from runbook_twin.machine import Call, Program

_BAD_CONNECTION, _SERVER_ERROR = 2, 4
Command = Callable[[Session], Awaitable[int]]

_COMMANDS: dict[str, Command] = {
    "cluster-health": etcdctl_members.cluster_health,
    "mk": etcdctl_keys.make,
    "mkdir": etcdctl_keys.make_directory,
    "rm": etcdctl_keys.remove,
    "rmdir": etcdctl_keys.remove_directory,
    "get": etcdctl_keys.get,
    "ls": etcdctl_keys.list_keys,
    "set": etcdctl_keys.set_key,
    "setdir": etcdctl_keys.set_directory,
    "update": etcdctl_keys.update,
    "updatedir": etcdctl_keys.update_directory,
    "watch": etcdctl_keys.watch,
}
_MEMBER: dict[str, Command] = {
    "list": etcdctl_members.list_members,
    "add": etcdctl_members.add,
    "remove": etcdctl_members.remove,
    "update": etcdctl_members.update,
}


def program(version: str) -> Program:
    """etcdctl of a version; from 3 on what ETCDCTL_API=2 asks for."""

    async def etcdctl(call: Call) -> int:
        if version.startswith("2."):
            shown = f"etcdctl version {version}\n"
        else:
            shown = f"etcdctl version: {version}\nAPI version: 2\n"
        flags_of = etcdctl_usage.GLOBAL
        short = etcdctl_usage.short(flags_of) | {"v": "version", "h": "help"}
        defaults = {flag.name: flag.default for flag in flags_of}
        try:
            flags = goflags.parse(
                call.argv[1:], {**defaults, "version": False, "help": False}, short
            )
        except goflags.FlagError:
            call.out("Incorrect Usage.\n\n" + etcdctl_usage.overview(version))
            return 0
        if flags.on("version"):
            call.out(shown)
            return 0
        if flags.on("help") or not flags.words or flags.words[0] in ("help", "h"):
            call.out(_help(flags.words[1:], version))
            return 0
        return await _command(Session(call, flags, version), flags.words)

    return etcdctl


def _help(words: list[str], version: str) -> str:
    if words and words[0] == "member":
        return etcdctl_usage.member_overview()
    if words and words[0] in etcdctl_usage.COMMANDS:
        return etcdctl_usage.COMMANDS[words[0]].help(words[0])
    return f"No help topic for '{words[0]}'\n" if words else etcdctl_usage.overview(version)


async def _command(session: Session, words: list[str]) -> int:
    call, name = session.call, words[0]
    usages, commands, label = etcdctl_usage.COMMANDS, _COMMANDS, name
    if name == "member":
        words = words[1:]
        if not words or words[0] in ("help", "h", "--help", "-h"):
            call.out(etcdctl_usage.member_overview())
            return 0
        name, label = words[0], f"member {words[0]}"
        usages, commands = etcdctl_usage.MEMBER, _MEMBER
    if name not in commands:
        call.out(f"No help topic for '{name}'\n")
        return 0
    usage = usages[name]
    try:
        session.read(words[1:], usage)
    except goflags.Help:
        call.out(usage.help(label))
        return 0
    except goflags.FlagError:
        call.out("Incorrect Usage.\n\n" + usage.help(label))
        return 0
    return await _guarded(session, commands[name])


async def _guarded(session: Session, command: Command) -> int:
    """Run a command; tell its error as etcdctl does."""
    call = session.call
    bad = [url for url in session.endpoints if " " in url]
    if bad:
        call.err(f'parse {quote(bad[0], safe=":/")}: invalid URL escape "%20"\n')
        return 1
    if any(url.startswith("https://") for url in session.endpoints):
        call.err("Error:  tls: first record does not look like a TLS handshake\n")
        return _SERVER_ERROR
    client = Client(call.machine, session.endpoints, session.total, era=session.era)
    session.client = client
    try:
        if command is not etcdctl_members.cluster_health and not session.flags.on("no-sync"):
            await client.sync()
    except ClientError as error:
        detail = error.detail if isinstance(error, ClusterError) and error.refused else None
        raw = error.reasons[-1] if isinstance(error, ClusterError) else str(error)
        call.err(f"Error:  {detail or raw}\n")
        return _BAD_CONNECTION
    try:
        return await command(session)
    except BadArguments as error:
        call.err(f"Error:  {error}\n")
        return 1
    except ClusterError as error:
        call.err(f"Error:  {error.detail}\n")
        return (
            _BAD_CONNECTION
            if error.refused and command is not etcdctl_members.cluster_health
            else _SERVER_ERROR
        )
    except ClientError as error:
        call.err(f"Error:  {error}\n")
        return _SERVER_ERROR

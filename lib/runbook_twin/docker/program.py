"""The program `docker` (or `system-docker`): from a command line to the command."""

from __future__ import annotations

from datetime import UTC, datetime

from runbook_twin.docker import (
    cli_container,
    cli_image,
    cli_info,
    cli_node,
    cli_node_change,
    cli_ps,
    cli_run,
    cli_service,
    cli_service_list,
    cli_swarm,
    cli_swarm_inspect,
    cli_tasks,
)
from runbook_twin.docker.cli import Cli, Command
from runbook_twin.docker.cli_info import down_text
from runbook_twin.docker.dialect import Dialect
from runbook_twin.docker.engine import Engine
from runbook_twin.docker.failures import ClientError, DaemonDown, DaemonError
from runbook_twin.docker.flags import read, usage_line
from runbook_twin.machine import Call, Program

COMMANDS = {
    command.usage.path.removeprefix("docker "): command
    for group in (
        cli_container,
        cli_image,
        cli_node_change,
        cli_info,
        cli_node,
        cli_ps,
        cli_run,
        cli_service,
        cli_service_list,
        cli_swarm,
        cli_swarm_inspect,
        cli_tasks,
    )
    for command in group.COMMANDS
}
ALIASES = {
    "container ls": "ps",
    "container list": "ps",
    "container ps": "ps",
    "image ls": "images",
    "image list": "images",
    "image pull": "pull",
    "image rm": "rmi",
    "system info": "info",
    "node list": "node ls",
    "service list": "service ls",
    "service remove": "service rm",
    "network list": "network ls",
    "volume list": "volume ls",
    "node remove": "node rm",
    **{
        f"container {name}": name
        for name in (
            "run",
            "create",
            "start",
            "stop",
            "kill",
            "restart",
            "rm",
            "logs",
            "exec",
            "inspect",
            "wait",
            "pause",
            "unpause",
            "port",
        )
    },
}
GROUPS = ("container", "image", "system", "node", "service", "swarm", "network", "volume", "stack")
GLOBAL_VALUES = ("-H", "--host", "--config", "-l", "--log-level", "-c", "--context")


def program(engine: Engine, name: str) -> Program:
    """The program as a machine runs it."""

    async def run(call: Call) -> int:
        if engine.needs_root and not call.root:
            when = datetime.fromtimestamp(call.clock.now(), UTC).strftime("%Y/%m/%d %H:%M:%S")
            call.err(f"{when} {name}: Need to be root\n")
            return 1
        return await docker(call, engine)

    return run


async def docker(call: Call, engine: Engine) -> int:
    """One run of the client."""
    words = list(call.argv[1:])
    while words and words[0].startswith("-"):
        flag = words.pop(0)
        if flag in ("-v", "--version"):
            call.out(f"Docker version {engine.client.version}, build {engine.client.commit}\n")
            return 0
        if flag == "--help":
            words = []
            break
        if flag in GLOBAL_VALUES and words:
            words.pop(0)
    if not words or words == ["help"]:
        call.out(overview(engine.client))
        return 0
    if words[0] == "help":
        words = [*words[1:], "--help"]
    command, rest, path = find(words, engine.client)
    if command is None:
        return unknown(call, path, rest, engine.client)
    return await perform(call, engine, command, rest)


def find(words: list[str], client: Dialect) -> tuple[Command | None, list[str], str]:
    """The command of a line, its own words, and how far its path was understood."""
    for count in (2, 1):
        path = " ".join(words[:count])
        command = COMMANDS.get(ALIASES.get(path, path))
        if command is not None and client.number >= command.since:
            if path in ALIASES and client.old:
                continue
            return command, words[count:], path
    return None, words[1:], words[0]


def unknown(call: Call, path: str, rest: list[str], client: Dialect) -> int:
    """A command that there is not; a group without a command prints its usage."""
    swarm_group = path in ("node", "service", "swarm", "stack")
    group = path in GROUPS and (client.swarm or not swarm_group)
    if not group:
        if client.new:
            call.err(
                f"docker: unknown command: docker {path}\n\n"
                "Run 'docker --help' for more information\n"
            )
            return 1
        dot = "." if client.old else ""
        call.err(f"docker: '{path}' is not a docker command.\nSee 'docker --help'{dot}\n")
        return 1
    names = [name.split()[1] for name in sorted(COMMANDS) if name.startswith(f"{path} ")]
    lines = "".join(f"  {name:<11} {COMMANDS[f'{path} {name}'].usage.about}\n" for name in names)
    text = (
        f"\nUsage:  docker {path} COMMAND\n\nManage {path}\n\nCommands:\n{lines}\n"
        f"Run 'docker {path} COMMAND --help' for more information on a command.\n"
    )
    if rest and not rest[0].startswith("-"):
        if client.new:
            text = (
                f"docker: unknown command: docker {path} {rest[0]}\n\nUsage:  docker {path}\n\n"
                f"Run 'docker {path} --help' for more information\n"
            )
        call.err(text)
        return 1
    call.out(text)
    return 0


async def perform(call: Call, engine: Engine, command: Command, words: list[str]) -> int:
    """Read the flags, ask for the daemon, do it; print what went wrong."""
    try:
        given = read(command.usage, words, engine.client)
        if "help" in given:
            call.out(help_text(command, engine.client))
            return 0
        if command.needs_daemon:
            engine.answer()
        return await command.act(Cli(call, engine, given))
    except ClientError as error:
        call.err(error.text)
        return error.code
    except DaemonError as error:
        call.err(f"Error response from daemon: {error.message}\n")
        return 1
    except DaemonDown:
        return _down(call, engine, command)


def _down(call: Call, engine: Engine, command: Command) -> int:
    run = command.usage.path in ("docker run", "docker create")
    text = down_text(Cli(call, engine, read(command.usage, [], engine.client))) if not run else ""
    if run:
        socket = f"unix://{engine.socket}"
        text = "docker: " + (
            "Cannot connect to the Docker daemon. Is the docker daemon running on this host?."
            if engine.client.old
            else f"Cannot connect to the Docker daemon at {socket}. Is the docker daemon running?."
        )
        text += f"\nSee '{command.usage.path} --help'."
    call.err(f"{text}\n")
    return 125 if run else 1


def help_text(command: Command, client: Dialect) -> str:
    """`--help` of a command: usage, what it does, its flags."""
    usage = command.usage
    flags = "".join(
        f"  {'-' + names[0] + ',' if len(names) > 1 else '   '} --{names[-1]}\n"
        for names in (word.rstrip("=").split(",") for word in sorted(usage.flags.split()))
    )
    options = f"\nOptions:\n{flags}" if flags else ""
    return f"\nUsage:  {usage_line(usage, client)}\n\n{usage.about}\n{options}"


def overview(client: Dialect) -> str:
    """`docker --help`."""
    names = sorted(name for name, command in COMMANDS.items() if client.number >= command.since)
    lines = "".join(
        f"    {name:<10} {COMMANDS[name].usage.about}\n" for name in names if " " not in name
    )
    head = "Usage: docker [OPTIONS] COMMAND [arg...]\n       docker [ --help | -v | --version ]\n"
    return f"{head}\nA self-sufficient runtime for containers.\n\nCommands:\n{lines}"

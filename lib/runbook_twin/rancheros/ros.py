"""The program `ros`: its command tree, help texts, and who may run it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from runbook_twin.machine import Call, Program
from runbook_twin.rancheros import ros_config, ros_engine, ros_os, ros_service
from runbook_twin.rancheros.flags import Given, Unknown, read
from runbook_twin.rancheros.log import Fatal, Log
from runbook_twin.rancheros.run import Run
from runbook_twin.rancheros.system import RancherOS

Act = Callable[[Run], Awaitable[int]]


@dataclass(frozen=True)
class Command:
    """One command below a group: what it does, its flags with their help."""

    usage: str
    act: Act
    flags: dict[str, str] = field(default_factory=dict)


_FORCE = {"force, f": "do not prompt for input"}
GROUPS: dict[str, dict[str, Command]] = {
    "config": {
        "get": Command("get value", ros_config.get),
        "set": Command("set a value", ros_config.set_key),
        "images": Command(
            "List Docker images for a configuration from a file",
            ros_config.images,
            {"input=, i": "File from which to read config"},
        ),
        "export": Command(
            "export configuration",
            ros_config.export,
            {
                "output=, o": "File to which to save",
                "private, p": "Include private information such as keys",
                "full, f": "Include full configuration, including internal and default settings",
            },
        ),
        "merge": Command(
            "merge configuration from stdin",
            ros_config.merge,
            {"input=, i": "File from which to read"},
        ),
    },
    "console": {
        "enable": Command("set console to be switched on next reboot", ros_engine.console_enable),
        "list": Command("list available consoles", ros_engine.console_list),
    },
    "engine": {
        "switch": Command("switch Docker engine without a reboot", ros_engine.switch, _FORCE),
        "enable": Command("set Docker engine to be switched on next reboot", ros_engine.enable),
        "list": Command("list available Docker engines", ros_engine.list_engines),
    },
    "service": {
        "enable": Command("turn on an service", ros_service.enable),
        "disable": Command("turn off an service", ros_service.disable),
        "list": Command("list services and state", ros_service.list_services),
        "ps": Command("List containers", ros_service.ps),
    },
    "os": {
        "upgrade": Command(
            "upgrade to latest version",
            ros_os.upgrade,
            {
                "stage, s": "Only stage the new upgrade, don't apply it",
                "image=, i": "upgrade to a certain image",
                **_FORCE,
                "no-reboot": "do not reboot after upgrade",
                "kexec, k": "reboot using kexec",
                "append=": "append additional kernel parameters",
                "upgrade-console": "upgrade console even if persistent",
            },
        ),
        "list": Command("list the current available versions", ros_os.list_releases),
        "version": Command("show the currently installed version", ros_os.version),
    },
}
_HELP = ("help", "h", "--help", "-h")
ALIASES = {"c": "config", "s": "service"}
_ABOUT = {
    "config": ("config, c", "configure settings"),
    "console": ("console", "manage which console container is used"),
    "dev": ("dev, d", "dev spec"),
    "engine": ("engine", "manage which Docker engine is used"),
    "entrypoint": ("entrypoint", ""),
    "env": ("env, e", "env command"),
    "service": ("service, s", "Command line interface for services and compose."),
    "os": ("os", "operating system upgrade/downgrade"),
    "tls": ("tls", "setup tls configuration"),
    "install": ("install", "install RancherOS to disk"),
    "selinux": ("selinux", "Launch SELinux tools container."),
    "help": ("help", "Shows a list of commands or help for one command"),
}


def program(system: RancherOS) -> Program:
    """The program as a machine runs it."""

    async def ros(call: Call) -> int:
        log = Log(call)
        words = call.argv[1:]
        if words[:1] in (["-v"], ["--version"]):
            call.out(f"ros version {system.version}\n")
            return 0
        if not call.root:
            log.say("fatal", f"{call.argv[0]}: Need to be root")
            return 1
        try:
            return await _group(call, log, system, words)
        except Fatal as error:
            log.say("fatal", str(error))
            return 1

    return ros


async def _group(call: Call, log: Log, system: RancherOS, words: list[str]) -> int:
    if not words or (words[0] in _HELP and len(words) == 1):
        call.out(_overview(system.version))
        return 0
    name = words[1] if words[0] == "help" else words[0]
    group = GROUPS.get(ALIASES.get(name, name))
    if name.startswith("-"):
        call.out(f"Incorrect Usage.\n\n{_overview(system.version)}")
        return 0
    if group is None or (name == "engine" and system.version < "v0.5.0"):
        call.err(f"No help topic for '{name}'\n")
        return 3
    rest = words[2:] if words[0] == "help" else words[1:]
    if not rest or rest[0] in _HELP:
        call.out(_group_help(ALIASES.get(name, name), group))
        return 0
    command = group.get(rest[0])
    if command is None:
        call.err(f"No help topic for '{rest[0]}'\n")
        return 3
    path = f"{ALIASES.get(name, name)} {rest[0]}"
    try:
        given = read(list(command.flags), rest[1:])
    except Unknown:
        call.out(f"Incorrect Usage.\n\n{_help(path, command)}")
        return 0
    if "help" in given.values:
        call.out(_help(path, command))
        return 0
    return await command.act(Run(call, log, system, given))


def _overview(version: str) -> str:
    lines = "".join(f"  {names:<11} {about}\n" for names, about in _ABOUT.values())
    return (
        "Usage: ros [OPTIONS] COMMAND [arg...]\n\nControl and configure RancherOS\n\n"
        f"Version: {version}\n\nAuthor:\n  Rancher Labs, Inc.\n\nOptions:\n"
        "  --help, -h                  show help\n  --generate-bash-completion  \n"
        "  --version, -v               print the version\n  \n"
        f"Commands:\n{lines}  \nRun 'ros COMMAND --help' for more information on a command.\n"
    )


def _group_help(name: str, group: dict[str, Command]) -> str:
    about = _ABOUT[name][1]
    wide = max(len(command) for command in group)
    lines = "".join(f"   {command:<{wide}}  {what.usage}\n" for command, what in group.items())
    return (
        f"NAME:\n   ros {name} - {about}\n\nUSAGE:\n   ros {name} command [command options] "
        f"[arguments...]\n\nCOMMANDS:\n{lines}\nOPTIONS:\n   --help, -h  show help\n   \n"
    )


def _help(path: str, command: Command) -> str:
    head = f"NAME:\n   ros {path} - {command.usage}\n\nUSAGE:\n   ros {path} "
    if not command.flags:
        return f"{head}[arguments...]\n"
    rows = []
    for names, about in command.flags.items():
        long, _, short = names.partition(", ")
        value = " " if long.endswith("=") else ""
        flag = f"--{long.rstrip('=')}{value}" + (f", -{short}{value}" if short else "")
        rows.append((flag, about))
    wide = max(len(flag) for flag, _ in rows)
    lines = "".join(f"   {flag:<{wide}}  {about}\n" for flag, about in rows)
    return f"{head}[command options] [arguments...]\n\nOPTIONS:\n{lines}   \n"


__all__ = ["GROUPS", "Command", "Given", "program"]

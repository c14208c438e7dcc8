"""Which docker command a command line is, and with which options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runbook.errors import ParseError, UsageError
from runbook.parse.base import no_parser

# Options by their long names with the short one behind the slash.
_GLOBAL_SWITCHES = "debug/D tls tlsverify version/v"
_GLOBAL_VALUES = "host/H config context/c log-level/l tlscacert tlscert tlskey"
_SWITCHES = {
    "ps": "all/a latest/l no-trunc quiet/q size/s",
    "images": "all/a digests no-trunc quiet/q",
    "node ls": "quiet/q",
    "node ps": "no-resolve no-trunc quiet/q all/a",
    "service ls": "quiet/q",
    "service ps": "no-resolve no-trunc quiet/q all/a",
    "swarm init": "force-new-cluster autolock",
    "swarm join": "",
    "swarm leave": "force/f",
    "version": "",
    "--version": "",
}
_VALUES = {
    "ps": "filter/f format last/n before since",
    "images": "filter/f format",
    "node ls": "filter/f format",
    "node ps": "filter/f format",
    "service ls": "filter/f format",
    "service ps": "filter/f format",
    "swarm init": "advertise-addr listen-addr availability cert-expiry data-path-addr"
    " data-path-port default-addr-pool default-addr-pool-mask-length dispatcher-heartbeat"
    " external-ca max-snapshots snapshot-interval task-history-limit",
    "swarm join": "token advertise-addr listen-addr availability data-path-addr",
    "swarm leave": "",
    "version": "format/f kubeconfig",
    "--version": "",
}
_ALIASES = {
    "container ls": "ps",
    "container ps": "ps",
    "container list": "ps",
    "image ls": "images",
    "image list": "images",
    "node list": "node ls",
    "service list": "service ls",
}


@dataclass(frozen=True)
class Command:
    """A docker command: `tool` for messages (no arguments: they may hold secrets), its `name`."""

    tool: str
    name: str
    words: tuple[str, ...]

    def options(self) -> Mapping[str, str]:
        """The options by their long names; a switch has the value "true" or is not there.

        Raises ParseError for an option that we do not know: what it prints then is unknown too.
        """
        switches, values = _names(_SWITCHES[self.name]), _names(_VALUES[self.name])
        options, _ = _split(self.tool, self.words, switches, values)
        return {name: value for name, value in options.items() if value != "false"}


def find_command(argv: Sequence[str]) -> Command:
    """The command behind docker's own options; raises UsageError if it is none of ours."""
    switches, values = _names(_GLOBAL_SWITCHES), _names(_GLOBAL_VALUES)
    program, words = argv[0], tuple(argv[1:])
    try:
        options, rest = _split(program, words, switches, values, mixed=False)
    except ParseError as error:
        raise UsageError(str(error)) from None
    if "version" in options:
        return Command(f"{program} --version", "--version", ())
    for count in (2, 1):
        typed = " ".join(rest[:count])
        name = _ALIASES.get(typed, typed)
        if len(rest) >= count and name in _SWITCHES:
            return Command(f"{program} {typed}", name, rest[count:])
    raise no_parser((program, *rest[:1]), (f"{program} {name}" for name in _SWITCHES))


def _names(listed: str) -> dict[str, str]:
    """Every spelling of the options in the list -> the long name."""
    found = {}
    for option in listed.split():
        name, _, short = option.partition("/")
        found[f"--{name}"] = name
        if short:
            found[f"-{short}"] = name
    return found


def _split(
    tool: str,
    words: Sequence[str],
    switches: Mapping[str, str],
    values: Mapping[str, str],
    *,
    mixed: bool = True,
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Options and the other words; unless `mixed`, the first other word ends the options."""
    options: dict[str, str] = {}
    rest: list[str] = []
    left = list(words)
    while left and (mixed or not rest):
        word = left.pop(0)
        if word == "--":
            break
        if not word.startswith("-") or word == "-":
            rest.append(word)
            continue
        name, joined, value = word.partition("=")
        if not name.startswith("--") and len(name) > 2 and name[:2] in switches:
            left.insert(0, f"-{word[2:]}")  # -aq is -a -q
            name, joined, value = name[:2], "", ""
        elif not name.startswith("--") and len(name) > 2 and name[:2] in values:
            name, joined, value = name[:2], "=", word[2:]
        if name in switches:
            options[switches[name]] = str(value.lower() not in ("false", "f", "0")).lower()
        elif name in values and (joined or left):
            options[values[name]] = value if joined else left.pop(0)
        elif name in ("--help", "-h"):
            raise ParseError(tool, "was asked for its help")
        else:
            raise ParseError(tool, f"there is no parser for its option {name}")
    return options, (*rest, *left)

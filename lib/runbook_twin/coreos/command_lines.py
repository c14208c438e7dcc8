"""systemd's command lines: prefixes, specifiers, environment and time spans."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from runbook_twin.coreos.unit_file import Option, values
from runbook_twin.machine import Machine

_UNITS = {
    "us": 1e-6,
    "ms": 1e-3,
    "": 1.0,
    "s": 1.0,
    "sec": 1.0,
    "m": 60.0,
    "min": 60.0,
    "h": 3600.0,
}
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")


@dataclass(frozen=True)
class CommandLine:
    """One ExecX= line, ready to run; ignored: its exit code does not matter (`-`)."""

    argv: tuple[str, ...]
    ignored: bool

    @property
    def shown(self) -> str:
        """As `systemctl status` prints it."""
        return " ".join(f'"{word}"' if re.search(r"[\s;]", word) else word for word in self.argv)


def seconds(text: str, default: float) -> float:
    """A time span such as `10s`, `1min 30s`, `0` or `infinity`."""
    if text.strip() in ("infinity", "0"):
        return float("inf") if text.strip() == "infinity" else 0.0
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text)
    return (
        sum(float(number) * _UNITS.get(unit, 1.0) for number, unit in parts) if parts else default
    )


def specifiers(text: str, unit: str, machine: Machine) -> str:
    """Put in %i, %n, %p, %m, %H and their kin."""
    name, _, _ = unit.rpartition(".")
    prefix, _, instance = name.partition("@")
    machine_id = machine.disk.files.get("/etc/machine-id")
    known = {
        "n": unit,
        "N": name,
        "p": prefix,
        "P": prefix,
        "i": instance,
        "I": instance,
        "H": machine.hostname,
        "m": machine_id.content.decode().strip() if machine_id else "",
        "%": "%",
    }
    return re.sub(r"%(.)", lambda found: known.get(found[1], found[0]), text)


def environment(options: Iterable[Option], unit: str, machine: Machine) -> dict[str, str] | str:
    """Variables of Environment= and EnvironmentFile=; the path of a file that is missing."""
    options = list(options)
    found: dict[str, str] = {}
    for line in values(options, "Service", "Environment"):
        for word in shlex.split(specifiers(line, unit, machine)):
            name, _, text = word.partition("=")
            found[name] = text
    for path in values(options, "Service", "EnvironmentFile"):
        optional, path = path.startswith("-"), path.lstrip("-")
        if path not in machine.disk.files:
            if optional:
                continue
            return path
        for line in machine.disk.text(path).splitlines():
            name, equals, text = line.strip().partition("=")
            if equals and not name.startswith(("#", ";")):
                found[name.strip()] = text.strip().strip("\"'")
    return found


def command_line(
    text: str, unit: str, machine: Machine, variables: Mapping[str, str]
) -> CommandLine:
    """One ExecX= value. $NAME as a word of its own is split at blanks, ${NAME} is not."""
    ignored = False
    while text and text[0] in "-@+!:":
        ignored = ignored or text[0] == "-"
        text = text[1:]
    words: list[str] = []
    for word in shlex.split(specifiers(text, unit, machine)):
        if re.fullmatch(r"\$\w+", word):
            words += variables.get(word[1:], "").split()
        else:
            text = _VARIABLE.sub(_value_in(variables), word.replace("$$", "\0"))
            words.append(text.replace("\0", "$"))
    return CommandLine(tuple(words), ignored)


def _value_in(variables: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    """What stands for a $NAME or ${NAME} that was found."""
    return lambda hit: variables.get(hit[1] or hit[2], "")

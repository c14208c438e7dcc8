"""Command line flags as Go's flag package reads them: `-name value`, `--name=value`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Default = str | bool | int | float


class FlagError(ValueError):
    """Bad flags, in Go's words."""


class Help(Exception):
    """-h or --help."""


class Flags:
    """Values by flag name, the words behind them, and which flags were given."""

    def __init__(self, defaults: Mapping[str, Default]) -> None:
        self.values: dict[str, Default] = dict(defaults)
        self.given: list[str] = []
        self.words: list[str] = []

    def text(self, name: str) -> str:
        """A text flag's value."""
        return str(self.values[name])

    def on(self, name: str) -> bool:
        """Whether a switch is on."""
        return self.values[name] is True

    def number(self, name: str) -> float:
        """A number's value; a duration in seconds."""
        return seconds(str(self.values[name]))

    def set(self, name: str, text: str) -> None:
        """Set a flag from its text. Raises FlagError."""
        default = self.values[name]
        if isinstance(default, bool):
            if text.lower() not in ("1", "t", "true", "0", "f", "false"):
                raise FlagError(f'invalid boolean value "{text}" for -{name}: parse error')
            self.values[name] = text.lower() in ("1", "t", "true")
        elif isinstance(default, int | float):
            try:
                self.values[name] = type(default)(text)
            except ValueError:
                kind = "strconv.ParseInt" if isinstance(default, int) else "strconv.ParseFloat"
                reason = f'{kind}: parsing "{text}": invalid syntax'
                raise FlagError(f'invalid value "{text}" for flag -{name}: {reason}') from None
        else:
            self.values[name] = text
        self.given.append(name)


def parse(
    arguments: Sequence[str],
    defaults: Mapping[str, Default],
    short: Mapping[str, str] | None = None,
) -> Flags:
    """Read flags up to the first word. short: other spellings. Raises FlagError, Help."""
    flags = Flags(defaults)
    rest = list(arguments)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if word == "--":
            break
        name, equals, text = word.lstrip("-").partition("=")
        name = (short or {}).get(name, name)
        if name not in flags.values:
            if name in ("h", "help"):
                raise Help
            raise FlagError(f"flag provided but not defined: -{name}")
        if isinstance(flags.values[name], bool):
            flags.set(name, text if equals else "true")
        elif equals or rest:
            flags.set(name, text if equals else rest.pop(0))
        else:
            raise FlagError(f"flag needs an argument: -{name}")
    flags.words = rest
    return flags


def seconds(text: str) -> float:
    """A duration of Go (`5s`, `300ms`, `1m0s`) or a plain number."""
    total = 0.0
    for number, unit in re.findall(r"([\d.]+)(ms|s|m|h)?", text):
        total += float(number) * {"ms": 1e-3, "s": 1, "m": 60, "h": 3600, "": 1}[unit]
    return total

"""The text of a systemd unit: options in their order, and fleet's hash of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass


class UnitSyntaxError(ValueError):
    """A unit file that cannot be read, in the words of go-systemd."""


@dataclass(frozen=True)
class Option:
    """One `Name=Value` and the section that it stands in."""

    section: str
    name: str
    value: str


def parse(text: str) -> list[Option]:
    """Options of a unit file. Raises UnitSyntaxError."""
    options: list[Option] = []
    section = ""
    lines = iter(text.splitlines())
    for line in lines:
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        if stripped.startswith("["):
            if "]" not in stripped:
                raise UnitSyntaxError("unable to find end of section")
            section, _, garbage = stripped[1:].partition("]")
            if garbage.strip():
                raise UnitSyntaxError("found garbage after section name " + section)
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise UnitSyntaxError(
                "unexpected newline encountered while parsing option name"
                if section
                else "unable to find section"
            )
        value = value.lstrip()
        while value.endswith("\\"):
            following = next(lines, "")
            value = f"{value}\n{following}" if following.strip() else value + "\n"
        options.append(Option(section, name.strip(), value.rstrip("\n").rstrip(" \t")))
    return options


def serialise(options: Iterable[Option]) -> str:
    """The text that fleet keeps and hashes: one section header per run of options."""
    lines: list[str] = []
    section = ""
    for option in options:
        if option.section != section:
            lines += [""] * bool(section) + [f"[{option.section}]"]
            section = option.section
        lines.append(f"{option.name}={option.value}")
    return "".join(line + "\n" for line in lines)


def digest(options: Iterable[Option]) -> str:
    """fleet's hash of a unit: 40 hexadecimal digits."""
    return hashlib.sha1(serialise(options).encode(), usedforsecurity=False).hexdigest()


def values(options: Iterable[Option], section: str, name: str) -> list[str]:
    """All values of an option; an empty one takes back those before it."""
    found: list[str] = []
    for option in options:
        if option.section == section and option.name == name:
            joined = " ".join(
                part.strip().rstrip("\\").strip() for part in option.value.split("\n")
            )
            found = [*found, joined] if joined else []
    return found


def value(options: Iterable[Option], section: str, name: str, default: str = "") -> str:
    """The last value of an option."""
    return ([default, *values(options, section, name)])[-1]


def truth(text: str) -> bool:
    """A boolean of systemd's or Go's."""
    return text.strip().lower() in ("1", "yes", "y", "true", "t", "on")

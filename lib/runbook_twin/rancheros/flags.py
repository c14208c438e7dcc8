"""Flags of a `ros` command as Go's flag package reads them."""

from __future__ import annotations

from dataclasses import dataclass, field


class Unknown(ValueError):
    """A flag that the command does not have, or one without its value."""


@dataclass
class Given:
    """What was given: flags by their long name, and the words after them."""

    values: dict[str, str] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)


def read(flags: list[str], words: list[str]) -> Given:
    """Read words up to the first that is no flag. flags: `long, s` or, with a value, `long=, s`.

    Raises Unknown.
    """
    known = {"help": "help", "h": "help"}
    valued = set()
    for flag in flags:
        long, _, short = flag.partition(", ")
        name = long.rstrip("=")
        known |= {name: name} | ({short: name} if short else {})
        valued |= {name} if long.endswith("=") else set()
    given = Given()
    rest = list(words)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if word == "--":
            break
        flag, equals, value = word.removeprefix("-").removeprefix("-").partition("=")
        name = known.get(flag, "")
        if not name or (name in valued and not equals and not rest):
            raise Unknown(word)
        given.values[name] = value if equals else rest.pop(0) if name in valued else "true"
    given.arguments = rest
    return given

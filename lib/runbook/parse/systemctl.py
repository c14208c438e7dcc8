"""systemctl: `is-active` and `show` (systemd 229 of CoreOS and newer)."""

from __future__ import annotations

import re
from typing import Any

from runbook.parse.base import Answer, Column, Parsed, no_parser
from runbook.parse.command_line import CommandLine, Grammar, names, read
from runbook.parse.source import Line, Source

GRAMMAR = Grammar(
    valued=names("property type state host machine lines output signal root kill-who job-mode P"),
    short={
        "p": "property",
        "t": "type",
        "H": "host",
        "M": "machine",
        "n": "lines",
        "o": "output",
        "s": "signal",
        "q": "quiet",
    },
)

_STATES = re.compile(
    "active|reloading|inactive|failed|activating|deactivating|maintenance|refreshing|unknown"
)
_PROPERTY = re.compile(r"([A-Z][A-Za-z0-9]*)=(.*)")
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_GLOB = re.compile(r"[*?\[]")


def parse(answer: Answer) -> Parsed:
    """Read an answer of `systemctl is-active` or `show` -> unit, properties in snake_case.

    Units are named as on the command line. Raises UsageError for other sub-commands, ParseError
    for all that cannot be read in full (article row B4).
    """
    line = read(answer.argv, GRAMMAR)
    if line.starts_with("is-active"):
        return _is_active(Source("systemctl is-active", answer), line)
    if line.starts_with("show"):
        return _show(Source("systemctl show", answer), line)
    raise no_parser(("systemctl", *line.words[:2]), ("systemctl is-active", "systemctl show"))


def snake_case(name: str) -> str:
    """A property's name as a column's name.

    >>> snake_case("ActiveState"), snake_case("MainPID"), snake_case("CPUUsageNSec")
    ('active_state', 'main_pid', 'cpu_usage_n_sec')
    """
    return _WORD_START.sub("_", name).lower()


def _is_active(source: Source, line: CommandLine) -> Parsed:
    """Exit 0 = one is active at least, 3 = none is, 4 = a unit is not known."""
    source.require_exit(0, 3, 4)
    units = line.words[1:]
    lines = source.lines()
    for each in lines:
        if not _STATES.fullmatch(each.text):
            raise source.error("is no state of a unit", each)
    if len(lines) != len(units) or any(_GLOB.search(unit) for unit in units):
        raise source.error(f"has {len(lines)} states for {len(units)} named units")
    rows = [
        {"unit": unit, "active_state": each.text} for unit, each in zip(units, lines, strict=True)
    ]
    return Parsed((Column("unit"), Column("active_state")), rows)


def _show(source: Source, line: CommandLine) -> Parsed:
    """A property that comes more than once in a unit is a list; an empty one is null."""
    source.require_exit(0)
    asked = [
        name
        for names in (*line.flags.get("property", ()), *line.flags.get("P", ()))
        for name in names.split(",")
    ]
    lines = source.lines()
    if line.on("value") or "P" in line.flags:
        lines = _named(source, lines, asked)
    blocks = _blocks(source, lines, set(asked))
    units = _units(source, line, blocks)
    printed = dict.fromkeys(name for block in blocks for name in block)
    names = list(dict.fromkeys(asked)) or list(printed)
    many = {name for block in blocks for name, values in block.items() if len(values) > 1}
    rows = []
    for unit, block in zip(units, blocks, strict=True):
        row: dict[str, Any] = {"unit": unit}
        for name in names:
            values = block.get(name, [])
            row[snake_case(name)] = values if name in many else next(iter(values), None) or None
        rows.append(row)
    kinds = (Column(snake_case(name), "list" if name in many else "text") for name in names)
    return Parsed((Column("unit"), *kinds), rows)


def _named(source: Source, lines: list[Line], asked: list[str]) -> list[Line]:
    if len(asked) != 1 or any(between.text for between in lines[1::2]):
        raise source.error("prints values without their names: ask for one property", *lines[:1])
    return [
        line if at % 2 else Line(line.number, f"{asked[0]}={line.text}")
        for at, line in enumerate(lines)
    ]


def _blocks(source: Source, lines: list[Line], asked: set[str]) -> list[dict[str, list[str]]]:
    blocks: list[dict[str, list[str]]] = [{}]
    for line in lines:
        match = _PROPERTY.fullmatch(line.text)
        if not line.text and blocks[-1]:
            blocks.append({})
        elif not match or (asked and match[1] not in asked):
            raise source.error("is no property that was asked for", line)
        else:
            blocks[-1].setdefault(match[1], []).append(match[2])
    if not blocks[-1]:
        raise source.error("has a unit without a property", *lines[-1:])
    return blocks


def _units(
    source: Source, line: CommandLine, blocks: list[dict[str, list[str]]]
) -> list[str | None]:
    named = line.words[1:]
    if any(_GLOB.search(unit) for unit in named):
        ids = [block.get("Id", [""])[0] for block in blocks]
        if not all(ids):
            raise source.error("has units without their Id: ask for it with --property=Id")
        return list(ids)
    if len(blocks) != max(len(named), 1):
        raise source.error(f"has {len(blocks)} units where {max(len(named), 1)} were asked for")
    return list(named) or [None]  # no unit asked for: the manager itself

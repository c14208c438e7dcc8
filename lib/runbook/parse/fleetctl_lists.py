"""fleetctl's lists: list-machines, list-units, list-unit-files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from runbook.parse.base import Column, Parsed
from runbook.parse.command_line import CommandLine
from runbook.parse.source import Line, Source

UNIT = r"[^\s/]+\.(?:service|socket|device|mount|automount|timer|path|target|swap|slice|scope)"
_WORD = re.compile(r"[a-z][a-z-]*")
_JOB_STATE = re.compile(r"inactive|loaded|launched")
_ADDRESS = re.compile(r"[\w.:%-]+")
_METADATA = re.compile(r"[^,=]+=[^,]*(?:,[^,=]+=[^,]*)*")

Cells = dict[str, Any]
Reader = Callable[[str, bool], Cells]


def _text(name: str, pattern: re.Pattern[str]) -> Reader:
    def reader(cell: str, full: bool) -> Cells:
        return {name: _match(pattern, cell)[0] if cell != "-" else None}

    return reader


def _match(pattern: re.Pattern[str], cell: str) -> re.Match[str]:
    match = pattern.fullmatch(cell)
    if not match:
        raise ValueError(cell)
    return match


_FULL_PLACE = re.compile(r"([0-9a-f]{32})(?:/(\S+))?")
_SHORT_PLACE = re.compile(r"([0-9a-f]{1,8})\.\.\.(?:/(\S+))?")


def _machine(cell: str, full: bool) -> Cells:
    """A machine with its address, which is missing once fleet has lost the machine."""
    if cell == "-":
        return {"machine": None, "ip": None}
    machine, ip = _match(_FULL_PLACE if full else _SHORT_PLACE, cell).groups()
    return {"machine": machine, "ip": ip}


def _machine_alone(cell: str, full: bool) -> Cells:
    found = _machine(cell, full)
    if found["ip"] or not found["machine"]:
        raise ValueError(cell)
    return {"machine": found["machine"]}


def _target(cell: str, full: bool) -> Cells:
    if cell == "global":
        return {"machine": None, "ip": None, "global": True}
    return _machine(cell, full) | {"global": False}


def _global(cell: str, full: bool) -> Cells:
    return {"global": _match(re.compile("true|false"), cell)[0] == "true"}


def _hash(cell: str, full: bool) -> Cells:
    return {"hash": _match(re.compile("[0-9a-f]{40}" if full else "[0-9a-f]{7}"), cell)[0]}


def _metadata(cell: str, full: bool) -> Cells:
    if cell == "-":
        return {"metadata": None}
    pairs = _match(_METADATA, cell)[0].split(",")
    return {"metadata": {key: value for key, _, value in (pair.partition("=") for pair in pairs)}}


def _unit(cell: str, full: bool) -> Cells:
    return {"unit": _match(re.compile(UNIT), cell)[0]}


@dataclass(frozen=True)
class _List:
    columns: tuple[Column, ...]
    default: str
    readers: dict[str, Reader]


LISTS = {
    "list-machines": _List(
        (Column("machine"), Column("ip"), Column("metadata", "object")),
        "machine,ip,metadata",
        {"machine": _machine_alone, "ip": _text("ip", _ADDRESS), "metadata": _metadata},
    ),
    "list-units": _List(
        (Column("unit"), Column("machine"), Column("ip"), Column("active"), Column("sub")),
        "unit,machine,active,sub",
        {
            "unit": _unit,
            "machine": _machine,
            "hash": _hash,
            **{name: _text(name, _WORD) for name in ("active", "sub", "load")},
        },
    ),
    "list-unit-files": _List(
        (
            Column("unit"),
            Column("hash"),
            Column("dstate"),
            Column("state"),
            Column("machine"),
            Column("ip"),
            Column("global", "boolean"),
        ),
        "unit,hash,dstate,state,target",
        {
            "unit": _unit,
            "hash": _hash,
            "dstate": _text("dstate", _JOB_STATE),
            "state": _text("state", _JOB_STATE),
            "target": _target,
            "tmachine": _target,
            "global": _global,
            "desc": _text("desc", re.compile(".+")),
        },
    ),
}


def units_or_machines(source: Source, line: CommandLine) -> Parsed:
    """A list -> the columns declared in LISTS, then further `--fields` by their own names.

    Declared columns that were not asked for are null. `-` is null; ids lose their `...`; ip is
    null for a machine that fleet no longer knows.
    """
    source.require_exit(0)
    kind = LISTS[line.words[0]]
    fields = line.value("fields", kind.default).split(",")
    unknown = [field for field in fields if field not in kind.readers]
    if unknown:
        raise source.error(f"has no field {unknown[0]!r}")
    lines = source.lines()
    if not line.on("no-legend"):
        header = lines[0] if lines else Line(1, "")
        if _split(header) != [field.upper() for field in fields]:
            raise source.error(f"has not the header {' '.join(fields).upper()}", header)
        lines = lines[1:]
    declared = [column.name for column in kind.columns]
    extra = [field for field in fields if field in ("hash", "load", "desc")]
    extra = [name for name in dict.fromkeys(extra) if name not in declared]
    names = declared + extra
    rows = [
        dict.fromkeys(names) | _row(source, each, fields, kind.readers, line.on("full"))
        for each in lines
    ]
    return Parsed((*kind.columns, *(Column(name) for name in extra)), rows)


def _split(line: Line) -> list[str]:
    # One tab ends a cell, the others pad it; pasted text may have blanks besides.
    return [cell.strip(" ") for cell in re.split(r"\t+", line.text)]


def _row(
    source: Source, line: Line, fields: Sequence[str], readers: dict[str, Reader], full: bool
) -> Cells:
    cells = _split(line)
    if len(cells) != len(fields):
        raise source.error(f"has {len(cells)} cells where {len(fields)} belong", line)
    row: Cells = {}
    for field, cell in zip(fields, cells, strict=True):
        try:
            row |= readers[field](cell, full)
        except ValueError:
            raise source.error(f"has no {field} where it belongs", line) from None
    return row

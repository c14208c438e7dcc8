"""Read a listing in the form that the command line asked for: table, ids, JSON or template."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runbook.errors import ParseError
from runbook.parse.columns import cut_table
from runbook.parse.docker_fields import Field, Listing, Values
from runbook.parse.docker_template import match_template, parse_template

_JSON = re.compile(r"\{\{ *json +\. *\}\}|json")

# A field, the rows (from 0) in which it stands, and its texts there.
Cells = tuple[Field, Sequence[int], Sequence[str]]


def read_listing(
    tool: str, options: Mapping[str, str], listing: Listing, lines: list[str], first: int
) -> list[Values]:
    """The rows of a listing, one value per column; `first` is the number of the first line.

    The form follows from the options `quiet` and `format`. Raises ParseError when a line is not
    wholly what that form prints, or when there is no parser for the form.
    """
    template = options.get("format", "").strip()
    whole = _without_last_blanks(lines)
    if "quiet" in options:
        if template not in ("", "table"):
            raise ParseError(tool, "-q with --format prints one or the other, by version")
        return _rows(tool, listing, [(listing.quiet, range(len(whole)), whole)], first)
    if template in ("", "table"):
        return _rows(tool, listing, _table(tool, listing.layouts, whole, first), first + 1)
    if _JSON.fullmatch(template):
        return _rows(tool, listing, _json_lines(tool, listing, whole, first), first)
    if template.startswith("table"):
        layouts = [_table_template(tool, listing, template)]
        return _rows(tool, listing, _table(tool, layouts, lines, first), first + 1)
    return _rows(tool, listing, _template(tool, listing, template, lines, first), first)


def prints(options: Mapping[str, str], name: str) -> bool:
    """True when a listing with these options shows the field of that name."""
    template = options.get("format", "").strip()
    if "quiet" in options:
        return name == "ID"
    return template in ("", "table") or f".{name}" in template or bool(_JSON.fullmatch(template))


def _without_last_blanks(lines: list[str]) -> list[str]:
    count = len(lines)
    while count and not lines[count - 1]:
        count -= 1
    return lines[:count]


def _rows(tool: str, listing: Listing, sheet: Sequence[Cells], first: int) -> list[Values]:
    """Rows of all columns: read column by column, as most texts stand in many rows."""
    count = 1 + max((where[-1] for _, where, _ in sheet if where), default=-1)
    columns: dict[str, list[Any]] = {column.name: [None] * count for column in listing.columns}
    misfits: list[tuple[int, Field, str]] = []
    for field, where, texts in sheet:
        read = field.read_all(texts)
        if isinstance(read, int):
            misfits.append((where[read], field, texts[read]))
        elif len(where) == count:
            columns |= read
        else:
            for name, values in read.items():
                for row, value in zip(where, values, strict=True):
                    columns[name][row] = value
    if misfits:
        at, field, text = min(misfits, key=lambda misfit: misfit[0])
        why = f"{field.title} cannot be read" if text else f"{field.title} is empty"
        raise ParseError(tool, why, line=first + at, text=text)
    names = tuple(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _table(
    tool: str, layouts: Iterable[Sequence[Field]], lines: list[str], first: int
) -> list[Cells]:
    known = {tuple(field.title for field in layout): layout for layout in layouts}
    titles, columns = cut_table(tool, lines, known, first=first)
    rows = range(len(lines) - 1)
    return [(field, rows, cells) for field, cells in zip(known[titles], columns, strict=True)]


def _table_template(tool: str, listing: Listing, template: str) -> list[Field]:
    names, literals = parse_template(tool, template.removeprefix("table"))
    if any(literal != "\t" for literal in literals[1:-1]) or "".join(literals).strip():
        raise ParseError(tool, f"there is no parser for the template {template!r}")
    return [listing.field(tool, name, table=True) for name in names]


def _json_lines(tool: str, listing: Listing, lines: list[str], first: int) -> list[Cells]:
    objects = [_json_object(tool, listing, *numbered) for numbered in enumerate(lines, first)]
    sheet: list[Cells] = []
    for field in listing.fields:
        rows = [at for at, values in enumerate(objects) if field.name in values]
        sheet.append((field, rows, [objects[at][field.name] for at in rows]))
    return sheet


def _json_object(tool: str, listing: Listing, number: int, line: str) -> dict[str, str]:
    """The texts of one line by the fields' names."""
    if line == "json":
        why = "prints the word json for --format json; ask with --format '{{json .}}'"
        raise ParseError(tool, f"this version {why}", line=number)
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise ParseError(tool, "is not a JSON object", line=number, text=line)
    if missing := [name for name in listing.in_json if name not in values]:
        raise ParseError(tool, f"has no {', '.join(missing)}", line=number, text=line)
    names = [field.name for field in listing.fields if field.name in values]
    return {name: _json_text(tool, number, values[name]) for name in names}


def _json_text(tool: str, number: int, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        raise ParseError(tool, "has a value that is no text", line=number, text=repr(value))
    return value


def _template(
    tool: str, listing: Listing, template: str, lines: list[str], first: int
) -> list[Cells]:
    names, literals = parse_template(tool, template)
    fields = [listing.field(tool, name) for name in names]
    patterns = [field.pattern for field in fields]
    matched = [
        match_template(tool, at, line, patterns, literals) for at, line in enumerate(lines, first)
    ]
    rows = range(len(lines))
    sheet = [(field, rows, [texts[at] for texts in matched]) for at, field in enumerate(fields)]
    # The more telling of two fields for one column is the later one of the listing.
    return sorted(sheet, key=lambda cells: listing.fields.index(cells[0]))

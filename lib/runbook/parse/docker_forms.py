"""Read a listing in the form that the command line asked for: table, ids, JSON or template."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from runbook.errors import ParseError
from runbook.parse.columns import cut_table
from runbook.parse.docker_fields import Field, Listing, Values
from runbook.parse.docker_template import match_template, parse_template

_JSON = re.compile(r"\{\{ *json +\. *\}\}|json")

# A line's number, its fields, and their texts.
Record = tuple[int, Sequence[Field], Sequence[str]]


def read_listing(
    tool: str, options: Mapping[str, str], listing: Listing, lines: list[str], first: int
) -> list[Values]:
    """The rows of a listing, one value per column; `first` is the number of the first line.

    The form follows from the options `quiet` and `format`. Raises ParseError when a line is not
    wholly what that form prints, or when there is no parser for the form.
    """
    template = options.get("format", "").strip()
    records: Iterable[Record]
    if "quiet" in options:
        if template not in ("", "table"):
            raise ParseError(tool, "-q with --format prints one or the other, by version")
        records = _quiet(listing, _without_last_blanks(lines), first)
    elif template in ("", "table"):
        records = _table(tool, listing.layouts, _without_last_blanks(lines), first)
    elif _JSON.fullmatch(template):
        records = _json_lines(tool, listing, _without_last_blanks(lines), first)
    elif template.startswith("table"):
        records = _table(tool, [_table_template(tool, listing, template)], lines, first)
    else:
        records = _template(tool, listing, template, lines, first)
    empty: Values = dict.fromkeys(column.name for column in listing.columns)
    return [_row(tool, empty, *record) for record in records]


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


def _row(
    tool: str, empty: Values, number: int, fields: Sequence[Field], texts: Sequence[str]
) -> Values:
    row = empty.copy()
    for field, text in zip(fields, texts, strict=True):
        found = field.pattern.fullmatch(text)
        if not found:
            why = f"{field.title} cannot be read" if text else f"{field.title} is empty"
            raise ParseError(tool, why, line=number, text=text)
        row.update(field.read(found))
    return row


def _quiet(listing: Listing, lines: list[str], first: int) -> Iterator[Record]:
    for number, line in enumerate(lines, first):
        yield number, (listing.quiet,), (line,)


def _table(
    tool: str, layouts: Iterable[Sequence[Field]], lines: list[str], first: int
) -> Iterator[Record]:
    known = {tuple(field.title for field in layout): layout for layout in layouts}
    titles, rows = cut_table(tool, lines, known, first=first)
    for number, cells in rows:
        yield number, known[titles], cells


def _table_template(tool: str, listing: Listing, template: str) -> list[Field]:
    names, literals = parse_template(tool, template.removeprefix("table"))
    if any(literal != "\t" for literal in literals[1:-1]) or "".join(literals).strip():
        raise ParseError(tool, f"there is no parser for the template {template!r}")
    return [listing.field(tool, name, table=True) for name in names]


def _json_lines(tool: str, listing: Listing, lines: list[str], first: int) -> Iterator[Record]:
    for number, line in enumerate(lines, first):
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
        fields = [field for field in listing.fields if field.name in values]
        yield number, fields, [_json_text(tool, number, values[field.name]) for field in fields]


def _json_text(tool: str, number: int, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        raise ParseError(tool, "has a value that is no text", line=number, text=repr(value))
    return value


def _template(
    tool: str, listing: Listing, template: str, lines: list[str], first: int
) -> Iterator[Record]:
    names, literals = parse_template(tool, template)
    fields = [listing.field(tool, name) for name in names]
    # The more telling of two fields for one column is the later one of the listing.
    order = sorted(range(len(fields)), key=lambda index: listing.fields.index(fields[index]))
    patterns = [field.pattern for field in fields]
    for number, line in enumerate(lines, first):
        texts = match_template(tool, number, line, patterns, literals)
        yield number, [fields[index] for index in order], [texts[index] for index in order]

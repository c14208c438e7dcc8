"""Words and tables as Go prints them: tabwriter columns, durations, sizes, ids, templates."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")


class TemplateError(ValueError):
    """A --format template that the twin cannot follow."""


def table(rows: Iterable[Sequence[str]], minimum: int, padding: int) -> str:
    """Rows of cells as Go's text/tabwriter aligns them (padded with blanks, last cell bare)."""
    lines = [list(row) for row in rows]
    count = max((len(line) for line in lines), default=0)
    widths = [
        max(minimum, *(len(line[column]) + padding for line in lines if len(line) > column + 1), 0)
        for column in range(count - 1)
    ]
    texts = [
        "".join(cell.ljust(widths[i]) for i, cell in enumerate(line[:-1])) + line[-1]
        for line in lines
    ]
    return "".join(f"{text}\n" for text in texts)


def duration(seconds: float, *, old: bool) -> str:
    """A duration in the words of go-units: "5 seconds", "About a minute" (old: "1 seconds")."""
    whole = int(seconds)
    minutes, hours = whole // 60, int(seconds / 3600 + (0 if old else 0.5))
    if whole < 1:
        return "Less than a second"
    if whole == 1 and not old:
        return "1 second"
    if whole < 60:
        return f"{whole} seconds"
    if minutes < 60:
        return "About a minute" if minutes == 1 else f"{minutes} minutes"
    if hours < 48:
        return "About an hour" if hours <= 1 else f"{hours} hours"
    if hours < 24 * 14:
        return f"{hours // 24} days"
    if hours < 24 * (90 if old else 60):
        return f"{hours // 24 // 7} weeks"
    if hours < 24 * 365 * 2:
        return f"{hours // 24 // 30} months"
    return f"{hours // 24 // 365} years"


def size(count: float, *, old: bool, digits: int = 0) -> str:
    """A size in the words of go-units: "13.28 MB" (old) or "13.3MB"."""
    units = ["B", "kB", "MB", "GB", "TB"]
    index = 0
    while count >= 1000.0 and index < len(units) - 1:
        count, index = count / 1000.0, index + 1
    precision = digits or (4 if old else 3)
    return f"{count:.{precision}g}{' ' if old else ''}{units[index]}"


def memory(count: float, *, old: bool) -> str:
    """A size in powers of 1024 with four digits: "23.54 GiB" (old) or "23.54GiB"."""
    units = ["B", "KiB", "MiB", "GiB", "TiB"]
    index = 0
    while count >= 1024.0 and index < len(units) - 1:
        count, index = count / 1024.0, index + 1
    return f"{count:.4g}{' ' if old else ''}{units[index]}"


def cut(text: str, length: int, *, old: bool) -> str:
    """A text of at most `length` characters: cut bare (old), or ending in an ellipsis."""
    if len(text) <= length:
        return text
    return text[:length] if old else text[: length - 1] + "…"


def quoted(text: str) -> str:
    """A Go string literal (strconv.Quote)."""
    shown = "".join(
        ch if unicodedata.category(ch)[0] not in "CZ" or ch == " " else json.dumps(ch)[1:-1]
        for ch in text.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{shown}"'


def object_id(source: random.Random, length: int = 25) -> str:
    """A new id of swarm's kind: 25 base-36 digits."""
    return "".join(source.choice(BASE36) for _ in range(length))


def hex_id(source: random.Random, length: int = 64) -> str:
    """A new id of a container's kind: 64 hex digits."""
    return "".join(source.choice("0123456789abcdef") for _ in range(length))


def go_time(seconds: float) -> str:
    """A time as Go's JSON shows it: nanoseconds, UTC, "Z"."""
    nanoseconds = f"{seconds % 1:.9f}"[2:].rstrip("0")
    whole = datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}{'.' if nanoseconds else ''}{nanoseconds}Z"


def go_time_words(seconds: float, *, zone: str = "utc", fraction: bool = True) -> str:
    """A time as Go prints a time.Time: "2026-11-22 19:59:44.048410307 +0000 utc"."""
    day, clock = go_time(seconds)[:-1].split("T")
    return f"{day} {clock if fraction else clock.split('.')[0]} +0000 {zone}"


def go_json(value: Any, *, indent: int | None = None) -> str:
    """JSON as Go's encoder writes it: <, > and & escaped, no blanks unless indented."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def render(template: str, fields: dict[str, Any]) -> str:
    """One row through a Go template of field references and `json`. Raises TemplateError."""
    return ACTION.sub(lambda match: _action(match[1], fields), template)


def _action(action: str, fields: dict[str, Any]) -> str:
    function, _, path = action.rpartition(" ")
    value: Any = fields
    for name in path.strip(".").split("."):
        if not path.startswith("."):
            raise TemplateError(f'function "{path}" not defined')
        if name and (not isinstance(value, dict) or name not in value):
            raise TemplateError(f"<.{name}>: can't evaluate field {name}")
        value = value[name] if name else value
    if function == "json":
        return go_json(value)
    if function in ("upper", "lower", "title"):
        return str(getattr(str(value), function)())
    if function:
        raise TemplateError(f'function "{function}" not defined')
    if isinstance(value, bool):
        return str(value).lower()
    return "<no value>" if value is None else str(value)

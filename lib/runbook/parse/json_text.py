"""JSON answers: one document, and typed access that names what is missing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar, cast

from runbook.parse.source import Line, Source

T = TypeVar("T")
_MISSING = object()


def document(source: Source, lines: Sequence[Line]) -> Any:
    """The one JSON document that the lines hold."""
    try:
        return json.loads("\n".join(line.text for line in lines))
    except (ValueError, RecursionError):
        raise source.error("is no JSON", lines[0] if lines else None) from None


def take(source: Source, record: Any, name: str, kind: type[T], default: Any = _MISSING) -> T:
    """The value of `name`, of the right kind; Go leaves out zero values, hence `default`."""
    value = record.get(name, default) if isinstance(record, dict) else _MISSING
    right_kind = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
    if value is _MISSING or not (right_kind or value is default):
        raise source.error(f"lacks {name} as {kind.__name__} in its JSON")
    return cast(T, value)


def texts(source: Source, record: Any, name: str) -> list[str]:
    """A list of strings; absent and null are the empty list."""
    values = take(source, record, name, list, None) or []
    if not all(isinstance(value, str) for value in values):
        raise source.error(f"lacks {name} as a list of strings in its JSON")
    return values

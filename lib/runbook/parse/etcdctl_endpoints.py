"""What etcdctl's two lists of endpoints have in common."""

from __future__ import annotations

from typing import Any

from runbook.parse import json_text
from runbook.parse.source import Line, Source


def once(source: Source, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, when each names another endpoint."""
    endpoints = [row["endpoint"] for row in rows]
    if len(set(endpoints)) != len(endpoints) or not all(endpoints):
        raise source.error("names an endpoint twice, or one without a name")
    return rows


def records(source: Source, lines: list[Line]) -> list[Any]:
    """The JSON list with one record per endpoint."""
    records = json_text.document(source, lines)
    if not isinstance(records, list):
        raise source.error("is no JSON list of endpoints", lines[0])
    return records

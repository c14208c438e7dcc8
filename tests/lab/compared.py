"""What is the same of two tables of two engines, and which differences have a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

REASONS = Path(__file__).parent / "differences.yaml"


def excused() -> dict[str, set[str]]:
    """Columns whose values may differ, by table; each entry of the file has a reason."""
    found: dict[str, set[str]] = {}
    for entry in YAML(typ="safe").load(REASONS):
        assert entry["reason"], entry
        if "table" not in entry:
            continue
        found.setdefault(entry["table"], set()).update(entry["columns"])
    return found


def differences(table: str, one: pd.DataFrame, two: pd.DataFrame) -> list[str]:
    """What differs without a reason, in words: columns, kinds of values, rows."""
    if list(one.columns) != list(two.columns):
        return [f"{table}: columns {list(one.columns)} and {list(two.columns)}"]
    told = []
    for column in one:
        kinds = [_kinds(frame[column]) for frame in (one, two)]
        if all(kinds) and kinds[0] != kinds[1]:
            told.append(f"{table}.{column}: {sorted(kinds[0])} and {sorted(kinds[1])}")
    may = excused().get(table, set())
    rows = [[_row(row, may) for row in frame.to_dict("records")] for frame in (one, two)]
    if rows[0] != rows[1]:
        told.append(f"{table}:\n  {rows[0]}\n  {rows[1]}")
    return told


def _kinds(values: pd.Series[Any]) -> set[str]:
    """The types of what is there; numbers are one kind, and what is missing has none."""
    kept = [value for value in values if isinstance(value, list | dict) or not pd.isna(value)]
    return {"number" if isinstance(v, int | float) and not isinstance(v, bool) else type(v).__name__
            for v in kept}  # fmt: skip


def _row(row: dict[Any, Any], may: set[str]) -> dict[str, str]:
    return {str(key): str(value) for key, value in row.items() if key not in may}

"""How the command line shows things: aligned tables, one-line verdicts, JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows with the same keys as lines with aligned columns, the keys above; nothing for none.

    >>> print(table([{"name": "a", "changes": True}]))
    name  changes
    a     yes
    """
    if not rows:
        return ""
    cells = [list(rows[0]), *([cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(cells[0]))]
    padded = (
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        for row in cells
    )
    return "\n".join(line.rstrip() for line in padded)


def cell(value: Any) -> str:
    """One value in a table.

    >>> cell(True), cell(0.30307), cell(2.0), cell(["a", "b"]), cell(None)
    ('yes', '0.303', '2', 'a, b', '-')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "-" if value is None else str(value)


def record_row(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as a row of the list of records."""
    counts = record["counts"]
    return {
        "verdict": record["verdict"],
        "runbook": record["runbook"],
        "target": record["target"].get("name"),
        "started": f"{record['started'][:19]}Z",
        "seconds": record["seconds"],
        "checks": f"{counts['checks'] - counts['checks_failed']}/{counts['checks']}",
        "changes": counts["changes"],
        "record": next(iter(record["files"].values())),
    }


def verdict(record: Mapping[str, Any]) -> str:
    """What follows the verdict's word: where, how long, checks and changes."""
    counts = record["counts"]
    where = f" on {record['target']['name']}" if record["target"]["name"] else ""
    held = counts["checks"] - counts["checks_failed"]
    return (
        f"{record['runbook']}{where} in {record['seconds']:.1f} s: "
        f"{held}/{counts['checks']} checks, {counts['changes']} changes"
    )


def json_text(value: Any) -> str:
    """A value as JSON, with a line end."""
    return json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n"

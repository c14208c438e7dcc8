"""What a record shows that must not depend on the engines: checks, and the shape of its tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

# What a row is about, the first of these that a table has.
_KEYS = ("server", "peer_urls", "check", "act", "step", "figure", "drill", "unit", "hostname",
         "name", "names", "key", "path", "address")  # fmt: skip
_IDS = re.compile(r"\.[a-z0-9]{25}\b")  # of a Swarm's task, in the name of its container
# Which of two equal workers a Swarm chooses is a matter of chance.
_CHOSEN = re.compile(r"\bworker[01]\b|\b192\.168\.0\.10[12]\b")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class Shown:
    """One table of a record: columns, what its rows are about, and the kinds of its values."""

    cell: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    kinds: dict[str, frozenset[str]]


def checks(record: dict[str, Any]) -> list[tuple[str, bool]]:
    """Every check and whether it held."""
    return [(check["name"], check["passed"]) for check in record["checks"]]


def tables(outputs: Path, record: dict[str, Any]) -> Iterator[Shown]:
    """The tables of a record, in the order of its cells."""
    for cell, columns, rows in _tables(outputs, record):
        yield _shown(cell, columns, rows)


def column(outputs: Path, record: dict[str, Any], name: str) -> list[str]:
    """What stands in a column of a record, in the first of its tables that has it."""
    return next(
        [row[columns.index(name)] for row in rows]
        for _, columns, rows in _tables(outputs, record)
        if name in columns
    )


def _tables(
    outputs: Path, record: dict[str, Any]
) -> Iterator[tuple[str, tuple[str, ...], list[list[str]]]]:
    """Of each table: the cell that shows it, its columns, its rows."""
    notebook = json.loads((outputs / record["files"]["ipynb"]).read_text())
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            text = "".join(output.get("data", {}).get("text/html", ""))
            for table in BeautifulSoup(text, "html.parser").find_all("table"):
                if not table.find("thead"):
                    continue
                columns = tuple(head.get_text() for head in table.thead.find_all("th"))
                lines = table.tbody.find_all("tr")
                rows = [[data.get_text() for data in line.find_all("td")] for line in lines]
                yield cell["id"], columns, [row for row in rows if len(row) == len(columns)]


def _shown(cell: str, columns: tuple[str, ...], rows: list[list[str]]) -> Shown:
    key = next((name for name in _KEYS if name in columns), None)
    words = [row[columns.index(key)] for row in rows] if key else []
    about = sorted(_CHOSEN.sub("a worker", _IDS.sub("", word)) for word in words)
    kinds = {
        name: frozenset(_kind(row[number]) for row in rows) - {""}
        for number, name in enumerate(columns)
    }
    return Shown(cell, columns, tuple(about), kinds)


def _kind(text: str) -> str:
    if text == "–":
        return ""
    if text in ("yes", "no"):
        return "yes or no"
    return "number" if _NUMBER.fullmatch(text) else "text"


def differences(one: Shown, two: Shown, may: set[str]) -> list[str]:
    """What differs, in words; not in the rows that may. A kind counts where both have values."""
    if (one.cell, one.columns) != (two.cell, two.columns):
        return [f"{one.cell} {one.columns} and {two.cell} {two.columns}"]
    told = []
    if other := (set(one.rows) ^ set(two.rows)) - may:
        told.append(f"{one.cell}: only one has the rows {sorted(other)}")
    for name in one.columns:
        if one.kinds[name] and two.kinds[name] and one.kinds[name] != two.kinds[name]:
            told.append(
                f"{one.cell} {name}: {sorted(one.kinds[name])} and {sorted(two.kinds[name])}"
            )
    return told

"""Go's text/tabwriter as these tools use it: cells 8 wide, padded with tabs."""

from __future__ import annotations

from collections.abc import Sequence

_TAB = 8


def align(text: str) -> str:
    """Text with its cells (ended by a tab) aligned per run of lines that share a column."""
    rows = [line.split("\t") for line in text.split("\n")]
    widths: list[list[int]] = [[0] * (len(row) - 1) for row in rows]
    for column in range(max(len(row) for row in rows)):
        start = 0
        while start < len(rows):
            if len(rows[start]) - 1 <= column:
                start += 1
                continue
            end = start
            while end < len(rows) and len(rows[end]) - 1 > column:
                end += 1
            longest = max(len(row[column]) for row in rows[start:end])
            width = (longest + 1 + _TAB - 1) // _TAB * _TAB
            for row in widths[start:end]:
                row[column] = width
            start = end
    return "\n".join(_line(row, cells) for row, cells in zip(rows, widths, strict=True))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell + "\t" * -(-(width - len(cell)) // _TAB)
        for cell, width in zip(row[:-1], widths, strict=True)
    ]
    return "".join(cells) + row[-1]

"""Tables in ASCII boxes as etcdctl 3 draws them with `-w table`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from runbook.parse.source import Line, Source

_BORDER = re.compile(r"\+(?:-+\+)+")


def rows(
    source: Source, lines: Sequence[Line], header: Sequence[str]
) -> list[tuple[Line, list[str]]]:
    """The rows of a boxed table whose header is known, each with its first line.

    A cell of more than 30 characters is wrapped at blanks: the lines that continue a row have an
    empty first cell.
    """
    if not lines:
        raise source.error("has no table")
    border = lines[0].text
    if not _BORDER.fullmatch(border):
        raise source.error("is no top border of a table", lines[0])
    if len(lines) < 4 or lines[-1].text != border or lines[2].text != border:
        raise source.error("is no whole table", lines[-1])
    if _cells(source, lines[1], len(header)) != list(header):
        raise source.error(f"has another header than {' | '.join(header)}", lines[1])
    found: list[tuple[Line, list[str]]] = []
    for line in lines[3:-1]:
        cells = _cells(source, line, len(header))
        if cells[0]:
            found.append((line, cells))
        elif found and any(cells):
            first, above = found[-1]
            found[-1] = (
                first,
                [" ".join(filter(None, pair)) for pair in zip(above, cells, strict=True)],
            )
        else:
            raise source.error("continues no row", line)
    return found


def _cells(source: Source, line: Line, count: int) -> list[str]:
    parts = line.text.split("|")
    if len(parts) != count + 2 or parts[0] or parts[-1]:
        raise source.error(f"has not {count} cells", line)
    return [part.strip(" ") for part in parts[1:-1]]

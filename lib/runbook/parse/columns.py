"""Cut a table that is padded with blanks at the offsets that its header gives."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from operator import itemgetter

from runbook.errors import ParseError

_TITLE = re.compile(r"[^ ]+(?: [^ ]+)*")

Titles = tuple[str, ...]


def cut_table(
    tool: str, lines: Sequence[str], layouts: Collection[Titles], *, first: int = 1
) -> tuple[Titles, list[list[str]]]:
    """The titles of the header and, for each, the cells of all rows below it.

    Offsets count characters, as Go's tabwriter does ("…" is one). Cells lose their padding on
    the right only: a blank on the left belongs to the cell. `layouts`: the headers that the tool
    can print; `first`: the number of the header's line. Raises ParseError for another header, a
    row without a gap of two blanks before each column, and a row that ends early.

    >>> cut_table("ls", ["ID  NAME", "1   a b", "2   "], [("ID", "NAME")])
    (('ID', 'NAME'), [['1', '2'], ['a b', '']])
    """
    if not lines:
        raise ParseError(tool, "printed nothing, not even the header")
    found = list(_TITLE.finditer(lines[0]))
    titles = tuple(title.group() for title in found)
    if titles not in layouts or found[0].start() != 0:
        raise ParseError(tool, "is not the expected header", line=first, text=lines[0])
    starts = [title.start() for title in found]
    # A tabwriter pads every cell but the last. A text whose blanks at line ends were all taken
    # away by an editor is still whole; one row without them among others with them is cut.
    width = 0 if any(line.endswith(" ") for line in lines[1:]) else starts[-1]
    rows = [line.ljust(width) for line in lines[1:]]
    bad = [at for at, row in enumerate(rows) if len(row) < starts[-1] or "\t" in row]
    columns = []
    for at, end in zip(starts, [*starts[1:], None], strict=True):
        padded = [*map(itemgetter(slice(at, end)), rows)]
        bare = {cell: cell.rstrip(" ") for cell in set(padded)}  # most stand in many rows
        cells = [*map(bare.__getitem__, padded)]
        # Two blanks part a cell from the next one.
        if end is not None and max(map(len, bare.values()), default=0) > end - at - 2:
            bad += [number for number, cell in enumerate(cells) if len(cell) > end - at - 2]
        columns.append(cells)
    if bad:
        why, at = "is not a whole row of the table", min(bad)
        raise ParseError(tool, why, line=first + 1 + at, text=rows[at])
    return titles, columns

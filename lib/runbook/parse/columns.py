"""Cut a table that is padded with blanks at the offsets that its header gives."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from runbook.errors import ParseError

_TITLE = re.compile(r"[^ ]+(?: [^ ]+)*")

Titles = tuple[str, ...]


def cut_table(
    tool: str, lines: Sequence[str], layouts: Collection[Titles], *, first: int = 1
) -> tuple[Titles, list[tuple[int, list[str]]]]:
    """The titles of the header and, for each row, its line number and its cells.

    Offsets count characters, as Go's tabwriter does ("…" is one). Cells lose their padding on
    the right only: a blank on the left belongs to the cell. `layouts`: the headers that the tool
    can print; `first`: the number of the header's line. Raises ParseError for another header, a
    row without a gap of two blanks before each column, and a row that ends early.

    >>> cut_table("ls", ["ID  NAME", "1   a b", "2   "], [("ID", "NAME")])
    (('ID', 'NAME'), [(2, ['1', 'a b']), (3, ['2', ''])])
    """
    if not lines:
        raise ParseError(tool, "printed nothing, not even the header")
    found = list(_TITLE.finditer(lines[0]))
    titles = tuple(title.group() for title in found)
    if titles not in layouts or found[0].start() != 0:
        raise ParseError(tool, "is not the expected header", line=first, text=lines[0])
    starts = [title.start() for title in found]
    row = re.compile(
        "".join(rf"([^\t]{{{end - at - 2}}})  " for at, end in pairwise(starts)) + "([^\t]*)"
    )
    # A tabwriter pads every cell but the last. A text whose blanks at line ends were all taken
    # away by an editor is still whole; one row without them among others with them is cut.
    width = 0 if any(line.endswith(" ") for line in lines[1:]) else starts[-1]
    rows = []
    for number, line in enumerate(lines[1:], first + 1):
        cells = row.fullmatch(line.ljust(width))
        if not cells:
            raise ParseError(tool, "is not a whole row of the table", line=number, text=line)
        rows.append((number, [cell.rstrip(" ") for cell in cells.groups()]))
    return titles, rows

"""The slicer of blank-padded tables."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.errors import ParseError
from runbook.parse.columns import cut_table as columns_of_table

Rows = list[tuple[int, list[str]]]


def cut_table(*args: Any, first: int = 1) -> tuple[tuple[str, ...], Rows]:
    """The titles and, for each row, its line number and its cells."""
    titles, columns = columns_of_table(*args, first=first)
    return titles, list(enumerate(map(list, zip(*columns, strict=True)), first + 1))


TITLES = ("ID", "MANAGER STATUS", "NOTE")


def tabwriter(rows: list[tuple[str, ...]], *, minimum: int, padding: int) -> list[str]:
    """Lines as Go's text/tabwriter makes them: the last cell of a row is not padded."""
    widths = [max(minimum, max(map(len, column)) + padding) for column in zip(*rows, strict=True)]
    return [
        "".join(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)) + row[-1]
        for row in rows
    ]


# No blank at the end of a cell, no two blanks: padding could not be told from them.
CELL = st.from_regex(r"([!-~…é漢]+( [!-~…é漢]+){0,2})?", fullmatch=True)


@given(
    st.lists(st.tuples(CELL, CELL, CELL), max_size=6),
    st.sampled_from([(20, 3), (0, 2), (10, 3)]),
)
def test_reads_back_what_a_tabwriter_wrote(
    rows: list[tuple[str, str, str]], style: tuple[int, int]
) -> None:
    lines = tabwriter([TITLES, *rows], minimum=style[0], padding=style[1])
    assert cut_table("tool", lines, [TITLES]) == (
        TITLES,
        [(number, list(row)) for number, row in enumerate(rows, 2)],
    )


def test_a_blank_on_the_left_belongs_to_the_cell() -> None:
    _, rows = cut_table("tool", ["ID  NAME", r"1    \_ a"], [("ID", "NAME")])
    assert rows == [(2, ["1", r" \_ a"])]


def test_an_ellipsis_is_one_character() -> None:
    lines = ["ERROR       PORTS", '"No such…"  80/tcp']
    assert cut_table("tool", lines, [("ERROR", "PORTS")])[1] == [(2, ['"No such…"', "80/tcp"])]


def test_the_layouts_say_which_headers_are_known() -> None:
    lines = ["ID  NAME  PORTS", "1   a     "]
    titles, rows = cut_table("tool", lines, [("ID", "NAME"), ("ID", "NAME", "PORTS")], first=3)
    assert titles == ("ID", "NAME", "PORTS")
    assert rows == [(4, ["1", "a", ""])]


def test_rows_whose_last_blanks_were_all_taken_away_are_whole() -> None:
    lines = ["ID  STATUS  MANAGER", "1   Ready", "2   Ready   Leader"]
    rows = cut_table("tool", lines, [("ID", "STATUS", "MANAGER")])[1]
    assert rows == [(2, ["1", "Ready", ""]), (3, ["2", "Ready", "Leader"])]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "tool: printed nothing, not even the header"),
        ([""], "tool: line 1 is not the expected header"),
        (["ID  TITLE"], "tool: line 1 is not the expected header: 'ID  TITLE'"),
        ([" ID  NAME"], "tool: line 1 is not the expected header: 'ID  NAME'"),
        (["ID NAME"], "tool: line 1 is not the expected header: 'ID NAME'"),
        (["ID\u00a0\u00a0NAME"], "tool: line 1 is not the expected header"),
        (["ID  NAME", "123 a"], "tool: line 2 is not a whole row of the table: '123 a'"),
        (["ID  NAME", "12345 a"], "tool: line 2 is not a whole row of the table"),
        (["ID  NAME", "1   a", "1\ta"], "tool: line 3 is not a whole row of the table"),
    ],
)
def test_refuses(lines: list[str], message: str) -> None:
    with pytest.raises(ParseError) as caught:
        cut_table("tool", lines, [("ID", "NAME")])
    assert message in str(caught.value)


def test_a_cut_row_among_whole_ones_is_refused() -> None:
    lines = ["ID  STATUS  MANAGER", "1   Ready   ", "2   Ready"]
    with pytest.raises(ParseError, match="line 3 is not a whole row"):
        cut_table("tool", lines, [("ID", "STATUS", "MANAGER")])

"""Rows of a parser as a DataFrame with the declared columns and types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from runbook.parse import Column, Parsed, parse

_TYPES = {"integer": "Int64", "number": "Float64", "boolean": "boolean"}


def frame(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A DataFrame with exactly these columns, in this order; an empty answer keeps them.

    integer -> Int64, number -> Float64, boolean -> boolean (null is <NA>); text, list and object
    stay Python objects (null is None).
    """
    data = list(rows)
    return pd.DataFrame(
        {
            column.name: pd.Series(
                [row[column.name] for row in data], dtype=_TYPES.get(column.kind, "object")
            )
            for column in columns
        }
    )


def table(parsed: Parsed) -> pd.DataFrame:
    """What a parser read as a DataFrame; its summary stands in `.attrs["summary"]`."""
    made = frame(parsed.columns, parsed.rows)
    made.attrs["summary"] = parsed.summary
    return made


def read(
    argv: Sequence[str], stdout: bytes | str, stderr: bytes | str = b"", exit_code: int = 0
) -> pd.DataFrame:
    """The table of what the command line `argv` printed. Raises UsageError, ParseError.

    >>> list(read(["ros", "os", "version"], "v0.6.1\\n").version)
    ['v0.6.1']
    """
    return table(parse(argv, stdout, stderr, exit_code))


def rows_frame(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], caption: str = ""
) -> pd.DataFrame:
    """A DataFrame of our own rows (plain objects), with a caption."""
    made = pd.DataFrame(
        [[row.get(name) for name in columns] for row in rows], columns=list(columns)
    )
    made.attrs["caption"] = caption
    return made

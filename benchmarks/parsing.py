"""10,000 rows of `docker ps` beside pandas.read_fwf, which checks nothing."""

from __future__ import annotations

import io
import json
from itertools import cycle, islice
from pathlib import Path

import pandas as pd

from benchmarks.paired import Row, cpu, paired
from runbook.parse import parse

_RECORDED = Path(__file__).parent.parent / "tests" / "outputs" / "docker" / "28.2-ps-a.json"
_ROWS = 10_000


def listing() -> str:
    """A long listing: recorded rows over and over, each with an id and a name of its own."""
    told = json.loads(_RECORDED.read_text())["stdout"]
    header, *rows = told.splitlines()
    names = header.index("NAMES")
    made = [
        f"{number:012x}{row[12:names]}{row[names:].rstrip()}-{number}"
        for number, row in enumerate(islice(cycle(rows), _ROWS))
    ]
    return "\n".join([header, *made, ""])


def docker_ps() -> Row:
    """CPU seconds from text to rows of typed values, and from text to a frame of text."""
    text = listing()
    assert len(parse(["docker", "ps", "-a"], text).rows) == _ROWS
    return paired(
        f"{_ROWS:,} rows of docker ps, beside pandas.read_fwf",
        lambda: cpu(lambda: parse(["docker", "ps", "-a"], text)),
        lambda: cpu(lambda: pd.read_fwf(io.StringIO(text))),
        target=1.0,
        rounds=15,
    )

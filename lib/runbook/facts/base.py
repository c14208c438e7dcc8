"""How a fact is asked: one command line on one server, read by its parser into one table."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pandas as pd

from runbook.command import Node, Result
from runbook.errors import (
    HostKeyError,
    ParameterError,
    ParseError,
    Refused,
    RunbookError,
    SudoRefused,
    TargetError,
    ToolMissing,
)
from runbook.table import read

# Waiting does not mend these; every other error while looking means "not yet".
HOPELESS = (HostKeyError, SudoRefused, ToolMissing, TargetError, ParameterError, Refused)


@dataclass(frozen=True)
class Observation:
    """What one look at a condition saw: whether it held, in words, and the table if there is one.

    final: an error that no more waiting mends.
    """

    held: bool
    seen: str
    table: pd.DataFrame | None = field(default=None, compare=False)
    final: RunbookError | None = field(default=None, compare=False)


Condition = Callable[[], Observation]


def ask_table(
    node: Node,
    line: str,
    *values: object,
    sudo: bool = False,
    deadline: float = 60.0,
    accept: Sequence[int] = (0,),
) -> pd.DataFrame:
    """Ask `line` on the node and read its output; the caption says server, command and time.

    Raises CommandFailed for an exit code that is no answer, ParseError for text that is none.
    """
    result = node.ask(line, *values, sudo=sudo, deadline=deadline, accept=accept)
    return read_result(result)


def read_result(result: Result) -> pd.DataFrame:
    """The table of a command that ran."""
    try:
        made = read(
            shlex.split(result.command), result.stdout, result.stderr, result.exit_code or 0
        )
    except ParseError as error:
        error.evidence = result.evidence
        raise
    now = datetime.now(UTC).strftime("%H:%M:%S UTC")
    made.attrs["caption"] = f"{result.server} · {result.command} · exit {result.exit_code} · {now}"
    return made


def all_of(conditions: Sequence[Condition]) -> Condition:
    """The condition that all of them hold, looked at together; an error counts as not yet."""

    def look(condition: Condition) -> Observation:
        try:
            return condition()
        except HOPELESS:
            raise
        except RunbookError as error:
            return Observation(False, error.what)

    def look_at_all() -> Observation:
        with ThreadPoolExecutor(max(len(conditions), 1)) as pool:
            seen = list(pool.map(look, conditions))
        final = next((one.final for one in seen if one.final), None)
        words = "; ".join(one.seen for one in seen)
        return Observation(all(one.held for one in seen), words, final=final)

    return look_at_all

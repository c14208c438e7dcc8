"""One act: what it is for, the commands as shown, whether they are still needed, how to do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pandas as pd

from runbook.errors import (
    CommandFailed,
    HostKeyError,
    MissingError,
    NotAuthenticated,
    NotFinished,
    SudoRefused,
    ToolMissing,
    Unreachable,
)
from runbook.table import rows_frame

# What cannot be told yet: a server that is still to be made, a tool that has no cluster yet ...
_NOT_YET = (Unreachable, MissingError, CommandFailed)
# ... but not this: it would go wrong in the act as well.
_WRONG = (HostKeyError, NotAuthenticated, SudoRefused, ToolMissing, NotFinished)


@dataclass(frozen=True)
class Act:
    """A change that can be planned, applied once, and taken back.

    steps: (server, command as shown, secrets by name). is_done says whether there is nothing
    left to do. lasting=False: an act of a drill, which the same run takes back. leaves: what is
    not as before until an act that `mends` it; `drill` makes both.
    """

    what: str
    steps: Sequence[tuple[str, str]]
    is_done: Callable[[], bool]
    apply: Callable[[], object]
    undo: str = "nothing to undo"
    lasting: bool = True
    leaves: str = ""
    mends: str = ""

    def state(self) -> str:
        """`done` or `to do` as things stand; `afterwards` for the act of a drill that is to
        bring back what is so now. What cannot be told yet is to do.

        Raises the error of an act that would go wrong.
        """
        try:
            done = "done" if self.lasting else "afterwards"
            return done if self.is_done() else "to do"
        except _NOT_YET as error:
            if isinstance(error, _WRONG):
                raise
            return "to do"


def drill(there: Act, back: Act) -> tuple[Act, Act]:
    """Two acts of a drill: the second takes the first one back."""
    return (
        replace(there, lasting=False, leaves=there.what, undo=back.steps[0][1]),
        replace(back, lasting=False, mends=there.what),
    )


def plan_table(acts: Sequence[Act]) -> pd.DataFrame:
    """The plan. Columns: act, state, server, command, undo. Raises what an act raises."""
    with ThreadPoolExecutor(max(len(acts), 1)) as pool:  # each may ask a server
        states = list(pool.map(Act.state, acts))
    rows = []
    for act, state in zip(acts, states, strict=True):
        for number, (server, command) in enumerate(act.steps):
            first = number == 0
            rows.append(
                {
                    "act": act.what if first else "",
                    "state": state if first else "",
                    "server": server,
                    "command": command,
                    "undo": act.undo if first else "",
                }
            )
    return rows_frame(rows, ("act", "state", "server", "command", "undo"), "The plan")

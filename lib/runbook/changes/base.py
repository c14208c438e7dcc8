"""One act: what it is for, the commands as shown, whether they are still needed, how to do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pandas as pd

from runbook.errors import RunbookError
from runbook.table import rows_frame


@dataclass(frozen=True)
class Act:
    """A change that can be planned, applied once, and taken back.

    steps: (server, command as shown, secrets by name). is_done says whether there is nothing
    left to do. lasting=False: an act of a drill, which the same run takes back.
    """

    what: str
    steps: Sequence[tuple[str, str]]
    is_done: Callable[[], bool]
    apply: Callable[[], object]
    undo: str = "nothing to undo"
    lasting: bool = True

    def state(self) -> str:
        """`done` or `to do` as things stand; what cannot be told yet is to do."""
        try:
            return "done" if self.is_done() else "to do"
        except RunbookError:
            return "to do"


def plan_table(acts: Sequence[Act]) -> pd.DataFrame:
    """The plan. Columns: act, state, server, command, undo."""
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

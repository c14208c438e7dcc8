"""Acts as they are done: each only when needed, recorded, and what is still to be taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from runbook.changes.base import Act
from runbook.command import Result
from runbook.record import Journal
from runbook.table import rows_frame

_COLUMNS = ("act", "outcome")


class Acts:
    """The acts of one run. permit: raises Refused when nothing is approved."""

    def __init__(self, journal: Journal, permit: Callable[[str], None]) -> None:
        self._journal = journal
        self._permit = permit
        self._now = threading.local()  # acts run in threads of their own
        self._done: list[Act] = []
        self._open: dict[str, str] = {}

    def apply(self, act: Act) -> pd.DataFrame:
        """Do one act, unless there is nothing left to do. Columns: act, outcome."""
        needed = not act.is_done()
        if needed:
            self._permit(act.what)
            self._do(act)
        self._open.pop(act.mends, None)
        outcome = "done" if needed else "nothing to do: it is so already"
        return rows_frame([{"act": act.what, "outcome": outcome}], _COLUMNS)

    def apply_all(self, acts: Sequence[Act]) -> pd.DataFrame:
        """Do acts one after the other. Columns: act, outcome."""
        return _joined([self.apply(act) for act in acts])

    def apply_together(self, acts: Sequence[Act]) -> pd.DataFrame:
        """Do acts at the same time; all end before the first error is raised."""
        with ThreadPoolExecutor(max(len(acts), 1)) as pool:
            doing = [pool.submit(self.apply, act) for act in acts]
        return _joined([one.result() for one in doing])

    def note(self, result: Result) -> None:
        """Record a command that changed something, as part of the act that is under way."""
        act: Act | None = getattr(self._now, "act", None)
        what, lasting = (act.what, act.lasting) if act else (result.command, True)
        self._journal.change(result.server, result.command, what, lasting)
        self._now.noted = True

    def left(self) -> str:
        """What a run that ends here leaves behind, and how to go on; empty when nothing."""
        lines = []
        if self._open:
            lines.append("NOT YET TAKEN BACK:")
            lines += [f"  {what}; to take it back: {undo}" for what, undo in self._open.items()]
        lasting = [act.what for act in self._done if act.lasting]
        if lasting:
            lines.append(f"Done before that, and left so: {', '.join(lasting)}.")
            lines.append("To go on from there, run this runbook again.")
        return "\n".join(lines)

    def _do(self, act: Act) -> None:
        if act.leaves:  # before it is done: an act that fails may have been done in part
            self._open[act.leaves] = act.undo
        self._now.act, self._now.noted = act, False
        try:
            act.apply()
        finally:
            self._now.act = None
        if not self._now.noted:  # a command is recorded where it ran
            server, command = act.steps[0]
            self._journal.change(server, command, act.what, act.lasting)
        self._done.append(act)


def _joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    rows = [row for table in tables for row in table.to_dict("records")]
    return rows_frame(rows, _COLUMNS)

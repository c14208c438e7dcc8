"""What may be changed: the plan is shown, then approved by parameter or by a button."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pandas as pd

from runbook.changes.base import Act, plan_table
from runbook.errors import Refused
from runbook.record import PLAN_VARIABLE, VARIABLE, Journal, Planned
from runbook.view import banner, button


class Approval:
    """Whether the changes of one run may begin."""

    def __init__(self, runbook: str, journal: Journal) -> None:
        self._runbook = runbook
        self._journal = journal
        self._nothing_to_do = False
        self._given = False

    def plan(self, acts: Sequence[Act]) -> pd.DataFrame:
        """The exact commands per server, and what is done already. Columns: act, state, server,
        command, undo."""
        table = plan_table(acts)
        self._nothing_to_do = bool((table.state != "to do").all())
        return table

    def ask(self, approved: bool) -> object:
        """Let the changes begin: by parameter headless, by a button in JupyterLab.

        Raises Refused when not approved, Planned when only the plan was wanted.
        """
        if os.environ.get(PLAN_VARIABLE):
            raise Planned("the plan is shown; nothing was touched, as asked")
        if approved:
            self._give()
            return banner.approved("by parameter")
        if self._nothing_to_do:
            # Nothing is approved: what is to do after all, some moments later, is refused.
            return banner.banner("Nothing to do", "everything is done already.", banner.PLAIN)
        if VARIABLE in os.environ:
            reason = f"{self._runbook} was not approved"
            self._journal.refused(reason)
            raise Refused(
                f"{reason}; nothing was touched",
                remedy="read the plan above, then run it again with approved=true",
            )
        return button.approval(self._give)

    def permit(self, what: str) -> None:
        """Raises Refused before a change that nobody has approved."""
        if not self._given:
            raise Refused(
                f"not approved: {what}; it was not done",
                remedy="run the cells in order and approve the plan first",
            )

    def _give(self) -> None:
        self._given = True

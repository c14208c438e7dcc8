"""Expected against observed: every check of a run, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from runbook.errors import CheckFailed
from runbook.table import rows_frame

_COLUMNS = ("check", "expected", "observed", "passed")


@dataclass(frozen=True)
class Check:
    """One question and its answer."""

    name: str
    expected: object
    observed: object
    passed: bool

    def __str__(self) -> str:
        sign = "✓" if self.passed else "✗"
        expected, observed = _word(self.expected), _word(self.observed)
        return f"{sign} {self.name}: expected {expected}, observed {observed}"


def _word(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return round(value, 2) if isinstance(value, float) else value


@dataclass
class Checks:
    """The checks of one run. `observer` is told of each."""

    observer: Callable[[Check], None] = lambda check: None
    made: list[Check] = field(default_factory=list)

    def equal(self, name: str, expected: object, observed: object) -> None:
        """Observed must equal expected."""
        self._add(Check(name, expected, observed, bool(expected == observed)))

    def at_least(self, name: str, expected: float, observed: float) -> None:
        """Observed must be at least expected."""
        self._add(Check(name, f"at least {expected:.4g}", observed, bool(observed >= expected)))

    def at_most(self, name: str, expected: float, observed: float) -> None:
        """Observed must be at most expected."""
        self._add(Check(name, f"at most {expected:.4g}", observed, bool(observed <= expected)))

    def holds(self, name: str, observed: object) -> None:
        """Observed must be true."""
        self._add(Check(name, True, bool(observed), bool(observed)))

    def require(self) -> None:
        """Raises CheckFailed when a check failed, naming each."""
        failed = [check for check in self.made if not check.passed]
        if failed:
            raise CheckFailed(
                f"{len(failed)} of {len(self.made)} checks failed:\n"
                + "\n".join(f"  {check}" for check in failed),
                remedy="see the cells of these checks; `Next` at the end names what to run",
            )

    def table(self) -> pd.DataFrame:
        """All checks. Columns: check, expected, observed, passed."""
        rows = [
            {"check": c.name, "expected": c.expected, "observed": c.observed, "passed": c.passed}
            for c in self.made
        ]
        return rows_frame(rows, _COLUMNS, "All checks of this run")

    def _add(self, check: Check) -> None:
        self.made.append(check)
        self.observer(check)

"""Waiting that explains itself: a deadline, an interval, and every observation kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from runbook.errors import Evidence, RunbookError, WaitFailed
from runbook.facts.base import HOPELESS, Condition, Observation
from runbook.table import rows_frame


@dataclass
class Waited:
    """What a wait saw. observations: (seconds since it began, observation), times of the target."""

    what: str
    deadline: float
    observations: list[tuple[float, Observation]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Seconds of the target until the condition held (or the wait was given up)."""
        return self.observations[-1][0] if self.observations else 0.0

    @property
    def held(self) -> bool:
        """Whether the condition held in the end."""
        return bool(self.observations) and self.observations[-1][1].held

    def changes(self) -> list[tuple[float, Observation]]:
        """The observations that differ from the one before."""
        kept: list[tuple[float, Observation]] = []
        for at, seen in self.observations:
            if not kept or (seen.seen, seen.held) != (kept[-1][1].seen, kept[-1][1].held):
                kept.append((at, seen))
        return kept

    def table(self) -> pd.DataFrame:
        """What changed while waiting. Columns: after_s, seen, held."""
        rows = [
            {"after_s": round(at, 1), "seen": o.seen, "held": o.held} for at, o in self.changes()
        ]
        state = f"held after {self.seconds:.1f} s" if self.held else f"not in {self.seconds:.1f} s"
        caption = f"Waited until {self.what}: {state} (deadline {self.deadline:g} s)"
        return rows_frame(rows, ("after_s", "seen", "held"), caption)

    def __str__(self) -> str:
        table = self.table()
        return f"{table.attrs['caption']}\n{table.to_string(index=False)}"


def wait_until(
    what: str,
    condition: Condition,
    *,
    deadline: float = 120.0,
    every: float = 1.0,
    clock: float = 1.0,
    observer: Callable[[Waited], None] = lambda waited: None,
) -> Waited:
    """Look at `condition` every `every` seconds until it holds; all seconds are the target's.

    An error while looking is an observation too (a server that boots cannot be reached yet),
    except those that waiting cannot mend. Raises WaitFailed with the last observation.
    """
    waited = Waited(what, deadline)
    began = time.monotonic()
    last_error: RunbookError | None = None
    while True:
        at = (time.monotonic() - began) * clock
        try:
            seen, last_error = condition(), None
        except HOPELESS:
            raise
        except RunbookError as error:
            seen, last_error = Observation(False, error.what), error
        now = (time.monotonic() - began) * clock
        waited.observations.append((now, seen))
        observer(waited)
        if seen.final:
            raise seen.final
        if seen.held:
            return waited
        if now >= deadline:
            raise _gave_up(waited, last_error)
        # The next look is due one interval after this one began, but a breath after it ended; the
        # last one when the deadline comes.
        pause = max(every - (now - at), every / 10)
        time.sleep(min(pause, deadline - now) / clock)


def _gave_up(waited: Waited, error: RunbookError | None) -> WaitFailed:
    last = waited.observations[-1][1].seen
    seen = "\n".join(f"{at:7.1f} s  {o.seen}" for at, o in waited.changes())
    return WaitFailed(
        f"waited {waited.seconds:.0f} s for: {waited.what}; the last thing seen was: {last}\n"
        f"seen on the way:\n{seen}",
        evidence=error.evidence if error and error.evidence else Evidence(tail=last),
        remedy="look at the last observation: it names what is still missing",
    )

"""What the outage meter saw: probes, the times without service, and the figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

import pandas as pd

from runbook.errors import CheckFailed
from runbook.table import rows_frame


@dataclass(frozen=True)
class Probe:
    """One request: when it was sent and how long it took (seconds of the target since the meter
    began), to which address, and why it failed (None = answered)."""

    round: int
    sent: float
    took: float
    address: str
    failure: str | None


@dataclass(frozen=True)
class Window:
    """One time without service, in seconds of the target since the meter began."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.end - self.start


@dataclass(frozen=True)
class Outage:
    """What the meter saw. marks: (seconds, label) of faults, commands and observations."""

    probes: Sequence[Probe]
    marks: Sequence[tuple[float, str]]
    interval: float
    seconds: float

    @cached_property
    def rounds(self) -> list[tuple[float, bool]]:
        """For each round of probes: when it was sent, and whether any address answered."""
        sent: dict[int, float] = {}
        answered: dict[int, bool] = {}
        for probe in self.probes:
            sent[probe.round] = min(sent.get(probe.round, probe.sent), probe.sent)
            answered[probe.round] = answered.get(probe.round, False) or probe.failure is None
        return [(sent[number], answered[number]) for number in sorted(sent)]

    @property
    def windows(self) -> list[Window]:
        """Every time without service; one that did not end ends with the meter."""
        found: list[Window] = []
        began: float | None = None
        for (sent, up), (answer, _) in zip(self.rounds, self._next_answers, strict=True):
            if not up and began is None:
                # A round that was answered late does not end what a later one still sees.
                began = found.pop().start if found and found[-1].end > sent else sent
            elif up and began is not None:
                found.append(Window(began, answer))
                began = None
        return [*found, Window(began, self.seconds)] if began is not None else found

    @cached_property
    def _answers(self) -> list[float]:
        """For each round the time of its first answer; infinity without one."""
        first: dict[int, float] = {}
        for probe in self.probes:
            answer = probe.sent + probe.took if probe.failure is None else math.inf
            first[probe.round] = min(first.get(probe.round, math.inf), answer)
        return [first[number] for number in sorted(first)]

    @cached_property
    def _next_answers(self) -> list[tuple[float, float]]:
        """For each round the earliest answer to it or to a later one, and when that was sent: a
        connection that was begun a little too early is answered a second later, others before it.
        """
        sent = [at for at, _ in self.rounds]
        later = list(accumulate(reversed([*zip(self._answers, sent, strict=True)]), min))
        return later[::-1]

    @property
    def longest(self) -> float:
        """Seconds of the longest outage; 0 when there was none."""
        return max((window.seconds for window in self.windows), default=0.0)

    @property
    def lost(self) -> int:
        """How many rounds no address answered: requests that a client would have lost."""
        return sum(not answered for _, answered in self.rounds)

    @property
    def resolution(self) -> float:
        """Seconds within which a length is right: the largest time without a round of probes, and
        how long the answers beside an outage took, for nobody knows when within it they were given.
        """
        times = [*(at for at, _ in self.rounds), self.seconds]
        apart = max([self.interval, *(later - earlier for earlier, later in pairwise(times))])
        took = [at - sent for (sent, _), at in zip(self.rounds, self._answers, strict=True)]
        beside = [
            before if math.isinf(after) else answer - sent
            for (before, after), (answer, sent) in zip(
                pairwise(took), self._next_answers[1:], strict=True
            )
            if math.isinf(before) != math.isinf(after)
        ]
        return apart + max(beside, default=0.0)

    def after(self, label: str) -> float:
        """Seconds from the first mark to the mark `label`. Raises CheckFailed without it."""
        times = {name: at for at, name in reversed(self.marks)}
        if label not in times:
            raise CheckFailed(f"the drill never saw: {label}", remedy="see the waits above")
        return times[label] - self.marks[0][0]

    def table(self) -> pd.DataFrame:
        """The figures. Columns: figure, value, unit."""
        figures: list[tuple[str, object, str]] = [
            ("longest outage", round(self.longest, 2), "s"),
            ("outages", len(self.windows), ""),
            ("requests lost", self.lost, f"of {len(self.rounds)}"),
            ("resolution", round(self.resolution, 2), f"s (interval {self.interval:g} s)"),
        ]
        figures += [
            (f"{label} after", round(at - self.marks[0][0], 1), "s") for at, label in self.marks[1:]
        ]
        rows = [{"figure": f, "value": v, "unit": u} for f, v, u in figures]
        return rows_frame(rows, ("figure", "value", "unit"), "The outage as HTTP clients saw it")


def compared(outages: Mapping[str, Outage]) -> pd.DataFrame:
    """Drills side by side. Columns: drill, longest_s, outages, requests_lost, of, resolution_s."""
    rows = [
        {
            "drill": name,
            "longest_s": round(outage.longest, 2),
            "outages": len(outage.windows),
            "requests_lost": outage.lost,
            "of": len(outage.rounds),
            "resolution_s": round(outage.resolution, 2),
        }
        for name, outage in outages.items()
    ]
    columns = ("drill", "longest_s", "outages", "requests_lost", "of", "resolution_s")
    return rows_frame(rows, columns, "The outage as HTTP clients saw it, drill by drill")

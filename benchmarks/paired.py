"""Measure two things by turns, so that a busy machine is busy for both; print a table."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table; seconds each, ratio None = could not be measured, `note` says why."""

    what: str
    ours: float | None = None
    peer: float | None = None
    ratio: float | None = None
    target: float | None = None
    note: str = ""


def paired(
    what: str,
    ours: Callable[[], float],
    peer: Callable[[], float],
    *,
    target: float | None = None,
    rounds: int = 9,
    note: str = "",
) -> Row:
    """Both give seconds; one after the other, `rounds` times. The ratio is the median of pairs."""
    pairs = [(ours(), peer()) for _ in range(rounds)]
    middle = [statistics.median(side) for side in zip(*pairs, strict=True)]
    ratio = statistics.median(mine / other for mine, other in pairs)
    return Row(what, middle[0], middle[1], ratio, target, note)


def wall(act: Callable[[], object]) -> float:
    """Seconds on the clock."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def cpu(act: Callable[[], object]) -> float:
    """Seconds of this process' CPU."""
    began = time.process_time()
    act()
    return time.process_time() - began


def command(argv: Sequence[str], stdin: str = "") -> float:
    """Seconds that a command takes. Raises CalledProcessError with what it said."""
    return wall(
        lambda: subprocess.run(argv, input=stdin, check=True, capture_output=True, text=True)
    )


def show(rows: Sequence[Row]) -> None:
    """The table on stdout."""
    head = f"{'benchmark':<44} {'ours':>9} {'peer':>9} {'ratio':>6} {'target':>6}"
    lines = [head, "-" * len(head)]
    for row in rows:
        figures = (_seconds(row.ours), _seconds(row.peer), _number(row.ratio), _number(row.target))
        lines.append("{:<44} {:>9} {:>9} {:>6} {:>6}  {}".format(row.what, *figures, row.note))
    sys.stdout.write("\n".join(lines) + "\n")


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value * 1000:.2f} ms" if value < 1 else f"{value:.2f} s"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"

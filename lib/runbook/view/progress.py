"""What a long wait shows while it lasts: one line that moves; afterwards what was seen."""

from __future__ import annotations

import contextlib
import html
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display

from runbook.view.colours import GOOD
from runbook.view.shown import Shown
from runbook.view.tables import as_html
from runbook.wait import Waited

_WIDTH, _HEIGHT = 480, 14
_PACE = 0.2  # our seconds from one line shown to the next


def show(thing: object) -> None:
    """Display something now: rich in a notebook, as text in a terminal."""
    display(thing)  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def shown() -> Iterator[Callable[[Waited], None]]:
    """An observer for one wait: a line while it lasts, then the table and a small chart."""
    if get_ipython() is None:
        yield _terminal
        return
    handle: Any = display(Shown("waiting", "waiting"), display_id=True)  # type: ignore[no-untyped-call]
    kept: list[Waited] = []
    due = 0.0

    def observe(waited: Waited) -> None:
        nonlocal due
        kept[:] = [waited]
        if time.monotonic() >= due:
            due = time.monotonic() + _PACE
            handle.update(lasting(waited))

    try:
        yield observe
    finally:
        if kept:
            handle.update(finished(kept[0]))


def lasting(waited: Waited) -> Shown:
    """A wait that goes on: what it saw last, and how much of its time has gone."""
    line = _line(waited)
    bar = chart(waited, waited.deadline)
    return Shown(line, f"<div><code>{html.escape(line)}</code></div>{bar}")


def finished(waited: Waited) -> Shown:
    """Everything that a wait saw: a chart of held / not yet over time, and the table."""
    bar = chart(waited, waited.seconds) if len(waited.changes()) > 1 else ""
    return Shown(str(waited), bar + as_html(waited.table()))


def chart(waited: Waited, total: float = 0.0) -> str:
    """A bar over `total` seconds: grey while the condition did not hold, green when it did."""
    total = max(waited.seconds, total, 0.001)
    bars = []
    changes = waited.changes()
    for number, (looked, seen) in enumerate(changes):
        at = looked if number else 0.0
        end = changes[number + 1][0] if number + 1 < len(changes) else waited.seconds
        shade = GOOD if seen.held else ("#c9ced6", "#9aa4b2")[number % 2]
        left, width = at / total * _WIDTH, max((end - at) / total * _WIDTH, 3)
        left = min(left, _WIDTH - width)
        title = html.escape(f"{looked:.1f} s: {seen.seen}")
        bars.append(
            f"<rect x='{left:.1f}' y='0' width='{width:.1f}' height='{_HEIGHT}' fill='{shade}'>"
            f"<title>{title}</title></rect>"
        )
    return (
        f"<svg role='img' width='{_WIDTH}' height='{_HEIGHT}' viewBox='0 0 {_WIDTH} {_HEIGHT}' "
        "style='background:#8883' "
        f"aria-label='{html.escape(waited.what)}: {waited.seconds:.1f} s'>{''.join(bars)}</svg>"
    )


def _line(waited: Waited) -> str:
    at, seen = waited.observations[-1]
    return f"{at:6.1f} s of {waited.deadline:g} s, until {waited.what}: {seen.seen}"


def _terminal(waited: Waited) -> None:
    if len(waited.changes()) == 1 or waited.observations[-1][1] != waited.observations[-2][1]:
        sys.stderr.write(_line(waited) + "\n")

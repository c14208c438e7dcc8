"""What a long wait shows while it lasts: one line that moves; afterwards what was seen."""

from __future__ import annotations

import contextlib
import html
import sys
from collections.abc import Callable, Iterator
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display

from runbook.view.shown import Shown
from runbook.view.tables import as_html
from runbook.wait import Waited

_WIDTH, _HEIGHT = 480, 14


def show(thing: object) -> None:
    """Display something now: rich in a notebook, as text in a terminal."""
    display(thing)  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def shown() -> Iterator[Callable[[Waited], None]]:
    """An observer for one wait: a line while it lasts, then the table and a small chart."""
    if get_ipython() is None:  # type: ignore[no-untyped-call]
        yield _terminal
        return
    handle: Any = display(Shown("waiting", "waiting"), display_id=True)  # type: ignore[no-untyped-call]
    kept: list[Waited] = []
    said: list[str] = []

    def observe(waited: Waited) -> None:
        kept[:] = [waited]
        line = _line(waited)
        if line.partition(":")[2] != (said[-1].partition(":")[2] if said else None):
            said.append(line)
            handle.update(Shown(line, f"<code>{html.escape(line)}</code>"))

    try:
        yield observe
    finally:
        if kept:
            handle.update(finished(kept[0]))


def finished(waited: Waited) -> Shown:
    """Everything that a wait saw: a chart of held / not yet over time, and the table."""
    return Shown(str(waited), chart(waited) + as_html(waited.table()))


def chart(waited: Waited) -> str:
    """A bar over the time of the wait: grey while the condition did not hold, green when it did."""
    total = max(waited.seconds, 0.001)
    bars = []
    changes = waited.changes()
    for number, (at, seen) in enumerate(changes):
        end = changes[number + 1][0] if number + 1 < len(changes) else total
        shade = "#1a7f37" if seen.held else ("#c9ced6", "#9aa4b2")[number % 2]
        left, width = at / total * _WIDTH, max((end - at) / total * _WIDTH, 3)
        left = min(left, _WIDTH - width)
        title = html.escape(f"{at:.1f} s: {seen.seen}")
        bars.append(
            f"<rect x='{left:.1f}' y='0' width='{width:.1f}' height='{_HEIGHT}' fill='{shade}'>"
            f"<title>{title}</title></rect>"
        )
    return (
        f"<svg role='img' width='{_WIDTH}' height='{_HEIGHT}' "
        f"aria-label='{html.escape(waited.what)}: {waited.seconds:.1f} s'>{''.join(bars)}</svg>"
    )


def _line(waited: Waited) -> str:
    at, seen = waited.observations[-1]
    return f"{at:6.1f} s of {waited.deadline:g} s, until {waited.what}: {seen.seen}"


def _terminal(waited: Waited) -> None:
    if len(waited.changes()) == 1 or waited.observations[-1][1] != waited.observations[-2][1]:
        sys.stderr.write(_line(waited) + "\n")

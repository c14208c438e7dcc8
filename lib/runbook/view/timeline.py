"""One static picture of a drill: faults, commands and probe results on one axis of time."""

from __future__ import annotations

import html
import io
import math
from collections.abc import Mapping
from typing import Any

from runbook.outage import Outage
from runbook.view.colours import BAD, GOOD
from runbook.view.shown import Shown

_INK = "#1f2328"
_ANSWERED, _FAILED = 0.5, 0.12  # heights: without colours, thick and thin still tell them apart
_KEY = "seconds;  thick: answered,  thin: no answer"


def timeline(outage: Outage, title: str) -> Shown:
    """Probes by address, outages shaded, marks as numbered lines with a legend below."""
    from matplotlib.figure import Figure

    addresses = sorted({probe.address for probe in outage.probes})
    figure = Figure(figsize=(9, 0.8 + 0.4 * len(addresses)))
    axes = figure.add_subplot()
    _draw_probes(axes, outage, addresses)
    for window in outage.windows:
        axes.axvspan(window.start, window.end, color=BAD, alpha=0.15, linewidth=0)
    marked = _draw_marks(axes, outage)
    axes.set_yticks(range(len(addresses)), addresses, parse_math=False)
    axes.set_ylim(-0.6, len(addresses) - 0.4)
    axes.set_xlim(0, outage.seconds)
    key = f"{_KEY},  shaded: no address answered"
    _label(axes, f"{title}: longest outage {outage.longest:.1f} s", [key, *_legend(outage)], marked)
    return Shown(text(outage, title), svg(figure, title))


def side_by_side(outages: Mapping[str, Outage]) -> Shown:
    """Several drills on one axis: for each a bar of served time with its outages."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 0.6 + 0.4 * len(outages)))
    axes = figure.add_subplot()
    for row, outage in enumerate(reversed(list(outages.values()))):
        axes.barh(row, outage.seconds, height=_ANSWERED, color=GOOD)
        for window in outage.windows:
            axes.barh(row, window.seconds, left=window.start, height=_ANSWERED, color="white")
            axes.barh(row, window.seconds, left=window.start, height=_FAILED, color=BAD)
    names = [f"{name}: {outage.longest:.1f} s" for name, outage in outages.items()]
    axes.set_yticks(range(len(outages)), list(reversed(names)), parse_math=False)
    _label(axes, "Longest outage", [_KEY])
    words = "\n".join(text(outage, name) for name, outage in outages.items())
    return Shown(words, svg(figure, "Longest outage"))


def text(outage: Outage, title: str) -> str:
    """The same in words."""
    lines = [f"{title}: longest outage {outage.longest:.1f} s (± {outage.resolution:.1f} s)"]
    lines += [f"  {w.start:7.1f} s  no answer for {w.seconds:.1f} s" for w in outage.windows]
    return "\n".join([*lines, *(f"  {line}" for line in _legend(outage))])


def svg(figure: Any, title: str) -> str:
    """A figure as SVG text that depends on nothing outside it."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    drawn = buffer.getvalue()
    named = f"<svg role='img' aria-label='{html.escape(title)}' "
    return drawn[drawn.index("<svg") :].replace("<svg ", named, 1)


def _legend(outage: Outage) -> list[str]:
    return [f"{n}  {at:.1f} s  {label}" for n, (at, label) in enumerate(outage.marks, 1)]


def _label(axes: Any, title: str, below: list[str], pad: float = 4) -> None:
    axes.tick_params(labelsize=9)
    axes.set_xlabel("\n".join(below), fontsize=9, loc="left", linespacing=1.5, parse_math=False)
    axes.set_title(title, fontsize=10, loc="left", pad=pad, parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_marks(axes: Any, outage: Outage) -> float:
    """A numbered line for each; a number that would stand in another one stands above it.

    Returns the height of the numbers in points.
    """
    near, level, highest, before = outage.seconds * 0.02, 0, 0, -math.inf
    for number, (at, _) in enumerate(outage.marks, 1):
        level = level + 1 if at - before < near else 0
        before, highest = at, max(highest, level)
        axes.axvline(at, color=_INK, linewidth=0.8, linestyle=":")
        axes.annotate(
            str(number),
            (at, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 1 + 9 * level),
            textcoords="offset points",
            fontsize=9,
            ha="center",
        )
    return 14 + 9 * highest


def _draw_probes(axes: Any, outage: Outage, addresses: list[str]) -> None:
    """A bar for each run of equal answers: a picture of thousands of dots says no more."""
    for row, address in enumerate(addresses):
        mine = [p for p in outage.probes if p.address == address]
        begin = 0
        for number in range(1, len(mine) + 1):
            ended = number == len(mine)
            if not ended and (mine[number].failure is None) == (mine[begin].failure is None):
                continue
            end = outage.seconds if ended else mine[number].sent
            good = mine[begin].failure is None
            axes.barh(
                row,
                end - mine[begin].sent,
                left=mine[begin].sent,
                height=_ANSWERED if good else _FAILED,
                color=GOOD if good else BAD,
            )
            begin = number

"""One static picture of a drill: faults, commands and probe results on one axis of time."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from runbook.outage import Outage
from runbook.view.shown import Shown

_GOOD, _BAD, _INK = "#1a7f37", "#b42318", "#1f2328"


def timeline(outage: Outage, title: str) -> Shown:
    """Probes by address, outages shaded, marks as numbered lines with a legend below."""
    from matplotlib.figure import Figure

    addresses = sorted({probe.address for probe in outage.probes})
    figure = Figure(figsize=(9, 1.6 + 0.35 * len(addresses) + 0.2 * len(outage.marks)))
    axes = figure.add_subplot()
    _draw_probes(axes, outage, addresses)
    for window in outage.windows:
        axes.axvspan(window.start, window.end, color=_BAD, alpha=0.18, linewidth=0)
    for number, (at, _) in enumerate(outage.marks, 1):
        axes.axvline(at, color=_INK, linewidth=0.8, linestyle=":")
        axes.annotate(
            str(number),
            (at, 1.0),
            xycoords=("data", "axes fraction"),
            fontsize=8,
            ha="center",
            va="bottom",
        )
    axes.set_yticks(range(len(addresses)), addresses, fontsize=8)
    axes.set_ylim(-0.6, len(addresses) - 0.4)
    axes.set_xlim(0, outage.seconds)
    axes.set_xlabel("\n".join(["seconds", *_legend(outage)]), fontsize=8, loc="left")
    axes.set_title(
        f"{title}: longest outage {outage.longest:.1f} s", fontsize=10, loc="left", pad=14
    )
    axes.spines[["top", "right"]].set_visible(False)
    return Shown(text(outage, title), svg(figure))


def side_by_side(outages: Mapping[str, Outage]) -> Shown:
    """Several drills on one axis: for each a bar of served time with its outages."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 0.8 + 0.5 * len(outages)))
    axes = figure.add_subplot()
    for row, outage in enumerate(reversed(list(outages.values()))):
        axes.barh(row, outage.seconds, height=0.5, color=_GOOD)
        for window in outage.windows:
            axes.barh(row, window.seconds, left=window.start, height=0.5, color=_BAD)
    names = [f"{name}: {outage.longest:.1f} s" for name, outage in outages.items()]
    axes.set_yticks(range(len(outages)), list(reversed(names)), fontsize=9)
    axes.set_xlabel("seconds", fontsize=8, loc="left")
    axes.set_title("Longest outage", fontsize=10, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    words = "\n".join(text(outage, name) for name, outage in outages.items())
    return Shown(words, svg(figure))


def text(outage: Outage, title: str) -> str:
    """The same in words."""
    lines = [f"{title}: longest outage {outage.longest:.1f} s (± {outage.resolution:.1f} s)"]
    lines += [f"  {w.start:7.1f} s  no answer for {w.seconds:.1f} s" for w in outage.windows]
    return "\n".join([*lines, *(f"  {line}" for line in _legend(outage))])


def svg(figure: Any) -> str:
    """A figure as SVG text that depends on nothing outside it."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]


def _legend(outage: Outage) -> list[str]:
    return [f"{n}  {at:.1f} s  {label}" for n, (at, label) in enumerate(outage.marks, 1)]


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
            colour = _GOOD if mine[begin].failure is None else _BAD
            axes.barh(row, end - mine[begin].sent, left=mine[begin].sent, height=0.4, color=colour)
            begin = number

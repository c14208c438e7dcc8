"""Where things run, before and after: servers as boxes, what runs on them inside."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from runbook.view.colours import BAD, GOOD
from runbook.view.shown import Shown

_BOX, _GAP, _LINE = 150, 16, 18
Placement = Mapping[str, Sequence[str]]  # server -> what runs there


def placement(before: Placement, after: Placement, down: Sequence[str] = ()) -> Shown:
    """Two rows of servers; `down` names those that are off afterwards."""
    servers = list(dict.fromkeys([*before, *after]))
    tallest = max([len(p.get(s, ())) for p in (before, after) for s in servers] or [0])
    height = 30 + max(tallest, 1) * _LINE
    width = 70 + len(servers) * (_BOX + _GAP)
    rows = _row("before", before, servers, 0, height, ()) + _row(
        "after", after, servers, height + _GAP, height, down
    )
    total = 2 * height + _GAP + 2
    size = f"viewBox='0 0 {width} {total}' width='{width}' height='{total}'"
    return Shown(
        "\n".join([*_words("before", before, servers, ()), *_words("after", after, servers, down)]),
        f"<svg role='img' aria-label='placement before and after' {size} "
        f"font-family='system-ui,sans-serif' font-size='12'>{rows}</svg>",
    )


def _words(when: str, placed: Placement, servers: Sequence[str], down: Sequence[str]) -> list[str]:
    return [
        f"{when:>6}  {server}{' (down)' if server in down else ''}: "
        f"{', '.join(placed.get(server, ())) or '–'}"
        for server in servers
    ]


def _row(
    when: str, placed: Placement, servers: Sequence[str], top: int, height: int, down: Sequence[str]
) -> str:
    drawn = [f"<text x='0' y='{top + 20}' fill='currentColor'>{when}</text>"]
    for number, server in enumerate(servers):
        left = 60 + number * (_BOX + _GAP)
        lost = server in down
        edge, ground = (BAD, "#fdecea") if lost else ("#57606a", "#f6f8fa")
        dash = " stroke-dasharray='5 3'" if lost else ""
        label = html.escape(f"{server} (down)" if lost else server)
        drawn.append(
            f"<rect x='{left}' y='{top + 1}' width='{_BOX}' height='{height}' rx='5' "
            f"fill='{ground}' stroke='{edge}'{dash}/>"
            f"<text x='{left + 8}' y='{top + 19}' font-weight='600'>{label}</text>"
        )
        for line, name in enumerate(placed.get(server, ())):
            drawn.append(
                f"<text x='{left + 8}' y='{top + 38 + line * _LINE}' fill='{GOOD}'>"
                f"● {html.escape(name)}</text>"
            )
    return "".join(drawn)

"""The line that an operator reads first: passed or failed, and why."""

from __future__ import annotations

import html
from collections.abc import Sequence

from runbook.check import Check
from runbook.view import colours
from runbook.view.shown import Shown

_STYLE = (
    "padding:10px 14px;margin:6px 0;border-left:6px solid {colour};background:{ground};"
    "font-family:system-ui,sans-serif;font-size:15px;color:#1f2328"
)
GOOD = (colours.GOOD, "#e9f6ec")
BAD = (colours.BAD, "#fdecea")
PLAIN = ("#57606a", "#f3f4f6")


def banner(title: str, text: str, colours: tuple[str, str]) -> Shown:
    """A coloured box with a bold title."""
    style = _STYLE.format(colour=colours[0], ground=colours[1])
    body = html.escape(text).replace("\n", "<br>")
    return Shown(
        f"{title} {text}".strip(),
        f"<div style='{style}'><b style='color:{colours[0]}'>{html.escape(title)}</b> {body}</div>",
    )


def check(made: Check) -> Shown:
    """One line for one check, as it is made."""
    colour = colours.GOOD_TEXT if made.passed else colours.BAD_TEXT
    line = html.escape(str(made))
    return Shown(str(made), f"<div style='color:{colour};font-weight:600'>{line}</div>")


def approved(how: str) -> Shown:
    """The plan was approved."""
    return banner("Approved", f"{how}: the changes below may run.", PLAIN)


def outcome(checks: Sequence[Check], changes: int) -> Shown:
    """The verdict of the checks, and how much was changed."""
    failed = [check for check in checks if not check.passed]
    counted = f"{len(checks) - len(failed)} of {len(checks)} checks held · changes: {changes}"
    if not failed:
        return banner("PASSED", counted, GOOD)
    return banner("FAILED", "\n".join([counted, *map(str, failed)]), BAD)

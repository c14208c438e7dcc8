"""Tables as an operator reads them: a caption (server, command, time), states in colour."""

from __future__ import annotations

import html
import math
from typing import Any

import pandas as pd
from IPython.core.getipython import get_ipython

from runbook.view.colours import BAD_TEXT, DIM_TEXT, GOOD_TEXT, LINE
from runbook.view.shown import command

_GOOD = {
    "healthy",
    "running",
    "active",
    "ready",
    "up",
    "leader",
    "passed",
    "done",
    "current",
}
_BAD = {
    "unhealthy",
    "unreachable",
    "failed",
    "down",
    "dead",
    "error",
    "rejected",
    "degraded",
}
# Where yes and no are good and bad news; elsewhere (self, leader, previous) they are neither.
_JUDGED = {"passed", "healthy", "started"}
_COMMANDS = {"command", "undo"}
_CELL = f"text-align:left;padding:2px 10px;border-bottom:1px solid {LINE};vertical-align:top;"
_MONO = "font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12px;"


def install() -> None:
    """Show every DataFrame of this kernel as our table; outside of one nothing happens."""
    shell: Any = get_ipython()
    if shell is not None:
        formatters = shell.display_formatter.formatters
        formatters["text/html"].for_type(pd.DataFrame, as_html)
        formatters["text/plain"].for_type(pd.DataFrame, _pretty)


def _pretty(frame: pd.DataFrame, printer: Any, cycle: bool) -> None:
    printer.text(as_text(frame))


def as_text(frame: pd.DataFrame) -> str:
    """The table as plain text, its caption in front."""
    caption = frame.attrs.get("caption", "")
    shown = pd.DataFrame({name: [word(value) for value in frame[name]] for name in frame})
    body = shown.to_string(index=False) if len(shown) else "(no rows)"
    return f"{caption}\n{body}" if caption else body


def as_html(frame: pd.DataFrame) -> str:
    """The table as HTML without any script or style sheet, so that a record shows it for ever."""
    head = "".join(f"<th style='{_CELL}'>{html.escape(str(name))}</th>" for name in frame)
    rows = "".join(
        "<tr>" + "".join(map(_cell, frame, row)) + "</tr>" for row in frame.itertuples(index=False)
    )
    caption = html.escape(frame.attrs.get("caption", ""))
    empty = f"<tr><td colspan='{len(frame.columns)}' style='{_CELL}'>(no rows)</td></tr>"
    return (
        f"<table style='border-collapse:collapse;{_MONO}'>"
        f"<caption style='text-align:left;padding:4px 10px;color:{DIM_TEXT};white-space:nowrap'>"
        f"{caption}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows or empty}</tbody></table>"
    )


def word(value: object) -> str:
    """One cell as text: – for nothing, lists and objects in words.

    >>> word(None), word([]), word(["a", "b"]), word({"k": 1}), word(True)
    ('–', '–', 'a, b', 'k=1', 'yes')
    """
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, list | tuple):
        return ", ".join(word(item) for item in value) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{key}={word(item)}" for key, item in value.items()) or "–"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if pd.api.types.is_bool(value):
        return "yes" if value else "no"
    return str(value)


def _cell(column: object, value: object) -> str:
    text = command(word(value)) if column in _COMMANDS else html.escape(word(value))
    colour = _colour(column, value)
    style = f"{_CELL}white-space:pre-wrap;" + (f"color:{colour};font-weight:600;" if colour else "")
    return f"<td style='{style}'>{text}</td>"


def _colour(column: object, value: object) -> str:
    plain = word(value).lower()
    if plain in ("yes", "no") and column in _JUDGED:
        return GOOD_TEXT if plain == "yes" else BAD_TEXT
    return GOOD_TEXT if plain in _GOOD else BAD_TEXT if plain in _BAD else ""

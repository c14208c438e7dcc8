"""Tables as an operator reads them: a caption (server, command, time), states in colour."""

from __future__ import annotations

import html
import math
from typing import Any

import pandas as pd
from IPython.core.getipython import get_ipython

_GOOD = {
    "healthy",
    "running",
    "active",
    "ready",
    "up",
    "true",
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
    "false",
    "dead",
    "error",
    "rejected",
    "degraded",
}
_CELL = "text-align:left;padding:2px 10px;border-bottom:1px solid #ddd;vertical-align:top;"
_MONO = "font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12px;"


def install() -> None:
    """Show every DataFrame of this kernel as our table; outside of one nothing happens."""
    shell: Any = get_ipython()  # type: ignore[no-untyped-call]
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
        "<tr>" + "".join(_cell(value) for value in row) + "</tr>"
        for row in frame.itertuples(index=False)
    )
    caption = html.escape(frame.attrs.get("caption", ""))
    empty = f"<tr><td colspan='{len(frame.columns)}' style='{_CELL}'>(no rows)</td></tr>"
    return (
        f"<table style='border-collapse:collapse;{_MONO}'>"
        f"<caption style='text-align:left;padding:4px 10px;color:#555;white-space:nowrap'>{caption}</caption>"
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
    if str(value) in ("True", "False"):
        return "yes" if str(value) == "True" else "no"
    return str(value)


def _cell(value: object) -> str:
    text = word(value)
    plain = str(value).lower()
    colour = "#1a7f37" if plain in _GOOD else "#b42318" if plain in _BAD else ""
    style = f"{_CELL}white-space:pre-wrap;" + (f"color:{colour};font-weight:600;" if colour else "")
    return f"<td style='{style}'>{html.escape(text)}</td>"

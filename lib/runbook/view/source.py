"""A text file as it will stand on a disk."""

from __future__ import annotations

import html

from runbook.view.colours import DIM_TEXT, LINE
from runbook.view.shown import Shown


def source(text: str, title: str) -> Shown:
    """The text in a fixed-width box with its name."""
    return Shown(
        f"--- {title}\n{text}",
        f"<div style='color:{DIM_TEXT};font-size:12px'>{html.escape(title)}</div>"
        f"<pre style='padding:8px 12px;background:none;border:1px solid {LINE};"
        f"white-space:pre-wrap;font-size:12px'>{html.escape(text)}</pre>",
    )

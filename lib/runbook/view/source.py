"""A text file as it will stand on a disk."""

from __future__ import annotations

import html

from runbook.view.shown import Shown


def source(text: str, title: str) -> Shown:
    """The text in a fixed-width box with its name."""
    return Shown(
        f"--- {title}\n{text}",
        f"<div style='color:#555;font-size:12px'>{html.escape(title)}</div>"
        "<pre style='padding:8px 12px;background:#f6f8fa;border:1px solid #d0d7de;"
        f"white-space:pre-wrap;font-size:12px'>{html.escape(text)}</pre>",
    )

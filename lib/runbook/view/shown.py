"""A thing with a text form and an HTML form, for notebooks, records and terminals alike."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_FLAG = re.compile(r"(?<!\S)--?[^\s-]\S{0,40}")


@dataclass(frozen=True)
class Shown:
    """Displays as `html` in a notebook and as `text` everywhere else."""

    text: str
    html: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def command(line: str) -> str:
    """A command line as HTML that a browser does not break within a flag (--replicas)."""
    return _FLAG.sub(r"<span style='white-space:nowrap'>\g<0></span>", html.escape(line))

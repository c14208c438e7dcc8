"""A thing with a text form and an HTML form, for notebooks, records and terminals alike."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """Displays as `html` in a notebook and as `text` everywhere else."""

    text: str
    html: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text

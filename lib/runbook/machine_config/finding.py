"""What the lint has to say about one place of a machine's configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong: where (line and column from 1, path of the key), what, what to do.

    An error will not do what the file says; a warning works today but is a trap.
    """

    line: int
    column: int
    path: str
    severity: Severity
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        where = f"line {self.line}, column {self.column}: {self.severity}: "
        what = f"{self.path}: {self.message}" if self.path else self.message
        return where + what + (f" ({self.remedy})" if self.remedy else "")

"""The programs that every machine has: coreutils, grep, curl and their like."""

from __future__ import annotations

from runbook_twin.programs import (
    conditions,
    curl,
    folders,
    listing,
    numbers,
    power,
    search,
    system,
    text,
)
from runbook_twin.programs.base import PROGRAMS

__all__ = [
    "PROGRAMS",
    "conditions",
    "curl",
    "folders",
    "listing",
    "numbers",
    "power",
    "search",
    "system",
    "text",
]

"""Target files: where the servers are, who logs in, which cloud belongs to them."""

from __future__ import annotations

from runbook.params.model import (
    CloudAccess,
    Group,
    KeyPair,
    Power,
    ServerEntry,
    Ssh,
    Target,
    target_schema,
)
from runbook.params.reading import load_target

__all__ = [
    "CloudAccess",
    "Group",
    "KeyPair",
    "Power",
    "ServerEntry",
    "Ssh",
    "Target",
    "load_target",
    "target_schema",
]

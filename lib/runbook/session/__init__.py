"""One run of one runbook, as its notebook's cells see it."""

from __future__ import annotations

from runbook.session.run import Run, start

__all__ = ["Run", "start"]

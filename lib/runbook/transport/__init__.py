"""Carry one command line to one server over SSH; the only place that names paramiko."""

from __future__ import annotations

from runbook.transport.conversation import DEFAULT_LIMIT, Reply
from runbook.transport.ssh import Ssh

__all__ = ["DEFAULT_LIMIT", "Reply", "Ssh"]

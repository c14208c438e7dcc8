"""Command lines on servers: quoting, sudo, timing, and four verbs that say what a failure is.

run: any exit code is an answer; ask: must be 0; test: 0 or 1, as a bool; change: must be 0 and
is recorded as a change. On one server (Node) or on many at once (Nodes).
"""

from __future__ import annotations

from runbook.command.node import Node, Observer, Transport
from runbook.command.nodes import Nodes, Outcomes
from runbook.command.result import Result, Verb, quoted

__all__ = ["Node", "Nodes", "Observer", "Outcomes", "Result", "Transport", "Verb", "quoted"]

"""Whether a server can be logged in to."""

from __future__ import annotations

from runbook.command import Node
from runbook.facts.base import Condition, Observation


def answers(node: Node) -> Condition:
    """The condition that the server can be logged in to."""

    def look() -> Observation:
        said = node.run("true", deadline=10)
        return Observation(said.exit_code == 0, f"{node.name} answers with exit {said.exit_code}")

    return look

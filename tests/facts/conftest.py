"""Servers that answer with what real tools printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbook.command import Node
from runbook.inventory import Server
from runbook.transport import Reply

OUTPUTS = Path(__file__).parents[1] / "outputs"
Answer = Callable[[str], Reply]


class Wire:
    """Answers each line as it was recorded."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.lines: list[str] = []

    def execute(self, server: Server, line: str, **_: Any) -> Reply:
        self.lines.append(line)
        return self.answer(line)

    def is_connected(self, server: Server) -> bool:
        return True

    def close(self, server: Server | None = None) -> None:
        """Nothing to close."""


def recorded(name: str) -> dict[str, Any]:
    """One recording: folder/case."""
    found: dict[str, Any] = json.loads((OUTPUTS / f"{name}.json").read_text())
    return found


def reply(case: dict[str, Any]) -> Reply:
    return Reply(case["exit_code"], case["stdout"].encode(), case["stderr"].encode())


@pytest.fixture
def node() -> Callable[..., Node]:
    """A node that answers lines by recordings: line -> folder/case, or a function."""

    def make(answers: dict[str, str] | Answer, **facts: str) -> Node:
        def look(line: str) -> Reply:
            assert isinstance(answers, dict)
            return reply(recorded(answers[line]))

        wire = Wire(look if isinstance(answers, dict) else answers)
        server = Server("node00", "any", "192.168.0.10", user="core")
        return Node(server, wire, facts=dict(facts))

    return make

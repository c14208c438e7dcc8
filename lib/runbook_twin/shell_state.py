"""What the parts of the shell hand to each other: streams, and jumps out of the flow."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_twin.streams import Input, Write


@dataclass(frozen=True)
class Streams:
    """stdin, stdout, stderr of one command."""

    input: Input
    out: Write
    err: Write
    tty: bool = False


class Exit(Exception):
    """The shell ends with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Return(Exit):
    """A function ends with this status."""


class Continue(Exception):
    """The next round of a loop, `levels` loops up."""

    def __init__(self, levels: int = 1) -> None:
        super().__init__(levels)
        self.levels = levels


class Break(Continue):
    """Out of a loop."""

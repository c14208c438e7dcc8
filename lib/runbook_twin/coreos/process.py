"""A process that systemd has started."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_twin.coreos.command_lines import CommandLine

TERMINATED = -15  # an exit code for "ended by SIGTERM"


@dataclass
class Process:
    """A command line that was started: which Exec line, how it ended (None = runs)."""

    kind: str
    line: CommandLine
    pid: int
    exit_code: int | None = None

    @property
    def ended(self) -> str:
        """How it ended, in systemd's words."""
        if self.exit_code == TERMINATED:
            return "code=killed, signal=TERM"
        words = {0: "/SUCCESS", 1: "/FAILURE", 203: "/EXEC"}
        return f"code=exited, status={self.exit_code}{words.get(self.exit_code or 0, '')}"

"""Everything that can go wrong, with its evidence and one sentence of remedy.

RunbookError                    exit 5
├── UsageError                  exit 2   bad command line, parameter or target file
│   ├── ParameterError
│   ├── TargetError
│   └── MissingError            what a runbook needs is not there yet; says which runbook makes it
├── Refused                     exit 3   not approved, a guard, a lock; nothing was touched
├── Unreachable                 exit 4   a server or an API that could not be reached
│   ├── HostKeyError
│   └── NotAuthenticated
├── CheckFailed                 exit 1   expected and observed differ
│   └── WaitFailed              the deadline passed before the condition held
├── CommandFailed               exit 5   an exit code that the verb does not take
│   ├── NotFinished             no exit code: connection lost, deadline passed, output limit
│   ├── SudoRefused
│   └── ToolMissing
├── CloudError                  exit 5   the OpenStack API refused or a server went to ERROR
└── ParseError                  exit 5   output that cannot be read in full
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Evidence:
    """What was seen when it went wrong.

    server: its name; command: as shown (secrets by name); exit_code: None = did not finish;
    seconds: how long it ran, in the target's time; tail: the last lines of its output.
    """

    server: str = ""
    command: str = ""
    exit_code: int | None = None
    seconds: float | None = None
    tail: str = ""

    def __str__(self) -> str:
        ended = "did not finish" if self.exit_code is None else f"exit {self.exit_code}"
        took = "" if self.seconds is None else f" after {self.seconds:.1f} s"
        lines = [f"on {self.server}: {self.command} ({ended}{took})"] if self.command else []
        return "\n".join([*lines, *(f"  | {line}" for line in self.tail.splitlines()[-10:])])


class RunbookError(Exception):
    """Base of all our errors: `what` happened, the `evidence`, one sentence of `remedy`."""

    exit_code = 5

    def __init__(self, what: str, *, evidence: Evidence | None = None, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.evidence = evidence
        self.remedy = remedy

    def __str__(self) -> str:
        parts = [self.what, str(self.evidence or ""), self.remedy and f"Remedy: {self.remedy}"]
        return "\n".join(part for part in parts if part)


class UsageError(RunbookError):
    """Bad command line, parameter or target file."""

    exit_code = 2


class ParameterError(UsageError):
    """A parameter that the runbook does not have, or a value of the wrong type."""


class TargetError(UsageError):
    """A target file that cannot be used: file, line, key path and what was expected."""


class MissingError(UsageError):
    """What the runbook needs is not there; the remedy names the runbook that makes it."""


class Refused(RunbookError):
    """Not approved, a guard said no, or the lock is held. Nothing was touched."""

    exit_code = 3


class Unreachable(RunbookError):
    """A server or an API that could not be reached."""

    exit_code = 4


class HostKeyError(Unreachable):
    """The server's host key is unknown or is not the expected one."""


class NotAuthenticated(Unreachable):
    """The server or the cloud did not accept who we are."""


class CheckFailed(RunbookError):
    """A check that was expected to hold did not."""

    exit_code = 1


class WaitFailed(CheckFailed):
    """A deadline passed; the evidence holds the last observation."""


class CommandFailed(RunbookError):
    """A command ended with an exit code that its verb does not accept."""


class NotFinished(CommandFailed):
    """A command without an exit code: connection lost, deadline passed, too much output."""


class SudoRefused(CommandFailed):
    """`sudo -n` was not allowed on the server."""


class ToolMissing(CommandFailed):
    """The server does not have the program (exit 127)."""


class CloudError(RunbookError):
    """The OpenStack API refused a request, or a server went to ERROR."""


class ParseError(RunbookError):
    """A tool's output that cannot be read in full: tool, line number and the text."""

    def __init__(self, tool: str, why: str, *, line: int | None = None, text: str = "") -> None:
        where = f" line {line}" if line else ""
        shown = f": {text.strip()[:200]!r}" if text.strip() else ""
        super().__init__(f"{tool}:{where} {why}{shown}")
        self.tool, self.line, self.text = tool, line, text

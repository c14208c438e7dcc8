"""One command that ran, and what its exit code means for the verb that asked for it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from runbook.errors import (
    CommandFailed,
    Evidence,
    NotFinished,
    SudoRefused,
    ToolMissing,
    UsageError,
)

Verb = Literal["run", "ask", "test", "change"]


@dataclass(frozen=True)
class Result:
    """One command that ran: exit_code None = did not finish; seconds in the target's time."""

    server: str
    command: str
    exit_code: int | None
    stdout: bytes
    stderr: bytes
    seconds: float
    why: str = ""

    @property
    def text(self) -> str:
        """stdout as text; bytes that are no UTF-8 stay visible."""
        return self.stdout.decode("utf-8", "backslashreplace")

    @property
    def errors(self) -> str:
        """stderr as text."""
        return self.stderr.decode("utf-8", "backslashreplace")

    @property
    def evidence(self) -> Evidence:
        """What an error shows of it: the last lines of both streams."""
        tail = "\n".join(part for part in (self.text.rstrip(), self.errors.rstrip()) if part)
        return Evidence(self.server, self.command, self.exit_code, self.seconds, tail)


def quoted(line: str, *values: object) -> str:
    """`line` with each %s replaced by a quoted value; without values it is taken as it is.

    >>> quoted("cat -- %s", "/tmp/a b; rm -rf /")
    "cat -- '/tmp/a b; rm -rf /'"

    Raises UsageError for a value that holds a NUL.
    """
    if not values:
        return line
    texts = [str(value) for value in values]
    if any("\0" in text for text in texts):
        raise UsageError(f"a value for {line!r} holds a NUL, which no command line can carry")
    return line % tuple(map(shlex.quote, texts))


def with_sudo(line: str) -> str:
    """The line as root; one with an operator outside of quotes is run by root's shell as a whole.

    >>> with_sudo("cat /etc/motd"), with_sudo("cd /etc && ls")
    ('sudo -n cat /etc/motd', "sudo -n sh -c 'cd /etc && ls'")
    """
    if _OPERATOR.search(_QUOTED.sub("", line)):
        return f"sudo -n sh -c {shlex.quote(line)}"
    return f"sudo -n {line}"


def finished(result: Result, user: str) -> Result:
    """A result that has an exit code of the command itself. Raises NotFinished, SudoRefused."""
    if result.exit_code is None:
        raise NotFinished(
            f"{result.server}: the command did not finish: {result.why}",
            evidence=result.evidence,
            remedy="look at the server before you run it again: it may have done part of it",
        )
    if result.exit_code == 1 and _begins_with_sudo(result) and _REFUSED.search(result.errors):
        raise SudoRefused(
            f"{result.server}: {user} may not use sudo without a password",
            evidence=result.evidence,
            remedy=f"allow {user} NOPASSWD for it in sudoers",
        )
    return result


def expect(result: Result, accept: Sequence[int]) -> Result:
    """A result with an accepted exit code. Raises ToolMissing, CommandFailed."""
    if result.exit_code in accept:
        return result
    if tool := _missing_tool(result):
        raise ToolMissing(
            f"{result.server}: there is no program {tool!r}",
            evidence=result.evidence,
            remedy=f"install {tool} there, or run the runbook that fits this server",
        )
    raise CommandFailed(
        f"{result.server}: the command ended with exit code {result.exit_code}",
        evidence=result.evidence,
        remedy="read its last lines above; they are the tool's own reason",
    )


_QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)
_OPERATOR = re.compile(r"[;&|<>()\n]")
# sudo 1.8 and 1.9, then sudo-rs; "unable to resolve host" and other noise is no refusal.
_REFUSED = re.compile(
    r"^sudo: (?:.*a password is required|.*no tty present|.*a terminal is required"
    r"|.*must have a tty|The \"no new privileges\" flag is set|.*account validation failure"
    r"|.*interactive authentication is required|I'm sorry .*I'm afraid I can't do that)"
    r"|^\S+ is not in the sudoers file|^\S+ is not allowed to run sudo on "
    r"|^Sorry, user \S+ (?:is not allowed to execute|may not run sudo)",
    re.MULTILINE,
)
_NOT_FOUND = re.compile(
    r"^(?:\S*sh: )?(?:line )?(?:\d+: )?(?:sudo: )?(?:exec: )?(?P<tool>[^\s:]+): "
    r"(?:command )?not found$|command not found: (?P<zsh>\S+)$",
    re.MULTILINE,
)


def _begins_with_sudo(result: Result) -> bool:
    return result.command.startswith("sudo ")


def _missing_tool(result: Result) -> str:
    """The program that is not there; sudo itself says so with exit code 1."""
    found = _NOT_FOUND.search(result.errors)
    if result.exit_code != 127:
        by_sudo = result.exit_code == 1 and _begins_with_sudo(result)
        said = re.search(r"^sudo: (\S+): command not found$", result.errors, re.MULTILINE)
        return said[1] if by_sudo and said else ""
    if found:
        return found["tool"] or found["zsh"]
    words = result.command.removeprefix("sudo -n ").split()
    return next((word for word in words if "=" not in word), result.command)

"""What every parser takes and gives: an answer of a tool in, declared columns and rows out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from runbook.errors import ParseError, UsageError

Kind = Literal["text", "integer", "number", "boolean", "list", "object"]

# CSI sequences, OSC titles and the one-character escapes that terminals are sent.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_CONTROL_BYTES = bytes(byte for byte in range(32) if byte not in b"\t\n")
# An error is shown before a parser can hide what is secret: `docker swarm` prints tokens.
_TOKEN = re.compile(r"SWM(?:TKN|KEY)-\S*")


@dataclass(frozen=True)
class Column:
    """One declared column: its name and the kind of its values (null is always possible)."""

    name: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Parsed:
    """What a parser read: columns in order, rows (one value per column), summary facts."""

    columns: tuple[Column, ...]
    rows: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What a tool said: the command line as it ran (without sudo), cleaned text, exit code.

    >>> Answer.of(["sudo", "ros", "os", "version"], b"v0.6.1\\r\\n").lines
    ['v0.6.1']
    """

    argv: tuple[str, ...]
    stdout: str
    stderr: str = ""
    exit_code: int = 0

    @classmethod
    def of(
        cls,
        argv: Sequence[str],
        stdout: bytes | str,
        stderr: bytes | str = b"",
        exit_code: int = 0,
    ) -> Answer:
        """Clean the text (UTF-8, line ends, colours) or refuse it with a ParseError."""
        words = tuple(argv)
        tool = " ".join(words[:2])
        return cls(words, _clean(tool, stdout), _clean(tool, stderr), exit_code)

    @property
    def tool(self) -> str:
        """The program's name, for messages."""
        return self.argv[0] if self.argv else "?"

    @property
    def lines(self) -> list[str]:
        """The lines of stdout, without the empty ones at the end."""
        return self.stdout.rstrip("\n").split("\n") if self.stdout.strip() else []


def no_parser(words: Sequence[str], known: Iterable[str]) -> UsageError:
    """The error for a command without a parser. words: tool and sub-command, not what follows."""
    shown = _TOKEN.sub("SWMTKN-...", " ".join(words))
    return UsageError(
        f"no parser for: {shown or '(nothing)'}",
        remedy=f"give a command line of one of: {', '.join(sorted(known))}",
    )


def _clean(tool: str, text: bytes | str) -> str:
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise ParseError(tool, "is not UTF-8 text", line=line) from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    text = _ANSI.sub("", text) if "\x1b" in text else text
    if _has_control(text) and (control := _CONTROL.search(text)):
        line = text.count("\n", 0, control.start()) + 1
        shown = _TOKEN.sub("SWMTKN-...", text.split("\n")[line - 1])
        raise ParseError(tool, "has control characters", line=line, text=shown)
    return text


def _has_control(text: str) -> bool:
    """As _CONTROL.search, ten times faster for a long text."""
    raw = text.encode("utf-8", "surrogatepass")
    return len(raw.translate(None, _CONTROL_BYTES)) != len(raw)

"""One answer under the name that its messages carry, and the refusals that all parsers share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from runbook.errors import ParseError
from runbook.parse.base import Answer

# Go tools print these with exit 0, on stdout.
_HELP = re.compile(r"Incorrect Usage|No help topic for |Usage: |NAME:$")
_OWN_ERROR = re.compile(r"error|fatal|fail|unable|cannot|invalid|not found|denied", re.IGNORECASE)
_JSON_LOG = '{"level":"'


class Line(NamedTuple):
    """A line of an answer and its number there, from 1."""

    number: int
    text: str


@dataclass(frozen=True)
class Source:
    """An answer, and the command's name as errors show it (`etcdctl member list`)."""

    name: str
    answer: Answer

    def error(self, why: str, *where: Line | None, text: str = "") -> ParseError:
        """A ParseError that names the command and, where there is one, the line."""
        for line in where:
            if line:
                return ParseError(self.name, why, line=line.number, text=line.text)
        return ParseError(self.name, why, text=text)

    def require_exit(self, *codes: int) -> None:
        """Raise the tool's own error unless the exit code is an answer of this command."""
        if self.answer.exit_code not in codes:
            raise self.error(
                f"failed with exit {self.answer.exit_code}",
                text=self._own_error() or "(it said nothing)",
            )

    def refuse_help(self) -> None:
        """Raise when the tool printed its help instead of an answer, and called that success."""
        if self.answer.exit_code:
            return
        first = self.answer.stdout.lstrip("\n").partition("\n")[0]
        if _HELP.match(first):
            raise self.error("printed its help instead of an answer", Line(1, first))

    def lines(self, text: str | None = None) -> list[Line]:
        """The numbered lines of stdout (or of `text`); refuses text without its last newline."""
        whole = self.answer.stdout if text is None else text
        lines = [Line(number, line) for number, line in enumerate(whole.split("\n"), 1)]
        last = lines.pop()
        if last.text:
            raise self.error("is cut off: no newline at its end", last)
        return lines

    def _own_error(self) -> str:
        said = [
            line
            for line in (self.answer.stderr + "\n" + self.answer.stdout).split("\n")
            if line.strip() and not line.startswith(_JSON_LOG)
        ]
        return next((line for line in said if _OWN_ERROR.search(line)), said[0] if said else "")


def without_logs(lines: Iterable[Line]) -> list[Line]:
    """Drop the JSON log lines that etcdctl 3 writes when it tries again."""
    return [line for line in lines if not line.text.startswith(_JSON_LOG)]

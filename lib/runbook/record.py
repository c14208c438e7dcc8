"""Inside the kernel: the journal of one run - commands, changes, checks, errors - as it happens.

The engine names a file in $RUNBOOK_JOURNAL; every event is one JSON line in it, written at once,
so that a run that is killed leaves what it did. Without the variable (JupyterLab) the events stay
in memory.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runbook.errors import RunbookError
from runbook.secret import clean_all_looks

VARIABLE = "RUNBOOK_JOURNAL"
PLAN_VARIABLE = "RUNBOOK_PLAN"  # in the kernel: show the plan, then end

Event = dict[str, Any]


class Planned(RunbookError):
    """The run ends after its plan, as it was asked to: raised by the approve step, no failure."""

    exit_code = 0


class Journal:
    """Appends the events of a run; all text in them goes through `clean` first.

    file: None = $RUNBOOK_JOURNAL if set. clean: a redactor's `clean_all`.
    Raises RunbookError when the file cannot be written: what leaves no evidence must not go on.
    """

    def __init__(
        self, clean: Callable[[Any], Any] = clean_all_looks, file: Path | str | None = None
    ) -> None:
        self._file = file or os.environ.get(VARIABLE)
        self._clean = clean
        self._lock = threading.Lock()
        self.events: list[Event] = []

    def command(
        self, server: str, text: str, exit_code: int | None, seconds: float, verb: str
    ) -> None:
        """A command as shown; exit_code None = did not finish; seconds in the target's time."""
        self._write("command", server, text=text, exit_code=exit_code, seconds=seconds, verb=verb)

    def change(self, server: str, text: str, what: str, lasting: bool = True) -> None:
        """A change that was made. lasting: False = a drill's act, taken back in the same run."""
        self._write("change", server, text=text, what=what, lasting=lasting)

    def check(self, name: str, expected: Any, observed: Any, passed: bool) -> None:
        """What was expected, what was observed, and whether that is the same."""
        self._write("check", name=name, expected=expected, observed=observed, passed=bool(passed))

    def version(self, server: str, tool: str, version: str) -> None:
        """The version of a tool on a server."""
        self._write("version", server, tool=tool, version=version)

    def target(self, name: str, sha256: str, clock: float) -> None:
        """The target, the digest of its file, and how much faster than ours its clock runs."""
        self._write("target", name=name, sha256=sha256, clock=clock)

    def operator(self, note: str) -> None:
        """What the operator wrote down: who asked, why, which ticket."""
        self._write("operator", note=note)

    def error(self, kind: str, exit_code: int, text: str) -> None:
        """An error that ended a cell: its class, the exit code it stands for, its words."""
        self._write("error", kind=kind, exit_code=exit_code, text=text)

    def refused(self, reason: str) -> None:
        """The run was refused before it touched anything."""
        self._write("refused", reason=reason)

    def planned(self) -> None:
        """The run ended after its plan, as it was asked to."""
        self._write("planned")

    def _write(self, kind: str, server: str | None = None, /, **fields: Any) -> None:
        where = {} if server is None else {"server": server}
        event = {"event": kind, "at": now(), **where, **fields}
        # Values that JSON does not know (a path, a numpy number) are told by their words; only
        # then is everything text, and can be cleaned.
        event = self._clean(json.loads(json.dumps(event, default=str)))
        with self._lock:
            self.events.append(event)
            if self._file:
                append(Path(self._file), event)


def append(file: Path, event: Event) -> None:
    """Add one event to a journal file, in one write. Raises RunbookError when it cannot."""
    line = json.dumps(event, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            written = os.write(descriptor, line)
        finally:
            os.close(descriptor)
        if written != len(line):
            raise OSError(f"only {written} of {len(line)} bytes were written")
    except OSError as error:
        raise RunbookError(
            f"the journal of this run cannot be written: {error}",
            remedy="make room where outputs/ lies; a run that leaves no evidence does not go on",
        ) from None


def load(file: Path) -> list[Event]:
    """The events of a journal file. A last line that was cut by the end of its writer is left out.

    Raises RunbookError when any other line cannot be read.
    """
    lines = file.read_bytes().split(b"\n")
    events: list[Event] = []
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line) if line else None
        except ValueError:
            if number < len(lines):
                raise RunbookError(
                    f"line {number} of the journal {file} cannot be read",
                    remedy="look at the file: somebody else wrote into it",
                ) from None
            event = None
        if isinstance(event, dict):
            events.append(event)
    return events


def now() -> str:
    """The time in UTC, to the millisecond: 2016-11-14T09:30:00.000Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

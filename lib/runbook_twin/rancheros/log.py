"""logrus' lines: what `ros` says on stderr, on a terminal or not."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from runbook_twin.machine import Call

_COLOURS = {"info": 34, "warning": 33, "error": 31, "fatal": 31}


class Log:
    """The log of one run of a program; times on a terminal count from its start."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.started = call.clock.now()

    def say(self, level: str, message: str) -> None:
        """Write one line."""
        now = self.call.clock.now()
        if self.call.tty:
            seconds = int(now - self.started)
            head = f"\x1b[{_COLOURS[level]}m{level.upper()[:4]}\x1b[0m[{seconds:04d}]"
            self.call.err(f"{head} {message:<44} \n")
            return
        when = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        plain = re.fullmatch(r"[A-Za-z0-9.-]+", message)
        shown = message if plain else json.dumps(message, ensure_ascii=False)
        self.call.err(f'time="{when}" level={level} msg={shown} \n')

    def info(self, message: str) -> None:
        """A line of progress."""
        self.say("info", message)

    def warning(self, message: str) -> None:
        """A line of warning."""
        self.say("warning", message)

    def error(self, message: str) -> None:
        """A line of error; the program goes on."""
        self.say("error", message)


class Fatal(Exception):
    """What ends the program with exit code 1 and this last line."""

"""Do something when a time has passed, in one thread for all commands that are under way."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator


class Alarms:
    """A thread for each command would cost more than the command; this one sleeps meanwhile."""

    def __init__(self) -> None:
        self._due: dict[object, tuple[float, Callable[[], None]]] = {}
        self._changed = threading.Condition()
        self._next = math.inf
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def at(self, until: float, act: Callable[[], None]) -> Iterator[None]:
        """Call `act` (in a thread of its own) when monotonic time `until` comes in this block."""
        token = object()
        with self._changed:
            self._due[token] = (until, act)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            elif until < self._next:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._due.pop(token, None)

    def _watch(self) -> None:
        """Sleep until the earliest time; ends when nothing is due any more."""
        with self._changed:
            while self._due:
                now = time.monotonic()
                for token, (until, act) in list(self._due.items()):
                    if until <= now:
                        del self._due[token]
                        threading.Thread(target=act, daemon=True).start()
                self._next = min((until for until, _ in self._due.values()), default=math.inf)
                if self._due:
                    self._changed.wait(self._next - now)
            self._thread, self._next = None, math.inf

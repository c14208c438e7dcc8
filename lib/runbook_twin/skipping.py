"""An event loop that can leave out the waiting: what would take minutes is done at once."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Iterator
from contextlib import contextmanager


class _Selector(selectors.DefaultSelector):
    """Says how long it would have waited instead of waiting, while told to."""

    skipping = False
    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for events, or step over the time until the next timer."""
        if not self.skipping or not timeout or timeout < 0:
            return super().select(timeout)
        events = super().select(0)
        self.skipped += 0.0 if events else timeout
        return events


class SkippingLoop(asyncio.SelectorEventLoop):
    """A loop whose time stands still while it works and jumps to the next timer when it has nothing
    to do - within `skip`. Elsewhere it is any other loop; its time never goes back."""

    def __init__(self) -> None:
        self._waits = _Selector()
        self._worked = 0.0  # seconds of our time that were left out of the loop's time
        super().__init__(self._waits)

    def time(self) -> float:
        """The loop's time, in seconds."""
        if self._waits.skipping:
            return self._stood_still + self._waits.skipped
        return super().time() + self._waits.skipped - self._worked

    @contextmanager
    def skip(self) -> Iterator[None]:
        """Leave out all waiting."""
        began = super().time()
        self._stood_still = began - self._worked
        self._waits.skipping = True
        try:
            yield
        finally:
            self._waits.skipping = False
            self._worked += super().time() - began

"""An event loop whose time can leave out the waiting, and always leaves out standstills.

The twin's clock runs faster than ours. When the machine is busy and the twin gets no processor for
half a second, ten of the twin's seconds would pass in which nobody could do anything, and whole
clusters would miss their heartbeats. So such a standstill does not count as time.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Iterator
from contextlib import contextmanager

_STANDSTILL = 0.02  # seconds of ours; less is the ordinary work of a loop


class _Selector(selectors.DefaultSelector):
    """Says how long it would have waited instead of waiting, while told to.

    stood: seconds in which the loop stood still: in one round of its work, or asleep for longer
    than it had asked for.
    """

    skipping = False
    skipped = 0.0
    stood = 0.0
    _returned: float | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for events, or step over the time until the next timer."""
        if self.skipping and timeout and timeout > 0:
            events = super().select(0)
            self.skipped += 0.0 if events else timeout
            self._returned = None
            return events
        began = time.monotonic()
        if self._returned is not None:
            self._count(began - self._returned)
        events = super().select(timeout)
        self._returned = time.monotonic()
        if timeout is not None:
            self._count(self._returned - began - max(timeout, 0.0))
        return events

    def _count(self, late: float) -> None:
        if not self.skipping:
            self.stood += max(late - _STANDSTILL, 0.0)


class SkippingLoop(asyncio.SelectorEventLoop):
    """A loop whose time stands still while it works and jumps to the next timer when it has nothing
    to do - within `skip`. Elsewhere it is any other loop; its time never goes back."""

    def __init__(self) -> None:
        self._waits = _Selector()
        self._worked = 0.0  # seconds of our time that were left out of the loop's time
        self._latest = 0.0
        super().__init__(self._waits)

    def time(self) -> float:
        """The loop's time, in seconds."""
        if self._waits.skipping:
            return self._stood_still + self._waits.skipped
        now = super().time() + self._waits.skipped - self._worked - self._waits.stood
        self._latest = max(self._latest, now)  # it waits for itself after a standstill
        return self._latest

    @contextmanager
    def skip(self) -> Iterator[None]:
        """Leave out all waiting."""
        began = super().time()
        self._stood_still = began - self._worked - self._waits.stood
        self._waits.skipping = True
        try:
            yield
        finally:
            self._waits.skipping = False
            self._worked += super().time() - began

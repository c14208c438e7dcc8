"""The twin's time: it runs `factor` times faster than ours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """Time of the twin, in seconds since the epoch; starts at our own time."""

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor
        self._started = time.time()
        self._origin = time.monotonic()

    def now(self) -> float:
        """Seconds since the epoch, in the twin's time."""
        return self._started + (time.monotonic() - self._origin) * self.factor

    def datetime(self) -> datetime:
        """The twin's time as an aware datetime (UTC)."""
        return datetime.fromtimestamp(self.now(), UTC)

    def set_factor(self, factor: float) -> None:
        """Run faster or slower from now on; `now` goes on without a jump. Timers under way keep
        their own moment."""
        self._started, self._origin = self.now(), time.monotonic()
        self.factor = factor

    async def sleep(self, seconds: float) -> None:
        """Wait that many of the twin's seconds."""
        await asyncio.sleep(seconds / self.factor)

    def call_later(self, seconds: float, act: Callable[[], object]) -> asyncio.TimerHandle:
        """Do `act` after that many of the twin's seconds."""
        return asyncio.get_running_loop().call_later(seconds / self.factor, act)

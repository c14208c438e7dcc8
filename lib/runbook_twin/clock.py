"""The twin's time: it runs `factor` times faster than ours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """Time of the twin, in seconds since the epoch; starts at our own time, or `behind` it.

    source: a time in seconds that never goes back; the loop's own if that leaves out waiting.
    """

    def __init__(
        self,
        factor: float = 1.0,
        behind: float = 0.0,
        source: Callable[[], float] = time.monotonic,
    ) -> None:
        self.factor = factor
        self._source = source
        self._started = time.time() - behind
        self._origin = source()

    def now(self) -> float:
        """Seconds since the epoch, in the twin's time."""
        return self._started + (self._source() - self._origin) * self.factor

    def datetime(self) -> datetime:
        """The twin's time as an aware datetime (UTC)."""
        return datetime.fromtimestamp(self.now(), UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait that many of the twin's seconds."""
        await asyncio.sleep(seconds / self.factor)

    def call_later(self, seconds: float, act: Callable[[], object]) -> asyncio.TimerHandle:
        """Do `act` after that many of the twin's seconds."""
        return asyncio.get_running_loop().call_later(seconds / self.factor, act)

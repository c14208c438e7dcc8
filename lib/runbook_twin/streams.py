"""What flows into a program: bytes that arrive while it runs, lines of them, and their end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

Write = Callable[[bytes], None]


class Input:
    """Bytes for one program or for a whole shell; whoever reads first has them.

    live: more may still come from a person or a client (a pipe or a file is not live).
    """

    def __init__(self, data: bytes = b"", *, live: bool = False) -> None:
        self.buffer = bytearray(data)
        self.live = live
        self._changed: asyncio.Event | None = None

    def feed(self, data: bytes) -> None:
        """More bytes have arrived."""
        self.buffer += data
        self._wake()

    def end(self) -> None:
        """No more will come."""
        self.live = False
        self._wake()

    def _wake(self) -> None:
        if self._changed:
            self._changed.set()

    async def _change(self) -> None:
        self._changed = asyncio.Event()
        await self._changed.wait()

    async def read(self) -> bytes:
        """Everything up to the end."""
        while self.live:
            await self._change()
        data = bytes(self.buffer)
        self.buffer.clear()
        return data

    async def read_line(self) -> bytes:
        """One line with its end; less at the end of the input; b"" when nothing is left."""
        while self.live and b"\n" not in self.buffer:
            await self._change()
        length = self.buffer.find(b"\n") + 1 or len(self.buffer)
        line = bytes(self.buffer[:length])
        del self.buffer[:length]
        return line

    async def settle(self, seconds: float) -> bytes:
        """Wait a moment for the end; what is there then stays there for the next reader."""
        if self.live:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended(), seconds)
        return bytes(self.buffer)

    async def _ended(self) -> None:
        while self.live:
            await self._change()

"""A terminal's line discipline: echo, erase, and the keys that end a line, a program, the input."""

from __future__ import annotations

from collections.abc import Callable

from runbook_twin.streams import Input, Write

_ERASE, _KILL, _INTERRUPT, _END = (0x7F, 0x08), 0x15, 0x03, 0x04


class Terminal:
    """Turns keys into lines of an Input, and output into what a screen shows."""

    def __init__(self, show: Write, interrupt: Callable[[], None]) -> None:
        self.show = show
        self.interrupt = interrupt
        self.input = Input(live=True)
        self._line = bytearray()

    def write(self, data: bytes) -> None:
        """Print: a line end also returns the carriage."""
        self.show(data.replace(b"\n", b"\r\n"))

    def keys(self, data: bytes) -> None:
        """Keys were pressed."""
        for key in data:
            self._key(key)

    def _key(self, key: int) -> None:
        if key in (0x0D, 0x0A):
            self.show(b"\r\n")
            self.input.feed(bytes(self._line) + b"\n")
            self._line.clear()
        elif key in _ERASE and self._line:
            self._line.pop()
            self.show(b"\b \b")
        elif key == _KILL:
            self.show(b"\b \b" * len(self._line))
            self._line.clear()
        elif key == _INTERRUPT:
            self._line.clear()
            self.show(b"^C\r\n")
            self.interrupt()
        elif key == _END and not self._line:
            self.input.end()
        elif key >= 0x20 and key not in _ERASE:
            self._line.append(key)
            self.show(bytes([key]))

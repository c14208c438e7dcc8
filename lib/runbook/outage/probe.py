"""One probe: a TCP connection through a server, one GET, one answer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Protocol

from runbook.inventory import Server

_STATUS = re.compile(r"HTTP/\d\.\d ([1-9]\d\d)(?: |$)")
_LONGEST = 4096  # bytes of a status line


class Stream(Protocol):
    """A TCP connection as a socket."""

    def settimeout(self, timeout: float | None) -> None:
        """Seconds until recv gives up."""

    def sendall(self, data: bytes) -> None:
        """Send all bytes."""

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        ...

    def close(self) -> None:
        """Close it."""


class Forwarder(Protocol):
    """Opens TCP connections from a server (transport.Ssh)."""

    def open_stream(self, server: Server, address: str, port: int, timeout: float) -> Stream:
        """A connection from `server` to address:port. Raises ConnectionError."""
        ...


def request(open_stream: Callable[[], Stream], host: str, timeout: float) -> str | None:
    """One GET /; None when it was answered below 500, else the reason. timeout: our seconds."""
    until = time.monotonic() + timeout
    try:
        stream = open_stream()
    except OSError as error:
        return str(error) or type(error).__name__
    try:
        stream.settimeout(_left(until))
        stream.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        head = b""
        while b"\n" not in head and len(head) < _LONGEST:
            stream.settimeout(_left(until))
            piece = stream.recv(_LONGEST)
            if not piece:
                return "closed without an answer"
            head += piece
    except OSError as error:
        return str(error) or "no answer in time"
    finally:
        stream.close()
    line = head.partition(b"\n")[0].decode("latin-1").strip()
    status = _STATUS.match(line)
    return None if status and int(status[1]) < 500 else line[:80] or "an empty answer"


def _left(until: float) -> float:
    return max(until - time.monotonic(), 0.001)

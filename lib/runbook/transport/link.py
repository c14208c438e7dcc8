"""One authenticated connection to one server, and the channels that are open on it."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko

from runbook.errors import Unreachable
from runbook.inventory import Server
from runbook.ssh_config import Route
from runbook.transport.broken import BROKEN, reason
from runbook.transport.host_key import HostKeys, Vouch
from runbook.transport.login import log_in

_CHANNELS = 8  # sshd's MaxSessions is 10 by default
# A peer that is gone without a word is noticed after about half a minute.
_KEEPALIVE = {
    **{"TCP_KEEPIDLE": 15, "TCP_KEEPALIVE": 15},  # seconds on Linux, on macOS
    **{"TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3},
    "TCP_USER_TIMEOUT": 30_000,  # milliseconds
}

# What goes wrong is told by our errors; without a handler Python would print paramiko's tracebacks.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class Link:
    """A connection that commands share.

    used: it has carried a command before. retired: it gets no new commands and is closed when the
    last one that is under way has ended.
    """

    def __init__(self, transport: paramiko.Transport) -> None:
        self.transport = transport
        self.used = False
        self._retired = False
        self._free = threading.Semaphore(_CHANNELS)
        self._open: set[paramiko.Channel] = set()
        self._guard = threading.Lock()

    @property
    def usable(self) -> bool:
        """Whether new commands may use it."""
        return self.transport.is_active() and not self._retired

    @contextlib.contextmanager
    def turn(self, server: Server, seconds: float) -> Iterator[None]:
        """Take one of the places for commands. Raises Unreachable when none is free in time."""
        if not self._free.acquire(timeout=max(seconds, 0.0)):
            raise Unreachable(f"{server.name}: no free channel", remedy="run fewer at once")
        try:
            yield
        finally:
            self._free.release()

    @contextlib.contextmanager
    def session(self, seconds: float) -> Iterator[paramiko.Channel]:
        """A channel for one command. Raises what paramiko raises when it cannot be opened."""
        channel = self.transport.open_session(timeout=max(seconds, 0.1))
        with self._guard:
            self._open.add(channel)
        self.used = True
        try:
            yield channel
        finally:
            channel.close()
            with self._guard:
                self._open.discard(channel)
                last = self._retired and not self._open
            if last:
                self.close()

    def retire(self, channel: paramiko.Channel) -> None:
        """A deadline has passed on this channel: nobody knows whether the server is still there."""
        with self._guard:
            self._retired = True
            others = self._open - {channel}
        if others:
            channel.close()
        else:
            self.close()

    def close(self) -> None:
        """End the connection and every command on it."""
        self.transport.close()


def dial(server: Server, route: Route, until: float) -> socket.socket:
    """A TCP connection to a server without a jump host. Raises OSError."""
    plain = socket.create_connection((route.host, route.port), max(until - time.monotonic(), 0.1))
    # Without it each command waits 40 ms for Nagle's algorithm and a delayed ACK.
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE.items():
        if hasattr(socket, option):  # not every system has each
            plain.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return plain


def establish(
    stream: socket.socket | paramiko.Channel,
    server: Server,
    route: Route,
    files: tuple[Path, ...],
    vouch: Vouch,
    until: float,
) -> Link:
    """Agree on keys, check the host key, log in. until: monotonic time.

    Raises Unreachable, HostKeyError, NotAuthenticated, TargetError; the stream is closed then.
    """
    try:
        expected = HostKeys(server, route.known_name, files)
        transport = paramiko.Transport(stream)
    except BaseException:
        stream.close()
        raise
    try:
        expected.prefer_known_types(transport)
        left = max(until - time.monotonic(), 0.1)
        transport.banner_timeout = transport.handshake_timeout = left
        try:
            transport.start_client(timeout=left)  # returns also when the time is over
            offered = transport.get_remote_server_key()
        except BROKEN as error:
            raise Unreachable(
                f"{server.name} ({route.known_name}): SSH did not come about: {reason(error)}",
                remedy="see whether sshd runs there; right after a boot wait a little",
            ) from None
        expected.check(offered, vouch)
        log_in(transport, server, route, until)
    except BaseException:
        transport.close()
        raise
    return Link(transport)

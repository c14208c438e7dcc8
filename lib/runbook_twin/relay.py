"""Carries one TCP connection of an SSH client (direct-tcpip) through the world to a machine.

What is on its way when the link is cut is held back and arrives later; when the power is lost it
is forgotten, and the client hears nothing, as with real wires.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import asyncssh

from runbook_twin.http_head import head_of
from runbook_twin.machine import Machine
from runbook_twin.world import World

if TYPE_CHECKING:
    from asyncssh import SSHTCPChannel

_NO_ROUTE_S = 3.0  # address resolution on the local network gives up
SSH_PORT = 22


class SshServer(Protocol):
    """What serves SSH on a machine (sshd.Sshd); from its shutdown to its boot it does not."""

    listens: bool

    def serve(self, connection: socket.socket) -> None:
        """Speak SSH on one connection."""
        ...


class Link:
    """Whether packets pass between two machines just now; keeps what cannot pass in order."""

    def __init__(self, world: World, source: Machine | None, target: Machine) -> None:
        self.world, self.source, self.target = world, source, target
        self.boots = target.boots
        self.travelling: deque[Callable[[], None]] = deque()  # on a slow link
        self.waiting: deque[Callable[[], None]] = deque()  # before a cut one
        self.due = 0.0
        world.on_change.add(self.look)

    @property
    def lost(self) -> bool:
        """The machine has lost power since: nobody there knows of this connection."""
        return not self.target.powered or self.target.boots != self.boots

    @property
    def passes(self) -> bool:
        """Packets arrive."""
        return not self.lost and self.world.reachable(self.source, self.target.address)

    def carry(self, deliver: Callable[[], None]) -> None:
        """Deliver now, or later, or never; always in order."""
        if self.lost:
            return
        loop, clock = asyncio.get_running_loop(), self.world.clock
        self.due = max(
            self.due, loop.time() + self.world.slow.get(self.target.address, 0.0) / clock.factor
        )
        if self.due > loop.time() or self.travelling:
            self.travelling.append(deliver)
            loop.call_at(self.due, lambda: self._arrive(self.travelling.popleft()))
        else:
            self._arrive(deliver)

    def _arrive(self, deliver: Callable[[], None]) -> None:
        if self.passes and not self.waiting:
            deliver()
        elif not self.lost:
            self.waiting.append(deliver)

    def look(self) -> None:
        """The network has changed."""
        if self.lost:
            self.waiting.clear()
        while self.waiting and self.passes:
            self.waiting.popleft()()

    def close(self) -> None:
        """Nobody uses it any more."""
        self.waiting.clear()
        self.world.on_change.discard(self.look)


class Outer(asyncssh.SSHTCPSession[bytes]):
    """The client's end: a channel of its SSH connection."""

    def __init__(self, link: Link, inner: Inner) -> None:
        self.link, self.inner = link, inner
        self.channel: SSHTCPChannel[bytes] | None = None

    def connection_made(self, chan: SSHTCPChannel[bytes]) -> None:
        """The channel is open."""
        self.channel = chan

    def session_started(self) -> None:
        """Data may flow: the machine may speak first."""
        self.inner.outer = self
        self.inner.transport.resume_reading()

    def data_received(self, data: bytes, datatype: Any) -> None:
        """The client has sent something."""
        if self.link.lost and self.link.target.powered and self.channel:
            self.channel.abort()  # the machine is back and knows nothing of us: reset
        self.link.carry(lambda: self.inner.transport.write(data))

    def eof_received(self) -> bool:
        """The client will send no more."""
        self.link.carry(self.inner.finish)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        if self.link.lost:
            self.inner.leave()
        else:
            self.link.carry(self.inner.leave)

    def pause_writing(self) -> None:
        """The client reads slowly."""
        self.inner.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        if not self.inner.transport.is_closing():
            self.inner.transport.resume_reading()


class Inner(asyncio.Protocol):
    """The machine's end: a socket pair to its server."""

    transport: asyncio.Transport

    def __init__(self, link: Link) -> None:
        self.link = link
        self.outer: Outer | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait until the client's end is ready."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self.transport = transport
        transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """The machine has sent something."""
        if self.outer and (channel := self.outer.channel):
            self.link.carry(lambda: None if channel.is_closing() else channel.write(data))

    def finish(self) -> None:
        """Tell the machine that the client will send no more."""
        if not self.transport.is_closing():
            self.transport.write_eof()

    def leave(self) -> None:
        """The client is gone."""
        self.transport.close()
        self.link.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The machine has closed the connection (or is without power: then nobody hears of it)."""
        if self.outer and (channel := self.outer.channel):
            self.link.carry(channel.close)


async def connect(
    world: World,
    source: Machine | None,
    host: str,
    port: int,
    sshd_of: Callable[[Machine], SshServer],
) -> Outer:
    """Open a connection. Raises ChannelOpenError with the words of connect(2)."""
    target = world.machine_at(host) if host not in ("localhost", "127.0.0.1") else source
    if target is None or not world.reachable(source, target.address):
        await world.clock.sleep(_NO_ROUTE_S)
        raise refused("No route to host")
    if delay := world.slow.get(target.address, 0.0):
        await world.clock.sleep(delay)
    if not (sshd_of(target).listens if port == SSH_PORT else port in target.listeners):
        raise refused("Connection refused")
    ours, theirs = socket.socketpair()
    link = Link(world, source, target)
    if port == SSH_PORT:
        sshd_of(target).serve(theirs)
    else:
        target.spawn(serve_http(target, port, theirs))
    _, inner = await asyncio.get_running_loop().create_connection(lambda: Inner(link), sock=ours)
    return Outer(link, inner)


def refused(words: str) -> asyncssh.ChannelOpenError:
    """The answer to a channel request that cannot be met."""
    return asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, words)


async def serve_http(machine: Machine, port: int, connection: socket.socket) -> None:
    """Answer HTTP/1.1 requests on one connection until it ends or nobody listens any more."""
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        while (request := await _request(reader)) and port in machine.listeners:
            method, path, body, keep = request
            answer = await machine.listeners[port](method, path, body)
            answer.headers.setdefault("Connection", "keep-alive" if keep else "close")
            writer.write(head_of(answer, machine.world.clock.datetime()))
            writer.write(b"" if method == "HEAD" else answer.body)
            await writer.drain()
            if not keep:
                return
    except (OSError, asyncio.IncompleteReadError, ValueError):
        return  # the client went away or does not speak HTTP, or the page itself came to nothing
    finally:
        writer.close()


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, bytes, bool] | None:
    """Method, path, body, keep-alive; None at the end. Raises ValueError."""
    start = (await reader.readline()).decode("latin-1").split()
    if not start:
        return None
    method, path, version = start
    headers: dict[str, str] = {}
    while line := (await reader.readline()).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    default = "keep-alive" if version == "HTTP/1.1" else "close"
    return method, path, body, headers.get("connection", default).lower() != "close"

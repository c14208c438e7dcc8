"""Carry one command line to one server over SSH: exit code and both streams, within a deadline."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko

from runbook.errors import TargetError, Unreachable
from runbook.inventory import Server
from runbook.ssh_config import Route
from runbook.transport.alarm import Alarms
from runbook.transport.broken import BROKEN, reason
from runbook.transport.conversation import DEFAULT_LIMIT, Conversation, Reply
from runbook.transport.host_key import Vouch
from runbook.transport.link import Link, dial, establish
from runbook.transport.pool import Pool
from runbook.transport.route import Jump, find_route, nearest_jump


class Ssh:
    """Connections to servers: one for each, opened when first needed, shared by all threads.

    config: ssh_config file (None: the user's own); known_hosts overrides its files;
    connect_deadline in seconds of the target, `clock` times faster than ours. `shortest` is the
    least of our own seconds for a deadline: handshakes do not run on the target's clock.
    vouch(server, key type, base64 key) -> bool is asked about a key that no file knows.
    """

    def __init__(
        self,
        config: Path | None = None,
        *,
        known_hosts: Path | None = None,
        connect_deadline: float = 30.0,
        clock: float = 1.0,
        shortest: float = 15.0,
        vouch: Vouch = lambda server, key_type, key: False,
    ) -> None:
        self._config = config
        self._known_hosts = known_hosts
        self._clock = clock
        self._shortest = shortest
        self._connect_seconds = self._our_seconds(connect_deadline)
        self._vouch = vouch
        self._pool = Pool()
        self._alarms = Alarms()

    def execute(
        self,
        server: Server,
        line: str,
        *,
        stdin: bytes = b"",
        deadline: float = 60.0,
        limit: int = DEFAULT_LIMIT,
    ) -> Reply:
        """Run `line` in the user's shell on the server. deadline: seconds of the target, from the
        moment that there is a connection; limit: bytes of one stream.

        Raises Unreachable, HostKeyError or NotAuthenticated when there is no connection.
        A lost connection, a passed deadline or too much output is a Reply without exit code.
        """
        self._link(server)
        until = time.monotonic() + self._our_seconds(deadline)
        with self._session(server, until) as (link, channel):
            talk = Conversation(channel, limit)

            def give_up() -> None:
                talk.give_up()
                link.retire(channel)

            with self._alarms.at(until, give_up):
                return talk.hold(line, stdin)

    def open_stream(
        self, server: Server, address: str, port: int, timeout: float
    ) -> paramiko.Channel:
        """A TCP connection from `server` to address:port, as a socket. timeout: our own seconds.

        Raises ConnectionError when it is refused or not answered.
        """
        try:
            return _forward(self._link(server), address, port, timeout)
        except BROKEN as error:
            raise ConnectionError(reason(error)) from None

    def jump_of(self, server: Server) -> Server | None:
        """The jump host nearest to a server (the last of its ProxyJump), if it has one."""
        return nearest_jump(self.route(server))

    def route(self, server: Server) -> Route:
        """What OpenSSH's files say about a server. Raises TargetError."""
        return find_route(server, self._config)

    def connect(self, server: Server) -> None:
        """Open the connection now. Raises Unreachable, HostKeyError or NotAuthenticated."""
        self._link(server)

    def is_connected(self, server: Server) -> bool:
        """Whether the connection to a server stands now; none is opened to find out."""
        return self._pool.holds(_key(server))

    def close(self, server: Server | None = None) -> None:
        """Close the connection to one server, or all (also those to the jumps)."""
        self._pool.close(None if server is None else _key(server))

    def _our_seconds(self, of_the_target: float) -> float:
        return max(of_the_target / self._clock, self._shortest)

    @contextlib.contextmanager
    def _session(self, server: Server, until: float) -> Iterator[tuple[Link, paramiko.Channel]]:
        """A channel for one command; a link that broke since its last use is replaced once."""
        with contextlib.ExitStack() as held:
            while True:
                link = self._link(server)
                used = link.used
                held.enter_context(link.turn(server, until - time.monotonic()))
                left = min(until - time.monotonic(), self._connect_seconds)
                try:
                    channel = held.enter_context(link.session(left))
                    break
                except paramiko.ChannelException as error:
                    raise Unreachable(
                        f"{server.name} ({server.address}): opens no further channel: {error}",
                        remedy="raise MaxSessions of its sshd, or end other connections to it",
                    ) from None
                except BROKEN as error:
                    held.close()
                    self._pool.drop(link)
                    if used and time.monotonic() < until:
                        continue
                    raise Unreachable(
                        f"{server.name} ({server.address}): the connection is lost: "
                        f"{reason(error)}",
                        remedy="see whether the server is up, then run the runbook again",
                    ) from None
            yield link, channel

    def _link(self, server: Server, behind: tuple[str, ...] = ()) -> Link:
        """The connection to a server; behind: the servers whose jump host it is."""
        key = _key(server)
        if key in behind:
            raise TargetError(f"ssh_config: ProxyJump of {server.name} leads back to itself")
        return self._pool.get(key, lambda: self._open(server, (*behind, key)))

    def _open(self, server: Server, behind: tuple[str, ...]) -> Link:
        route = self.route(server)
        jump = nearest_jump(route)
        nearer = None if jump is None else self._link(jump, behind)
        until = time.monotonic() + self._connect_seconds
        stream: socket.socket | paramiko.Channel
        try:
            if nearer is None:
                stream = dial(server, route, until)
            else:
                stream = _forward(nearer, route.host, route.port, self._connect_seconds)
        except BROKEN as error:
            through = f" through {', '.join(route.jumps)}" if route.jumps else ""
            raise Unreachable(
                f"{server.name} ({route.host}:{route.port}) cannot be reached{through}: "
                f"{reason(error)}",
                remedy="see whether the server is up and the address in the target file is right",
            ) from None
        files = (self._known_hosts,) if self._known_hosts else route.known_hosts
        return establish(stream, server, route, files, self._vouch, until)


def _forward(link: Link, address: str, port: int, seconds: float) -> paramiko.Channel:
    """A TCP connection from the other end of a link. Raises what paramiko raises."""
    return link.transport.open_channel(
        "direct-tcpip", (address, port), ("127.0.0.1", 0), timeout=seconds
    )


def _key(server: Server) -> str:
    through = ",".join(server.through) if isinstance(server, Jump) else ""
    return f"{server.user}@{server.address}:{server.port} {through}"

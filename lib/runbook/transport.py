"""Carry one command line to one server over SSH: exit code and both streams, within a deadline."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import paramiko

from runbook import ssh_config
from runbook.errors import HostKeyError, NotAuthenticated, Unreachable
from runbook.inventory import Server
from runbook.ssh_config import KnownKey, Route

DEFAULT_LIMIT = 64 * 1024 * 1024  # bytes of one stream
_CHANNELS = 8  # sshd's MaxSessions is 10 by default
_SHORTEST = 5.0  # our own seconds: handshakes do not run on the target's clock


@dataclass(frozen=True)
class Reply:
    """What one command line gave. exit_code None = it did not finish, and `why` says so."""

    exit_code: int | None
    stdout: bytes
    stderr: bytes
    why: str = ""


@dataclass
class _Link:
    """One authenticated connection and its free channels."""

    transport: paramiko.Transport
    channels: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_CHANNELS))


class Ssh:
    """Connections to servers: one for each, opened when first needed, shared by all threads.

    config: ssh_config file (None: the user's own); known_hosts overrides its files;
    connect_deadline in seconds of the target, `clock` times faster than ours.
    vouch(server, key type, base64 key) -> bool is asked about a key that no file knows.
    """

    def __init__(
        self,
        config: Path | None = None,
        *,
        known_hosts: Path | None = None,
        connect_deadline: float = 30.0,
        clock: float = 1.0,
        vouch: Callable[[Server, str, str], bool] = lambda server, key_type, key: False,
    ) -> None:
        self._config = config
        self._known_hosts = known_hosts
        self._connect_seconds = max(connect_deadline / clock, _SHORTEST)
        self._clock = clock
        self._vouch = vouch
        self._links: dict[str, _Link] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def execute(
        self,
        server: Server,
        line: str,
        *,
        stdin: bytes = b"",
        deadline: float = 60.0,
        limit: int = DEFAULT_LIMIT,
    ) -> Reply:
        """Run `line` in the user's shell on the server. deadline: seconds of the target.

        Raises Unreachable, HostKeyError or NotAuthenticated when there is no connection.
        A lost connection, a passed deadline or too much output is a Reply without exit code.
        """
        until = time.monotonic() + max(deadline / self._clock, _SHORTEST)
        with self._channel(server, until) as channel:
            try:
                channel.exec_command(line)
            except (paramiko.SSHException, EOFError, OSError) as error:
                return Reply(None, b"", b"", f"connection lost: {error or 'closed by the server'}")
            return _Conversation(channel, limit, until).hold(stdin)

    def open_stream(
        self, server: Server, address: str, port: int, timeout: float
    ) -> paramiko.Channel:
        """A TCP connection from `server` to address:port, as a socket. timeout: our own seconds.

        Raises ConnectionError when it is refused or not answered.
        """
        try:
            link = self._link(server)
            return link.transport.open_channel(
                "direct-tcpip", (address, port), ("127.0.0.1", 0), timeout=timeout
            )
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise ConnectionError(str(error)) from None

    def jump_of(self, server: Server) -> Server | None:
        """The jump host nearest to a server (the last of its ProxyJump), if it has one."""
        jumps = self.route(server).jumps
        return _jump_server(jumps[-1]) if jumps else None

    def connect(self, server: Server) -> None:
        """Open the connection now. Raises Unreachable, HostKeyError or NotAuthenticated."""
        self._link(server)

    def close(self, server: Server | None = None) -> None:
        """Close the connection to one server, or all (also those to the jumps)."""
        with self._guard:
            keys = list(self._links) if server is None else [_key(server)]
            links = [self._links.pop(key) for key in keys if key in self._links]
        for link in links:
            link.transport.close()

    @contextlib.contextmanager
    def _channel(self, server: Server, until: float) -> Iterator[paramiko.Channel]:
        link = self._link(server)
        left = max(until - time.monotonic(), 0.1)
        if not link.channels.acquire(timeout=left):
            raise Unreachable(
                f"{server.name}: no free channel", remedy="run fewer commands at once"
            )
        try:
            channel = link.transport.open_session(timeout=left)
        except (paramiko.SSHException, EOFError, OSError) as error:
            link.channels.release()
            self.close(server)
            raise Unreachable(
                f"{server.name} ({server.address}): the connection is lost: {error or 'closed'}",
                remedy="see whether the server is up, then run the runbook again",
            ) from None
        try:
            yield channel
        finally:
            channel.close()
            link.channels.release()

    def _link(self, server: Server) -> _Link:
        key = _key(server)
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            link = self._links.get(key)
            if link is None or not link.transport.is_active():
                link = _Link(self._open(server))
                self._links[key] = link
            return link

    def _open(self, server: Server) -> paramiko.Transport:
        route = self.route(server)
        transport = paramiko.Transport(self._socket(server, route))
        try:
            self._agree(transport, server, route)
            _authenticate(transport, server, route)
        except BaseException:
            transport.close()
            raise
        return transport

    def route(self, server: Server) -> Route:
        """What OpenSSH's files say about a server. Raises TargetError."""
        port = None if server.port == 22 else server.port
        if ssh_config.has_client():
            return ssh_config.resolve(server.address, self._config, user=server.user, port=port)
        parsed = paramiko.SSHConfig()
        file = self._config or Path.home() / ".ssh" / "config"
        if file.is_file():
            parsed = paramiko.SSHConfig.from_path(str(file))
        asked = {
            option: value if isinstance(value, list) else [value]
            for option, value in parsed.lookup(server.address).items()
        }
        asked.setdefault("userknownhostsfile", ["~/.ssh/known_hosts"])
        asked.setdefault("identityfile", ["~/.ssh/id_ed25519", "~/.ssh/id_rsa"])
        own = {"user": [server.user]} if server.user else {}
        return ssh_config.route_of(
            server.address, asked | own | ({"port": [str(port)]} if port else {})
        )

    def _socket(self, server: Server, route: Route) -> socket.socket | paramiko.Channel:
        where = f"{server.name} ({route.host}:{route.port})"
        try:
            if not route.jumps:
                plain = socket.create_connection((route.host, route.port), self._connect_seconds)
                # Without it each command waits 40 ms for Nagle's algorithm and a delayed ACK.
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return plain
            return self._through_jumps(server, route)
        except (paramiko.SSHException, EOFError, OSError) as error:
            reason = str(error) or "closed by the jump host"
            raise Unreachable(
                f"{where} cannot be reached{_by(route)}: {reason}",
                remedy="see whether the server is up and the address in the target file is right",
            ) from None

    def _through_jumps(self, server: Server, route: Route) -> paramiko.Channel:
        *earlier, nearest = route.jumps
        jump = _jump_server(nearest)
        link = self._link(jump) if not earlier else self._via(tuple(earlier), jump)
        return link.transport.open_channel(
            "direct-tcpip",
            (route.host, route.port),
            ("127.0.0.1", 0),
            timeout=self._connect_seconds,
        )

    def _via(self, jumps: tuple[str, ...], server: Server) -> _Link:
        """A jump host behind jump hosts (ProxyJump a,b)."""
        route = self.route(server)
        chained = Route(**{**route.__dict__, "jumps": jumps})
        transport = paramiko.Transport(self._through_jumps(server, chained))
        self._agree(transport, server, chained)
        _authenticate(transport, server, chained)
        link = self._links[_key(server)] = _Link(transport)
        return link

    def _agree(self, transport: paramiko.Transport, server: Server, route: Route) -> None:
        """Exchange keys and check the host key."""
        files = (self._known_hosts,) if self._known_hosts else route.known_hosts
        name = ssh_config.known_name(route.host, route.port)
        known = ssh_config.read_known_keys(files, name)
        types = [key.key_type for key in known if not key.marker]
        options = transport.get_security_options()
        options.key_types = sorted(options.key_types, key=lambda t: _plain_type(t) not in types)
        transport.banner_timeout = self._connect_seconds
        try:
            transport.start_client(timeout=self._connect_seconds)
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise Unreachable(
                f"{server.name} ({name}): SSH did not come about: {error or 'closed by the server'}",
                remedy="see whether sshd runs there; right after a boot wait a little",
            ) from None
        offered = transport.get_remote_server_key()
        _check_host_key(server, name, offered, known, files, self._vouch)


def _check_host_key(
    server: Server,
    name: str,
    offered: paramiko.PKey,
    known: list[KnownKey],
    files: tuple[Path, ...],
    vouch: Callable[[Server, str, str], bool],
) -> None:
    key = offered.get_base64()
    mine = [entry for entry in known if entry.marker != "@cert-authority"]
    if any(entry.key == key and entry.marker == "@revoked" for entry in mine):
        raise HostKeyError(
            f"{server.name} ({name}): its host key {offered.fingerprint} is revoked",
            remedy="do not connect; find out who revoked it",
        )
    if any(entry.key == key for entry in mine):
        return
    if same := [entry for entry in mine if not entry.marker]:
        raise HostKeyError(
            f"{server.name} ({name}): the host key has CHANGED: offered {offered.get_name()} "
            f"{offered.fingerprint}, expected another one ({same[0].file})",
            remedy=f"if the server was remade on purpose: ssh-keygen -R '{name}' -f {same[0].file}",
        )
    if vouch(server, offered.get_name(), key):
        return
    file = files[0] if files else "known_hosts"
    raise HostKeyError(
        f"{server.name} ({name}): unknown host key {offered.get_name()} {offered.fingerprint}",
        remedy=f"compare it with the server's console, then add to {file}: "
        f"{name} {offered.get_name()} {key}",
    )


def _plain_type(algorithm: str) -> str:
    """The key type of a host key algorithm: RSA keys sign with rsa-sha2-*."""
    return "ssh-rsa" if algorithm.startswith("rsa-sha2") else algorithm


def _authenticate(transport: paramiko.Transport, server: Server, route: Route) -> None:
    """Log in with the configured keys, then with the agent's."""
    tried: list[str] = []
    for label, key in _keys(route):
        tried.append(label)
        try:
            transport.auth_publickey(route.user, key)
            return
        except paramiko.AuthenticationException:
            continue
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise Unreachable(
                f"{server.name}: the connection broke off while logging in: {error}",
                remedy="see sshd's log there (too many keys in the agent end the connection)",
            ) from None
    raise NotAuthenticated(
        f"{server.name} ({route.host}): {route.user} was not let in; tried "
        f"{', '.join(tried) or 'no key: none of the configured key files is there'}",
        remedy=f"add your public key to {route.user}'s authorized_keys, or name the right key file",
    )


def _keys(route: Route) -> Iterator[tuple[str, paramiko.PKey]]:
    for file in route.identity_files:
        if not file.is_file():
            continue
        try:
            key = paramiko.PKey.from_path(file)
        except (paramiko.SSHException, ValueError, TypeError, OSError):
            continue  # encrypted without passphrase: the agent may hold it
        certificates = (*route.certificate_files, file.with_name(f"{file.name}-cert.pub"))
        if certificate := next((c for c in certificates if c.is_file()), None):
            key.load_certificate(str(certificate))
        yield str(file), key
    if route.agent:
        for agent_key in paramiko.Agent().get_keys():
            yield f"agent {agent_key.fingerprint}", agent_key


def _jump_server(text: str) -> Server:
    """[user@]host[:port] of ProxyJump."""
    user, _, rest = text.rpartition("@")
    host, _, port = rest.partition(":")
    return Server(name=host, group="", address=host, port=int(port or 22), user=user)


def _key(server: Server) -> str:
    return f"{server.user}@{server.address}:{server.port}"


def _by(route: Route) -> str:
    return f" through {', '.join(route.jumps)}" if route.jumps else ""


class _Conversation:
    """One command on one channel: both streams are read at once."""

    def __init__(self, channel: paramiko.Channel, limit: int, until: float) -> None:
        self._channel = channel
        self._limit = limit
        self._until = until
        self._why = ""
        self._streams = (bytearray(), bytearray())

    def hold(self, stdin: bytes) -> Reply:
        """Send stdin, read until the end; give up when the deadline has passed."""
        # A window takes 32 KiB at once: only more could wait for a server that does not read.
        sender = threading.Thread(target=self._send, args=(stdin,), daemon=True)
        reader = threading.Thread(target=self._read, args=(1,), daemon=True)
        reader.start()
        if len(stdin) <= 32768:
            self._send(stdin)
        else:
            sender.start()
        self._read(0)
        reader.join(max(self._until - time.monotonic(), 0.0) + 0.5)
        if not self._why and not self._channel.status_event.wait(self._left()):
            self._why = "no exit code within the deadline"
        code = self._channel.exit_status if self._channel.status_event.is_set() else -1
        if not self._why and code < 0:
            self._why = "the connection was lost in mid-command"
        out, err = (bytes(stream) for stream in self._streams)
        return Reply(None if self._why else code, out, err, self._why)

    def _left(self) -> float:
        return max(self._until - time.monotonic(), 0.01)

    def _send(self, stdin: bytes) -> None:
        with contextlib.suppress(OSError):  # the command may end without reading its input
            if stdin:
                self._channel.sendall(stdin)
            self._channel.shutdown_write()

    def _read(self, which: int) -> None:
        stream = self._streams[which]
        receive = self._channel.recv_stderr if which else self._channel.recv
        while not self._why:
            self._channel.settimeout(self._left())
            try:
                piece = receive(65536)
            except TimeoutError:
                self._why = self._why or "the deadline passed"
                return
            if not piece:
                return
            stream += piece
            if len(stream) > self._limit:
                self._why = f"more than {self._limit} bytes of output"
                self._channel.close()  # ends the other stream's reading too

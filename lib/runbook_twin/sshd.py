"""The SSH server inside every machine: who may log in, commands, shells, second hops."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Awaitable
from typing import Any

import asyncssh

from runbook_twin.machine import Machine
from runbook_twin.relay import Outer, connect
from runbook_twin.shell import Shell
from runbook_twin.shell_state import Exit, Streams
from runbook_twin.shell_syntax import parse
from runbook_twin.shell_tree import ShellSyntaxError
from runbook_twin.streams import Input
from runbook_twin.terminal import Terminal
from runbook_twin.world import World

SERVER_OPTIONS: dict[str, Any] = {
    "kex_algs": ["curve25519-sha256", "curve25519-sha256@libssh.org"],
    "compression_algs": None, "encoding": None, "line_editor": False, "agent_forwarding": False,
    "allow_scp": False, "gss_host": None, "x11_forwarding": False, "login_timeout": 60,
}  # fmt: skip


def key_data(lines: list[str]) -> set[bytes]:
    """The public keys of authorized_keys lines; what is no key is left out, as sshd does."""
    found = set()
    for line in lines:
        try:
            found.add(asyncssh.import_public_key(line).public_data)
        except asyncssh.KeyImportError:
            continue
    return found


class Sshd:
    """A machine's SSH server. The loss of power ends its connections without a word."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self._options: asyncssh.SSHServerConnectionOptions | None = None
        self.listens = machine.powered
        machine.on_shutdown.append(self.power_off)

    def power_on(self) -> None:
        """Listen; print the host keys on the console, as cloud-init does."""
        self.listens = True
        if self.machine.boots == 1:
            self.machine.console += console_keys(self.machine)
        self.machine.console.append(f"\n{self.machine.hostname} login: ")

    def power_off(self) -> None:
        """Take no more connections, and forget those there are."""
        self.listens = False
        for connection in list(self.connections):
            connection.abort()
        self.connections.clear()

    def serve(self, connection: socket.socket) -> None:
        """Speak SSH on one connection."""
        self.machine.spawn(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        if self._options is None:
            self._options = asyncssh.SSHServerConnectionOptions(
                server_factory=lambda: NodeServer(self),
                server_host_keys=[self.machine.host_key],
                **SERVER_OPTIONS,
            )
        try:
            await asyncssh.run_server(connection, options=self._options)
        except (OSError, asyncssh.Error):
            connection.close()  # the client gave up or was not let in


def sshd_of(machine: Machine) -> Sshd:
    """The machine's SSH server, installed if it has none yet."""
    found = machine.software.get("sshd")
    if not isinstance(found, Sshd):
        found = machine.software["sshd"] = Sshd(machine)
    return found


def console_keys(machine: Machine) -> list[str]:
    """What cloud-init prints about the host keys at the first boot."""
    public = machine.host_key.export_public_key().decode().strip()
    kind, body = public.split()[:2]
    fingerprint = machine.host_key.get_fingerprint()
    return [
        "ci-info: no authorized SSH keys fingerprints found for user root.",
        "-----BEGIN SSH HOST KEY FINGERPRINTS-----",
        f"256 {fingerprint} root@{machine.name} (ED25519)",
        f"{kind} {fingerprint}",
        "-----END SSH HOST KEY FINGERPRINTS-----",
        "-----BEGIN SSH HOST KEY KEYS-----",
        f"{kind} {body} root@{machine.name}",
        "-----END SSH HOST KEY KEYS-----",
    ]


def connect_from(world: World, source: Machine | None, host: str, port: int) -> Awaitable[Outer]:
    return connect(world, source, host, port, sshd_of)


class NodeServer(asyncssh.SSHServer):
    """One connection to a machine: who may log in, and what it may open."""

    def __init__(self, sshd: Sshd) -> None:
        self.sshd, self.machine = sshd, sshd.machine
        self.connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember it, for the day the power goes."""
        self.connection = conn
        self.sshd.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        if self.connection:
            self.sshd.connections.discard(self.connection)

    def public_key_auth_supported(self) -> bool:
        """Only keys."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """The machine's one user with one of its keys."""
        known = key_data(self.machine.authorized_keys)
        return username == self.machine.user and key.public_data in known

    def session_requested(self) -> Any:
        """A command or a shell."""
        assert self.connection  # noqa: S101 - made before any request
        channel = self.connection.create_server_channel(encoding=None)
        return channel, NodeSession(self.machine, self.connection)

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> Any:
        """A second hop: from this machine to another."""
        return connect_from(self.machine.world, self.machine, dest_host, dest_port)


class NodeSession(asyncssh.SSHServerSession[bytes]):
    """One command, or one interactive shell."""

    channel: asyncssh.SSHServerChannel[bytes]

    def __init__(self, machine: Machine, connection: asyncssh.SSHServerConnection) -> None:
        self.machine, self.connection = machine, connection
        self.line: str | None = None
        self.input = Input(live=True)
        self.terminal: Terminal | None = None
        self.task: asyncio.Task[None] | None = None
        self.foreground: asyncio.Task[int] | None = None
        self.dropping = False

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """The channel is open."""
        self.channel = chan

    def pty_requested(self, term_type: str, term_size: Any, term_modes: Any) -> bool:
        """A terminal: both streams in one, with echo."""
        self.terminal = Terminal(self.out, self._interrupt)
        self.input = self.terminal.input
        return True

    def shell_requested(self) -> bool:
        """An interactive shell, or lines from the input."""
        return True

    def exec_requested(self, command: str) -> bool:
        """One line for the shell."""
        self.line = command
        return True

    def session_started(self) -> None:
        """Run."""
        self.task = self.machine.spawn(self._main())
        if self.machine.drop_after is not None:
            seconds, self.machine.drop_after = self.machine.drop_after, None
            self.dropping = True  # nobody hears how the command ends, however soon
            self.machine.world.clock.call_later(seconds, self.connection.abort)

    def data_received(self, data: bytes, datatype: Any) -> None:
        """More input."""
        if self.terminal:
            self.terminal.keys(data)
        else:
            self.input.feed(data)

    def eof_received(self) -> bool:
        """No more input."""
        self.input.end()
        return True

    def signal_received(self, signal: str) -> None:
        """A signal for the program."""
        self._end(signal.removeprefix("SIG"))

    def break_received(self, msec: int) -> bool:
        """As if interrupted."""
        self._interrupt()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone: so is its program."""
        if self.task:
            self.task.cancel()

    def _interrupt(self) -> None:
        if self.foreground:
            self.foreground.cancel()
        elif self.line is not None:
            self._end("INT")
        else:
            self.out(self.prompt().encode())

    def _end(self, name: str) -> None:
        if self.task and name in ("INT", "TERM", "KILL", "HUP", "QUIT"):
            self.task.cancel()
            self.channel.exit_with_signal(name) if not self.terminal else self.channel.exit(
                128 + signal.Signals[f"SIG{name}"]
            )

    def out(self, data: bytes) -> None:
        """Send output, unless the client is gone."""
        if not self.channel.is_closing():
            self.channel.write(data)

    def err(self, data: bytes) -> None:
        """Send error output."""
        if not self.channel.is_closing():
            self.channel.write_stderr(data)

    async def _main(self) -> None:
        if self.terminal:
            streams = Streams(self.input, self.terminal.write, self.terminal.write, True)
        else:
            streams = Streams(self.input, self.out, self.err)
        shell = Shell(self.machine, self.machine.user)
        address = self.machine.address
        shell.variables["SSH_CONNECTION"] = f"192.168.0.1 50022 {address} 22"
        shell.exported.add("SSH_CONNECTION")
        if self.line is not None:
            status = await shell.main(self.line, streams)
        elif self.terminal:
            status = await self._interactive(shell, streams)
        else:
            script = (await self.input.read()).decode("utf-8", "replace")
            status = await shell.main(script, streams)
        if not self.channel.is_closing() and not self.dropping:
            self.channel.exit(status)

    def prompt(self, directory: str = "~") -> str:
        """The prompt of the image's shell."""
        user, host = self.machine.user, self.machine.hostname
        if user == "rancher":
            return f"[{user}@{host} {directory}]$ "
        return f"{user}@{host} {directory} $ "

    async def _interactive(self, shell: Shell, streams: Streams) -> int:
        home = shell.directory
        while True:
            shown = shell.directory.rpartition("/")[2] or "/"
            streams.out(self.prompt("~" if shell.directory == home else shown).encode())
            line = (await self.input.read_line()).decode("utf-8", "replace")
            if not line:
                streams.out(b"logout\n")
                return shell.status
            try:
                work = shell.run(parse(line), streams)
                self.foreground = asyncio.get_running_loop().create_task(work)
                await self.foreground
            except ShellSyntaxError as error:
                streams.err(f"bash: {error}\n".encode())
            except Exit as end:
                return end.status
            except asyncio.CancelledError:
                if not (self.foreground and self.foreground.cancelled()):
                    raise
                shell.status = 130
            finally:
                self.foreground = None

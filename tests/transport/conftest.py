"""Real SSH servers on loopback, each with its own host key, and the files that speak of them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from runbook.inventory import Server
from runbook.transport import Ssh

USER = "operator"


class _Watched(asyncssh.SSHServer):
    """Counts its connections and lets them forward."""

    def __init__(self, sshd: Sshd) -> None:
        self._sshd = sshd

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._sshd.connections.append(conn)

    def connection_requested(self, *_: object) -> bool:
        return True


async def answer(process: asyncssh.SSHServerProcess[bytes]) -> None:
    """A shell of a few words."""
    word, *rest = (process.command or "").split()
    if word == "exit":
        process.exit(int(rest[0]))
    elif word == "say":
        process.stdout.write(rest[0].encode())
        process.stderr.write(rest[1].encode())
        process.exit(3)
    elif word == "flood":
        size, piece = int(rest[0]), b"x" * 65536
        with contextlib.suppress(BrokenPipeError, asyncssh.ConnectionLost):
            for _ in range(0, size, len(piece)):
                process.stdout.write(piece)
                process.stderr.write(piece)
                await asyncio.gather(process.stdout.drain(), process.stderr.drain())
            process.exit(0)
    elif word == "count":
        process.stdout.write(str(len(await process.stdin.read())).encode())
        process.exit(0)
    elif word == "drop":
        process.stdout.write(b"half of it")
        process.get_extra_info("connection").abort()
    elif word == "killed":
        process.exit_with_signal("KILL")
    elif word == "meet":  # ends when as many commands are here at once
        await process.get_extra_info("sshd").meeting(int(rest[0]))
        process.exit(0)
    else:
        process.stdout.write(b"begun")
        await process.wait_closed()


@dataclass
class Sshd:
    """One SSH server: where it listens, its host key, the connections it has seen."""

    port: int = 0
    host_key: asyncssh.SSHKey = field(
        default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519")
    )
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    listener: asyncssh.SSHAcceptor | None = None
    _here: int = 0
    _all_here: asyncio.Event = field(default_factory=asyncio.Event)

    async def meeting(self, count: int) -> None:
        self._here += 1
        if self._here == count:
            self._all_here.set()
        await self._all_here.wait()

    @property
    def public(self) -> str:
        return public(self.host_key)

    @property
    def name(self) -> str:
        return f"[127.0.0.1]:{self.port}"


def public(key: asyncssh.SSHKey) -> str:
    """Type and base64 of a public key."""
    return " ".join(key.export_public_key().decode().split()[:2])


class Lab:
    """Servers, the operator's key, known_hosts and ssh_config in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known_hosts = folder / "known_hosts"
        self.config = folder / "ssh_config"
        self.identity = folder / "id_ed25519"
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.identity.write_bytes(self.key.export_private_key())
        self.known_hosts.write_text("")
        self.more = ""  # further lines of ssh_config
        self.configure()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[Sshd] = []
        self._clients: list[Ssh] = []

    def configure(self, more: str = "", *, identity: str = "") -> None:
        """Write ssh_config: `more` host blocks, then what holds for all."""
        self.config.write_text(
            f"{more}\nHost *\n    UserKnownHostsFile {self.known_hosts}\n"
            "    GlobalKnownHostsFile /dev/null\n    IdentityAgent none\n"
            f"    IdentityFile {identity or self.identity}\n{self.more}"
        )

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run in the servers' thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def sshd(self, *, known: bool = True, port: int = 0, **options: Any) -> Sshd:
        """Start a server; `known`: known_hosts has its key."""
        made = Sshd()
        self.listen(made, port=port, **options)
        if known:
            self.expect(made)
        return made

    def listen(self, sshd: Sshd, port: int = 0, factory: Any = None, **options: Any) -> None:
        """(Re)start a server."""

        async def start() -> None:
            def process(process: asyncssh.SSHServerProcess[bytes]) -> Any:
                process.channel.set_extra_info(sshd=sshd)
                return answer(process)

            keys = asyncssh.import_authorized_keys(self.key.export_public_key().decode())
            chosen = {"server_host_keys": [sshd.host_key], "authorized_client_keys": keys}
            sshd.listener = await asyncssh.listen(
                *("127.0.0.1", port),
                server_factory=factory or (lambda: _Watched(sshd)),
                process_factory=process,
                encoding=None,
                **{**chosen, **options},
            )
            sshd.port = sshd.listener.get_port()

        self.run(start())
        self._servers.append(sshd)

    def stop(self, sshd: Sshd) -> None:
        """The server is gone, with every connection."""

        async def end() -> None:
            assert sshd.listener is not None
            sshd.listener.close()
            for connection in sshd.connections:
                connection.abort()
            await sshd.listener.wait_closed()

        self.run(end())
        self._servers.remove(sshd)

    def expect(self, sshd: Sshd) -> None:
        """Add the server's key to known_hosts."""
        self.trust(f"{sshd.name} {sshd.public}")

    def trust(self, line: str) -> None:
        """Add a line to known_hosts."""
        with self.known_hosts.open("a") as file:
            file.write(f"{line}\n")

    def server(self, sshd: Sshd) -> Server:
        """The server as an inventory knows it."""
        return Server("node00", "coreos", "127.0.0.1", sshd.port, USER)

    def ssh(self, **options: Any) -> Ssh:
        """A client; its deadlines may be short."""
        made = Ssh(self.config, **{"shortest": 0.05, "connect_deadline": 20.0, **options})
        self._clients.append(made)
        return made

    def close(self) -> None:
        for client in self._clients:
            client.close()
        for sshd in list(self._servers):
            self.stop(sshd)
        self.run(self._settled())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _settled(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    made = Lab(tmp_path)
    yield made
    made.close()


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _serve_agent(listener: socket.socket, keys: list[asyncssh.SSHKey]) -> None:
    """The two questions of the agent protocol: which keys, and sign this."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client, client.makefile("rb") as stream:
            while head := stream.read(4):
                request = stream.read(struct.unpack(">I", head)[0])
                reply = b"\x0c" + struct.pack(">I", len(keys))
                reply += b"".join(_string(key.public_data) + _string(b"held") for key in keys)
                if request[0] == 13:
                    size = struct.unpack(">I", request[1:5])[0]
                    blob, rest = request[5 : 5 + size], request[5 + size :]
                    length = struct.unpack(">I", rest[:4])[0]
                    key = next(key for key in keys if key.public_data == blob)
                    reply = b"\x0e" + _string(key.sign(rest[4 : 4 + length], key.algorithm))
                client.sendall(_string(reply))


@pytest.fixture
def agent(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[list[asyncssh.SSHKey]], None]]:
    """Starts an agent that holds the given keys."""
    with tempfile.TemporaryDirectory(prefix="a") as folder:  # a socket's path must be short
        listener = socket.socket(socket.AF_UNIX)

        def start(keys: list[asyncssh.SSHKey]) -> None:
            listener.bind(f"{folder}/s")
            listener.listen()
            threading.Thread(target=_serve_agent, args=(listener, keys), daemon=True).start()
            monkeypatch.setenv("SSH_AUTH_SOCK", f"{folder}/s")
            text = lab.config.read_text().replace("    IdentityAgent none\n", "")
            lab.config.write_text(text)

        yield start
        listener.close()

"""Many SSH servers in one process of their own, for both sides of a comparison.

As a program: `python -m benchmarks.servers FOLDER COUNT` writes the files, prints the ports, and
serves until its stdin ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncssh

USER = "operator"


@dataclass(frozen=True)
class Servers:
    """Where they listen on 127.0.0.1, and the files of the client."""

    folder: Path
    ports: list[int]

    @property
    def key(self) -> Path:
        """The private key that they let in."""
        return self.folder / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """Their host keys."""
        return self.folder / "known_hosts"

    @property
    def config(self) -> Path:
        """An ssh_config for all of them."""
        return self.folder / "ssh_config"


@contextlib.contextmanager
def running(folder: Path, count: int) -> Iterator[Servers]:
    """Servers as long as the block lasts."""
    argv = [sys.executable, "-m", "benchmarks.servers", str(folder), str(count)]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        ports = [int(word) for word in process.stdout.readline().split()]
        try:
            yield Servers(folder, ports)
        finally:
            process.stdin.close()


async def _answer(process: asyncssh.SSHServerProcess[str]) -> None:
    process.stdout.write("Linux 6.1\n")
    process.exit(0)


async def _serve(folder: Path, count: int) -> None:
    user, host = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    servers = Servers(folder, [])
    servers.key.write_bytes(user.export_private_key())
    servers.key.chmod(0o600)
    allowed = asyncssh.import_authorized_keys(user.export_public_key().decode())
    for _ in range(count):
        listener = await asyncssh.listen(
            *("127.0.0.1", 0),
            server_host_keys=[host],
            authorized_client_keys=allowed,
            process_factory=_answer,
            backlog=128,
        )
        servers.ports.append(listener.get_port())
    public = host.export_public_key().decode()
    servers.known_hosts.write_text("".join(f"[127.0.0.1]:{p} {public}" for p in servers.ports))
    servers.config.write_text(
        f"Host *\n  UserKnownHostsFile {servers.known_hosts}\n  IdentityFile {servers.key}\n"
        "  GlobalKnownHostsFile /dev/null\n  IdentityAgent none\n  IdentitiesOnly yes\n"
    )
    sys.stdout.write(" ".join(map(str, servers.ports)) + "\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))

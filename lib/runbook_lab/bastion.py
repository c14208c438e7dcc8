"""The way in: OpenSSH's sshd inside the lab's network, for each connection to a port on loopback.

The port was opened before this process went into the lab's network namespace, so it is reached
from this machine's loopback, and nothing else of the lab is.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
from pathlib import Path

from runbook_lab.commands import LabError
from runbook_lab.needs import find

USER = "root"  # of this machine, but for nothing except forwarding
_CONFIG = """\
HostKey {folder}/bastion_key
AuthorizedKeysFile {folder}/id_ed25519.pub
StrictModes no
PermitRootLogin prohibit-password
ForceCommand /bin/false
PermitTTY no
AllowTcpForwarding local
AllowAgentForwarding no
AllowStreamLocalForwarding no
X11Forwarding no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
"""


class Bastion:
    """Accepts connections and gives each its own sshd."""

    def __init__(self, listener: socket.socket, folder: Path) -> None:
        self.listener, self.folder = listener, folder
        self.config = folder / "bastion_config"
        self._running: set[subprocess.Popen[bytes]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Take connections from now on. Raises LabError when there is no sshd."""
        program = find("sshd")
        if program is None:
            raise LabError("there is no sshd on this machine: runbook lab install")
        self.config.write_text(_CONFIG.format(folder=self.folder))
        self.listener.setblocking(False)
        self._task = asyncio.create_task(self._accept(program))

    async def stop(self) -> None:
        """End all connections."""
        if self._task:
            self._task.cancel()
        for process in self._running:
            process.kill()
            process.wait()

    async def _accept(self, program: str) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(self.listener)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setblocking(True)
            with connection, contextlib.suppress(OSError):
                process = subprocess.Popen(  # noqa: S603 - words are ours
                    [program, "-i", "-e", "-f", str(self.config)],
                    stdin=connection.fileno(), stdout=connection.fileno(),
                )  # fmt: skip
                self._running.add(process)
            self._running = {p for p in self._running if p.poll() is None}

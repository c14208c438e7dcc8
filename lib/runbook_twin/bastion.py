"""The SSH server on loopback that leads into the world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import asyncssh

from runbook_twin.sshd import SERVER_OPTIONS, connect_from, key_data
from runbook_twin.world import World


class Bastion:
    """The way in, on 127.0.0.1: it forwards connections for the operator's key and runs nothing."""

    def __init__(
        self,
        world: World,
        user: str,
        keys: list[str],
        host_key: asyncssh.SSHKey,
        used: Callable[[], None] = lambda: None,
    ) -> None:
        self.world, self.user, self.keys, self.used = world, user, key_data(keys), used
        self.host_key = host_key
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self._listener: asyncssh.SSHAcceptor | None = None

    async def listen(self, port: int = 0) -> int:
        """Open a port (0: any); which one."""
        options = asyncssh.SSHServerConnectionOptions(
            server_factory=lambda: BastionServer(self),
            server_host_keys=[self.host_key],
            **SERVER_OPTIONS,
        )
        self._listener = await asyncssh.listen("127.0.0.1", port, options=options)
        return self._listener.get_port()

    async def close(self) -> None:
        """Close the port and every connection."""
        if self._listener:
            self._listener.close()
        for connection in list(self.connections):
            connection.abort()


class BastionServer(asyncssh.SSHServer):
    """One connection to the bastion."""

    def __init__(self, bastion: Bastion) -> None:
        self.bastion = bastion
        self.connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Count it."""
        self.connection = conn
        self.bastion.connections.add(conn)
        self.bastion.used()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        if self.connection:
            self.bastion.connections.discard(self.connection)
        self.bastion.used()

    def public_key_auth_supported(self) -> bool:
        """Only keys."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """The operator's key."""
        return username == self.bastion.user and key.public_data in self.bastion.keys

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> Any:
        """A connection to an address of the world."""
        return connect_from(self.bastion.world, None, dest_host, dest_port)

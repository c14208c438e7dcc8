"""What the OpenStack API needs from whatever runs its servers (the twin's world, or a lab)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


class NoValidHost(Exception):
    """The hypervisor cannot run this server."""


@dataclass(frozen=True)
class ServerSpec:
    """A server to make: ids and names of the API, what its image needs to boot.

    user_data: decoded bytes. public_keys: OpenSSH lines. image: the image's name.
    """

    id: str
    name: str
    image: str
    address: str
    user_data: bytes = b""
    public_keys: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)


class Hypervisor(Protocol):
    """Runs servers. Every method returns when the hypervisor has done it (seconds of its time)."""

    async def create(self, spec: ServerSpec) -> None:
        """Make and boot a server. Raises NoValidHost."""

    async def power_off(self, server_id: str) -> None:
        """Cut the power; nothing is shut down nicely."""

    async def power_on(self, server_id: str) -> None:
        """Boot it again from its disk."""

    async def reboot(self, server_id: str, *, hard: bool) -> None:
        """Power off and on."""

    async def delete(self, server_id: str) -> None:
        """Remove the server and its disk."""

    def console(self, server_id: str) -> str:
        """The console log; holds the fingerprints of the SSH host keys once booted."""
        ...

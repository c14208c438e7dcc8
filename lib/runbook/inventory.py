"""Servers by group and by name: where each one is and who logs in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from runbook.errors import MissingError, TargetError


@dataclass(frozen=True)
class Server:
    """One server: its name, group, address and SSH port, the user that logs in, its image."""

    name: str
    group: str
    address: str
    port: int = 22
    user: str = ""
    image: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.address})"


class Inventory:
    """All servers of a target, in the order of its file.

    >>> servers = Inventory([Server("node00", "coreos", "192.168.0.10", user="core")])
    >>> servers.server("node00").address
    '192.168.0.10'
    """

    def __init__(self, servers: Iterable[Server]) -> None:
        """Raises TargetError when two servers have the same name."""
        self._servers: dict[str, Server] = {}
        for server in servers:
            if other := self._servers.get(server.name):
                raise TargetError(
                    f"two servers have the name {server.name}: {other.address}, {server.address}",
                    remedy="give each server its own name",
                )
            self._servers[server.name] = server

    def __iter__(self) -> Iterator[Server]:
        return iter(self._servers.values())

    def __len__(self) -> int:
        return len(self._servers)

    def __contains__(self, name: object) -> bool:
        return name in self._servers

    @property
    def groups(self) -> list[str]:
        """Names of the groups, in order."""
        return list(dict.fromkeys(server.group for server in self))

    def group(self, name: str) -> list[Server]:
        """The servers of a group. Raises MissingError that names the groups there are."""
        found = [server for server in self if server.group == name]
        if not found:
            raise MissingError(
                f"there is no group {name!r}", remedy=f"use one of: {_words(self.groups)}"
            )
        return found

    def server(self, name: str) -> Server:
        """The server of that name. Raises MissingError that names the servers there are."""
        if name not in self._servers:
            raise MissingError(
                f"there is no server {name!r}", remedy=f"use one of: {_words(self._servers)}"
            )
        return self._servers[name]

    def at(self, address: str) -> Server | None:
        """The server that has this address."""
        return next((server for server in self if server.address == address), None)


def _words(names: Iterable[str]) -> str:
    return ", ".join(names) or "(there are none)"

"""A server: where it is and who logs in."""

from __future__ import annotations

from dataclasses import dataclass


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

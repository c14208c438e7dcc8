"""What the compute service keeps: flavors, key pairs and servers."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

POWER_NONE, POWER_RUNNING, POWER_PAUSED, POWER_SHUTDOWN = 0, 1, 3, 4

# nova shows another status than that of the vm_state while these tasks run
_STATUS_OF_TASK = {
    "rebooting": "REBOOT",
    "reboot_pending": "REBOOT",
    "reboot_started": "REBOOT",
    "rebooting_hard": "HARD_REBOOT",
    "reboot_pending_hard": "HARD_REBOOT",
    "reboot_started_hard": "HARD_REBOOT",
    "rebuilding": "REBUILD",
    "rebuild_spawning": "REBUILD",
}
_STATUS = {
    "building": "BUILD",
    "active": "ACTIVE",
    "stopped": "SHUTOFF",
    "paused": "PAUSED",
    "suspended": "SUSPENDED",
    "error": "ERROR",
    "deleted": "DELETED",
}


def stamp(seconds: float) -> str:
    """A time as the API shows it: UTC to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fine_stamp(seconds: float | None) -> str | None:
    """A time with microseconds and without a zone."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def new_id() -> str:
    """A fresh id."""
    return str(uuid.uuid4())


@dataclass(frozen=True)
class Flavor:
    """A size of servers: memory in MB, disk in GB."""

    id: str
    name: str
    vcpus: int
    ram: int
    disk: int


FLAVORS = (
    Flavor("1", "m1.tiny", 1, 512, 1),
    Flavor("2", "m1.small", 1, 2048, 20),
    Flavor("3", "m1.medium", 2, 4096, 40),
)


@dataclass(frozen=True)
class KeyPair:
    """A public key under a name; the private half is shown once and not kept."""

    id: int
    name: str
    public_key: str
    fingerprint: str
    created: float
    kind: str = "ssh"


@dataclass(frozen=True)
class Image:
    """An image of the image service; sizes in bytes and GB."""

    id: str
    name: str
    created: float
    min_disk: int = 1
    min_ram: int = 0
    size: int = 283_115_520

    @property
    def digest(self) -> str:
        """SHA-512 that the service states for the image's data."""
        return hashlib.sha512(self.id.encode()).hexdigest()


@dataclass
class Wanted:
    """One network of a server to be: a network with or without an address, or a port."""

    network_id: str
    address: str | None = None
    port_id: str | None = None


@dataclass
class Server:
    """A server as the compute service sees it; times in the twin's seconds."""

    id: str
    name: str
    image: Image
    flavor: Flavor
    created: float
    key_name: str | None = None
    public_key: str | None = None
    user_data: bytes = b""
    metadata: dict[str, str] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    description: str | None = None
    hostname: str = ""
    config_drive: bool = False
    wanted: list[Wanted] = field(default_factory=list)
    security_groups: list[str] = field(default_factory=lambda: ["default"])
    reservation_id: str = ""
    vm_state: str = "building"
    task_state: str | None = "scheduling"
    power_state: int = POWER_NONE
    host: str = ""
    launched: float | None = None
    spawned: bool = False  # the hypervisor has it
    terminated: float | None = None
    updated: float = 0.0
    fault: tuple[str, float] | None = None
    locked: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def status(self) -> str:
        """The status that the API shows for vm_state and task_state."""
        if self.vm_state in ("active", "stopped", "paused", "suspended", "error"):
            return _STATUS_OF_TASK.get(self.task_state or "", _STATUS[self.vm_state])
        return _STATUS[self.vm_state]

"""A computer of the twin: it is powered on or off, has a disk, programs and running software."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from runbook_twin.clock import Clock
from runbook_twin.files import Disk

if TYPE_CHECKING:
    from runbook_twin.world import World


@dataclass
class Call:
    """One run of one program: what it was given, where its output goes."""

    machine: Machine
    argv: list[str]
    user: str = "root"
    stdin: bytes = b""
    environment: dict[str, str] = field(default_factory=dict)
    directory: str = "/"
    tty: bool = False
    write_out: Callable[[bytes], None] = lambda data: None
    write_err: Callable[[bytes], None] = lambda data: None

    @property
    def world(self) -> World:
        """The world that the machine stands in."""
        return self.machine.world

    @property
    def clock(self) -> Clock:
        """The twin's clock."""
        return self.machine.world.clock

    @property
    def root(self) -> bool:
        """Whether the program runs as root (sudo)."""
        return self.user == "root"

    def out(self, text: str) -> None:
        """Print on stdout, as is (no newline is added)."""
        self.write_out(text.encode())

    def err(self, text: str) -> None:
        """Print on stderr, as is."""
        self.write_err(text.encode())


Program = Callable[[Call], Awaitable[int]]


class Software(Protocol):
    """Something that runs on a machine (etcd, fleet, an engine) and lives through reboots."""

    def power_on(self) -> None:
        """The machine has booted; start what is enabled."""

    def power_off(self) -> None:
        """The power is gone: nothing is shut down nicely. Only the disk remains."""


@dataclass
class HttpAnswer:
    """An HTTP answer: status, body, headers."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


# method, path with query, body -> answer
HttpHandler = Callable[[str, str, bytes], Awaitable[HttpAnswer]]


class Machine:
    """One server. `programs` by base name; `listeners` by TCP port; `software` by name.

    user: who logs in (core, rancher). boot_id changes at every boot. `spawn` starts a task that
    the loss of power ends.
    """

    def __init__(self, world: World, name: str, address: str, image: str, user: str) -> None:
        self.world = world
        self.name = name  # the cloud's name for it; hostname may be changed from inside
        self.hostname = name
        self.address = address
        self.image = image
        self.user = user
        self.disk = Disk()
        self.programs: dict[str, Program] = {}
        self.listeners: dict[int, HttpHandler] = {}
        self.software: dict[str, Software] = {}
        self.authorized_keys: list[str] = []
        self.powered = False
        self.boots = 0
        self.booted_at = 0.0
        self.console: list[str] = []
        self.tasks: set[asyncio.Task[Any]] = set()
        self.on_boot: list[Callable[[], None]] = []  # the image's own start, before the software
        self.sudo_refused = False

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine for as long as the machine has power."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def power_on(self) -> None:
        """Boot: the image's hooks, then all software. (The hypervisor waits out the boot time.)"""
        if self.powered:
            return
        self.powered = True
        self.boots += 1
        self.booted_at = self.world.clock.now()
        for hook in self.on_boot:
            hook()
        for software in list(self.software.values()):
            software.power_on()

    def power_off(self) -> None:
        """Cut the power: every task and listener is gone at once."""
        self.powered = False
        for software in list(self.software.values()):
            software.power_off()
        for task in list(self.tasks):
            task.cancel()
        self.listeners.clear()

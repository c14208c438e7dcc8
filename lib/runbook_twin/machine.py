"""A computer of the twin: it is powered on or off, has a disk, programs and running software."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from asyncssh import SSHKey, generate_private_key

from runbook_twin.clock import Clock
from runbook_twin.files import Disk
from runbook_twin.streams import Input

if TYPE_CHECKING:
    from runbook_twin.world import World


@dataclass
class Call:
    """One run of one program: what it was given, where its output goes.

    stdin: what of its input was there at the start (all of it, unless a person types it).
    """

    machine: Machine
    argv: list[str]
    user: str = "root"
    stdin: bytes = b""
    environment: dict[str, str] = field(default_factory=dict)
    directory: str = "/"
    tty: bool = False
    write_out: Callable[[bytes], None] = lambda data: None
    write_err: Callable[[bytes], None] = lambda data: None
    input: Input | None = None

    async def read_input(self) -> bytes:
        """The whole input, up to its end."""
        return await self.input.read() if self.input else self.stdin

    async def read_line(self) -> bytes:
        """One line of the input with its end; b"" at the end. For prompts."""
        self.input = self.input or Input(self.stdin)
        return await self.input.read_line()

    @property
    def name(self) -> str:
        """The program's base name, however it was called."""
        return self.argv[0].rpartition("/")[2]

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
        self.on_shutdown: list[Callable[[], None]] = []  # only when it goes down nicely
        self.sudo_refused = False
        self.drop_after: float | None = None  # seconds into the next command: the connection ends
        self.boot_s = 16.0
        self.starting: asyncio.TimerHandle | None = None
        self.going_down: asyncio.Task[None] | None = None
        self.host_key: SSHKey = generate_private_key("ssh-ed25519")
        self.generated: dict[str, Callable[[], str]] = {}  # files that the kernel writes (/proc)
        self.kernel = "4.7.3-coreos-r2"
        self.unix_sockets: dict[str, HttpHandler] = {}  # by path

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine for as long as the machine has power."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def power_on(self) -> None:
        """Boot: the image's hooks, then all software. (The hypervisor waits out the boot time.)"""
        self.starting = None
        if self.powered:
            return
        self._clear_memory()
        self.powered = True
        self.boots += 1
        self.booted_at = self.world.clock.now()
        for hook in self.on_boot:
            hook()
        for software in list(self.software.values()):
            software.power_on()
        self.world.note(f"{self.name} has booted")
        self.world.changed()

    def _clear_memory(self) -> None:
        """What lay in memory is not there after a boot: /run, /tmp, what the kernel tells."""
        for folder in ("/run", "/tmp") if self.boots else ():  # noqa: S108 - of the twin
            self.disk.remove(folder)
            self.disk.directories.add(folder)
        if "/etc/hostname" in self.disk.files:
            self.hostname = self.disk.text("/etc/hostname").strip() or self.hostname
        boot_id = f"{uuid.uuid4()}\n"
        self.generated.setdefault("/proc/cmdline", lambda: "root=LABEL=ROOT console=ttyS0\n")
        self.generated["/proc/sys/kernel/random/boot_id"] = lambda: boot_id
        self.generated["/proc/uptime"] = lambda: (
            f"{self.world.clock.now() - self.booted_at:.2f} 0.00\n"
        )
        self.generated["/proc/sys/kernel/hostname"] = lambda: f"{self.hostname}\n"

    def start(self) -> None:
        """Press the power button: it is up (and reachable) after the boot time."""
        if not self.powered and self.starting is None:
            self.disk.directories.add(f"/home/{self.user}")
            seconds = self.boot_s + self.world.faults.slow_boot_s
            self.starting = self.world.clock.call_later(seconds, self.power_on)

    def power_off(self) -> None:
        """Cut the power: every task and listener is gone at once."""
        if self.starting:
            self.starting.cancel()
            self.starting = None
        if not self.powered:
            return
        self.powered = False
        for software in list(self.software.values()):
            software.power_off()
        for task in list(self.tasks):
            task.cancel()
        self.listeners.clear()
        self.unix_sockets.clear()
        self.world.note(f"{self.name} has lost power")
        self.world.changed()

    async def shut_down(self) -> None:
        """Go down nicely: sessions are closed and hear of it, then the power is off."""
        for close in list(self.on_shutdown):
            close()
        await self.world.clock.sleep(1.0)
        self.power_off()

    def go_down(self, *, again: bool) -> None:
        """Shut down from inside (reboot, poweroff) a moment later; `again`: boot once more."""

        async def down() -> None:
            await self.world.clock.sleep(1.0)
            await self.shut_down()
            if again:
                self.start()

        self.going_down = asyncio.get_running_loop().create_task(down())

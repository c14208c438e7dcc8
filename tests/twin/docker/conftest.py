"""A scene for the Docker of the twin: three machines and a clock that jumps instead of waiting."""

from __future__ import annotations

import asyncio
import json
import random
import re
import selectors
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from runbook_twin import docker
from runbook_twin.clock import Clock
from runbook_twin.docker.engine import Engine
from runbook_twin.machine import Call, Machine
from runbook_twin.world import World

OUTPUTS = Path(__file__).parents[2] / "outputs"
ADDRESSES = {
    "manager0": "192.168.0.100",
    "worker0": "192.168.0.101",
    "worker1": "192.168.0.102",
    "node02": "192.168.0.12",
}


class Jump(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """A selector that does not wait: it moves the loop's time on by what it was to wait."""

    ahead = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready and timeout:
            self.ahead += timeout
        return list(ready)


class JumpLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is only what was slept in it."""

    def __init__(self) -> None:
        self.jump = Jump()
        super().__init__(self.jump)

    def time(self) -> float:
        return self.jump.ahead


class JumpClock(Clock):
    """The twin's clock on a jumping loop; it starts at a fixed moment."""

    def now(self) -> float:
        return 1_795_377_564.0 + asyncio.get_running_loop().time()


@dataclass
class Ran:
    """What a command printed and how it ended."""

    exit_code: int
    stdout: str
    stderr: str


@dataclass
class Scene:
    """Machines with engines of one version; `docker` runs the program on one of them."""

    world: World = field(default_factory=lambda: World(JumpClock(), random=random.Random(7)))
    engines: dict[str, Engine] = field(default_factory=dict)

    def add(self, name: str, version: str = "1.12.1", client: str = "") -> Engine:
        machine = Machine(self.world, name, ADDRESSES[name], "debian", "core")
        self.world.machines[name] = machine
        engine = docker.install(machine, version, client=client)
        engine.host.kernel, engine.host.memory = "6.18.44-fc-v669", 25_276_502_016
        self.engines[name] = engine
        machine.power_on()
        return engine

    async def run(self, host: str, argv: list[str], *, tty: bool = False) -> Ran:
        out, err = bytearray(), bytearray()
        machine = self.world.machines[host]
        call = Call(machine, argv, tty=tty, write_out=out.extend, write_err=err.extend)
        code = await machine.programs[argv[0]](call)
        return Ran(code, out.decode(), err.decode())

    async def docker(self, host: str, line: str) -> str:
        """A docker command that must succeed; its output."""
        ran = await self.run(host, ["docker", *line.split()])
        assert ran.exit_code == 0, (line, ran)
        return ran.stdout

    async def wait(self, seconds: float) -> None:
        await self.world.clock.sleep(seconds)

    async def swarm(self, version: str = "1.12.1", client: str = "", *, drain: bool = True) -> None:
        """The article's swarm: manager0, drained, and two workers."""
        for name in ("manager0", "worker0", "worker1"):
            self.add(name, version, client)
        await self.docker("manager0", "swarm init --advertise-addr 192.168.0.100")
        token = (await self.docker("manager0", "swarm join-token -q worker")).strip()
        for name in ("worker0", "worker1"):
            await self.docker(name, f"swarm join --token {token} 192.168.0.100:2377")
        if drain:
            await self.docker("manager0", "node update --availability drain manager0")

    def images(self, *names: str) -> None:
        """Put images on both workers, as if they had been pulled."""
        for worker in ("worker0", "worker1"):
            for name in names or ("nginx", "busybox"):
                self.engines[worker].add_image(name)


@dataclass(frozen=True)
class Recording:
    """One recorded run of the real tool."""

    argv: list[str]
    ran: Ran
    tty: bool


def read(folder: str, name: str) -> Recording:
    data = json.loads((OUTPUTS / folder / f"{name}.json").read_text())
    ran = Ran(data["exit_code"], data["stdout"], data["stderr"])
    return Recording(data["argv"], ran, data["tty"])


NORMAL = [  # what differs from run to run, made equal in width too
    (r"SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}", "TOKEN"),
    (r"\b[0-9a-f]{64}\b", "H" * 64),
    (r"\b[0-9a-z]{25}\b", "I" * 25),
    (r"\b(?=[0-9a-z]*\d)[0-9a-z]{12}\b", "i" * 12),
    (r"(?i)(?:about an? \w+|less than a second|\d+ (?:second|minute|hour)s?)( ago)? *", "AGO "),
    (r"-{5}BEGIN CERTIFICATE-{5}[^-]*-{5}END CERTIFICATE-{5}", "CERTIFICATE"),
    (r"[A-Za-z0-9+/]{60,}={0,2}", "KEY"),
    (r"([A-Z2-7]{4}:){11}[A-Z2-7]{4}", "ENGINE-ID"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?", "TIME"),
    (r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", "TIME"),
]


def normal(text: str) -> str:
    """A text without ids, tokens, times; columns that follow an age lose their padding."""
    for pattern, word in NORMAL:
        text = re.sub(pattern, word, text)
    return text


@pytest.fixture
def play() -> Callable[[Callable[[Scene], Awaitable[None]]], None]:
    """Play a scene to its end in no time."""

    def run(story: Callable[[Scene], Awaitable[None]]) -> None:
        async def tell() -> None:
            await story(Scene())

        with asyncio.Runner(loop_factory=JumpLoop) as runner:
            runner.run(tell())

    return run


@pytest.fixture
def recording() -> Callable[[str, str], Recording]:
    """Read a recording by folder and name."""
    return read


@pytest.fixture
def same() -> Callable[[Ran, Ran], None]:
    """Compare a run with a recorded one."""

    def compare(ran: Ran, recorded: Ran) -> None:
        assert ran.exit_code == recorded.exit_code, ran
        assert normal(ran.stderr) == normal(recorded.stderr)
        assert normal(ran.stdout) == normal(recorded.stdout)

    return compare

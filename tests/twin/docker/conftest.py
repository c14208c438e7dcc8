"""A scene for the Docker of the twin: three machines and a clock that jumps instead of waiting."""

from __future__ import annotations

import asyncio
import json
import re
import selectors
import shlex
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from random import Random
from typing import Any

import pytest

from runbook_twin import docker, shell
from runbook_twin.clock import Clock
from runbook_twin.docker.engine import Engine
from runbook_twin.machine import Machine
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

    world: World = field(default_factory=lambda: World(JumpClock(), random=Random(7)))  # noqa: S311
    engines: dict[str, Engine] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "root"

    def add(self, name: str, version: str = "1.12.1", client: str = "") -> Engine:
        machine = Machine(self.world, name, ADDRESSES[name], "debian", "core")
        self.world.machines[name] = machine
        engine = docker.install(machine, version, client=client)
        engine.host.kernel, engine.host.memory = "6.18.44-fc-v669", 25_276_502_016
        self.engines[name] = engine
        machine.power_on()
        return engine

    async def run(self, host: str, argv: list[str], *, tty: bool = False) -> Ran:
        """Run a command line on a machine's shell."""
        words = [f"{key}={value}" for key, value in self.environment.items()]
        line = " ".join([*words, shlex.join(argv)])
        ran = await shell.run(self.world.machines[host], line, user=self.user, tty=tty)
        return Ran(ran.exit_code, ran.stdout.decode(), ran.stderr.decode())

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

    name: str
    host: str
    argv: list[str]
    ran: Ran
    tty: bool


def _swapped(text: str) -> str:
    text = re.sub(r"(worker)([01])", lambda m: m[1] + ("1" if m[2] == "0" else "0"), text)
    return re.sub(r"(192\.168\.0\.10)([12])", lambda m: m[1] + ("2" if m[2] == "1" else "1"), text)


def read(folder: str, name: str, *, swap: bool = False) -> Recording | None:
    """A recording, None when this one is not among those kept here."""
    path = OUTPUTS / folder / f"{name}.json"
    if not path.is_file():
        return None
    text = path.read_text()
    data = json.loads(_swapped(text) if swap else text)
    ran = Ran(data["exit_code"], data["stdout"], data["stderr"])
    return Recording(name, data["host"], data["argv"], ran, data["tty"])


NORMAL = [  # what differs from run to run, made equal in width too
    (r"SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}", "TOKEN"),
    (r"\b[0-9a-f]{64}\b", "H" * 64),
    (r"\b[0-9a-z]{25}\b", "I" * 25),
    (r"\b(?=[0-9a-z]*\d)[0-9a-z]{12}\b|(?m:^)[0-9a-z]{12}(?= )", "i" * 12),
    (r"(?i)(?:about an? \w+|less than a second|\d+ (?:second|minute|hour)s?)( ago)?", "AGO"),
    (r"-{5}BEGIN CERTIFICATE-{5}[^-]*-{5}END CERTIFICATE-{5}", "CERTIFICATE"),
    (r"[A-Za-z0-9+/]{60,}={0,2}", "KEY"),
    (r"([A-Z2-7]{4}:){11}[A-Z2-7]{4}", "ENGINE-ID"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?", "TIME"),
    (r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", "TIME"),
    (r'"Index": \d+', '"Index": 0'),
    (r"Docker Root Dir: \S+", "Docker Root Dir: /"),
    (r"(Network|Runtimes):( [\w.]+)+", r"\1: ..."),  # in no order in 1.12
]


def normal(text: str) -> str:
    """A text without ids, tokens and times."""
    for pattern, word in NORMAL:
        text = re.sub(pattern, word, text)
    return text


def alike(have: str, want: str) -> tuple[str, str]:
    """Both texts in normal form; where there are ages, without the padding that they make."""
    texts = normal(have), normal(want)
    if any("AGO" in text for text in texts):
        return re.sub(" {2,}", "  ", texts[0]), re.sub(" {2,}", "  ", texts[1])
    return texts


@dataclass
class Theatre:
    """Replays recordings of one folder in a scene and gathers what differs.

    swap: worker0 and worker1 trade places (the real scheduler drew lots between them).
    """

    scene: Scene
    folder: str
    swap: bool = False
    different: list[str] = field(default_factory=list)
    played: list[str] = field(default_factory=list)

    async def replay(self, name: str, *, token: str = "", order: bool = True) -> None:
        """Run a recorded command line on its host and compare. token: stands for the recorded one;
        order False: rows may come in another order (ids are drawn by lot)."""
        recorded = self.read(name)
        if recorded is None:
            return
        argv = [re.sub(NORMAL[0][0], token, word) if token else word for word in recorded.argv]
        ran = await self.scene.run(recorded.host, argv, tty=recorded.tty)
        self.played.append(name)
        for what in ("exit_code", "stderr", "stdout"):
            have, want = getattr(ran, what), getattr(recorded.ran, what)
            if isinstance(want, str):
                have, want = alike(have, want.replace("\r\n", "\n"))
                if not order:
                    have, want = (_sorted(text) for text in (have, want))
            if have != want:
                lines = unified_diff(str(want).split("\n"), str(have).split("\n"), lineterm="")
                self.different.append("\n".join([f"== {name} {what}", *list(lines)[2:]]))

    async def act(self, name: str, line: str, *, host: str = "manager0", token: str = "") -> None:
        """Replay a change; where its recording is not kept here, make the change all the same."""
        before = len(self.played)
        await self.replay(name, token=token)
        if len(self.played) == before:
            await self.scene.run(host, ["docker", *line.split()])

    def finish(self, least: int) -> None:
        """Fail with all differences; `least` recordings must have been replayed."""
        assert not self.different, "\n".join(self.different)
        assert len(self.played) >= least, self.played

    def read(self, name: str) -> Recording | None:
        """A recording of this theatre's folder."""
        return read(self.folder, name, swap=self.swap)

    async def see(self, name: str, seconds: float = 20.0) -> None:
        """Run a recorded command again and again until each row was seen (on any worker)."""
        recorded = self.read(name)
        if recorded is None:
            return
        missing = set(_rows(recorded.ran.stdout))
        self.played.append(name)
        for _ in range(int(seconds * 4)):
            ran = await self.scene.run(recorded.host, recorded.argv)
            seen = _rows(ran.stdout)
            missing -= set(seen)
            if not missing:
                return
            await self.scene.wait(0.25)
        self.different.append("\n".join([f"== {name}: never seen", *missing, "-- but", *seen]))

    async def see_all(self, names: str, seconds: float = 20.0) -> None:
        """`see` several at the same time."""
        await asyncio.gather(*(self.see(name, seconds) for name in names.split()))

    async def replay_all(self, names: str) -> None:
        """`replay` one after the other."""
        for name in names.split():
            await self.replay(name)


def _rows(text: str) -> list[str]:
    text = re.sub(r"\b(worker|webserver\.)\d\b", r"\1", normal(text))
    text = re.sub(r" {2,}", "  ", text)
    return [line.strip() for line in text.splitlines()]


def _sorted(text: str) -> str:
    first, *rest = text.splitlines() or [""]
    return "\n".join([first, *sorted(line.replace("*", " ").strip() for line in rest)])


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
def theatre() -> Callable[[Scene, str], Theatre]:
    """A theatre for a folder of recordings."""
    return Theatre

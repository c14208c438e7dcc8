"""One container: what was asked for, the state it is in, how that is shown."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from runbook_twin.docker.ports import Port
from runbook_twin.docker.text import duration


@dataclass
class Container:
    """A container on a machine's disk. state: created, running, paused, restarting, exited."""

    id: str
    name: str
    image: str
    image_id: str
    command: list[str]
    created: float
    ports: list[Port] = field(default_factory=list)
    restart: str = "no"
    remove: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    environment: list[str] = field(default_factory=list)
    state: str = "created"
    exit_code: int = 0
    started: float = 0.0
    finished: float = 0.0
    restarts: int = 0
    log: list[tuple[float, str, str]] = field(default_factory=list)  # time, stream, line
    stopped_by_hand: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    work: asyncio.Task[None] | None = None
    signalled: int = 0  # the signal that ended it
    health: str = ""  # starting, healthy; empty without a check
    aliases: list[str] = field(default_factory=list)  # names that links gave it

    @property
    def short(self) -> str:
        """The first 12 digits of the id."""
        return self.id[:12]

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self.state in ("running", "paused")

    def become(self, state: str) -> None:
        """Take a state and wake whoever waits for a change."""
        self.state = state
        self.changed.set()
        self.changed = asyncio.Event()

    async def until_ended(self) -> int:
        """Wait until it runs no more (for good); its exit code."""
        while self.state not in ("exited", "removed"):
            await self.changed.wait()
        return self.exit_code

    def status(self, now: float, *, old: bool) -> str:
        """The STATUS column, as the daemon words it."""
        if self.running:
            health = f" ({self.health})" if self.health else ""
            health = " (Paused)" if self.state == "paused" else health
            return f"Up {duration(now - self.started, old=old)}{health}"
        if self.state == "created":
            return "Created"
        ago = duration(now - self.finished, old=old)
        word = "Restarting" if self.state == "restarting" else "Exited"
        return f"{word} ({self.exit_code}) {ago} ago"

    @property
    def command_line(self) -> str:
        """The COMMAND column in full: words with a blank are quoted."""
        first, *rest = self.command or [""]
        return " ".join([first, *(f"'{word}'" if " " in word else word for word in rest)])

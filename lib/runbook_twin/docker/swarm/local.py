"""A task on the node that runs it: from the image to the container and its end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runbook_twin.docker import images
from runbook_twin.docker.container import Container
from runbook_twin.docker.failures import DaemonError
from runbook_twin.docker.ports import Port
from runbook_twin.docker.swarm.state import ENDED, Task

if TYPE_CHECKING:
    from runbook_twin.docker.engine import Engine


@dataclass
class Local:
    """A node's own view of a task: what it was told to do and how far it is."""

    engine: Engine
    task: Task
    desired: str
    state: str = "accepted"
    since: float = 0.0
    error: str = ""
    container: Container | None = None
    told: asyncio.Event = field(default_factory=asyncio.Event)

    def become(self, state: str, error: str = "") -> None:
        """Enter a state."""
        before, self.state = self.state, state
        self.error, self.since = error, self.engine.now
        if "running" in (before, state) and before != state:
            word = "up" if state == "running" else "down"
            world, host = self.engine.machine.world, self.engine.machine.hostname
            world.note(f"task {self.task.name} {word} on {host}")

    def tell(self, desired: str) -> None:
        """A new wish of the manager."""
        if desired != self.desired:
            self.desired = desired
            self.told.set()
            self.told = asyncio.Event()

    @property
    def stopping(self) -> bool:
        """Whether it shall run no more."""
        return self.desired in ("shutdown", "remove")

    async def carry(self) -> None:
        """Do the whole task, until it has ended."""
        self.become("preparing")
        try:
            await self._prepare()
            self.become("ready")
            while self.desired == "ready":
                await self.told.wait()
            if not self.stopping:
                await self._run()
        except DaemonError as error:
            self._fail(error)
        if self.state not in ENDED:
            self.become("shutdown")

    def _fail(self, error: DaemonError) -> None:
        if self.state == "preparing":
            self.become("rejected", error.message)
        else:
            self.become("failed", f"starting container failed: {error.message}")

    async def _prepare(self) -> None:
        reference = self.task.spec.image.split("@")[0]
        name = images.normal(reference)
        if not images.valid(reference):
            raise DaemonError(
                f"invalid reference format: repository name must be lowercase: {name}"
            )
        if self.engine.find_image(name) is None:
            try:
                await self.engine.pull(name)
            except DaemonError:
                raise DaemonError(f"No such image: {name}") from None
        spec, task = self.task.spec, self.task
        middle = "0" if not task.slot and self.engine.dialect.old else str(task.slot or task.node)
        self.container = self.engine.create(
            name,
            list(spec.command),
            name=f"{task.service.name}.{middle}.{task.id}",
            ports=[
                Port(one.target, one.protocol, one.published)
                for one in spec.ports
                if one.mode == "host"
            ],
            environment=spec.environment,
            labels=_labels(task),
        )

    async def _run(self) -> None:
        container = self.container
        if container is None:
            return
        self.become("starting")
        await self.engine.machine.world.clock.sleep(0.4)
        self.engine.start(container)
        self.become("running")
        await self.stay(container)

    async def stay(self, container: Container) -> None:
        """Watch a running container until it ends or shall stop."""
        ended = asyncio.ensure_future(container.until_ended())
        try:
            while not self.stopping and not ended.done():
                told = asyncio.ensure_future(self.told.wait())
                await asyncio.wait({ended, told}, return_when=asyncio.FIRST_COMPLETED)
                told.cancel()
        finally:
            ended.cancel()
        if self.stopping and container.running:
            await self.engine.stop(container, grace=self.task.spec.grace)
            self.become("shutdown")
            return
        code = container.exit_code
        self.become(
            "failed" if code else "complete", f"task: non-zero exit ({code})" if code else ""
        )

    def discard(self) -> None:
        """Take the task's container off the machine."""
        if self.container is not None and self.container in self.engine.containers:
            self.engine.remove(self.container, force=True)


def _labels(task: Task) -> dict[str, str]:
    return {
        "com.docker.swarm.node.id": task.node,
        "com.docker.swarm.service.id": task.service.id,
        "com.docker.swarm.service.name": task.service.name,
        "com.docker.swarm.task": "",
        "com.docker.swarm.task.id": task.id,
        "com.docker.swarm.task.name": f"{task.name}.{task.id}",
    }

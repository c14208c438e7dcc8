"""The daemon of one machine: its images and containers, kept on disk over a loss of power."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runbook_twin.docker import api, images, process
from runbook_twin.docker.container import Container
from runbook_twin.docker.dialect import Dialect, dialect
from runbook_twin.docker.failures import DaemonDown, DaemonError
from runbook_twin.docker.host import Host, host_of
from runbook_twin.docker.images import Image
from runbook_twin.docker.ports import Port
from runbook_twin.docker.text import hex_id
from runbook_twin.machine import Machine

if TYPE_CHECKING:
    from runbook_twin.docker.swarm.agent import Agent
    from runbook_twin.docker.swarm.membership import Pending


class Engine:
    """A Docker daemon and its client on a machine (Software).

    version: of the daemon; client: of the program, the same unless given. `up` is whether the
    daemon runs. `agent` is this machine's part in a swarm, None when it is in none.
    """

    def __init__(self, machine: Machine, version: str, *, client: str = "") -> None:
        self.machine = machine
        self.dialect: Dialect = dialect(version)
        self.client: Dialect = dialect(client or version)
        self.up = False
        self.socket = "/var/run/docker.sock"
        self.needs_root = False
        self.images: list[Image] = []
        self.containers: list[Container] = []  # oldest first
        self.agent: Agent | None = None
        self.pending: Pending | None = None  # a join that goes on in the background
        self.host: Host = host_of(machine.image, machine.world.random)
        self.pulls: dict[str, asyncio.Task[Image]] = {}

    @property
    def version(self) -> str:
        """The daemon's version."""
        return self.dialect.version

    @property
    def now(self) -> float:
        """The twin's time."""
        return self.machine.world.clock.now()

    def set_version(self, version: str) -> None:
        """Run another daemon and client (an engine switch); call it while the engine is down,
        or the daemon is restarted. Below 1.12 there is no swarm: the machine falls out of its."""
        was_up = self.up
        if was_up:
            self.stop_daemon()
        self.dialect = self.client = dialect(version)
        if was_up:
            self.start_daemon()

    def power_on(self) -> None:
        """Start the daemon: containers that ran are found ended, restart policies apply."""
        self.start_daemon()

    def power_off(self) -> None:
        """The power is gone: what ran is found ended at the next start."""
        self.up = False
        self.machine.unix_sockets.pop(self.socket, None)
        self.pulls.clear()
        self.pending = None
        if self.agent is not None:
            self.agent.power_off()
        for container in self.containers:
            process.note_gone(self, container)

    def start_daemon(self) -> None:
        """Start the daemon's process."""
        self.up = True
        self.machine.unix_sockets[self.socket] = api.handler(self)
        for container in list(self.containers):
            process.recover(self, container)
        if self.agent is not None and self.dialect.swarm:
            self.agent.power_on()

    def stop_daemon(self) -> None:
        """Stop the daemon (an engine switch, `systemctl stop docker`); its containers end."""
        for container in self.containers:
            process.cut(self, container)
        self.power_off()

    def answer(self) -> None:
        """Raise DaemonDown unless the daemon answers."""
        if not self.up:
            raise DaemonDown

    # ---- images

    def find_image(self, reference: str) -> Image | None:
        """The image of a reference or (part of) an id, None when it is not here."""
        name = images.normal(reference)
        by_id = reference.removeprefix("sha256:")
        for image in self.images:
            if image.reference == name or (len(by_id) >= 4 and image.id.startswith(by_id)):
                return image
        return None

    def add_image(self, reference: str) -> Image:
        """Put an image on the disk without a pull; the image."""
        found = self.find_image(reference)
        if found is None:
            found = images.describe(reference, self.now - 3600)
            self.images.append(found)
        return found

    async def pull(self, reference: str) -> Image:
        """Fetch an image, together with whoever is fetching it. Raises DaemonError."""
        name = images.normal(reference)
        seconds = images.seconds_to_pull(self.machine, name)
        if seconds is None or not self.machine.powered:
            raise images.missing(self.machine, name, old=self.dialect.old)
        if self.find_image(name):
            return self.add_image(name)
        if self.machine.address in self.machine.world.cut:
            await self.machine.world.clock.sleep(15.0)
            raise DaemonError(images.NO_REGISTRY)
        if name not in self.pulls:
            self.pulls[name] = self.machine.spawn(self._fetch(name, seconds))
            self.pulls[name].add_done_callback(lambda _: self.pulls.pop(name, None))
        return await asyncio.shield(self.pulls[name])

    async def _fetch(self, name: str, seconds: float) -> Image:
        await self.machine.world.clock.sleep(seconds)
        return self.add_image(name)

    # ---- containers

    def find(self, name: str) -> Container:
        """A container by name or by the beginning of its id. Raises DaemonError."""
        wanted = name.removeprefix("/")
        for container in self.containers:
            if container.name == wanted or container.id == wanted:
                return container
        starts = [one for one in self.containers if wanted and one.id.startswith(wanted)]
        if len(starts) == 1:
            return starts[0]
        raise DaemonError(f"No such container: {name}", code=1, status=404)

    def create(
        self,
        image: str,
        command: Sequence[str] = (),
        *,
        name: str = "",
        ports: Sequence[Port] = (),
        restart: str = "no",
        remove: bool = False,
        labels: dict[str, str] | None = None,
        environment: Sequence[str] = (),
    ) -> Container:
        """Create a container of an image that is here. Raises DaemonError (name in use)."""
        found = self.find_image(image)
        if found is None:
            raise DaemonError(f"No such image: {images.normal(image)}", status=404)
        name = name or process.random_name(self)
        process.refuse_name(self, name)
        published = {(port.container, port.protocol) for port in ports}
        rest = [Port(*one) for one in images.exposed(found.reference) if one not in published]
        words = list(command) or images.default_command(found.reference)
        container = Container(
            id=hex_id(self.machine.world.random),
            name=name,
            image=image,
            image_id=found.id,
            command=words,
            created=self.now,
            ports=[*ports, *rest],
            restart=restart,
            remove=remove,
            labels=labels or {},
            environment=list(environment),
        )
        self.containers.append(container)
        return container

    def add_container(
        self, *, name: str, image: str, command: Sequence[str] = (), ports: Sequence[Port] = ()
    ) -> Container:
        """A container that has been there: it runs once the machine has power, at every boot."""
        self.add_image(image)
        container = self.create(image, command, name=name, ports=ports, restart="always")
        if self.up:
            process.start(self, container)
        return container

    def start(self, container: Container) -> None:
        """Start it. Raises DaemonError (port in use, no such program)."""
        process.start(self, container)

    async def stop(self, container: Container, *, grace: float = 10.0) -> None:
        """Stop it: SIGTERM, and SIGKILL after `grace` seconds."""
        await process.stop(self, container, grace)

    def kill(self, container: Container, signal: int = 9) -> None:
        """Send a signal; 9 ends it at once with exit code 137."""
        process.kill(self, container, signal)

    async def restart(self, container: Container, *, grace: float = 10.0) -> None:
        """Stop and start it."""
        if container.running:
            await self.stop(container, grace=grace)
        self.start(container)

    def remove(self, container: Container, *, force: bool = False) -> None:
        """Remove it. Raises DaemonError when it runs and `force` is not set."""
        process.remove(self, container, force=force)

"""The twin's process: world, SSH bastion and HTTP server together, from start to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import time
from dataclasses import dataclass

import asyncssh
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from runbook_twin import control, furnish, handover
from runbook_twin.bastion import Bastion
from runbook_twin.clock import Clock
from runbook_twin.images import IMAGES
from runbook_twin.openstack import REGION, Credentials, OpenStack
from runbook_twin.state import Folder, Running
from runbook_twin.world import World
from runbook_twin.world_hypervisor import WorldHypervisor

CLOCK = 20.0  # the whole book in less than a minute


@dataclass(frozen=True)
class Options:
    """How to start. idle_s: stop after so many of our seconds without a client; None = never."""

    clock: float = CLOCK
    empty: bool = False
    idle_s: float | None = None


class Service:
    """A running twin."""

    def __init__(self, folder: Folder, options: Options) -> None:
        self.folder = folder
        self.options = options
        behind = 0.0 if options.empty else furnish.TAKES_S
        clock = Clock(options.clock, behind, asyncio.get_running_loop().time)
        self.world = World(clock)
        self.hypervisor = WorldHypervisor(self.world)
        self.credentials = Credentials(handover.OPERATOR, secrets.token_urlsafe(16), "twin")
        self.cloud = OpenStack(
            self.world, self.hypervisor, self.world.faults, self.credentials, IMAGES
        )
        self.token = secrets.token_urlsafe(24)
        self.stopped = asyncio.Event()
        self.used_at = time.monotonic()
        self.bastion: Bastion | None = None
        self.http: HTTPServer | None = None

    async def start(self) -> Running:
        """Furnish, listen, and write all files. Raises OSError."""
        public = handover.write_key(self.folder)
        if not self.options.empty:
            await furnish.furnish(self.world, self.hypervisor, self.cloud, public)
        key = asyncssh.generate_private_key("ssh-ed25519")
        self.bastion = Bastion(self.world, handover.OPERATOR, [public], key, self._used)
        ssh_port = await self.bastion.listen()
        api_port = self._listen_http()
        handover.write_ssh(self.folder, "twin", ssh_port, key, furnish.known_hosts(self.world))
        handover.write_cloud(self.folder, "twin", api_port, self.credentials, REGION)
        handover.write_target(self.folder, "twin", self.options.clock)
        running = Running(
            os.getpid(), ssh_port, api_port, self.token, self.options.clock, not self.options.empty
        )
        self.folder.write_running(running)
        return running

    def _listen_http(self) -> int:
        rules = [
            *self.cloud.routes(), *control.routes(self.world, self.token, self.stopped.set)
        ]  # fmt: skip
        self.http = HTTPServer(Application(rules, log_function=self._log))
        sockets = bind_sockets(0, "127.0.0.1")
        self.http.add_sockets(sockets)
        return int(sockets[0].getsockname()[1])

    def _used(self) -> None:
        self.used_at = time.monotonic()

    def _log(self, handler: RequestHandler) -> None:
        self._used()
        request = handler.request
        logging.getLogger("runbook_twin.api").info(
            "%s %s %d", request.method, request.path, handler.get_status()
        )

    async def run(self) -> None:
        """Until a signal, `down`, or idleness."""
        while not self.stopped.is_set():
            idle = self.options.idle_s
            if idle is not None and self.bastion and self.bastion.connections:
                self._used()
            left = None if idle is None else self.used_at + idle - time.monotonic()
            if left is not None and left <= 0:
                return
            try:
                async with asyncio.timeout(left):
                    await self.stopped.wait()
            except TimeoutError:
                continue

    async def stop(self) -> None:
        """Close all ports, cut all power, remove the files."""
        self.folder.clear()
        if self.http:
            self.http.stop()
            await self.http.close_all_connections()
        if self.bastion:
            await self.bastion.close()
        for machine in self.world.machines.values():
            machine.power_off()


async def serve(folder: Folder, options: Options, ready: int | None) -> None:
    """Run a twin from start to end; `ready`: a file descriptor that is told when it is up."""
    service = Service(folder, options)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, service.stopped.set)
    try:
        await service.start()
        if ready is not None:
            os.write(ready, b"ready")
            os.close(ready)
        await service.run()
    finally:
        await service.stop()

"""The lab's process: first in its own PID, network and mount namespaces, from start to stop.

When it ends, however it ends, the kernel takes everything with it that lives in them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import asyncssh
from tornado.httpserver import HTTPServer
from tornado.routing import URLSpec
from tornado.web import Application, HTTPError, RequestHandler

from runbook_lab import containers, discovery, network
from runbook_lab.bastion import USER, Bastion
from runbook_lab.commands import LabError, call
from runbook_lab.hypervisor import LabHypervisor
from runbook_lab.images import IMAGES
from runbook_lab.machine import Machine
from runbook_twin import handover
from runbook_twin.clock import Clock
from runbook_twin.control import Guarded
from runbook_twin.faults import Faults
from runbook_twin.openstack import REGION, Credentials, OpenStack
from runbook_twin.state import Folder, Running


class _Time:
    """The lab's time is ours."""

    def __init__(self) -> None:
        self.clock = Clock()


class Service:
    """A running lab. listeners: sockets on this machine's loopback, for SSH and for HTTP; pid: of
    the process outside that holds the lab's namespaces."""

    def __init__(self, folder: Folder, ssh: socket.socket, api: socket.socket, pid: int) -> None:
        self.folder, self.ssh, self.api, self.pid = folder, ssh, api, pid
        self.disks = folder.path / "machines"
        self.hypervisor = LabHypervisor(self.disks, self.disks / "images")
        self.credentials = Credentials(handover.OPERATOR, secrets.token_urlsafe(16), "lab")
        self.cloud = OpenStack(_Time(), self.hypervisor, Faults(), self.credentials, IMAGES)
        self.token = secrets.token_urlsafe(24)
        self.stopped = asyncio.Event()
        self.bastion = Bastion(ssh, folder.path)
        self.http: HTTPServer | None = None

    async def start(self) -> None:
        """Network, images, ports, and all files. Raises LabError, OSError."""
        self.disks.mkdir(exist_ok=True)
        # Disks live in memory, in mounts that nobody outside sees and that end with us.
        call("mount", "-t", "tmpfs", "-o", "mode=700", "runbook-lab", str(self.disks))
        call("mount", "-t", "tmpfs", "-o", "mode=755", "runbook-lab", "/run")
        for place in (Path("/run/sshd"), Path("/run/netns"), self.disks / "images"):
            place.mkdir()
        network.make_bridge()
        containers.nginx(self.disks / "images" / "nginx.tar")
        containers.idle(self.disks / "images" / "idle.tar")
        key = asyncssh.generate_private_key("ssh-ed25519")
        self.folder.write("bastion_key", key.export_private_key().decode())
        handover.write_key(self.folder)
        self.bastion.start()
        self.discovery = discovery.start(self.disks / "discovery")
        self._listen()
        ssh_port, api_port = (int(one.getsockname()[1]) for one in (self.ssh, self.api))
        handover.write_ssh(self.folder, "lab", ssh_port, key, user=USER)
        handover.write_cloud(self.folder, "lab", api_port, self.credentials, REGION)
        handover.write_target(self.folder, "lab", 1.0, discovery.URL)
        self.folder.write_running(Running(self.pid, ssh_port, api_port, self.token, 1.0, False))

    async def run(self) -> None:
        """Until a signal or `down`."""
        await self.stopped.wait()

    async def stop(self) -> None:
        """Remove every server; the namespaces take the rest."""
        self.folder.clear()
        if self.http:
            self.http.stop()
        await self.bastion.stop()
        for server in list(self.hypervisor.machines):
            await self.hypervisor.delete(server)

    def _listen(self) -> None:
        given = {"service": self}
        rules = [
            *self.cloud.routes(),
            URLSpec("/lab/status$", _Status, given),
            URLSpec("/lab/link$", _Link, given),
            URLSpec("/lab/stop$", _Stop, given),
        ]
        self.http = HTTPServer(Application(rules, log_function=_log))
        self.api.setblocking(False)
        self.http.add_sockets([self.api])


def _log(handler: RequestHandler) -> None:
    request = handler.request
    logging.getLogger("runbook_lab.api").info(
        "%s %s %d", request.method, request.path, handler.get_status()
    )


class _Control(Guarded):
    """Base of the lab's own routes."""

    def initialize(self, service: Service) -> None:
        self.service, self.token = service, service.token


class _Status(_Control):
    """GET /lab/status: every server with what it uses."""

    def get(self) -> None:
        machines = self.service.hypervisor.machines.values()
        self.finish({"machines": [_told(machine) for machine in machines]})


def _told(machine: Machine) -> dict[str, object]:
    return {
        "name": machine.spec.name, "address": machine.spec.address, "image": machine.spec.image,
        "state": "up" if machine.powered else "off", "processes": machine.processes(),
        "disk_bytes": machine.disk_bytes(),
    }  # fmt: skip


class _Link(_Control):
    """POST /lab/link {"name", "up"}: plug a server's cable in or out."""

    def post(self) -> None:
        asked = json.loads(self.request.body)
        for machine in self.service.hypervisor.machines.values():
            if machine.spec.name == asked["name"]:
                machine.cable.plug(bool(asked["up"]))
                return
        raise HTTPError(404, reason=f"the lab has no server {asked['name']}")


class _Stop(_Control):
    """POST /lab/stop."""

    def post(self) -> None:
        self.service.stopped.set()
        self.finish({})


async def serve(make: Callable[[], Service], ready: int) -> None:
    """Run a lab from start to end; `ready`: a file descriptor that is told when it is up."""
    service = make()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, service.stopped.set)
    try:
        await service.start()
        os.write(ready, b"ready")
        os.close(ready)
        await service.run()
    except (LabError, OSError) as error:
        logging.getLogger("runbook_lab").exception("the lab did not start")
        os.write(ready, str(error).encode())
    finally:
        await service.stop()

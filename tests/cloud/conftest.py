"""A cloud on loopback: real HTTP, a hypervisor that only remembers, faults to switch on."""

from __future__ import annotations

import asyncio
import heapq
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from runbook_twin.clock import Clock
from runbook_twin.hypervisor import NoValidHost, ServerSpec
from runbook_twin.openstack import Credentials, OpenStack

PASSWORD = "correct horse"  # noqa: S105
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIBsT6YGsjfhRQRzYAnOnFp0WHi3gBVZLsrUJCnzt8Lch"
CLOCK = 20.0


class StepClock(Clock):
    """A clock that stands still until the test lets the next sleeper wake."""

    def __init__(self) -> None:
        super().__init__()
        self._now = super().now()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._count += 1
        wake = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, self._count, wake))
        await wake

    def step(self) -> None:
        due, _, wake = heapq.heappop(self._sleepers)
        self._now = due
        wake.set_result(None)


@dataclass
class FakeWorld:
    clock: Clock


@dataclass
class FakeFaults:
    api_error: tuple[int, int] | None = None
    instance_quota: int | None = None
    no_valid_host: bool = False
    missing_images: set[str] = field(default_factory=set)


class FakeHypervisor:
    """Remembers specs and power; every act takes one second of the twin."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.specs: dict[str, ServerSpec] = {}
        self.powered: dict[str, bool] = {}
        self.acts: list[str] = []
        self.full = False
        self.create_s = 1.0

    async def create(self, spec: ServerSpec) -> None:
        await self.clock.sleep(self.create_s)
        if self.full:
            raise NoValidHost(spec.name)
        self.specs[spec.id], self.powered[spec.id] = spec, True

    async def power_off(self, server_id: str) -> None:
        await self._act("off", server_id, powered=False)

    async def power_on(self, server_id: str) -> None:
        await self._act("on", server_id, powered=True)

    async def reboot(self, server_id: str, *, hard: bool) -> None:
        await self._act("hard reboot" if hard else "soft reboot", server_id, powered=True)

    async def delete(self, server_id: str) -> None:
        await self._act("delete", server_id, powered=False)
        self.specs.pop(server_id, None)

    async def _act(self, act: str, server_id: str, *, powered: bool) -> None:
        await self.clock.sleep(1.0)
        self.acts.append(f"{act} {self.specs[server_id].name}")
        self.powered[server_id] = powered

    def console(self, server_id: str) -> str:
        name = self.specs[server_id].name
        return (
            "booting\n-----BEGIN SSH HOST KEY KEYS-----\n"
            f"ssh-ed25519 {KEY} root@{name}\n-----END SSH HOST KEY KEYS-----\n{name} login: "
        )


class CloudServer:
    """The API in a thread of its own."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.loop = asyncio.new_event_loop()
        self.faults = FakeFaults()
        self.credentials = Credentials("operator", PASSWORD, "cluster")
        self.requests: list[str] = []
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._serve(), self.loop).result(10)

    async def _serve(self) -> str:
        world = FakeWorld(self.clock)
        self.hypervisor = FakeHypervisor(world.clock)
        self.openstack = OpenStack(
            world,
            self.hypervisor,
            self.faults,
            self.credentials,
            ["coreos", "rancheros", "coreos-old"],
        )
        application = Application(self.openstack.routes(), log_function=self._note)
        self._server = HTTPServer(application)
        sockets = bind_sockets(0, "127.0.0.1")
        self._server.add_sockets(sockets)
        return f"http://127.0.0.1:{sockets[0].getsockname()[1]}"

    def _note(self, handler: Any) -> None:
        self.requests.append(f"{handler.request.method} {handler.request.uri}")

    def call(self, act: Callable[[], Any]) -> Any:
        """Run `act` in the server's thread."""

        async def run() -> Any:
            found = act()
            for _ in range(10):  # what it set going goes on to its next wait
                await asyncio.sleep(0)
            return found

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    def make(self, sdk: Any, name: str = "node00", **given: Any) -> Any:
        """Ask for a server; the SDK's answer."""
        image = next(sdk.image.images(name="coreos")).id
        flavor = next(f for f in sdk.compute.flavors() if f.name == "m1.tiny").id
        wanted = {"name": name, "image_id": image, "flavor_id": flavor, "networks": "auto"}
        return sdk.compute.create_server(**{**wanted, **given})

    def settled(self, sdk: Any, server: Any, status: str = "ACTIVE") -> Any:
        """The server once it has that status and nothing is under way."""
        return self.states(sdk, server, status)[-1]

    def states(self, sdk: Any, server: Any, status: str) -> list[Any]:
        """The server in all its states until it is settled; steps a clock that stands still."""
        seen: list[Any] = []
        while True:
            server = sdk.compute.get_server(server.id)
            state = (server.status, server.task_state)
            if not seen or state != (seen[-1].status, seen[-1].task_state):
                seen.append(server)
            if state == (status, None):
                return seen
            assert server.status != "ERROR" or status == "ERROR", server.fault
            if isinstance(self.clock, StepClock):
                self.call(self.clock.step)
            else:
                time.sleep(0.01)

    def clouds_yaml(self, folder: Path, *, password: str = PASSWORD, url: str = "") -> Path:
        file = folder / "clouds.yaml"
        file.write_text(
            f"clouds:\n  here:\n    region_name: RegionOne\n    auth:\n"
            f"      auth_url: {url or self.url}/identity/v3\n      username: operator\n"
            f"      password: {password}\n      project_name: cluster\n"
            "      user_domain_name: Default\n      project_domain_name: Default\n"
        )
        return file

    def close(self) -> None:
        async def stop() -> None:
            self._server.stop()
            await self._server.close_all_connections()
            rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(stop(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


@pytest.fixture
def clock() -> Clock:
    return Clock(CLOCK)


@pytest.fixture
def api(clock: Clock) -> Iterator[CloudServer]:
    server = CloudServer(clock)
    yield server
    server.close()


@pytest.fixture
def connect(api: CloudServer, tmp_path: Path) -> Callable[..., Connection]:
    """Make a connection of openstacksdk."""

    def connection(**given: str) -> Connection:
        file = api.clouds_yaml(tmp_path, **given)
        config = OpenStackConfig(
            config_files=[str(file)], secure_files=[], vendor_files=[], load_envvars=False
        )
        return Connection(config=config.get_one(cloud="here"))

    return connection


@pytest.fixture
def sdk(connect: Callable[..., Connection]) -> Iterator[Connection]:
    connection = connect()
    yield connection
    connection.close()


@pytest.fixture
def network(sdk: Any) -> Any:
    network = sdk.network.create_network(name="private")
    sdk.network.create_subnet(network_id=network.id, cidr="192.168.0.0/24", ip_version=4)
    return network

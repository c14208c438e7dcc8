"""Everything that one project of the cloud has, and what the operator's faults do to it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, Protocol

from runbook_twin.clock import Clock
from runbook_twin.hypervisor import Hypervisor
from runbook_twin.openstack.handler import ApiError
from runbook_twin.openstack.identity import Credentials, Tokens
from runbook_twin.openstack.network_store import NetworkStore
from runbook_twin.openstack.records import FLAVORS, Image, KeyPair, Server, new_id

INSTANCES, CORES_PER_INSTANCE, RAM_PER_INSTANCE = 20, 2, 5120


class Timed(Protocol):
    """Whatever has a clock (the world)."""

    @property
    def clock(self) -> Clock:
        """The twin's clock."""
        ...


class Faults(Protocol):
    """What the operator lets go wrong; read at every request.

    api_error: HTTP status and how many more answers. instance_quota: None = the cloud's own.
    missing_images: names that glance has lost.
    """

    api_error: tuple[int, int] | None
    instance_quota: int | None
    no_valid_host: bool
    missing_images: set[str]


class Project:
    """The state behind all handlers."""

    def __init__(
        self,
        world: Timed,
        hypervisor: Hypervisor,
        faults: Faults,
        credentials: Credentials,
        image_names: Iterable[str],
    ) -> None:
        self.clock = world.clock
        self.hypervisor = hypervisor
        self.faults = faults
        self.credentials = credentials
        self.tokens = Tokens()
        now = self.clock.now()
        self._images = [Image(new_id(), name, now) for name in dict.fromkeys(image_names)]
        self.flavors = list(FLAVORS)
        self.key_pairs: dict[str, KeyPair] = {}
        self.servers: dict[str, Server] = {}
        self.network = NetworkStore(self.clock, credentials.project_id)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def images(self) -> list[Image]:
        """The images that are not lost, newest first."""
        lost = self.faults.missing_images
        return [image for image in reversed(self._images) if image.name not in lost]

    def image_named(self, name: str) -> Image:
        """The image of that name, lost or not. Raises KeyError."""
        found = {image.name: image for image in self._images}
        return found[name]

    @property
    def instance_quota(self) -> int:
        """How many servers the project may have."""
        quota = self.faults.instance_quota
        return INSTANCES if quota is None else quota

    @property
    def quotas(self) -> dict[str, int]:
        """Limits of servers, cores and memory (MB)."""
        number = max(self.instance_quota, INSTANCES)
        return {
            "instances": self.instance_quota,
            "cores": number * CORES_PER_INSTANCE,
            "ram": number * RAM_PER_INSTANCE,
        }

    @property
    def used(self) -> dict[str, int]:
        """What the project's servers use of the quotas."""
        servers = [s for s in self.servers.values() if s.vm_state != "deleted"]
        return {
            "instances": len(servers),
            "cores": sum(server.flavor.vcpus for server in servers),
            "ram": sum(server.flavor.ram for server in servers),
        }

    def server(self, server_id: str) -> Server:
        """A server by id. Raises ApiError 404."""
        if server_id not in self.servers:
            raise ApiError(404, f"Instance {server_id} could not be found.")
        return self.servers[server_id]

    def add_key_pair(self, name: str, public_key: str, fingerprint: str) -> KeyPair:
        """Keep a public key under a name."""
        number = len(self.key_pairs) + 1
        pair = KeyPair(number, name, public_key, fingerprint, self.clock.now())
        self.key_pairs[name] = pair
        return pair

    def injected_error(self) -> int | None:
        """The status to answer with instead of working; counts the answers down."""
        if self.faults.api_error is None:
            return None
        status, left = self.faults.api_error
        self.faults.api_error = (status, left - 1) if left > 1 else None
        return status if left > 0 else None

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Go on with `work` after the answer has been sent."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

"""What happens to a server over time, after the API has answered."""

from __future__ import annotations

from runbook_twin.hypervisor import NoValidHost, ServerSpec
from runbook_twin.openstack.handler import ApiError
from runbook_twin.openstack.project import Project
from runbook_twin.openstack.records import (
    POWER_NONE,
    POWER_PAUSED,
    POWER_RUNNING,
    POWER_SHUTDOWN,
    Image,
    Server,
)

# Seconds of the twin's time that the compute service itself takes for a step.
SCHEDULING, CLAIMING, NETWORKING, MAPPING, STEP, LEAVING = 0.7, 0.6, 0.6, 0.3, 0.2, 0.6
NO_VALID_HOST = "No valid host was found. "
NO_MORE_HOSTS = (
    "Exceeded maximum number of retries. Exhausted all hosts available for retrying build "
    "failures for instance {id}."
)


class Lifecycle:
    """Moves one server through its states; one act at a time."""

    def __init__(self, project: Project, server: Server) -> None:
        self.project = project
        self.server = server
        self.clock = project.clock

    def _task(self, name: str | None) -> None:
        self.server.task_state = name
        self.server.updated = self.clock.now()

    def _settle(self, vm_state: str, power_state: int) -> None:
        self.server.vm_state, self.server.power_state = vm_state, power_state
        self._task(None)

    def _fail(self, message: str) -> None:
        self.server.fault = (message, self.clock.now())
        self._settle("error", POWER_NONE)

    @property
    def _leaving(self) -> bool:
        return self.server.task_state == "deleting" or self.server.vm_state == "deleted"

    async def build(self) -> None:
        """From BUILD to ACTIVE or ERROR. A delete meanwhile ends it before the spawning."""
        server = self.server
        async with server.lock:
            await self.clock.sleep(SCHEDULING)
            if self._leaving:
                return
            if self.project.faults.no_valid_host:
                self._fail(NO_VALID_HOST)
                return
            server.host = "compute0"
            for task, seconds in ((None, CLAIMING), ("networking", NETWORKING)):
                self._task(task)
                await self.clock.sleep(seconds)
                if self._leaving:
                    return
            try:
                self._plug()
            except ApiError:
                self._fail(NO_MORE_HOSTS.format(id=server.id))
                return
            self._task("block_device_mapping")
            await self.clock.sleep(MAPPING)
            self._task("spawning")
            await self._spawn()

    def _plug(self) -> None:
        """Make or take the server's ports. Raises ApiError for an address that does not fit."""
        store = self.project.network
        for wanted in self.server.wanted:
            if wanted.port_id is None:
                fixed = [{"ip_address": wanted.address}] if wanted.address else None
                groups = [store.security.named(name) for name in self.server.security_groups]
                port = store.create_port(
                    {
                        "network_id": wanted.network_id,
                        "fixed_ips": fixed,
                        "device_id": self.server.id,
                        "security_groups": [group["id"] for group in groups if group],
                    }
                )
            else:
                port = store.ports[wanted.port_id]
            owner = {"device_id": self.server.id, "device_owner": "compute:nova"}
            port |= {**owner, "status": "ACTIVE"}

    def _unplug(self) -> None:
        """Remove the ports that were made for the server; leave the others."""
        store = self.project.network
        made_before = {wanted.port_id for wanted in self.server.wanted}
        for port_id, port in list(store.ports.items()):
            if port["device_id"] != self.server.id:
                continue
            if port_id in made_before:
                port |= {"device_id": "", "device_owner": "", "status": "DOWN"}
            else:
                del store.ports[port_id]

    def spec(self) -> ServerSpec:
        """What the hypervisor needs to know."""
        server = self.server
        ports = [p for p in self.project.network.ports.values() if p["device_id"] == server.id]
        addresses = [ip["ip_address"] for port in ports for ip in port["fixed_ips"]]
        return ServerSpec(
            id=server.id,
            name=server.name,
            image=server.image.name,
            address=addresses[0] if addresses else "",
            user_data=server.user_data,
            public_keys=(server.public_key,) if server.public_key else (),
            metadata=dict(server.metadata),
        )

    async def _spawn(self) -> None:
        try:
            await self.project.hypervisor.create(self.spec())
        except NoValidHost:
            self._unplug()
            self._fail(NO_VALID_HOST)
            return
        self.server.spawned = True
        self.server.launched = self.clock.now()
        self._settle("active", POWER_RUNNING)

    async def _destroy(self) -> None:
        if self.server.spawned:
            await self.project.hypervisor.delete(self.server.id)
        self.server.spawned = False

    async def stop(self) -> None:
        """ACTIVE to SHUTOFF; the status stays until the power is off."""
        async with self.server.lock:
            await self.project.hypervisor.power_off(self.server.id)
            self._settle("stopped", POWER_SHUTDOWN)

    async def start(self) -> None:
        """SHUTOFF to ACTIVE; the status stays until the power is on."""
        async with self.server.lock:
            await self.project.hypervisor.power_on(self.server.id)
            self._settle("active", POWER_RUNNING)

    async def reboot(self, *, hard: bool) -> None:
        """Through REBOOT or HARD_REBOOT to ACTIVE."""
        suffix = "_hard" if hard else ""
        async with self.server.lock:
            await self.clock.sleep(STEP)
            self._task(f"reboot_pending{suffix}")
            await self.clock.sleep(STEP)
            self._task(f"reboot_started{suffix}")
            await self.project.hypervisor.reboot(self.server.id, hard=hard)
            self._settle("active", POWER_RUNNING)

    async def pause(self, *, paused: bool) -> None:
        """ACTIVE to PAUSED and back, for the API only: the hypervisor knows no pause."""
        async with self.server.lock:
            await self.clock.sleep(STEP)
            vm_state, power = ("paused", POWER_PAUSED) if paused else ("active", POWER_RUNNING)
            self._settle(vm_state, power)

    async def rebuild(self, image: Image) -> None:
        """A new disk from an image; id, address and name stay. A stopped server stays stopped."""
        server = self.server
        stopped = server.vm_state == "stopped"
        async with server.lock:
            await self.clock.sleep(STEP)
            await self._destroy()
            server.image = image
            self._task("rebuild_spawning")
            await self._spawn()
        if stopped and server.vm_state == "active":
            self._task("powering-off")
            await self.stop()

    async def delete(self) -> None:
        """To DELETED, still listed for a while, then gone. Waits for what is under way."""
        server = self.server
        if not server.host:
            self.project.servers.pop(server.id, None)
            server.vm_state = "deleted"
            return
        async with server.lock:
            self._task("deleting")
            await self._destroy()
            await self.clock.sleep(STEP)
            self._unplug()
            server.terminated = self.clock.now()
            self._settle("deleted", POWER_NONE)
        await self.clock.sleep(LEAVING)
        self.project.servers.pop(server.id, None)

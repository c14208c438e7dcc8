"""The hypervisor whose servers are machines of the twin's world."""

from __future__ import annotations

from runbook_twin.hypervisor import NoValidHost, ServerSpec
from runbook_twin.images import IMAGES
from runbook_twin.machine import Machine
from runbook_twin.sshd import sshd_of
from runbook_twin.world import World

_SPAWN_S, _POWER_S = 2.0, 1.0


class WorldHypervisor:
    """Makes, boots and removes machines. Methods return as soon as the power is on or off; the
    machine itself needs its boot time until it is reachable."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def create(self, spec: ServerSpec) -> None:
        """Make a machine from its image and start it. Raises NoValidHost."""
        if self.world.faults.no_valid_host or spec.image not in IMAGES:
            raise NoValidHost(f"no host can run image {spec.image!r}")
        await self.world.clock.sleep(_SPAWN_S)
        self.install(spec).start()
        self.world.note(f"{spec.name} was made")

    def install(self, spec: ServerSpec) -> Machine:
        """A machine with its image on its disk, without power."""
        image = IMAGES[spec.image]
        machine = Machine(self.world, spec.name, spec.address, spec.image, image.user)
        machine.boot_s = image.boot_s
        machine.authorized_keys = list(spec.public_keys)
        machine.disk.directories.add(f"/home/{image.user}")
        self.world.machines[spec.id] = machine
        image.install(machine, spec)
        sshd_of(machine)
        return machine

    async def power_off(self, server_id: str) -> None:
        """Cut the power."""
        await self.world.clock.sleep(_POWER_S)
        self.world.machines[server_id].power_off()

    async def power_on(self, server_id: str) -> None:
        """Start from the disk."""
        await self.world.clock.sleep(_POWER_S)
        self.world.machines[server_id].start()

    async def reboot(self, server_id: str, *, hard: bool) -> None:
        """Down, nicely or not, and up again."""
        machine = self.world.machines[server_id]
        await self.world.clock.sleep(_POWER_S)
        if hard or not machine.powered:
            machine.power_off()
        else:
            await machine.shut_down()
        machine.start()

    async def delete(self, server_id: str) -> None:
        """Remove the machine, its disk and its host key."""
        await self.world.clock.sleep(_POWER_S)
        machine = self.world.machines[server_id]
        machine.power_off()
        del self.world.machines[server_id]
        self.world.note(f"{machine.name} was deleted")
        self.world.changed()

    def console(self, server_id: str) -> str:
        """The console log."""
        return "".join(f"{line}\n" for line in self.world.machines[server_id].console)

"""The hypervisor whose servers are the lab's machines."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from runbook_lab.commands import LabError
from runbook_lab.images import IMAGES
from runbook_lab.machine import Machine
from runbook_twin.hypervisor import NoValidHost, ServerSpec


class LabHypervisor:
    """Makes, boots and removes machines; see runbook_twin.hypervisor.Hypervisor."""

    def __init__(self, folder: Path, images: Path) -> None:
        self.folder, self.images = folder, images
        self.machines: dict[str, Machine] = {}

    async def create(self, spec: ServerSpec) -> None:
        """Make a machine and boot it. Raises NoValidHost."""
        if spec.image not in IMAGES:
            raise NoValidHost(f"the lab has no image {spec.image!r}")
        machine = Machine(spec, self.folder / spec.id, self.images)
        try:
            await asyncio.to_thread(machine.make)
            await asyncio.to_thread(machine.power_on)
        except (LabError, OSError) as error:
            # Nova keeps the reason from its users, too: it stands in the log.
            logging.getLogger("runbook_lab").warning("no server %s: %s", spec.name, error)
            await asyncio.to_thread(machine.remove)
            raise NoValidHost(str(error)) from None
        self.machines[spec.id] = machine

    async def power_off(self, server_id: str) -> None:
        """Cut the power."""
        await asyncio.to_thread(self.machines[server_id].power_off)

    async def power_on(self, server_id: str) -> None:
        """Boot it from its disk."""
        await asyncio.to_thread(self.machines[server_id].power_on)

    async def reboot(self, server_id: str, *, hard: bool) -> None:
        """Down, nicely or not, and up again."""
        machine = self.machines[server_id]
        await asyncio.to_thread(machine.power_off if hard else machine.shut_down)
        await asyncio.to_thread(machine.power_on)

    async def delete(self, server_id: str) -> None:
        """Remove it with its disk."""
        await asyncio.to_thread(self.machines[server_id].remove)
        del self.machines[server_id]

    def console(self, server_id: str) -> str:
        """Its console log."""
        return self.machines[server_id].console

"""fleet's agent: makes its machine's systemd run what is placed there, and says how it is."""

from __future__ import annotations

from runbook_twin.coreos import systemd, unit_file
from runbook_twin.coreos.fleet_job import LAUNCHED, LOADED, Job, MachineState, UnitState
from runbook_twin.coreos.fleet_registry import Registry
from runbook_twin.machine import Machine

TTL_S = 30.0
_UNITS = "/run/fleet/units"


class Agent:
    """One machine's agent. `known` = what it has done with each unit: loaded or launched."""

    def __init__(self, machine: Machine, registry: Registry, state: MachineState) -> None:
        self.machine, self.registry, self.state = machine, registry, state
        self.systemd = systemd.of(machine)
        self.known: dict[str, str] = {}
        self.hashes: dict[str, str] = {}
        self.published: dict[str, UnitState] = {}

    # --- what should run here

    async def reconcile(self) -> None:
        """Load, start, stop and unload units until the machine has what it should have."""
        jobs = await self.registry.jobs()
        wanted = {name: job for name, job in jobs.items() if self._mine(job)}
        for name in {*self.known, *self.machine.disk.listing(_UNITS)} - set(wanted):
            await self._unload(name)
        for name, job in wanted.items():
            if name in self.known and self.hashes[name] != job.hash:
                await self._unload(name)
            if name not in self.known:
                self._load(job)
            if job.desired == LAUNCHED and self.known[name] != LAUNCHED:
                self.known[name] = LAUNCHED
                self.machine.spawn(self.systemd.start(name))
                await self._beat(name)
            elif job.desired == LOADED and self.known[name] == LAUNCHED:
                self.known[name] = LOADED
                self.machine.spawn(self.systemd.stop(name))
                if not job.is_global:
                    await self.registry.still(name)

    def _mine(self, job: Job) -> bool:
        if job.is_global:
            return job.desired in (LOADED, LAUNCHED) and job.fits(self.state)
        return job.target == self.state.id

    def _load(self, job: Job) -> None:
        text = unit_file.serialise(job.options)
        for folder in (_UNITS, "/run/systemd/system"):
            self.machine.disk.write(f"{folder}/{job.name}", text, now=self.systemd.now())
        self.known[job.name], self.hashes[job.name] = LOADED, job.hash

    async def _unload(self, name: str) -> None:
        if self.known.pop(name, None) == LAUNCHED:
            await self.registry.still(name)
        self.hashes.pop(name, None)
        self.machine.spawn(self._away(name))

    async def _away(self, name: str) -> None:
        """Stop the unit; its file goes at once, as fleet's link does."""
        await self.systemd.stop(name)
        if name not in self.known:
            for folder in (_UNITS, "/run/systemd/system"):
                self.machine.disk.files.pop(f"{folder}/{name}", None)
            self.systemd.services.pop(name, None)

    # --- what the others are told

    async def _beat(self, name: str) -> None:
        await self.registry.beat(name, self.state.id, TTL_S)

    async def heartbeat(self) -> None:
        """Say of all launched units that they are."""
        jobs = await self.registry.jobs()
        for name, state in list(self.known.items()):
            if state == LAUNCHED and name in jobs and not jobs[name].is_global:
                await self._beat(name)

    async def publish(self, *, everything: bool) -> None:
        """Say how the units are: those that changed, or all of them."""
        now = {name: self._state(name) for name in self.known}
        for name in [name for name in self.published if name not in now]:
            del self.published[name]
            await self.registry.withdraw(name, self.state.id)
        for name, state in now.items():
            if everything or self.published.get(name) != state:
                await self.registry.publish(state, TTL_S)
                self.published[name] = state

    def _state(self, name: str) -> UnitState:
        service = self.systemd.service(name)
        load = self.systemd.load_state(name)
        return UnitState(name, self.state.id, load, service.active, service.sub, self.hashes[name])

"""fleet's engine: puts units on machines; only the holder of the lease does."""

from __future__ import annotations

from runbook_twin.coreos.fleet_job import INACTIVE, Job, MachineState
from runbook_twin.coreos.fleet_registry import Registry

INTERVAL_S = 2.0
_LEASE_S = 5 * INTERVAL_S


class Engine:
    """One machine's engine."""

    def __init__(self, registry: Registry, machine: str) -> None:
        self.registry, self.machine = registry, machine

    async def reconcile(self) -> None:
        """One round: take units off machines that cannot run them, place those without one."""
        if not await self.registry.lead(self.machine, _LEASE_S):
            return
        machines = await self.registry.machines()
        jobs = {
            name: job for name, job in (await self.registry.jobs()).items() if not job.is_global
        }
        placed = {job.name: job for job in jobs.values() if job.target}
        for job in list(placed.values()):
            state = machines.get(job.target)
            if job.desired == INACTIVE or state is None or not able(job, state, placed):
                await self.registry.displace(job.name, job.target)
                del placed[job.name]
        for job in jobs.values():
            if job.desired == INACTIVE or job.name in placed:
                continue
            chosen = choose(job, machines, placed)
            if chosen:
                await self.registry.place(job.name, chosen)
                placed[job.name] = Job(job.name, job.options, job.desired, chosen)


def able(job: Job, machine: MachineState, placed: dict[str, Job]) -> bool:
    """Whether a machine may run a unit beside those that are placed on it."""
    here = [
        other for other in placed.values() if other.target == machine.id and other.name != job.name
    ]
    names = {other.name for other in here}
    return (
        job.fits(machine)
        and all(peer in names for peer in job.peers)
        and not any(job.hostile(other) for other in here)
    )


def choose(job: Job, machines: dict[str, MachineState], placed: dict[str, Job]) -> str:
    """The machine with the fewest units, then the lowest id, that may run it; "" if none."""

    def load(state: MachineState) -> tuple[int, str]:
        return sum(other.target == state.id for other in placed.values()), state.id

    fitting = (
        state.id for state in sorted(machines.values(), key=load) if able(job, state, placed)
    )
    return next(fitting, "")

"""The RancherOS image: `ros`, two Dockers, configuration from six sources."""

from __future__ import annotations

from runbook_twin.hypervisor import ServerSpec
from runbook_twin.machine import Machine
from runbook_twin.rancheros.release import NEWEST, Outside, outside_of
from runbook_twin.rancheros.ros import program
from runbook_twin.rancheros.system import RancherOS

__all__ = ["Outside", "RancherOS", "install", "outside_of"]


def install(machine: Machine, spec: ServerSpec) -> None:
    """Put RancherOS v0.6.1 with Docker 1.12.1 on a machine, before its first boot."""
    system = RancherOS(machine, NEWEST)
    system.prepare(spec)
    machine.programs["ros"] = program(system)

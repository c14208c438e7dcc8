"""Docker on a machine of the twin: the engine, its client, and swarm mode."""

from __future__ import annotations

from runbook_twin.docker.engine import Engine
from runbook_twin.docker.program import program as make_program
from runbook_twin.machine import Machine

__all__ = ["Engine", "install"]

_IPVS = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
"""


def install(
    machine: Machine, version: str = "1.12.1", program: str = "docker", *, client: str = ""
) -> Engine:
    """Put a Docker engine of a version on a machine; its program and its software.

    program: `docker`, or `system-docker` (RancherOS; needs root, has no API socket for
    others). client: the client's version when it is not the engine's.
    """
    engine = Engine(machine, version, client=client)
    engine.needs_root = program == "system-docker"
    # The engine loads IPVS as it starts; the table of its services is empty outside of them.
    machine.generated["/proc/net/ip_vs"] = lambda: _IPVS
    if engine.needs_root:
        engine.socket = "/var/run/system-docker.sock"
    machine.programs[program] = make_program(engine, program)
    machine.software[program] = engine
    return engine

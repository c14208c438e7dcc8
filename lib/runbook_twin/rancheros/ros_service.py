"""`ros service enable|disable|list|ps`."""

from __future__ import annotations

from runbook_twin.docker.failures import DaemonError
from runbook_twin.rancheros.log import Fatal
from runbook_twin.rancheros.run import Run

# service: (container, image, a variable of it that is not set)
_SERVICES = {
    "amazon-ecs-agent": ("ecs-agent", "amazon/amazon-ecs-agent", "ECS_AGENT_VERSION"),
    "open-vm-tools": ("open-vm-tools", "rancher/os-openvmtools", ""),
}


async def enable(run: Run) -> int:
    """`service enable NAME ...`: pull its image, include it from the next boot on."""
    for name in run.arguments:
        container, image, variable = _SERVICES.get(name, (name, f"rancher/os-{name}", ""))
        if variable:
            unset = f"The {variable} variable is not set. Substituting a blank string."
            run.log.warning(unset)
        try:
            await run.system.pull(run.call, container, image)
        except DaemonError as error:
            reason = f"Error response from daemon: {error.message}"
            run.log.error(f"Failed to pull image {image}: {reason}")
            run.log.error(f"Failed Pulling {container} : {reason}")
            run.log.error(f"Failed to start: {container} : {reason}")
            raise Fatal(reason) from None
        run.config.set_value(f"rancher.services_include.{name}", True)
    return 0


async def disable(run: Run) -> int:
    """`service disable NAME ...`."""
    for name in run.arguments:
        if _included(run).get(name):
            run.config.set_value(f"rancher.services_include.{name}", False)
    return 0


def _included(run: Run) -> dict[str, bool]:
    found = run.config.get("rancher.services_include")
    return found if isinstance(found, dict) else {}


async def list_services(run: Run) -> int:
    """`service list`: those of the index in its order, then others that were enabled."""
    included = dict(_included(run))
    for name in await run.index("services"):
        run.call.out(f"{'enabled ' if included.pop(name, False) else 'disabled'} {name}\n")
    for name, on in sorted(included.items()):
        run.call.out(f"{'enabled ' if on else 'disabled'} {name}\n")
    return 0


async def ps(run: Run) -> int:
    """`service ps`: none of the optional services runs in the twin, so nothing is printed."""
    return 0

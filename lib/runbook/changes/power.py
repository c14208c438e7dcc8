"""The power switch of a target: the OpenStack API, or the target file's own commands."""

from __future__ import annotations

import subprocess
from typing import Protocol

from runbook.cloud import Cloud
from runbook.errors import CommandFailed, Evidence, Refused
from runbook.params import Target

_LONGEST = 120  # seconds of ours


class PowerSwitch(Protocol):
    """Cuts and restores the power of a server; each returns when that is done."""

    def off(self, server: str) -> None:
        """Cut the power: nothing is shut down nicely."""

    def on(self, server: str) -> None:
        """Restore the power."""

    def shown(self, server: str, state: str) -> str:
        """What `off` or `on` will do, as text for the plan."""
        ...

    def is_on(self, server: str) -> bool | None:
        """Whether the server has power; None when the switch cannot tell."""
        ...


class CloudPower:
    """The OpenStack API as power switch (S8: "switched off in the VPC panel")."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def off(self, server: str) -> None:
        """Stop the server and wait until it is SHUTOFF."""
        self._cloud.stop(server)

    def on(self, server: str) -> None:
        """Start the server and wait until it is ACTIVE."""
        self._cloud.start(server)

    def shown(self, server: str, state: str) -> str:
        """The same act as a command of the openstack client."""
        return f"openstack server {'stop' if state == 'off' else 'start'} {server}"

    def is_on(self, server: str) -> bool | None:
        """ACTIVE or not."""
        return self._cloud.server(server).status == "ACTIVE"


class CommandPower:
    """The target file's own commands as power switch; `{server}` stands for the name."""

    def __init__(self, off: list[str], on: list[str]) -> None:
        self._commands = {"off": off, "on": on}

    def off(self, server: str) -> None:
        """Run the command `off`. Raises CommandFailed."""
        self._do(server, "off")

    def on(self, server: str) -> None:
        """Run the command `on`. Raises CommandFailed."""
        self._do(server, "on")

    def shown(self, server: str, state: str) -> str:
        """The command line."""
        return " ".join(self._argv(server, state))

    def is_on(self, server: str) -> bool | None:
        """Such a switch cannot tell."""
        return None

    def _argv(self, server: str, state: str) -> list[str]:
        return [word.replace("{server}", server) for word in self._commands[state]]

    def _do(self, server: str, state: str) -> None:
        argv = self._argv(server, state)
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=_LONGEST)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CommandFailed(
                f"the power command for {server} did not run: {error}",
                remedy="mend `power` in the target file",
            ) from None
        if done.returncode != 0:
            raise CommandFailed(
                f"the power command for {server} ended with exit code {done.returncode}",
                evidence=Evidence(server, " ".join(argv), done.returncode, None, done.stderr),
                remedy="run it by hand; mend `power` in the target file",
            )


def power_of(target: Target, cloud: Cloud | None) -> PowerSwitch:
    """The power switch of a target. Raises Refused when it has none."""
    if target.power is not None:
        return CommandPower(target.power.off, target.power.on)
    if cloud is not None:
        return CloudPower(cloud)
    raise Refused(
        f"target {target.name} has no power switch (neither `cloud` nor `power`)",
        remedy=f"add `power: {{off: [...], on: [...]}}` to {target.file}, or use another target",
    )

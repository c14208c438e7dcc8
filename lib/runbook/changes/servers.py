"""Servers themselves: made and deleted through the cloud, power cut and restored."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Protocol

from runbook.changes.base import Act
from runbook.cloud import Cloud
from runbook.command import Node
from runbook.errors import CommandFailed, Evidence, NotFinished, Refused
from runbook.facts.base import Condition, Observation
from runbook.params import Target


class PowerSwitch(Protocol):
    """Cuts and restores the power of a server; each returns when that is done."""

    def off(self, server: str) -> str:
        """Cut the power: nothing is shut down nicely. Returns what was done, as text."""
        ...

    def on(self, server: str) -> str:
        """Restore the power. Returns what was done, as text."""
        ...

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

    def off(self, server: str) -> str:
        """Stop the server and wait until it is SHUTOFF."""
        self._cloud.stop(server)
        return self.shown(server, "off")

    def on(self, server: str) -> str:
        """Start the server and wait until it is ACTIVE."""
        self._cloud.start(server)
        return self.shown(server, "on")

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

    def off(self, server: str) -> str:
        """Run the command `off`."""
        return self._do(server, "off")

    def on(self, server: str) -> str:
        """Run the command `on`."""
        return self._do(server, "on")

    def shown(self, server: str, state: str) -> str:
        """The command line."""
        return " ".join(self._argv(server, state))

    def is_on(self, server: str) -> bool | None:
        """Such a switch cannot tell."""
        return None

    def _argv(self, server: str, state: str) -> list[str]:
        return [word.replace("{server}", server) for word in self._commands[state]]

    def _do(self, server: str, state: str) -> str:
        argv = self._argv(server, state)
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=120)  # noqa: S603
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
        return " ".join(argv)


def power_of(target: Target, cloud: Callable[[], Cloud]) -> PowerSwitch:
    """The power switch of a target. Raises Refused when it has none."""
    if target.power is not None:
        return CommandPower(target.power.off, target.power.on)
    if target.cloud is not None:
        return CloudPower(cloud())
    raise Refused(
        f"target {target.name} has no power switch (neither `cloud` nor `power`)",
        remedy=f"add `power: {{off: [...], on: [...]}}` to {target.file}, or drill on another target",
    )


def cut_power(node: Node, power: PowerSwitch, *, lasting: bool = False) -> Act:
    """Cut a server's power (F4, S8)."""

    def apply() -> str:
        node.permit(f"cut the power of {node.name}")
        done = power.off(node.name)
        node.disconnect()
        return done

    return Act(
        what=f"cut the power of {node.name}",
        steps=[("(power switch)", power.shown(node.name, "off"))],
        is_done=lambda: power.is_on(node.name) is False,
        apply=apply,
        undo=power.shown(node.name, "on"),
        lasting=lasting,
    )


def restore_power(node: Node, power: PowerSwitch, *, lasting: bool = False) -> Act:
    """Give a server its power back (S10)."""

    def apply() -> str:
        node.permit(f"restore the power of {node.name}")
        return power.on(node.name)

    return Act(
        what=f"restore the power of {node.name}",
        steps=[("(power switch)", power.shown(node.name, "on"))],
        is_done=lambda: power.is_on(node.name) is True,
        apply=apply,
        undo=power.shown(node.name, "off"),
        lasting=lasting,
    )


def reboot(node: Node, *, is_done: Callable[[], bool], lasting: bool = False) -> Act:
    """sudo reboot; the connection ends with it. is_done: whether it need not be rebooted."""

    def apply() -> object:
        try:
            return node.change("reboot", sudo=True, deadline=15, accept=(0, 255))
        except NotFinished:
            return None  # the server took the connection down with it, as it should
        finally:
            node.disconnect()

    return Act(
        what=f"reboot {node.name}",
        steps=[(node.name, "sudo reboot")],
        is_done=is_done,
        apply=apply,
        lasting=lasting,
    )


def answers(node: Node) -> Condition:
    """The condition that the server can be logged in to."""

    def look() -> Observation:
        said = node.run("true", deadline=10)
        return Observation(said.exit_code == 0, f"{node.name} answers with exit {said.exit_code}")

    return look

"""Servers themselves: power cut and restored, rebooted."""

from __future__ import annotations

import time
from collections.abc import Callable

from runbook.changes.base import Act, drill
from runbook.changes.power import PowerSwitch
from runbook.command import Node, quoted
from runbook.errors import Evidence, WaitFailed

# A reboot that runs at once takes the connection along before it has said how it ended.
_REBOOT = "nohup sh -c 'sleep 2; reboot' >/dev/null 2>&1 </dev/null &"
_GOES_DOWN = 120.0  # seconds of the target


def power_drill(node: Node, power: PowerSwitch) -> tuple[Act, Act]:
    """Cut a server's power (F4, S8), and give it back (S10)."""

    def cut() -> None:
        power.off(node.name)
        node.disconnect()

    return drill(
        Act(
            what=f"cut the power of {node.name}",
            steps=[("(power switch)", power.shown(node.name, "off"))],
            is_done=lambda: power.is_on(node.name) is False,
            apply=cut,
        ),
        Act(
            what=f"restore the power of {node.name}",
            steps=[("(power switch)", power.shown(node.name, "on"))],
            is_done=lambda: power.is_on(node.name) is True,
            apply=lambda: power.on(node.name),
        ),
    )


def reboot(node: Node, *, is_done: Callable[[], bool], lasting: bool = False) -> Act:
    """sudo reboot, two seconds after it was asked for; back when the server has gone down.

    is_done: whether it need not be rebooted.
    """
    line = quoted("sh -c %s", _REBOOT)

    def apply() -> None:
        node.change(line, sudo=True)
        _await_down(node)

    return Act(
        what=f"reboot {node.name}",
        steps=[(node.name, f"sudo {line}")],
        is_done=is_done,
        apply=apply,
        lasting=lasting,
    )


def _await_down(node: Node) -> None:
    """Wait until the server has closed the connection; a command would be cut off in the middle."""
    began = time.monotonic()
    while node.is_connected:
        seconds = (time.monotonic() - began) * node.clock
        if seconds > _GOES_DOWN:
            raise WaitFailed(
                f"{node.name} did not go down within {_GOES_DOWN:.0f} s of its reboot",
                evidence=Evidence(server=node.name, seconds=seconds),
                remedy="look at its console log; what hinders it to shut down stands there",
            )
        time.sleep(0.5 / node.clock)
    node.disconnect()

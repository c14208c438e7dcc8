"""Programs that end a machine's day: reboot, shutdown, poweroff, halt."""

from __future__ import annotations

from runbook_twin.machine import Call
from runbook_twin.programs.base import program

_ACTS = {
    "reboot": "reboot", "poweroff": "power off", "halt": "halt", "shutdown": "power off",
}  # fmt: skip


@program("reboot", "poweroff", "halt", "shutdown")
async def power(call: Call) -> int:
    """Ask the hypervisor's machine to go down a moment later: the session sees it close."""
    name, words = call.argv[0], call.argv[1:]
    if not call.root:
        call.err(f"Failed to {_ACTS[name]} system: Interactive authentication required.\n")
        return 1
    again = name == "reboot" or (name == "shutdown" and "-r" in words)
    call.machine.go_down(again=again)
    return 0

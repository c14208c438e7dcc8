"""The program `journalctl`."""

from __future__ import annotations

import asyncio

from runbook_twin.coreos import systemd
from runbook_twin.coreos.options import Options
from runbook_twin.coreos.systemd import full_name
from runbook_twin.machine import Call

_VALUES = (
    "-u",
    "--unit",
    "-n",
    "--lines",
    "-o",
    "--output",
    "--since",
    "--until",
    "-p",
    "--priority",
)


async def journalctl(call: Call) -> int:
    """journalctl: -u, -n, -b, -f, --no-pager, -o cat."""
    options = Options(call.argv[1:], values=_VALUES)
    manager = systemd.of(call.machine)
    units = {full_name(name) for name in options.all("-u", "--unit")}
    entries = manager.journal.of(units, manager.boot if options.flags & {"-b", "--boot"} else "")
    lines = options.last("-n", "--lines")
    if lines and lines.isdigit():
        entries = entries[-int(lines) :]
    elif options.flags & {"-f", "--follow"}:
        entries = entries[-10:]
    if not entries:
        call.out("-- No entries --\n")
    elif options.last("-o", "--output") == "cat":
        call.out("".join(entry.message + "\n" for entry in entries))
    else:
        call.out(manager.journal.text(entries))
    seen = len(manager.journal.of(units))
    while options.flags & {"-f", "--follow"}:
        await asyncio.sleep(0.05)
        entries = manager.journal.of(units)
        call.out("".join(f"{entry}\n" for entry in entries[seen:]))
        seen = len(entries)
    return 0

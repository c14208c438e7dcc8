"""fleetctl's acts: what start, stop, load, unload, submit and destroy say about each unit."""

from __future__ import annotations

import re
from typing import Any

from runbook.parse.base import Column, Parsed
from runbook.parse.command_line import CommandLine
from runbook.parse.fleetctl_lists import UNIT
from runbook.parse.source import Source

ACTS = ("start", "stop", "load", "unload", "submit", "destroy")
EVENTS = (Column("unit"), Column("event"), Column("machine"), Column("ip"))

# The state is empty for a global unit that was just submitted; `on` is missing when the
# machine was not known yet.
_STATE = re.compile(
    rf"Unit (?P<unit>{UNIT}) (?P<event>inactive|loaded|launched|)"
    r"(?: on (?P<machine>[0-9a-f]{1,8})\.\.\.(?:/(?P<ip>\S+))?)?"
)
_TRIGGERED = re.compile(rf"Triggered (?:global )?unit (?P<unit>{UNIT}) (?P<act>[a-z]+)")
_DESTROYED = re.compile(rf"Destroyed (?P<unit>{UNIT})")


def events(source: Source, line: CommandLine) -> Parsed:
    """An act -> one row per line: unit, event (null when not printed), machine, ip.

    No line = nothing was left to do. 1.0.0's `start` exits 1 when a unit is not active within
    2 s; that is an answer as long as every unit was launched ("launched" is not "running").
    """
    act = line.words[0]
    if act != "start" or source.answer.exit_code != 1:
        source.require_exit(0)
    rows: list[dict[str, Any]] = []
    for each in source.lines():
        match = _match(act, each.text)
        if not match:
            raise source.error("is no event of a unit", each)
        found = match.groupdict()
        event = {_TRIGGERED: "triggered", _DESTROYED: "destroyed"}.get(match.re)
        rows.append(
            {
                "unit": found["unit"],
                "event": event or found["event"] or None,
                "machine": found.get("machine"),
                "ip": found.get("ip"),
            }
        )
    last = {row["unit"]: row["event"] for row in rows}
    if not last or set(last.values()) != {"launched"}:
        source.require_exit(0)
    return Parsed(EVENTS, rows)


def _match(act: str, text: str) -> re.Match[str] | None:
    if act == "destroy":
        return _DESTROYED.fullmatch(text)
    triggered = _TRIGGERED.fullmatch(text)
    return triggered if triggered and triggered["act"] == act else _STATE.fullmatch(text)

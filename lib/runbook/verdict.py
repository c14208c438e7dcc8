"""What a run amounts to: from its cells, its journal and how it ended, to one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runbook import errors
from runbook.record import Event

COMPLETED, FAILED, NOT_RUN = "completed", "failed", "not run"
INTERRUPTED = 130


@dataclass(frozen=True)
class Ending:
    """How a run ended, as seen from outside the kernel.

    stopped: why it was ended before its last cell (signal, time-out, kernel gone), if it was.
    error: class name and words of the error that ended a cell, if one did.
    """

    stopped: str | None = None
    interrupted: bool = False
    error: tuple[str, str] | None = None


@dataclass(frozen=True)
class Verdict:
    """One word, the exit code it stands for, and the reason in one sentence."""

    word: str
    exit_code: int
    reason: str


def judge(cells: list[dict[str, Any]], events: list[Event], ending: Ending) -> Verdict:
    """The verdict of a run: passed only if every code cell ran and every check held."""
    if ending.stopped:
        return Verdict("aborted", INTERRUPTED if ending.interrupted else 5, ending.stopped)
    if ending.error is None:
        return _judge_complete(cells, events)
    kind, words = ending.error
    said = [e for e in events if e["event"] == "error" and e["kind"] == kind]
    exit_code = said[-1]["exit_code"] if said else _exit_code(kind)
    reason = f"{kind}: {said[-1]['text'] if said else words}"
    if kind == "SystemExit":
        return Verdict("aborted", 5, "a cell ended the notebook (SystemExit)")
    if kind == "KeyboardInterrupt":
        return Verdict("aborted", INTERRUPTED, "interrupted")
    if kind == "Planned" and _of(events, "planned"):
        return Verdict("planned", 0, words)
    if exit_code == 3 and _of(events, "change"):
        # A refusal says that nothing was touched; here something was.
        return Verdict("failed", 5, f"refused after changes had been made: {reason}")
    return Verdict("refused" if exit_code == 3 else "failed", exit_code or 5, reason)


def _judge_complete(cells: list[dict[str, Any]], events: list[Event]) -> Verdict:
    refusals = _of(events, "refused")
    if refusals:
        return Verdict("refused", 3, str(refusals[-1]["reason"]))
    missing = [cell["id"] for cell in cells if cell["state"] != COMPLETED]
    if missing:
        return Verdict("failed", 5, f"not every code cell ran: {', '.join(missing)}")
    failed = [str(check["name"]) for check in _of(events, "check") if not check["passed"]]
    if failed:
        return Verdict("failed", 1, f"did not hold: {', '.join(failed)}")
    return Verdict("passed", 0, "every code cell ran and every check held")


@dataclass
class Facts:
    """What the engine knows about a run beside its cells and its journal."""

    run_id: str
    runbook: str
    title: str
    runbook_sha256: str
    parameters: dict[str, Any]
    operator: str
    started: str
    ended: str = ""
    seconds: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)


def compose(
    facts: Facts, cells: list[dict[str, Any]], events: list[Event], verdict: Verdict
) -> dict[str, Any]:
    """The record as JSON: who ran what where with which outcome, and every event of the run."""
    changes, checks = _of(events, "change"), _of(events, "check")
    notes = [event["note"] for event in _of(events, "operator")]
    target = (_of(events, "target") or [{"name": facts.parameters.get("target")}])[-1]
    return {
        "schema": 1,
        "run_id": facts.run_id,
        "runbook": facts.runbook,
        "title": facts.title,
        "runbook_sha256": facts.runbook_sha256,
        "target": {key: target.get(key) for key in ("name", "sha256", "clock")},
        "parameters": facts.parameters,
        "operator": {"who": facts.operator, "note": "\n".join(notes)},
        "started": facts.started,
        "ended": facts.ended,
        "seconds": round(facts.seconds, 3),
        "verdict": verdict.word,
        "reason": verdict.reason,
        "exit_code": verdict.exit_code,
        "counts": {
            "cells": len(cells),
            "cells_run": sum(cell["state"] != NOT_RUN for cell in cells),
            "commands": len(_of(events, "command")),
            "changes": sum(bool(change["lasting"]) for change in changes),
            "acts": sum(not change["lasting"] for change in changes),
            "checks": len(checks),
            "checks_failed": sum(not check["passed"] for check in checks),
        },
        "cells": cells,
        "checks": [_plain(event) for event in checks],
        "changes": [_plain(event) for event in changes],
        "commands": [_plain(event) for event in _of(events, "command")],
        "errors": [_plain(event) for event in _of(events, "error")],
        "versions": {**facts.versions, "tools": [_plain(e) for e in _of(events, "version")]},
    }


def _of(events: list[Event], kind: str) -> list[Event]:
    return [event for event in events if event.get("event") == kind]


def _plain(event: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != "event"}


def _exit_code(kind: str) -> int:
    # An error before the kernel's hooks were in place: the name of its class has to do.
    found = getattr(errors, kind, None)
    return found.exit_code if isinstance(found, type) and hasattr(found, "exit_code") else 5

"""Keeps the records: outputs/records/YYYY/MM/DD, outputs/index.html, and the runs under way.

A run has its journal in outputs/running, locked by its runner as long as that lives, and gone once
the record is stored. So a journal that nobody has locked is a run that left no record: aborted.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runbook import atomic
from runbook.errors import RunbookError
from runbook.record import Event, append, load

NEEDED_BYTES = 16 * 1024 * 1024
_REMEDY = "make room where outputs/ lies and let this user write there, or set RUNBOOK_OUTPUTS"


class Running:
    """A run under way: its id and its journal, which stays if the runner is killed."""

    def __init__(self, outputs: Path) -> None:
        """Raises RunbookError when nothing can be written to `outputs`: before anything is done."""
        self.id = secrets.token_hex(4)
        self.outputs = outputs
        self.journal = outputs / "running" / f"{self.id}.jsonl"
        try:
            atomic.make_folder(outputs / "records")
            atomic.make_folder(self.journal.parent)
            free = shutil.disk_usage(outputs).free
            if free < NEEDED_BYTES:
                raise OSError(f"only {free // 1024} KiB are free")
            self._lock = os.open(self.journal, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        except OSError as error:
            raise _cannot_write(outputs, error) from None

    def begin(self, event: Event) -> None:
        """Write down what is going to run. Raises RunbookError."""
        append(self.journal, {"event": "begin", "run_id": self.id, **event})

    def close(self, *, keep: bool = False) -> None:
        """The run is over; its journal goes, unless there is no record to take its place."""
        if not keep:
            self.journal.unlink(missing_ok=True)
        os.close(self._lock)


def store(outputs: Path, record: dict[str, Any], notebook: str, page: str) -> dict[str, Any]:
    """Write a record's notebook, page and JSON: all three, or none and a RunbookError.

    Returns the record with `files`: their names below `outputs`.
    """
    started = datetime.fromisoformat(record["started"])
    folder = outputs / "records" / f"{started:%Y/%m/%d}"
    runbook = re.sub(r"[^A-Za-z0-9.-]+", "-", record["runbook"])
    stem = f"{started:%Y%m%dT%H%M%SZ}_{runbook}_{record['verdict']}_{record['run_id']}"
    paths = {kind: folder / f"{stem}.{kind}" for kind in ("html", "ipynb", "json")}
    files = {kind: path.relative_to(outputs).as_posix() for kind, path in paths.items()}
    record = {**record, "files": files}
    text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
    try:
        atomic.make_folder(folder)
        # The JSON comes last: a record is there when its JSON is there.
        atomic.write_all({paths["html"]: page, paths["ipynb"]: notebook, paths["json"]: text})
    except OSError as error:
        raise _cannot_write(outputs, error) from None
    return record


def records(outputs: Path, runbook: str | None = None) -> list[dict[str, Any]]:
    """All records, newest first, and with them the runs under way and those that left none."""
    # Journals first: a run that ends meanwhile is then seen twice rather than never.
    unfinished = [_unfinished(path) for path in (outputs / "running").glob("*.jsonl")]
    found = [_read(path) for path in (outputs / "records").glob("*/*/*/*.json")]
    stored = {record["run_id"] for record in found if record}
    found += [record for record in unfinished if record and record["run_id"] not in stored]
    wanted = [r for r in found if r and runbook in (None, r["runbook"])]
    return sorted(wanted, key=lambda record: str(record["started"]), reverse=True)


@contextmanager
def index_lock(outputs: Path) -> Iterator[None]:
    """One at a time: a page written from an older list must not replace a newer one."""
    descriptor = os.open(outputs / ".index.lock", os.O_RDWR | os.O_CREAT, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_index(outputs: Path) -> Path:
    """Write outputs/index.html anew from all records. Raises RunbookError."""
    from runbook.page import index_page

    page = outputs / "index.html"
    try:
        atomic.make_folder(outputs)
        with index_lock(outputs):
            atomic.write(page, index_page(records(outputs)))
    except OSError as error:
        raise _cannot_write(outputs, error) from None
    return page


def _cannot_write(outputs: Path, error: OSError) -> RunbookError:
    return RunbookError(f"a record cannot be written to {outputs}: {error}", remedy=_REMEDY)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        record = json.loads(path.read_text("utf-8"))
        if record["schema"] == 1:
            return {**record, "path": str(path)}
    except (ValueError, KeyError, TypeError) as error:
        raise RunbookError(
            f"the record {path} cannot be read: {error}", remedy="somebody changed it: look at it"
        ) from None
    return None


def _unfinished(journal: Path) -> dict[str, Any] | None:
    try:
        descriptor = os.open(journal, os.O_RDONLY)
    except FileNotFoundError:
        return None  # its run has just ended
    alive = True
    try:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            alive = False
    finally:
        os.close(descriptor)
    if not journal.exists():
        return None
    events = load(journal)
    begin = next((event for event in events if event["event"] == "begin"), {})
    started = datetime.fromtimestamp(journal.stat().st_ctime, UTC).isoformat()
    return {
        "run_id": journal.stem,
        "runbook": begin.get("runbook", "?"),
        "title": begin.get("title", ""),
        "target": {"name": begin.get("parameters", {}).get("target")},
        "operator": {"who": begin.get("operator", ""), "note": ""},
        "started": begin.get("started", started),
        "seconds": None,
        "verdict": "running" if alive else "aborted",
        "reason": "still running" if alive else "its runner was killed or could not write a record",
        "exit_code": None,
        "counts": _counts(events),
        "files": {"journal": f"running/{journal.name}"},
        "path": str(journal),
    }


def _counts(events: list[Event]) -> dict[str, int]:
    checks = [event for event in events if event["event"] == "check"]
    changes = [event for event in events if event["event"] == "change"]
    return {
        "commands": sum(event["event"] == "command" for event in events),
        "changes": sum(bool(change["lasting"]) for change in changes),
        "acts": sum(not change["lasting"] for change in changes),
        "checks": len(checks),
        "checks_failed": sum(not check["passed"] for check in checks),
    }

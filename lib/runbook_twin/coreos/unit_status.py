"""What `systemctl status` prints of a unit."""

from __future__ import annotations

from datetime import UTC, datetime

from runbook_twin.coreos.process import Process
from runbook_twin.coreos.service import Service
from runbook_twin.coreos.systemd import Systemd

_SPANS = (
    ("y", 31557600),
    ("month", 2629800),
    ("w", 604800),
    ("d", 86400),
    ("h", 3600),
    ("min", 60),
)


def span(seconds: float) -> str:
    """A time span as systemd shows it: `1min 3s`, `468ms`."""
    if seconds < 1:
        return f"{int(seconds * 1000)}ms"
    rest = int(seconds)
    parts: list[str] = []
    for name, size in _SPANS:
        if rest >= size:
            count, rest = divmod(rest, size)
            parts.append(f"{count}{name}")
    if rest and len(parts) < 2:
        parts.append(f"{rest}s")
    return " ".join(parts[:2])


def status(manager: Systemd, name: str, lines: int = 10) -> str:
    """The whole block for one unit, with the end of its journal."""
    service = manager.service(name)
    head = f"{_dot(service)} {service.label}"
    block = [head, f"     Loaded: {_loaded(manager, name)}", *_drop_ins(manager, name)]
    block.append(f"     Active: {_active(manager, service)}")
    if service.active in ("failed", "inactive") and service.started_at and service.since:
        block.append(f"   Duration: {span(service.since - service.started_at)}")
    block += _processes(service)
    entries = manager.journal.of({name}, manager.boot)[-lines:]
    text = "\n".join(block) + "\n"
    return text + ("\n" + manager.journal.text(entries) if entries else "")


def _dot(service: Service) -> str:
    return {"failed": "×", "inactive": "○"}.get(service.active, "●")


def _loaded(manager: Systemd, name: str) -> str:
    state = manager.load_state(name)
    if state == "not-found":
        return f"not-found (Reason: Unit {name} not found.)"
    if state == "bad-setting":
        return f"bad-setting (Reason: Unit {name} has a bad unit file setting.)"
    if state == "masked":
        return f"masked (Reason: Unit {name} is masked.)"
    return f"loaded ({manager.fragment(name)}; {manager.enablement(name)}; preset: enabled)"


def _drop_ins(manager: Systemd, name: str) -> list[str]:
    paths = manager.drop_ins(name)
    if not paths:
        return []
    folder = paths[0].rpartition("/")[0]
    files = ", ".join(path.rpartition("/")[2] for path in paths)
    return [f"    Drop-In: {folder}", f"             └─{files}"]


def _active(manager: Systemd, service: Service) -> str:
    result = f"Result: {service.result}" if service.active == "failed" else service.sub
    text = f"{service.active} ({result})"
    if not service.since:
        return text
    stamp = datetime.fromtimestamp(service.since, UTC).strftime("%a %Y-%m-%d %H:%M:%S UTC")
    return f"{text} since {stamp}; {span(manager.now() - service.since)} ago"


def _processes(service: Service) -> list[str]:
    ended = service.active in ("failed", "inactive")
    lines: list[str] = []
    shown = [p for p in service.processes if p.exit_code is not None]
    for process in shown if service.started_at else []:
        if process.kind != "ExecStart" or (ended and len(service.processes) > 1):
            lines.append(
                f"    Process: {process.pid} {process.kind}={process.line.shown} ({process.ended})"
            )
    main = service.main
    if main is None:
        return lines
    if main.exit_code is None:
        return [*lines, *_running(service, main)]
    return [*lines, f"   Main PID: {main.pid} ({main.ended})"]


def _running(service: Service, main: Process) -> list[str]:
    slice_name = "system.slice"
    if "@" in service.name:
        slice_name += f"/system-{service.name.partition('@')[0]}.slice"
    program = main.line.argv[0].rpartition("/")[2]
    return [
        f"   Main PID: {main.pid} ({program})",
        f"     CGroup: /{slice_name}/{service.name}",
        f"             └─{main.pid} {main.line.shown}",
    ]

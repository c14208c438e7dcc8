"""The program `systemctl`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from runbook_twin.coreos import systemd, unit_file
from runbook_twin.coreos.options import Options
from runbook_twin.coreos.systemd import WANTS, Systemd, full_name
from runbook_twin.coreos.unit_status import status
from runbook_twin.machine import Call

_VALUES = ("-p", "--property", "-n", "--lines", "-t", "--type", "-s", "--signal", "-o", "--output",
           "--state")  # fmt: skip
_NEED_ROOT = {"start", "stop", "restart", "try-restart", "reload", "kill", "reset-failed", "enable",
              "disable", "daemon-reload", "mask", "unmask", "reload-or-restart"}  # fmt: skip


async def systemctl(call: Call) -> int:
    """systemctl of systemd 252, as far as an operator of a cluster uses it."""
    options = Options(call.argv[1:], values=_VALUES)
    if "--version" in options.flags:
        call.out("systemd 252 (252)\n")
        return 0
    command, *names = options.words or ["list-units"]
    if command not in _COMMANDS:
        call.err(f"Unknown command verb {command}.\n")
        return 1
    if command in _NEED_ROOT and not call.root:
        if names:
            verb = {"try-restart": "restart", "reload-or-restart": "reload or restart"}.get(
                command, command
            )
            call.err(
                f"Failed to {verb} {full_name(names[0])}: Interactive authentication required.\n"
            )
            call.err(f"See system logs and 'systemctl status {full_name(names[0])}' for details.\n")
        else:
            call.err("Failed to reload daemon: Interactive authentication required.\n")
        return 1
    return await _COMMANDS[command](
        call, systemd.of(call.machine), [full_name(n) for n in names], options
    )


async def _start(call: Call, manager: Systemd, names: list[str], options: Options) -> int:
    worst = 0
    for name in names:
        state = manager.load_state(name)
        if state != "loaded":
            reasons = {
                "not-found": f"Unit {name} not found.",
                "masked": f"Unit {name} is masked.",
                "bad-setting": f"Unit {name} has a bad unit file setting.",
            }
            call.err(f"Failed to start {name}: {reasons[state]}\n")
            if state == "bad-setting":
                call.err(f"See system logs and 'systemctl status {name}' for details.\n")
            worst = 5 if state == "not-found" else 1
            continue
        job = manager.start(name)
        if "--no-block" in options.flags:
            call.machine.spawn(job)
        elif await job == "failed":
            call.err(f"Job for {name} failed because the control process exited with error code.\n")
            call.err(f'See "systemctl status {name}" and "journalctl -xeu {name}" for details.\n')
            worst = 1
    return worst


async def _stop(call: Call, manager: Systemd, names: list[str], options: Options) -> int:
    worst = 0
    for name in names:
        if manager.load_state(name) == "not-found" and name not in manager.services:
            call.err(f"Failed to stop {name}: Unit {name} not loaded.\n")
            worst = 5
        elif "--no-block" in options.flags:
            call.machine.spawn(manager.stop(name))
        else:
            await manager.stop(name)
    return worst


async def _restart(call: Call, manager: Systemd, names: list[str], options: Options) -> int:
    for name in names:
        await manager.stop(name)
    return await _start(call, manager, names, options)


async def _try_restart(call: Call, manager: Systemd, names: list[str], options: Options) -> int:
    running = [name for name in names if manager.service(name).active == "active"]
    return await _restart(call, manager, running, options)


async def _is_active(call: Call, manager: Systemd, names: list[str], options: Options) -> int:
    return _states(call, manager, names, options, {"active", "reloading"}, 3)


async def _is_failed(call: Call, manager: Systemd, names: list[str], options: Options) -> int:
    return _states(call, manager, names, options, {"failed"}, 1)


def _states(
    call: Call, manager: Systemd, names: list[str], options: Options, good: set[str], otherwise: int
) -> int:
    states = [manager.service(name).active for name in names]
    if not options.flags & {"-q", "--quiet"}:
        call.out("".join(state + "\n" for state in states))
    return 0 if good & set(states) else otherwise


async def _is_enabled(call: Call, manager: Systemd, names: list[str], options: Options) -> int:
    good = False
    for name in names:
        state = manager.enablement(name)
        if not state:
            call.err(f"Failed to get unit file state for {name}: No such file or directory\n")
        elif not options.flags & {"-q", "--quiet"}:
            call.out(state + "\n")
        good = good or state.startswith(("enabled", "static", "linked"))
    return 0 if good else 1


async def _status(call: Call, manager: Systemd, names: list[str], options: Options) -> int:
    worst = 0
    shown = 0
    for name in names:
        if manager.load_state(name) == "not-found" and name not in manager.services:
            call.err(f"Unit {name} could not be found.\n")
            worst = max(worst, 4)
            continue
        call.out(
            "\n" * bool(shown) + status(manager, name, int(options.last("-n", "--lines") or 10))
        )
        shown += 1
        running = manager.service(name).active in (
            "active",
            "reloading",
            "activating",
            "deactivating",
        )
        worst = max(worst, 0 if running and manager.service(name).active == "active" else 3)
    return worst


def _properties(manager: Systemd, name: str) -> dict[str, str]:
    service = manager.service(name)
    main = service.main
    stamp = datetime.fromtimestamp(service.started_at, UTC).strftime("%a %Y-%m-%d %H:%M:%S UTC")
    return {
        "Type": unit_file.value(manager.options(name), "Service", "Type", "simple"),
        "Restart": unit_file.value(manager.options(name), "Service", "Restart", "no"),
        "MainPID": str(main.pid if main and main.exit_code is None else 0),
        "NRestarts": str(service.restarts),
        "Result": service.result,
        "ExecMainStatus": str((main.exit_code or 0) if main else 0),
        "Id": name,
        "Names": name,
        "Description": manager.description(name),
        "LoadState": manager.load_state(name),
        "ActiveState": service.active,
        "SubState": service.sub,
        "FragmentPath": manager.fragment(name),
        "DropInPaths": " ".join(manager.drop_ins(name)),
        "UnitFileState": manager.enablement(name),
        "ActiveEnterTimestamp": stamp if service.started_at else "",
    }


async def _show(call: Call, manager: Systemd, names: list[str], options: Options) -> int:
    wanted = [p for text in options.all("-p", "--property") for p in text.split(",")]
    blocks: list[str] = []
    for name in names:
        properties = _properties(manager, name)
        # systemctl prints in its own order, whatever the order asked for
        chosen = {k: v for k, v in properties.items() if not wanted or k in wanted}
        bare = "--value" in options.flags
        blocks.append("".join(f"{v}\n" if bare else f"{k}={v}\n" for k, v in chosen.items()))
    call.out("\n".join(blocks))
    return 0


async def _cat(call: Call, manager: Systemd, names: list[str], options: Options) -> int:
    for name in names:
        paths = [path for path in [manager.fragment(name), *manager.drop_ins(name)] if path]
        if not paths:
            call.err(f"No files found for {name}.\n")
            return 1
        texts = [f"# {path}\n{call.machine.disk.text(path)}" for path in paths]
        call.out("\n".join(texts))
    return 0


async def _list_units(call: Call, manager: Systemd, names: list[str], options: Options) -> int:
    rows = [
        (name, manager.load_state(name), service.active, service.sub, manager.description(name))
        for name, service in sorted(manager.services.items())
        if "--all" in options.flags or "-a" in options.flags or service.active != "inactive"
    ]
    if not options.flags & {"--no-legend", "--plain"}:
        rows.insert(0, ("UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION"))
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(4)]
    for row in rows:
        padded = " ".join(text.ljust(width) for text, width in zip(row, widths, strict=False))
        call.out(f"  {padded} {row[4]}\n")
    return 0


async def _enable(call: Call, manager: Systemd, names: list[str], options: Options) -> int:
    for name in names:
        fragment = manager.fragment(name)
        if not fragment:
            call.err(f"Failed to enable unit: Unit file {name} does not exist.\n")
            return 1
        link = f"/etc/systemd/system/{WANTS}/{name}"
        if link not in call.machine.disk.files:
            call.machine.disk.write(link, call.machine.disk.read(fragment), now=manager.now())
            call.err(f"Created symlink {link} → {fragment}.\n")
    return await _start(call, manager, names, options) if "--now" in options.flags else 0


async def _disable(call: Call, manager: Systemd, names: list[str], options: Options) -> int:
    for name in names:
        link = f"/etc/systemd/system/{WANTS}/{name}"
        if call.machine.disk.files.pop(link, None):
            call.err(f"Removed {link}.\n")
    return await _stop(call, manager, names, options) if "--now" in options.flags else 0


async def _quiet(call: Call, manager: Systemd, names: list[str], options: Options) -> int:
    return 0


async def _reset_failed(call: Call, manager: Systemd, names: list[str], options: Options) -> int:
    for service in [manager.service(name) for name in names] or list(manager.services.values()):
        if service.active == "failed":
            service.enter("inactive", "dead")
    return 0


Command = Callable[[Call, Systemd, list[str], Options], Awaitable[int]]
_COMMANDS: dict[str, Command] = {
    "start": _start, "stop": _stop, "restart": _restart, "try-restart": _try_restart,
    "reload-or-restart": _restart, "is-active": _is_active, "is-failed": _is_failed,
    "is-enabled": _is_enabled, "status": _status, "show": _show, "cat": _cat,
    "list-units": _list_units, "enable": _enable, "disable": _disable, "daemon-reload": _quiet,
    "reset-failed": _reset_failed,
}  # fmt: skip

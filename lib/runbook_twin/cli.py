"""The command: up, down, status, ssh, fault, events."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runbook_twin.client import ClientError, ask, find, start, stop
from runbook_twin.state import Folder, NoProject, Running, default_directory

_BAD_USAGE, _NOT_UP, _BROKEN = 2, 4, 5


class NotUp(Exception):
    """No twin runs in the folder."""


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="runbook twin", description="The rehearsal cluster.")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--directory", type=Path, help="where it keeps its state (.twin)")
    commands = parser.add_subparsers(dest="command", required=True)

    up = commands.add_parser("up", parents=[shared], help="start it, unless it runs already")
    up.add_argument("--empty", action="store_true", help="no servers and no key pair yet")
    up.add_argument("--clock", type=_positive, help="how much faster time runs (20)")
    up.add_argument("--idle", type=_positive, help="stop after so many seconds without a client")
    up.add_argument("--foreground", action="store_true", help="do not go to the background")
    up.add_argument("--ready", type=int, help=argparse.SUPPRESS)
    commands.add_parser("down", parents=[shared], help="stop it")
    status = commands.add_parser("status", parents=[shared], help="what runs")
    status.add_argument("--json", action="store_true", help="as JSON")
    ssh = commands.add_parser("ssh", parents=[shared], help="log in to a node, or run a line there")
    ssh.add_argument("node")
    ssh.add_argument("line", nargs=argparse.REMAINDER, metavar="COMMAND")
    fault = commands.add_parser("fault", parents=[shared], help="break something")
    fault.add_argument("name", help="list, clear, or a fault's name")
    fault.add_argument("arguments", nargs="*")
    commands.add_parser("events", parents=[shared], help="what really happened, as JSON lines")
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; its exit code."""
    options = _parser().parse_args(words)
    commands = {
        "up": _up, "down": _down, "status": _status, "ssh": _ssh, "fault": _fault,
        "events": _events,
    }  # fmt: skip
    try:
        folder = Folder((options.directory or default_directory()).resolve())
        return commands[options.command](folder, options)
    except NoProject as error:
        return _fail(str(error), _BAD_USAGE)
    except NotUp as error:
        return _fail(str(error), _NOT_UP)
    except ClientError as error:
        return _fail(str(error), _BAD_USAGE if options.command == "fault" else _BROKEN)


def _fail(text: str, code: int) -> int:
    sys.stderr.write(f"runbook twin: {text}\n")
    return code


def _running(folder: Folder) -> Running:
    found = find(folder)
    if found is None:
        raise NotUp(f"no twin runs in {folder.path}; start it with: runbook twin up")
    return found


def _up(folder: Folder, options: argparse.Namespace) -> int:
    folder.make()
    if options.foreground:
        return _foreground(folder, options)
    arguments = ["--clock", str(options.clock)] if options.clock else []
    arguments += ["--empty"] if options.empty else []
    arguments += ["--idle", str(options.idle)] if options.idle else []
    with folder.hold("command"):
        new = find(folder) is None
        if new:
            start(folder, arguments)
        running = _running(folder)
    if options.clock and options.clock != running.clock:
        return _fail(
            f"the twin is up with clock {running.clock:g}, not {options.clock:g}: "
            "runbook twin down, then up again",
            _BROKEN,
        )
    became = "is up" if new else "was up already"
    inside = "furnished" if running.furnished else "started empty"
    _say(f"the twin {became}: process {running.pid}, clock {running.clock:g}, {inside}")
    for name in ("target.yaml", "ssh_config", "clouds.yaml"):
        _say(f"  {folder.path / name}")
    return 0


def _foreground(folder: Folder, options: argparse.Namespace) -> int:
    from runbook_twin.service import (
        CLOCK,
        Options,
        serve,
    )  # heavy: only the process itself needs it
    from runbook_twin.skipping import SkippingLoop

    asked = Options(options.clock or CLOCK, options.empty, options.idle)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("asyncssh").setLevel(logging.ERROR)
    try:
        with folder.hold("alive", wait=False), asyncio.Runner(loop_factory=SkippingLoop) as runner:
            folder.clear()
            runner.run(serve(folder, asked, options.ready))
    except BlockingIOError:
        return _fail(f"a twin lives in {folder.path} already", _BROKEN)
    return 0


def _down(folder: Folder, _options: argparse.Namespace) -> int:
    if not folder.path.is_dir():
        _say("the twin is not up")
        return 0
    with folder.hold("command"):
        running = find(folder)
        if running:
            stop(folder, running)
        folder.clear()
    _say("the twin is down" if running else "the twin is not up")
    return 0


def _status(folder: Folder, options: argparse.Namespace) -> int:
    running = _running(folder)
    seen = json.loads(ask(running, "GET", "/twin/status"))
    if options.json:
        shown = {"pid": running.pid, "clock": running.clock, "ssh_port": running.ssh_port,
                 "api_port": running.api_port, "furnished": running.furnished}  # fmt: skip
        _say(json.dumps({**shown, **seen}, indent=1))
        return 0
    _say(f"up: process {running.pid}, clock {running.clock:g}, time {seen['time']}")
    for row in seen["machines"]:
        link = "" if row["connected"] else "  cut off"
        _say(f"  {row['name']:10} {row['address']:15} {row['image']:10} {row['state']}{link}")
    for fault in seen["faults"]:
        _say(f"  fault: {fault}")
    return 0


def _ssh(folder: Folder, options: argparse.Namespace) -> int:
    running = _running(folder)
    rows: list[dict[str, Any]] = json.loads(ask(running, "GET", "/twin/status"))["machines"]
    row = next((r for r in rows if options.node in (r["name"], r["address"])), None)
    if row is None:
        known = ", ".join(r["name"] for r in rows) or "none"
        return _fail(f"no node {options.node!r}; there are: {known}", _BAD_USAGE)
    program = shutil.which("ssh")
    if program is None:
        return _fail("there is no ssh client on this computer (OpenSSH); install one", _BROKEN)
    os.chdir(folder.path)  # ssh's own jump does not quote the path of its configuration
    login = f"{row['user']}@{row['address']}"
    os.execv(program, [program, "-F", "ssh_config", login, *options.line])  # noqa: S606 - instead of us


def _fault(folder: Folder, options: argparse.Namespace) -> int:
    running = _running(folder)
    if options.name == "list":
        seen = json.loads(ask(running, "GET", "/twin/faults"))
        for name, (arguments, does) in seen["kinds"].items():
            _say(f"{f'{name} {arguments}':32} {does}")
    elif options.name == "clear":
        seen = json.loads(ask(running, "DELETE", "/twin/faults"))
    else:
        body = {"name": options.name, "arguments": options.arguments}
        seen = json.loads(ask(running, "POST", "/twin/faults", body))
    _say("\n".join(["in force:", *(f"  {fault}" for fault in seen["active"] or ["nothing"])]))
    return 0


def _events(folder: Folder, _options: argparse.Namespace) -> int:
    sys.stdout.write(ask(_running(folder), "GET", "/twin/events").decode())
    return 0

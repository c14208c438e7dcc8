"""The command: up, down, status, install, link."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from runbook_lab import cgroups, needs
from runbook_twin.client import ClientError, ask, end_of, environment, find
from runbook_twin.state import Folder, NoProject, Running, default_directory

_BAD_USAGE, _NOT_UP, _BROKEN = 2, 4, 5
_END_S = 60.0
_CLOSE_S = 2.0  # a process that has ended closes its files a little later
_LOCK = "\0runbook-lab"  # an abstract socket: one lab on a machine, and no file is left behind


class NotUp(Exception):
    """No lab runs in the folder."""


class AnotherLab(Exception):
    """The machine's one lab runs in another folder."""


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _fail(text: str, code: int) -> int:
    sys.stderr.write(f"runbook lab: {text}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="runbook lab", description="A small real cloud on this machine; needs root."
    )
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--directory", type=Path, help="where it keeps its state (.lab)")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", parents=[shared], help="start it, unless it runs already")
    commands.add_parser("down", parents=[shared], help="stop it; nothing is left")
    status = commands.add_parser("status", parents=[shared], help="servers, processes, disk")
    status.add_argument("--json", action="store_true", help="as JSON")
    link = commands.add_parser("link", parents=[shared], help="plug a server's cable in or out")
    link.add_argument("name")
    link.add_argument("state", choices=("up", "down"))
    install = commands.add_parser(
        "install", parents=[shared], help="install what is missing, Debian packages"
    )
    install.add_argument("--yes", action="store_true", help="do not ask")
    inside = commands.add_parser("inside", parents=[shared])  # in the namespaces; not for people
    inside.add_argument("descriptors", type=int, nargs=3)
    inside.add_argument("--holder", type=int, required=True)
    return parser


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; its exit code."""
    options = _parser().parse_args(words)
    commands = {"up": _up, "down": _down, "status": _status, "link": _link, "install": _install,
                "inside": _inside}  # fmt: skip
    try:
        place = options.directory or default_directory().with_name(".lab")
        return commands[options.command](Folder(place.resolve()), options)
    except NoProject as error:
        return _fail(str(error), _BAD_USAGE)
    except NotUp as error:
        return _fail(str(error), _NOT_UP)
    except AnotherLab:
        return _fail("another lab runs on this machine: bring it down first", _BROKEN)
    except ClientError as error:
        return _fail(str(error), _BROKEN)


def _find(folder: Folder) -> Running | None:
    return find(folder, "/lab/status")


def _running(folder: Folder) -> Running:
    found = _find(folder)
    if found is None:
        raise NotUp(f"no lab runs in {folder.path}; start it with: runbook lab up")
    return found


def _up(folder: Folder, _options: argparse.Namespace) -> int:
    if found := needs.obstacles():
        return _fail("a lab cannot be built here:\n  " + "\n  ".join(found), _BAD_USAGE)
    folder.make()
    with folder.hold("command"):
        running, new = _find(folder), False
        if running is None:
            if problem := _start(folder, _clean(folder)):
                _clean(folder).close()
                return _fail(problem, _BROKEN)
            running, new = _find(folder), True
    if running is None:
        return _fail("the lab was started and does not answer", _BROKEN)
    _say(f"the lab {'is up' if new else 'was up already'}: process {running.pid}")
    for name in ("target.yaml", "ssh_config", "clouds.yaml"):
        _say(f"  {folder.path / name}")
    return 0


def _start(folder: Folder, lock: socket.socket) -> str:
    """Start it in the background: nothing, or why it did not start."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    readable, writable = os.pipe()
    handed = [*(listener.fileno() for listener in listeners), writable, lock.fileno()]
    log = folder.path / "log"
    # The shell tells its own pid, which `unshare` keeps: what is killed with it takes all along.
    program = (
        "exec unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private "
        '"$@" --holder $$'
    )
    line = ["sh", "-c", program, "sh", sys.executable, "-m", "runbook_lab", "inside",
            "--directory", str(folder.path), *map(str, handed[:3])]  # fmt: skip
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            line, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
            start_new_session=True, pass_fds=handed, env=environment(),
        )  # fmt: skip
    os.close(writable)
    for held in (*listeners, lock):
        held.close()
    word = os.read(readable, 4096)  # when the lab is ready, or gone
    os.close(readable)
    if word == b"ready":
        process.returncode = 0  # it lives on without us
        return ""
    process.wait()
    return f"the lab did not start: {word.decode() or end_of(log)}"


def _inside(folder: Folder, options: argparse.Namespace) -> int:
    from runbook_lab.service import Service, serve  # heavy: only the lab itself needs it

    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    ssh, api, ready = options.descriptors
    with socket.socket(fileno=ssh) as one, socket.socket(fileno=api) as two:
        asyncio.run(serve(lambda: Service(folder, one, two, options.holder), ready))
    return 0


def _down(folder: Folder, _options: argparse.Namespace) -> int:
    if not folder.path.is_dir():
        _say("the lab is not up")
        return 0
    with folder.hold("command"):
        running = _find(folder)
        if running is not None:
            ask(running, "POST", "/lab/stop", {})
            _await_end(running.pid)
        try:
            _clean(folder).close()
        except AnotherLab:
            _say("another lab runs on this machine, and is left alone")
    _say("the lab is down" if running else "the lab is not up")
    return 0


def _clean(folder: Folder) -> socket.socket:
    """Remove what a lab that was killed has left: its process, its groups, its files.

    Returns the lock of the machine's one lab; raises AnotherLab while that has it.
    """
    running = folder.read_running()
    if running is not None and _is_ours(running.pid):
        os.kill(running.pid, signal.SIGKILL)
    lock = _lock(_END_S if running else _CLOSE_S)
    until = time.monotonic() + _END_S
    while cgroups.left():
        try:
            cgroups.remove()
        except OSError:  # a process is still ending
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
    folder.clear()
    for name in ("bastion_key", "bastion_config"):
        (folder.path / name).unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        (folder.path / "machines").rmdir()
    return lock


def _lock(patience: float) -> socket.socket:
    """The lock, after some seconds of patience with a lab that is ending just now."""
    until = time.monotonic() + patience
    lock = socket.socket(socket.AF_UNIX)
    while True:
        try:
            lock.bind(_LOCK)
        except OSError:
            if time.monotonic() > until:
                lock.close()
                raise AnotherLab from None
            time.sleep(0.05)
        else:
            return lock


def _await_end(pid: int) -> None:
    until = time.monotonic() + _END_S
    while _is_ours(pid):
        if time.monotonic() > until:
            raise ClientError(f"the lab (process {pid}) was told to stop and does not end")
        time.sleep(0.05)


def _is_ours(pid: int) -> bool:
    """Whether a process is the holder of a lab, and not a later one of the same number."""
    try:
        return b"runbook_lab" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def _status(folder: Folder, options: argparse.Namespace) -> int:
    running = _running(folder)
    seen = json.loads(ask(running, "GET", "/lab/status"))
    if options.json:
        _say(json.dumps({"pid": running.pid, **seen}, indent=1))
        return 0
    _say(f"up: process {running.pid}")
    for row in seen["machines"]:
        _say(
            f"  {row['name']:10} {row['address']:15} {row['image']:10} {row['state']:4}"
            f"{row['processes']:4} processes {row['disk_bytes'] / 1e6:8.1f} MB"
        )
    return 0


def _link(folder: Folder, options: argparse.Namespace) -> int:
    running = _running(folder)
    ask(running, "POST", "/lab/link", {"name": options.name, "up": options.state == "up"})
    return 0


def _install(_folder: Folder, options: argparse.Namespace) -> int:
    missing = needs.packages_missing()
    if not missing:
        _say("nothing is missing")
        return 0
    _say(f"to install: {' '.join(missing)}")
    if not options.yes and input("install them by apt-get? [y/N] ").strip().lower() != "y":
        return _fail("not installed", 3)
    line = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
    with needs.no_service_starts():
        return subprocess.call(line)  # noqa: S603 - the list above

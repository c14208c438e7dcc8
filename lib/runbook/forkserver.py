"""Kernels by fork, for the runs of one batch: a process that has imported everything is copied.

A kernel of its own for each run stays, and with it the isolation; what is saved is the second or
two of processor time that the same imports take again. `Server` is the batch's side; run as a
program, this module is the process that forks. It serves until its stdin ends, so that it goes
with the batch, however that ends, and takes its kernels along.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import random
import select
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

# What runbooks import; nothing among it may start a thread before the fork.
_PRELOADED = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "runbook.session",
    "openstack",
    "matplotlib.backends.backend_svg",
)


class Server:
    """The process that forks, seen from the batch."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "runbook.forkserver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._started: queue.Queue[int] = queue.Queue()
        self._ended: dict[int, int] = {}
        self._over = False
        self._lock = threading.Lock()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def start(self, command: list[str], environment: dict[str, str], folder: str) -> Forked:
        """Fork a kernel. Raises OSError when the server is gone."""
        asked = json.dumps({"command": command, "environment": environment, "folder": folder})
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        with self._lock:
            self._process.stdin.write(asked + "\n")
            self._process.stdin.flush()
            pid = self._started.get(timeout=60)
        if not pid:
            raise OSError("the process that forks kernels has ended")
        return Forked(self, pid)

    def exit_code(self, pid: int) -> int | None:
        """How a kernel ended; None while it runs. With the process its kernels are killed."""
        return self._ended.get(pid, -signal.SIGKILL if self._over else None)

    def close(self) -> None:
        """End the process, and with it every kernel that is left."""
        assert self._process.stdin and self._process.stdout  # noqa: S101 - they are pipes
        self._process.stdin.close()
        self._process.wait()
        self._listener.join()
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        for line in self._process.stdout:
            told = json.loads(line)
            if "code" in told:
                self._ended[told["pid"]] = told["code"]
            else:
                self._started.put(told["pid"])
        self._over = True
        self._started.put(0)


class Forked:
    """A forked kernel, with as much of Popen's face as Jupyter asks for."""

    stdin = stdout = stderr = None

    def __init__(self, server: Server, pid: int) -> None:
        self._server = server
        self.pid = pid

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        return self._server.exit_code(self.pid)

    def wait(self) -> int:
        """Called by Jupyter once `poll` has told the end."""
        return self.poll() or 0

    def send_signal(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it now."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class Provisioner(LocalProvisioner):
    """Jupyter's own way to start a kernel, but for the process, which `server` forks."""

    server: Server | None = None
    process: Any = None
    connection_info: Any = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork a kernel for the prepared command; returns its connection."""
        assert self.server is not None  # noqa: S101 - set by whoever chose this provisioner
        environment = {**os.environ, **(kwargs.get("env") or {})}
        folder = kwargs.get("cwd") or os.getcwd()  # noqa: PTH109 - a string is wanted
        self.process = self.server.start(cmd, environment, folder)
        self.pid = self.pgid = self.process.pid  # it leads a session of its own
        return self.connection_info


def main() -> None:
    """Import, then fork a kernel for each line on stdin until it ends."""
    for module in _PRELOADED:
        __import__(module)
    gc.collect()
    gc.freeze()
    reports = os.dup(1)
    os.dup2(2, 1)  # what a kernel prints by itself must not look like a report
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the batch's to handle
    children: set[int] = set()
    pending = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _reap(children, reports)
        if 0 in ready:
            piece = os.read(0, 65536)
            if not piece:
                break
            *lines, pending = (pending + piece).split(b"\n")
            for line in lines:
                children.add(_fork(json.loads(line), reports, (reports, woken, wake)))
    for pid in children:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _reap(children: set[int], reports: int) -> None:
    for pid in list(children):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            children.discard(pid)
            _report(reports, {"pid": pid, "code": os.waitstatus_to_exitcode(status)})


def _report(reports: int, told: dict[str, int]) -> None:
    os.write(reports, json.dumps(told).encode() + b"\n")


def _fork(asked: dict[str, Any], reports: int, inherited: tuple[int, ...]) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        _report(reports, {"pid": pid})
        return pid
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for descriptor in inherited:
        os.close(descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    random.seed()
    command = asked["command"]
    arguments = command[command.index("ipykernel_launcher") + 1 :]
    arguments.append(f"--IPKernelApp.parent_handle={parent}")  # it ends when its parent does
    from ipykernel.kernelapp import IPKernelApp

    try:
        IPKernelApp.launch_instance(argv=arguments)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()

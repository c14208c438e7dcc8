"""Starts kernels that only this user can reach, and one ahead of its run when that saves time."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_async, run_sync
from traitlets.config import Config

from runbook.forkserver import Provisioner, Server

_LONGEST_FOLDER = 60  # a socket's path may have no more than about 100 characters


@dataclass
class Kernel:
    """A kernel that answers: its manager, a client of it, and the folder of its sockets."""

    manager: Any
    client: Any
    folder: Path

    async def end(self, *, now: bool = False) -> None:
        """End the kernel's process and take its files away; now = without asking."""
        try:
            if await ensure_async(self.manager.is_alive()):
                await ensure_async(self.manager.shutdown_kernel(now=now))
        finally:
            if self.client is not None:
                self.client.stop_channels()
            await ensure_async(self.manager.cleanup_resources())
            shutil.rmtree(self.folder, ignore_errors=True)


async def launch(
    name: str, environment: dict[str, str], timeout: float, server: Server | None = None
) -> Kernel:
    """Start a kernel over ipc, forked by `server` if there is one.

    Raises what Jupyter raises; then nothing is left behind. Over TCP any user of this machine
    could read along, without a key; and ports can clash.
    """
    place = tempfile.gettempdir()
    short = place if len(place) <= _LONGEST_FOLDER else "/tmp"  # noqa: S108 - made ours alone
    folder = Path(tempfile.mkdtemp(prefix="runbook-", dir=short))
    ipc = {"transport": "ipc", "connection_file": str(folder / "kernel.json")}
    manager = AsyncKernelManager(kernel_name=name, config=Config({"KernelManager": ipc}))
    if server is not None:
        Provisioner.server = server
        chosen = {"provisioner_name": "runbook-fork", "config": {}}
        spec: Any = manager.kernel_spec
        spec.metadata["kernel_provisioner"] = chosen
    kernel = Kernel(manager, None, folder)
    # What cells print goes another way; this is what Jupyter's libraries log, also while they end.
    log = folder / "log"
    try:
        history = ["--HistoryManager.hist_file=:memory:"]
        with log.open("wb") as stderr:
            elsewhere = {"stderr": stderr} if server is None else {}
            await manager.start_kernel(extra_arguments=history, env=environment, **elsewhere)
        kernel.client = manager.client()
        kernel.client.start_channels()
        await kernel.client.wait_for_ready(timeout=timeout)
        kernel.client.allow_stdin = False
    except BaseException as error:
        if log.exists() and (said := log.read_text(errors="replace").strip()):
            error.add_note(said)
        await kernel.end(now=True)
        raise
    return kernel


class Spare:
    """The kernel of the next run, started while the one before is busy.

    more: whether another run is to come; it is for the caller to say. server: forks the kernels.
    """

    def __init__(self, server: Server | None = None) -> None:
        self.more = False
        self.server = server
        self._starting: asyncio.Task[Kernel] | None = None

    def prepare(self, name: str, environment: dict[str, str], timeout: float) -> None:
        """Begin to start a kernel, in the running loop."""
        if self.more and self._starting is None:
            self._starting = asyncio.ensure_future(launch(name, environment, timeout, self.server))

    async def take(self, environment: dict[str, str]) -> Kernel | None:
        """The kernel that was prepared, with this environment; None when there is none."""
        starting, self._starting = self._starting, None
        if starting is None:
            return None
        kernel = await starting
        # Nothing is bound: the notebook's names are its own.
        ours = {key: value for key, value in environment.items() if key.startswith("RUNBOOK_")}
        code = f"__import__('os').environ.update({ours!r})"
        kernel.client.execute(code, silent=True, store_history=False)
        return kernel

    async def async_close(self) -> None:
        """End a kernel that nobody took."""
        starting, self._starting = self._starting, None
        if starting is not None:
            starting.cancel()
            done = (await asyncio.gather(starting, return_exceptions=True))[0]
            if isinstance(done, Kernel):
                await done.end(now=True)

    close = run_sync(async_close)

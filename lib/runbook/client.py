"""Runs the cells of one notebook in a kernel of its own, and tells honestly how far it came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient

from runbook.launch import Kernel, Spare, launch
from runbook.secret import clean_looks

GRACE = 5.0  # seconds that an interrupted cell has for its own clean-up


class Client(PapermillNotebookClient):  # type: ignore[misc]
    """One run of one notebook.

    stopped: why it ended before its last cell; interrupted: by a signal; error: class name and
    words of the error that ended a cell. No cell that was not run is said to have been.
    """

    def __init__(
        self,
        manager: Any,
        *,
        environment: dict[str, str],
        spare: Spare | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            manager,
            force_raise_errors=True,  # a tag such as raises-exception makes no error harmless
            record_timing=False,
            iopub_timeout=60,
            on_cell_executed=self._look_at_reply,
            **options,
        )
        self.environment = environment
        self.spare = spare or Spare()
        self.stopped: str | None = None
        self.interrupted = False
        self.error: tuple[str, str] | None = None
        self._kernel: Kernel | None = None
        self._starting: asyncio.Task[Kernel] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._tasks: list[asyncio.Future[Any]] = []

    def request_stop(self, reason: str) -> None:
        """Ask, from a signal's handler, for the end of the run."""
        self.interrupted = True
        if self._loop is None:
            self.stopped = reason
        else:
            self._loop.call_soon_threadsafe(self._stop, reason)

    async def async_run(self, run_timeout: float | None, cell_timeout: float | None) -> None:
        """Start the kernel, run the cells until one fails, end the kernel."""
        self._loop = asyncio.get_running_loop()
        try:
            if run_timeout:
                self._later(run_timeout, self._stop, f"the run took longer than {run_timeout:g} s")
            if not self.stopped:
                await self._start()
            for index, cell in enumerate(self.nb.cells):
                if self.stopped or self.error:
                    break
                await self._run_cell(index, cell, cell_timeout)
        finally:
            for timer in self._timers:
                timer.cancel()
            if self._kernel is not None:
                await self._kernel.end(now=bool(self.stopped))

    run_cells = run_sync(async_run)

    async def _start(self) -> None:
        try:
            self._starting = asyncio.ensure_future(self._launch())
            self._kernel = await self._starting
            self.km, self.kc = self._kernel.manager, self._kernel.client
            self.spare.prepare(self.kernel_name, self.environment, self.startup_timeout)
        except asyncio.CancelledError:
            if not self.stopped:
                raise
        except Exception as error:  # noqa: BLE001 - whatever Jupyter raised, it is the reason
            self.stopped = self.stopped or f"the kernel did not start: {error}"

    async def _launch(self) -> Kernel:
        kernel = await self.spare.take(self.environment)
        if kernel is not None:
            return kernel
        timeout, server = self.startup_timeout, self.spare.server
        return await launch(self.kernel_name, self.environment, timeout, server)

    async def _run_cell(self, index: int, cell: Any, timeout: float | None) -> None:
        if self.skip_cells_with_tag in cell.metadata.get("tags", []):
            return  # it does not run, so it does not count as run
        self.nb_man.cell_start(cell, index)
        timer = timeout and self._later(timeout, self._stop, _too_long(cell, timeout))
        try:
            await self.async_execute_cell(cell, index)
        except CellExecutionError as error:
            self.error = (error.ename, error.evalue)
            self.nb_man.cell_exception(cell, index, exception=error)
        except (DeadKernelError, CellTimeoutError) as error:
            self.stopped = self.stopped or f"the kernel is gone: {error}"
            self.nb_man.cell_exception(cell, index, exception=error)
        finally:
            if timer:
                timer.cancel()
            self.nb_man.cell_complete(cell, index)

    def _look_at_reply(self, cell: Any, execute_reply: Any, **_: Any) -> None:
        # exit() and quit() end the kernel although the cell's reply is "ok".
        payload = execute_reply["content"].get("payload", [])
        if any(item.get("source") == "ask_exit" for item in payload):
            self.stopped = self.stopped or "a cell ended the notebook (exit)"
            self.nb_man.cell_exception(cell)

    def _stop(self, reason: str) -> None:
        """Interrupt the cell; kill the kernel when that does not help, or at the second call."""
        if self._kernel is None and self._starting is not None:
            self._starting.cancel()
        elif self.stopped:
            self._kill()
        else:
            self._tasks.append(asyncio.ensure_future(self._interrupt()))
            self._later(GRACE, self._kill)
        self.stopped = self.stopped or reason

    async def _interrupt(self) -> None:
        if self._kernel is not None:
            await self._kernel.manager.interrupt_kernel()

    def _kill(self) -> None:
        if self._kernel is not None and self._kernel.manager.has_kernel:
            self._tasks.append(asyncio.ensure_future(self._kernel.manager.provisioner.kill()))

    def _later(self, seconds: float, act: Callable[..., None], *words: str) -> asyncio.TimerHandle:
        assert self._loop is not None  # noqa: S101 - set before anything else
        timer = self._loop.call_later(seconds, act, *words)
        self._timers.append(timer)
        return timer

    def output(self, outs: list[Any], msg: Any, display_id: Any, cell_index: int) -> Any:
        """Join the pieces of a stream: a secret cut between two is whole again, and can be seen."""
        out = super().output(outs, msg, display_id, cell_index)
        if out and out.output_type == "stream":
            for earlier in reversed(outs[:-1]):
                if earlier.output_type != "stream":
                    break
                if earlier.name == out.name:
                    earlier.text += outs.pop().text
                    break
        return out

    def log_output_message(self, output: Any) -> None:
        """papermill's --log-output, --stdout-file and --stderr-file, redacted as well."""
        if output.output_type == "stream":
            output = type(output)(output, text=clean_looks("".join(output.text)))
        super().log_output_message(output)


def _too_long(cell: Any, timeout: float) -> str:
    return f"the cell {cell.get('id', '?')} took longer than {timeout:g} s"

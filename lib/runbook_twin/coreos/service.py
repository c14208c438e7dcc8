"""One unit of systemd while the machine runs: its state, its processes, its restarts."""

from __future__ import annotations

import asyncio
import shlex
from typing import TYPE_CHECKING, Any

from runbook_twin import shell
from runbook_twin.coreos import command_lines, unit_file
from runbook_twin.coreos.process import TERMINATED, Process

if TYPE_CHECKING:
    from runbook_twin.coreos.systemd import Systemd

_IDLE = {"timer": "waiting", "socket": "listening", "path": "waiting"}
_MOMENT_S = 1.0


class Service:
    """A unit's life from boot to power off."""

    def __init__(self, manager: Systemd, name: str) -> None:
        self.manager = manager
        self.name = name
        self.active, self.sub, self.result = "inactive", "dead", "success"
        self.since = 0.0
        self.started_at = 0.0
        self.restarts = 0
        self.main: Process | None = None
        self.processes: list[Process] = []
        self.ready = asyncio.Event()
        self._changed = asyncio.Event()
        self._life: asyncio.Task[Any] | None = None
        self._main_task: asyncio.Task[int] | None = None
        self._stopping = False
        self._variables: dict[str, str] = {}

    # --- what the unit's text says (read anew at every start)

    @property
    def options(self) -> list[unit_file.Option]:
        """The unit's options, drop-ins included."""
        return self.manager.options(self.name)

    def option(self, name: str, default: str = "") -> str:
        """An option of [Service]."""
        return unit_file.value(self.options, "Service", name, default)

    @property
    def label(self) -> str:
        """`name - description`, as systemd 252 logs it."""
        described = self.manager.description(self.name)
        return self.name if described == self.name else f"{self.name} - {described}"

    # --- state

    def enter(self, active: str, sub: str) -> None:
        """Change the state and wake who waits for it."""
        if active != self.active:
            self.since = self.manager.now()
        self.active, self.sub = active, sub
        self._changed.set()
        self._changed = asyncio.Event()

    async def settle(self) -> None:
        """Wait until the unit has been started, or has not."""
        while self.active == "activating" and self.sub != "auto-restart":
            await self._changed.wait()

    # --- jobs

    async def start(self) -> str:
        """Start it and wait as systemd does; `done` or `failed`."""
        if self.active == "deactivating" and self._life:
            await asyncio.wait([self._life])
        if self.active not in ("active", "activating") or self.sub == "auto-restart":
            self._end_life()
            self.restarts = 0
            self.enter("activating", "start-pre")
            self._life = self.manager.machine.spawn(self._live())
        await self.settle()
        return "failed" if self.active == "failed" or self.sub == "auto-restart" else "done"

    async def stop(self) -> str:
        """Stop it: ExecStop lines, then SIGTERM; `done`."""
        if self.active in ("inactive", "failed"):
            return "done"
        self._stopping = True
        if self.sub == "auto-restart" or self._main_task is None:
            self._end_life()
            self._finish("success")
            return "done"
        if self.active != "deactivating":
            self.manager.say(self.name, f"Stopping {self.label}...")
            self.enter("deactivating", "stop")
            for text in unit_file.values(self.options, "Service", "ExecStop"):
                await self._execute("ExecStop", text)
            if self.processes[-1].kind == "ExecStop":  # what it ended has a moment to see it
                pause = _MOMENT_S / self.manager.machine.world.clock.factor
                await asyncio.wait([self._main_task], timeout=pause)
            if not self._main_task.done():
                self.enter("deactivating", "stop-sigterm")
                self._main_task.cancel()
        if self._life and not self._life.done():
            await asyncio.wait([self._life])
        return "done"

    def _end_life(self) -> None:
        for task in (self._life, self._main_task):
            if task and not task.done():
                task.cancel()
        self._main_task = None

    # --- a life: start, run, end, perhaps again

    async def _live(self) -> None:
        self._stopping = False
        while True:
            result = await self._once()
            if result is None:
                return
            if self._stopping or not self._restarts_after(result):
                self._finish(result)
                return
            self.restarts += 1
            self.enter("activating", "auto-restart")
            pause = command_lines.seconds(self.option("RestartSec"), 0.1)
            await self.manager.machine.world.clock.sleep(pause)

    def _restarts_after(self, result: str) -> bool:
        policy = self.option("Restart", "no")
        return policy == "always" or (
            result != "success" if policy in ("on-failure", "on-abnormal") else False
        )

    def _finish(self, result: str) -> None:
        self.result = result
        if result != "success":
            self.manager.say(self.name, f"{self.name}: Failed with result '{result}'.")
        if self._stopping:
            self.manager.say(self.name, f"Stopped {self.label}.")
        elif result != "success" and not self.started_at:
            self.manager.say(self.name, f"Failed to start {self.label}.")
        self.enter(*(("inactive", "dead") if result == "success" else ("failed", "failed")))

    async def _once(self) -> str | None:
        """One round; the result systemd gives it, or None if it stays without a process."""
        self.processes, self.main, self.started_at = [], None, 0.0
        self.ready.clear()
        kind = self.name.rpartition(".")[2]
        if kind != "service":
            self.enter("active", _IDLE.get(kind, "active"))
            return None
        variables = command_lines.environment(self.options, self.name, self.manager.machine)
        if isinstance(variables, str):
            self.manager.say(
                self.name,
                f"{self.name}: Failed to load environment files: No such file or directory",
            )
            return "resources"
        self._variables = variables
        before = unit_file.values(self.options, "Service", "ExecStartPre")
        if before or self.option("Type") in ("oneshot", "notify"):
            self.manager.say(self.name, f"Starting {self.label}...")
        if before:
            self.enter("activating", "start-pre")
        for text in before:
            process = await self._execute("ExecStartPre", text)
            if process.exit_code and not process.line.ignored:
                self._blame(process, "Control")
                return "exit-code"
        return await self._main()

    async def _main(self) -> str | None:
        lines = unit_file.values(self.options, "Service", "ExecStart")
        if self.option("Type") == "oneshot":
            self.enter("activating", "start")
            for text in lines:
                process = await self._execute("ExecStart", text)
                if process.exit_code and not process.line.ignored:
                    self._blame(process, "Main")
                    return "exit-code"
            self._started()
            if unit_file.truth(self.option("RemainAfterExit")):
                self.enter("active", "exited")
                return None
            return "success"
        return await self._long_running(lines[-1])

    async def _long_running(self, text: str) -> str:
        task = self._main_task = self.manager.machine.spawn(self._run_main(text))
        if self.option("Type") == "notify":
            self.enter("activating", "start")
            told = self.manager.machine.spawn(self.ready.wait())
            await asyncio.wait([task, told], return_when=asyncio.FIRST_COMPLETED)
            told.cancel()
        if not task.done():
            self._started()
            self.enter("active", "running")
            await asyncio.wait([task])
        code = task.result() if not task.cancelled() else TERMINATED
        assert self.main is not None  # noqa: S101  (set before the first await of its task)
        self.main.exit_code = code
        if code not in (0, TERMINATED) and not self.main.line.ignored:
            self._blame(self.main, "Main")
            return "exit-code"
        return "success"

    def _started(self) -> None:
        self.started_at = self.manager.now()
        self.manager.say(self.name, f"Started {self.label}.")

    def _blame(self, process: Process, which: str) -> None:
        words = {1: "FAILURE", 203: "EXEC"}.get(process.exit_code or 0, "n/a")
        self.manager.say(
            self.name,
            f"{self.name}: {which} process exited, code=exited, status={process.exit_code}/{words}",
        )

    # --- processes

    async def _run_main(self, text: str) -> int:
        process = await self._execute("ExecStart", text)
        return process.exit_code or 0

    async def _execute(self, kind: str, text: str) -> Process:
        """Run one command line of the unit on the machine; its output goes to the journal."""
        manager = self.manager
        line = command_lines.command_line(text, self.name, manager.machine, self._variables)
        process = Process(kind, line, manager.new_pid())
        self.processes.append(process)
        if kind == "ExecStart":
            self.main = process
        variables = {**self._variables, "NOTIFY_SOCKET": f"@{self.name}"}
        words = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
        identifier = line.argv[0].rpartition("/")[2]
        into = manager.pipe(self.name, identifier, process.pid)
        result = await shell.run(
            manager.machine,
            " ".join([*words, shlex.join(line.argv)]),
            write_out=into,
            write_err=into,
        )
        process.exit_code = 203 if result.exit_code == 127 else result.exit_code
        return process

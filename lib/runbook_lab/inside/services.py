"""The services of a server: started, watched, started again, stopped."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from runbook_lab.inside import units

_STOP_S = 20.0  # then it is killed
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")


class Failed(Exception):
    """A unit did not start."""


@dataclass
class Service:
    """One unit in this boot: its state (inactive, activating, active, failed) and its process."""

    name: str
    state: str = "inactive"
    process: subprocess.Popen[bytes] | None = None
    wanted: bool = False
    guard: threading.RLock = field(default_factory=threading.RLock)

    def start(self) -> None:
        """Start it, unless it runs. Raises Failed."""
        unit = units.load(self.name)
        if unit is None:
            raise Failed(f"Failed to start {self.name}: Unit {self.name} not found.")
        with self.guard:
            if self.state == "active":
                return
            self.wanted, self.state = True, "activating"
            try:
                environment = {**os.environ, **unit.variables()}
                for line in unit.commands.get("ExecStartPre", []):
                    _run(line, environment)
                commands = unit.commands.get("ExecStart", [])
                if unit.once:
                    for line in commands:
                        _run(line, environment)
                elif commands:
                    words = _words(commands[-1], environment)
                    log = Path("/var/log/lab") / f"{self.name}.log"
                    log.parent.mkdir(parents=True, exist_ok=True)
                    with log.open("ab") as out:
                        self.process = subprocess.Popen(  # noqa: S603 - root's own unit files
                            words, env=environment, stdin=subprocess.DEVNULL,
                            stdout=out, stderr=out, start_new_session=True, cwd="/",
                        )  # fmt: skip
                    threading.Thread(target=self._watch, args=(self.process,), daemon=True).start()
            except (OSError, Failed) as error:
                self.state = "failed"
                raise Failed(f"Job for {self.name} failed: {error}") from None
            self.state = "active"

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        with self.guard:
            self.wanted = False
            process, unit = self.process, units.load(self.name)
            if process is not None and process.poll() is None:
                for line in unit.commands.get("ExecStop", []) if unit else []:
                    _run(line, dict(os.environ), check=False)
                process.terminate()
                try:
                    process.wait(_STOP_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            self.state = "inactive"

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for its end; start it again if it should run."""
        code = process.wait()
        with self.guard:
            if self.process is not process or not self.wanted:
                return
            self.state = "failed" if code else "inactive"
        unit = units.load(self.name)
        while unit is not None and unit.restarts and self.wanted and self.state != "active":
            time.sleep(float(unit.settings.get("RestartSec", "1").rstrip("s")))
            try:
                self.start()
            except Failed:
                continue


class Services:
    """All units of this boot, by name."""

    def __init__(self) -> None:
        self._known: dict[str, Service] = {}
        self._guard = threading.Lock()

    def named(self, name: str) -> Service:
        """The service of a name; `.service` may be left out."""
        full = name if "." in name else f"{name}.service"
        with self._guard:
            return self._known.setdefault(full, Service(full))

    def stop_all(self) -> None:
        """Stop what runs, the last one started first."""
        for service in reversed(list(self._known.values())):
            service.stop()

    @property
    def pids(self) -> set[int]:
        """The processes that somebody waits for."""
        return {s.process.pid for s in self._known.values() if s.process is not None}


def _words(line: str, environment: dict[str, str]) -> list[str]:
    def value(found: re.Match[str]) -> str:
        return environment.get(found[1], "")

    return [_VARIABLE.sub(value, word) for word in shlex.split(line)]


def _run(line: str, environment: dict[str, str], *, check: bool = True) -> None:
    ignored = line.startswith("-")
    done = subprocess.run(  # noqa: S603 - root's own unit files
        _words(line.lstrip("-"), environment), env=environment, capture_output=True, check=False
    )
    if check and done.returncode != 0 and not ignored:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise Failed(f"{line}: exit {done.returncode}: {said}")

"""Runs the whole book in order, in one process, on a fresh rehearsal cluster."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbook import project
from runbook.errors import RunbookError, UsageError
from runbook.notebook import Runbook

if TYPE_CHECKING:
    from runbook.launch import Spare

# Each finds what the ones before it made.
BOOK = (
    "coreos-render-config",
    "coreos-build-cluster",
    "etcd-verify-cluster",
    "fleet-run-nginx",
    "fleet-fail-over",
    "rancheros-inspect-node",
    "rancheros-configure-node",
    "rancheros-manage-versions",
    "swarm-set-up",
    "swarm-fail-over",
    "cluster-tear-down",
)


@dataclass(frozen=True)
class Rehearsed:
    """One runbook of the rehearsal: its verdict, our seconds, and why."""

    runbook: str
    verdict: str
    seconds: float
    exit_code: int
    reason: str
    record: dict[str, Any] | None = None


def rehearse(
    only: Sequence[str], on_step: Callable[[str, str], None] | None = None
) -> Iterator[Rehearsed]:
    """Run the book (or the runbooks named), in the book's order, each with its job's parameters.

    on_step is told the runbook and its heading. Raises UsageError for a name that is not in the
    book, RunbookError when the rehearsal cluster does not start.
    """
    if unknown := [name for name in only if name not in BOOK]:
        raise UsageError(
            f"not in the book: {', '.join(unknown)}", remedy=f"use some of: {', '.join(BOOK)}"
        )
    chosen = [name for name in BOOK if not only or name in only]
    files = [project.runbook_file(name) for name in chosen]
    # Here, and not above: `runbook list` imports this module's names, and none of Jupyter's.
    from runbook.forkserver import Server

    server = Server()  # imports what the kernels need while the twin starts
    try:
        with _twin():
            from runbook.launch import Spare

            spare = Spare(server)
            try:
                for file in files:
                    spare.more = file != files[-1]
                    yield _run(file, on_step, spare)
            finally:
                spare.close()
    finally:
        server.close()


def _run(file: Path, on_step: Callable[[str, str], None] | None, spare: Spare) -> Rehearsed:
    from runbook import runner

    began = time.monotonic()

    def step(heading: str) -> None:
        if on_step:
            on_step(file.stem, heading)

    try:
        record = runner.run(file, _parameters(file), on_step=step, spare=spare)
    except RunbookError as error:
        seconds = time.monotonic() - began
        return Rehearsed(file.stem, "not started", seconds, error.exit_code, str(error))
    seconds = time.monotonic() - began
    verdict, reason, exit_code = record["verdict"], record["reason"], record["exit_code"]
    if exit_code == 130:
        raise KeyboardInterrupt
    return Rehearsed(file.stem, verdict, seconds, exit_code, reason, record)


def _parameters(file: Path) -> dict[str, Any]:
    """The job's parameters; on the twin, and approved: nothing there can come to harm."""
    from runbook import runner

    job = project.root() / "params" / "jobs" / f"{file.stem}.yaml"
    given = runner.job_parameters(job) if job.is_file() else {}
    known = {parameter.name for parameter in Runbook.read(file).parameters}
    forced = {"target": "twin", "approved": True}
    return {**given, **{name: value for name, value in forced.items() if name in known}}


@contextmanager
def _twin() -> Iterator[None]:
    """A twin of its own, in a folder of its own: one that the user has started stays as it is."""
    command = [sys.executable, "-m", "runbook_twin"]
    folder = Path(tempfile.mkdtemp(prefix="runbook-twin-"))
    place = ["--directory", str(folder)]
    before = os.environ.get("RUNBOOK_TARGETS")
    starting = subprocess.Popen(  # noqa: S603 - our own module
        [*command, "up", "--empty", *place], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        # While it starts: this import takes most of a second.
        from runbook import runner  # noqa: F401

        said, _ = starting.communicate()
        if starting.returncode:
            raise RunbookError(
                f"the rehearsal cluster did not start: {said.decode('utf-8', 'replace').strip()}",
                remedy="see whether this machine lets a process listen on 127.0.0.1",
            )
        (folder / "targets").mkdir()
        shutil.copy(folder / "target.yaml", folder / "targets" / "twin.yaml")
        os.environ["RUNBOOK_TARGETS"] = str(folder / "targets")
        yield
    finally:
        if before is None:
            os.environ.pop("RUNBOOK_TARGETS", None)
        else:
            os.environ["RUNBOOK_TARGETS"] = before
        starting.wait()
        subprocess.run([*command, "down", *place], capture_output=True, check=False)  # noqa: S603
        shutil.rmtree(folder, ignore_errors=True)

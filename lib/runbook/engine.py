"""papermill's engine for runbooks: refuse bad parameters, run, judge, keep the record."""

from __future__ import annotations

import getpass
import hashlib
import os
import platform
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import nbformat
from papermill.log import logger
from papermill.translators import translate_parameters
from papermill.utils import nb_language

from runbook import archive, project
from runbook.client import Client
from runbook.errors import RunbookError
from runbook.launch import Spare
from runbook.notebook import BUILT_IN, bind, heading, parameters, parameters_source
from runbook.output import Manager, text_of, write_atomically
from runbook.page import record_page
from runbook.record import PLAN_VARIABLE, VARIABLE, load, now
from runbook.secret import clean_all_looks
from runbook.verdict import COMPLETED, FAILED, NOT_RUN, Ending, Facts, Verdict, compose, judge

_nbformat: Any = nbformat  # it has types in part only
_STATES = {"completed": COMPLETED, "failed": FAILED}


class RunFailed(RunbookError):
    """A run that did not pass although no cell shows an error; carries the verdict's exit code."""

    def __init__(self, verdict: Verdict, remedy: str) -> None:
        super().__init__(f"{verdict.word}: {verdict.reason}", remedy=remedy)
        self.exit_code = verdict.exit_code


def execute(
    nb: Any,
    kernel_name: str,
    *,
    input_path: str | None = None,
    output_path: str | None = None,
    progress_bar: Any = True,
    log_output: bool = False,
    autosave_cell_every: int = 30,
    start_timeout: int = 60,
    execution_timeout: float | None = None,
    run_timeout: float | None = None,
    plan: bool = False,
    spare: Spare | None = None,
    stdout_file: Any = None,
    stderr_file: Any = None,
    on_step: Callable[[str], None] | None = None,
    on_record: Callable[[dict[str, Any]], None] | None = None,
    **_: Any,
) -> Any:
    """Run a runbook's notebook and keep its record; papermill calls this in place of its engine.

    run_timeout: seconds for the whole run; execution_timeout: for one cell; plan: end after the
    plan; spare: holds the kernel of the next run. on_step is told each heading, on_record the
    record. Returns the executed notebook, cleaned. Raises ParameterError and RunbookError (nothing
    can be written) before the kernel starts, RunFailed or KeyboardInterrupt after a run that
    papermill would take for a success.
    """
    values = _bind(nb, kernel_name)
    home, outputs = _folders(input_path)
    running = archive.Running(outputs)
    stored = False
    try:
        facts = _facts(nb, running.id, input_path, values)
        running.begin(clean_all_looks(vars(facts)))
        write_atomically(output_path)
        manager = Manager(
            nb,
            on_step,
            output_path=output_path,
            progress_bar=progress_bar,
            log_output=log_output,
            autosave_cell_every=autosave_cell_every,
        )
        environment = {**os.environ, VARIABLE: str(running.journal)}
        environment |= {"RUNBOOK_HOME": str(home)} if home else {}
        environment |= {PLAN_VARIABLE: "1"} if plan else {}
        environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # it warns of Python's frozen modules
        client = Client(
            manager,
            environment=environment,
            spare=spare,
            kernel_name=kernel_name,
            startup_timeout=start_timeout,
            log=logger,
            log_output=log_output,
            stdout_file=stdout_file,
            stderr_file=stderr_file,
        )
        with _signals_to(client):
            ending = _run(manager, client, run_timeout, execution_timeout)
            record, verdict = _judge(facts, nb, running, ending)
            record = _keep(record, verdict, nb, running)
            stored = True
    finally:
        running.close(keep=not stored)
    if on_record:
        on_record(record)
    logger.info(f"Verdict: {verdict.word} ({verdict.reason})")
    logger.info(f"Record: {outputs / record['files']['html']}")
    _raise_for(verdict, ending, outputs / record["files"]["html"])
    return _nbformat.from_dict(clean_all_looks(nb))


def _bind(nb: Any, kernel_name: str) -> dict[str, Any]:
    """The values of all parameters; the injected cell is written anew from the checked ones."""
    declared = parameters(parameters_source(nb.cells))
    given = bind(declared, nb.metadata.papermill.get("parameters") or {})
    if given:
        cell = next(c for c in nb.cells if "injected-parameters" in c.metadata.get("tags", ()))
        cell["id"] = "injected-parameters"  # papermill gives it another in every run
        cell.source = translate_parameters(kernel_name, nb_language(nb), given, "Parameters")
        nb.metadata.papermill["parameters"] = given
    values = {parameter.name: parameter.accept(parameter.default) for parameter in declared}
    return {**values, **{name: given[name] for name in given if name not in BUILT_IN}}


def _folders(input_path: str | None) -> tuple[Path | None, Path]:
    """The project of this notebook, if it lies in one, and the folder for its record."""
    if input_path and "RUNBOOK_HOME" not in os.environ:
        for home in Path(input_path).resolve().parents:
            if (home / "runbooks").is_dir() and (home / "params").is_dir():
                return home, Path(os.environ.get("RUNBOOK_OUTPUTS") or home / "outputs").resolve()
    outputs = project.outputs().resolve()
    with suppress(RunbookError):
        return project.root(), outputs
    return None, outputs


def _facts(nb: Any, run_id: str, input_path: str | None, values: dict[str, Any]) -> Facts:
    path = Path(input_path) if input_path else None
    content = path.read_bytes() if path and path.is_file() else _nbformat.v4.writes(nb).encode()
    name = path.stem if path and path.is_file() else str(nb.metadata.runbook.get("name", "runbook"))
    title = next((found for cell in nb.cells if (found := heading(cell))), name)
    versions = {"python": platform.python_version()}
    for package in ("runbook", "papermill"):
        with suppress(PackageNotFoundError):
            versions[package] = version(package)
    return Facts(
        run_id=run_id,
        runbook=name,
        title=title,
        runbook_sha256=hashlib.sha256(content).hexdigest(),
        parameters=values,
        operator=f"{getpass.getuser()}@{socket.gethostname()}",
        started=now(),
        versions=versions,
    )


def _run(
    manager: Manager, client: Client, run_timeout: float | None, cell_timeout: float | None
) -> Ending:
    manager.notebook_start()
    try:
        client.run_cells(run_timeout, cell_timeout)
    except Exception as error:  # noqa: BLE001 - whatever it was, there is to be a record of it
        client.stopped = client.stopped or f"{type(error).__name__}: {error}"
    ending = Ending(client.stopped, client.interrupted, client.error)
    if client.error and client.error[0] == "Planned" and not client.stopped:
        _end_after_plan(manager.nb)
    manager.notebook_complete()
    return ending


def _end_after_plan(nb: Any) -> None:
    """A run that ends after its plan, as asked, has no error: its words are shown as text."""
    for cell in nb.cells:
        for number, output in enumerate(cell.get("outputs", [])):
            if output.output_type == "error" and output.ename == "Planned":
                words = {"text/plain": "\n".join(output.traceback)}
                cell.outputs[number] = _nbformat.v4.new_output("display_data", words)
                cell.metadata.papermill.update(exception=False, status="completed")
                nb.metadata.papermill["exception"] = None


def _judge(
    facts: Facts, nb: Any, running: archive.Running, ending: Ending
) -> tuple[dict[str, Any], Verdict]:
    events = load(running.journal)
    cells = [_cell(cell) for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    verdict = judge(cells, events, ending)
    stamps = nb.metadata.papermill
    facts.ended, facts.seconds = now(), stamps["duration"]
    record: dict[str, Any] = clean_all_looks(compose(facts, cells, events, verdict))
    return record, Verdict(verdict.word, verdict.exit_code, record["reason"])


def _cell(cell: Any) -> dict[str, Any]:
    stamps = cell.metadata.papermill
    return {
        "id": cell.get("id", ""),
        "tags": list(cell.metadata.get("tags", [])),
        "state": _STATES.get(stamps["status"], NOT_RUN),
        "seconds": stamps["duration"],
    }


def _keep(
    record: dict[str, Any], verdict: Verdict, nb: Any, running: archive.Running
) -> dict[str, Any]:
    about = {key: record[key] for key in ("run_id", "verdict", "reason", "started", "seconds")}
    nb.metadata.runbook["record"] = about
    notebook = clean_all_looks(nb)
    try:
        page = record_page(record, notebook)
        record = archive.store(running.outputs, record, text_of(nb), page)
    except RunbookError as error:
        raise RunbookError(
            f"the run ended ({verdict.word}: {verdict.reason}) but left no record: {error.what}; "
            f"its journal is {running.journal}",
            remedy=error.remedy,
        ) from None
    try:
        archive.write_index(running.outputs)
    except RunbookError as error:
        logger.warning(f"The list of all records is not up to date: {error}")
    return record


def _raise_for(verdict: Verdict, ending: Ending, page: Path) -> None:
    if ending.interrupted:
        raise KeyboardInterrupt(verdict.reason)
    # papermill itself raises for an error in a cell, but takes SystemExit(0) for a success.
    shown = ending.error and ending.error[0] != "SystemExit" and not ending.stopped
    if verdict.word not in ("passed", "planned") and not shown:
        raise RunFailed(verdict, f"read {page}")


@contextmanager
def _signals_to(client: Client) -> Iterator[None]:
    """While a run and its record are under way, a signal ends the run and not this process."""

    def handle(number: int, _: Any) -> None:
        client.request_stop(f"interrupted ({signal.Signals(number).name})")

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Runs a runbook the way plain papermill does, and hands back its record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError
from papermill.iorw import read_yaml_file

import runbook.plugin  # noqa: F401 - our engine, also where the entry point is not installed
from runbook.engine import RunFailed
from runbook.errors import UsageError
from runbook.launch import Spare

# Its warnings repeat what our own errors say, or are wrong (a `=` in a default).
logging.getLogger("papermill").setLevel(logging.CRITICAL)


def run(
    notebook: Path,
    parameters: Mapping[str, Any],
    *,
    plan: bool = False,
    timeout: float | None = None,
    on_step: Callable[[str], None] | None = None,
    spare: Spare | None = None,
) -> dict[str, Any]:
    """Run a runbook's notebook; returns its record, whatever the verdict.

    plan: end after the plan; timeout: seconds for the whole run; on_step: told each heading;
    spare: holds the kernel of the next run, which starts during this one.
    Raises ParameterError, and RunbookError when there can be no record.
    """
    records: list[dict[str, Any]] = []
    try:
        with suppress(PapermillExecutionError):  # an error in a cell: it stands in the record
            execute_notebook(
                str(notebook).replace("{", "{{").replace("}", "}}"),
                None,
                dict(parameters),
                progress_bar=False,
                plan=plan,
                run_timeout=timeout,
                spare=spare,
                on_step=on_step,
                on_record=records.append,
            )
    except (RunFailed, KeyboardInterrupt):
        if not records:
            raise
    return records[0]


def job_parameters(job: Path) -> dict[str, Any]:
    """The parameters of a job file, read as `papermill -f` reads it. Raises UsageError."""
    try:
        values = read_yaml_file(str(job)) or {}
        if isinstance(values, dict):
            return values
        problem = f"it is a {type(values).__name__}"
    except (OSError, ValueError) as error:
        problem = str(error)
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "yaml":
            raise
        problem = str(error)
    raise UsageError(
        f"the job file {job} cannot be used: {problem}", remedy="write `parameter: value` lines"
    )

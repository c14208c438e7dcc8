"""Machine configurations as tables: what a node is made of, what a lint found in a file."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pandas as pd

from runbook import project
from runbook.errors import ParameterError
from runbook.machine_config import MachineParameters, detect, lint
from runbook.machine_config.lint import Kind
from runbook.table import rows_frame

_COLUMNS = ("line", "column", "path", "severity", "message", "remedy")


def parameters_table(parameters: MachineParameters) -> pd.DataFrame:
    """What a node will be. Columns: parameter, value."""
    rows = [{"parameter": f.name, "value": getattr(parameters, f.name)} for f in fields(parameters)]
    return rows_frame(rows, ("parameter", "value"), "The node's parameters")


def lint_table(text: str, kind: Kind | None = None, *, caption: str = "") -> pd.DataFrame:
    """What is wrong with a configuration. Columns: line, column, path, severity, message, remedy.

    kind: None = told from the text. Raises ParameterError when the text does not say what it is.
    """
    rows = [{name: getattr(found, name) for name in _COLUMNS} for found in lint(text, kind)]
    return rows_frame(rows, _COLUMNS, caption or f"Findings ({kind or detect(text)})")


def lint_file(file: str) -> pd.DataFrame:
    """The same for a file (relative: to the project); no name = no findings.

    Raises ParameterError when the file cannot be read.
    """
    if not file:
        return rows_frame([], _COLUMNS, "No file of your own was given")
    path = project.root() / Path(file).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "is not UTF-8 text"
        raise ParameterError(f"{path}: {why}", remedy="check the path of the file") from None
    return lint_table(text, caption=f"Findings in {file}")


def lint_settings(key: str, value: object) -> pd.DataFrame:
    """What is wrong with one setting of a RancherOS server, given as dotted key and value."""
    nested: object = value
    for part in reversed(key.split(".")):
        nested = {part: nested}
    text = f"#cloud-config\n{json.dumps(nested, indent=2)}\n"
    return lint_table(text, "rancheros", caption=f"Findings in {key} = {value}")

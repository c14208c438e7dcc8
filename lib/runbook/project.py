"""Where the project's folders are: runbooks/, params/, outputs/."""

from __future__ import annotations

import os
from pathlib import Path

from runbook.errors import UsageError


def root() -> Path:
    """The project's top folder: $RUNBOOK_HOME, or the nearest one above with runbooks/ and params/.

    Raises UsageError when there is none.
    """
    if home := os.environ.get("RUNBOOK_HOME"):
        return Path(home).resolve()
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / "runbooks").is_dir() and (folder / "params").is_dir():
            return folder
    raise UsageError(
        f"{here} is not inside a runbook project (no runbooks/ and params/ here or above)",
        remedy="change to the project's folder, or set RUNBOOK_HOME to it",
    )


def runbook_file(name: str) -> Path:
    """The notebook of a runbook. Raises UsageError with the names that exist."""
    folder = root() / "runbooks"
    path = folder / f"{name.removesuffix('.ipynb')}.ipynb"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.ipynb")))
        raise UsageError(f"no runbook named {name!r}", remedy=f"use one of: {known}")
    return path


def target_file(target: str) -> Path:
    """The file of a target: a path, or a name in $RUNBOOK_TARGETS or params/targets.

    Raises UsageError with the names there are.
    """
    folders = [root() / "params" / "targets"]
    if first := os.environ.get("RUNBOOK_TARGETS"):
        folders.insert(0, Path(first))
    is_path = target.endswith((".yaml", ".yml"))
    paths = [Path(target)] if is_path else [folder / f"{target}.yaml" for folder in folders]
    for path in paths:
        if path.is_file():
            return path.resolve()
    known = ", ".join(sorted({file.stem for folder in folders for file in folder.glob("*.yaml")}))
    raise UsageError(
        f"no target {target!r} ({paths[-1]} is not there)", remedy=f"use one of: {known}"
    )


def outputs() -> Path:
    """outputs/: records, their index page, locks ($RUNBOOK_OUTPUTS moves it)."""
    return Path(os.environ.get("RUNBOOK_OUTPUTS") or root() / "outputs")

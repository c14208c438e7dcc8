"""One run at a time on a target; the lock goes with its process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from runbook import project
from runbook.errors import Refused, RunbookError
from runbook.params import Target

# What this process holds: in JupyterLab the set-up cell may be run again in the same kernel.
_held: dict[Path, IO[str]] = {}


def take(target: Target, runbook: str) -> None:
    """Take the target's lock until this process ends.

    Raises Refused, with the run that has it; RunbookError when outputs/ is not writable.
    """
    path = project.outputs().resolve() / "locks" / f"{target.name}.lock"
    if path in _held:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise RunbookError(
            f"{path.parent} cannot be written: {error.strerror}", remedy="make outputs/ writable"
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read().strip() or "another run"
        file.close()
        raise Refused(
            f"target {target.name} is in use by {holder}; nothing was touched",
            remedy="wait until that run has ended (or close its notebook), then run this again",
        ) from None
    file.truncate(0)
    file.write(f"{runbook} (process {os.getpid()})\n")
    file.flush()
    _held[path] = file

"""Runs a target's `prepare` command, which makes it ready for use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from runbook.errors import Unreachable
from runbook.params import Target

_LONGEST = 120  # seconds of ours


def prepare(target: Target) -> None:
    """Run the command, if the target has one. Raises Unreachable with the command's own words."""
    if not target.prepare:
        return
    own = str(Path(sys.executable).parent)  # our own `runbook`, also without an activated venv
    environment = {**os.environ, "PATH": f"{own}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        done = subprocess.run(  # noqa: S603
            target.prepare, capture_output=True, text=True, timeout=_LONGEST, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _not_prepared(target, str(error)) from None
    if done.returncode != 0:
        raise _not_prepared(target, (done.stderr or done.stdout).strip())


def _not_prepared(target: Target, why: str) -> Unreachable:
    return Unreachable(
        f"target {target.name} could not be prepared: {why}",
        remedy=f"run `{' '.join(target.prepare)}` by hand",
    )

"""Programs of this machine, run for the lab."""

from __future__ import annotations

import subprocess


class LabError(Exception):
    """The lab could not do something; the words are for the operator."""


def call(*words: str) -> str:
    """Run a program; its output. Raises LabError with the command and what it said."""
    done = subprocess.run(  # noqa: S603 - words are ours, no shell
        words, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise LabError(f"{' '.join(words)}: exit {done.returncode}: {said}")
    return done.stdout.decode()

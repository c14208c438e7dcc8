"""Text of a tool in, declared columns and typed rows out (columns: docs/tables.md)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from runbook.errors import UsageError
from runbook.parse.base import Answer, Column, Parsed

__all__ = ["Answer", "Column", "Parsed", "parse"]

# Imported on first use, so that `runbook parse` starts at once.
_MODULES = {
    "etcdctl": "runbook.parse.etcdctl",
    "fleetctl": "runbook.parse.fleetctl",
    "docker": "runbook.parse.docker",
    "system-docker": "runbook.parse.docker",
    "ros": "runbook.parse.ros",
    "systemctl": "runbook.parse.systemctl",
    "cloud-config": "runbook.parse.ros",
}


def parse(
    argv: Sequence[str],
    stdout: bytes | str,
    stderr: bytes | str = b"",
    exit_code: int = 0,
) -> Parsed:
    """Read what the command line `argv` printed.

    Raises UsageError when there is no parser for that command, ParseError when the text cannot
    be read in full, is another tool's, or is the tool's own report of a failure.
    """
    words = list(argv)
    while words[:1] == ["sudo"] or (words and words[0] == "-n"):
        words.pop(0)
    module = _MODULES.get(words[0].rsplit("/", 1)[-1]) if words else None
    if module is None:
        raise UsageError(
            f"no parser for: {' '.join(argv) or '(nothing)'}",
            remedy=f"give a command line of one of: {', '.join(sorted(_MODULES))}",
        )
    words[0] = words[0].rsplit("/", 1)[-1]
    parsed: Parsed = import_module(module).parse(Answer.of(words, stdout, stderr, exit_code))
    return parsed

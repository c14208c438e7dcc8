"""Text of a tool in, declared columns and typed rows out (columns: docs/tables.md)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from runbook.parse.base import Answer, Column, Parsed, no_parser
from runbook.parse.prefix import split_prefix

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
# What these print depends on variables (ETCDCTL_API, ETCDCTL_WRITE_OUT): they see them in front.
_CHANGED_BY_VARIABLES = {"etcdctl"}


def parse(
    argv: Sequence[str],
    stdout: bytes | str,
    stderr: bytes | str = b"",
    exit_code: int = 0,
) -> Parsed:
    """Read what the command line `argv` printed; sudo, env and variables may stand in front.

    Raises UsageError when there is no parser for that command, ParseError when the text cannot
    be read in full, is another tool's, or is the tool's own report of a failure.
    """
    variables, words = split_prefix(argv)
    module = _MODULES.get(words[0]) if words else None
    if module is None:
        raise no_parser(words[:1], _MODULES)  # the other words may hold a secret
    if words[0] in _CHANGED_BY_VARIABLES:
        words = [*variables, *words]
    parsed: Parsed = import_module(module).parse(Answer.of(words, stdout, stderr, exit_code))
    return parsed

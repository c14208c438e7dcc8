"""Read what docker and system-docker print: clean, refuse failures, and hand on to the reader."""

from __future__ import annotations

import re

from runbook.errors import ParseError
from runbook.parse.base import Answer, Parsed
from runbook.parse.docker_cluster import nodes, services, tasks
from runbook.parse.docker_command import find_command
from runbook.parse.docker_engine import containers, images
from runbook.parse.docker_fields import Values
from runbook.parse.docker_forms import prints, read_listing
from runbook.parse.docker_swarm import parse_swarm
from runbook.parse.docker_version import parse_version
from runbook.parse.docker_words import hide_secrets

_LISTINGS = {
    "ps": containers,
    "images": images,
    "node ls": nodes,
    "node ps": tasks,
    "service ls": services,
    "service ps": tasks,
}
_FAILURE = re.compile(
    r"Error response from daemon|Error:|Cannot connect to the Docker daemon|Usage:"
    r"|unknown (?:shorthand )?flag|flag provided but not defined|permission denied while"
    r"|error during connect",
    re.IGNORECASE,
)
_FAILURE_BEGINS = frozenset("EeCcUuFfPp")  # most lines of a long table need no further look


def parse(answer: Answer) -> Parsed:
    """The table of a docker command (columns: docs/tables.md); the form follows from its options.

    Reads 1.12 to 28: ps, images, node ls, node ps, service ls, service ps, version, --version,
    swarm init, join and leave. Swarm tokens are starred out before anything is read. Raises
    UsageError for another command, ParseError for a failure or a text that is not whole.
    """
    command = find_command(answer.argv)
    stdout, stderr = hide_secrets(answer.stdout), hide_secrets(answer.stderr)
    _refuse_failures(command.tool, stdout, stderr, answer.exit_code)
    options = command.options()
    lines, first = _lines(command.tool, stdout)
    if command.name in ("version", "--version"):
        return parse_version(command, options, lines, first)
    if command.name.startswith("swarm "):
        return parse_swarm(command, lines, first)
    listing = _LISTINGS[command.name](options)
    rows = read_listing(command.tool, options, listing, lines, first)
    if command.name != "node ls":
        return Parsed(listing.columns, rows)
    return Parsed(listing.columns, rows, _node_summary(rows, prints(options, "ManagerStatus")))


def _refuse_failures(tool: str, stdout: str, stderr: str, exit_code: int) -> None:
    """A failure's own words may stand on either stream; usage is a failure even with exit 0."""
    lines = [line for line in f"{stderr}\n{stdout}".split("\n") if line]
    said = [line for line in lines if line[0] in _FAILURE_BEGINS and _FAILURE.match(line)]
    if exit_code:
        errors = [line for line in said if not line.startswith("Usage:")]
        words = [*errors, *lines, "(it said nothing)"][0]
        raise ParseError(tool, f"failed with exit code {exit_code}", text=words)
    if said:
        raise ParseError(tool, "failed", text=said[0])


def _lines(tool: str, stdout: str) -> tuple[list[str], int]:
    """The lines behind docker's warnings, and the number of the first of them."""
    if stdout and not stdout.endswith("\n"):
        last = stdout.rsplit("\n", 1)[-1]
        raise ParseError(tool, "ends within a line", line=stdout.count("\n") + 1, text=last)
    lines = stdout.split("\n")[:-1]
    warnings = 0
    while warnings < len(lines) and lines[warnings].startswith("WARNING: "):
        warnings += 1
    return lines[warnings:], warnings + 1


def _node_summary(rows: list[Values], told: bool) -> Values:
    """How many nodes and managers there are, and the leader's name; null if that was not told."""
    if not told:
        return {"nodes": len(rows), **dict.fromkeys(("managers", "reachable_managers", "leader"))}
    statuses = [row["manager_status"] for row in rows]
    leaders = [row["hostname"] or row["node"] for row in rows if row["manager_status"] == "Leader"]
    return {
        "nodes": len(rows),
        "managers": sum(status is not None for status in statuses),
        "reachable_managers": sum(status in ("Leader", "Reachable") for status in statuses),
        "leader": leaders[0] if leaders else None,
    }

"""etcdctl's `endpoint health` (v3 API of 3.4 and 3.5), in four forms."""

from __future__ import annotations

import re
from typing import Any

from runbook.parse import boxed, etcdctl_api, etcdctl_endpoints, go_text, json_text
from runbook.parse.base import Column, Parsed
from runbook.parse.command_line import CommandLine
from runbook.parse.source import Line, Source, without_logs

HEALTH = (
    Column("endpoint"),
    Column("healthy", "boolean"),
    Column("took_s", "number"),
    Column("error"),
)
_HEALTHY = re.compile(r"(\S+) is healthy: successfully committed proposal: took = (\S+)")
_UNHEALTHY = re.compile(r"(\S+) is unhealthy: failed to commit proposal: (.+)")
_SICK = " is unhealthy: "
_ENDS = "Error: unhealthy cluster"
_FIELDS = {
    "Endpoint": go_text.unquote,
    "Health": go_text.boolean,
    "Took": str,
    "Error": str,
}


def endpoint_health(source: Source, line: CommandLine) -> Parsed:
    """`endpoint health` -> endpoint, healthy, took_s (null where not printed), error.

    Exit 1 = at least one endpoint is unhealthy. 3.4 prints all lines of the simple form to
    stderr, 3.5 only those of unhealthy endpoints: both streams are read, merged or not.
    """
    source.require_exit(0, 1)
    form = etcdctl_api.form_3(source, line)
    lines = source.lines()
    if form == "simple":
        # sudo and ssh may say something there too.
        aside = source.lines(source.answer.stderr)
        lines += [each for each in aside if " is healthy: " in each.text or _SICK in each.text]
    said = [each for each in without_logs(lines) if each.text != _ENDS]
    if not said:
        source.require_exit(0)
        raise source.error(
            "names no endpoint: etcdctl 3.4 prints them to stderr, give both streams"
        )
    rows = _FORMS[form](source, said)
    if source.answer.exit_code == 1 and all(row["healthy"] for row in rows):
        raise source.error("exit 1, but the unhealthy endpoint's line is missing: it is on stderr")
    return Parsed(HEALTH, etcdctl_endpoints.once(source, rows))


def _row(
    source: Source, line: Line | None, cells: tuple[str, bool, str | None, str | None]
) -> dict[str, Any]:
    endpoint, healthy, took, error = cells
    if healthy == bool(error):
        raise source.error("is healthy with an error, or unhealthy without one", line)
    try:
        took_s = go_text.seconds(took) if took else None
    except ValueError:
        raise source.error("has no duration where one belongs", line) from None
    return {"endpoint": endpoint, "healthy": healthy, "took_s": took_s, "error": error or None}


def _simple(source: Source, lines: list[Line]) -> list[dict[str, Any]]:
    rows = []
    for line in lines:
        if match := _HEALTHY.fullmatch(line.text):
            rows.append(_row(source, line, (match[1], True, match[2], None)))
        elif match := _UNHEALTHY.fullmatch(line.text):
            rows.append(_row(source, line, (match[1], False, None, match[2])))
        else:
            raise source.error("says nothing about an endpoint", line)
    return rows


def _table(source: Source, lines: list[Line]) -> list[dict[str, Any]]:
    rows = []
    for line, cells in boxed.rows(source, lines, ("ENDPOINT", "HEALTH", "TOOK", "ERROR")):
        endpoint, healthy, took, error = cells
        if healthy not in ("true", "false"):
            raise source.error("is neither healthy nor unhealthy", line)
        rows.append(_row(source, line, (endpoint, healthy == "true", took, error)))
    return rows


def _json(source: Source, lines: list[Line]) -> list[dict[str, Any]]:
    rows = []
    for record in etcdctl_endpoints.records(source, lines):
        endpoint = json_text.take(source, record, "endpoint", str)
        healthy = json_text.take(source, record, "health", bool)
        took = json_text.take(source, record, "took", str)
        error = json_text.take(source, record, "error", str, "")
        rows.append(_row(source, None, (endpoint, healthy, took, error)))
    return rows


def _fields(source: Source, lines: list[Line]) -> list[dict[str, Any]]:
    rows = []
    for block in go_text.blocks(source, lines):
        found = go_text.record(source, block, _FIELDS)
        cells = (found["Endpoint"], found["Health"], found["Took"], found["Error"])
        rows.append(_row(source, block[0].line, cells))
    return rows


_FORMS = {
    "simple": _simple,
    "table": _table,
    "json": _json,
    "fields": _fields,
}

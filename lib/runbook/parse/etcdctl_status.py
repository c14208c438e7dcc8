"""etcdctl's `endpoint status` (v3 API of 3.4 and 3.5), in four forms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from runbook.parse import boxed, etcdctl_api, etcdctl_endpoints, go_text, json_text
from runbook.parse.base import Column, Parsed
from runbook.parse.command_line import CommandLine
from runbook.parse.source import Line, Source, without_logs

STATUS = (
    Column("endpoint"),
    Column("member"),
    Column("version"),
    Column("db_size_bytes", "integer"),
    Column("leader", "boolean"),
    Column("learner", "boolean"),
    Column("raft_term", "integer"),
    Column("raft_index", "integer"),
    Column("errors"),
)

_ID = re.compile("[0-9a-f]{1,16}")
_NO_STATUS = re.compile(r"Failed to get the status of endpoint (\S+) \((.*)\)")
_HEADER = (
    "ENDPOINT",
    "ID",
    "VERSION",
    "DB SIZE",
    "IS LEADER",
    "IS LEARNER",
    "RAFT TERM",
    "RAFT INDEX",
    "RAFT APPLIED INDEX",
    "ERRORS",
)
_FIELDS = {
    **go_text.HEADER,
    "RaftTerm": [go_text.integer],  # once in the header, once in the status
    "Version": go_text.unquote,
    "DBSize": go_text.integer,
    "Leader": go_text.integer,
    "IsLearner": go_text.boolean,
    "RaftIndex": go_text.integer,
    "RaftAppliedIndex": go_text.integer,
    "Errors": str,
    "Endpoint": go_text.unquote,
}


def endpoint_status(source: Source, line: CommandLine) -> Parsed:
    """`endpoint status` -> endpoint, member, version, db_size_bytes, leader, learner, raft_term,
    raft_index, errors.

    Exit 1 = some endpoint did not answer; stderr (read where it is given, merged or not) names
    it: it becomes a row of nulls with its error. An answer of no endpoint is a failure.
    """
    source.require_exit(0, 1)
    form = etcdctl_api.form_3(source, line)
    said = without_logs(source.lines())
    missing = [
        dict.fromkeys(column.name for column in STATUS) | {"endpoint": match[1], "errors": match[2]}
        for each in said + source.lines(source.answer.stderr)
        if (match := _NO_STATUS.fullmatch(each.text))
    ]
    said = [each for each in said if not _NO_STATUS.fullmatch(each.text)]
    rows = _FORMS[form](source, said) if said else []
    if not rows:
        source.require_exit(0)
        raise source.error("names no endpoint")
    return Parsed(STATUS, etcdctl_endpoints.once(source, rows + missing))


def _row(source: Source, line: Line, cells: Sequence[str]) -> dict[str, Any]:
    try:
        endpoint, member, version, size, leader, learner, term, index, applied, errors = cells
        go_text.integer(applied)
        if not _ID.fullmatch(member):
            raise ValueError(member)
        return {
            "endpoint": endpoint,
            "member": member,
            "version": version,
            "db_size_bytes": go_text.size(size),
            "leader": go_text.boolean(leader),
            "learner": go_text.boolean(learner),
            "raft_term": go_text.integer(term),
            "raft_index": go_text.integer(index),
            "errors": errors or None,
        }
    except ValueError:
        raise source.error("is no status of an endpoint", line) from None


def _simple(source: Source, lines: list[Line]) -> list[dict[str, Any]]:
    last = len(_HEADER) - 1  # the errors may hold commas
    return [_row(source, line, line.text.split(", ", last)) for line in lines]


def _table(source: Source, lines: list[Line]) -> list[dict[str, Any]]:
    return [_row(source, *row) for row in boxed.rows(source, lines, _HEADER)]


def _json(source: Source, lines: list[Line]) -> list[dict[str, Any]]:
    rows = []
    for record in etcdctl_endpoints.records(source, lines):
        status = json_text.take(source, record, "Status", dict)
        header = json_text.take(source, status, "header", dict)
        member = json_text.take(source, header, "member_id", int)
        if not _ID.fullmatch(f"{member:x}"):
            raise source.error("has a member's id that is no 64-bit number", lines[0])
        rows.append(
            {
                "endpoint": json_text.take(source, record, "Endpoint", str),
                "member": f"{member:x}",
                "version": json_text.take(source, status, "version", str),
                "db_size_bytes": json_text.take(source, status, "dbSize", int, 0),
                "leader": json_text.take(source, status, "leader", int, 0) == member,
                "learner": json_text.take(source, status, "isLearner", bool, False),
                "raft_term": json_text.take(source, status, "raftTerm", int, 0),
                "raft_index": json_text.take(source, status, "raftIndex", int, 0),
                "errors": ", ".join(json_text.texts(source, status, "errors")) or None,
            }
        )
    return rows


def _fields(source: Source, lines: list[Line]) -> list[dict[str, Any]]:
    rows = []
    for block in go_text.blocks(source, lines):
        found = go_text.record(source, block, _FIELDS)
        errors = re.fullmatch(r"\[(.*)\]", found["Errors"])
        if not errors or len(found["RaftTerm"]) != 2:
            raise source.error("is no status of an endpoint", block[0].line)
        rows.append(
            {
                "endpoint": found["Endpoint"],
                "member": f"{found['MemberID']:x}",
                "version": found["Version"],
                "db_size_bytes": found["DBSize"],
                "leader": found["Leader"] == found["MemberID"],
                "learner": found["IsLearner"],
                "raft_term": found["RaftTerm"][-1],
                "raft_index": found["RaftIndex"],
                "errors": errors[1] or None,
            }
        )
    return rows


_FORMS = {
    "simple": _simple,
    "table": _table,
    "json": _json,
    "fields": _fields,
}

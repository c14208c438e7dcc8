"""etcdctl's v2 API (2.3, and 3.4 and 3.5 with ETCDCTL_API=2): cluster-health."""

from __future__ import annotations

import re
from typing import Any

from runbook.parse.base import Column, Parsed
from runbook.parse.command_line import CommandLine
from runbook.parse.source import Line, Source

HEALTH = (
    Column("member"),
    Column("state"),
    Column("client_urls", "list"),
    Column("reason"),
)

_ID = r"(?P<member>[0-9a-f]{1,16})"
_FAILED = re.compile(rf"failed to check the health of member {_ID} on (?P<url>\S+): (?P<why>.+)")
_VERDICT = re.compile(rf"member {_ID} is (?P<state>healthy|unhealthy|unreachable): (?P<why>.+)")
_RESULT = re.compile(r"got (?P<state>healthy|unhealthy) result from (?P<url>\S+)")
_UNREACHABLE = re.compile(r"\[(?P<urls>\S+(?: \S+)*)\] are all unreachable")
_UNPUBLISHED = "no available published client urls"
_CLUSTER = {
    "cluster is healthy": "healthy",
    "cluster is degraded": "degraded",  # 3.4 and newer: some members healthy
    "cluster is unhealthy": "unhealthy",
    "cluster is unavailable": "unhealthy",  # 3.4 and newer: no member healthy
}
_NO_MEMBERS = re.compile(
    r"cluster may be unhealthy: failed to list members\n"
    r"(?:Error:  .*\n(?:error #\d+: .*\n|\n)*)?"  # the reason, when both streams were merged
)


def cluster_health(source: Source, line: CommandLine) -> Parsed:
    """`cluster-health` -> member, state, client_urls, reason; summary: cluster.

    Exit 0 = healthy, 5 = not, 4 = the members could not be listed (cluster `unknown`, no row).
    `reason` is what was said about each URL that failed, joined by `; `.
    """
    source.require_exit(0, 4, 5)
    if line.on("forever"):
        raise source.error("--forever never ends: there is no last round to read")
    if _NO_MEMBERS.fullmatch(source.answer.stdout):
        return Parsed(HEALTH, [], {"cluster": "unknown"})
    lines = source.lines()
    if not lines or lines[-1].text not in _CLUSTER:
        raise source.error("does not end in a verdict on the cluster", *lines[-1:])
    rows = _members(source, lines[:-1])
    if not rows:
        raise source.error("names no member", lines[-1])
    return Parsed(HEALTH, rows, {"cluster": _CLUSTER[lines[-1].text]})


def _members(source: Source, lines: list[Line]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    failed: list[tuple[Line, re.Match[str]]] = []
    for line in lines:
        if failure := _FAILED.fullmatch(line.text):
            failed.append((line, failure))
            continue
        verdict = _VERDICT.fullmatch(line.text)
        if not verdict or any(row["member"] == verdict["member"] for row in rows):
            raise source.error("says nothing known, or a second time, about a member", line)
        if any(failure["member"] != verdict["member"] for _, failure in failed):
            raise source.error("judges another member than the line before", line)
        rows.append(_row(source, line, verdict, [failure for _, failure in failed]))
        failed = []
    if failed:
        raise source.error("is followed by no verdict on that member", failed[-1][0])
    return rows


def _row(
    source: Source, line: Line, verdict: re.Match[str], failed: list[re.Match[str]]
) -> dict[str, Any]:
    member, state, why = verdict.group("member", "state", "why")
    reasons = [failure["why"] for failure in failed]
    urls = [failure["url"] for failure in failed]
    if state == "unreachable":
        listed = _UNREACHABLE.fullmatch(why)
        if (listed["urls"].split(" ") if listed else []) != urls or (
            not listed and why != _UNPUBLISHED
        ):
            raise source.error("lists other URLs than those that failed", line)
    else:
        result = _RESULT.fullmatch(why)
        if not result or result["state"] != state:
            raise source.error("gives a reason that is not known", line)
        urls.append(result["url"])
    if state == "unhealthy" or not reasons:
        reasons.append(why)
    reason = None if state == "healthy" else "; ".join(reasons)
    return {"member": member, "state": state, "client_urls": urls, "reason": reason}

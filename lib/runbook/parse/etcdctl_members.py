"""etcdctl's `member list`, of the v2 API (one form) and of the v3 API (four forms)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from runbook.parse import boxed, etcdctl_api, go_text, json_text
from runbook.parse.base import Column, Parsed
from runbook.parse.command_line import CommandLine
from runbook.parse.source import Line, Source, without_logs

MEMBERS = (
    Column("member"),
    Column("name"),
    Column("started", "boolean"),
    Column("leader", "boolean"),
    Column("learner", "boolean"),
    Column("peer_urls", "list"),
    Column("client_urls", "list"),
)

_V2_STARTED = re.compile(
    r"([0-9a-f]{1,16}): name=(.+?) peerURLs=(\S*) clientURLs=(\S*) isLeader=(true|false)"
)
_V2_UNSTARTED = re.compile(r"([0-9a-f]{1,16})\[unstarted\]: peerURLs=(\S*)")
_V2_BEGIN = re.compile(r"[0-9a-f]{1,16}(?:\[unstarted\])?: ")
_V3 = re.compile(r"([0-9a-f]{1,16}), (started|unstarted), (.*?), (\S*), (\S*), (true|false)")
_V3_HEADER = ("ID", "STATUS", "NAME", "PEER ADDRS", "CLIENT ADDRS", "IS LEARNER")
_V3_FIELDS = {
    "ID": go_text.integer,
    "Name": go_text.unquote,
    "PeerURL": [go_text.unquote],
    "ClientURL": [go_text.unquote],
    "IsLearner": go_text.boolean,
}
_URL = re.compile(r"[a-z]+://\S+")


def member_list(source: Source, line: CommandLine) -> Parsed:
    """`member list` -> member, name, started, leader, learner, peer_urls, client_urls.

    ids are hex as the tool prints them, also where JSON has decimals. leader is null in the
    v3 API and for unstarted members; learner is null in the v2 API.
    """
    source.require_exit(0)
    lines = without_logs(source.lines())
    if not lines:
        raise source.error("has no member: every cluster has one")
    version = etcdctl_api.version(line) or (2 if _V2_BEGIN.match(lines[0].text) else 3)
    if version == 2:
        rows = [_v2(source, each) for each in lines]  # -o is ignored here
    else:
        rows = _V3_FORMS[etcdctl_api.form_3(source, line)](source, lines)
    _check(source, rows)
    return Parsed(MEMBERS, rows)


def _check(source: Source, rows: list[dict[str, Any]]) -> None:
    members = [row["member"] for row in rows]
    if not all(re.fullmatch("[0-9a-f]{1,16}", member) for member in members):
        raise source.error("has a member's id that is no 64-bit number")
    urls = [url for row in rows for url in row["peer_urls"] + row["client_urls"]]
    wrong = next((url for url in urls if not _URL.fullmatch(url)), None)
    if not rows or len(set(members)) != len(members):
        raise source.error("names no member, or one twice")
    if wrong is not None:
        raise source.error("has no URL where one belongs", text=wrong)


def _row(member: str, name: str, urls: tuple[list[str], list[str]], **known: Any) -> dict[str, Any]:
    return {
        "member": member,
        "name": name or None,
        "started": bool(name),
        "leader": known.get("leader"),
        "learner": known.get("learner"),
        "peer_urls": urls[0],
        "client_urls": urls[1],
    }


def _urls(cell: str) -> list[str]:
    return cell.split(",") if cell else []


def _v2(source: Source, line: Line) -> dict[str, Any]:
    if match := _V2_STARTED.fullmatch(line.text):
        member, name, peers, clients, leader = match.groups()
        return _row(member, name, (_urls(peers), _urls(clients)), leader=leader == "true")
    if match := _V2_UNSTARTED.fullmatch(line.text):
        return _row(match[1], "", (_urls(match[2]), []))
    raise source.error("is no member", line)


def _v3_cells(source: Source, line: Line, cells: Sequence[str]) -> dict[str, Any]:
    member, status, name, peers, clients, learner = cells
    known = re.fullmatch("[0-9a-f]{1,16}", member) and learner in ("true", "false")
    if not known or status != ("started" if name else "unstarted"):
        raise source.error("is no member", line)
    return _row(member, name, (_urls(peers), _urls(clients)), learner=learner == "true")


def _simple(source: Source, lines: list[Line]) -> list[dict[str, Any]]:
    rows = []
    for line in lines:
        match = _V3.fullmatch(line.text)
        if not match:
            raise source.error("is no member", line)
        rows.append(_v3_cells(source, line, match.groups()))
    return rows


def _table(source: Source, lines: list[Line]) -> list[dict[str, Any]]:
    return [_v3_cells(source, *row) for row in boxed.rows(source, lines, _V3_HEADER)]


def _json(source: Source, lines: list[Line]) -> list[dict[str, Any]]:
    answer = json_text.document(source, lines)
    rows = []
    for member in json_text.take(source, answer, "members", list):
        number = member.get("ID") if isinstance(member, dict) else None
        if isinstance(number, str) and re.fullmatch("[0-9a-f]{1,16}", number):
            identity = number  # --hex
        else:
            identity = f"{json_text.take(source, member, 'ID', int):x}"
        urls = tuple(json_text.texts(source, member, f"{kind}URLs") for kind in ("peer", "client"))
        name = json_text.take(source, member, "name", str, "")
        learner = json_text.take(source, member, "isLearner", bool, False)
        rows.append(_row(identity, name, (urls[0], urls[1]), learner=learner))
    return rows


def _fields(source: Source, lines: list[Line]) -> list[dict[str, Any]]:
    rows = []
    header = len(go_text.HEADER)
    for number, block in enumerate(go_text.blocks(source, lines)):
        if number == 0:
            go_text.record(source, block[:header], go_text.HEADER)
            block = block[header:]
        found = go_text.record(source, block, _V3_FIELDS)
        urls = (found["PeerURL"], found["ClientURL"])
        rows.append(_row(f"{found['ID']:x}", found["Name"], urls, learner=found["IsLearner"]))
    return rows


_V3_FORMS = {"simple": _simple, "table": _table, "json": _json, "fields": _fields}

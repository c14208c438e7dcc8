"""What etcdctl 3 prints: simple, json, fields, table."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from runbook_twin.coreos.etcd_http_cluster import compact
from runbook_twin.coreos.etcdctl3_client import Client3, Json

if TYPE_CHECKING:
    from runbook_twin.coreos.etcdctl3_endpoints import Health


def _text(data: str) -> str:
    return base64.b64decode(data).decode("utf-8", "replace")


def _quoted(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def _fields(rows: list[tuple[str, object]]) -> str:
    return "".join(f'"{name}" : {_quoted(value)}\n' for name, value in rows)


def _head(header: Json, revision: int | None = None) -> list[tuple[str, object]]:
    return [
        ("ClusterID", header["cluster_id"]),
        ("MemberID", header["member_id"]),
        ("Revision", header["revision"] if revision is None else revision),
        ("RaftTerm", header["raft_term"]),
    ]


def table(header: list[str], rows: list[list[str]], right: bool = True) -> str:
    """A table of tablewriter: header centred; numbers (here: every row) to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+\n"
    titles = "|".join(
        _centre(title, width + 2) for title, width in zip(header, widths, strict=True)
    )
    text = f"{rule}|{titles}|\n{rule}"
    for row in rows:
        cells = " | ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        text += f"| {cells} |\n"
    return text + rule


def _centre(title: str, width: int) -> str:
    left = (width - len(title)) // 2
    return " " * left + title + " " * (width - len(title) - left)


# --- keys


def pair(found: Json) -> str:
    """A key and its value on two lines."""
    return f"{_text(found['key'])}\n{_text(found['value'])}\n"


def pairs(client: Client3, answer: Json) -> str:
    """The answer to `get`."""
    kvs: list[Json] = answer["kvs"]
    if client.format == "json":
        shown: Json = {"header": answer["header"]}
        shown |= {"kvs": kvs, "count": answer["count"]} if kvs else {}
        return compact(shown).decode() + "\n"
    if client.format == "fields":
        rows = _head(answer["header"])
        for found in kvs:
            rows += [("Key", _text(found["key"])), ("CreateRevision", found["create_revision"]),
                     ("ModRevision", found["mod_revision"]), ("Version", found["version"]),
                     ("Value", _text(found["value"])), ("Lease", 0)]  # fmt: skip
        return _fields([*rows, ("More", False), ("Count", answer["count"])])
    if client.flags.on("keys-only"):
        return "".join(f"{_text(found['key'])}\n\n" for found in kvs)
    if client.flags.on("print-value-only"):
        return "".join(f"{_text(found['value'])}\n" for found in kvs)
    return "".join(pair(found) for found in kvs)


def put(client: Client3, answer: Json) -> str:
    """The answer to `put`."""
    before = answer.get("prev_kv") if client.flags.on("prev-kv") else None
    if client.format == "json":
        shown = {"header": answer["header"]} | ({"prev_kv": before} if before else {})
        return compact(shown).decode() + "\n"
    if client.format == "fields":
        return _fields(_head(answer["header"]))
    return "OK\n" + (pair(before) if before else "")


# --- the cluster


def members(client: Client3, answer: Json) -> str:
    """The answer to `member list`."""
    header, listed = answer["header"], answer["members"]
    if client.format == "json":
        kept = {name: header[name] for name in ("cluster_id", "member_id", "raft_term")}
        bare = [{key: value for key, value in one.items() if value} for one in listed]
        return compact({"header": kept, "members": bare}).decode() + "\n"
    if client.format == "fields":
        text = _fields(_head(header, 0))
        for one in listed:
            rows: list[tuple[str, object]] = [("ID", one["ID"]), ("Name", one["name"])]
            rows += [("PeerURL", url) for url in one["peerURLs"]]
            rows += [("ClientURL", url) for url in one["clientURLs"]]
            text += _fields([*rows, ("IsLearner", False)]) + "\n"
        return text
    shown = [
        [f"{one['ID']:x}", "started" if one["name"] else "unstarted", one["name"],
         ",".join(one["peerURLs"]), ",".join(one["clientURLs"]), "false"]
        for one in listed
    ]  # fmt: skip
    if client.format == "table":
        return table(["ID", "STATUS", "NAME", "PEER ADDRS", "CLIENT ADDRS", "IS LEARNER"], shown)
    return "".join(", ".join(row) + "\n" for row in shown)


def health(client: Client3, found: list[Health]) -> str:
    """The answer to `endpoint health` in JSON or as a table."""
    if client.format == "json":
        shown = [
            {"endpoint": one.endpoint, "health": one.healthy, "took": one.took}
            | ({"error": one.error} if one.error else {})
            for one in found
        ]
        return compact(shown).decode() + "\n"
    rows = [[one.endpoint, str(one.healthy).lower(), one.took, one.error] for one in found]
    return table(["ENDPOINT", "HEALTH", "TOOK", "ERROR"], rows)


_STATUS = (
    "version",
    "dbSize",
    "leader",
    "raftIndex",
    "raftTerm",
    "raftAppliedIndex",
    "errors",
    "dbSizeInUse",
)


def status(client: Client3, found: list[tuple[str, Json]]) -> str:
    """The answer to `endpoint status`."""
    if client.format == "json":
        shown = [
            {"Endpoint": where,
             "Status": {name: one[name] for name in ("header", *_STATUS) if one.get(name)}}
            for where, one in found
        ]  # fmt: skip
        return compact(shown).decode() + "\n"
    if client.format == "fields":
        return "".join(_fields(_status_fields(where, one)) + "\n" for where, one in found)
    rows = [
        [where, f"{one['header']['member_id']:x}", one["version"], f"{one['dbSize'] // 1000} kB",
         str(one["leader"] == one["header"]["member_id"]).lower(), "false", str(one["raftTerm"]),
         str(one["raftIndex"]), str(one["raftAppliedIndex"]), ", ".join(one.get("errors", []))]
        for where, one in found
    ]  # fmt: skip
    if client.format == "table":
        header = ["ENDPOINT", "ID", "VERSION", "DB SIZE", "IS LEADER", "IS LEARNER", "RAFT TERM",
                  "RAFT INDEX", "RAFT APPLIED INDEX", "ERRORS"]  # fmt: skip
        return table(header, rows)
    return "".join(", ".join(row) + "\n" for row in rows)


def _status_fields(where: str, one: Json) -> list[tuple[str, object]]:
    errors = "[" + " ".join(f'"{error}"' for error in one.get("errors", [])) + "]"
    return [
        *_head(one["header"]), ("Version", one["version"]), ("DBSize", one["dbSize"]),
        ("Leader", one["leader"]), ("IsLearner", False), ("RaftIndex", one["raftIndex"]),
        ("RaftTerm", one["raftTerm"]), ("RaftAppliedIndex", one["raftAppliedIndex"]),
        ("Errors", _Bare(errors)), ("Endpoint", where),
    ]  # fmt: skip


class _Bare:
    """A value that is printed as it stands."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

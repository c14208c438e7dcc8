"""Facts about an etcd cluster, in the dialect of the etcdctl that the node has (2.3, 3.4, 3.5)."""

from __future__ import annotations

import re

import pandas as pd

from runbook.command import Node, Nodes
from runbook.errors import ParseError
from runbook.facts.base import Condition, Observation, ask_table
from runbook.table import rows_frame

# cluster-health answers with 5 (degraded, unhealthy) and 4 (could not list members) as well.
_HEALTH_CODES = (0, 4, 5)
_API = "etcdctl API"


def version(node: Node) -> str:
    """The version of the node's etcdctl, such as 2.3.7; one probe per server."""
    return node.fact("etcdctl", _probe)


def dialect(node: Node) -> str:
    """`v2` or `v3`: which API this node's etcdctl speaks, unless it is told otherwise: 2.x knows
    only v2; 3.x takes ETCDCTL_API from the environment, and without it v3 from 3.4 on."""
    by_version = "v2" if version(node).startswith("2.") else "v3"
    return node.facts.get(_API, by_version)


def _probe(node: Node) -> str:
    """Only the v2 dialect knows --version, and 2.3 has no `version`."""
    for line, accept, speaks in (
        ("etcdctl --version", (0, 1, 128), "v2"),
        ("etcdctl version", (0,), "v3"),
    ):
        text = node.ask(line, accept=accept).text
        if found := re.search(r"etcdctl version:? (\S+)", text):
            node.facts[_API] = speaks
            return found[1]
    raise ParseError("etcdctl version", "no version in it", text=text)


def cluster_health(node: Node) -> pd.DataFrame:
    """etcdctl cluster-health (E1, F5). Columns: member, state, client_urls, reason.

    The v3 dialect has no such command: there `endpoint health` and `member list` are joined into
    the same columns. attrs["summary"]["cluster"]: healthy, degraded, unhealthy or unknown.
    """
    if dialect(node) == "v2":
        return ask_table(node, "etcdctl cluster-health", accept=_HEALTH_CODES)
    return _health_of_endpoints(endpoint_health(node), members(node))


def endpoint_health(node: Node) -> pd.DataFrame:
    """etcdctl endpoint health of all members (v3). Columns: endpoint, healthy, took_s, error."""
    return ask_table(node, "ETCDCTL_API=3 etcdctl endpoint health --cluster -w json", accept=(0, 1))


def members(node: Node) -> pd.DataFrame:
    """etcdctl member list. Columns: tables.md, `etcdctl member list`."""
    v2 = dialect(node) == "v2"
    return ask_table(
        node, "etcdctl member list" if v2 else "ETCDCTL_API=3 etcdctl member list -w json"
    )


def healthy(health: pd.DataFrame) -> int:
    """How many members of a `cluster_health` are healthy."""
    return int((health.state == "healthy").sum())


def cluster(health: pd.DataFrame) -> str:
    """What a `cluster_health` says of the whole: healthy, degraded, unhealthy or unknown."""
    return str(health.attrs["summary"]["cluster"])


def read_value(node: Node, key: str) -> str | None:
    """The value of a key; None when the key is not there."""
    v2 = dialect(node) == "v2"
    # The article reads it back without the leading slash (E3); in the v3 API that is another key.
    key = key.lstrip("/") if v2 else key
    line = "etcdctl get %s" if v2 else "ETCDCTL_API=3 etcdctl get --print-value-only %s"
    result = node.ask(line, key, accept=(0, 4) if v2 else (0,))
    if result.exit_code == 4 or (not v2 and not result.stdout):
        return None
    return result.text.removesuffix("\n")


def read_everywhere(nodes: Nodes, key: str) -> pd.DataFrame:
    """The value of a key as each node gives it (E3). Columns: server, key, value."""
    rows = [{"server": n.name, "key": key, "value": read_value(n, key)} for n in nodes]
    return rows_frame(rows, ("server", "key", "value"), f"etcdctl get {key} on every node")


def members_healthy(node: Node, count: int) -> Condition:
    """The condition that `count` members are healthy and the cluster says so."""

    def look() -> Observation:
        health = cluster_health(node)
        well, whole = healthy(health), cluster(health)
        seen = f"{well} of {len(health)} members healthy, cluster {whole}"
        return Observation(well == count and whole == "healthy", seen, health)

    return look


def _health_of_endpoints(health: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    by_endpoint = {row.endpoint: row for row in health.itertuples()}
    rows = []
    for member in listed.itertuples():
        answers = [by_endpoint[url] for url in member.client_urls if url in by_endpoint]
        healthy = any(answer.healthy for answer in answers)
        reasons = "; ".join(str(a.error) for a in answers if not a.healthy and a.error)
        rows.append(
            {
                "member": member.member,
                "state": "healthy" if healthy else "unhealthy" if answers else "unreachable",
                "client_urls": member.client_urls,
                "reason": None if healthy else reasons or "no available published client urls",
            }
        )
    made = rows_frame(rows, ("member", "state", "client_urls", "reason"))
    made.attrs = {"caption": health.attrs["caption"], "summary": {"cluster": _cluster(rows)}}
    return made


def _cluster(rows: list[dict[str, object]]) -> str:
    healthy = sum(row["state"] == "healthy" for row in rows)
    if healthy == len(rows):
        return "healthy"
    return "degraded" if healthy > len(rows) // 2 else "unhealthy"

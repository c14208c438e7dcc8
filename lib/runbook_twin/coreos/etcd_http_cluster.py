"""etcd's client API about the cluster: /v2/members, /health, /v2/stats."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from runbook_twin.coreos.etcd_raft import Server
from runbook_twin.coreos.etcd_replica import Member, member_id
from runbook_twin.coreos.etcd_store import EtcdError, Json
from runbook_twin.machine import HttpAnswer

_PROGRESS_S = 0.25  # /health looks three times whether raft moves on
JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain; charset=utf-8"}


def compact(value: Any) -> bytes:
    """JSON as Go writes it, without a newline."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def show_member(member: Member) -> Json:
    """A member as the API shows it."""
    return {
        "id": f"{member.id:x}",
        "name": member.name,
        "peerURLs": member.peer_urls,
        "clientURLs": member.client_urls,
    }


def stamp(seconds: float) -> str:
    """A moment as Go prints it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "369Z"


async def members(server: Server, method: str, which: str, body: bytes) -> HttpAnswer:
    """/v2/members."""
    known = server.replica.members
    headers = {**JSON, "X-Etcd-Cluster-Id": f"{server.replica.cluster:x}"}
    if method == "GET" and which == "leader":
        leader = known.get(server.leader or 0)
        if leader is None:
            return HttpAnswer(503, compact({"message": "During election"}), headers)
        return HttpAnswer(200, compact(show_member(leader)) + b"\n", headers)
    if method == "GET":
        shown = [show_member(known[number]) for number in sorted(known)]
        return HttpAnswer(200, compact({"members": shown}) + b"\n", headers)
    try:
        return await _change_members(server, method, which, body, headers)
    except EtcdError:
        return HttpAnswer(500, compact({"message": "Internal Server Error"}), headers)


async def _change_members(
    server: Server, method: str, which: str, body: bytes, headers: dict[str, str]
) -> HttpAnswer:
    members = server.replica.members
    number = int(which, 16) if which else 0
    if which and number not in members:
        gone = number in server.replica.removed
        text = f"Member permanently removed: {which}" if gone else f"No such member: {which}"
        return HttpAnswer(410 if gone else 404, compact({"message": text}), headers)
    if method == "DELETE":
        await server.propose({"action": "remove", "id": number})
        return HttpAnswer(204, b"", headers)
    urls = json.loads(body)["peerURLs"]
    taken = [url for m in members.values() if m.id != number for url in m.peer_urls if url in urls]
    if taken:
        return HttpAnswer(409, compact({"message": "etcdserver: peerURL exists"}), headers)
    member = members.get(number) or Member(member_id(urls, "", int(server.now())), urls)
    shown = {**show_member(member), "peerURLs": urls}
    saved = {
        "id": member.id,
        "peer_urls": urls,
        "name": member.name,
        "client_urls": member.client_urls,
    }
    await server.propose({"action": "member", "id": member.id, "member": saved})
    if method == "PUT":
        return HttpAnswer(204, b"", headers)
    return HttpAnswer(201, compact(shown) + b"\n", headers)


async def health(server: Server, version: str) -> HttpAnswer:
    """/health: whether raft moves on."""
    space = " " if version.startswith("2.") else ""
    if server.leader is not None:
        looks = 3 if version.startswith("2.") else 4
        for _ in range(looks):
            if version.startswith("2."):
                await server.machine.world.clock.sleep(_PROGRESS_S)
            leader = server.leading()
            if leader and leader.quorum():
                return HttpAnswer(200, f'{{"health":{space}"true"}}'.encode(), dict(JSON))
            if not version.startswith("2."):
                await server.machine.world.clock.sleep(_PROGRESS_S)
    return HttpAnswer(503, f'{{"health":{space}"false"}}\n'.encode(), dict(TEXT))


def stats(server: Server, which: str) -> HttpAnswer:
    """/v2/stats/self, leader, store."""
    replica = server.replica
    leads = server.leader == replica.member
    if which == "self":
        shown: Json = {
            "name": replica.members[replica.member].name,
            "id": f"{replica.member:x}",
            "state": "StateLeader" if leads else "StateFollower",
            "startTime": stamp(server.started_at),
            "leaderInfo": {
                "leader": f"{server.leader:x}" if server.leader else "",
                "uptime": f"{server.now() - server.leader_since:.9f}s",
                "startTime": stamp(server.leader_since),
            },
            "recvAppendRequestCnt": 0 if leads else replica.index,
            "sendAppendRequestCnt": replica.index if leads else 0,
        }
        return HttpAnswer(200, compact(shown), dict(JSON))
    if which == "leader" and leads:
        followers = {f"{number:x}": {"counts": {"fail": 0, "success": replica.index}}
                     for number in replica.members if number != replica.member}  # fmt: skip
        return HttpAnswer(
            200, compact({"leader": f"{replica.member:x}", "followers": followers}), dict(JSON)
        )
    if which == "leader":
        return HttpAnswer(403, compact({"message": "not current leader"}), dict(JSON))
    if which == "store":
        return HttpAnswer(
            200, compact({"setsSuccess": replica.store.index, "watchers": 0}), dict(JSON)
        )
    return HttpAnswer(404, b"404 page not found\n", dict(TEXT))

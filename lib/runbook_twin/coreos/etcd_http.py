"""etcd's client API over HTTP: /v2/keys, /v2/members, /v2/stats, /health, /version."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from runbook_twin.coreos.etcd_raft import REQUEST_TIMEOUT_S, Member, Server, member_id
from runbook_twin.coreos.etcd_store import EtcdError, Json
from runbook_twin.machine import HttpAnswer, HttpHandler, Machine

_PROGRESS_S = 0.25  # /health looks three times whether raft moves on
_JSON = {"Content-Type": "application/json"}
_TEXT = {"Content-Type": "text/plain; charset=utf-8"}


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


def client_api(server: Server, version: str) -> HttpHandler:
    """The handler for the client ports of a member."""

    async def handle(method: str, target: str, body: bytes) -> HttpAnswer:
        parts = urlsplit(target)
        path = unquote(parts.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if path == "/v2/keys" or path.startswith("/v2/keys/"):
            form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
            return await _keys(server, method, path.removeprefix("/v2/keys") or "/", query | form)
        if path == "/v2/members" or path.startswith("/v2/members/"):
            return await _members(server, method, path.removeprefix("/v2/members").strip("/"), body)
        if path == "/health":
            return await _health(server, version)
        if path == "/version":
            cluster = version.rpartition(".")[0] + ".0"
            return HttpAnswer(
                200, compact({"etcdserver": version, "etcdcluster": cluster}), dict(_JSON)
            )
        if path == "/v2/machines":
            urls = [url for m in server.replica.members.values() for url in m.client_urls]
            return HttpAnswer(200, ", ".join(urls).encode(), dict(_TEXT))
        if path.startswith("/v2/stats/"):
            return _stats(server, path.removeprefix("/v2/stats/"))
        return HttpAnswer(404, b"404 page not found\n", dict(_TEXT))

    return handle


# --- keys


def _headers(server: Server, *, raft: bool = True) -> dict[str, str]:
    replica = server.replica
    headers = {
        **_JSON,
        "X-Etcd-Cluster-Id": f"{replica.cluster:x}",
        "X-Etcd-Index": str(replica.store.index),
    }
    if raft:
        headers |= {"X-Raft-Index": str(replica.index), "X-Raft-Term": str(replica.term)}
    return headers


async def _keys(server: Server, method: str, key: str, form: dict[str, str]) -> HttpAnswer:
    try:
        event = await (
            _get(server, key, form) if method == "GET" else _write(server, method, key, form)
        )
    except EtcdError as error:
        return HttpAnswer(error.status, error.body, _headers(server, raft=False))
    created = method != "DELETE" and event["action"] != "get" and "prevNode" not in event
    return HttpAnswer(201 if created else 200, compact(event) + b"\n", _headers(server))


async def _get(server: Server, key: str, form: dict[str, str]) -> Json:
    if form.get("wait") == "true":
        return await _wait(server, key, form)
    if form.get("quorum") == "true":
        await confirm(server)
    store = server.replica.store
    node = store.find(key)
    depth = float("inf") if form.get("recursive") == "true" else 1
    shown = node.show(server.now(), depth=depth, order=form.get("sorted") == "true")
    return {"action": "get", "node": shown}


async def confirm(server: Server, timeout: float = REQUEST_TIMEOUT_S) -> None:
    """A read that needs a quorum. Raises EtcdError (300) when there is none in time."""
    deadline = server.now() + timeout
    while not ((leader := server.leading()) and leader.quorum()):
        if server.now() >= deadline:
            cause = "etcdserver: request timed out"
            raise EtcdError(300, cause, server.replica.store.index)
        await server.machine.world.clock.sleep(0.1)


async def _wait(server: Server, key: str, form: dict[str, str]) -> Json:
    after = int(form.get("waitIndex") or server.replica.store.index + 1)
    key = "/" + key.strip("/")
    while True:
        for event in server.replica.store.events:
            found = event["node"].get("key", "/")
            below = form.get("recursive") == "true" and found.startswith(key.rstrip("/") + "/")
            if event["node"].get("modifiedIndex", 0) >= after and (found == key or below):
                return event
        await server.changed.wait()


def _number(form: dict[str, str], name: str, code: int) -> int | None:
    if not form.get(name):
        return None
    if not form[name].isdigit():
        raise EtcdError(code, f'invalid value for "{name}"', 0)
    return int(form[name])


async def _write(server: Server, method: str, key: str, form: dict[str, str]) -> Json:
    operation: Json = {"now": server.now(), "key": key}
    if "prevValue" in form:
        operation["prevValue"] = form["prevValue"]
    if (index := _number(form, "prevIndex", 203)) is not None:
        operation["prevIndex"] = index
    if method == "DELETE":
        operation |= {"action": "delete", "directory": form.get("dir") == "true"}
        operation["recursive"] = form.get("recursive") == "true"
        return await server.propose(operation)
    operation["ttl"] = _number(form, "ttl", 202)
    operation["value"] = None if form.get("dir") == "true" else form.get("value", "")
    if form.get("prevExist") in ("true", "false"):
        operation["prevExist"] = form["prevExist"] == "true"
    operation["action"] = "create_in_order" if method == "POST" else "set"
    return await server.propose(operation)


# --- members, health, statistics


async def _members(server: Server, method: str, which: str, body: bytes) -> HttpAnswer:
    members = server.replica.members
    headers = {**_JSON, "X-Etcd-Cluster-Id": f"{server.replica.cluster:x}"}
    if method == "GET" and which == "leader":
        leader = members.get(server.leader or 0)
        if leader is None:
            return HttpAnswer(503, compact({"message": "During election"}), headers)
        return HttpAnswer(200, compact(show_member(leader)) + b"\n", headers)
    if method == "GET":
        shown = [show_member(members[number]) for number in sorted(members)]
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


async def _health(server: Server, version: str) -> HttpAnswer:
    space = " " if version.startswith("2.") else ""
    if server.leader is not None:
        looks = 3 if version.startswith("2.") else 4
        for _ in range(looks):
            if version.startswith("2."):
                await server.machine.world.clock.sleep(_PROGRESS_S)
            leader = server.leading()
            if leader and leader.quorum():
                return HttpAnswer(200, f'{{"health":{space}"true"}}'.encode(), dict(_JSON))
            if not version.startswith("2."):
                await server.machine.world.clock.sleep(_PROGRESS_S)
    return HttpAnswer(503, f'{{"health":{space}"false"}}\n'.encode(), dict(_TEXT))


def _stats(server: Server, which: str) -> HttpAnswer:
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
        return HttpAnswer(200, compact(shown), dict(_JSON))
    if which == "leader" and leads:
        followers = {f"{number:x}": {"counts": {"fail": 0, "success": replica.index}}
                     for number in replica.members if number != replica.member}  # fmt: skip
        return HttpAnswer(
            200, compact({"leader": f"{replica.member:x}", "followers": followers}), dict(_JSON)
        )
    if which == "leader":
        return HttpAnswer(403, compact({"message": "not current leader"}), dict(_JSON))
    if which == "store":
        return HttpAnswer(
            200, compact({"setsSuccess": replica.store.index, "watchers": 0}), dict(_JSON)
        )
    return HttpAnswer(404, b"404 page not found\n", dict(_TEXT))


def proxy_api(machine: Machine, peer_urls: list[str]) -> HttpHandler:
    """The handler of an etcd in proxy mode: hands requests on to the cluster's members."""

    async def handle(method: str, target: str, body: bytes) -> HttpAnswer:
        world = machine.world
        for url in peer_urls:
            try:
                answer = await world.http(machine, "GET", f"{url}/members")
                clients = [u for m in json.loads(answer.body) for u in m["clientURLs"]]
                answer = await world.http(machine, method, clients[0] + target, body)
                return answer
            except (OSError, IndexError):
                await asyncio.sleep(0)
        return HttpAnswer(
            503, compact({"message": "proxy: zero endpoints currently available"}), dict(_JSON)
        )

    return handle


def peer_api(server: Server) -> HttpHandler:
    """The handler of the peer port: /members and /version, for those who join and for proxies."""

    async def handle(method: str, target: str, body: bytes) -> HttpAnswer:
        if urlsplit(target).path == "/members":
            members = [show_member(m) for m in server.replica.members.values()]
            headers = {**_JSON, "X-Etcd-Cluster-Id": f"{server.replica.cluster:x}"}
            return HttpAnswer(200, compact(members) + b"\n", headers)
        return HttpAnswer(404, b"404 page not found\n", dict(_TEXT))

    return handle

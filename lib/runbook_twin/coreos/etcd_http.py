"""etcd's API over HTTP: its client ports, its peer port, and the proxy mode."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qsl, unquote, urlsplit

from runbook_twin.coreos.etcd_http_cluster import (
    JSON,
    TEXT,
    compact,
    health,
    members,
    show_member,
    stats,
)
from runbook_twin.coreos.etcd_raft import REQUEST_TIMEOUT_S, Server
from runbook_twin.coreos.etcd_store import EtcdError, Json
from runbook_twin.machine import HttpAnswer, HttpHandler, Machine


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
            return await members(server, method, path.removeprefix("/v2/members").strip("/"), body)
        if path == "/health":
            return await health(server, version)
        if path == "/version":
            cluster = version.rpartition(".")[0] + ".0"
            return HttpAnswer(
                200, compact({"etcdserver": version, "etcdcluster": cluster}), dict(JSON)
            )
        if path == "/v2/machines":
            urls = [url for m in server.replica.members.values() for url in m.client_urls]
            return HttpAnswer(200, ", ".join(urls).encode(), dict(TEXT))
        if path.startswith("/v2/stats/"):
            return stats(server, path.removeprefix("/v2/stats/"))
        return HttpAnswer(404, b"404 page not found\n", dict(TEXT))

    return handle


# --- keys


def _headers(server: Server, *, raft: bool = True) -> dict[str, str]:
    replica = server.replica
    headers = {
        **JSON,
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
            503, compact({"message": "proxy: zero endpoints currently available"}), dict(JSON)
        )

    return handle


def peer_api(server: Server) -> HttpHandler:
    """The handler of the peer port: /members and /version, for those who join and for proxies."""

    async def handle(method: str, target: str, body: bytes) -> HttpAnswer:
        if urlsplit(target).path == "/members":
            listed = [show_member(m) for m in server.replica.members.values()]
            headers = {**JSON, "X-Etcd-Cluster-Id": f"{server.replica.cluster:x}"}
            return HttpAnswer(200, compact(listed) + b"\n", headers)
        return HttpAnswer(404, b"404 page not found\n", dict(TEXT))

    return handle

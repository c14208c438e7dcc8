"""The public discovery service, https://discovery.etcd.io, as the world outside offers it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from runbook_twin.coreos.etcd_http_cluster import compact
from runbook_twin.coreos.etcd_store import EtcdError, Json, Store
from runbook_twin.machine import HttpAnswer, HttpHandler, Machine
from runbook_twin.world import World

HOST = "discovery.etcd.io"
_REGISTRY = "/_etcd/registry"


def install(world: World) -> None:
    """Put the service on the world's internet (take the handler away and it is gone)."""
    world.internet[HOST] = _service(world)


def offer(machine: Machine) -> None:
    """Put it there with the first machine that uses it; once taken away, it stays away."""
    others = [one for one in machine.world.machines.values() if one is not machine]
    if not any("etcd" in one.software for one in others):
        install(machine.world)


def _service(world: World) -> HttpHandler:
    store = Store()

    async def handle(method: str, target: str, body: bytes) -> HttpAnswer:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query)) | dict(parse_qsl(body.decode("utf-8", "replace")))
        if parts.path == "/new":
            return _new(world, store, query.get("size", "3"))
        if parts.path in ("", "/", "/health"):
            return HttpAnswer(200, b"OK\n" if parts.path == "/health" else b"")
        try:
            return HttpAnswer(200, compact(_act(world, store, method, parts.path, query)) + b"\n")
        except EtcdError as error:
            return HttpAnswer(error.status, error.body)

    return handle


def _new(world: World, store: Store, size: str) -> HttpAnswer:
    if not size.isdigit():
        reason = f'strconv.ParseInt: parsing "{size}": invalid syntax\n'
        return HttpAnswer(400, reason.encode())
    token = f"{world.random.getrandbits(128):032x}"
    key = f"{_REGISTRY}/{token}/_config/size"
    store.apply({"action": "set", "now": world.clock.now(), "key": key, "value": size})
    return HttpAnswer(200, f"https://{HOST}/{token}".encode())


def _act(world: World, store: Store, method: str, path: str, query: dict[str, str]) -> Json:
    now, key = world.clock.now(), _REGISTRY + path.rstrip("/")
    if method == "PUT":
        exist = False if query.get("prevExist") == "false" else None
        value = query.get("value", "")
        return store.apply(
            {"action": "set", "now": now, "key": key, "value": value, "prevExist": exist}
        )
    if method == "DELETE":
        return store.apply({"action": "delete", "now": now, "key": key})
    token = "/".join(key.split("/")[:4])
    try:
        return {"action": "get", "node": store.find(key).show(now, depth=1)}
    except EtcdError as error:
        if not store.exists(token):
            raise EtcdError(100, token, store.index) from error
        raise

"""etcdctl 3: endpoint health, endpoint status, endpoint hashkv."""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass

from runbook_twin.coreos import etcdctl3_show
from runbook_twin.coreos.etcdctl3_client import BadArguments, Client3, Json, Rpc

_HEALTH_KEY = "aGVhbHRo"  # `health`


@dataclass(frozen=True)
class Health:
    """What `endpoint health` found at one endpoint."""

    endpoint: str
    healthy: bool
    took: str
    error: str
    warning: str


async def endpoint(client: Client3) -> int:
    """endpoint health | status | hashkv."""
    verb = client.words[0] if client.words else ""
    if verb not in ("health", "status", "hashkv"):
        raise BadArguments(f'unknown command "{verb}" for "etcdctl endpoint"')
    endpoints = client.endpoints
    if client.flags.on("cluster"):
        members = (await client.ask("cluster/member/list", {}))["members"]
        endpoints = [url for member in members for url in member["clientURLs"]]
    if verb == "health":
        return await _health(client, endpoints)
    return await (_status(client, endpoints) if verb == "status" else _hash(client, endpoints))


def took(seconds: float) -> str:
    """A duration as Go prints it."""
    return f"{seconds:.9f}s" if seconds >= 1 else f"{seconds * 1000:.6f}ms"


async def _one_health(client: Client3, where: str) -> Health:
    start = client.call.clock.now()
    try:
        await client.ask_one(where, "kv/range", {"key": _HEALTH_KEY})
    except Rpc as error:
        return Health(
            where, False, took(client.call.clock.now() - start), str(error), error.warning
        )
    return Health(where, True, took(0.002 + client.call.world.random.random() / 200), "", "")


async def _health(client: Client3, endpoints: list[str]) -> int:
    call, found = client.call, []
    for answer in asyncio.as_completed([_one_health(client, where) for where in endpoints]):
        found.append(await answer)
    found.sort(key=lambda one: (not one.healthy, one.took))
    for one in found:
        call.err(one.warning.replace('"etcd-client"', '"client"'))
    if client.format == "simple":
        for one in found:
            text = (
                f"{one.endpoint} is healthy: successfully committed proposal: took = {one.took}\n"
                if one.healthy
                else f"{one.endpoint} is unhealthy: failed to commit proposal: {one.error}\n"
            )
            (call.err if client.old or not one.healthy else call.out)(text)
    else:
        call.out(etcdctl3_show.health(client, found))
    if all(one.healthy for one in found):
        return 0
    call.err("Error: unhealthy cluster\n")
    return 1


async def _status(client: Client3, endpoints: list[str]) -> int:
    found: list[tuple[str, Json]] = []
    failed = False
    for where in endpoints:
        try:
            found.append((where, await client.ask_one(where, "maintenance/status", {})))
        except Rpc as error:
            failed = True
            client.call.err(
                f"{error.warning}Failed to get the status of endpoint {where} ({error})\n"
            )
    client.call.out(etcdctl3_show.status(client, found))
    return int(failed)


async def _hash(client: Client3, endpoints: list[str]) -> int:
    for where in endpoints:
        answer = await client.ask_one(where, "kv/range", {"key": "AA==", "range_end": "AA=="})
        client.call.out(f"{where}, {zlib.crc32(str(answer['kvs']).encode())}\n")
    return 0

"""The daemon's HTTP API on its unix socket: as much as joins a swarm and tells who is there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from runbook_twin.docker import inspection
from runbook_twin.docker.failures import DaemonError
from runbook_twin.docker.swarm.membership import Join, init, leave, refuse_member
from runbook_twin.machine import HttpAnswer, HttpHandler

if TYPE_CHECKING:
    from runbook_twin.docker.engine import Engine

VERSIONED = re.compile(r"^/v\d+\.\d+(?=/)")


def handler(engine: Engine) -> HttpHandler:
    """What answers on the socket."""

    async def answer(method: str, path: str, body: bytes) -> HttpAnswer:
        route, _, query = VERSIONED.sub("", path).partition("?")
        try:
            found = await _route(engine, method, route, query, body)
        except DaemonError as error:
            return _json({"message": error.message}, error.status, engine)
        except ValueError as error:
            return _json({"message": str(error)}, 400, engine)
        return found

    return answer


def _json(value: Any, status: int, engine: Engine) -> HttpAnswer:
    headers = {
        "Content-Type": "application/json",
        "Server": f"Docker/{engine.version} (linux)",
        "Api-Version": engine.dialect.api,
    }
    return HttpAnswer(status, (json.dumps(value, separators=(",", ":")) + "\n").encode(), headers)


async def _route(engine: Engine, method: str, route: str, query: str, body: bytes) -> HttpAnswer:
    if route == "/_ping":
        return HttpAnswer(200, b"OK", {"Content-Type": "text/plain; charset=utf-8"})
    if (method, route) == ("GET", "/version"):
        return _json(_version(engine), 200, engine)
    if (method, route) == ("GET", "/info"):
        return _json(await _info(engine), 200, engine)
    if (method, route) == ("GET", "/containers/json"):
        shown = (
            engine.containers
            if "all=1" in query or "all=true" in query
            else [one for one in engine.containers if one.running]
        )
        return _json([inspection.container(engine, one) for one in reversed(shown)], 200, engine)
    if route.startswith("/swarm/") and engine.dialect.swarm and method == "POST":
        return await _swarm(engine, route.removeprefix("/swarm/"), query, body)
    return _json({"message": "page not found"}, 404, engine)


def _version(engine: Engine) -> dict[str, Any]:
    daemon = engine.dialect
    return {
        "Version": daemon.version,
        "ApiVersion": daemon.api,
        "GitCommit": daemon.daemon_commit,
        "GoVersion": daemon.go,
        "Os": "linux",
        "Arch": "amd64",
        "KernelVersion": engine.host.kernel,
        "BuildTime": daemon.built,
    }


async def _info(engine: Engine) -> dict[str, Any]:
    member = engine.agent or engine.pending
    swarm = await member.facts() if member else None
    return {
        "ID": engine.host.engine_id,
        "Containers": len(engine.containers),
        "Images": len({image.id for image in engine.images}),
        "Name": engine.machine.hostname,
        "ServerVersion": engine.version,
        "Swarm": {
            "NodeID": swarm.node if swarm else "",
            "NodeAddr": swarm.address if swarm else "",
            "LocalNodeState": swarm.state if swarm else "inactive",
            "ControlAvailable": bool(swarm and swarm.manager),
            "Error": swarm.error if swarm else "",
        },
    }


async def _swarm(engine: Engine, act: str, query: str, body: bytes) -> HttpAnswer:
    if act == "leave":
        await leave(engine, force="force=1" in query or "force=true" in query)
        return HttpAnswer(200)
    if act not in ("join", "init"):
        return _json({"message": "page not found"}, 404, engine)
    asked = json.loads(body or b"{}")
    if not isinstance(asked, dict):
        raise ValueError("json: cannot unmarshal into Go value of type swarm.JoinRequest")
    advertise = str(asked.get("AdvertiseAddr") or "")
    if act == "init":
        init(engine, advertise, force_new=bool(asked.get("ForceNewCluster")))
        return _json(engine.agent.node.id if engine.agent else "", 200, engine)
    refuse_member(engine)
    remotes = asked.get("RemoteAddrs") or []
    if not remotes:
        raise DaemonError("at least 1 RemoteAddr is required to join", status=400)
    await Join(engine, remotes, str(asked.get("JoinToken") or ""), advertise).run()
    return HttpAnswer(200)

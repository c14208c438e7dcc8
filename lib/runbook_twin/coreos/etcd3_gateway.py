"""etcd's v3 API in JSON over HTTP (its gRPC gateway): /v3/kv, /v3/cluster, /v3/maintenance."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from runbook_twin.coreos.etcd_http import confirm
from runbook_twin.coreos.etcd_http_cluster import compact
from runbook_twin.coreos.etcd_raft import Server
from runbook_twin.coreos.etcd_replica import Member, member_id
from runbook_twin.coreos.etcd_store import EtcdError
from runbook_twin.machine import HttpAnswer, HttpHandler

Json = dict[str, Any]
_DB_SIZE, _DB_IN_USE = 20480, 16384


class _Refused(Exception):
    """An error of the API: gRPC's code, its number for JSON, the text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def gateway(server: Server, version: str, older: HttpHandler) -> HttpHandler:
    """The handler for the client ports: v3, and below it what the v2 API answers."""

    async def handle(method: str, target: str, body: bytes) -> HttpAnswer:
        if not target.startswith("/v3/"):
            return await older(method, target, body)
        request: Json = json.loads(body or b"{}")
        try:
            answer = await _answer(server, version, target.removeprefix("/v3/"), request)
        except EtcdError:
            text = {"code": "DeadlineExceeded", "error": "context deadline exceeded"}
            return HttpAnswer(504, compact(text))
        except _Refused as refused:
            return HttpAnswer(400, compact({"code": refused.code, "error": refused.text}))
        return HttpAnswer(200, compact({"header": _header(server), **answer}))

    return handle


def _header(server: Server) -> Json:
    replica = server.replica
    return {
        "cluster_id": replica.cluster,
        "member_id": replica.member,
        "revision": replica.kv.revision,
        "raft_term": replica.term,
    }


async def _answer(server: Server, version: str, what: str, request: Json) -> Json:
    if what == "kv/range":
        if not request.get("serializable"):
            await confirm(server)
        pairs = server.replica.kv.range(request["key"], request.get("range_end", ""))
        return {"kvs": [asdict(pair) for pair in pairs], "count": len(pairs)}
    if what == "kv/put":
        return await server.propose(
            {"action": "put", "key": request["key"], "value": request["value"]}
        )
    if what == "kv/deleterange":
        end = request.get("range_end", "")
        return await server.propose({"action": "delete_range", "key": request["key"], "end": end})
    if what == "maintenance/status":
        return _status(server, version)
    if what.startswith("cluster/member/"):
        return await _members(server, version, what.removeprefix("cluster/member/"), request)
    raise _Refused("Unimplemented", f"unknown service {what}")


def _status(server: Server, version: str) -> Json:
    leader = server.leading()
    known = leader.replica.member if leader and leader.quorum() else 0
    index = server.replica.index
    status: Json = {"version": version, "dbSize": _DB_SIZE, "leader": known, "raftIndex": index}
    status |= {
        "raftTerm": server.replica.term,
        "raftAppliedIndex": index,
        "dbSizeInUse": _DB_IN_USE,
    }
    return status if known else status | {"errors": ["etcdserver: no leader"]}


async def _members(server: Server, version: str, what: str, request: Json) -> Json:
    replica = server.replica
    if what == "list":
        if not version.startswith("3.4"):
            await confirm(server)
    elif what == "add":
        urls = request["peerURLs"]
        if any(url in member.peer_urls for member in replica.members.values() for url in urls):
            raise _Refused("FailedPrecondition", "etcdserver: Peer URLs already exists")
        if any(not member.name for member in replica.members.values()):
            raise _Refused("Unavailable", "etcdserver: unhealthy cluster")
        member = Member(member_id(urls, "", int(server.now())), urls)
        await server.propose({"action": "member", "id": member.id, "member": asdict(member)})
        return {"member": {"ID": member.id}, "members": _listed(server)}
    elif what == "remove":
        if request["ID"] not in replica.members:
            raise _Refused("NotFound", "etcdserver: member not found")
        await server.propose({"action": "remove", "id": request["ID"]})
    return {"members": _listed(server)}


def _listed(server: Server) -> list[Json]:
    members = server.replica.members
    return [
        {"ID": m.id, "name": m.name, "peerURLs": m.peer_urls, "clientURLs": m.client_urls}
        for m in (members[number] for number in sorted(members))
    ]

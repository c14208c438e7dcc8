"""etcdctl's commands on the cluster (v2 API): cluster-health and member."""

from __future__ import annotations

import json
import re
from typing import Any

from runbook_twin.coreos.etcd_client import ClientError, ClusterError, dial_error
from runbook_twin.coreos.etcd_http_cluster import compact
from runbook_twin.coreos.etcdctl_keys import Session
from runbook_twin.world import NetworkError

_NOT_HEALTHY = 5


async def cluster_health(session: Session) -> int:
    """cluster-health: asks every member at its client URLs, one after another."""
    call = session.call
    try:
        members = await session.client.members()
    except ClientError:
        call.out("cluster may be unhealthy: failed to list members\n")
        raise
    while True:
        states = [await _health(session, member) for member in members]
        healthy = states.count(True)
        if session.era:
            verdict = "healthy" if healthy else "unhealthy"
        else:
            verdict = {0: "unavailable", len(members): "healthy"}.get(healthy, "degraded")
        call.out(f"cluster is {verdict}\n")
        if not session.local.on("forever"):
            return 0 if verdict == "healthy" else _NOT_HEALTHY
        call.out("\nnext check after 10 second...\n\n")
        await call.clock.sleep(10)


async def _health(session: Session, member: dict[str, Any]) -> bool:
    """Whether one member is healthy; prints what etcdctl prints of it."""
    call, name, urls = session.call, member["id"], member["clientURLs"]
    if not urls:
        call.out(f"member {name} is unreachable: no available published client urls\n")
        return False
    for url in urls:
        target = f"{url}/health"
        try:
            answer = await call.world.http(call.machine, "GET", target, timeout=session.total)
        except NetworkError as error:
            quoted = target if session.era else f'"{target}"'
            reason = dial_error(url, error.reason, "getsockopt" if session.era else "connect")
            call.out(
                f"failed to check the health of member {name} on {url}: Get {quoted}: {reason}\n"
            )
            continue
        healthy = json.loads(answer.body)["health"] in ("true", True)
        state = "healthy" if healthy else "unhealthy"
        call.out(f"member {name} is {state}: got {state} result from {url}\n")
        return healthy
    call.out(f"member {name} is unreachable: [{' '.join(urls)}] are all unreachable\n")
    return False


async def list_members(session: Session) -> int:
    """member list."""
    call = session.call
    try:
        members = await session.client.members()
    except ClusterError:
        raise
    except ClientError as error:
        call.err(f"{error}\n")
        return 1
    leader = ""
    try:
        found, _ = await session.client.ask("GET", "/v2/members/leader")
        leader = found["id"]
    except ClientError as error:
        if all(member["name"] for member in members):
            call.err(f"Failed to get leader:  {error}\n")
            return 1
        raise
    for member in members:
        peers = ",".join(member["peerURLs"])
        if not member["name"]:
            call.out(f"{member['id']}[unstarted]: peerURLs={peers}\n")
            continue
        clients, leads = ",".join(member["clientURLs"]), str(member["id"] == leader).lower()
        call.out(
            f"{member['id']}: name={member['name']} peerURLs={peers} "
            f"clientURLs={clients} isLeader={leads}\n"
        )
    return 0


def _bad_url(url: str) -> str:
    """What Go and etcd say of a peer URL that is none; "" if it is good."""
    scheme, colon, _ = url.partition("://")
    if not colon:
        first = url.partition("/")[0]
        if ":" in first and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", first):
            return f"parse {url}: first path segment in URL cannot contain colon"
        return f"URL scheme must be http, https, unix, or unixs: {url}"
    if scheme not in ("http", "https"):
        return f"URL scheme must be http or https: {url}"
    return (
        ""
        if re.fullmatch(r"[^/:]+:\d+", url.split("://")[1])
        else f"URL must not contain a path: {url}"
    )


async def add(session: Session) -> int:
    """member add NAME PEER_URL."""
    call, words = session.call, session.words
    if len(words) != 2:
        call.err("Provide a name and a single member peerURL\n")
        return 1
    name, url = words
    if problem := _bad_url(url):
        call.err(problem + "\n")
        return 1
    try:
        body = compact({"peerURLs": [url], "name": ""})
        found, _ = await session.client.ask("POST", "/v2/members", body)
        members = await session.client.members()
    except ClientError as error:
        call.err(f"{error}\n")
        return 1
    call.out(f"Added member named {name} with ID {found['id']} to cluster\n\n")
    cluster = ",".join(
        f"{name if m['id'] == found['id'] else m['name']}={peer}"
        for m in members
        for peer in m["peerURLs"]
    )
    call.out(f'ETCD_NAME="{name}"\nETCD_INITIAL_CLUSTER="{cluster}"\n')
    call.out('ETCD_INITIAL_CLUSTER_STATE="existing"\n')
    return 0


async def _known(session: Session) -> str:
    """The id in the first word if it is a member's, else "" and etcdctl's complaint."""
    number = session.words[0].lower()
    members = [member["id"] for member in await session.client.members()]
    if number in members:
        return number
    session.call.err(f"Couldn't find a member in the cluster with an ID of {session.words[0]}.\n")
    return ""


async def remove(session: Session) -> int:
    """member remove ID."""
    call = session.call
    if len(session.words) != 1:
        call.err("Provide a single member ID\n")
        return 1
    try:
        number = await _known(session)
        if not number:
            return 1
        await session.client.ask("DELETE", f"/v2/members/{number}")
    except ClientError as error:
        call.err(f"Received an error trying to remove member {session.words[0]}: {error}\n")
        return 1
    call.out(f"Removed member {number} from cluster\n")
    return 0


async def update(session: Session) -> int:
    """member update ID PEER_URLS."""
    call = session.call
    if len(session.words) != 2:
        call.err(
            "Provide an ID and a list of comma separated peerURL (0xabcd http://example.com,http://example1.com)\n"
        )
        return 1
    try:
        number = await _known(session)
        if not number:
            return 1
        body = compact({"peerURLs": session.words[1].split(","), "name": ""})
        await session.client.ask("PUT", f"/v2/members/{number}", body)
    except ClientError as error:
        call.err(f"Received an error trying to update member {session.words[0]}: {error}\n")
        return 1
    call.out(f"Updated member with ID {number} in cluster\n")
    return 0

"""How a new etcd member finds its cluster: discovery, a static list, or a running one."""

from __future__ import annotations

import json
from dataclasses import dataclass

from runbook_twin.coreos.etcd_config import EtcdConfig
from runbook_twin.coreos.etcd_replica import Member, Replica, cluster_id, member_id
from runbook_twin.machine import HttpAnswer, Machine
from runbook_twin.world import NetworkError

_PATIENCE_S = 1.0
_TRIES = 4


class BootError(Exception):
    """The member cannot start; the message is what it logs (level, text per line)."""

    def __init__(self, *lines: tuple[str, str]) -> None:
        super().__init__(lines[0][1])
        self.lines = lines


@dataclass(frozen=True)
class Full(Exception):
    """The discovery token has all its members; their peer URLs."""

    peer_urls: tuple[str, ...]


async def bootstrap(machine: Machine, config: EtcdConfig) -> Replica:
    """The replica of a new member. Raises BootError and Full."""
    name, own = config["name"], config.urls("initial-advertise-peer-urls")
    if config["discovery"]:
        token = config["discovery"]
        cluster = await _discover(machine, config, member_id(own, token))
    else:
        token, cluster = config["initial-cluster-token"], config.initial_cluster
        if name not in cluster:
            raise BootError(
                ("I", f'couldn\'t find local name "{name}" in the initial cluster configuration')
            )
        if sorted(cluster[name]) != sorted(own):
            wanted = ",".join(f"{name}={url}" for url in own)
            given = ",".join(own)
            raise BootError(
                (
                    "I",
                    f"--initial-cluster must include {wanted} "
                    f"given --initial-advertise-peer-urls={given}",
                )
            )
    if config["initial-cluster-state"] == "existing" and not config["discovery"]:
        return await _join(machine, config, cluster)
    members = [
        Member(member_id(urls, token), sorted(urls), member) for member, urls in cluster.items()
    ]
    mine = next(member.id for member in members if member.name == name)
    for member in members:
        member.name = ""  # known once it has published itself
    return Replica(cluster_id(m.id for m in members), mine, {m.id: m for m in members})


async def _join(machine: Machine, config: EtcdConfig, cluster: dict[str, list[str]]) -> Replica:
    """Become the member that `member add` has made room for."""
    own = config.urls("initial-advertise-peer-urls")
    for url in [url for urls in cluster.values() for url in urls if url not in own]:
        try:
            answer = await machine.world.http(machine, "GET", f"{url}/members")
        except NetworkError:
            continue
        listed = json.loads(answer.body)
        members = {
            int(m["id"], 16): Member(int(m["id"], 16), m["peerURLs"], m["name"], m["clientURLs"])
            for m in listed
        }
        mine = [m.id for m in members.values() if sorted(m.peer_urls) == sorted(own)]
        if not mine or len(members) != len(cluster):
            raise BootError(("C", "error validating peerURLs: member count is unequal"))
        number = int(answer.headers["X-Etcd-Cluster-Id"], 16)
        return Replica(number, mine[0], members, term=0)
    raise BootError(
        (
            "C",
            "cannot fetch cluster info from peer urls: could not retrieve cluster information "
            "from the given urls",
        )
    )


# --- discovery


async def _discover(machine: Machine, config: EtcdConfig, number: int) -> dict[str, list[str]]:
    """Register at the discovery URL, wait until the cluster has its size; peer URLs by name."""
    url = config["discovery"].rstrip("/")
    name = config["name"]
    size = await _size(machine, url)
    here = await _registered(machine, url)
    mine = ",".join(f"{name}={peer}" for peer in config.urls("initial-advertise-peer-urls"))
    if f"{number:x}" in [member for member, _ in here[:size]]:
        raise BootError(
            (
                "E",
                f'member "{name}" has previously registered with discovery service token ({url}).',
            ),
            (
                "E",
                "But etcd could not find valid cluster configuration "
                f"in the given data dir ({config.data_dir}).",
            ),
            ("I", "Please check the given data dir path if the previous bootstrap succeeded"),
            ("I", "or use a new discovery token if the previous bootstrap failed."),
        )
    if len(here) >= size:
        raise Full(
            tuple(part.partition("=")[2] for _, text in here[:size] for part in text.split(","))
        )
    await _ask(machine, "PUT", f"{url}/{number:x}?prevExist=false", f"value={mine}".encode(), url)
    while len(here := await _registered(machine, url)) < size:
        await machine.world.clock.sleep(_PATIENCE_S)
    if f"{number:x}" not in [member for member, _ in here[:size]]:
        raise Full(
            tuple(part.partition("=")[2] for _, text in here[:size] for part in text.split(","))
        )
    cluster: dict[str, list[str]] = {}
    for part in ",".join(text for _, text in here[:size]).split(","):
        member, _, peer = part.partition("=")
        cluster.setdefault(member, []).append(peer)
    return cluster


async def _ask(machine: Machine, method: str, target: str, body: bytes, url: str) -> HttpAnswer:
    pause = 1.0
    for left in range(_TRIES, -1, -1):
        try:
            return await machine.world.http(machine, method, target, body)
        except NetworkError:
            if left:
                await machine.world.clock.sleep(pause)
                pause *= 2
    raise failed("discovery: too many retries", url)


def failed(why: str, url: str) -> BootError:
    """The error of a discovery that did not work."""
    return BootError(
        ("E", f"failed to join discovery cluster ({why})"),
        ("I", f"discovery token {url} was used, but failed to bootstrap the cluster."),
        ("I", "please generate a new discovery token and try to bootstrap again."),
    )


async def _size(machine: Machine, url: str) -> int:
    answer = await _ask(machine, "GET", f"{url}/_config/size", b"", url)
    found = json.loads(answer.body)
    if "errorCode" in found:
        # etcd names the token's directory, which is what is missing
        cause = found["cause"].removesuffix("/_config/size").removesuffix("/_config")
        raise failed(f"{found['errorCode']}: {found['message']} ({cause}) [{found['index']}]", url)
    return int(found["node"]["value"])


async def _registered(machine: Machine, url: str) -> list[tuple[str, str]]:
    """Who has registered: (member id, `name=peer URL,...`), in the order of arrival."""
    answer = await _ask(machine, "GET", url, b"", url)
    nodes = json.loads(answer.body).get("node", {}).get("nodes", [])
    nodes.sort(key=lambda node: node["createdIndex"])
    return [(node["key"].rpartition("/")[2], node["value"]) for node in nodes if "value" in node]

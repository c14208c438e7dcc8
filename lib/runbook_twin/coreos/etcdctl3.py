"""The program `etcdctl` of etcd 3.4 and 3.5: API 3, or with ETCDCTL_API=2 the older commands."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable

from runbook_twin.coreos import etcdctl3_endpoints, etcdctl3_show
from runbook_twin.coreos.etcdctl import program as program_v2
from runbook_twin.coreos.etcdctl3_client import (
    BadArguments,
    Client3,
    Flags3,
    Json,
    Rpc,
    UnknownFlag,
)
from runbook_twin.machine import Call, Program

_BAD_ARGUMENTS = 128
_SIMILAR = {"set": ("get", "put", "del", "user"), "update": (), "mk": (), "ls": (), "rm": ()}
Command = Callable[[Client3], Awaitable[int]]


def _encode(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def _end(client: Client3, key: str) -> str:
    """The end of the range that the flags ask for."""
    if client.flags.on("from-key"):
        return _encode(b"\0")
    if not client.flags.on("prefix"):
        return _encode(client.words[1]) if len(client.words) > 1 else ""
    raw = bytearray(key.encode())
    while raw and raw[-1] == 0xFF:
        raw.pop()
    if not raw:
        return _encode(b"\0")
    raw[-1] += 1
    return _encode(bytes(raw))


async def get(client: Client3) -> int:
    """get KEY [RANGE_END]."""
    if not client.words:
        raise BadArguments(
            "get command needs one argument as key and an optional argument as range_end"
        )
    key = client.words[0]
    request: Json = {"key": _encode(key or "\0"), "range_end": _end(client, key)}
    if client.flags.text("consistency") == "s":
        request["serializable"] = True
    answer = await client.ask("kv/range", request)
    if limit := int(client.flags.text("limit") or 0):
        answer["kvs"] = answer["kvs"][:limit]
    client.call.out(etcdctl3_show.pairs(client, answer))
    return 0


async def put(client: Client3) -> int:
    """put KEY VALUE, the value perhaps from stdin."""
    words = client.words
    if not words or (len(words) == 1 and not client.call.stdin):
        raise BadArguments("put command needs 1 argument and input from stdin or 2 arguments")
    value: str | bytes = words[1] if len(words) > 1 else client.call.stdin
    answer = await client.ask("kv/put", {"key": _encode(words[0]), "value": _encode(value)})
    client.call.out(etcdctl3_show.put(client, answer))
    return 0


async def delete(client: Client3) -> int:
    """del KEY [RANGE_END]."""
    if not client.words:
        raise BadArguments(
            "del command needs one argument as key and an optional argument as range_end"
        )
    key = client.words[0]
    answer = await client.ask(
        "kv/deleterange", {"key": _encode(key), "range_end": _end(client, key)}
    )
    client.call.out(f"{answer['deleted']}\n")
    if client.flags.on("prev-kv"):
        client.call.out("".join(etcdctl3_show.pair(found) for found in answer["prev_kvs"]))
    return 0


async def member(client: Client3) -> int:
    """member list, add, remove."""
    verb, *words = client.words or [""]
    if verb == "list":
        client.call.out(etcdctl3_show.members(client, await client.ask("cluster/member/list", {})))
        return 0
    if verb == "add":
        return await _add(client, words)
    if verb == "remove":
        return await _remove(client, words)
    client.call.out(
        "NAME:\n\tmember - Membership related commands\n\n"
        "USAGE:\n\tetcdctl member <subcommand> [flags]\n"
    )
    return 0


async def _add(client: Client3, words: list[str]) -> int:
    if len(words) != 1:
        raise BadArguments("member name not provided" if not words else "too many arguments")
    if not client.flags.text("peer-urls"):
        raise BadArguments("member peer urls not provided")
    urls = client.flags.text("peer-urls").split(",")
    answer = await client.ask("cluster/member/add", {"peerURLs": urls})
    number, cluster = answer["member"]["ID"], answer["header"]["cluster_id"]
    initial = ",".join(
        f"{words[0] if found['ID'] == number else found['name']}={url}"
        for found in answer["members"] for url in found["peerURLs"]
    )  # fmt: skip
    client.call.out(f"Member {number:16x} added to cluster {cluster:16x}\n\n")
    client.call.out(f'ETCD_NAME="{words[0]}"\nETCD_INITIAL_CLUSTER="{initial}"\n')
    client.call.out(
        f'ETCD_INITIAL_ADVERTISE_PEER_URLS="{",".join(urls)}"\nETCD_INITIAL_CLUSTER_STATE="existing"\n'
    )
    return 0


async def _remove(client: Client3, words: list[str]) -> int:
    if len(words) != 1:
        raise BadArguments("member ID is not provided")
    try:
        number = int(words[0], 16)
    except ValueError:
        reason = f'strconv.ParseUint: parsing "{words[0]}": invalid syntax'
        raise BadArguments(f"bad member ID arg ({reason}), expecting ID in Hex") from None
    answer = await client.ask("cluster/member/remove", {"ID": number})
    client.call.out(
        f"Member {number:16x} removed from cluster {answer['header']['cluster_id']:16x}\n"
    )
    return 0


async def version(client: Client3) -> int:
    """version."""
    api = client.version.rpartition(".")[0]
    client.call.out(f"etcdctl version: {client.version}\nAPI version: {api}\n")
    return 0


async def alarm(client: Client3) -> int:
    """alarm list: there are none."""
    return 0


_COMMANDS: dict[str, Command] = {
    "get": get, "put": put, "del": delete, "member": member, "version": version, "alarm": alarm,
    "endpoint": etcdctl3_endpoints.endpoint,
}  # fmt: skip


def program(release: str) -> Program:
    """etcdctl of a release."""
    older = program_v2(release)

    async def etcdctl(call: Call) -> int:
        if call.environment.get("ETCDCTL_API") == "2":
            return await older(call)
        try:
            flags = Flags3(call.argv[1:])
        except UnknownFlag as error:
            call.err(f"Error: {error}\n\nError: {error}\n")
            return 1
        if not flags.words:
            call.out(
                "NAME:\n\tetcdctl - A simple command line client for etcd3.\n\n"
                "USAGE:\n\tetcdctl [flags]\n"
            )
            return 0
        name = flags.words[0]
        if name not in _COMMANDS:
            return _unknown(call, name)
        client = Client3(call, flags, release)
        try:
            return await _COMMANDS[name](client)
        except BadArguments as error:
            call.err(f"Error: {error}\n")
            return _BAD_ARGUMENTS
        except Rpc as error:
            call.err(f"{error.warning}Error: {error}\n")
            return 1

    return etcdctl


def _unknown(call: Call, name: str) -> int:
    text = f'Error: unknown command "{name}" for "etcdctl"\n'
    similar = _SIMILAR.get(name, ())
    hint = (
        "\nDid you mean this?\n" + "".join(f"\t{word}\n" for word in similar) + "\n"
        if similar
        else ""
    )
    call.err(f"{text}{hint}Run 'etcdctl --help' for usage.\n{text}{hint}")
    return 1

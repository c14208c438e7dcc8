"""etcdctl's commands on keys (v2 API) and what they print."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from runbook_twin.coreos import etcdctl_usage, goflags
from runbook_twin.coreos.etcd_client import Client
from runbook_twin.coreos.etcdctl_usage import Usage, chosen_endpoints
from runbook_twin.coreos.goflags import Flags
from runbook_twin.machine import Call, HttpAnswer

Json = dict[str, Any]


class BadArguments(Exception):
    """Wrong words behind a command: exit 1."""


class Session:
    """One run of etcdctl: its flags, its words, its client."""

    def __init__(self, call: Call, flags: Flags, version: str) -> None:
        self.call, self.flags, self.version = call, flags, version
        self.era = version.startswith("2.")
        self.endpoints = chosen_endpoints(flags, call.environment)
        self.total = flags.number("total-timeout")
        self.output = flags.text("output")
        self.client = Client(call.machine, self.endpoints, self.total, era=self.era)
        self.local = Flags({})
        self.words: list[str] = []

    def read(self, arguments: list[str], usage: Usage) -> None:
        """Read the command's own flags. Raises FlagError, Help."""
        self.local = goflags.parse(arguments, usage.defaults, etcdctl_usage.short(usage.flags))
        self.words = self.local.words

    def key(self) -> str:
        """The first word. Raises BadArguments."""
        if not self.words:
            raise BadArguments("key required")
        return self.words[0]

    def value(self) -> str:
        """The second word, or what stands on stdin. Raises BadArguments."""
        if len(self.words) > 1:
            return self.words[1]
        if not self.call.stdin:
            raise BadArguments("value required")
        return self.call.stdin.decode("utf-8", "replace")

    async def keys(
        self, method: str, key: str, form: Json | None = None
    ) -> tuple[Json, HttpAnswer]:
        """Ask /v2/keys. Raises ClientError."""
        query = urlencode({k: v for k, v in (form or {}).items() if v not in (None, "", 0, False)})
        if form and "value" in form and method != "GET":
            query = urlencode({"value": form["value"]}) + ("&" + query if query else "")
        path = "/v2/keys/" + quote(key.strip("/"))
        if method == "GET" or method == "DELETE":
            return await self.client.ask(method, f"{path}?{query}" if query else path)
        return await self.client.ask(method, path, query.encode())

    def show(self, event: Json, answer: HttpAnswer) -> None:
        """Print an event in the format asked for."""
        node, before = event["node"], event.get("prevNode")
        deleted = event["action"] == "delete"
        if self.output == "json":
            shown = {"action": event["action"], "node": _plain(node), "prevNode": _plain(before)}
            self.call.out(json.dumps(shown, ensure_ascii=False, separators=(",", ":")) + "\n")
        elif self.output == "extended":
            lines = [f"Key: {node['key']}", f"Created-Index: {node['createdIndex']}",
                     f"Modified-Index: {node['modifiedIndex']}"]  # fmt: skip
            lines += [f"PrevNode.Value: {before.get('value', '')}"] if before else []
            lines += [f"TTL: {node.get('ttl', 0)}", f"Index: {answer.headers['X-Etcd-Index']}"]
            lines += [] if deleted else ["", node.get("value", "")]
            self.call.out("".join(line + "\n" for line in lines))
        elif self.output == "simple":
            text = (
                f"PrevNode.Value: {(before or {}).get('value', '')}"
                if deleted
                else node.get("value", "")
            )
            self.call.out(text + "\n")
        else:
            self.call.err(f"Unsupported output format: {self.output}\n")


def _plain(node: Json | None) -> Json | None:
    """A node as Go's client marshals it."""
    if node is None:
        return None
    shown: Json = {"key": node.get("key", "")} | ({"dir": True} if node.get("dir") else {})
    nodes = [_plain(child) for child in node["nodes"]] if "nodes" in node else None
    shown |= {"value": node.get("value", ""), "nodes": nodes}
    shown |= {name: node.get(name, 0) for name in ("createdIndex", "modifiedIndex")}
    return shown | {name: node[name] for name in ("expiration", "ttl") if name in node}


async def get(session: Session) -> int:
    """get KEY."""
    form = {
        "sorted": session.local.on("sort") and "true",
        "quorum": session.local.on("quorum") and "true",
    }
    event, answer = await session.keys("GET", session.key(), form)
    if event["node"].get("dir"):
        session.call.err(f"{event['node'].get('key', '')}: is a directory\n")
        return 1
    session.show(event, answer)
    return 0


async def set_key(session: Session) -> int:
    """set KEY VALUE."""
    session.key()
    form = {"value": session.value(), "ttl": session.local.values["ttl"],
            "prevValue": session.local.text("swap-with-value"),
            "prevIndex": session.local.values["swap-with-index"]}  # fmt: skip
    session.show(*await session.keys("PUT", session.key(), form))
    return 0


async def make(session: Session) -> int:
    """mk KEY VALUE: only if it is not there."""
    session.key()
    form: Json = {"value": session.value(), "ttl": session.local.values["ttl"]}
    if session.local.on("in-order"):
        session.show(*await session.keys("POST", session.key(), form))
    else:
        session.show(*await session.keys("PUT", session.key(), form | {"prevExist": "false"}))
    return 0


async def update(session: Session) -> int:
    """update KEY VALUE: only if it is there."""
    session.key()
    form: Json = {"value": session.value(), "ttl": session.local.values["ttl"], "prevExist": "true"}
    session.show(*await session.keys("PUT", session.key(), form))
    return 0


async def _directory(session: Session, condition: str) -> int:
    form = {"dir": "true", "ttl": session.local.values["ttl"], "prevExist": condition}
    event, answer = await session.keys("PUT", session.key(), form)
    if session.output != "simple":
        session.show(event, answer)
    return 0


async def make_directory(session: Session) -> int:
    """mkdir KEY."""
    return await _directory(session, "false")


async def set_directory(session: Session) -> int:
    """setdir KEY."""
    return await _directory(session, "")


async def update_directory(session: Session) -> int:
    """updatedir KEY."""
    return await _directory(session, "true")


async def remove(session: Session) -> int:
    """rm KEY."""
    local = session.local
    form: Json = {"dir": local.on("dir") and "true", "recursive": local.on("recursive") and "true"}
    form |= {"prevValue": local.text("with-value"), "prevIndex": local.values["with-index"]}
    event, answer = await session.keys("DELETE", session.key(), form)
    if not event["node"].get("dir"):
        session.show(event, answer)
    return 0


async def remove_directory(session: Session) -> int:
    """rmdir KEY."""
    event, answer = await session.keys("DELETE", session.key(), {"dir": "true"})
    if not event["node"].get("dir"):
        session.show(event, answer)
    return 0


async def list_keys(session: Session) -> int:
    """ls [KEY]."""
    local = session.local
    flags = {"sorted": "sort", "recursive": "recursive", "quorum": "quorum"}
    form = {name: local.on(flag) and "true" for name, flag in flags.items()}
    event, _ = await session.keys("GET", session.words[0] if session.words else "/", form)
    _print_keys(session, event["node"], top=True)
    return 0


def _print_keys(session: Session, node: Json, *, top: bool = False) -> None:
    if not (top and node.get("dir")):
        slash = "/" if node.get("dir") and session.local.on("p") else ""
        session.call.out(node["key"] + slash + "\n")
    for child in node.get("nodes", []):
        _print_keys(session, child)


async def watch(session: Session) -> int:
    """watch KEY: prints the next change, with --forever all of them."""
    session.client.total = float("inf")
    after = session.local.values["after-index"]
    form: Json = {"wait": "true", "recursive": session.local.on("recursive") and "true"}
    form["waitIndex"] = int(str(after)) + 1 if after else 0
    while True:
        event, answer = await session.keys("GET", session.key(), form)
        if session.local.on("recursive"):
            session.call.out(f"[{event['action']}] {event['node']['key']}\n")
        session.show(event, answer)
        if not session.local.on("forever"):
            return 0
        form["waitIndex"] = event["node"]["modifiedIndex"] + 1

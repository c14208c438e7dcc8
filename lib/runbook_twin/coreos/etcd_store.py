"""etcd's v2 key space: directories, values, indexes, time to live, and the errors."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

_MESSAGES = {
    100: "Key not found", 101: "Compare failed", 102: "Not a file", 104: "Not a directory",
    105: "Key already exists", 107: "Root is read only", 108: "Directory not empty",
    200: "Value is Required in POST form", 202: "The given TTL in POST form is not a number",
    203: "The given index in POST form is not a number", 209: "Invalid field",
    300: "Raft Internal Error", 301: "During Leader Election",
}  # fmt: skip
_STATUS = {100: 404, 101: 412, 105: 412, 102: 403, 104: 403, 107: 403, 108: 403, 300: 500, 301: 500}
_HISTORY = 1000

Json = dict[str, Any]


class EtcdError(Exception):
    """An error of the v2 API."""

    def __init__(self, code: int, cause: str, index: int = 0) -> None:
        super().__init__(f"{code}: {_MESSAGES[code]} ({cause}) [{index}]")
        self.code, self.cause, self.index = code, cause, index
        self.status = _STATUS.get(code, 400)

    @property
    def body(self) -> bytes:
        """The answer's JSON."""
        answer = {"errorCode": self.code, "message": _MESSAGES[self.code], "cause": self.cause}
        text = json.dumps(
            {**answer, "index": self.index}, ensure_ascii=False, separators=(",", ":")
        )
        return (text + "\n").encode()


@dataclass
class Node:
    """A key: a value, or a directory when `value` is None."""

    key: str
    value: str | None
    created: int
    modified: int
    expires: float | None = None
    children: dict[str, Node] = field(default_factory=dict)

    @property
    def directory(self) -> bool:
        """Whether it is a directory."""
        return self.value is None

    def walk(self) -> Iterator[Node]:
        """This node and everything below it."""
        yield self
        for child in self.children.values():
            yield from child.walk()

    def show(self, now: float, *, depth: float = 0, order: bool = False) -> Json:
        """The node as the API shows it; depth: how many levels of a directory's nodes."""
        shown: Json = {"key": self.key} if self.key != "/" else {}
        shown |= {"dir": True} if self.directory else {"value": self.value}
        if self.expires is not None:
            moment = datetime.fromtimestamp(self.expires, UTC)
            shown["expiration"] = moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "891Z"
            shown["ttl"] = max(0, math.ceil(self.expires - now))
        nodes = [c for name, c in self.children.items() if not name.startswith("_")]
        if nodes and depth > 0:
            if order:
                nodes.sort(key=lambda node: node.key)
            shown["nodes"] = [n.show(now, depth=depth - 1, order=order) for n in nodes]
        if self.key != "/":
            shown |= {"modifiedIndex": self.modified, "createdIndex": self.created}
        return shown


class Store:
    """The tree, its index, and the last events for those who wait."""

    def __init__(self) -> None:
        self.root = Node("/", None, 0, 0)
        self.index = 0
        self.events: list[Json] = []

    # --- reading

    def find(self, key: str) -> Node:
        """The node of a key. Raises EtcdError 100 and 104."""
        node = self.root
        for part in self._parts(key):
            if not node.directory:
                raise EtcdError(104, node.key, self.index)
            if part not in node.children:
                raise EtcdError(100, f"{node.key.rstrip('/')}/{part}", self.index)
            node = node.children[part]
        return node

    def exists(self, key: str) -> bool:
        """Whether there is such a key."""
        try:
            self.find(key)
        except EtcdError:
            return False
        return True

    @staticmethod
    def _parts(key: str) -> list[str]:
        return [part for part in key.split("/") if part]

    # --- writing (the same on every member: `now` comes with the operation)

    def apply(self, operation: Json) -> Json:
        """Carry out one operation; the event. Raises EtcdError."""
        act = getattr(self, f"_{operation['action']}")
        event: Json = act(**{k: v for k, v in operation.items() if k != "action"})
        return event

    def _event(self, action: str, node: Json, before: Json | None = None) -> Json:
        event = {"action": action, "node": node} | ({"prevNode": before} if before else {})
        self.events = [*self.events[-_HISTORY:], event]
        return event

    def _parent(self, key: str) -> Node:
        """The directory that a key goes into; made if need be."""
        node = self.root
        for part in self._parts(key)[:-1]:
            if part not in node.children:
                path = f"{node.key.rstrip('/')}/{part}"
                node.children[part] = Node(path, None, self.index + 1, self.index + 1)
            node = node.children[part]
            if not node.directory:
                raise EtcdError(104, node.key, self.index)
        return node

    def _guard(self, key: str, present: Node | None, conditions: Json) -> None:
        exist, value, index = (conditions.get(k) for k in ("prevExist", "prevValue", "prevIndex"))
        if exist is False and present:
            raise EtcdError(105, key, self.index)
        if present is None and (exist or value is not None or index is not None):
            raise EtcdError(100, key, self.index)
        if present is None or (value is None and index is None):
            return
        if present.directory:
            raise EtcdError(102, key, self.index)
        failed = [
            f"[{wanted} != {found}]"
            for wanted, found in ((value, present.value), (index, present.modified))
            if wanted is not None and wanted != found
        ]
        if failed:
            raise EtcdError(101, " ".join(failed), self.index)

    def _set(
        self, now: float, key: str, value: str | None, ttl: float | None = None, **conditions: Any
    ) -> Json:
        parts = self._parts(key)
        if not parts:
            raise EtcdError(107, "/", self.index)
        key = "/" + "/".join(parts)
        try:
            present = self.find(key)
        except EtcdError as error:
            if error.code != 100:
                raise
            present = None
        self._guard(key, present, conditions)
        compared = {"prevValue", "prevIndex"} & {k for k, v in conditions.items() if v is not None}
        kept = present is not None and (bool(compared) or conditions.get("prevExist") is True)
        if present and present.directory and not (kept and value is None):
            raise EtcdError(102, key, self.index)
        parent = self._parent(key)
        self.index += 1
        before = present.show(now) if present else None
        created = present.created if kept and present else self.index
        expires = now + ttl if ttl else None
        node = Node(key, value, created, self.index, expires, present.children if present else {})
        parent.children[parts[-1]] = node
        action = "compareAndSwap" if compared else "update" if kept else "set"
        if conditions.get("prevExist") is False:
            action = "create"
        return self._event(action, node.show(now), before)

    def _create_in_order(self, now: float, key: str, value: str, ttl: float | None = None) -> Json:
        name = f"{key.rstrip('/')}/{self.index + 1:020d}"
        return self._set(now, name, value, ttl, prevExist=False)

    def _delete(
        self,
        now: float,
        key: str,
        directory: bool = False,
        recursive: bool = False,
        **conditions: Any,
    ) -> Json:
        node = self.find(key)
        if node is self.root:
            raise EtcdError(107, "/", self.index)
        self._guard(node.key, node, conditions)
        if node.directory and not (directory or recursive):
            raise EtcdError(102, node.key, self.index)
        if node.children and not recursive:
            raise EtcdError(108, node.key, self.index)
        compared = any(v is not None for v in conditions.values())
        return self._remove(node, now, "compareAndDelete" if compared else "delete")

    def _remove(self, node: Node, now: float, action: str) -> Json:
        folder, _, name = node.key.rpartition("/")
        del self.find(folder).children[name]
        self.index += 1
        gone: Json = {"key": node.key} | ({"dir": True} if node.directory else {})
        gone |= {"modifiedIndex": self.index, "createdIndex": node.created}
        return self._event(action, gone, node.show(now))

    def overdue(self, now: float) -> list[Node]:
        """Keys whose time to live is over (still there until the leader says so)."""
        return [n for n in self.root.walk() if n.expires is not None and n.expires <= now]

    def _expire(self, now: float) -> Json:
        for node in self.overdue(now):
            if self.exists(node.key):
                self._remove(node, now, "expire")
        return {}

    # --- on disk

    def dump(self) -> Json:
        """Everything, as JSON."""
        nodes = [
            [n.key, n.value, n.created, n.modified, n.expires]
            for n in self.root.walk()
            if n.key != "/"
        ]
        return {"index": self.index, "nodes": nodes}

    @classmethod
    def load(cls, saved: Json) -> Store:
        """The store of a dump (parents stand before their children)."""
        store = cls()
        for key, value, created, modified, expires in saved["nodes"]:
            parts = cls._parts(key)
            parent = store.find("/".join(parts[:-1]))
            parent.children[parts[-1]] = Node(key, value, created, modified, expires)
        store.index = saved["index"]
        return store

"""etcd's v3 key space: flat keys, one revision for every change."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Pair:
    """A key with its value; both are bytes kept as base64."""

    key: str
    create_revision: int
    mod_revision: int
    version: int
    value: str

    @property
    def raw(self) -> bytes:
        """The key's bytes, which sort."""
        return base64.b64decode(self.key)


@dataclass
class KeyValues:
    """All keys of a member."""

    revision: int = 1
    pairs: dict[str, Pair] = field(default_factory=dict)

    def range(self, key: str, end: str = "") -> list[Pair]:
        """The pair of a key, or those from `key` up to (not including) `end`; "\\0" = no end."""
        if not end:
            return [self.pairs[key]] if key in self.pairs else []
        first, last = base64.b64decode(key), base64.b64decode(end)
        found = [
            p for p in self.pairs.values() if p.raw >= first and (last == b"\0" or p.raw < last)
        ]
        return sorted(found, key=lambda pair: pair.raw)

    def put(self, key: str, value: str) -> Json:
        """Write a key; {"prev_kv": the pair before} if there was one."""
        self.revision += 1
        before = self.pairs.get(key)
        created = before.create_revision if before else self.revision
        version = before.version + 1 if before else 1
        self.pairs[key] = Pair(key, created, self.revision, version, value)
        return {"prev_kv": asdict(before)} if before else {}

    def delete(self, key: str, end: str = "") -> Json:
        """Remove keys; how many there were, and their pairs."""
        gone = self.range(key, end)
        self.revision += bool(gone)
        for pair in gone:
            del self.pairs[pair.key]
        return {"deleted": len(gone), "prev_kvs": [asdict(pair) for pair in gone]}

    def dump(self) -> Json:
        """Everything, as JSON."""
        return asdict(self)

    @classmethod
    def load(cls, saved: Json) -> KeyValues:
        """The key space of a dump."""
        return cls(saved["revision"], {key: Pair(**pair) for key, pair in saved["pairs"].items()})

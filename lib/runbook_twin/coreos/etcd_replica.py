"""What an etcd member keeps on its disk: ids, members, keys, how far it has come."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from runbook_twin.coreos.etcd3_kv import KeyValues
from runbook_twin.coreos.etcd_store import Json, Store


def member_id(peer_urls: Iterable[str], token: str, now: int | None = None) -> int:
    """The id that etcd gives a member: a hash of its peer URLs and the cluster's token."""
    text = "".join(sorted(peer_urls)) + token + ("" if now is None else str(now))
    return int(hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:16], 16)


def cluster_id(members: Iterable[int]) -> int:
    """The id of a cluster that starts with these members."""
    data = b"".join(member.to_bytes(8, "big") for member in sorted(members))
    return int(hashlib.sha1(data, usedforsecurity=False).hexdigest()[:16], 16)


@dataclass
class Member:
    """What the cluster knows of a member; one without a name has not started yet."""

    id: int
    peer_urls: list[str]
    name: str = ""
    client_urls: list[str] = field(default_factory=list)


@dataclass
class Replica:
    """What a member keeps on its disk."""

    cluster: int
    member: int
    members: dict[int, Member]
    removed: set[int] = field(default_factory=set)
    store: Store = field(default_factory=Store)
    kv: KeyValues = field(default_factory=KeyValues)
    index: int = 0
    term: int = 1

    def dump(self) -> bytes:
        """The replica as bytes for the data directory."""
        saved = {name: getattr(self, name) for name in ("cluster", "member", "index", "term")}
        saved["members"] = [asdict(member) for member in self.members.values()]
        saved |= {"removed": list(self.removed), "store": self.store.dump(), "kv": self.kv.dump()}
        return json.dumps(saved).encode()

    @classmethod
    def load(cls, data: bytes) -> Replica:
        """The replica of a data directory."""
        saved = json.loads(data)
        saved["members"] = {m["id"]: Member(**m) for m in saved["members"]}
        saved |= {
            "removed": set(saved["removed"]),
            "store": Store.load(saved["store"]),
            "kv": KeyValues.load(saved["kv"]),
        }
        return cls(**saved)

    def follow(self, leader: Replica) -> None:
        """Take over all that the leader has committed."""
        self.store, self.kv = copy.deepcopy((leader.store, leader.kv))
        self.members = copy.deepcopy(leader.members)
        self.removed, self.index = set(leader.removed), leader.index

    def apply(self, operation: Json) -> Json:
        """Carry out one committed entry. Raises EtcdError."""
        self.index += 1
        act = operation["action"]
        if act == "member":
            self.members[operation["id"]] = Member(**operation["member"])
        elif act == "remove":
            self.members.pop(operation["id"], None)
            self.removed.add(operation["id"])
        elif act == "put":
            return self.kv.put(operation["key"], operation["value"])
        elif act == "delete_range":
            return self.kv.delete(operation["key"], operation["end"])
        else:
            return self.store.apply(operation)
        return {}

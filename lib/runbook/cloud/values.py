"""What the cloud says about a server, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

TAG = "runbook"
GROUP_TAG = "runbook-group="


@dataclass(frozen=True)
class CloudServer:
    """A server as the cloud sees it.

    address: its first fixed one ("" until it has one); addresses: all fixed ones. image: an id.
    flavor: a name (an id with old clouds). fault: why it is in ERROR, in the cloud's words.
    """

    id: str
    name: str
    group: str
    status: str
    task_state: str | None
    address: str
    image: str
    flavor: str
    addresses: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    key_pair: str = ""
    created: str = ""
    fault: str = ""

    @property
    def ours(self) -> bool:
        """Whether it carries our tag."""
        return TAG in self.tags

    def is_settled(self, status: str) -> bool:
        """Whether it has this status and nothing is under way."""
        return self.status == status and not self.task_state


@dataclass(frozen=True)
class Seen:
    """A server's state at one moment; `after` in seconds of the target since the wait began.

    status is GONE once the cloud does not know the server any more.
    """

    server: str
    after: float
    status: str
    task_state: str | None

    def __str__(self) -> str:
        doing = f" ({self.task_state})" if self.task_state else ""
        return f"{self.after:.1f} s: {self.server} {self.status}{doing}"


GONE = "GONE"


def tags_of(group: str) -> list[str]:
    """The tags of a server that we make."""
    return [TAG, f"{GROUP_TAG}{group}"]

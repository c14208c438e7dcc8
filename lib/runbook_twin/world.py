"""The twin's world: machines, the network between them, and what lies outside (registries)."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from runbook_twin.clock import Clock
from runbook_twin.faults import Faults
from runbook_twin.machine import HttpAnswer, HttpHandler, Machine


class NetworkError(OSError):
    """A connection that failed; `reason` in Go's words: `connection refused`, `no route to host`,
    `i/o timeout`, `no such host`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class World:
    """Everything that exists, and one place that says who reaches whom.

    internet: handlers by host name for the world outside (discovery.etcd.io, a registry ...).
    images: names of container images that the registry has -> seconds that a pull takes.
    """

    clock: Clock
    machines: dict[str, Machine] = field(default_factory=dict)  # by server id of the cloud
    cut: set[str] = field(default_factory=set)  # addresses whose link is down
    slow: dict[str, float] = field(default_factory=dict)  # address -> extra seconds per connection
    internet: dict[str, HttpHandler] = field(default_factory=dict)
    images: dict[str, float] = field(
        default_factory=lambda: {"nginx": 16.0, "busybox": 3.0, "redis": 16.0}
    )
    random: random.Random = field(default_factory=random.Random)
    events: list[tuple[float, str]] = field(default_factory=list)  # the twin's own truth
    watchers: list[Callable[[float, str], None]] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    on_change: set[Callable[[], None]] = field(default_factory=set)  # told when the network changes

    def changed(self) -> None:
        """Power or network has changed: whoever holds data back looks again."""
        for look in list(self.on_change):
            look()

    def note(self, text: str) -> None:
        """Write down what really happened and when: the truth that a meter is held against."""
        self.events.append((self.clock.now(), text))
        for watch in self.watchers:
            watch(*self.events[-1])

    def machine_at(self, address: str) -> Machine | None:
        """The machine that has this address, powered or not."""
        return next((m for m in self.machines.values() if m.address == address), None)

    def reachable(self, source: Machine | None, address: str) -> bool:
        """Whether packets from `source` (None = the bastion) arrive at `address` just now."""
        target = self.machine_at(address)
        if target is None or not target.powered or address in self.cut:
            return target is not None and source is target and target.powered
        return source is None or source is target or source.address not in self.cut

    async def http(
        self,
        source: Machine | None,
        method: str,
        url: str,
        body: bytes = b"",
        *,
        timeout: float = 5.0,
    ) -> HttpAnswer:
        """One HTTP request inside the world. Raises NetworkError in Go's words."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if host in self.internet:
            return await self.internet[host](method, path, body)
        if host in ("127.0.0.1", "localhost") and source is not None:
            host = source.address
        target = self.machine_at(host)
        if target is None and not host.replace(".", "").isdigit():
            raise NetworkError("no such host")
        if target is None or not self.reachable(source, host):
            await self.clock.sleep(min(timeout, 3.0) if target is None else timeout)
            raise NetworkError("no route to host" if target is None else "i/o timeout")
        if extra := self.slow.get(host, 0.0):
            await self.clock.sleep(min(extra, timeout))
            if extra >= timeout:
                raise NetworkError("i/o timeout")
        if port not in target.listeners:
            raise NetworkError("connection refused")
        return await target.listeners[port](method, path, body)

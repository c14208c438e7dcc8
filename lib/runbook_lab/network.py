"""The lab's network: a bridge inside the lab's own namespace; nothing leads out of it."""

from __future__ import annotations

from runbook_lab.commands import call

BRIDGE, GATEWAY, LENGTH = "lab0", "192.168.0.1", 24


def make_bridge() -> None:
    """Make the bridge in the namespace that we are in."""
    call("ip", "link", "set", "lo", "up")
    call("ip", "link", "add", BRIDGE, "type", "bridge")
    call("ip", "address", "add", f"{GATEWAY}/{LENGTH}", "dev", BRIDGE)
    call("ip", "link", "set", BRIDGE, "up")


class Cable:
    """A server's own network namespace, and the cable from it to the bridge."""

    def __init__(self, name: str, address: str) -> None:
        self.name, self.address = name, address
        self._undo: list[tuple[str, ...]] = []

    @property
    def _plug(self) -> str:
        return f"to-{self.name}"[:15]  # IFNAMSIZ

    def make(self) -> None:
        """Make both for one boot; the cable is unplugged."""
        call("ip", "netns", "add", self.name)
        self._undo.append(("ip", "netns", "delete", self.name))
        peer = ("type", "veth", "peer", "name", "eth0", "netns", self.name)
        call("ip", "link", "add", self._plug, *peer)
        self._undo.append(("ip", "link", "delete", self._plug))
        call("ip", "link", "set", self._plug, "master", BRIDGE)
        inside = ("ip", "-n", self.name)
        call(*inside, "link", "set", "lo", "up")
        call(*inside, "address", "add", f"{self.address}/{LENGTH}", "dev", "eth0")
        call(*inside, "link", "set", "eth0", "up")
        call(*inside, "route", "add", "default", "via", GATEWAY)

    def plug(self, into: bool) -> None:
        """Plug it in or out; a server that is off has none."""
        if self._undo:
            call("ip", "link", "set", self._plug, "up" if into else "down")

    def remove(self) -> None:
        """Remove what was made of both."""
        while self._undo:
            call(*self._undo.pop())

"""Host keys of servers that the cloud has just made: the console log vouches for a new one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runbook import atomic
from runbook.cloud import Cloud, fingerprint
from runbook.errors import RunbookError, Unreachable
from runbook.inventory import Server
from runbook.record import Journal
from runbook.ssh_config import Route, read_known_keys


class FirstContact:
    """Learns the host keys of new servers, and forgets those of servers that are no more.

    cloud: gives the target's cloud, None when it has none; route: what OpenSSH says of a server;
    known_hosts: the file that the target names, None for the one of the route.
    """

    def __init__(
        self,
        cloud: Callable[[], Cloud | None],
        route: Callable[[Server], Route],
        known_hosts: Path | None,
        journal: Journal,
    ) -> None:
        self._cloud = cloud
        self._route = route
        self._known_hosts = known_hosts
        self._journal = journal

    def vouch(self, server: Server, key_type: str, key: str) -> bool:
        """Whether the console log of the server shows this unknown key; then it is written down.

        Raises Unreachable while the log shows no key at all: the server is still booting.
        """
        cloud, (name, file) = self._cloud(), self._place(server)
        if cloud is None or file is None or not server.group:
            return False
        shown = cloud.host_key_fingerprints(server.name)
        if not shown:
            raise Unreachable(
                f"{server.name}: its console log shows no host key yet",
                remedy="wait until it has booted; if it never shows one, compare the key by hand, "
                f"then add to {file}: {name} {key_type} {key}",
            )
        if fingerprint(key) not in shown:
            return False
        with file.open("a") as lines:
            lines.write(f"{name} {key_type} {key}\n")
        self._journal.version(server.name, "host key from its console log", f"{key_type} {key}")
        return True

    def forget(self, server: Server) -> None:
        """Drop the keys of an earlier server: the one that has its address now is new.

        Lines with wildcards stay: they speak of others too. Raises RunbookError.
        """
        name, file = self._place(server)
        old = [k for k in read_known_keys((file,) if file else (), name) if not k.marker]
        gone = {(k.patterns, k.key_type, k.key) for k in old if not set("*?!") & set(k.patterns)}
        if not gone or file is None:
            return
        try:
            lines = file.read_text().splitlines(keepends=True)
            kept = [line for line in lines if tuple(line.split()[:3]) not in gone]
            atomic.write(file.resolve(), "".join(kept), mode=None)
        except OSError as error:
            raise RunbookError(
                f"the old host key of {server.name} cannot be dropped from {file}: {error}",
                remedy=f"ssh-keygen -R '{name}' -f '{file}'",
            ) from None
        self._journal.version(server.name, "earlier host key", "dropped: the server is new")

    def _place(self, server: Server) -> tuple[str, Path | None]:
        """The name under which the server's key stands, and the file."""
        route = self._route(server)
        return route.known_name, self._known_hosts or next(iter(route.known_hosts), None)

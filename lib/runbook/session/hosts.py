"""The servers of a target as nodes: named, logged in to, or said to be missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from runbook.cloud import Cloud
from runbook.command import Node, Nodes
from runbook.errors import MissingError, NotAuthenticated, TargetError, Unreachable
from runbook.inventory import Server
from runbook.params import Target
from runbook.table import rows_frame

_COLUMNS = ("server", "address", "user", "group")


class Hosts:
    """The servers that a target file names. cloud: gives the target's cloud or None."""

    def __init__(
        self, target: Target, cloud: Callable[[], Cloud | None], make: Callable[[Server], Node]
    ) -> None:
        self._target = target
        self._cloud = cloud
        self._make = make
        self._made: dict[Server, Node] = {}

    @property
    def made(self) -> list[Node]:
        """Every node that this run has used."""
        return list(self._made.values())

    def nodes(self, group: str, *names: str) -> Nodes:
        """The servers of a group (or those named) as nodes; nothing is connected yet.

        Raises TargetError with the groups or servers that there are.
        """
        servers = self._servers(group)
        if unknown := set(names) - {server.name for server in servers}:
            raise TargetError(
                f"{self._target.file}: group {group} has no server {', '.join(sorted(unknown))}",
                remedy=f"it has: {', '.join(server.name for server in servers)}",
            )
        return Nodes([self._node(s) for s in servers if not names or s.name in names])

    def all_nodes(self, groups: Sequence[str]) -> Nodes:
        """The servers of several groups as nodes."""
        return Nodes([node for group in groups for node in self.nodes(group)])

    def bind(self, group: str, *names: str, made_by: str) -> Nodes:
        """The servers of a group, each logged in to.

        Raises MissingError that names the runbook which makes them when the cloud does not have
        them, Unreachable (or NotAuthenticated, HostKeyError) otherwise.
        """
        nodes = self.nodes(group, *names)
        try:
            results = nodes.run("uname -sr", deadline=20).results
        except NotAuthenticated:
            raise
        except Unreachable as error:
            self._explain(nodes, made_by, error)
            raise
        for node, result in zip(nodes, results, strict=True):
            node.facts["system"] = result.text.strip()
        return nodes

    def named(self, nodes: Sequence[Node]) -> pd.DataFrame:
        """Servers as the target file names them. Columns: server, address, user, group, image."""
        rows = [{**_row(node), "image": node.server.image} for node in nodes]
        return rows_frame(rows, (*_COLUMNS, "image"), f"Servers of target {self._target.name}")

    def bound(self, nodes: Nodes, **versions: Callable[[Node], str]) -> pd.DataFrame:
        """Who answered `bind`. Columns: server, address, user, group, system, then one for each
        of `versions`, which ask a node for the version of a tool (ToolMissing: it has none)."""

        def row(node: Node) -> dict[str, object]:
            told = {name: ask(node) for name, ask in versions.items()}
            return {**_row(node), "system": node.facts["system"], **told}

        with ThreadPoolExecutor(max(len(nodes), 1)) as pool:
            rows = list(pool.map(row, nodes))
        caption = f"Servers of target {self._target.name} that answer"
        return rows_frame(rows, (*_COLUMNS, "system", *versions), caption)

    def _servers(self, group: str) -> list[Server]:
        if group not in self._target.groups:
            raise TargetError(
                f"{self._target.file}: there is no group {group!r}",
                remedy=f"add it, or use one of: {', '.join(self._target.groups)}",
            )
        wanted = self._target.groups[group]
        return [
            Server(name, group, str(entry.address), entry.port, wanted.user, wanted.image or "")
            for name, entry in wanted.servers.items()
        ]

    def _node(self, server: Server) -> Node:
        if server not in self._made:
            self._made[server] = self._make(server)
        return self._made[server]

    def _explain(self, nodes: Nodes, made_by: str, error: Unreachable) -> None:
        """Raise a better error when the cloud says that these servers are missing or off."""
        cloud = self._cloud()
        if cloud is None:
            return
        states = {node.name: cloud.find(node.name) for node in nodes}
        missing = [name for name, found in states.items() if found is None]
        off = {n: found.status for n, found in states.items() if found and found.status != "ACTIVE"}
        if missing:
            raise MissingError(
                f"the cloud has no server {', '.join(missing)}",
                remedy=f"run the runbook {made_by} first: it makes them",
            ) from error
        if off:
            raise Unreachable(
                f"not all servers are on: {', '.join(f'{n} is {s}' for n, s in off.items())}",
                remedy=f"start them (openstack server start {' '.join(off)}), then run this again",
            ) from error


def _row(node: Node) -> dict[str, object]:
    return {"server": node.name, "address": node.address, "user": node.server.user,
            "group": node.server.group}  # fmt: skip

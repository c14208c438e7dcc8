"""The first configuration of a CoreOS cluster: how its etcd members find each other (B2-B4)."""

from __future__ import annotations

import secrets
from functools import cached_property, partial

import pandas as pd

from runbook.changes import files
from runbook.changes.base import Act
from runbook.changes.etcd import new_discovery_url, self_hosted_discovery_url
from runbook.command import Node, Nodes, quoted
from runbook.errors import MissingError, ParameterError
from runbook.facts import systemd
from runbook.facts.files import compared, same_settings
from runbook.machine_config import EtcdParameters, MachineParameters, render_cloud_config
from runbook.parse import parse

OEM_CONFIG = "/usr/share/oem/cloud-config.yml"
UNITS = ("etcd2.service", "fleet.service")
OPTIONAL = ("fleet.service",)  # the successors of CoreOS do not bring it
METHODS = ("auto", "discovery", "self-hosted", "static")
_PUBLIC = "https://discovery.etcd.io"


class Bootstrap:
    """Makes one etcd cluster, with fleet on it, of these nodes.

    method: `discovery` (a discovery service at `service`, or the public one), `self-hosted` (an
    etcd of our own at `service` or `own`, with /v2/keys/discovery/TOKEN), `static` (all members by
    address), or `auto`: self-hosted where the target has an etcd of its `own`, else discovery.
    Raises ParameterError for another method, and for self-hosted without an etcd.
    """

    def __init__(self, nodes: Nodes, *, method: str, service: str, own: str | None) -> None:
        if method not in METHODS:
            raise ParameterError(f"bootstrap: {method!r}", remedy=f"use {', '.join(METHODS)}")
        self.nodes = nodes
        self.method = method
        if method == "auto":
            self.method = "self-hosted" if own and not service else "discovery"
        other = (own or "") if self.method == "self-hosted" else _PUBLIC
        self.service = (service or other).rstrip("/")
        if not self.service:
            raise ParameterError(
                "bootstrap=self-hosted: which etcd keeps the token?",
                remedy="give it as `service`, or as `discovery` in the target file",
            )
        self._made = ""

    @cached_property
    def existing(self) -> str:
        """The discovery URL that stands on a node already; a cluster keeps its own."""
        for node in self.nodes:
            found = node.run("cat %s", OEM_CONFIG, sudo=True)
            if found.exit_code == 0 and found.stdout.strip():
                rows = parse(["cloud-config", OEM_CONFIG], found.stdout).rows
                for row in rows:
                    if row["key"] == "coreos.etcd2.discovery":
                        return str(row["value"])
        return ""

    @property
    def discovery(self) -> str:
        """The discovery URL; empty for a static cluster or before it is made."""
        return "" if self.method == "static" else self.existing or self._made

    def token(self) -> Act:
        """A discovery URL for exactly this many members (B2)."""
        size, node = len(self.nodes), self.nodes[0]
        line = f"curl -w '\\n' '{self.service}/new?size={size}'"
        if self.method == "self-hosted":
            line = (
                f"curl -X PUT -d value={size} {self.service}/v2/keys/discovery/TOKEN/_config/size"
            )
        static = self.method == "static"
        return Act(
            what="name the members to each other" if static else "get a discovery URL",
            steps=[(node.name, "nothing to ask: all addresses are known" if static else line)],
            is_done=lambda: static or bool(self.discovery),
            apply=self._make_url,
            undo="nothing to undo: an unused token does no harm",
        )

    def _make_url(self) -> None:
        node, size = self.nodes[0], len(self.nodes)
        if self.method == "self-hosted":
            token = secrets.token_hex(16)
            self._made = self_hosted_discovery_url(node, self.service, token, size)
        else:
            self._made = new_discovery_url(node, self.service, size)

    def config(self, node: Node) -> str:
        """This node's cloud-config (B3); the nodes' differ in the address only, and with method
        `static` in the member's name.

        Raises MissingError while there is no discovery URL yet.
        """
        static = self.method == "static"
        if not static and not self.discovery:
            raise MissingError("there is no discovery URL yet", remedy="apply `token` first")
        members = tuple((n.name, n.address) for n in self.nodes) if static else ()
        etcd = EtcdParameters(node.address, discovery=self.discovery, initial_cluster=members)
        return render_cloud_config(MachineParameters(None, etcd=etcd, units=UNITS))

    def write(self) -> list[Act]:
        """Write each node's cloud-config (B3)."""
        return [
            files.write(node, OEM_CONFIG, partial(self.config, node), same=same_settings)
            for node in self.nodes
        ]

    def written(self) -> pd.DataFrame:
        """Whether each node has its cloud-config. Columns: server, path, as_wanted."""
        return compared(self.nodes, OEM_CONFIG, self.config, same=same_settings)

    def run(self) -> list[Act]:
        """Run coreos-cloudinit on each node (B4)."""
        return [cloud_init(node) for node in self.nodes]


def cloud_init(node: Node) -> Act:
    """sudo coreos-cloudinit --from-file; nothing to do where the services are active (B4)."""
    line = quoted("coreos-cloudinit --from-file %s", OEM_CONFIG)
    return Act(
        what=f"configure {node.name}",
        steps=[(node.name, f"sudo {line}")],
        is_done=lambda: systemd.not_active(systemd.units(Nodes([node]), UNITS), OPTIONAL) == 0,
        apply=lambda: node.change(line, sudo=True, deadline=180),
        undo=f"on {node.name}: sudo systemctl stop {' '.join(UNITS)}",
    )

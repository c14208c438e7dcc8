"""What hangs on a server: tags, metadata, addresses, interfaces."""

from __future__ import annotations

import json

from runbook_twin.openstack import server_view
from runbook_twin.openstack.actions import conflict
from runbook_twin.openstack.computing import Computing, bad_field
from runbook_twin.openstack.handler import ApiError, Row
from runbook_twin.openstack.records import Server
from runbook_twin.openstack.server_request import check_strings, check_tags

TAGGABLE = ("active", "paused", "suspended", "stopped")


class Tags(Computing):
    """/compute/v2.1/servers/ID/tags and /tags/TAG, from 2.26 on."""

    def _server(self, server_id: str, action: str = "") -> Server:
        if not self.since(26):
            raise ApiError(404, "The resource could not be found.")
        server = self.project.server(server_id)
        if action and server.vm_state not in TAGGABLE:
            raise conflict(action, server, "vm_state", server.vm_state)
        return server

    def get(self, server_id: str, tag: str = "") -> None:
        """The tags, or whether there is this one."""
        server = self._server(server_id)
        if not tag:
            self.answer({"tags": sorted(server.tags)})
        elif tag in server.tags:
            self.empty(204)
        else:
            raise ApiError(404, f"Server {server_id} has no tag '{tag}'")

    def put(self, server_id: str, tag: str = "") -> None:
        """Add one, or replace them all."""
        server = self._server(server_id, "update tag" if tag else "update tags")
        if tag:
            known = tag in server.tags
            server.tags = check_tags(sorted(server.tags | {tag}))
            self.set_header("Location", self.url(f"/servers/{server_id}/tags/{tag}"))
            self.empty(204 if known else 201)
            return
        try:
            server.tags = check_tags(json.loads(self.request.body)["tags"])
        except (ValueError, KeyError, TypeError):
            raise bad_field("tags", None, "'tags' is a required property") from None
        self.answer({"tags": sorted(server.tags)})

    def delete(self, server_id: str, tag: str = "") -> None:
        """Remove one, or all."""
        server = self._server(server_id, "delete tag" if tag else "delete tags")
        if tag and tag not in server.tags:
            raise ApiError(404, f"Server {server_id} has no tag '{tag}'")
        server.tags = server.tags - {tag} if tag else set()
        self.empty(204)


class Metadata(Computing):
    """/compute/v2.1/servers/ID/metadata and /metadata/KEY."""

    def get(self, server_id: str, key: str = "") -> None:
        """All values, or one."""
        values = self.project.server(server_id).metadata
        if key and key not in values:
            raise ApiError(404, "Metadata item was not found")
        self.answer({"meta": {key: values[key]}} if key else {"metadata": values})

    def post(self, server_id: str) -> None:
        """Add values."""
        server = self.project.server(server_id)
        server.metadata |= check_strings("metadata", self.body("metadata"))
        self.answer({"metadata": server.metadata})

    def put(self, server_id: str, key: str = "") -> None:
        """Set one value, or replace them all."""
        server = self.project.server(server_id)
        values = check_strings("metadata", self.body("meta" if key else "metadata"))
        if key and list(values) != [key]:
            raise ApiError(400, "Request body and URI mismatch")
        server.metadata = {**server.metadata, **values} if key else dict(values)
        self.answer({"meta": values} if key else {"metadata": values})

    def delete(self, server_id: str, key: str) -> None:
        """Remove one value."""
        values = self.project.server(server_id).metadata
        if values.pop(key, None) is None:
            raise ApiError(404, "Metadata item was not found")
        self.empty(204)


class Addresses(Computing):
    """GET /compute/v2.1/servers/ID/ips and /ips/NETWORK."""

    def get(self, server_id: str, network: str = "") -> None:
        """Addresses without types and MACs."""
        found = server_view.addresses(self.project, self.project.server(server_id))
        short = {
            name: [{"version": row["version"], "addr": row["addr"]} for row in rows]
            for name, rows in found.items()
        }
        if network and network not in short:
            raise ApiError(404, "Network not found")
        self.answer({network: short[network]} if network else {"addresses": short})


class Interfaces(Computing):
    """GET /compute/v2.1/servers/ID/os-interface."""

    def get(self, server_id: str) -> None:
        """The server's ports."""
        server = self.project.server(server_id)
        rows: list[Row] = [
            {
                "port_id": port["id"],
                "net_id": port["network_id"],
                "mac_addr": port["mac_address"],
                "port_state": port["status"],
                "fixed_ips": port["fixed_ips"],
            }
            for port in self.project.network.ports.values()
            if port["device_id"] == server.id
        ]
        self.answer({"interfaceAttachments": rows})

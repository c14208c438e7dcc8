"""Questions to the cloud: which servers there are, and ids by name."""

from __future__ import annotations

from typing import Any

from runbook.cloud.connection import CloudConnection
from runbook.cloud.refusal import ApiRefused
from runbook.cloud.values import GROUP_TAG, TAG, CloudServer, tags_of
from runbook.errors import CloudError, MissingError

_DUPLICATE = "rename or delete all but one"


def server_of(sdk_server: Any) -> CloudServer:
    """The SDK's server as a plain value."""
    rows = [row for rows in (sdk_server.addresses or {}).values() for row in rows]
    fixed = tuple(row["addr"] for row in rows if row.get("OS-EXT-IPS:type") != "floating")
    tags = frozenset(sdk_server.tags or ())
    groups = sorted(tag.removeprefix(GROUP_TAG) for tag in tags if tag.startswith(GROUP_TAG))
    flavor, image = sdk_server.flavor, sdk_server.image
    return CloudServer(
        id=sdk_server.id,
        name=sdk_server.name or "",
        group=groups[0] if groups else "",
        status=sdk_server.status or "BUILD",
        task_state=sdk_server.task_state,
        address=fixed[0] if fixed else "",
        image=(image.id if image else None) or "",
        flavor=(getattr(flavor, "original_name", None) or flavor.id or "") if flavor else "",
        addresses=fixed,
        tags=tags,
        key_pair=sdk_server.key_name or "",
        created=sdk_server.created_at or "",
        fault=str((sdk_server.fault or {}).get("message") or "").strip(),
    )


class CloudReader:
    """Reads one project of a cloud."""

    def __init__(self, connection: CloudConnection, clock: float = 1.0) -> None:
        self.connection = connection
        self.clock = clock
        self._image_names: dict[str, str | None] = {}

    def servers(self, group: str | None = None) -> list[CloudServer]:
        """Our servers (of one group), by name; found by their tags."""
        wanted = tags_of(group) if group else [TAG]
        with self.connection.doing("list the servers") as sdk:
            found = [server_of(server) for server in sdk.compute.servers(tags=",".join(wanted))]
        # An API without tags ignores the filter.
        ours = [s for s in found if s.tags >= set(wanted) and s.status != "DELETED"]
        return sorted(ours, key=lambda server: (server.name, server.created))

    def find(self, name: str) -> CloudServer | None:
        """The server of that name, tagged or not. Raises CloudError when there are several."""
        with self.connection.doing(f"look for server {name}") as sdk:
            # `name` is a regular expression for the API: only plain names can narrow the list.
            plain = name.replace("-", "").replace("_", "").isalnum()
            listed = sdk.compute.servers(**({"name": name} if plain else {}))
            found = [server_of(server) for server in listed if server.name == name]
        found = [server for server in found if server.status != "DELETED"]
        if len(found) > 1:
            ids = ", ".join(f"{server.id} (since {server.created})" for server in found)
            raise CloudError(f"{len(found)} servers have the name {name}: {ids}", remedy=_DUPLICATE)
        return found[0] if found else None

    def server(self, name: str) -> CloudServer:
        """The server of that name. Raises MissingError; CloudError with all ids if several."""
        found = self.find(name)
        if found is None:
            names = ", ".join(server.name for server in self.servers())
            raise MissingError(
                f"cloud {self.connection.name} has no server {name}",
                remedy=f"use one of: {names or '(there are none)'}",
            )
        return found

    def get(self, server_id: str) -> CloudServer | None:
        """The server of that id; None when the cloud does not know it (any more)."""
        try:
            with self.connection.doing(f"show server {server_id}") as sdk:
                return server_of(sdk.compute.get_server(server_id))
        except ApiRefused as error:
            if error.status == 404:
                return None
            raise

    def network(self, name: str) -> Any:
        """The SDK's network of that name, or None. Raises CloudError when there are several."""
        with self.connection.doing(f"look for network {name}") as sdk:
            found = list(sdk.network.networks(name=name))
        if len(found) > 1:
            ids = ", ".join(network.id for network in found)
            raise CloudError(
                f"{len(found)} networks have the name {name}: {ids}", remedy=_DUPLICATE
            )
        return found[0] if found else None

    def network_id(self, name: str) -> str:
        """Id of a network. Raises MissingError."""
        network = self.network(name)
        if network is None:
            raise MissingError(
                f"cloud {self.connection.name} has no network {name}",
                remedy="make it first (ensure_network), or name one that exists",
            )
        return str(network.id)

    def image_id(self, image: str) -> str:
        """Id of an image given by name or id. Raises MissingError, CloudError (several)."""
        with self.connection.doing(f"look for image {image}") as sdk:
            found = [known.id for known in sdk.image.images(name=image)]
            if not found:
                names = {known.id: known.name for known in sdk.image.images()}
        if len(found) > 1:
            raise CloudError(
                f"{len(found)} images have the name {image}: {', '.join(found)}",
                remedy="give the image by its id",
            )
        if found:
            return str(found[0])
        if image in names:
            return image
        raise MissingError(
            f"cloud {self.connection.name} has no image {image}",
            remedy=f"use one of: {', '.join(sorted(filter(None, names.values()))) or '(none)'}",
        )

    def image_name(self, image_id: str) -> str | None:
        """Name of an image; None when the image is gone."""
        if image_id not in self._image_names:
            try:
                with self.connection.doing(f"show image {image_id}") as sdk:
                    self._image_names[image_id] = sdk.image.get_image(image_id).name
            except ApiRefused as error:
                if error.status != 404:
                    raise
                self._image_names[image_id] = None
        return self._image_names[image_id]

    def flavor(self, flavor: str) -> tuple[str, str]:
        """Id and name of a flavor given by either. Raises MissingError."""
        with self.connection.doing(f"look for flavor {flavor}") as sdk:
            known = [(str(row.id), str(row.name)) for row in sdk.compute.flavors()]
        for pair in known:
            if flavor in pair:
                return pair
        raise MissingError(
            f"cloud {self.connection.name} has no flavor {flavor}",
            remedy=f"use one of: {', '.join(sorted(name for _, name in known))}",
        )

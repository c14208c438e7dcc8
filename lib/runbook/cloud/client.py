"""`Cloud`: make, list, stop, start and delete the servers of one project."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from runbook.cloud.connection import CloudConnection
from runbook.cloud.console import host_key_fingerprints
from runbook.cloud.grounds import Grounds
from runbook.cloud.power import DEADLINE, Power
from runbook.cloud.refusal import ApiRefused
from runbook.cloud.values import CloudServer, tags_of
from runbook.cloud.waiting import Observer, failed, quiet
from runbook.errors import CloudError, ParameterError

USER_DATA_LIMIT = 65535  # characters of base64 that nova takes


class Cloud(Grounds, Power):
    """One project of an OpenStack cloud; nothing is connected before the first call.

    name: the cloud in clouds.yaml; file: that file (None: where openstacksdk looks); clock: how
    much faster than ours the target's clock runs (deadlines are in its seconds).
    Every call raises TargetError (no such cloud), NotAuthenticated, Unreachable or CloudError.
    """

    def __init__(
        self,
        name: str,
        file: Path | str | None = None,
        region: str | None = None,
        clock: float = 1.0,
    ) -> None:
        super().__init__(CloudConnection(name, Path(file) if file else None, region), clock)
        self.name = name

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self.connection.close()

    def ensure_server(
        self,
        name: str,
        group: str,
        image: str,
        flavor: str,
        network: str,
        address: str,
        key_pair: str,
        user_data: str | bytes = b"",
        *,
        wait: bool = True,
        deadline: float = DEADLINE,
        observer: Observer = quiet,
    ) -> tuple[CloudServer, bool]:
        """A server with this fixed address, ACTIVE (unless not `wait`); and whether it changed.

        An existing one that differs raises CloudError; a stopped one is started.
        """
        encoded = _encoded(name, user_data)
        server = self.find(name)
        if server is not None and server.task_state == "deleting":
            self.await_gone(server, deadline, observer)
            server = None
        if server is not None:
            return self._kept(server, group, image, flavor, address, deadline, observer)
        wanted: dict[str, Any] = {
            "name": name,
            "image_id": self.image_id(image),
            "flavor_id": self.flavor(flavor)[0],
            "networks": [{"uuid": self.network_id(network), "fixed_ip": address}],
            "key_name": key_pair,
            "tags": tags_of(group),
        }
        if encoded:
            wanted["user_data"] = encoded
        with self.connection.doing(f"make server {name}") as sdk:
            made_id = sdk.compute.create_server(**wanted).id
        made = self.get(made_id) or self.server(name)
        if wait:
            made = self.wait_for(made, deadline=deadline, observer=observer)
        return made, True

    def _kept(
        self,
        server: CloudServer,
        group: str,
        image: str,
        flavor: str,
        address: str,
        deadline: float,
        observer: Observer,
    ) -> tuple[CloudServer, bool]:
        """An existing server, if it is the wanted one."""
        if server.status == "ERROR":
            raise failed(server)
        if not server.is_settled("SHUTOFF"):
            server = self.wait_for(server, deadline=deadline, observer=observer)
        differs = self._differences(server, group, image, flavor, address)
        if differs:
            raise CloudError(
                f"server {server.name} ({server.id}) exists but differs: {'; '.join(differs)}",
                remedy="delete or rename it, or name what it is in the target file",
            )
        changed = server.status == "SHUTOFF" and self.start(
            server.name, deadline=deadline, observer=observer
        )
        return (self.server(server.name) if changed else server), changed

    def _differences(
        self, server: CloudServer, group: str, image: str, flavor: str, address: str
    ) -> list[str]:
        differs = []
        if address not in server.addresses:
            differs.append(f"its address is {server.address or 'none'}, not {address}")
        # None: the image was removed since; nothing can be said against the server.
        name = self.image_name(server.image) if server.image else None
        if name is not None and image not in (name, server.image):
            differs.append(f"its image is {name}, not {image}")
        if flavor != server.flavor and server.flavor not in self.flavor(flavor):
            differs.append(f"its flavor is {server.flavor}, not {flavor}")
        if missing := sorted(set(tags_of(group)) - server.tags):
            differs.append(f"it has no tag {', '.join(missing)}")
        return differs

    def console_log(self, name: str) -> str:
        """The whole console log of a server; empty while it has none yet."""
        server = self.server(name)
        try:
            with self.connection.doing(f"show the console of server {name}") as sdk:
                found = sdk.compute.get_server_console_output(server.id)
        except ApiRefused as error:
            if error.not_yet and not error.hiccup:
                return ""
            raise
        return str((found or {}).get("output") or "")

    def host_key_fingerprints(self, name: str) -> set[str]:
        """Fingerprints of the SSH host keys that the server's console log shows."""
        return host_key_fingerprints(self.console_log(name))


def _encoded(name: str, user_data: str | bytes) -> str:
    """User data as base64. Raises ParameterError when nova would not take it."""
    data = user_data.encode() if isinstance(user_data, str) else user_data
    encoded = base64.b64encode(data).decode()
    if len(encoded) > USER_DATA_LIMIT:
        most = USER_DATA_LIMIT // 4 * 3
        raise ParameterError(
            f"the user data of server {name} has {len(data)} bytes; the cloud takes {most}",
            remedy="leave the largest files out and write them after the first boot",
        )
    return encoded

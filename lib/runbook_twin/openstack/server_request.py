"""Read a request for a new server the way nova does: refuse what it would refuse."""

from __future__ import annotations

import base64
import binascii
from ipaddress import IPv4Address
from typing import Any

from runbook_twin.openstack.computing import Computing, bad_field
from runbook_twin.openstack.handler import ApiError, Row
from runbook_twin.openstack.records import Flavor, Image, KeyPair, Wanted

USER_DATA_LIMIT = 65535  # characters of base64
KNOWN = {
    *("name", "imageRef", "flavorRef", "adminPass", "metadata", "networks", "OS-DCF:diskConfig"),
    *("accessIPv4", "accessIPv6", "availability_zone", "block_device_mapping", "config_drive"),
    *("block_device_mapping_v2", "min_count", "max_count", "return_reservation_id"),
    *("security_groups", "user_data", "key_name"),
}
NEWER = {
    "description": 19,
    "tags": 52,
    "trusted_image_certificates": 63,
    "host": 74,
    "hypervisor_hostname": 74,
    "hostname": 90,
}
AMBIGUOUS = "Multiple possible networks found, use a Network ID to be more specific."


def check_strings(field: str, values: Any) -> dict[str, str]:
    """Metadata: strings of at most 255 characters. Raises ApiError 400."""
    if not isinstance(values, dict):
        raise bad_field(field, values, f"{values!r} is not of type 'object'")
    for key, value in values.items():
        if not isinstance(value, str):
            raise bad_field(key, value, f"{value!r} is not of type 'string'")
        if len(value) > 255:
            raise bad_field(key, value, f"{value!r} is too long")
        if not 0 < len(key) <= 255:
            raise bad_field(field, values, f"{key!r} does not match any of the regexes")
    return values


def check_tags(tags: Any) -> set[str]:
    """Tags: at most 50 of 1 to 60 characters, without comma and slash. Raises ApiError 400."""
    if not isinstance(tags, list) or len(tags) > 50:
        raise bad_field("tags", tags, "at most 50 tags in a list")
    for place, tag in enumerate(tags):
        if not isinstance(tag, str) or not 0 < len(tag) <= 60:
            raise bad_field(str(place), tag, f"{tag!r} is too short or too long")
        if "," in tag or "/" in tag:
            raise bad_field(str(place), tag, f"{tag!r} does not match '^[^,/]*$'")
    return set(tags)


def check_name(name: Any) -> str:
    """A server's name. Raises ApiError 400."""
    if not isinstance(name, str):
        raise bad_field("name", name, f"{name!r} is not of type 'string'")
    if not name.strip() or len(name) > 255:
        raise bad_field("name", name, f"{name!r} is too short or too long")
    return name.strip()


class ServerRequest:
    """One body of POST /servers, checked part by part against the project."""

    def __init__(self, handler: Computing) -> None:
        self.handler = handler
        self.project = handler.project
        self.body: Row = handler.body("server")
        known = KNOWN | {name for name, minor in NEWER.items() if handler.since(minor)}
        if not handler.since(57):
            known = known | {"personality"}
        unknown = sorted(set(self.body) - known)
        if unknown:
            were = ", ".join(f"'{name}'" for name in unknown)
            verb = "was" if len(unknown) == 1 else "were"
            why = f"Additional properties are not allowed ({were} {verb} unexpected)"
            raise bad_field("server", self.body, why)
        required = ["name", "flavorRef", *(["networks"] if handler.since(37) else [])]
        for name in required:
            if name not in self.body:
                raise bad_field("server", self.body, f"'{name}' is a required property")
        self.name = check_name(self.body["name"])

    def image(self) -> Image:
        """The image by id."""
        wanted = self.body.get("imageRef") or ""
        if not isinstance(wanted, str) or len(wanted) != 36:
            raise ApiError(400, "Invalid imageRef provided.")
        for image in self.project.images:
            if image.id == wanted:
                return image
        raise ApiError(400, "Can not find requested image")

    def flavor(self) -> Flavor:
        """The flavor by id."""
        wanted = str(self.body["flavorRef"]).rstrip("/").split("/")[-1]
        for flavor in self.project.flavors:
            if flavor.id == wanted:
                return flavor
        raise ApiError(400, f"Flavor {wanted} could not be found.")

    def key_pair(self) -> KeyPair | None:
        """The key pair by name."""
        if "key_name" not in self.body:
            return None
        name = self.body["key_name"]
        if not isinstance(name, str):
            raise bad_field("key_name", name, f"{name!r} is not of type 'string'")
        if name not in self.project.key_pairs:
            raise ApiError(400, "Invalid key_name provided.")
        return self.project.key_pairs[name]

    def user_data(self) -> bytes:
        """The decoded user data."""
        text = self.body.get("user_data", "")
        if not isinstance(text, str):
            raise bad_field("user_data", text, f"{text!r} is not of type 'string'")
        if len(text) > USER_DATA_LIMIT:
            raise bad_field("user_data", text, f"{text!r} is too long")
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise bad_field("user_data", text, f"{text!r} is not a 'base64'") from None

    def counts(self) -> tuple[int, int]:
        """How many servers: least and most."""
        least = int(self.body.get("min_count", 1))
        most = int(self.body.get("max_count", least))
        if not 1 <= least <= most:
            raise ApiError(400, "min_count must be <= max_count")
        return least, most

    def security_groups(self) -> list[str]:
        """Names of the security groups."""
        names = [str(row.get("name")) for row in self.body.get("security_groups") or []]
        security = self.project.network.security
        for name in names:
            if security.named(name) is None:
                raise ApiError(400, f"Unable to find security_group with name or id '{name}'")
        return names or ["default"]

    def networks(self) -> list[Wanted]:
        """The networks to be on."""
        given = self.body.get("networks", "auto")
        if given == "none":
            return []
        if given == "auto" or given == []:
            known = self.project.network.own_networks()
            if len(known) > 1:
                raise ApiError(409, AMBIGUOUS)
            if not known and given == "auto" and self.handler.since(37):
                owner = self.project.credentials.project_id
                message = f"Unable to automatically allocate a network for project {owner}"
                raise ApiError(400, message)
            given = [{"uuid": network_id} for network_id in known]
        if not isinstance(given, list):
            raise bad_field(
                "networks", given, f"{given!r} is not valid under any of the given schemas"
            )
        return [self._network(row) for row in given]

    def _network(self, row: Row) -> Wanted:
        store = self.project.network
        if row.get("port"):
            port = store.ports.get(row["port"])
            if port is None:
                raise ApiError(400, f"Port id {row['port']} could not be found.")
            if port["device_id"]:
                raise ApiError(409, f"Port {row['port']} is still in use.")
            return Wanted(port["network_id"], port_id=port["id"])
        network_id = str(row.get("uuid"))
        if network_id not in store.networks:
            raise ApiError(400, f"Network {network_id} could not be found.")
        if store.subnet_of(network_id) is None:
            why = "requires a subnet in order to boot instances on."
            raise ApiError(400, f"Network {network_id} {why}")
        return Wanted(network_id, self._address(network_id, row.get("fixed_ip")))

    def _address(self, network_id: str, address: Any) -> str | None:
        if address is None:
            return None
        try:
            IPv4Address(address)
        except ValueError:
            raise bad_field("fixed_ip", address, f"{address!r} is not a 'ipv4'") from None
        for port in self.project.network.ports.values():
            taken = any(ip["ip_address"] == address for ip in port["fixed_ips"])
            if port["network_id"] == network_id and taken:
                owner = port["device_id"] or "None"
                message = f"Fixed IP address {address} is already in use on instance {owner}."
                raise ApiError(400, message)
        return str(address)

"""Networks, subnets and ports of the project, with neutron's rules about addresses."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any

from runbook_twin.clock import Clock
from runbook_twin.openstack.addresses import belongs, mac_address, pool_of
from runbook_twin.openstack.floating import FloatingStore
from runbook_twin.openstack.handler import ApiError, Row
from runbook_twin.openstack.network_rows import network_row, subnet_row
from runbook_twin.openstack.records import new_id, stamp
from runbook_twin.openstack.security import SecurityGroups

NETWORK_KEYS = {"name", "admin_state_up", "description", "mtu", "shared", "port_security_enabled"}
SUBNET_KEYS = {
    *("name", "description", "network_id", "cidr", "ip_version", "gateway_ip", "enable_dhcp"),
    *("dns_nameservers", "allocation_pools", "host_routes"),
}
PORT_KEYS = {
    *("name", "description", "network_id", "fixed_ips", "security_groups", "device_id"),
    *("device_owner", "mac_address", "admin_state_up", "port_security_enabled"),
}


def invalid(message: str) -> ApiError:
    """Neutron's 400 for a value that it does not take."""
    return ApiError(400, f"Invalid input for operation: {message}.", "InvalidInput")


def refuse_unknown(body: Row, known: set[str]) -> None:
    """Raise ApiError 400 for attributes that the resource does not have."""
    if unknown := sorted(set(body) - known - {"tenant_id", "project_id"}):
        raise ApiError(400, f"Unrecognized attribute(s) '{', '.join(unknown)}'")


class NetworkStore:
    """The rows of neutron by collection and id, as the API shows them."""

    def __init__(self, clock: Clock, project_id: str) -> None:
        self.clock = clock
        self.project_id = project_id
        self.quotas = {
            **{"network": 100, "subnet": 100, "port": 500, "router": 10, "floatingip": 50},
            **{"security_group": 10, "security_group_rule": 100, "subnetpool": -1},
            **{"rbac_policy": 10, "trunk": -1},
        }
        self.networks: dict[str, Row] = {}
        self.subnets: dict[str, Row] = {}
        self.ports: dict[str, Row] = {}
        self.security = SecurityGroups(self)
        self.floating = FloatingStore(self)

    def tables(self) -> dict[str, dict[str, Row]]:
        """All collections by the name of their member."""
        return {
            "network": self.networks,
            "subnet": self.subnets,
            "port": self.ports,
            "security_group": self.security.groups,
            "security_group_rule": self.security.rules,
            "router": self.floating.routers,
            "floatingip": self.floating.addresses,
        }

    def create(self, kind: str, body: Row) -> Row:
        """Make a member of a collection."""
        makers: dict[str, Callable[[Row], Row]] = {
            "network": self._create_own_network,
            "subnet": self.create_subnet,
            "port": self.create_port,
            "security_group": self.security.create_group,
            "security_group_rule": self.security.create_rule,
            "router": self.floating.create_router,
            "floatingip": self.floating.create_address,
        }
        return makers[kind](body)

    def delete(self, kind: str, row_id: str) -> None:
        """Remove a member of a collection."""
        removers: dict[str, Callable[[str], Any]] = {
            "network": self.delete_network,
            "subnet": self.delete_subnet,
            "port": self.ports.pop,
            "security_group": self.security.delete_group,
            "security_group_rule": self.security.delete_rule,
            "router": self.floating.delete_router,
            "floatingip": self.floating.addresses.pop,
        }
        removers[kind](row_id)

    def own_networks(self) -> list[str]:
        """Ids of the networks that servers may be on."""
        return [key for key, row in self.networks.items() if not row["router:external"]]

    def common(self, body: Row) -> Row:
        """What every row has."""
        now = stamp(self.clock.now())
        return {
            "id": new_id(),
            "name": body.get("name", ""),
            "description": body.get("description", ""),
            "tenant_id": self.project_id,
            "project_id": self.project_id,
            "tags": [],
            "created_at": now,
            "updated_at": now,
            "revision_number": 1,
        }

    def within_quota(self, kind: str) -> None:
        """Raise ApiError 409 OverQuota when one more would be too many."""
        allowed = self.quotas[kind]
        own = [r for r in self.tables()[kind].values() if r["project_id"] == self.project_id]
        if 0 <= allowed <= len(own):
            raise ApiError(409, f"Quota exceeded for resources: ['{kind}'].", "OverQuota")

    def network(self, network_id: str) -> Row:
        """A network. Raises ApiError 404."""
        if network_id not in self.networks:
            raise ApiError(404, f"Network {network_id} could not be found.", "NetworkNotFound")
        return self.networks[network_id]

    def subnet_of(self, network_id: str) -> Row | None:
        """The first subnet of a network."""
        return next((s for s in self.subnets.values() if s["network_id"] == network_id), None)

    def create_network(self, body: Row) -> Row:
        """Make a network; names may repeat."""
        refuse_unknown(body, NETWORK_KEYS)
        if body.get("shared"):
            raise ApiError(
                403, "(rule:create_network:shared) is disallowed by policy", "PolicyNotAuthorized"
            )
        row = network_row(self.common(body), body)
        self.networks[row["id"]] = row
        return row

    def _create_own_network(self, body: Row) -> Row:
        self.within_quota("network")
        return self.create_network(body)

    def delete_network(self, network_id: str) -> None:
        """Remove a network with its subnets. Raises ApiError 409 while it has ports."""
        self.network(network_id)
        if used := [port for port in self.ports.values() if port["network_id"] == network_id]:
            names = ", ".join(port["id"] for port in used)
            raise ApiError(
                409,
                f"Unable to complete operation on network {network_id}. There are one or more "
                f"ports still in use on the network, id for these ports: {names}.",
                "NetworkInUse",
            )
        for subnet_id in self.networks[network_id]["subnets"]:
            self.subnets.pop(subnet_id, None)
        del self.networks[network_id]

    def create_subnet(self, body: Row) -> Row:
        """Make a subnet of IPv4. Raises ApiError 400 for a bad or an overlapping range."""
        refuse_unknown(body, SUBNET_KEYS)
        network = self.network(str(body.get("network_id")))
        try:
            cidr = IPv4Network(body.get("cidr", ""))
        except ValueError:
            raise invalid(f"'{body.get('cidr')}' is not a valid IP subnet") from None
        for other in self.subnets.values():
            same_network = other["network_id"] == network["id"]
            if same_network and IPv4Network(other["cidr"]).overlaps(cidr):
                raise invalid(
                    f"Requested subnet with cidr: {cidr} for network: {network['id']} "
                    "overlaps with another subnet"
                )
        self.within_quota("subnet")
        row = subnet_row(self.common(body), body, cidr)
        self.subnets[row["id"]] = row
        network["subnets"].append(row["id"])
        return row

    def delete_subnet(self, subnet_id: str) -> None:
        """Remove a subnet. Raises ApiError 409 while a port has an address of it."""
        if any(ip["subnet_id"] == subnet_id for p in self.ports.values() for ip in p["fixed_ips"]):
            raise ApiError(
                409,
                f"Unable to complete operation on subnet {subnet_id}: "
                "One or more ports have an IP allocation from this subnet.",
                "SubnetInUse",
            )
        row = self.subnets.pop(subnet_id)
        self.networks[row["network_id"]]["subnets"].remove(subnet_id)

    def addresses(self, network_id: str) -> set[str]:
        """The addresses of a network that ports have."""
        ports = [port for port in self.ports.values() if port["network_id"] == network_id]
        return {ip["ip_address"] for port in ports for ip in port["fixed_ips"]}

    def create_port(self, body: Row) -> Row:
        """Make a port: the wanted address, or the next free one of the pool."""
        refuse_unknown(body, PORT_KEYS)
        network = self.network(str(body.get("network_id")))
        self.within_quota("port")
        groups = body.get("security_groups") or [self.security.default["id"]]
        row = {
            **self.common(body),
            "network_id": network["id"],
            "fixed_ips": self._allocate(network["id"], body.get("fixed_ips")),
            "mac_address": body.get("mac_address") or mac_address(),
            "status": "ACTIVE" if body.get("device_id") else "DOWN",
            "admin_state_up": body.get("admin_state_up", True),
            "device_id": body.get("device_id", ""),
            "device_owner": body.get("device_owner", ""),
            "security_groups": [self.security.group(group)["id"] for group in groups],
            "port_security_enabled": body.get("port_security_enabled", True),
            "allowed_address_pairs": [],
            "extra_dhcp_opts": [],
            "binding:vnic_type": "normal",
        }
        self.ports[row["id"]] = row
        return row

    def _allocate(self, network_id: str, wanted: list[Row] | None) -> list[Row]:
        subnet = self.subnet_of(network_id)
        if subnet is None or wanted == []:
            return []
        used = self.addresses(network_id)
        given: Any = (wanted or [{}])[0].get("ip_address")
        if given is None:
            given = next((ip for ip in pool_of(subnet) if ip not in used), None)
        if given is None:
            kind = "IpAddressGenerationFailure"
            raise ApiError(409, f"No more IP addresses available on network {network_id}.", kind)
        if not belongs(subnet, given):
            message = f"IP address {given} is not a valid IP for any of the subnets on the network."
            raise ApiError(400, message, "InvalidIpForNetwork")
        if given in used:
            message = f"IP address {given} already allocated in subnet {subnet['id']}."
            raise ApiError(409, message, "IpAddressAlreadyAllocated")
        return [{"subnet_id": subnet["id"], "ip_address": given}]

"""Routers and floating addresses: the way from the external network `public` to a port."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from runbook_twin.openstack.handler import ApiError, Row
from runbook_twin.openstack.records import new_id

if TYPE_CHECKING:
    from runbook_twin.openstack.network_store import NetworkStore

OUTSIDE = IPv4Network("172.24.4.0/24")
EVENT_SECONDS = 1.0  # until neutron's event has told nova of a floating address


class FloatingStore:
    """The project's routers and floating addresses; `public` belongs to the operator."""

    def __init__(self, store: NetworkStore) -> None:
        self.store = store
        self.routers: dict[str, Row] = {}
        self.addresses: dict[str, Row] = {}
        self._since: dict[str, float] = {}
        public = store.create_network({"name": "public"})
        owner = {"tenant_id": new_id(), "project_id": new_id()}
        public |= {**owner, "router:external": True, "subnets": [new_id()]}
        self.public_id = str(public["id"])

    def of_port(self, port_id: str) -> list[str]:
        """Floating addresses of a port that nova has heard of."""
        heard = self.store.clock.now() - EVENT_SECONDS
        return [
            str(row["floating_ip_address"])
            for row in self.addresses.values()
            if row["port_id"] == port_id and self._since[row["id"]] <= heard
        ]

    def create_router(self, body: Row) -> Row:
        """Make a router, with or without a gateway to the outside."""
        self.store.within_quota("router")
        row = {
            **self.store.common(body),
            "status": "ACTIVE",
            "admin_state_up": body.get("admin_state_up", True),
            "external_gateway_info": self._gateway(body.get("external_gateway_info")),
            "routes": [],
            "availability_zones": [],
            "availability_zone_hints": [],
        }
        self.routers[row["id"]] = row
        return row

    def change_router(self, row: Row, changed: Row) -> None:
        """Take over a new gateway, name or state."""
        if "external_gateway_info" in changed:
            changed["external_gateway_info"] = self._gateway(changed["external_gateway_info"])
        row |= changed

    def _gateway(self, wanted: Any) -> Row | None:
        if not wanted:
            return None
        self._external(wanted.get("network_id"))
        return {"network_id": self.public_id, "enable_snat": True, "external_fixed_ips": []}

    def _external(self, network_id: Any) -> None:
        if network_id != self.public_id:
            message = (
                f"Bad floatingip request: Network {network_id} is not a valid external network."
            )
            raise ApiError(400, message, "BadRequest")

    def _interfaces(self, router_id: str) -> list[Row]:
        return [port for port in self.store.ports.values() if port["device_id"] == router_id]

    def delete_router(self, router_id: str) -> None:
        """Remove a router. Raises ApiError 409 while it has interfaces."""
        if self._interfaces(router_id):
            raise ApiError(409, f"Router {router_id} still has ports", "RouterInUse")
        del self.routers[router_id]

    def add_interface(self, router_id: str, subnet_id: str) -> Row:
        """Give the router the gateway's address of a subnet."""
        subnet = self._subnet(subnet_id)
        port = self.store.create_port(
            {
                "network_id": subnet["network_id"],
                "fixed_ips": [{"ip_address": subnet["gateway_ip"]}],
                "device_id": router_id,
                "device_owner": "network:router_interface",
            }
        )
        return self._interface(router_id, subnet, port)

    def remove_interface(self, router_id: str, subnet_id: str) -> Row:
        """Take it away. Raises ApiError 409 while floating addresses need it, 404."""
        subnet = self._subnet(subnet_id)
        if any(row["router_id"] == router_id for row in self.addresses.values()):
            message = (
                f"Router interface for subnet {subnet_id} on router {router_id} cannot be "
                "deleted, as it is required by one or more floating IPs."
            )
            raise ApiError(409, message, "RouterInterfaceInUseByFloatingIP")
        for port in self._interfaces(router_id):
            if port["network_id"] == subnet["network_id"]:
                del self.store.ports[port["id"]]
                return self._interface(router_id, subnet, port)
        message = f"Router {router_id} has no interface on subnet {subnet_id}"
        raise ApiError(404, message, "RouterInterfaceNotFoundForSubnet")

    def _subnet(self, subnet_id: str) -> Row:
        if subnet_id not in self.store.subnets:
            raise ApiError(404, f"Subnet {subnet_id} could not be found.", "SubnetNotFound")
        return self.store.subnets[subnet_id]

    def _interface(self, router_id: str, subnet: Row, port: Row) -> Row:
        ids = {"id": router_id, "port_id": port["id"], "network_id": subnet["network_id"]}
        return {**ids, "subnet_id": subnet["id"], "subnet_ids": [subnet["id"]]}

    def create_address(self, body: Row) -> Row:
        """Take a floating address of `public`, and tie it to a port if one is given."""
        self._external(body.get("floating_network_id"))
        self.store.within_quota("floatingip")
        used = {row["floating_ip_address"] for row in self.addresses.values()}
        free = (str(address) for address in list(OUTSIDE.hosts())[1:] if str(address) not in used)
        row = {
            **self.store.common(body),
            "floating_network_id": self.public_id,
            "floating_ip_address": next(free),
            "status": "DOWN",
            **self._ties(body.get("port_id")),
        }
        del row["name"]
        self.addresses[row["id"]] = row
        self._since[row["id"]] = self.store.clock.now()
        return row

    def change_address(self, row: Row, changed: Row) -> None:
        """Tie it to another port, or to none."""
        if "port_id" in changed:
            row |= self._ties(changed["port_id"])
            self._since[row["id"]] = self.store.clock.now()
        row["description"] = changed.get("description", row["description"])

    def _ties(self, port_id: Any) -> Row:
        if not port_id:
            return {"port_id": None, "fixed_ip_address": None, "router_id": None}
        if port_id not in self.store.ports:
            raise ApiError(404, f"Port {port_id} could not be found.", "PortNotFound")
        port = self.store.ports[port_id]
        if any(row["port_id"] == port_id for row in self.addresses.values()):
            message = f"Port {port_id} has a floating IP already."
            raise ApiError(409, message, "FloatingIPPortAlreadyAssociated")
        for router in self.routers.values():
            networks = {interface["network_id"] for interface in self._interfaces(router["id"])}
            if router["external_gateway_info"] and port["network_id"] in networks:
                fixed = port["fixed_ips"][0]["ip_address"]
                return {"port_id": port_id, "fixed_ip_address": fixed, "router_id": router["id"]}
        message = (
            f"External network {self.public_id} is not reachable from subnet "
            f"{port['fixed_ips'][0]['subnet_id']}. Therefore, cannot associate Port {port_id} "
            "with a Floating IP."
        )
        raise ApiError(404, message, "ExternalGatewayForFloatingIPNotFound")

"""How neutron shows a fresh network and a fresh subnet."""

from __future__ import annotations

from ipaddress import IPv4Network

from runbook_twin.openstack.handler import Row


def network_row(common: Row, body: Row) -> Row:
    """A network of the project; `common` is what every row has."""
    return {
        **common,
        "admin_state_up": body.get("admin_state_up", True),
        "status": "ACTIVE",
        "subnets": [],
        "shared": False,
        "router:external": False,
        "mtu": body.get("mtu", 1442),
        "port_security_enabled": body.get("port_security_enabled", True),
        "availability_zone_hints": [],
        "availability_zones": [],
        "ipv4_address_scope": None,
        "ipv6_address_scope": None,
        "l2_adjacency": True,
    }


def subnet_row(common: Row, body: Row, cidr: IPv4Network) -> Row:
    """A subnet: the gateway has the first address, the pool the rest, unless `body` says so."""
    first, last = cidr.network_address + 1, cidr.broadcast_address - 1
    gateway = body.get("gateway_ip", str(first))
    start = first + 1 if gateway == str(first) else first
    pool = {"start": str(start), "end": str(last)}
    return {
        **common,
        "network_id": body["network_id"],
        "ip_version": 4,
        "cidr": str(cidr),
        "gateway_ip": gateway,
        "enable_dhcp": body.get("enable_dhcp", True),
        "dns_nameservers": body.get("dns_nameservers", []),
        "allocation_pools": body.get("allocation_pools", [pool]),
        "host_routes": body.get("host_routes", []),
        "ipv6_ra_mode": None,
        "ipv6_address_mode": None,
        "subnetpool_id": None,
        "service_types": [],
        "segment_id": None,
    }

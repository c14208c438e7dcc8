"""Small arithmetic about addresses of a subnet."""

from __future__ import annotations

import secrets
from ipaddress import IPv4Address, IPv4Network

from runbook_twin.openstack.handler import Row


def mac_address() -> str:
    """A new MAC address of OpenStack's own prefix."""
    return "fa:16:3e:" + ":".join(f"{byte:02x}" for byte in secrets.token_bytes(3))


def pool_of(subnet: Row) -> list[str]:
    """The addresses that a subnet gives out by itself."""
    pool = subnet["allocation_pools"][0]
    first, last = int(IPv4Address(pool["start"])), int(IPv4Address(pool["end"]))
    return [str(IPv4Address(number)) for number in range(first, last + 1)]


def belongs(subnet: Row, address: str) -> bool:
    """Whether the text is an address of the subnet."""
    try:
        return IPv4Address(address) in IPv4Network(subnet["cidr"])
    except ValueError:
        return False

"""Ports of containers: how they are asked for (`-p 80:80/tcp`) and shown."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass


class BadPort(ValueError):
    """A publish argument that Docker refuses, in its words."""


@dataclass(frozen=True)
class Port:
    """A port of a container; published when `host` is not 0."""

    container: int
    protocol: str = "tcp"
    host: int = 0
    address: str = "0.0.0.0"  # noqa: S104  (what Docker prints)


def read_ports(text: str) -> list[Port]:
    """The ports of `[[ADDRESS:]HOST:]CONTAINER[/PROTOCOL]`, ranges too; host 0 = any free one.

    Raises BadPort.
    """
    body, _, protocol = text.partition("/")
    protocol = protocol or "tcp"
    if protocol not in ("tcp", "udp"):
        raise BadPort(f"Invalid proto: {protocol}")
    address, host, inside = ["", "", *body.rsplit(":", 2)][-3:]
    if not inside:
        raise BadPort("No port specified: " + text + "<empty>")
    if address:
        _check_address(address)
    inner = _span(inside, "containerPort")
    outer = _span(host, "hostPort") if host else None
    if outer is not None and len(outer) != len(inner):
        raise BadPort(f"Invalid ranges specified for container and host Ports: {inside} and {host}")
    where = address or Port.address
    return [
        Port(number, protocol, outer[index] if outer else 0, where)
        for index, number in enumerate(inner)
    ]


def _check_address(address: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise BadPort(f"Invalid ip address: {address}") from None


def _span(text: str, what: str) -> range:
    first, _, last = text.partition("-")
    try:
        span = range(int(first), int(last or first) + 1)
    except ValueError:
        raise BadPort(f"Invalid {what}: {text}") from None
    if not span or span.start < 0 or span.stop > 65536:
        raise BadPort(f"Invalid {what}: {text}")
    return span


def ports_text(ports: list[Port], addresses: dict[str, list[str]]) -> str:
    """The PORTS column. addresses: how a published address is shown, once or twice.

    As Docker does it: sorted by port, runs of neighbours joined, other mappings at the end.
    """
    groups: dict[str, list[int]] = {}
    parts: list[str] = []
    mapped: list[str] = []
    for port in sorted(ports, key=lambda one: (one.container, one.protocol)):
        shown = addresses.get(port.address, [port.address]) if port.host else [""]
        for address in shown:
            if port.host and port.host != port.container:
                mapped.append(f"{address}:{port.host}->{port.container}/{port.protocol}")
                continue
            key = f"{address}/{port.protocol}" if port.host else port.protocol
            group = groups.setdefault(key, [port.container, port.container])
            if port.container > group[1] + 1:
                parts.append(_group(key, *group))
                group[:] = [port.container, port.container]
            group[1] = port.container
    return ", ".join(parts + [_group(key, *group) for key, group in groups.items()] + mapped)


def _group(key: str, first: int, last: int) -> str:
    address, _, protocol = key.rpartition("/")
    span = str(first) if first == last else f"{first}-{last}"
    return f"{address}:{span}->{span}/{protocol}" if address else f"{span}/{protocol}"

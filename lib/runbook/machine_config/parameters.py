"""What a machine should be: one set of parameters for every dialect."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface
from urllib.parse import urlsplit

from runbook.errors import ParameterError
from runbook.machine_config.content import DNS_SERVERS, WITHDRAWN

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_INTERFACE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,14}")
_UNIT = re.compile(r"[A-Za-z0-9:_.@\\-]{1,240}\.(?:service|socket|target|timer|path|mount)")
_MEMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_KEY = re.compile(
    r"(ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-nistp(?:256|384|521)|sk-[a-z0-9@.-]+)"
    r" ([A-Za-z0-9+/]+={0,2})(?: [\x20-\x7e]*)?"
)


@dataclass(frozen=True)
class EtcdParameters:
    """How an etcd member finds the others: a discovery URL, or all members by name and address."""

    address: str
    discovery: str = ""
    initial_cluster: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        _address("etcd.address", self.address)
        if bool(self.discovery) == bool(self.initial_cluster):
            raise _refuse("etcd", "", "give either discovery or initial_cluster")
        if self.discovery:
            _discovery(self.discovery)
        for name, address in self.initial_cluster:
            _match("etcd.initial_cluster", name, _MEMBER, "a member's name as node00")
            _address("etcd.initial_cluster", address)
        if self.initial_cluster and self.address not in dict(self.initial_cluster).values():
            raise _refuse("etcd.address", self.address, "an address of initial_cluster")
        if len(dict(self.initial_cluster)) != len(self.initial_cluster):
            raise _refuse("etcd.initial_cluster", "", "each member once")

    @property
    def name(self) -> str:
        """This member's name in a static cluster; empty with discovery (etcd makes one)."""
        return next((name for name, at in self.initial_cluster if at == self.address), "")


@dataclass(frozen=True)
class MachineParameters:
    """One machine (article rows C1, C2, B3). Raises ParameterError for what no dialect can say.

    hostname: None = it has its name already.
    address: with its prefix (10.11.12.13/24), empty = DHCP, then gateway and dns_servers are the
    DHCP server's business. keys: OpenSSH lines of the login user. units: systemd units to start.
    """

    hostname: str | None
    ntp_servers: tuple[str, ...] = ()
    dns_servers: tuple[str, ...] = DNS_SERVERS
    address: str = ""
    gateway: str = ""
    interface: str = "eth0"
    ssh_port: int = 22
    keys: tuple[str, ...] = ()
    etcd: EtcdParameters | None = None
    units: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.hostname is not None:
            _host("hostname", self.hostname)
        for server in self.ntp_servers:
            _host("ntp_servers", server)
        for server in self.dns_servers:
            _address("dns_servers", server)
        _match("interface", self.interface, _INTERFACE, "an interface as eth0")
        if isinstance(self.ssh_port, bool) or not 0 < self.ssh_port < 65536:
            raise _refuse("ssh_port", str(self.ssh_port), "a port, 1 to 65535")
        for key in self.keys:
            _key(key)
        for unit in self.units:
            _match("units", unit, _UNIT, "a unit as fleet.service")
        if len(set(self.units)) != len(self.units):
            raise _refuse("units", ", ".join(self.units), "each unit once")
        self._network()

    def _network(self) -> None:
        if not self.address:
            if self.gateway:
                raise _refuse("gateway", self.gateway, "no gateway without an address")
            return
        try:
            interface = IPv4Interface(self.address)
        except ValueError:
            raise _refuse("address", self.address, "as 10.11.12.13/24") from None
        if "/" not in self.address or not self.address.rpartition("/")[2].isdigit():
            raise _refuse("address", self.address, "an address with its prefix: 10.11.12.13/24")
        if self.gateway:
            _address("gateway", self.gateway)
            if IPv4Address(self.gateway) not in interface.network:
                raise _refuse("gateway", self.gateway, f"an address in {interface.network}")


def _refuse(name: str, value: str, expected: str) -> ParameterError:
    shown = f" {value!r}" if value else ""
    return ParameterError(f"{name}:{shown} cannot be used", remedy=f"expected: {expected}")


def _match(name: str, value: str, pattern: re.Pattern[str], expected: str) -> None:
    if not pattern.fullmatch(value):
        raise _refuse(name, value, expected)


def _host(name: str, value: str) -> None:
    """A host name (RFC 1123, small letters) or an address."""
    if re.fullmatch(r"[0-9.]+", value):
        if name == "hostname":
            raise _refuse(name, value, "a name, not a number")
        _address(name, value)
    elif len(value) > 253 or not all(_LABEL.fullmatch(part) for part in value.split(".")):
        raise _refuse(name, value, "small letters, digits and -, as node01")


def _address(name: str, value: str) -> None:
    if value == WITHDRAWN:
        expected = f"{' and '.join(DNS_SERVERS)}; {WITHDRAWN} is withdrawn (article: UPD)"
        raise _refuse(name, value, expected)
    try:
        IPv4Address(value)
    except ValueError:
        raise _refuse(name, value, "an IPv4 address") from None


def _discovery(value: str) -> None:
    expected = "a URL that ends in 32 hex digits, or ends in /v2/keys/.../TOKEN of an own etcd"
    if not re.fullmatch(r"[!-~]+", value) or re.search(r"[\"'\\<>#?]", value):
        raise _refuse("etcd.discovery", value, expected)
    try:
        url = urlsplit(value)
        web = url.scheme in ("http", "https") and bool(url.hostname)
    except ValueError:
        web = False
    if not web or not re.fullmatch(r"/(?:[0-9a-f]{32}|v2/keys/.*[^/])", url.path):
        raise _refuse("etcd.discovery", value, expected)


def _key(value: str) -> None:
    match = _KEY.fullmatch(value)
    try:
        good = match is not None and match[1].encode() in base64.b64decode(match[2], validate=True)
    except binascii.Error:
        good = False
    if not good:
        raise _refuse("keys", value[:60], "an OpenSSH line of a public key: ssh-ed25519 AAAA...")

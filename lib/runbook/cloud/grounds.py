"""Networks and key pairs: made when missing, never changed."""

from __future__ import annotations

import base64
import binascii
from ipaddress import ip_network

from runbook.cloud.console import fingerprint
from runbook.cloud.read import CloudReader
from runbook.cloud.refusal import ApiRefused
from runbook.errors import CloudError, ParameterError, Refused

MADE_BY_US = "made by runbook"  # the description of a network that we made


class Grounds(CloudReader):
    """What servers stand on: their network and their key pair."""

    def ensure_network(self, name: str, cidr: str) -> bool:
        """A network with one subnet `cidr`. Returns whether anything was made."""
        try:
            wanted = ip_network(cidr)
        except ValueError as error:
            raise ParameterError(f"{cidr!r} is no network: {error}") from None
        network = self.network(name)
        subnets = []
        with self.connection.doing(f"make network {name}") as sdk:
            if network is not None:
                subnets = [s.cidr for s in sdk.network.subnets(network_id=network.id)]
            if not subnets:
                network = network or sdk.network.create_network(name=name, description=MADE_BY_US)
                sdk.network.create_subnet(
                    name=name, network_id=network.id, ip_version=wanted.version, cidr=str(wanted)
                )
                return True
        if str(wanted) not in subnets:
            raise CloudError(
                f"network {name} ({network.id}) has the subnet {', '.join(subnets)}, not {wanted}",
                remedy="use its subnet in the target file, or another name for the network",
            )
        return False

    def owns_network(self, name: str) -> bool:
        """Whether there is a network of that name that we made."""
        network = self.network(name)
        return network is not None and network.description == MADE_BY_US

    def delete_network(self, name: str) -> bool:
        """Delete a network with its subnets. Returns False when there was none.

        Raises Refused for a network that is not ours.
        """
        network = self.network(name)
        if network is None:
            return False
        if network.description != MADE_BY_US:
            raise Refused(
                f"network {name} ({network.id}) was not made by us",
                remedy=f"delete it by hand: openstack network delete {network.id}",
            )
        try:
            with self.connection.doing(f"delete network {name}") as sdk:
                sdk.network.delete_network(network.id, ignore_missing=True)
        except ApiRefused as error:
            if error.status != 409:
                raise
            with self.connection.doing(f"list the ports of network {name}") as sdk:
                ports = list(sdk.network.ports(network_id=network.id))
            users = ", ".join(
                f"{', '.join(ip['ip_address'] for ip in port.fixed_ips)} "
                f"({'server ' + port.device_id if port.device_id else 'port ' + port.id})"
                for port in ports
            )
            raise CloudError(
                f"network {name} ({network.id}) is still in use: {users or error.details}",
                remedy="delete these servers and ports first",
            ) from None
        return True

    def has_key_pair(self, name: str, public_key: str | None = None) -> bool:
        """Whether there is a key pair of that name, with this public key (an OpenSSH line).

        Raises CloudError with both fingerprints when the name has another key.
        """
        try:
            with self.connection.doing(f"show key pair {name}") as sdk:
                existing = str(sdk.compute.get_keypair(name).public_key)
        except ApiRefused as error:
            if error.status != 404:
                raise
            return False
        if public_key is not None and _key_of(existing) != _key_of(public_key):
            there = fingerprint(_key_of(existing)[1])
            here = fingerprint(_key_of(public_key)[1])
            raise CloudError(
                f"key pair {name} has another key: {there} in the cloud, {here} is wanted",
                remedy="use another name for the key pair, or the key that the cloud knows",
            )
        return True

    def ensure_key_pair(self, name: str, public_key: str) -> bool:
        """A key pair with this public key (an OpenSSH line). Returns whether it was made.

        Raises CloudError with both fingerprints when the name has another key.
        """
        _key_of(public_key)  # refused before anything is asked
        if self.has_key_pair(name, public_key):
            return False
        with self.connection.doing(f"make key pair {name}") as sdk:
            sdk.compute.create_keypair(name=name, public_key=public_key.strip())
        return True

    def delete_key_pair(self, name: str) -> bool:
        """Delete a key pair. Returns False when there was none."""
        try:
            with self.connection.doing(f"delete key pair {name}") as sdk:
                sdk.compute.delete_keypair(name, ignore_missing=False)
        except ApiRefused as error:
            if error.status != 404:
                raise
            return False
        return True


def _key_of(line: str) -> tuple[str, str]:
    """Type and base64 of an OpenSSH public key line. Raises ParameterError."""
    words = line.split()
    try:
        base64.b64decode(words[1], validate=True)
    except (IndexError, binascii.Error, ValueError):
        raise ParameterError(
            f"not an OpenSSH public key: {line.strip()[:60]!r}",
            remedy="give the line of a .pub file: type, key, comment",
        ) from None
    return words[0], words[1]

"""The twin's OpenStack: keystone, nova, neutron and glance over real HTTP, for one project."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tornado.routing import URLSpec

from runbook_twin.hypervisor import Hypervisor, ServerSpec
from runbook_twin.openstack import (
    actions,
    compute,
    computing,
    identity,
    image,
    key_pairs,
    network,
    server_parts,
    servers,
)
from runbook_twin.openstack.handler import Unknown
from runbook_twin.openstack.identity import REGION, Credentials
from runbook_twin.openstack.project import Faults, Project, Timed
from runbook_twin.openstack.records import POWER_RUNNING, Server, Wanted

__all__ = ["REGION", "Credentials", "Faults", "OpenStack"]

_ID = r"([^/]+)"


class _UnknownIdentity(Unknown, identity.Identity):
    needs_token = False


class _UnknownCompute(Unknown, computing.Computing):
    pass


class _UnknownNetwork(Unknown, network.Networking):
    pass


class _UnknownImage(Unknown, image.Imaging):
    pass


RULES: tuple[tuple[str, Any], ...] = (
    (r"/identity/?", identity.Versions),
    (r"/identity/v3/?", identity.VersionThree),
    (r"/identity/v3/auth/tokens", identity.AuthTokens),
    (r"/identity/v3/auth/(projects|catalog)", identity.AuthLists),
    (r"/identity/.*", _UnknownIdentity),
    (r"/compute/?", computing.Versions),
    (r"/compute/(v2\.1)/?", computing.Versions),
    (r"/compute/v2\.1/flavors", compute.Flavors),
    (rf"/compute/v2\.1/flavors/{_ID}", compute.Flavors),
    (rf"/compute/v2\.1/flavors/{_ID}/(os-extra_specs)", compute.Flavors),
    (r"/compute/v2\.1/limits", compute.Limits),
    (rf"/compute/v2\.1/os-quota-sets/{_ID}", compute.QuotaSets),
    (rf"/compute/v2\.1/os-quota-sets/{_ID}/(detail|defaults)", compute.QuotaSets),
    (r"/compute/v2\.1/os-availability-zone", compute.Zones),
    (r"/compute/v2\.1/os-keypairs", key_pairs.KeyPairs),
    (rf"/compute/v2\.1/os-keypairs/{_ID}", key_pairs.KeyPairs),
    (r"/compute/v2\.1/servers", servers.Servers),
    (r"/compute/v2\.1/servers/(detail)", servers.Servers),
    (rf"/compute/v2\.1/servers/{_ID}", servers.ServerById),
    (rf"/compute/v2\.1/servers/{_ID}/action", actions.Actions),
    (rf"/compute/v2\.1/servers/{_ID}/tags", server_parts.Tags),
    (rf"/compute/v2\.1/servers/{_ID}/tags/{_ID}", server_parts.Tags),
    (rf"/compute/v2\.1/servers/{_ID}/metadata", server_parts.Metadata),
    (rf"/compute/v2\.1/servers/{_ID}/metadata/{_ID}", server_parts.Metadata),
    (rf"/compute/v2\.1/servers/{_ID}/ips", server_parts.Addresses),
    (rf"/compute/v2\.1/servers/{_ID}/ips/{_ID}", server_parts.Addresses),
    (rf"/compute/v2\.1/servers/{_ID}/os-interface", server_parts.Interfaces),
    (r"/compute/.*", _UnknownCompute),
    (r"/networking/?", network.Versions),
    (r"/networking/v2\.0/?", network.Resources),
    (r"/networking/v2\.0/extensions", network.Extensions),
    (rf"/networking/v2\.0/extensions/{_ID}", network.Extensions),
    (rf"/networking/v2\.0/quotas/{_ID}", network.Quotas),
    (rf"/networking/v2\.0/quotas/{_ID}/(details(?:\.json)?)", network.Quotas),
    (rf"/networking/v2\.0/({network.COLLECTIONS})", network.Collection),
    (rf"/networking/v2\.0/({network.COLLECTIONS})/{_ID}", network.Member),
    (
        rf"/networking/v2\.0/routers/{_ID}/(add|remove)_router_interface",
        network.RouterInterfaces,
    ),
    (r"/networking/.*", _UnknownNetwork),
    (r"/image/?", image.Versions),
    (r"/image/versions", image.Versions),
    (r"/image/v2/images", image.Images),
    (rf"/image/v2/images/{_ID}", image.ImageById),
    (r"/image/v2/schemas/(image|images)", image.Schema),
    (r"/image/.*", _UnknownImage),
)


class OpenStack:
    """One project of a cloud: its HTTP routes, and how it looks at the start.

    The keystone URL is http://HOST:PORT/identity/v3, the region RegionOne, the domain Default.
    """

    def __init__(
        self,
        world: Timed,
        hypervisor: Hypervisor,
        faults: Faults,
        credentials: Credentials,
        images: Iterable[str],
    ) -> None:
        self.project = Project(world, hypervisor, faults, credentials, images)

    def routes(self) -> list[URLSpec]:
        """The rules for a tornado application."""
        return [URLSpec(f"{path}$", handler, {"project": self.project}) for path, handler in RULES]

    def furnish(
        self,
        servers: Sequence[tuple[ServerSpec, Iterable[str]]],
        *,
        network: str = "private",
        cidr: str = "192.168.0.0/24",
        key_pair: str = "",
        public_key: str = "",
        flavor: str = "m1.small",
    ) -> None:
        """Records of a network, a key pair and ACTIVE servers (spec, tags) for a furnished start.

        The machines themselves are the hypervisor's: it must know the ids of the specs already.
        """
        project = self.project
        described = {"name": network, "description": "made by runbook"}  # as the runbooks mark it
        made = project.network.create_network(described)
        project.network.create_subnet({"name": network, "network_id": made["id"], "cidr": cidr})
        if key_pair:
            fingerprint = key_pairs.fingerprint(public_key)
            project.add_key_pair(key_pair, public_key, fingerprint)
        size = next(known for known in project.flavors if known.name == flavor)
        now = project.clock.now()
        for spec, tags in servers:
            server = Server(
                *(spec.id, spec.name, project.image_named(spec.image), size, now),
                key_name=key_pair or None,
                public_key=public_key or None,
                user_data=spec.user_data,
                metadata=dict(spec.metadata),
                tags=set(tags),
                hostname=spec.name,
                wanted=[Wanted(made["id"], spec.address)],
                vm_state="active",
                task_state=None,
                power_state=POWER_RUNNING,
                host="compute0",
                launched=now,
                spawned=True,
            )
            project.servers[server.id] = server
            port = {"network_id": made["id"], "fixed_ips": [{"ip_address": spec.address}]}
            project.network.create_port(
                {**port, "device_id": server.id, "device_owner": "compute:nova"}
            )

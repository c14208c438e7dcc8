"""The servers of a group in the cloud: making what is missing, removing all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runbook.changes.base import Act
from runbook.cloud import Cloud
from runbook.command import Node
from runbook.errors import TargetError
from runbook.inventory import Server
from runbook.machine_config import MachineParameters, render_cloud_config
from runbook.params import CloudAccess, Group, Target


def make_missing(
    target: Target, cloud: Cloud | None, nodes: Sequence[Node], forget: Callable[[Server], None]
) -> list[Act]:
    """Acts that make network, key pair and servers of these nodes (B1, S1).

    A target without a cloud has its servers already: then there are no acts. forget: drops the
    host key of an earlier server. Raises TargetError when a group does not say what to make its
    servers from, CloudError when a name exists twice.
    """
    if cloud is None or target.cloud is None:
        return []
    groups = {name: _complete(target, name) for name in _groups(nodes)}
    networks = {str(group.network): str(group.subnet) for group in groups.values()}
    return [
        *(_network(cloud, name, subnet) for name, subnet in networks.items()),
        _key_pair(cloud, target.cloud),
        *(
            _Making(cloud, target.cloud, node, groups[node.server.group], forget).act()
            for node in nodes
        ),
    ]


def remove_all(target: Target, cloud: Cloud | None, groups: Sequence[str]) -> list[Act]:
    """Acts that delete the servers of these groups, their networks and the key pair.

    A network that we did not make stays, and so do network and key pair while servers of other
    groups use them. A target without a cloud keeps its servers: then there are no acts.
    """
    if cloud is None or target.cloud is None:
        return []
    wanted = [_complete(target, group) for group in groups]
    names = [name for group in wanted for name in group.servers]
    networks = dict.fromkeys(str(group.network) for group in wanted)

    def in_use() -> bool:
        return any(server.name not in names for server in cloud.servers())

    return [
        *(_delete_server(cloud, name) for name in names),
        *(_delete_network(cloud, name, in_use) for name in networks),
        _delete_key_pair(cloud, target.cloud.key_pair.name, in_use),
    ]


@dataclass(frozen=True)
class _Making:
    """One server that is made, or started when it is there and off."""

    cloud: Cloud
    access: CloudAccess
    node: Node
    group: Group
    forget: Callable[[Server], None]

    def act(self) -> Act:
        name, found = self.node.name, self.cloud.find(self.node.name)
        if found is not None and found.status == "SHUTOFF":
            what, line = f"start server {name}", f"openstack server start {name}"
            undo = f"openstack server stop {name}"
        else:
            what, line = f"make server {name}", self._create_line()
            undo = f"openstack server delete {name}"
        return Act(what, [("(cloud)", line)], self._is_done, self._apply, undo)

    def _create_line(self) -> str:
        return (
            f"openstack server create --image {self.group.image} --flavor {self.group.flavor} "
            f"--nic net-id={self.group.network},v4-fixed-ip={self.node.address} "
            f"--key-name {self.access.key_pair.name} {self.node.name}"
        )

    def _is_done(self) -> bool:
        found = self.cloud.find(self.node.name)
        return (
            found is not None and found.status == "ACTIVE" and self.node.address in found.addresses
        )

    def _apply(self) -> None:
        is_new = self.cloud.find(self.node.name) is None
        rancher = "rancher" in str(self.group.image) or "burmilla" in str(self.group.image)
        user_data = render_cloud_config(
            MachineParameters(self.node.name), dialect="rancheros" if rancher else "coreos"
        )
        self.cloud.ensure_server(
            self.node.name,
            self.node.server.group,
            str(self.group.image),
            str(self.group.flavor),
            str(self.group.network),
            self.node.address,
            self.access.key_pair.name,
            user_data,
            wait=False,
        )
        if is_new:
            self.forget(self.node.server)


def _groups(nodes: Sequence[Node]) -> list[str]:
    return list(dict.fromkeys(node.server.group for node in nodes))


def _complete(target: Target, group: str) -> Group:
    if group not in target.groups:
        raise TargetError(
            f"{target.file}: there is no group {group!r}",
            remedy=f"add it, or use one of: {', '.join(target.groups)}",
        )
    wanted = target.groups[group]
    missing = [k for k in ("image", "flavor", "network", "subnet") if getattr(wanted, k) is None]
    if missing:
        raise TargetError(
            f"{target.file}: groups.{group} does not say {', '.join(missing)}",
            remedy="add what its servers are to be made from",
        )
    return wanted


def _network(cloud: Cloud, name: str, subnet: str) -> Act:
    line = f"openstack subnet create --network {name} --subnet-range {subnet} {name}"
    return Act(
        what=f"make network {name}",
        steps=[("(cloud)", line)],
        is_done=lambda: cloud.network(name) is not None,
        apply=lambda: cloud.ensure_network(name, subnet),
        undo=f"openstack network delete {name}",
    )


def _key_pair(cloud: Cloud, access: CloudAccess) -> Act:
    pair = access.key_pair

    def public_key() -> str:
        try:
            return pair.public_key.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "is not UTF-8 text"
            raise TargetError(
                f"the public key {pair.public_key} cannot be read: {why}",
                remedy="name your public key in cloud.key_pair.public_key of the target file",
            ) from None

    return Act(
        what=f"make key pair {pair.name}",
        steps=[("(cloud)", f"openstack keypair create --public-key FILE {pair.name}")],
        is_done=lambda: cloud.has_key_pair(pair.name, public_key()),
        apply=lambda: cloud.ensure_key_pair(pair.name, public_key()),
        undo=f"openstack keypair delete {pair.name}",
    )


def _delete_server(cloud: Cloud, name: str) -> Act:
    return Act(
        what=f"delete server {name}",
        steps=[("(cloud)", f"openstack server delete {name}")],
        is_done=lambda: cloud.find(name) is None,
        apply=lambda: cloud.delete(name),
        undo="it can be made again, empty",
    )


def _delete_network(cloud: Cloud, name: str, in_use: Callable[[], bool]) -> Act:
    return Act(
        what=f"delete network {name}, if we made it and nobody uses it",
        steps=[("(cloud)", f"openstack network delete {name}")],
        is_done=lambda: not cloud.owns_network(name) or in_use(),
        apply=lambda: cloud.delete_network(name),
        undo="it can be made again",
    )


def _delete_key_pair(cloud: Cloud, name: str, in_use: Callable[[], bool]) -> Act:
    return Act(
        what=f"delete key pair {name}, if nobody uses it",
        steps=[("(cloud)", f"openstack keypair delete {name}")],
        is_done=lambda: not cloud.has_key_pair(name) or in_use(),
        apply=lambda: cloud.delete_key_pair(name),
        undo="it can be made again from the public key",
    )

"""The servers of a group in the cloud: what there is, making what is missing, removing all."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from runbook.changes.base import Act
from runbook.cloud import Cloud
from runbook.command import Node, Nodes
from runbook.errors import TargetError
from runbook.machine_config import MachineParameters, render_cloud_config
from runbook.params import CloudAccess, Group, Target
from runbook.table import rows_frame

_COLUMNS = ("server", "wanted", "status", "address", "id")


def existing(cloud: Cloud, nodes: Sequence[Node]) -> pd.DataFrame:
    """What the cloud has of these nodes. Columns: server, wanted (address), status, address, id."""
    there = {s.name: s for group in _groups(nodes) for s in cloud.servers(group)}
    rows = []
    for node in nodes:
        found = there.get(node.name)
        rows.append(
            {
                "server": node.name,
                "wanted": node.address,
                "status": found.status if found else "missing",
                "address": found.address if found else None,
                "id": found.id if found else None,
            }
        )
    return rows_frame(rows, _COLUMNS, f"Servers in cloud {cloud.name}")


def misplaced(table: pd.DataFrame) -> int:
    """How many servers of `existing` have another address than wanted."""
    return int((table.address.notna() & (table.address != table.wanted)).sum())


def present(cloud: Cloud, nodes: Sequence[Node]) -> Nodes:
    """Those of the nodes that the cloud has."""
    names = {s.name for group in _groups(nodes) for s in cloud.servers(group)}
    return Nodes([node for node in nodes if node.name in names])


def make_missing(target: Target, cloud: Cloud | None, group: str, *names: str) -> list[Act]:
    """Acts that make network, key pair and servers of a group, or those named (B1, S1).

    A target without a cloud has its servers already: then there are no acts.
    Raises TargetError when the group does not say what to make its servers from.
    """
    if cloud is None or target.cloud is None:
        return []
    wanted = _complete(target, group)
    access = target.cloud
    return [
        _network(cloud, str(wanted.network), str(wanted.subnet)),
        _key_pair(cloud, access),
        *(
            _server(cloud, access, name, group, wanted)
            for name in wanted.servers
            if not names or name in names
        ),
    ]


def wait_active(cloud: Cloud | None, nodes: Sequence[Node]) -> pd.DataFrame:
    """Wait until the cloud calls every server ACTIVE. Columns: as `existing`.

    Raises CloudError with the cloud's reason when one went to ERROR.
    """
    if cloud is None:
        return rows_frame([], _COLUMNS, "This target has no cloud: its servers exist")
    for node in nodes:
        cloud.wait_for(cloud.server(node.name))
    return existing(cloud, nodes)


def remove_all(cloud: Cloud, target: Target, groups: Sequence[str]) -> list[Act]:
    """Acts that delete the servers of these groups, their networks and the key pair."""
    wanted = [_complete(target, group) for group in groups]
    servers = [_delete_server(cloud, name) for group in wanted for name in group.servers]
    networks = dict.fromkeys(str(group.network) for group in wanted)
    access = target.cloud
    pair = [_delete_key_pair(cloud, access.key_pair.name)] if access else []
    return [*servers, *(_delete_network(cloud, name) for name in networks), *pair]


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
    return Act(
        what=f"make network {name}",
        steps=[
            ("(cloud)", f"openstack subnet create --network {name} --subnet-range {subnet} {name}")
        ],
        is_done=lambda: cloud.network(name) is not None,
        apply=lambda: cloud.ensure_network(name, subnet),
        undo=f"openstack network delete {name}",
    )


def _key_pair(cloud: Cloud, access: CloudAccess) -> Act:
    pair = access.key_pair

    def public_key() -> str:
        try:
            return pair.public_key.read_text(encoding="utf-8")
        except OSError as error:
            raise TargetError(
                f"the public key {pair.public_key} cannot be read: {error.strerror}",
                remedy="name your public key in cloud.key_pair.public_key of the target file",
            ) from None

    return Act(
        what=f"make key pair {pair.name}",
        steps=[("(cloud)", f"openstack keypair create --public-key FILE {pair.name}")],
        is_done=lambda: cloud.has_key_pair(pair.name, public_key()),
        apply=lambda: cloud.ensure_key_pair(pair.name, public_key()),
        undo=f"openstack keypair delete {pair.name}",
    )


def _server(
    cloud: Cloud,
    access: CloudAccess,
    name: str,
    group: str,
    wanted: Group,
) -> Act:
    address = str(wanted.servers[name].address)
    dialect = "rancheros" if "rancher" in str(wanted.image) else "coreos"
    user_data = render_cloud_config(MachineParameters(name), dialect=dialect)  # type: ignore[arg-type]

    def make() -> object:
        return cloud.ensure_server(
            name,
            group,
            str(wanted.image),
            str(wanted.flavor),
            str(wanted.network),
            address,
            access.key_pair.name,
            user_data,
            wait=False,
        )

    def done() -> bool:
        found = cloud.find(name)
        return found is not None and found.status == "ACTIVE" and address in found.addresses

    return Act(
        what=f"make server {name}",
        steps=[
            (
                "(cloud)",
                f"openstack server create --image {wanted.image} --flavor {wanted.flavor} "
                f"--nic net-id={wanted.network},v4-fixed-ip={address} "
                f"--key-name {access.key_pair.name} {name}",
            )
        ],
        is_done=done,
        apply=make,
        undo=f"openstack server delete {name}",
    )


def _delete_server(cloud: Cloud, name: str) -> Act:
    return Act(
        what=f"delete server {name}",
        steps=[("(cloud)", f"openstack server delete {name}")],
        is_done=lambda: cloud.find(name) is None,
        apply=lambda: cloud.delete(name),
        undo="it can be made again, empty",
    )


def _delete_network(cloud: Cloud, name: str) -> Act:
    return Act(
        what=f"delete network {name}",
        steps=[("(cloud)", f"openstack network delete {name}")],
        is_done=lambda: cloud.network(name) is None,
        apply=lambda: cloud.delete_network(name),
        undo="it can be made again",
    )


def _delete_key_pair(cloud: Cloud, name: str) -> Act:
    return Act(
        what=f"delete key pair {name}",
        steps=[("(cloud)", f"openstack keypair delete {name}")],
        is_done=lambda: not cloud.has_key_pair(name),
        apply=lambda: cloud.delete_key_pair(name),
        undo="it can be made again from the public key",
    )

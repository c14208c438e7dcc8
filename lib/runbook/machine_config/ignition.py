"""Parameters -> Ignition JSON of spec 2.0.0 (CoreOS of 2016) or 3.3.0 (Flatcar)."""

from __future__ import annotations

import json
from typing import Any, Literal
from urllib.parse import quote

from runbook.machine_config import units
from runbook.machine_config.parameters import MachineParameters

IgnitionVersion = Literal["2.0.0", "3.3.0"]
RootFormat = Literal["", "btrfs", "ext4", "xfs"]

_MODE = 0o644


def render_ignition(
    parameters: MachineParameters,
    *,
    version: IgnitionVersion = "2.0.0",
    root_format: RootFormat = "",
) -> str:
    """An Ignition config (article row C2). root_format: format the root filesystem anew.

    etcd becomes a drop-in of etcd2.service (2.0.0) or etcd-member.service (3.3.0).
    """
    third = version.startswith("3")
    config: dict[str, Any] = {"ignition": {"version": version}}
    storage: dict[str, Any] = {}
    if root_format:
        storage["filesystems"] = [_root(root_format, third)]
    storage["files"] = [
        _file(path, content, third) for path, content in _files(parameters, third).items()
    ]
    config["storage"] = storage
    if parameters.address and not third:
        unit = {"name": units.network_name(parameters), "contents": units.network(parameters)}
        config["networkd"] = {"units": [unit]}
    if systemd := _systemd(parameters, third):
        config["systemd"] = {"units": systemd}
    if parameters.keys:
        login = {"name": "core", "sshAuthorizedKeys": list(parameters.keys)}
        config["passwd"] = {"users": [login]}
    return json.dumps(config, indent=4) + "\n"


def _root(root_format: str, third: bool) -> dict[str, Any]:
    device = "/dev/disk/by-label/ROOT"
    if third:
        return {"device": device, "format": root_format, "label": "ROOT", "wipeFilesystem": True}
    label = "-L" if root_format in ("ext4", "xfs") else "--label"
    options = [label, "ROOT"] if label == "-L" else [f"{label}=ROOT"]
    create = {"force": True, "options": options}
    return {"name": "root", "mount": {"device": device, "format": root_format, "create": create}}


def _files(parameters: MachineParameters, third: bool) -> dict[str, str]:
    files = {} if parameters.hostname is None else {"/etc/hostname": parameters.hostname}
    if parameters.ntp_servers:
        files[units.TIMESYNCD] = units.timesyncd(parameters)
    if parameters.address and third:
        path = f"/etc/systemd/network/{units.network_name(parameters)}"
        files[path] = units.network(parameters)
    return files


def _file(path: str, content: str, third: bool) -> dict[str, Any]:
    place: dict[str, Any] = {"path": path} if third else {"filesystem": "root", "path": path}
    extra = {"overwrite": True} if third else {}
    source = {"source": f"data:,{quote(content, safe='=/:,.-_')}"}
    return place | extra | {"mode": _MODE, "contents": source}


def _systemd(parameters: MachineParameters, third: bool) -> list[dict[str, Any]]:
    enabled = "enabled" if third else "enable"
    etcd_unit = "etcd-member.service" if third else "etcd2.service"
    made: dict[str, dict[str, Any]] = {}
    if parameters.ssh_port != 22:
        made["sshd.socket"] = {"name": "sshd.socket", "contents": units.ssh_socket(parameters)}
    if parameters.etcd:
        ports = (2379,) if third else (2379, 4001)
        dropin = units.etcd_dropin(units.etcd_settings(parameters.etcd, ports=ports))
        dropins = [{"name": "20-cluster.conf", "contents": dropin}]
        made[etcd_unit] = {"name": etcd_unit, "dropins": dropins}
    for name in parameters.units:
        unit = etcd_unit if name in ("etcd2.service", "etcd-member.service") else name
        made[unit] = {"name": unit, enabled: True} | made.get(unit, {})
    return list(made.values())

"""Parameters -> cloud-config, in CoreOS' or RancherOS' dialect."""

from __future__ import annotations

from io import StringIO
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from runbook.errors import ParameterError
from runbook.machine_config import units
from runbook.machine_config.parameters import MachineParameters

CloudDialect = Literal["coreos", "rancheros"]


def render_cloud_config(parameters: MachineParameters, *, dialect: CloudDialect = "coreos") -> str:
    """A `#cloud-config` that the dialect's own tool takes (article rows C1, B3, C3).

    Raises ParameterError for a parameter that the dialect cannot say: nothing is left out.
    """
    config = _coreos(parameters) if dialect == "coreos" else _rancheros(parameters)
    yaml = YAML()
    yaml.width = 100_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(_quoted(config), out)
    return f"#cloud-config\n\n{out.getvalue()}"


def _coreos(parameters: MachineParameters) -> dict[str, Any]:
    config: dict[str, Any] = _hostname(parameters)
    if parameters.keys:
        config["ssh_authorized_keys"] = list(parameters.keys)
    if parameters.ntp_servers:
        config["write_files"] = [
            {
                "path": units.TIMESYNCD,
                "permissions": "0644",
                "owner": "root",
                "content": units.timesyncd(parameters),
            }
        ]
    coreos: dict[str, Any] = {}
    if parameters.etcd:
        coreos["etcd2"] = units.etcd_settings(parameters.etcd, ports=(2379, 4001))
    if started := _units(parameters):
        coreos["units"] = started
    return config | ({"coreos": coreos} if coreos else {})


def _hostname(parameters: MachineParameters) -> dict[str, Any]:
    return {} if parameters.hostname is None else {"hostname": parameters.hostname}


def _units(parameters: MachineParameters) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    if parameters.address:
        name, content = units.network_name(parameters), units.network(parameters)
        made.append({"name": name, "runtime": True, "content": content})
    if parameters.ssh_port != 22:
        content = units.ssh_socket(parameters)
        made.append(
            {"name": "sshd.socket", "command": "restart", "runtime": True, "content": content}
        )
    return made + [{"name": name, "command": "start"} for name in parameters.units]


def _rancheros(parameters: MachineParameters) -> dict[str, Any]:
    for name, given in (("etcd", parameters.etcd), ("units", parameters.units)):
        if given:
            raise ParameterError(
                f"{name}: RancherOS' cloud-config cannot say it (it has neither etcd nor systemd)",
                remedy=f"leave {name} out for RancherOS, or build the machine from CoreOS",
            )
    config: dict[str, Any] = _hostname(parameters)
    if parameters.keys:
        config["ssh_authorized_keys"] = list(parameters.keys)
    if files := _rancheros_files(parameters):
        config["write_files"] = files
    if parameters.address:
        interface = {"address": parameters.address, "dhcp": False}
        if parameters.gateway:
            interface["gateway"] = parameters.gateway
        name = DoubleQuotedScalarString(parameters.interface)  # an interface may be called no
        network: dict[str, Any] = {"interfaces": {name: interface}}
        if parameters.dns_servers:
            network["dns"] = {"nameservers": list(parameters.dns_servers)}
        config["rancher"] = {"network": network}
    return config


def _rancheros_files(parameters: MachineParameters) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = []
    if parameters.ntp_servers:
        servers = "".join(f"server {server} iburst\n" for server in parameters.ntp_servers)
        content = f"{servers}restrict default nomodify nopeer noquery limited kod\n"
        content += "restrict 127.0.0.1\n"
        files.append(_file("/etc/ntp.conf", "0644", content) | {"container": "ntp"})
    if parameters.ssh_port != 22:
        # v0.6.1 has no rancher.ssh.port; the console runs this script before it starts sshd
        change = f"s/^#?Port .*/Port {parameters.ssh_port}/"
        content = f"#!/bin/bash\nsed -i -E '{change}' /etc/ssh/sshd_config\n"
        files.append(_file("/opt/rancher/bin/start.sh", "0755", content))
    return files


def _file(path: str, permissions: str, content: str) -> dict[str, Any]:
    return {"path": path, "permissions": permissions, "owner": "root", "content": content}


def _quoted(value: Any) -> Any:
    """Every text in quotes: both tools read YAML 1.1, where no, 0644 and 22:22 are not texts."""
    if isinstance(value, dict):
        return {key: _quoted(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_quoted(below) for below in value]
    if isinstance(value, str):
        return LiteralScalarString(value) if "\n" in value else DoubleQuotedScalarString(value)
    return value

"""The files that the image brings: os-config.yml of a release, oem-config.yml of the cloud."""

from __future__ import annotations

from ipaddress import IPv4Interface
from typing import Any

from runbook_twin.rancheros import release
from runbook_twin.rancheros.yaml_text import dump

# name: image, command, what it starts after, further keys
_SERVICES: dict[str, tuple[str, str, str, str]] = {
    "acpid": ("acpid", "/usr/sbin/acpid -f", "", "host"),
    "all-volumes": ("base", "echo", "", "volumes"),
    "cloud-init": ("cloudinit", "cloud-init-save", "", "once"),
    "cloud-init-execute": ("cloudinit", "cloud-init-execute", "", "once"),
    "cloud-init-pre": ("cloudinit", "cloud-init-save", "", "once"),
    "command-volumes": ("base", "echo", "", "volumes"),
    "console": ("console", "/usr/sbin/console.sh", "cloud-init-execute", "restart"),
    "container-data-volumes": ("base", "echo", "", "volumes"),
    "docker": ("docker", "/usr/bin/user-docker", "console", "restart"),
    "network": ("base", "netconf --stop-network-pre", "cloud-init", "host"),
    "network-pre": ("base", "netconf", "preload-system-images", "host"),
    "ntp": ("base", "ntpd --nofork -g", "network-pre", "restart"),
    "preload-system-images": ("preload", "preload-images", "", "once"),
    "preload-user-images": ("preload", "preload-images", "console", "once"),
    "syslog": ("syslog", "rsyslogd -n", "", "restart"),
    "system-volumes": ("base", "echo", "", "volumes"),
    "udev": ("udev", "udevd", "udev-cold", "restart"),
    "udev-cold": ("udev", "udevadm settle", "", "once"),
    "user-volumes": ("base", "echo", "", "volumes"),
}
SERVICE_COUNT = len(_SERVICES)


def os_config(version: str) -> str:
    """/usr/share/ros/os-config.yml of a release."""
    engine = release.default_engine(version)
    services = {name: _service(name, version, engine) for name in _SERVICES}
    early = {"image": f"rancher/os-statescript:{version}", "net": "none", "privileged": True}
    auto = {"image": f"rancher/os-autoformat:{version}", "net": "none", "privileged": True}
    rancher: dict[str, Any] = {
        "environment": {"SUFFIX": "", "VERSION": version},
        "defaults": {
            "hostname": "rancher",
            "network": {"dns": {"nameservers": ["8.8.8.8", "8.8.4.4"]}},
        },
        "bootstrap": {"state-script": early},
        "autoformat": {"autoformat": auto},
        "cloud_init": {"datasources": ["configdrive:/media/config-2"]},
        "console": "default",
        "repositories": {"core": {"url": f"{release.SERVICES_URL}/{version}"}},
        "services": services,
        "state": {"fstype": "auto", "oem_dev": "LABEL=RANCHER_OEM", "oem_fstype": "auto"},
        "system_docker": {
            "exec": True, "graph": "/var/lib/system-docker", "group": "root",
            "host": ["unix:///var/run/system-docker.sock"], "storage_driver": "overlay",
        },
        "upgrade": {"image": "rancher/os", "url": release.RELEASES_URL},
        "docker": {
            "engine": engine, "group": "docker", "host": ["unix:///var/run/docker.sock"],
            "log_opts": {"max-file": 2, "max-size": "25m"}, "storage_driver": "overlay",
        },
    }  # fmt: skip
    return dump({"rancher": rancher})


def oem_config(address: str) -> str:
    """/usr/share/ros/oem/oem-config.yml: the static network that the cloud's panel shows."""
    network = IPv4Interface(f"{address}/24").network
    interface = {"address": f"{address}/24", "dhcp": False, "gateway": str(network[1])}
    servers = ["188.93.16.19", "188.93.17.19"]
    return dump(
        {
            "rancher": {
                "network": {"dns": {"nameservers": servers}, "interfaces": {"eth0": interface}}
            }
        }
    )


def _service(name: str, version: str, engine: str) -> dict[str, Any]:
    image, command, after, kind = _SERVICES[name]
    labels = {"io.rancher.os.scope": "system"}
    if after:
        labels["io.rancher.os.after"] = after
    if kind == "volumes":
        labels["io.rancher.os.createonly"] = "true"
    if kind == "once":
        labels["io.rancher.os.detach"] = "false"
    tag = engine.removeprefix("docker-") if image == "docker" else version
    service: dict[str, Any] = {
        "image": f"rancher/os-{image}:{tag}",
        "command": command,
        "labels": labels,
        "net": "none" if kind == "volumes" else "host",
        "privileged": True,
    }
    if kind == "volumes":
        return service | {"log_driver": "json-file", "read_only": True}
    service |= {"uts": "host", "volumes_from": ["command-volumes", "system-volumes"]}
    return service | ({"restart": "always"} if kind == "restart" else {})


COMPOSE: dict[str, Any] = {  # every key of a service with its empty value, as `config get` shows it
    **dict.fromkeys(
        (
            "build", "cgroup_parent", "container_name", "cpuset", "dockerfile", "domainname",
            "hostname", "image", "ipc", "log_driver", "mac_address", "name", "net", "pid",
            "restart", "user", "uts", "volume_driver", "working_dir",
        ),
        "",
    ),
    **{
        name: []
        for name in (
            "cap_add", "cap_drop", "command", "devices", "dns", "dns_search", "entrypoint",
            "env_file", "environment", "expose", "external_links", "extra_hosts", "links",
            "ports", "security_opt", "volumes", "volumes_from",
        )
    },
    **{name: {} for name in ("labels", "log_opt", "ulimits")},
    **dict.fromkeys(("cpu_quota", "cpu_shares", "mem_limit", "memswap_limit"), 0),
    **dict.fromkeys(("privileged", "read_only", "stdin_open", "tty"), False),
}  # fmt: skip


def full_service(name: str, service: dict[str, Any]) -> dict[str, Any]:
    """A service with every key that compose knows."""
    whole = COMPOSE | service | {"container_name": name}
    for key in ("command", "entrypoint"):
        if isinstance(whole[key], str):
            whole[key] = whole[key].split()
    return whole

"""The server images: who logs in, which services start at boot, which files there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from runbook_twin.hypervisor import ServerSpec
from runbook_twin.rancheros import config as places
from runbook_twin.rancheros.cloud_init import metadata
from runbook_twin.rancheros.os_config import oem_config, os_config

_SSHD = """\
[Service]
ExecStartPre=/bin/mkdir -p /run/sshd
ExecStart=/usr/sbin/sshd -D -e -f /usr/lib/lab/sshd_config
Restart=always
"""
_DOCKER = """\
[Service]
ExecStart=/usr/sbin/dockerd --storage-driver overlay2
Restart=always
"""
# A bridge of its own, as RancherOS has it: with none it would take the other engine's away.
_SYSTEM_DOCKER = """\
[Service]
ExecStartPre=-/bin/ip link add docker-sys type bridge
ExecStartPre=-/bin/ip address add 172.18.42.1/16 dev docker-sys
ExecStartPre=-/bin/ip link set docker-sys up
ExecStart=/usr/sbin/dockerd --storage-driver overlay2 --host unix:///run/system-docker.sock \
--data-root /var/lib/system-docker --exec-root /run/system-docker \
--pidfile /run/system-docker.pid --bridge docker-sys --iptables=false --ip-forward=false
Restart=always
"""
# Waits until the engine answers: its socket is made before that.
_LOAD = """\
[Service]
Type=oneshot
ExecStart=/usr/lib/lab/load-images {what}
"""
_LOADER = """\
#!/bin/sh
# The images and containers that the server has from its first boot.
set -eu
case $1 in system) docker="docker -H unix:///run/system-docker.sock" ;; *) docker=docker ;; esac
for _ in $(seq 100); do $docker version >/dev/null 2>&1 && break; sleep 0.1; done
$docker version >/dev/null
[ -n "$($docker images -q)" ] && exit 0
if [ "$1" = user ]; then
    docker import --change 'CMD ["/usr/sbin/nginx", "-g", "daemon off;"]' --change 'EXPOSE 80' \
        /usr/lib/lab/nginx.tar nginx:latest
    exit 0
fi
for name in syslog acpid ntp udev network console docker; do
    image=rancher/os-$name:v0.6.1
    $docker import --change 'CMD ["/usr/bin/sleep", "infinity"]' /usr/lib/lab/idle.tar "$image"
    $docker run -d --name "$name" --restart always --net none "$image"
done
"""
# As CoreOS does at every boot, with its user data and its OEM partition (B4: "or reboot").
_CLOUD_INIT = """\
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'test ! -e {0} || exec /opt/bin/coreos-cloudinit --from-file {0}'
"""
# As CoreOS 1185 brings it, on today's etcd: the v2 API has to be switched on.
_ETCD2 = """\
[Unit]
Description=etcd2

[Service]
Environment=ETCD_DATA_DIR=/var/lib/etcd2
Environment=ETCD_NAME=%m
Environment=ETCD_ENABLE_V2=true
Environment=ETCD_LOGGER=zap
ExecStart=/usr/bin/etcd
Restart=always
RestartSec=10s
"""
_USER_DATA = "var/lib/coreos-install/user_data"
_RANCHEROS = "v0.6.1"


def _coreos_given(spec: ServerSpec) -> dict[str, str]:
    return {_USER_DATA: spec.user_data.decode("utf-8", "replace")} if spec.user_data else {}


def _rancheros_given(spec: ServerSpec) -> dict[str, str]:
    """The release's own configuration, the cloud's network, user data and metadata: with the words
    of the rehearsal's servers, as real files."""
    given = {
        places.OS_CONFIG: os_config(_RANCHEROS),
        places.OEM_CONFIG: oem_config(spec.address),
        places.METADATA: metadata(spec),
    }
    if spec.user_data:
        given[places.BOOT_CONFIG] = spec.user_data.decode("utf-8", "replace")
    return {path.lstrip("/"): text for path, text in given.items()}


@dataclass(frozen=True)
class Image:
    """units by name; boot: those that start, in order; stand_ins: program -> module in
    runbook_lab.inside; given: the files that a new server is given, by path below the root."""

    user: str
    boot: tuple[str, ...]
    units: dict[str, str]
    stand_ins: dict[str, str]
    given: Callable[[ServerSpec], dict[str, str]]
    folders: tuple[str, ...] = ()
    programs: dict[str, str] = field(default_factory=dict)  # executables by path
    environment: str = ""  # NAME=VALUE of those who log in


_USER_IMAGES = {"usr/lib/lab/load-images": _LOADER}

IMAGES = {
    "coreos": Image(
        user="core",
        boot=("sshd.service", "docker.service", "images.service", "user-cloudinit.service",
              "oem-cloudinit.service"),
        units={"sshd.service": _SSHD, "docker.service": _DOCKER, "etcd2.service": _ETCD2,
               "user-cloudinit.service": _CLOUD_INIT.format(f"/{_USER_DATA}"),
               "oem-cloudinit.service": _CLOUD_INIT.format("/usr/share/oem/cloud-config.yml"),
               "images.service": _LOAD.format(what="user")},
        stand_ins={"systemctl": "systemctl", "coreos-cloudinit": "cloudinit"},
        folders=("usr/share/oem", "etc/systemd/system"),
        programs=_USER_IMAGES,
        given=_coreos_given,
        environment="ETCDCTL_API=2",  # as the etcdctl of CoreOS 1185, which knows no other
    ),
    "rancheros": Image(
        user="rancher",
        boot=("sshd.service", "docker.service", "system-docker.service", "images.service",
              "system-images.service"),
        units={"sshd.service": _SSHD, "docker.service": _DOCKER,
               "system-docker.service": _SYSTEM_DOCKER,
               "images.service": _LOAD.format(what="user"),
               "system-images.service": _LOAD.format(what="system")},
        stand_ins={"ros": "ros"},
        given=_rancheros_given,
        folders=("var/lib/rancher/conf/cloud-config.d",),
        programs={
            **_USER_IMAGES,
            "opt/bin/system-docker":
                '#!/bin/sh\nexec docker -H unix:///run/system-docker.sock "$@"\n',
        },
    ),
}  # fmt: skip

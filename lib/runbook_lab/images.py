"""The server images: who logs in, which services start at boot, which files there are."""

from __future__ import annotations

from dataclasses import dataclass, field

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
_OS_CONFIG = """\
rancher:
  network:
    dns:
      nameservers: [8.8.8.8, 8.8.4.4]
  services_include: {}
  docker:
    engine: docker-1.12.1
"""


@dataclass(frozen=True)
class Image:
    """units and files by path below the root; boot: the units that start, in order;
    stand_ins: program -> module in runbook_lab.inside."""

    user: str
    boot: tuple[str, ...]
    units: dict[str, str]
    stand_ins: dict[str, str]
    files: dict[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    programs: dict[str, str] = field(default_factory=dict)  # executables by path
    environment: str = ""  # NAME=VALUE of those who log in


_USER_IMAGES = {"usr/lib/lab/load-images": _LOADER}

IMAGES = {
    "coreos": Image(
        user="core",
        boot=("sshd.service", "docker.service", "images.service"),
        units={"sshd.service": _SSHD, "docker.service": _DOCKER, "etcd2.service": _ETCD2,
               "images.service": _LOAD.format(what="user")},
        stand_ins={"systemctl": "systemctl", "coreos-cloudinit": "cloudinit"},
        folders=("usr/share/oem", "etc/systemd/system"),
        programs=_USER_IMAGES,
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
        files={"usr/share/ros/os-config.yml": _OS_CONFIG},
        folders=("var/lib/rancher/conf/cloud-config.d",),
        programs={
            **_USER_IMAGES,
            "opt/bin/system-docker":
                '#!/bin/sh\nexec docker -H unix:///run/system-docker.sock "$@"\n',
        },
    ),
}  # fmt: skip

"""Flatcar Container Linux: systemd, Ignition 3, etcd-member.service and a Docker of today."""

from __future__ import annotations

from runbook_twin import docker
from runbook_twin.coreos import boot, discovery, node
from runbook_twin.coreos.cloudinit import coreos_cloudinit
from runbook_twin.coreos.etcd_raft import EtcdSoftware
from runbook_twin.coreos.etcd_server import program as etcd_program
from runbook_twin.coreos.etcdctl3 import program as etcdctl_program
from runbook_twin.coreos.journalctl import journalctl
from runbook_twin.coreos.systemctl import systemctl
from runbook_twin.coreos.systemd import Systemd
from runbook_twin.hypervisor import ServerSpec
from runbook_twin.machine import Machine

ETCD, DOCKER = "3.5.16", "28.2.2"
_RELEASE = """NAME="Flatcar Container Linux by Kinvolk"
ID=flatcar
ID_LIKE=coreos
VERSION=4230.2.3
VERSION_ID=4230.2.3
PRETTY_NAME="Flatcar Container Linux by Kinvolk 4230.2.3 (Oklo)"
HOME_URL="https://flatcar.org/"
"""
_MEMBER = """[Unit]
Description=etcd (System Application Container)
Documentation=https://github.com/etcd-io/etcd

[Service]
Type=notify
Environment=ETCD_DATA_DIR=/var/lib/etcd
Environment=ETCD_NAME=%m
ExecStart=/usr/bin/etcd $ETCD_OPTS
Restart=on-failure
RestartSec=10s
TimeoutStartSec=0

[Install]
WantedBy=multi-user.target
"""


def install(machine: Machine, spec: ServerSpec, etcd: str = ETCD) -> None:
    """Put the image on a machine's disk, before the first boot. etcd: its version (3.4 or 3.5)."""
    machine.software["systemd"] = Systemd(machine)
    machine.software["etcd"] = EtcdSoftware()
    docker.install(machine, version=DOCKER)
    machine.programs |= {
        "systemctl": systemctl,
        "journalctl": journalctl,
        "coreos-cloudinit": coreos_cloudinit,
        "etcd": etcd_program(etcd),
        "etcdctl": etcdctl_program(etcd),
    }
    node.furnish(machine, release=_RELEASE, units={"etcd-member.service": _MEMBER})
    discovery.offer(machine)
    machine.software["boot"] = boot.Boot(machine, spec)

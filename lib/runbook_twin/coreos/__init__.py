"""CoreOS of 2016: systemd, cloud-init, etcd 2.3, fleet 0.11 and Docker 1.12 on a twin's machine."""

from __future__ import annotations

from runbook_twin import docker
from runbook_twin.coreos import boot, discovery, node
from runbook_twin.coreos.cloudinit import coreos_cloudinit
from runbook_twin.coreos.etcd_raft import EtcdSoftware
from runbook_twin.coreos.etcd_server import program as etcd_program
from runbook_twin.coreos.etcdctl import program as etcdctl_program
from runbook_twin.coreos.fleetctl import program as fleetctl_program
from runbook_twin.coreos.fleetd import FleetSoftware, fleetd
from runbook_twin.coreos.journalctl import journalctl
from runbook_twin.coreos.systemctl import systemctl
from runbook_twin.coreos.systemd import Systemd
from runbook_twin.hypervisor import ServerSpec
from runbook_twin.machine import Machine

__all__ = ["install"]

ETCD, FLEET, DOCKER = "2.3.7", "0.11.8", "1.12.1"


def install(machine: Machine, spec: ServerSpec) -> None:
    """Put the image on a machine's disk: its programs and its software, before the first boot."""
    machine.software["systemd"] = Systemd(machine)
    machine.software["etcd"] = EtcdSoftware()
    machine.software["fleet"] = FleetSoftware()
    docker.install(machine, version=DOCKER)
    machine.programs |= {
        "systemctl": systemctl,
        "journalctl": journalctl,
        "coreos-cloudinit": coreos_cloudinit,
        "etcd2": etcd_program(ETCD),
        "etcdctl": etcdctl_program(ETCD),
        "fleetd": fleetd,
        "fleetctl": fleetctl_program(FLEET),
    }
    node.furnish(machine)
    discovery.offer(machine)
    machine.software["boot"] = boot.Boot(machine, spec)

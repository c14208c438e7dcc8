"""What lies on a CoreOS node before its first boot: identity, release, unit files."""

from __future__ import annotations

from runbook_twin.machine import Machine

# The article's machines: their ids decide where fleet puts a unit first.
_MACHINE_IDS = {
    "node00": "4a1ff11c6e5d4c0f9d7e2b8a1c3f5e70",
    "node01": "1ad018e09b2f4f7c8d6a3e5b7c9d1f20",
    "node02": "c3e6a9f0d1b84e52a7f9038b6d4c2e15",
}
_RELEASE = """NAME=CoreOS
ID=coreos
VERSION=1185.3.0
VERSION_ID=1185.3.0
BUILD_ID=2016-11-01-0605
PRETTY_NAME="CoreOS 1185.3.0 (MoreOS)"
ANSI_COLOR="1;32"
HOME_URL="https://coreos.com/"
BUG_REPORT_URL="https://github.com/coreos/bugs/issues"
"""
_ETCD2 = """[Unit]
Description=etcd2
Conflicts=etcd.service

[Service]
User=etcd
Type=notify
Environment=ETCD_DATA_DIR=/var/lib/etcd2
Environment=ETCD_NAME=%m
ExecStart=/usr/bin/etcd2
Restart=always
RestartSec=10s
LimitNOFILE=40000
TimeoutStartSec=0

[Install]
WantedBy=multi-user.target
"""
_FLEET = """[Unit]
Description=fleet daemon
After=etcd.service etcd2.service
Wants=network.target
After=network.target

[Service]
ExecStart=/usr/bin/fleetd
Restart=always
RestartSec=10s

[Install]
WantedBy=multi-user.target
"""
_DOCKER = """[Unit]
Description=Docker Application Container Engine
Documentation=http://docs.docker.com

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true

[Install]
WantedBy=multi-user.target
"""
_UNITS = {"etcd2.service": _ETCD2, "fleet.service": _FLEET, "docker.service": _DOCKER}


def machine_id(machine: Machine) -> str:
    """The machine's id (32 hexadecimal digits), made on its first boot."""
    return machine.disk.text("/etc/machine-id").strip()


def furnish(
    machine: Machine, *, release: str = _RELEASE, units: dict[str, str] | None = None
) -> None:
    """Write the files of the image."""
    disk = machine.disk
    number = _MACHINE_IDS.get(machine.name) or f"{machine.world.random.getrandbits(128):032x}"
    disk.write("/etc/machine-id", number + "\n", mode=0o444)
    disk.write("/etc/os-release", release)
    disk.write("/etc/hostname", machine.name + "\n")
    addresses = "".join(f"COREOS_{kind}_IPV4={machine.address}\n" for kind in ("PUBLIC", "PRIVATE"))
    disk.write("/etc/environment", addresses)
    for name, text in (_UNITS if units is None else units).items():
        disk.write(f"/usr/lib/systemd/system/{name}", text)
    disk.directories |= {"/home/core", "/usr/share/oem", "/var/lib", "/etc/systemd/system"}

"""The files and systemd units that every dialect carries in its own wrapping."""

from __future__ import annotations

from runbook.machine_config.parameters import EtcdParameters, MachineParameters

TIMESYNCD = "/etc/systemd/timesyncd.conf"


def timesyncd(parameters: MachineParameters) -> str:
    """/etc/systemd/timesyncd.conf."""
    return f"[Time]\nNTP={' '.join(parameters.ntp_servers)}\n"


def network_name(parameters: MachineParameters) -> str:
    """The name of the networkd unit."""
    return f"iface-{parameters.interface}.network"


def network(parameters: MachineParameters) -> str:
    """A networkd unit with a static address."""
    servers = "".join(f"DNS={server}\n" for server in parameters.dns_servers)
    gateway = f"Gateway={parameters.gateway}\n" if parameters.gateway else ""
    return (
        f"[Match]\nName={parameters.interface}\n\n"
        f"[Network]\n{servers}Address={parameters.address}\n{gateway}"
    )


def ssh_socket(parameters: MachineParameters) -> str:
    """sshd.socket on another port."""
    return f"[Socket]\nListenStream={parameters.ssh_port}\nFreeBind=true\nAccept=yes\n"


def etcd_settings(etcd: EtcdParameters, *, ports: tuple[int, ...]) -> dict[str, str]:
    """etcd's settings by flag name; ports: those that clients use (etcd 2 also has 4001)."""
    own = [f"http://{etcd.address}:{port}" for port in ports]
    peer = f"http://{etcd.address}:2380"
    members = ",".join(f"{name}=http://{at}:2380" for name, at in etcd.initial_cluster)
    start = (
        {"discovery": etcd.discovery}
        if etcd.discovery
        else {"name": etcd.name, "initial-cluster": members, "initial-cluster-state": "new"}
    )
    return start | {
        "advertise-client-urls": ",".join(own),
        "initial-advertise-peer-urls": peer,
        "listen-client-urls": ",".join(f"http://0.0.0.0:{port}" for port in ports),
        "listen-peer-urls": peer,
    }


def etcd_dropin(settings: dict[str, str]) -> str:
    """The same settings as a drop-in of the unit, as coreos-cloudinit writes them."""
    names = {key: f"ETCD_{key.replace('-', '_').upper()}" for key in sorted(settings)}
    # systemd reads % as the start of a specifier
    lines = [
        f'Environment="{name}={settings[key].replace("%", "%%")}"' for key, name in names.items()
    ]
    return "\n".join(["[Service]", *lines, ""])

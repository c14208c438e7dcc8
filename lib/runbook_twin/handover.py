"""What the twin hands to its clients: a key, ssh_config, clouds.yaml, a target file."""

from __future__ import annotations

import json
from collections.abc import Iterable

import asyncssh

from runbook_twin.openstack import Credentials
from runbook_twin.state import Folder

OPERATOR = "operator"
KEY_PAIR = "operator"
GROUPS: dict[str, tuple[str, dict[str, str]]] = {  # image -> (user, servers)
    "coreos": ("core", {f"node{n:02}": f"192.168.0.{10 + n}" for n in range(3)}),
    "rancheros": (
        "rancher",
        {"manager0": "192.168.0.100", "worker0": "192.168.0.101", "worker1": "192.168.0.102"},
    ),
}


def write_key(folder: Folder) -> str:
    """A new key pair for the operator; the public line."""
    key = asyncssh.generate_private_key("ssh-ed25519", comment=OPERATOR)
    public = key.export_public_key().decode()
    folder.write("id_ed25519", key.export_private_key().decode())
    folder.write("id_ed25519.pub", public, mode=0o644)
    return public.strip()


def write_ssh(
    folder: Folder,
    cloud: str,
    port: int,
    bastion: asyncssh.SSHKey,
    nodes: Iterable[str] = (),
    user: str = OPERATOR,
) -> None:
    """ssh_config and the known hosts: of the bastion (where `user` logs in), and lines for nodes
    (more may follow). cloud: twin or lab."""
    folder.write("known_hosts", f"[127.0.0.1]:{port} {bastion.export_public_key().decode()}")
    folder.write("known_hosts_nodes", "".join(nodes))
    users = "".join(
        f"\nHost {' '.join(servers.values())}\n    User {user}\n"
        for user, servers in GROUPS.values()
    )
    shared = f"    IdentityFile {_quoted(folder, 'id_ed25519')}\n    IdentitiesOnly yes\n"
    shared += "    GlobalKnownHostsFile /dev/null\n"
    folder.write(
        "ssh_config",
        f"Host {cloud}-bastion\n    HostName 127.0.0.1\n    Port {port}\n    User {user}\n{shared}"
        f"    UserKnownHostsFile {_quoted(folder, 'known_hosts')}\n"
        f"\nHost 192.168.0.*\n    ProxyJump {cloud}-bastion\n{shared}"
        f"    UserKnownHostsFile {_quoted(folder, 'known_hosts_nodes')}\n{users}",
    )


def _quoted(folder: Folder, name: str) -> str:
    path = str(folder.path / name)
    return f'"{path}"' if " " in path else path


def write_cloud(folder: Folder, cloud: str, port: int, user: Credentials, region: str) -> None:
    """clouds.yaml with the one cloud."""
    folder.write(
        "clouds.yaml",
        f"clouds:\n  {cloud}:\n    auth:\n      auth_url: http://127.0.0.1:{port}/identity/v3\n"
        f"      username: {user.username}\n      password: {json.dumps(user.password)}\n"
        f"      project_name: {user.project}\n      user_domain_id: default\n"
        f"      project_domain_id: default\n    region_name: {region}\n"
        "    identity_api_version: 3\n    interface: public\n",
    )


def write_target(folder: Folder, cloud: str, clock: float, discovery: str = "") -> None:
    """A complete target file. discovery: an etcd that keeps the tokens of new clusters."""

    def full(name: str) -> str:
        return json.dumps(str(folder.path / name))

    lines = [
        f"name: {cloud}",
        f"clock: {clock:g}",
        f"ssh: {{config: {full('ssh_config')}}}",
        "cloud:",
        f"  name: {cloud}",
        f"  file: {full('clouds.yaml')}",
        f"  key_pair: {{name: {KEY_PAIR}, public_key: {full('id_ed25519.pub')}}}",
        *([f"discovery: {discovery}"] if discovery else []),
        "groups:",
    ]
    for image, (user, servers) in GROUPS.items():
        pairs = ", ".join(f"{name}: {address}" for name, address in servers.items())
        lines += [
            f"  {image}:",
            f"    user: {user}",
            f"    image: {image}",
            "    flavor: m1.small",
            "    network: private",
            "    subnet: 192.168.0.0/24",
            f"    servers: {{{pairs}}}",
        ]
    folder.write("target.yaml", "\n".join(lines) + "\n", mode=0o644)

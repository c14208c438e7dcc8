"""What happens to user data and metadata: saved at the first boot, carried out at every boot."""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from typing import Any

from runbook_twin.hypervisor import ServerSpec
from runbook_twin.machine import Machine
from runbook_twin.rancheros import config as places
from runbook_twin.rancheros.config import Config
from runbook_twin.rancheros.yaml_text import YamlTrouble, dump, load

_SCRIPT = "/var/lib/rancher/conf/cloud-config-script"


def save(machine: Machine, spec: ServerSpec) -> None:
    """cloud-init-save: user data to cloud-config.d/boot.yml (or a script), the metadata file."""
    now = machine.world.clock.now()
    text = spec.user_data.decode("utf-8", "replace")
    head = text.split("\n", 1)[0].rstrip("\r")
    if head.startswith("#!"):
        machine.disk.write(_SCRIPT, spec.user_data, mode=0o764, now=now)
    elif head == "#cloud-config" and _usable(machine, text):
        machine.disk.write(places.BOOT_CONFIG, spec.user_data, mode=0o620, now=now)
    elif text.strip() and head != "#cloud-config":
        machine.console.append(f"cloud-init-save: Unrecognized user-data ({head[:60]})")
    machine.disk.write(places.METADATA, metadata(spec), mode=0o620, now=now)


def metadata(spec: ServerSpec) -> str:
    """What the cloud says of a server, as cloud-init-save keeps it."""
    keys = {str(number): key for number, key in enumerate(spec.public_keys)}
    told: dict[str, Any] = {
        "hostname": spec.name,
        "networkconfig": None,
        "privateipv4": spec.address,
        "privateipv6": "",
        "publicipv4": "",
        "publicipv6": "",
        "sshpublickeys": keys,
    }
    return dump(told)


def _usable(machine: Machine, text: str) -> bool:
    try:
        value = load(text)
        if isinstance(value, dict):
            places.check(value)
    except YamlTrouble as error:
        machine.console.append(
            f"cloud-init-save: Failed to parse cloud-config, not saving. {error}"
        )
        return False
    return isinstance(value, dict)


def execute(machine: Machine, config: Config) -> None:
    """cloud-init-execute: host name, keys of the login user, write_files."""
    whole = config.merged()
    fallback = whole.get("rancher", {}).get("defaults", {}).get("hostname", "rancher")
    machine.hostname = str(whole.get("hostname") or fallback)
    _hosts(machine)
    keys = [str(key) for key in whole.get("ssh_authorized_keys") or []]
    machine.authorized_keys = list(dict.fromkeys(keys))
    path = f"/home/{machine.user}/.ssh/authorized_keys"
    lines = "".join(f"{key}\n" for key in machine.authorized_keys)
    machine.disk.write(path, lines, mode=0o600, owner=machine.user)
    for file in whole.get("write_files") or []:
        # what goes into another container's file system is not seen from the console
        if isinstance(file, dict) and file.get("container", "console") in ("", "console"):
            _write(machine, file)


def _hosts(machine: Machine) -> None:
    text = f"127.0.0.1 localhost\n127.0.1.1 {machine.hostname}\n"
    machine.disk.write("/etc/hosts", text)
    machine.disk.write("/etc/hostname", f"{machine.hostname}\n")


def _write(machine: Machine, file: dict[str, Any]) -> None:
    path = str(file.get("path", ""))
    try:
        data = _decode(str(file.get("content", "")), str(file.get("encoding", "")))
        given = file.get("permissions", "0644")
        mode = given if isinstance(given, int) else int(str(given) or "0644", 8)
    except (ValueError, binascii.Error, zlib.error, OSError) as error:
        machine.console.append(f"cloud-init-execute: {path}: {error}")
        return
    if path.startswith("/"):
        owner = str(file.get("owner", "root")).partition(":")[0]
        machine.disk.write(path, data, mode=mode, owner=owner, now=machine.world.clock.now())


def _decode(content: str, encoding: str) -> bytes:
    data = content.encode()
    if encoding.endswith(("base64", "b64")):
        data = base64.b64decode(data)
    return gzip.decompress(data) if encoding.startswith("gz") else data

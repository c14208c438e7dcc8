"""Ignition on the first boot: files, units, users (specifications 2 and 3)."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import unquote_to_bytes

from runbook_twin.coreos import systemd
from runbook_twin.machine import Machine


def apply_ignition(machine: Machine, text: str) -> None:
    """Apply a config; one that is no JSON is noted on the console."""
    try:
        config: dict[str, Any] = json.loads(text)
    except ValueError as error:
        machine.console.append(f"ignition[320]: failed to fetch config: {error}")
        return
    storage = config.get("storage") or {}
    for file in storage.get("files") or []:
        _write(
            machine, file["path"], _content(file.get("contents") or {}), file.get("mode") or 0o644
        )
    for folder in storage.get("directories") or []:
        machine.disk.directories.add(folder["path"])
    for unit in (config.get("networkd") or {}).get("units") or []:
        _write(machine, f"/etc/systemd/network/{unit['name']}", unit["contents"].encode())
    for unit in (config.get("systemd") or {}).get("units") or []:
        _unit(machine, unit)
    for user in (config.get("passwd") or {}).get("users") or []:
        keys = user.get("sshAuthorizedKeys") or []
        path = f"/home/{user['name']}/.ssh/authorized_keys"
        machine.disk.write(
            path, "".join(f"{key}\n" for key in keys), mode=0o600, owner=user["name"]
        )
        if user["name"] == machine.user:
            machine.authorized_keys += keys
    if "/etc/hostname" in machine.disk.files:
        machine.hostname = machine.disk.text("/etc/hostname").strip()


def _write(machine: Machine, path: str, content: bytes, mode: int = 0o644) -> None:
    machine.disk.write(path, content, mode=mode, now=machine.world.clock.now())


def _content(contents: dict[str, Any]) -> bytes:
    """The bytes of a data: URL (others need a network that a first boot of the twin has not)."""
    head, _, data = str(contents.get("source") or "data:,").partition(",")
    raw = unquote_to_bytes(data)
    return base64.b64decode(raw) if head.endswith(";base64") else raw


def _unit(machine: Machine, unit: dict[str, Any]) -> None:
    folder, name = "/etc/systemd/system", unit["name"]
    if unit.get("contents"):
        _write(machine, f"{folder}/{name}", unit["contents"].encode())
    for drop_in in unit.get("dropins") or []:
        _write(
            machine,
            f"{folder}/{name}.d/{drop_in['name']}",
            (drop_in.get("contents") or "").encode(),
        )
    if unit.get("mask"):
        _write(machine, f"{folder}/{name}", b"")
    elif unit.get("enable") or unit.get("enabled"):
        fragment = systemd.of(machine).fragment(name)
        content = machine.disk.read(fragment) if fragment else b""
        _write(machine, f"{folder}/{systemd.WANTS}/{name}", content)

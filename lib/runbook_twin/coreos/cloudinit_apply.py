"""What coreos-cloudinit does to a machine: hostname, keys, files, units, drop-ins."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from runbook_twin.coreos import systemd
from runbook_twin.coreos.cloud_config_keys import CLOUD_CONFIG
from runbook_twin.files import File
from runbook_twin.machine import Machine

_NETWORK = (".network", ".netdev", ".link")
Config = dict[str, Any]


@dataclass(frozen=True)
class _Unit:
    """A unit to place: from `coreos.units`, or what a section of the config stands for."""

    name: str
    content: str = ""
    command: str = ""
    runtime: bool = False
    enable: bool = False
    mask: bool = False
    drop_ins: tuple[tuple[str, str], ...] = field(default=())

    @property
    def network(self) -> bool:
        """Whether networkd reads it."""
        return self.name.endswith(_NETWORK)

    def path(self) -> str:
        """Where its file goes."""
        return (
            f"/{'run' if self.runtime else 'etc'}/systemd/{'network' if self.network else 'system'}"
        )


class Apply:
    """Applies one cloud-config to a machine; `log` gets each message of the real tool."""

    def __init__(self, machine: Machine, config: Config, log: Callable[[str], None]) -> None:
        self.machine, self.config, self.log = machine, config, log
        self.core: Config = config.get("coreos") or {}
        self.systemd = systemd.of(machine)

    @property
    def touches(self) -> bool:
        """Whether there is anything that needs root."""
        return bool(self.config)

    async def all(self) -> None:
        """Everything, in the order of the real tool."""
        if hostname := self.config.get("hostname"):
            self.machine.hostname = hostname
            self._write("/etc/hostname", hostname + "\n")
            self.log(f"Set hostname to {hostname}")
        for user in self.config.get("users") or []:
            self._user(user)
        if keys := self.config.get("ssh_authorized_keys"):
            self._authorise("core", keys)
            self.log("Authorized SSH keys for core user")
        for file in [*(self.config.get("write_files") or []), *self._derived_files()]:
            self._file(file)
        await self._units([*self._own_units(), *self._section_units()])

    # --- users, keys, files

    def _user(self, user: Config) -> None:
        home = user.get("homedir") or f"/home/{user['name']}"
        known = self.machine.disk.is_directory(home)
        if known:
            self.log(f"User '{user['name']}' exists, ignoring creation-time fields")
        else:
            self.log(f"Creating user '{user['name']}'")
            self.machine.disk.directories.add(home)
        if keys := user.get("ssh_authorized_keys"):
            self.log(f"Authorizing {len(keys)} SSH keys for user '{user['name']}'")
            self._authorise(user["name"], keys)

    def _authorise(self, user: str, keys: list[str]) -> None:
        path = f"/home/{user}/.ssh/authorized_keys"
        text = self.machine.disk.text(path) if path in self.machine.disk.files else ""
        fresh = [key for key in keys if key not in text]
        self.machine.disk.write(
            path, text + "".join(f"{key}\n" for key in fresh), mode=0o600, owner=user
        )
        if user == self.machine.user:
            self.machine.authorized_keys += [
                key for key in fresh if key not in self.machine.authorized_keys
            ]

    def _write(
        self, path: str, content: str | bytes, mode: int = 0o644, owner: str = "root"
    ) -> None:
        self.machine.disk.write(
            path, content, mode=mode, owner=owner, now=self.machine.world.clock.now()
        )

    def _file(self, file: Config) -> None:
        path, content = file["path"], (file.get("content") or "").encode()
        encoding = file.get("encoding") or ""
        if "64" in encoding:
            content = base64.b64decode(content)
        if encoding.startswith("gz"):
            content = gzip.decompress(content)
        self.log(f'Writing file to "{path}"')
        owner = (file.get("owner") or "root").partition(":")[0]
        self._write(path, content, int(file.get("permissions") or "0644", 8), owner)
        self.log(f'Wrote file to "{path}"')
        self.log(f"Wrote file {path} to filesystem")

    def _derived_files(self) -> list[Config]:
        found: list[Config] = []
        if oem := self.core.get("oem"):
            lines = [f"{k.upper()}={v}" for k, v in oem.items() if v]
            found.append({"path": "/etc/oem-release", "content": "\n".join(lines) + "\n"})
        update = {k: v for k, v in (self.core.get("update") or {}).items() if v}
        if update:
            lines = [
                f"{k.upper()}={update[k]}"
                for k in ("group", "reboot_strategy", "server")
                if k in update
            ]
            found.append({"path": "/etc/coreos/update.conf", "content": "\n".join(lines) + "\n"})
        if self.config.get("manage_etc_hosts") == "localhost":
            found.append({"path": "/etc/hosts", "content": f"127.0.0.1 {self.machine.hostname}\n"})
        return found

    # --- units

    def _own_units(self) -> list[_Unit]:
        return [
            _Unit(
                unit.get("name") or "", unit.get("content") or "", unit.get("command") or "",
                bool(unit.get("runtime")), bool(unit.get("enable")), bool(unit.get("mask")),
                tuple((one.get("name") or "", one.get("content") or "")
                      for one in unit.get("drop_ins") or []),
            )
            for unit in self.core.get("units") or []
        ]  # fmt: skip

    def _section_units(self) -> list[_Unit]:
        """etcd, etcd2, fleet, locksmith: their settings become drop-ins of their units."""
        known = CLOUD_CONFIG.keys["coreos"].keys
        units: list[_Unit] = []
        for section, service, prefix in (
            ("etcd", "etcd", "ETCD"), ("etcd2", "etcd2", "ETCD"), ("fleet", "fleet", "FLEET"),
            ("locksmith", "locksmithd", "LOCKSMITHD"),
        ):  # fmt: skip
            values = {
                k: v for k, v in (self.core.get(section) or {}).items() if k in known[section].keys
            }
            lines = [
                f'Environment="{prefix}_{key.upper()}={_text(values[key])}"'
                for key in sorted(values)
                if values[key] not in ("", False)
            ]
            content = "\n".join(["[Service]", *lines]) + "\n"
            drop_ins = (("20-cloudinit.conf", content),) if lines else ()
            units.append(_Unit(f"{service}.service", runtime=True, drop_ins=drop_ins))
        strategy = (self.core.get("update") or {}).get("reboot_strategy")
        if strategy:
            off = strategy == "off"
            command = "stop" if off else "restart"
            units.append(_Unit("locksmithd.service", command=command, runtime=True, mask=off))
        return units

    async def _units(self, units: list[_Unit]) -> None:
        restart_network = False
        for unit in units:
            if not unit.name:
                self.log("Skipping unit without name")
                continue
            self._place(unit)
            restart_network = restart_network or unit.network
        if restart_network:
            self.log("Restarting systemd-networkd")
            self.log("Restarted systemd-networkd (done)")
        for unit in units:
            if unit.command and unit.name and not unit.network:
                self.log(f'Calling unit command "{unit.command}" on "{unit.name}"\'')
                result = await self._command(unit)
                self.log(f'Result of "{unit.command}" on "{unit.name}": {result}')

    async def _command(self, unit: _Unit) -> str:
        if unit.command in ("stop", "restart", "reload-or-restart"):
            await self.systemd.stop(unit.name)
        return "done" if unit.command == "stop" else await self.systemd.start(unit.name)

    def _place(self, unit: _Unit) -> None:
        if unit.content:
            self.log(f'Writing unit "{unit.name}" to filesystem')
            self._unit_file(f"{unit.path()}/{unit.name}", unit.content)
            self.log(f'Wrote unit "{unit.name}"')
        for name, content in unit.drop_ins:
            if name and content:
                self.log(f'Writing drop-in unit "{name}" to filesystem')
                self._unit_file(f"{unit.path()}/{unit.name}.d/{name}", content)
                self.log(f'Wrote drop-in unit "{name}"')
        if unit.mask:
            self.log(f'Masking unit file "{unit.name}"')
            self._write(f"/{'run' if unit.runtime else 'etc'}/systemd/system/{unit.name}", "")
        elif unit.runtime:
            self.log(f'Ensuring runtime unit file "{unit.name}" is unmasked')
            path = f"/run/systemd/system/{unit.name}"
            if self.machine.disk.files.get(path, File(b"-")).content == b"":
                del self.machine.disk.files[path]
        if unit.enable and not unit.network:
            self.log(f'Enabling unit file "{unit.name}"')
            link = f"/etc/systemd/system/{systemd.WANTS}/{unit.name}"
            self._write(link, self.machine.disk.read(self.systemd.fragment(unit.name)))
            self.log(f'Enabled unit "{unit.name}"')
        elif unit.enable:
            self.log(f'Skipping enable for network-like unit "{unit.name}"')

    def _unit_file(self, path: str, content: str) -> None:
        self.log(f'Writing file to "{path}"')
        self._write(path, content)
        self.log(f'Wrote file to "{path}"')


def _text(value: Any) -> str:
    return "true" if value is True else str(value)

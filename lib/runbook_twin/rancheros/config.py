"""A machine's configuration: six sources on its disk, merged the way `ros` merges them."""

from __future__ import annotations

import copy
import re
from typing import Any

from runbook_twin.files import Disk
from runbook_twin.machine import Machine
from runbook_twin.rancheros.os_config import full_service
from runbook_twin.rancheros.yaml_text import YamlTrouble, dump, load, place

OS_CONFIG = "/usr/share/ros/os-config.yml"
OEM_CONFIG = "/usr/share/ros/oem/oem-config.yml"
CONFIG_FOLDER = "/var/lib/rancher/conf/cloud-config.d"
BOOT_CONFIG = f"{CONFIG_FOLDER}/boot.yml"
CLOUD_CONFIG = "/var/lib/rancher/conf/cloud-config.yml"
METADATA = "/var/lib/rancher/conf/metadata"
CMDLINE = "/proc/cmdline"
_FILE_MODE = 0o620  # ros writes its files with the decimal mode 400
_PRIVATE = (("ssh",), ("docker", "ca_key"), ("docker", "ca_cert"), ("docker", "server_key"),
            ("docker", "server_cert"))  # fmt: skip

# What a key's value must be; `*` stands for any one name.
_LISTS = """
ssh_authorized_keys write_files mounts rancher.disable rancher.modules
rancher.cloud_init.datasources rancher.network.dns.nameservers rancher.network.dns.search
rancher.network.pre_cmds rancher.network.post_cmds rancher.network.interfaces.*.addresses
rancher.docker.extra_args rancher.docker.tls_args rancher.docker.host rancher.docker.environment
rancher.docker.insecure_registry rancher.state.autoformat
"""
_FLAGS = """
rancher.debug rancher.log rancher.rm_usr rancher.no_sharedroot rancher.force_console_rebuild
rancher.docker.tls rancher.network.interfaces.*.dhcp rancher.network.interfaces.*.ipv4ll
rancher.services_include.* rancher.state.wait rancher.state.required
"""
_NUMBERS = "rancher.network.interfaces.*.mtu"
_TEXTS = """
hostname rancher.console rancher.docker.engine rancher.upgrade.url rancher.upgrade.image
rancher.network.interfaces.*.address rancher.network.interfaces.*.gateway
rancher.environment.* rancher.sysctl.*
"""


def _patterns(names: str) -> list[str]:
    return [name.replace(".", r"\.").replace("*", "[^.]+") for name in names.split()]


_KINDS = {
    re.compile("|".join(_patterns(names))): kind
    for kind, names in (("list", _LISTS), ("flag", _FLAGS), ("number", _NUMBERS), ("text", _TEXTS))
}


def kind_of(path: str) -> str:
    """What the value of a key must be: list, flag, number, text; empty when anything goes."""
    return next((kind for pattern, kind in _KINDS.items() if pattern.fullmatch(path)), "")


def merge(left: Any, right: Any) -> Any:
    """`right` over `left`: maps are merged, everything else is replaced."""
    if not isinstance(left, dict) or not isinstance(right, dict):
        return copy.deepcopy(right)
    keys = {**left, **right}
    return {
        key: merge(left.get(key), right[key]) if key in right else copy.deepcopy(left[key])
        for key in keys
    }


class Config:
    """Reads and changes the configuration of one machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    @property
    def disk(self) -> Disk:
        """The machine's disk."""
        return self.machine.disk

    def read(self, path: str) -> dict[Any, Any]:
        """One file; empty when it is not there. Raises YamlTrouble."""
        text = self.disk.text(path) if path in self.disk.files else ""
        value = load(text)
        return value if isinstance(value, dict) else {}

    def sources(self, *, full: bool) -> list[dict[Any, Any]]:
        """All sources, the weakest first; without `full` the image's own two are left out."""
        names = [OS_CONFIG, OEM_CONFIG] if full else []
        files = (f"{CONFIG_FOLDER}/{name}" for name in self.disk.listing(CONFIG_FOLDER))
        names += [name for name in files if not name.rpartition("/")[2].startswith(".")]
        found = []
        for name in [*names, CLOUD_CONFIG]:
            try:
                found.append(self.read(name))
            except YamlTrouble:
                continue  # ros logs it and goes on without that file
        return [*found, kernel_parameters(self.machine.generated[CMDLINE]())]

    def merged(self, *, full: bool = True) -> dict[Any, Any]:
        """The whole configuration, metadata last: it fills the host name, it adds keys."""
        whole: dict[Any, Any] = {}
        for source in self.sources(full=full):
            whole = merge(whole, source)
        metadata = self.read(METADATA)
        if metadata.get("hostname") and not whole.get("hostname"):
            whole["hostname"] = metadata["hostname"]
        if keys := metadata.get("sshpublickeys"):
            own = whole.get("ssh_authorized_keys") or []
            whole["ssh_authorized_keys"] = [*own, *(keys[name] for name in sorted(keys))]
        return whole

    def get(self, path: str) -> Any:
        """The value of a key; the empty value of its kind when it is not set, "" when unknown."""
        value: Any = self.merged()
        parts = path.split(".")
        for number, part in enumerate(parts):
            if not isinstance(value, dict) or part not in value:
                return {"list": [], "flag": False, "number": 0}.get(kind_of(path), "")
            value = value[part]
            if number == 2 and parts[:2] == ["rancher", "services"] and isinstance(value, dict):
                value = full_service(part, value)
        return value

    def set(self, path: str, text: str) -> None:
        """Set a key of cloud-config.yml to a YAML value. Raises YamlTrouble, DiskFull."""
        try:
            value = load(text) if text else ""
        except YamlTrouble:
            value = text
        self.set_value(path, value)

    def set_value(self, path: str, value: Any) -> None:
        """Set a key of cloud-config.yml. Raises YamlTrouble when it does not fit there."""
        *above, last = path.split(".")
        change: dict[Any, Any] = {last: value}
        for part in reversed(above):
            change = {part: change}
        whole = merge(self.read(CLOUD_CONFIG), change)
        check(whole)
        self.write(whole)

    def merge_text(self, text: str) -> None:
        """Merge a text into cloud-config.yml. Raises YamlTrouble."""
        value = load(text)
        if not isinstance(value, dict):
            value = {}
        check(value)
        self.write(merge(self.read(CLOUD_CONFIG), value))

    def write(self, whole: dict[Any, Any]) -> None:
        """Write cloud-config.yml. Raises DiskFull."""
        now = self.machine.world.clock.now()
        self.disk.write(CLOUD_CONFIG, dump(whole), mode=_FILE_MODE, now=now)

    def export(self, *, private: bool, full: bool) -> str:
        """What `ros config export` prints."""
        whole = self.merged(full=full)
        for path in () if private else _PRIVATE:
            node = whole.get("rancher", {})
            for part in path[:-1]:
                node = node.get(part, {})
            node.pop(path[-1], None)
        return dump(whole)


def kernel_parameters(line: str) -> dict[Any, Any]:
    """The `rancher.*` parameters of a kernel command line."""
    whole: dict[Any, Any] = {}
    for word in line.split():
        name, equals, text = word.partition("=")
        if name.startswith("rancher."):
            value: Any = load(text) if equals else True
            for part in reversed(name.split(".")):
                value = {part: value}
            whole = merge(whole, value)
    return whole


def check(whole: dict[Any, Any]) -> None:
    """Raise YamlTrouble for the first value that does not fit its key, in candiedyaml's words."""
    text = dump(whole)
    for parts, value in _leaves(whole, []):
        path = ".".join(str(part) for part in parts)
        line, column = place(text, parts)
        where = f"at line {line}, column {column}"
        kind = kind_of(path)
        if isinstance(value, str) and not value.isascii():
            problem = "[while parsing a quoted scalar] did not find expected hexdecimal number"
            raise YamlTrouble(f"yaml: {problem} at line {line + 1}, column {column + 4}")
        if kind == "list" and not isinstance(value, list):
            raise YamlTrouble(f"Cannot resolve {value} into <[]string Value> {where}")
        if kind and kind != "list" and isinstance(value, (list, dict)):
            raise YamlTrouble(f"Expected an array, slice or interface{{}} but was a  {where}")
        if kind == "flag" and not isinstance(value, bool):
            raise YamlTrouble(f"Invalid boolean: '{value}' {where}")
        if kind == "number" and (isinstance(value, bool) or not isinstance(value, int)):
            raise YamlTrouble(f"Invalid integer: '{value}' {where}")


def _leaves(value: Any, path: list[Any]) -> list[tuple[list[Any], Any]]:
    if isinstance(value, dict) and not kind_of(".".join(map(str, path))):
        return [leaf for key in value for leaf in _leaves(value[key], [*path, key])]
    return [(path, value)]

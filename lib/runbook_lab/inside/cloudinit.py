"""The lab's stand-in for coreos-cloudinit: --from-file FILE, in CoreOS' own dialect.

It does what the runbooks' configurations ask for: hostname, write_files, users' keys, the etcd2
section, and units. A key that it cannot do is named on stderr.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from runbook_lab.inside import systemctl

_KNOWN = {"hostname", "write_files", "ssh_authorized_keys", "coreos"}
_UNITS = Path("/etc/systemd/system")
_DROP_IN = Path("/run/systemd/system/etcd2.service.d/20-cloudinit.conf")


def main(words: Sequence[str]) -> int:
    """Apply one file: 0, or 1 with a reason."""
    parser = argparse.ArgumentParser(prog="coreos-cloudinit (the lab's stand-in)")
    parser.add_argument("--from-file", type=Path, required=True)
    file: Path = parser.parse_args(words).from_file
    try:
        text = file.read_text()
        if not text.startswith("#cloud-config"):
            return _fail(f"{file}: does not begin with #cloud-config")
        apply(YAML(typ="safe").load(text) or {})
    except (OSError, YAMLError, KeyError, TypeError) as error:
        return _fail(f"{file}: {error}")
    return 0


def apply(config: Mapping[str, Any]) -> None:
    """Do what a cloud-config says."""
    for key in config.keys() - _KNOWN:
        _say(f"{key}: left out")
    if name := config.get("hostname"):
        Path("/etc/hostname").write_text(f"{name}\n")
        subprocess.run(["hostname", str(name)], check=True)  # noqa: S603, S607
    for wanted in config.get("write_files", []):
        path = Path(wanted["path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted.get("content", ""))
        path.chmod(int(str(wanted.get("permissions", "0644")), 8))
    if keys := config.get("ssh_authorized_keys"):
        with Path("/home/core/.ssh/authorized_keys").open("a") as file:
            file.writelines(f"{key}\n" for key in keys)
    coreos = config.get("coreos", {})
    if etcd := coreos.get("etcd2"):
        lines = [f'Environment="ETCD_{_upper(key)}={_plain(value)}"' for key, value in etcd.items()]
        _DROP_IN.parent.mkdir(parents=True, exist_ok=True)
        _DROP_IN.write_text("[Service]\n" + "\n".join(lines) + "\n")
    for key in coreos.keys() - {"etcd2", "units"}:
        _say(f"coreos.{key}: left out")
    for unit in coreos.get("units", []):
        _unit(unit)


def _unit(unit: Mapping[str, Any]) -> None:
    name = str(unit["name"])
    if content := unit.get("content"):
        (_UNITS / name).write_text(content)
    for drop_in in unit.get("drop-ins", unit.get("drop_ins", [])):
        folder = _UNITS / f"{name}.d"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / drop_in["name"]).write_text(drop_in["content"])
    if command := unit.get("command"):
        answer = systemctl.ask(str(command), [name])
        told = "done" if answer["exit_code"] == 0 else str(answer["err"]).strip()
        _say(f'Result of "{command}" on "{name}": {told}')


def _upper(key: str) -> str:
    return key.upper().replace("-", "_")


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _say(text: str) -> None:
    sys.stderr.write(f"coreos-cloudinit (the lab's stand-in): {text}\n")


def _fail(text: str) -> int:
    _say(text)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

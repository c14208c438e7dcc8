"""The lab's stand-in for ros of RancherOS 0.6: `ros config get|set KEY`, `ros --version`, `ros os
version`. The configuration files and their precedence are real files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

VERSION = "v0.6.1"
STORED = Path("/var/lib/rancher/conf/cloud-config.yml")
# Later ones win; the kernel's parameters, which are this machine's, are left out.
SOURCES = (
    Path("/usr/share/ros/os-config.yml"),
    Path("/usr/share/ros/oem/oem-config.yml"),
    Path("/var/lib/rancher/conf/cloud-config.d"),
    STORED,
    Path("/var/lib/rancher/conf/metadata"),
)


def main(words: Sequence[str]) -> int:
    """Run it: its exit code."""
    match list(words):
        case ["--version" | "-v"]:
            _say(f"ros version {VERSION}")
        case ["os", "version"]:
            _say(VERSION)
        case ["config", "get", key]:
            _print(_get(_merged(), key.split(".")))
        case ["config", "set", key, value]:
            stored = _load(STORED)
            _set(stored, key.split("."), YAML(typ="safe").load(value))
            text = StringIO()
            _yaml().dump(stored, text)
            new = STORED.with_suffix(".new")
            new.write_text(text.getvalue())
            new.replace(STORED)
        case _:
            sys.stderr.write(f"ros (the lab's stand-in) cannot do: {' '.join(words)}\n")
            return 1
    return 0


def _merged() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for source in SOURCES:
        files = sorted(source.glob("*.yml")) if source.is_dir() else [source]
        for file in files:
            _merge(found, _load(file))
    return found


def _merge(into: dict[str, Any], other: dict[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _load(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    return dict(YAML(typ="safe").load(file.read_text()) or {})


def _get(tree: Any, path: Sequence[str]) -> Any:
    for key in path:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def _set(tree: dict[str, Any], path: Sequence[str], value: Any) -> None:
    *folders, last = path
    for key in folders:
        tree = tree.setdefault(key, {})
    tree[last] = value


def _print(value: Any) -> None:
    """As the real one: YAML, and an empty line for nothing."""
    if isinstance(value, dict | list):
        text = StringIO()
        _yaml().dump(value, text)
        _say(text.getvalue())
    else:
        word = str(value).lower() if isinstance(value, bool) else str(value)
        _say("" if value is None else word)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _yaml() -> YAML:
    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    return yaml


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

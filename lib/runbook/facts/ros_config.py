"""Where each setting of a RancherOS server comes from: six sources, later ones win (R4)."""

from __future__ import annotations

import pandas as pd

from runbook.command import Node
from runbook.parse import parse
from runbook.table import rows_frame

_BEFORE = ("/usr/share/ros/os-config.yml", "/usr/share/ros/oem/oem-config.yml")
_DIRECTORY = "/var/lib/rancher/conf/cloud-config.d"
CLOUD_CONFIG = "/var/lib/rancher/conf/cloud-config.yml"
_KERNEL = "/proc/cmdline"
_METADATA = "/var/lib/rancher/conf/metadata"
_COLUMNS = ("key", "value", "source", "overrode")


def sources(node: Node) -> pd.DataFrame:
    """Every key that a source sets. Columns: key, value, source, overrode (list of texts).

    Raises ParseError when a source is no YAML.
    """
    winning: dict[str, dict[str, object]] = {}
    overrode: dict[str, list[str]] = {}
    for source, settings in _all_settings(node):
        for key, value in settings.items():
            lost = overrode.setdefault(key, [])
            if before := winning.get(key):
                lost.append(f"{before['source']}: {before['value']}")
            winning[key] = {"key": key, "value": value, "source": source, "overrode": lost}
    rows = [winning[key] for key in sorted(winning)]
    return rows_frame(rows, _COLUMNS, f"{node.name} · where each setting comes from")


def overridden(table: pd.DataFrame) -> pd.DataFrame:
    """The keys of `sources` that a later source overrode."""
    found = table[[len(texts) > 0 for texts in table.overrode]].reset_index(drop=True)
    found.attrs = dict(table.attrs)
    return found


def file(node: Node, path: str) -> dict[str, object]:
    """One configuration file as dotted key -> value; empty when it is not there."""
    if not node.test("test -e %s", path, sudo=True):
        return {}
    text = node.ask("cat %s", path, sudo=True).stdout
    if not text.strip():
        return {}
    whole = text if text.endswith(b"\n") else text + b"\n"  # people forget the last newline
    return {row["key"]: row["value"] for row in parse(["cloud-config", path], whole).rows}


def stored(node: Node) -> pd.DataFrame:
    """What `ros config set` has stored (R5). Columns: key, value."""
    rows = [{"key": key, "value": value} for key, value in file(node, CLOUD_CONFIG).items()]
    return rows_frame(rows, ("key", "value"), f"{node.name} · {CLOUD_CONFIG}")


def value_in(table: pd.DataFrame, key: str) -> object:
    """The value of a key in a table with columns key and value; None when it is not there."""
    found = list(table.value[table.key == key])
    return found[0] if found else None


def _all_settings(node: Node) -> list[tuple[str, dict[str, object]]]:
    listed = node.run("ls -1 %s", _DIRECTORY, sudo=True)
    names = listed.text.split() if listed.exit_code == 0 else []
    paths = [*_BEFORE, *(f"{_DIRECTORY}/{name}" for name in sorted(names)), CLOUD_CONFIG]
    settings = [(path, file(node, path)) for path in paths]
    settings.append((_KERNEL, kernel_settings(node.ask("cat %s", _KERNEL).text)))
    return [*settings, (_METADATA, file(node, _METADATA))]


def kernel_settings(line: str) -> dict[str, object]:
    """The `rancher.*` parameters of a kernel command line.

    >>> kernel_settings("quiet rancher.debug=true rancher.password")
    {'rancher.debug': 'true', 'rancher.password': 'true'}
    """
    words = [word for word in line.split() if word.startswith("rancher.")]
    return {word.partition("=")[0]: word.partition("=")[2] or "true" for word in words}

"""What is wrong with the values of an Ignition config beyond their type."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook.machine_config.content import read_data_url
from runbook.machine_config.finding import Finding
from runbook.machine_config.tree import Node

_UNITS = re.compile(
    r".+\.(?:service|socket|device|mount|automount|swap|target|path|timer|snapshot|slice|scope)"
)
_NETWORK = re.compile(r".+\.(?:link|netdev|network)")
_SCHEMES = {
    "2": ("http", "https", "data", "tftp", "s3", "oem"),
    "3": ("http", "https", "data", "tftp", "s3", "gs", "arn"),
}


def ignition_rules(root: Node, version: str) -> Iterator[Finding]:
    """Values that Ignition of this spec version refuses."""
    for path, node in root.walk():
        if source := node.get("source"):
            yield from _source(source, f"{path}.source", version)
    for part in ("files", "directories", "links"):
        items = root.get("storage", part)
        for index, item in enumerate(items.items if items else ()):
            yield from _file(item, f"storage.{part}[{index}]", version)
    for section, pattern in (("systemd", _UNITS), ("networkd", _NETWORK)):
        units = root.get(section, "units")
        for index, unit in enumerate(units.items if units else ()):
            yield from _unit(unit, f"{section}.units[{index}]", section, pattern)


def _source(node: Node, path: str, version: str) -> Iterator[Finding]:
    if node.kind != "text" or not node.text:
        return
    scheme = node.text.partition(":")[0].lower()
    schemes = _SCHEMES[version[0]]
    if ":" not in node.text or scheme not in schemes:
        yield _error(node, path, "invalid url scheme", f"use one of {', '.join(schemes)}")
    elif scheme == "data":
        try:
            read_data_url(node.text)
        except ValueError as error:
            yield _error(node, path, str(error), "write it as data:,TEXT with %XX for the rest")


def _file(item: Node, place: str, version: str) -> Iterator[Finding]:
    if item.kind != "map":
        return
    path, mode, filesystem = item.get("path"), item.get("mode"), item.get("filesystem")
    if path is None:
        yield _error(item, place, "no path", "add path")
    elif path.kind == "text" and not path.text.startswith("/"):
        yield _error(path, f"{place}.path", "path not absolute", "begin it with /")
    if version.startswith("2") and not (filesystem and filesystem.text):
        yield _error(item, place, "no filesystem specified", 'add "filesystem": "root"')
    if mode and mode.kind == "whole" and not 0 <= int(mode.text) <= 0o7777:
        yield _error(mode, f"{place}.mode", "illegal file mode", "0644 is 420, 0755 is 493")
    elif mode and mode.kind == "whole" and int(mode.text) in (644, 755, 600, 400, 700):
        message = f"{mode.text} is decimal here: {int(mode.text):04o} in octal"
        remedy = f"0{mode.text} is {int(mode.text, 8)}"
        yield Finding(mode.line, mode.column, f"{place}.mode", "warning", message, remedy)


def _unit(unit: Node, place: str, section: str, pattern: re.Pattern[str]) -> Iterator[Finding]:
    name, contents = unit.get("name"), unit.get("contents")
    if unit.kind == "map" and not (name and pattern.fullmatch(name.text)):
        yield _error(
            name or unit, f"{place}.name", f"invalid {section} unit extension",
            "end it in .network" if section == "networkd" else "end it in .service, .socket ...",
        )  # fmt: skip
    if contents:
        yield from _contents(contents, f"{place}.contents")
    dropins = unit.get("dropins")
    for index, dropin in enumerate(dropins.items if dropins else ()):
        name, contents = dropin.get("name"), dropin.get("contents")
        below = f"{place}.dropins[{index}]"
        if not (name and name.text.endswith(".conf")):
            message = f"invalid {section} unit drop-in extension"
            yield _error(name or dropin, f"{below}.name", message, "end it in .conf")
        if contents:
            yield from _contents(contents, f"{below}.contents")


def _contents(node: Node, path: str) -> Iterator[Finding]:
    """systemd's syntax: sections in brackets, NAME=VALUE below them, comments, \\ at line ends."""
    section = continued = False
    for line in node.text.splitlines():
        text, was = line.strip(), continued
        continued = text.endswith("\\") and not text.startswith(("#", ";"))
        if was or not text or text[0] in "#;":
            continue
        if text.startswith("["):
            if not text.endswith("]"):
                message = "invalid unit content: unable to find end of section"
                yield _error(node, path, message, f"close the bracket of {text}")
                return
            section = True
        elif not section or "=" not in text:
            message = f"invalid unit content: {text[:60]} is no NAME=VALUE in a section"
            yield _error(node, path, message, "write [Section] first, then NAME=VALUE lines")
            return


def _error(node: Node, path: str, message: str, remedy: str = "") -> Finding:
    return Finding(node.line, node.column, path, "error", message, remedy)

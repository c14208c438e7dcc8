"""What is wrong with the values of a cloud-config beyond their type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import normpath
from urllib.parse import urlsplit

from runbook.machine_config.content import unpack
from runbook.machine_config.finding import Finding
from runbook.machine_config.tree import Node

_PUBLIC_TOKEN = re.compile(r"/[0-9a-f]{32}/?")
_OWN_TOKEN = re.compile(r"/v2/keys/.+[^/]/?")
_UNIT_NAME = re.compile(
    r".+\.(?:service|socket|device|mount|automount|swap|target|path|timer|snapshot|slice|scope"
    r"|network|netdev|link)"
)


def coreos_rules(root: Node) -> Iterator[Finding]:
    """Values that coreos-cloudinit refuses, or takes and then does not do what is meant."""
    yield from _files(root)
    for section in ("etcd2", "etcd"):
        if (node := root.get("coreos", section, "discovery")) and node.kind == "text":
            yield from _discovery(node, f"coreos.{section}.discovery")
    units = root.get("coreos", "units")
    for index, unit in enumerate(units.items if units else ()):
        yield from _unit(unit, f"coreos.units[{index}]")
    for index, file in enumerate(_items(root, "write_files")):
        path = file.get("path")
        if path and normpath(path.text).startswith("/usr/"):
            message = "file cannot be written to a read-only filesystem"
            place = f"write_files[{index}].path"
            yield Finding(path.line, path.column, place, "error", message, "choose another folder")


def rancheros_rules(root: Node) -> Iterator[Finding]:
    """Values that RancherOS takes and then does not do what is meant."""
    yield from _files(root)
    port = root.get("rancher", "ssh", "port")
    if port and port.kind == "whole" and not 0 < int(port.text.replace("_", ""), 0) < 65536:
        message = f"{port.text} is not a port"
        yield Finding(
            port.line, port.column, "rancher.ssh.port", "error", message, "choose 1 to 65535"
        )
    interfaces = root.get("rancher", "network", "interfaces")
    for key, interface in interfaces.entries if interfaces else ():
        address = interface.get("address")
        if address and address.kind == "text" and "/" not in address.text:
            place = f"rancher.network.interfaces.{key.text}.address"
            message = "an address without a prefix length"
            remedy = f"write it as {address.text}/24"
            yield Finding(address.line, address.column, place, "warning", message, remedy)


def _items(root: Node, *names: str) -> tuple[Node, ...]:
    node = root.get(*names)
    return node.items if node else ()


def _files(root: Node) -> Iterator[Finding]:
    for index, file in enumerate(_items(root, "write_files")):
        place = f"write_files[{index}]"
        path = file.get("path")
        if path is None:
            message = "a file without a path is not written"
            yield Finding(file.line, file.column, place, "warning", message, "add path:")
        elif not path.text.startswith("/"):
            message = "the path is not absolute"
            yield Finding(path.line, path.column, f"{place}.path", "warning", message)
        yield from _permissions(file, f"{place}.permissions")
        yield from _packed(file, place)


def _permissions(file: Node, place: str) -> Iterator[Finding]:
    """The validator looks at the number that YAML 1.1 made of an unquoted value: 0755 is 493."""
    node = file.get("permissions")
    if node and node.plain and re.fullmatch("0[0-7]+", node.text):
        decimal = str(int(node.text, 8))
        if not re.fullmatch("0?[0-7]{3,4}", decimal):
            message = f"invalid value {decimal}: that is what YAML 1.1 makes of {node.text}"
            yield Finding(
                node.line, node.column, place, "error", message, f'write "{node.text}" in quotes'
            )


def _packed(file: Node, place: str) -> Iterator[Finding]:
    encoding, content = file.get("encoding"), file.get("content")
    if encoding and content and encoding.text:
        try:
            unpack(content.text, encoding.text)
        except ValueError as error:
            yield Finding(
                content.line, content.column, f"{place}.content", "error", str(error),
                "pack it again, or leave encoding out",
            )  # fmt: skip


def _discovery(node: Node, place: str) -> Iterator[Finding]:
    try:
        url = urlsplit(node.text)
        web = url.scheme in ("http", "https") and bool(url.hostname)
    except ValueError:
        web = False
    if web and (_OWN_TOKEN.fullmatch(url.path) or _PUBLIC_TOKEN.fullmatch(url.path)):
        return
    message = f"{node.text} is not a discovery URL"
    remedy = "a URL that ends in 32 hex digits, as the discovery service printed it"
    yield Finding(node.line, node.column, place, "error", message, remedy)


def _unit(unit: Node, place: str) -> Iterator[Finding]:
    name = unit.get("name")
    if unit.kind != "map":
        return
    if name is None or not name.text:
        message = "a unit without a name"
        yield Finding(unit.line, unit.column, place, "warning", message, "add name:")
    elif not _UNIT_NAME.fullmatch(name.text):
        message = f"{name.text} has no suffix that systemd knows"
        yield Finding(
            name.line, name.column, f"{place}.name", "warning", message, "name it NAME.service"
        )
    content = unit.get("content")
    match = re.search(
        r"^ListenStream=(?:[^\n:/]*:)?([0-9]+)$", content.text if content else "", re.M
    )
    if match and not 0 < int(match[1]) < 65536 and content:
        message = f"{match[1]} is not a port"
        yield Finding(
            content.line, content.column, f"{place}.content", "error", message, "choose 1 to 65535"
        )

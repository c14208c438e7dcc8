"""CoreOS' cloud-config: reading it, and what `coreos-cloudinit -validate` says of it."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from runbook_twin.coreos.cloud_config_keys import CLOUD_CONFIG, Kind

_HEADER = "#cloud-config"
_SCALARS = {"str": "string", "null": "string", "int": "int", "float": "float64", "bool": "bool"}


class BadYaml(ValueError):
    """YAML that libyaml refuses, in its words; the line counts from 0 as the tool has it."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(
            f"YAML error: line {line}: {problem}" if line else f"YAML error: {problem}"
        )
        self.line, self.problem = line, problem


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    line: int
    level: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.level}: {self.text}"


def kind_of(user_data: str) -> str:
    """`cloud-config`, `script`, `ignition`, `empty` or `unknown`."""
    first = user_data.split("\n", 1)[0].removesuffix("\r")
    if first == _HEADER:
        return "cloud-config"
    if not user_data:
        return "empty"
    if user_data.startswith("#!"):
        return "script"
    is_ignition = re.match(r'\s*\{.*"(ignition|ignitionVersion)"', user_data, re.DOTALL)
    return "ignition" if is_ignition else "unknown"


def _compose(text: str) -> Node | None:
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 1)
    try:
        node: Node | None = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line if mark else 0
        raise BadYaml(line, _libyaml(str(error.problem), text, line)) from None
    return node


def _libyaml(problem: str, text: str, line: int) -> str:
    """The problem in the words of libyaml (Go's YAML) instead of Python's."""
    lines = text.splitlines()
    if line < len(lines) and lines[line].lstrip(" ").startswith("\t"):
        above = [one for one in lines[:line] if one.strip()]
        block = next((one for one in reversed(above) if re.search(r"[|>][+-]?\d*\s*$", one)), "")
        if block:
            return "found a tab character where an intendation space is expected"
        return "found character that cannot start any token"
    if "cannot start any token" in problem:
        return "found character that cannot start any token"
    if problem.startswith("expected <block end>"):
        return "did not find expected key"
    if "could not find expected ':'" in problem:
        return "could not find expected ':'"
    return problem


def _kind(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "struct"
    if isinstance(node, SequenceNode):
        return "list"
    return _SCALARS.get(str(node.tag).rpartition(":")[2], "string")


def _value(node: Node) -> Any:
    if isinstance(node, MappingNode):
        return {str(k.value).replace("-", "_"): _value(v) for k, v in node.value}
    if isinstance(node, SequenceNode):
        return [_value(item) for item in node.value]
    assert isinstance(node, ScalarNode)  # noqa: S101
    if _kind(node) == "bool":
        return str(node.value).lower() in ("yes", "true", "on", "y")
    return "" if str(node.tag).endswith(":null") else str(node.value)


def load(text: str) -> dict[str, Any]:
    """The config as plain values, `-` in keys turned to `_`. Raises BadYaml."""
    node = _compose(text)
    value = _value(node) if isinstance(node, MappingNode) else {}
    assert isinstance(value, dict)  # noqa: S101
    return value


def validate(user_data: str) -> list[Finding]:
    """The report of coreos-cloudinit 1.11.0."""
    kind = kind_of(user_data)
    if kind == "unknown":
        return [Finding(1, "error", 'must be "#cloud-config" or begin with "#!"')]
    if kind != "cloud-config":
        return []
    try:
        node = _compose(user_data)
    except BadYaml as bad:
        wrong = Finding(0, "warning", 'incorrect type for "" (want struct)')
        return [Finding(bad.line, "error", bad.problem), wrong]
    if node is None:
        return []
    if not isinstance(node, MappingNode):
        return [Finding(0, "warning", 'incorrect type for "" (want struct)')]
    findings: list[Finding] = _encodings(node)
    _structure(node, CLOUD_CONFIG, "", 0, findings)
    _validity(node, CLOUD_CONFIG, 0, findings)
    return findings + _read_only(node)


def _children(node: Node) -> list[tuple[str, int, Node]]:
    if isinstance(node, MappingNode):
        return [(str(k.value).replace("-", "_"), k.start_mark.line + 1, v) for k, v in node.value]
    return []


def _structure(node: Node, kind: Kind, name: str, line: int, found: list[Finding]) -> None:
    actual = _kind(node)
    scalar = kind.name == "string" and actual in ("string", "int", "float64", "bool")
    number = kind.name == "float64" and actual == "int"
    empty = isinstance(node, ScalarNode) and str(node.tag).endswith(":null")
    if actual != kind.name and not (scalar or number or empty):
        found.append(Finding(line, "warning", f'incorrect type for "{name}" (want {kind.shown})'))
        return
    if kind.items and isinstance(node, SequenceNode):
        for item in node.value:
            _structure(item, kind.items, name, item.start_mark.line + 1, found)
    for key, at, child in _children(node) if kind.keys else []:
        if key in kind.keys:
            _structure(child, kind.keys[key], key, at, found)
        else:
            found.append(Finding(at, "warning", f'unrecognized key "{key}"'))


def _validity(node: Node, kind: Kind, line: int, found: list[Finding]) -> None:
    if isinstance(node, ScalarNode) and not kind.accepts(str(node.value)):
        found.append(Finding(line, "error", f"invalid value {node.value}"))
    if kind.items and isinstance(node, SequenceNode):
        for item in node.value:
            _validity(item, kind.items, item.start_mark.line + 1, found)
    for key, at, child in _children(node):
        if key in kind.keys:
            _validity(child, kind.keys[key], at, found)


def _files(node: Node) -> list[dict[str, tuple[int, str]]]:
    listed = [child for key, _, child in _children(node) if key == "write_files"]
    items = listed[0].value if listed and isinstance(listed[0], SequenceNode) else []
    return [
        {key: (line, str(child.value)) for key, line, child in _children(item)} for item in items
    ]


def _encodings(node: Node) -> list[Finding]:
    found: list[Finding] = []
    for file in _files(node):
        encoding = file.get("encoding", (0, ""))[1]
        if encoding in ("base64", "b64"):
            try:
                base64.b64decode(file.get("content", (0, ""))[1], validate=False)
            except binascii.Error:
                text = f'content cannot be decoded as "{encoding}"'
                found.append(Finding(file["content"][0], "error", text))
    return found


def _read_only(node: Node) -> list[Finding]:
    found: list[Finding] = []
    for file in _files(node):
        line, path = file.get("path", (0, ""))
        if path.startswith("/usr"):
            found.append(Finding(line, "error", "file cannot be written to a read-only filesystem"))
    return found

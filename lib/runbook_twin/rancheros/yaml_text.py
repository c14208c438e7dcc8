"""YAML as the Go library in `ros` (candiedyaml) reads and writes it: version 1.1, sorted keys."""

from __future__ import annotations

import copy
import re
from datetime import date
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode


class YamlTrouble(ValueError):
    """Text that is not YAML, in candiedyaml's words."""


def load(text: str) -> Any:
    """The value of a YAML 1.1 text (yes is True, N is False, 0644 is 420). Raises YamlTrouble."""
    return copy.deepcopy(_load(text))


@lru_cache(maxsize=4096)
def _load(text: str) -> Any:
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 1)
    yaml.allow_duplicate_keys = True
    try:
        return yaml.load(text)
    except MarkedYAMLError as error:
        raise YamlTrouble(_words(error, text)) from None
    except (YAMLError, ValueError, TypeError) as error:
        raise YamlTrouble(f"yaml: {error}") from None


def _words(error: MarkedYAMLError, text: str) -> str:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.split("\n")
    context, problem = (
        error.context or "",
        re.sub(r"character '.*?' ", "character ", error.problem or ""),
    )
    if line < len(lines) and lines[line].startswith("\t") and "start any token" not in problem:
        context, column = "while scanning a plain scalar", 0
        problem = "found a tab character that violate indentation"
    prefix = f"[{context}] " if context else ""
    return f"yaml: {prefix}{problem} at line {line + 1}, column {column + 1}"


def place(text: str, path: list[Any]) -> tuple[int, int]:
    """Line and column (from 0) of the value at a path of a dumped text."""
    node = YAML(typ="safe", pure=True).compose(text)
    for key in path:
        pairs = node.value if isinstance(node, MappingNode) else []
        node = next((value for name, value in pairs if name.value == _scalar(key)), node)
    return node.start_mark.line, node.start_mark.column


def dump(value: Any) -> str:
    """A text with every map sorted and lists at the column of their key."""
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict) and value:
        return [line for key in sorted(value, key=_order) for line in _entry(key, value[key])]
    if isinstance(value, list) and value:
        return [line for item in value for line in _item(item)]
    return [_scalar(value)]


def _entry(key: Any, value: Any) -> list[str]:
    if isinstance(value, (dict, list)) and value:
        indent = "" if isinstance(value, list) else "  "
        return [f"{_scalar(key)}:", *(indent + line for line in _lines(value))]
    return [f"{_scalar(key)}: {_scalar(value)}"]


def _item(value: Any) -> list[str]:
    first, *rest = _lines(value)
    return [f"- {first}", *(f"  {line}" for line in rest)]


def _order(key: Any) -> tuple[bool, list[tuple[bool, str]]]:
    """Other kinds before texts; in a text, signs and digits before letters."""
    return isinstance(key, str), [(char.isalpha(), char) for char in str(key)]


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "null"
    if isinstance(value, (dict, list)):
        return "{}" if isinstance(value, dict) else "[]"
    if isinstance(value, (int, float, date)):
        return str(value)
    return _text(str(value))


def _text(text: str) -> str:
    if text == "" or not text.isprintable():
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return '"' + escaped.replace("\t", "\\t") + '"'
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_/.-]*", text) and load(text) == text:
        return text
    if re.fullmatch(r"[yYnN]", text):
        return text  # candiedyaml writes what it will read as a truth value
    try:
        node = YAML(typ="safe", pure=True).compose(f"k: {text}").value[0][1]
    except (YAMLError, AttributeError, IndexError):
        return "'" + text.replace("'", "''") + "'"
    if not isinstance(node, ScalarNode) or node.style is not None or node.value != text:
        return "'" + text.replace("'", "''") + "'"
    return text if isinstance(load(text), str) else f'"{text}"'

"""YAML text -> tree, read as the tools of 2016 read it (YAML 1.1)."""

from __future__ import annotations

import re

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode
from ruamel.yaml.reader import ReaderError

from runbook.machine_config.finding import Finding
from runbook.machine_config.tree import Kind, Node

LIMIT = 20_000  # values in one file; aliases of aliases would blow it up without bound
TAB = "found a tab character where an intendation space is expected"  # sic: coreos-cloudinit

_FLAG = re.compile(r"(?i:true|false|yes|no|on|off|y|n)")
_WHOLE = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_,]*)")
_SIXTIES = re.compile(r"[-+]?[0-9]+(?::[0-5]?[0-9])+")
_NUMBER = re.compile(r"[-+]?(?:\.?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.(?i:inf))")
_NULL = re.compile(r"~|(?i:null)|")


class _TooMuch(Exception):
    """A value that holds itself, or too many values."""


def read_yaml(text: str) -> tuple[Node | None, list[Finding]]:
    """The tree of one YAML document, and what could not be read.

    A TAB in an indentation is named and read as blanks, so that the rest is looked at too.
    None: no value (an empty file), or text that cannot be read.
    """
    findings: list[Finding] = []
    lines = text.split("\n")
    while True:
        try:
            root = YAML(typ="safe", pure=True).compose("\n".join(lines))
            return (_node(root, set(), [0]) if root else None), findings
        except MarkedYAMLError as error:
            finding = _syntax(error, lines)
            findings.append(finding)
            if finding.message == TAB:
                lines[finding.line - 1] = lines[finding.line - 1].expandtabs(4)
                continue
        except ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            message = f"character #x{ord(text[error.position]):02x} is not allowed in YAML"
            findings.append(Finding(line, 1, "", "error", message, "remove it"))
        except (RecursionError, _TooMuch):
            message = "nested without end, or more than 20,000 values"
            findings.append(Finding(1, 1, "", "error", message, "write it without aliases"))
        return None, findings


def _syntax(error: MarkedYAMLError, lines: list[str]) -> Finding:
    mark = error.problem_mark or error.context_mark
    line = min(mark.line, len(lines) - 1) if mark else 0
    indentation = re.match(r"[ \t]*", lines[line])
    if indentation and "\t" in indentation[0]:
        column = indentation[0].index("\t") + 1
        remedy = "indent with blanks only; cloud-init itself counts its lines from 0"
        return Finding(line + 1, column, "", "error", TAB, remedy)
    message = " ".join(filter(None, (error.context, error.problem)))
    return Finding(line + 1, mark.column + 1 if mark else 1, "", "error", f"YAML: {message}")


def _node(node: YamlNode, open_: set[int], count: list[int]) -> Node:
    count[0] += 1
    if id(node) in open_ or count[0] > LIMIT:
        raise _TooMuch
    open_.add(id(node))
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    last = node.end_mark.line + (1 if node.end_mark.column else 0)
    place = (line, column, max(line, last))
    try:
        if isinstance(node, MappingNode):
            pairs = tuple((_node(k, open_, count), _node(v, open_, count)) for k, v in node.value)
            return Node("map", *place, entries=pairs)
        if isinstance(node, SequenceNode):
            return Node("list", *place, items=tuple(_node(v, open_, count) for v in node.value))
        return _scalar(node, place)
    finally:
        open_.discard(id(node))


def _scalar(node: YamlNode, place: tuple[int, int, int]) -> Node:
    plain = getattr(node, "style", None) is None
    return Node(kind_of(node.value) if plain else "text", *place, node.value, plain)


def kind_of(text: str) -> Kind:
    """What an unquoted scalar is in YAML 1.1.

    >>> [kind_of(text) for text in ("yes", "0644", "22:22", "1.5", "", "node01")]
    ['flag', 'whole', 'whole', 'number', 'null', 'text']
    """
    kinds: tuple[tuple[re.Pattern[str], Kind], ...] = (
        (_NULL, "null"),
        (_FLAG, "flag"),
        (_WHOLE, "whole"),
        (_SIXTIES, "whole"),
        (_NUMBER, "number"),
    )
    return next((kind for pattern, kind in kinds if pattern.fullmatch(text)), "text")


def surprise(node: Node) -> str:
    """What YAML 1.1 makes of this unquoted scalar where YAML 1.2 keeps it; empty when nothing."""
    if not node.plain or node.text in ("true", "false"):
        return ""
    if node.kind == "flag" and node.text.lower() not in ("true", "false"):
        value = node.text.lower() in ("yes", "on", "y")
        return f"YAML 1.1 reads {node.text} as {str(value).lower()}"
    if re.fullmatch(r"[-+]?0[0-7]+", node.text):
        return f"YAML 1.1 reads {node.text} as octal: {int(node.text, 8)}"
    if _SIXTIES.fullmatch(node.text):
        total = 0
        for part in node.text.lstrip("+-").split(":"):
            total = total * 60 + int(part)
        return f"YAML 1.1 reads {node.text} to base 60: {total}"
    return ""

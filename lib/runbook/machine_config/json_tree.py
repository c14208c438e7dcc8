"""JSON text -> tree with lines and columns."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from json.decoder import scanstring  # type: ignore[attr-defined]

from runbook.machine_config.finding import Finding
from runbook.machine_config.tree import Kind, Node

_BLANK = re.compile(r"[ \t\n\r]*")
_ATOM = re.compile(r"true|false|null|-?[0-9][0-9.eE+-]*")


def read_json(text: str) -> tuple[Node | None, list[Finding]]:
    """The tree of a JSON text, or the place where it stops being JSON."""
    try:
        json.loads(text, parse_constant=_refuse)
        node = _Reader(text).value()
    except json.JSONDecodeError as error:
        return None, [Finding(error.lineno, error.colno, "", "error", f"JSON: {error.msg}")]
    except (RecursionError, ValueError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        return None, [Finding(1, 1, "", "error", f"JSON: {reason}")]
    return node, []


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


class _Reader:
    """Reads text that is known to be JSON once more, keeping places and duplicate keys."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def value(self) -> Node:
        self._blank()
        start = self.at
        match self.text[start]:
            case "{":
                entries = tuple(self._entries())
                return self._node("map", start, entries=entries)
            case "[":
                items = tuple(self._items())
                return self._node("list", start, items=items)
            case '"':
                value, self.at = scanstring(self.text, start + 1, True)
                return self._node("text", start, text=value)
        atom = _ATOM.match(self.text, start)
        assert atom is not None  # noqa: S101  (json.loads has read it)
        self.at = atom.end()
        return self._node(_kind(atom[0]), start, text=atom[0])

    def _entries(self) -> list[tuple[Node, Node]]:
        entries = []
        while self._more("}"):
            key = self.value()
            self._blank()
            self.at += 1  # the colon
            entries.append((key, self.value()))
        return entries

    def _items(self) -> list[Node]:
        items = []
        while self._more("]"):
            items.append(self.value())
        return items

    def _more(self, end: str) -> bool:
        """Step over the opening bracket or a comma; False at the closing bracket."""
        self._blank()
        found = self.text[self.at]
        self.at += 1
        if found == end:
            return False
        self._blank()
        if self.text[self.at] == end:
            self.at += 1
            return False
        return True

    def _blank(self) -> None:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _node(
        self,
        kind: Kind,
        start: int,
        *,
        text: str = "",
        entries: tuple[tuple[Node, Node], ...] = (),
        items: tuple[Node, ...] = (),
    ) -> Node:
        line, column = self._place(start)
        last, _ = self._place(self.at - 1)
        return Node(kind, line, column, last, text, False, entries, items)

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


def _kind(atom: str) -> Kind:
    if atom in ("true", "false"):
        return "flag"
    if atom == "null":
        return "null"
    return "whole" if re.fullmatch(r"-?[0-9]+", atom) else "number"

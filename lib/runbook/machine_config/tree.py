"""A configuration as a tree whose every key and value knows its line and column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["map", "list", "text", "whole", "number", "flag", "null"]


@dataclass(frozen=True)
class Node:
    """One value: what kind it is to the tool that reads it, where it stands, what is in it.

    text: a scalar's text. plain: written without quotes. entries: a map's (key, value) pairs,
    duplicates included. items: a list's values. last_line: where the value ends.
    """

    kind: Kind
    line: int
    column: int
    last_line: int
    text: str = ""
    plain: bool = False
    entries: tuple[tuple[Node, Node], ...] = ()
    items: tuple[Node, ...] = ()

    def get(self, *names: str) -> Node | None:
        """The value below these keys, `-` and `_` being the same; None when it is not there."""
        node: Node | None = self
        for name in names:
            pairs = node.entries if node else ()
            node = next((v for k, v in pairs if plain_key(k.text) == plain_key(name)), None)
        return node

    def walk(self, path: str = "") -> Iterator[tuple[str, Node]]:
        """This value and all below it, each with its path (`coreos.units[0].name`)."""
        yield path, self
        for key, value in self.entries:
            yield from value.walk(join(path, key.text))
        for index, item in enumerate(self.items):
            yield from item.walk(f"{path}[{index}]")


def join(path: str, key: str) -> str:
    """The path of a key below `path`.

    >>> join("coreos", "units")
    'coreos.units'
    """
    return f"{path}.{key}" if path else key


def plain_key(key: str) -> str:
    """A key as cloud-init compares it: `-` counts as `_`."""
    return key.replace("-", "_")


def path_at(root: Node | None, line: int) -> str:
    """The path of the deepest value that covers a line; empty when there is none."""
    found = ""
    for path, node in root.walk() if root else ():
        if node.line <= line <= node.last_line:
            found = path
    return found

"""The shape that a dialect allows, and the walk that holds a tree against it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from runbook.machine_config.finding import Finding
from runbook.machine_config.tree import Kind, Node, join, plain_key
from runbook.machine_config.yaml_tree import surprise

_WORDS = {"text": "text", "whole": "a whole number", "flag": "true or false", "number": "a number"}


@dataclass(frozen=True)
class Scalar:
    """A single value. kinds: what may stand there; pattern: what its text must match in full."""

    kinds: tuple[Kind, ...]
    pattern: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Items:
    """A list of values of one shape."""

    of: Shape


@dataclass(frozen=True)
class Keys:
    """A map with known keys only. notes: why a known key is a trap here (a warning)."""

    keys: Mapping[str, Shape]
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Free:
    """A map with any keys; `of`: the shape of its values (None = anything)."""

    of: Shape | None = None


@dataclass(frozen=True)
class Anything:
    """A value that the dialect hands on as it is."""


Shape = Scalar | Items | Keys | Free | Anything


@dataclass(frozen=True)
class Dialect:
    """How one tool reads a file.

    text_takes: the kinds that it takes for text without complaint. elsewhere: says of an unknown
    key (path, key) which dialect has it. same_dash: whether `-` and `_` in a key are the same.
    """

    name: str
    shape: Shape
    text_takes: tuple[Kind, ...]
    elsewhere: Callable[[str, str], str]
    same_dash: bool = True


def check(node: Node, dialect: Dialect) -> Iterator[Finding]:
    """All findings of unknown and duplicate keys and of ill-typed values."""
    yield from _check(node, dialect.shape, "", dialect)


def _check(node: Node, shape: Shape, path: str, dialect: Dialect) -> Iterator[Finding]:
    match shape:
        case Keys():
            yield from _keys(node, shape, path, dialect)
        case Free():
            yield from _free(node, shape, path, dialect)
        case Items():
            if node.kind != "list":
                yield _wrong(node, path, "a list")
            for index, item in enumerate(node.items):
                yield from _check(item, shape.of, f"{path}[{index}]", dialect)
        case Scalar():
            yield from _scalar(node, shape, path, dialect)
        case Anything():
            yield from _traps(node, path, dialect)


def _keys(node: Node, shape: Keys, path: str, dialect: Dialect) -> Iterator[Finding]:
    if node.kind != "map":
        yield _wrong(node, path, "a map of keys")
    fold = plain_key if dialect.same_dash else str
    known = {fold(key): value for key, value in shape.keys.items()}
    yield from _duplicates(node, path, fold)
    for key, value in node.entries:
        if key.text == "<<" and key.plain:
            continue
        place = join(path, key.text)
        if (below := known.get(fold(key.text))) is None:
            yield _unknown(key, place, path, list(shape.keys), dialect)
            continue
        if note := shape.notes.get(fold(key.text)):
            yield Finding(key.line, key.column, place, "warning", note)
        yield from _check(value, below, place, dialect)


def _free(node: Node, shape: Free, path: str, dialect: Dialect) -> Iterator[Finding]:
    if node.kind != "map":
        yield _wrong(node, path, "a map of keys")
    yield from _duplicates(node, path, str)
    for key, value in node.entries:
        place = join(path, key.text)
        if why := surprise(key):
            yield Finding(key.line, key.column, place, "warning", why, "put the key in quotes")
        yield from _check(value, shape.of or Anything(), place, dialect)


def _duplicates(node: Node, path: str, fold: Callable[[str], str]) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for key, _ in node.entries:
        if (first := seen.get(fold(key.text))) is not None:
            message = f"duplicate key, first in line {first}: all but the last are lost"
            place = join(path, key.text)
            yield Finding(key.line, key.column, place, "error", message, "keep one of them")
        seen.setdefault(fold(key.text), key.line)


def _unknown(key: Node, place: str, path: str, known: list[str], dialect: Dialect) -> Finding:
    message = f"{dialect.name} does not know this key and drops it"
    if where := dialect.elsewhere(path, plain_key(key.text)):
        return Finding(key.line, key.column, place, "error", message, where)
    near = difflib.get_close_matches(key.text, known, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(known)[:12])}"
    return Finding(key.line, key.column, place, "error", message, remedy)


def _scalar(node: Node, shape: Scalar, path: str, dialect: Dialect) -> Iterator[Finding]:
    takes = {*shape.kinds, *(dialect.text_takes if "text" in shape.kinds else ())}
    if node.kind not in takes:
        yield _wrong(node, path, shape.expected or _WORDS[shape.kinds[0]])
    elif shape.pattern and node.text and not re.fullmatch(shape.pattern, node.text):
        message = f"invalid value {node.text}"
        yield Finding(node.line, node.column, path, "error", message, f"expected {shape.expected}")
    elif "text" in shape.kinds and (why := surprise(node)):
        yield Finding(node.line, node.column, path, "warning", why, "put the value in quotes")


def _traps(node: Node, path: str, dialect: Dialect) -> Iterator[Finding]:
    if why := surprise(node):
        yield Finding(node.line, node.column, path, "warning", why, "put the value in quotes")
    yield from _duplicates(node, path, str)
    for key, value in node.entries:
        yield from _traps(value, join(path, key.text), dialect)
    for index, item in enumerate(node.items):
        yield from _traps(item, f"{path}[{index}]", dialect)


def _wrong(node: Node, path: str, wanted: str) -> Finding:
    is_ = {"map": "a map", "list": "a list", "null": "no value"}.get(node.kind)
    shown = is_ or f"{_WORDS[node.kind]} ({node.text})"
    message = f"incorrect type: {shown} where {wanted} is expected"
    return Finding(node.line, node.column, path, "error", message, f"write {wanted}")

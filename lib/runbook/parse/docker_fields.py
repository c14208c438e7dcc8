"""How to say what a listing of docker prints: fields, the patterns of their text, their columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Any

from runbook.errors import ParseError
from runbook.parse.base import Column, Kind
from runbook.parse.docker_words import seconds

Values = dict[str, Any]
Reader = Callable[[re.Match[str]], Values]

PORTS = r"(?:[^\s,]+(?:, [^\s,]+)*)?"
DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}(?:\.[0-9]+)? [+-][0-9]{4} \S+"


@dataclass(frozen=True)
class Field:
    """One thing that a command can print: its name in templates and JSON, its title in tables,
    the whole pattern of its text, and the columns that a text of that pattern gives."""

    name: str
    title: str
    pattern: re.Pattern[str]
    read: Reader

    def read_all(self, texts: Sequence[str]) -> dict[str, list[Any]] | int:
        """The columns of many texts, or the index of the first one that does not fit.

        Texts come again and again: each one is read once.
        """
        found = {text: self.pattern.fullmatch(text) for text in set(texts)}
        if None in found.values():
            return next(at for at, text in enumerate(texts) if found[text] is None)
        if isinstance(self.read, Text):
            return {self.read.column: self.read.values(texts, found.keys())}
        values = {text: self.read(match) for text, match in found.items() if match}
        columns: dict[str, list[Any]] = {}
        for name, sample in next(iter(values.values()), {}).items():
            column = [values[text][name] for text in texts]
            columns[name] = [*map(list, column)] if isinstance(sample, list) else column
        return columns


@dataclass(frozen=True)
class Text:
    """Reads the text itself into one column; the `absent` words are null."""

    column: str
    absent: frozenset[str]

    def __call__(self, found: re.Match[str]) -> Values:
        return {self.column: None if found[0] in self.absent else found[0]}

    def values(self, texts: Sequence[str], different: Set[str]) -> list[str | None]:
        """What the column holds for many texts; `different`: each of them once."""
        if self.absent.isdisjoint(different):
            return list(texts)
        return [None if text in self.absent else text for text in texts]


@dataclass(frozen=True)
class Listing:
    """What a command can print.

    fields: all that templates and JSON may name, the more telling ones later; layouts: the default
    tables, by version; quiet: what -q prints; in_json: the names that every JSON line has;
    in_tables: fields that look different in tables.
    """

    columns: tuple[Column, ...]
    fields: tuple[Field, ...]
    layouts: tuple[tuple[Field, ...], ...]
    quiet: Field
    in_json: tuple[str, ...]
    in_tables: tuple[Field, ...] = ()

    def field(self, tool: str, name: str, *, table: bool = False) -> Field:
        """The field of that name; raises ParseError for a name that we do not know."""
        for field in (*(self.in_tables if table else ()), *self.fields):
            if field.name == name:
                return field
        known = ", ".join(field.name for field in self.fields)
        raise ParseError(tool, f"there is no parser for {{{{.{name}}}}}; known: {known}")


def columns_of(
    *names: str,
    booleans: tuple[str, ...] = (),
    integers: tuple[str, ...] = (),
    lists: tuple[str, ...] = (),
) -> tuple[Column, ...]:
    """The columns of these names, in order: text, but for those that are named again."""
    kinds: dict[str, Kind] = dict.fromkeys(names, "text")
    kinds.update(dict.fromkeys(booleans, "boolean"))
    kinds.update(dict.fromkeys(integers, "integer"))
    kinds.update(dict.fromkeys(lists, "list"))
    return tuple(Column(name, kind) for name, kind in kinds.items())


def nothing(found: re.Match[str]) -> Values:
    """No columns: a field that must be well-formed but is in no table of ours."""
    return {}


def field(name: str, title: str, pattern: str, read: Reader = nothing) -> Field:
    """A field; `pattern` is of ASCII classes and fits the whole text; `read` gives the same columns
    for each text, lists in all of them or in none."""
    return Field(name, title, re.compile(pattern, re.ASCII | re.DOTALL), read)


def text(column: str, *absent: str) -> Reader:
    """The text itself; nothing, `<none>` and the `absent` words are null."""
    return Text(column, frozenset(("", "<none>", *absent)))


def listed(column: str, separator: str) -> Reader:
    """A list; an empty text is an empty list."""
    return lambda found: {column: found[0].split(separator) if found[0] else []}


def age(found: re.Match[str]) -> Values:
    """created_text and created_s of an age such as "2 hours ago"; "N/A" is null."""
    if found[0] == "N/A":
        return {"created_text": None, "created_s": None}
    return {"created_text": found[0], "created_s": seconds(found[0])}

"""How to say what a listing of docker prints: fields, the patterns of their text, their columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from runbook.errors import ParseError
from runbook.parse.base import Column, Kind
from runbook.parse.docker_words import seconds

Values = dict[str, Any]
Reader = Callable[[re.Match[str]], Values]

PORTS = r"(?:[^\s,]+(?:, [^\s,]+)*)?"
TASK_PORTS = r"(?:[^\s,]+(?:,[^\s,]+)*)?"  # no blank between them, other than everywhere else
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

        Texts come again and again: each one is looked at once.
        """
        different = set(texts)
        if not all(map(self.pattern.fullmatch, different)):
            return next(at for at, text in enumerate(texts) if not self.pattern.fullmatch(text))
        if isinstance(self.read, Plain):
            return {self.read.column: [*map(self.read.value, texts)]}
        found = {text: self.pattern.fullmatch(text) for text in different}
        values = {text: self.read(match) for text, match in found.items() if match}
        names = next(iter(values.values()), {})
        return {name: [values[text][name] for text in texts] for name in names}


@dataclass(frozen=True)
class Plain:
    """Reads one column from the text as it is, without its groups."""

    column: str
    value: Callable[[str], Any]

    def __call__(self, found: re.Match[str]) -> Values:
        return {self.column: self.value(found[0])}


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
    for each text."""
    return Field(name, title, re.compile(pattern, re.ASCII | re.DOTALL), read)


def text(column: str, *absent: str) -> Reader:
    """The text itself; nothing, `<none>` and the `absent` words are null."""
    words = frozenset(("", "<none>", *absent))
    return Plain(column, lambda told: None if told in words else told)


def listed(column: str, separator: str) -> Reader:
    """A list; an empty text is an empty list."""
    return Plain(column, lambda told: told.split(separator) if told else [])


def age(found: re.Match[str]) -> Values:
    """created_text and created_s of an age such as "2 hours ago"; "N/A" is null."""
    if found[0] == "N/A":
        return {"created_text": None, "created_s": None}
    return {"created_text": found[0], "created_s": seconds(found[0])}

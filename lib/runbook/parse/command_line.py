"""The words of a command line: sub-command and operands, flags, variables set in front."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_OFF = {"false", "False", "FALSE", "f", "F", "0"}


def names(text: str) -> frozenset[str]:
    """The names of flags in a text that parts them by blanks."""
    return frozenset(text.split())


@dataclass(frozen=True)
class Grammar:
    """How one tool reads its words: the flags that take a value, and one-letter names."""

    valued: frozenset[str] = frozenset()
    short: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CommandLine:
    """A command line taken apart: `words` are the sub-command and its operands."""

    tool: str
    words: tuple[str, ...]
    flags: Mapping[str, tuple[str, ...]]
    variables: Mapping[str, str]

    def on(self, name: str) -> bool:
        """True when the switch was given and not as `--name=false`."""
        return name in self.flags and self.flags[name][-1] not in _OFF

    def value(self, name: str, default: str = "") -> str:
        """The last value given for a flag."""
        return self.flags[name][-1] if name in self.flags else default

    def starts_with(self, *words: str) -> bool:
        """True when these words are the sub-command."""
        return self.words[: len(words)] == words


def read(argv: Sequence[str], grammar: Grammar) -> CommandLine:
    """Take a command line apart as the tool itself does.

    >>> read(["A=1", "t", "-w=json", "--endpoints", "x", "get", "--", "-k"],
    ...      Grammar(names("endpoints write-out"), {"w": "write-out"})).words
    ('get', '-k')
    """
    rest = list(argv)
    variables = {}
    while rest and (rest[0] == "env" or _VARIABLE.fullmatch(rest[0])):
        name, _, value = rest.pop(0).partition("=")
        variables[name] = value
    tool = rest.pop(0).rsplit("/", 1)[-1] if rest else ""
    words: list[str] = []
    flags: dict[str, tuple[str, ...]] = {}
    while rest:
        word = rest.pop(0)
        if word == "--":
            words += rest
            break
        if not word.startswith("-") or word == "-":
            words.append(word)
            continue
        name, value = _flag(word, rest, grammar)
        flags[name] = (*flags.get(name, ()), value)
    return CommandLine(tool, tuple(words), flags, variables)


def _flag(word: str, rest: list[str], grammar: Grammar) -> tuple[str, str]:
    name, given, value = word.lstrip("-").partition("=")
    name = grammar.short.get(name, name)
    if given:
        return name, value
    if name in grammar.valued:
        return name, rest.pop(0) if rest else ""
    letter = grammar.short.get(word[1:2], word[1:2])
    if not word.startswith("--") and letter in grammar.valued:
        return letter, word[2:]  # -wjson
    return name, "true"

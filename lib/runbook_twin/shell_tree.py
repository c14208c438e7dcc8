"""The tree that a command line becomes: words, redirects, commands, pipelines."""

from __future__ import annotations

from dataclasses import dataclass, field


class ShellSyntaxError(ValueError):
    """A line that the shell cannot read."""


@dataclass(frozen=True)
class Text:
    """Characters that stand for themselves; `quoted` ones are neither split nor globbed."""

    text: str
    quoted: bool


@dataclass(frozen=True)
class Variable:
    """$NAME, ${NAME}, ${NAME:-word} and its kin."""

    name: str
    quoted: bool
    operator: str = ""
    word: Word = ()


@dataclass(frozen=True)
class Substitution:
    """$(...) or backquotes."""

    script: Script
    quoted: bool


@dataclass(frozen=True)
class Arithmetic:
    """$((...))."""

    word: Word
    quoted: bool


Part = Text | Variable | Substitution | Arithmetic
Word = tuple[Part, ...]


@dataclass
class Redirect:
    """fd, one of < > >> >& <& <<, and a word (for << the whole text)."""

    fd: int
    operator: str
    word: Word


@dataclass
class Simple:
    """NAME=value ... program argument ..."""

    assignments: list[tuple[str, Word]]
    words: list[Word]
    redirects: list[Redirect]


@dataclass
class Compound:
    """A command made of commands: kind is group, subshell, background, function, if, while,
    until, for or case.

    branches: (condition, body) pairs of if; one pair for while and until; body alone for the rest.
    """

    kind: str
    branches: list[tuple[Script, Script]]
    otherwise: Script | None = None
    name: str = ""
    words: list[Word] | None = None
    cases: list[tuple[list[Word], Script]] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)


Command = Simple | Compound


@dataclass
class Pipeline:
    """Commands joined by |, perhaps negated by !."""

    commands: list[Command]
    negated: bool


# each: the pipelines of one and-or list with the operator before them ("" for the first)
Script = list[list[tuple[str, Pipeline]]]

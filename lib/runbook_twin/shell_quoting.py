"""The grammar of one word: quotes, variables, substitutions."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from runbook_twin.shell_tree import (
    Arithmetic,
    Part,
    Script,
    ShellSyntaxError,
    Substitution,
    Text,
    Variable,
    Word,
)

NAME = re.compile(r"[A-Za-z_]\w*|[0-9?#@*!$-]")
_OPERATOR = re.compile(r":?[-=?+]|##?|%%?")
_PLAIN = re.compile(r"[^\s;&|<>()'\"\\$`]+")


class WordParser(ABC):
    """Reads words; the commands in $(...) are its subclass's."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    @abstractmethod
    def script(self) -> Script:
        """Commands up to a closing word, `)`, `;;` or the end."""

    @abstractmethod
    def close(self) -> None:
        """Step over the `)` that ends a substitution. Raises ShellSyntaxError."""

    @abstractmethod
    def whole(self) -> Script:
        """All of the text as a script. Raises ShellSyntaxError."""

    def peek(self, length: int = 1) -> str:
        """The next characters."""
        return self.text[self.at : self.at + length]

    def take(self, literal: str) -> bool:
        """Step over `literal` if it stands here."""
        if self.text.startswith(literal, self.at):
            self.at += len(literal)
            return True
        return False

    def word(self) -> Word | None:
        """One word, or None when no word begins here."""
        parts: list[Part] = []
        start = self.at
        while self.at < len(self.text) and self.peek() not in " \t\n;&|<>()":
            char = self.peek()
            if char in "'\"\\$`":
                parts += self.special(char)
            else:
                match = _PLAIN.match(self.text, self.at)
                plain = match[0] if match else char
                self.at += len(plain)
                parts.append(Text(plain, False))
        return tuple(parts) if self.at > start else None

    def special(self, char: str) -> list[Part]:
        """What a quote, a backslash or a dollar begins."""
        if char == "'":
            return [Text(self._until("'"), True)]
        if char == "\\":
            self.at += 2
            escaped = self.text[self.at - 1 : self.at]
            return [] if escaped == "\n" else [Text(escaped or "\\", True)]
        if char != '"':
            return self.dollar(quoted=False)
        self.at += 1
        parts = list(self.quoted('"')) or [Text("", True)]
        if not self.take('"'):
            raise ShellSyntaxError("unexpected EOF while looking for matching `\"'")
        return parts

    def _operand(self, *, in_quotes: bool) -> Word:
        """The word of ${NAME:-word}, up to its brace."""
        parts: list[Part] = []
        while self.at < len(self.text) and self.peek() != "}":
            char = self.peek()
            if char in '"\\$`' or (char == "'" and not in_quotes):
                parts += self.special(char)
            else:
                parts.append(Text(char, False))
                self.at += 1
        return tuple(parts)

    def _until(self, mark: str) -> str:
        end = self.text.find(mark, self.at + 1)
        if end < 0:
            raise ShellSyntaxError(f"unexpected EOF while looking for matching `{mark}'")
        text = self.text[self.at + 1 : end]
        self.at = end + 1
        return text

    def quoted(self, end: str) -> Word:
        """The inside of double quotes or of a here-document (end ""), up to `end`."""
        parts: list[Part] = []
        plain = ""
        while self.at < len(self.text) and self.peek() != end:
            char = self.peek()
            if char == "\\" and self.text[self.at + 1 : self.at + 2] in ("$", "`", "\\", "\n", end):
                following = self.text[self.at + 1 : self.at + 2]
                plain += "" if following == "\n" else following
                self.at += 2
            elif char in "$`":
                parts += [Text(plain, True)] if plain else []
                plain = ""
                parts += self.dollar(quoted=True)
            else:
                plain += char
                self.at += 1
        return (*parts, Text(plain, True)) if plain else tuple(parts)

    def dollar(self, *, quoted: bool) -> list[Part]:
        """What $ or a backquote begins."""
        if self.peek() == "`":
            return [self._backquote(quoted)]
        self.at += 1
        if self.take("(("):
            word = self._arithmetic()
            return [Arithmetic(word, quoted)]
        if self.take("("):
            script = self.script()
            self.close()
            return [Substitution(script, quoted)]
        if self.take("{"):
            return [self._braced(quoted)]
        if self.peek() == "'" and not quoted:
            return [Text(self._until("'").encode().decode("unicode_escape"), True)]
        match = NAME.match(self.text, self.at)
        if not match:
            return [Text("$", quoted)]
        self.at = match.end()
        return [Variable(match[0], quoted)]

    def _arithmetic(self) -> Word:
        end = self.text.find("))", self.at)
        if end < 0:
            raise ShellSyntaxError("unexpected EOF while looking for matching `))'")
        inner = type(self)(self.text[self.at : end]).quoted("")
        self.at = end + 2
        return inner

    def _backquote(self, quoted: bool) -> Part:
        self.at += 1
        text = ""
        while self.peek() != "`":
            if self.at >= len(self.text):
                raise ShellSyntaxError("unexpected EOF while looking for matching ``'")
            if self.peek(2) in ("\\`", "\\\\", "\\$"):
                self.at += 1
            text += self.peek()
            self.at += 1
        self.at += 1
        return Substitution(type(self)(text).whole(), quoted)

    def _braced(self, quoted: bool) -> Part:
        if self.peek() == "#" and self.peek(2) != "#}":
            self.at += 1
            match = NAME.match(self.text, self.at)
            operator = "length"
        else:
            match = NAME.match(self.text, self.at)
            operator = ""
        if not match:
            raise ShellSyntaxError("bad substitution")
        self.at = match.end()
        if not operator and (found := _OPERATOR.match(self.text, self.at)):
            operator = found[0]
            self.at = found.end()
        word: Word = ()
        if operator and operator != "length":
            word = self._operand(in_quotes=quoted)
        if not self.take("}"):
            raise ShellSyntaxError("bad substitution")
        return Variable(match[0], quoted, operator, word)

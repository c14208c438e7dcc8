"""The grammar of commands: a command line becomes a tree."""

from __future__ import annotations

import re

from runbook_twin.shell_quoting import NAME, WordParser
from runbook_twin.shell_tree import (
    Command,
    Compound,
    Pipeline,
    Redirect,
    Script,
    ShellSyntaxError,
    Simple,
    Text,
    Word,
)

_BLANK = re.compile(r"(?:[ \t]|\\\n)*(?:#[^\n]*)?")
_RESERVED = re.compile(r"(?:[a-z]+|[{}!])(?=[\s;|&<>()]|$)")
_REDIRECT = re.compile(r"(\d*)(<<<|<<-|<<|>>|>&|<&|>\||<|>)|(&>)")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=")
_FUNCTION = re.compile(r"([A-Za-z_][\w-]*)[ \t]*\([ \t]*\)")
_CLOSERS = {"then", "elif", "else", "fi", "do", "done", "esac", "}"}
_OPENERS = {"{": "}", "if": "fi", "while": "done", "until": "done", "for": "done", "case": "esac"}


class Parser(WordParser):
    """Recursive descent over the characters of one script."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.waiting: list[tuple[Redirect, str, bool, bool]] = []  # here-documents to come

    def blanks(self) -> None:
        """Skip blanks and a comment."""
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def newlines(self) -> None:
        """Skip blanks, comments and line ends; a line end reads the here-documents before it."""
        self.blanks()
        while self.peek() == "\n":
            self.at += 1
            self._here_documents()
            self.blanks()

    def reserved(self) -> str:
        """The reserved-looking word at this place, or ""."""
        match = _RESERVED.match(self.text, self.at)
        return match[0] if match else ""

    def expect(self, literal: str) -> None:
        """Step over `literal`. Raises ShellSyntaxError."""
        self.newlines()
        if not self.take(literal):
            raise self.error()

    def close(self) -> None:
        """Step over the `)` that ends a substitution. Raises ShellSyntaxError."""
        self.expect(")")

    def error(self) -> ShellSyntaxError:
        """What is wrong at this place."""
        match = re.compile(r";;|&&|\|\||[;&|()<>\n]|[^\s;&|()<>]+").match(self.text, self.at)
        if not match:
            return ShellSyntaxError("syntax error: unexpected end of file")
        token = "newline" if match[0] == "\n" else match[0]
        return ShellSyntaxError(f"syntax error near unexpected token `{token}'")

    def whole(self) -> Script:
        """All of the text. Raises ShellSyntaxError."""
        found = self.script()
        if self.at < len(self.text):
            raise self.error()
        self._here_documents()
        return found

    def script(self) -> Script:
        """Commands up to a closing word, `)`, `;;` or the end."""
        found: Script = []
        self.newlines()
        while self.at < len(self.text) and self.peek() != ")" and self.peek(2) != ";;":
            if self.reserved() in _CLOSERS:
                break
            found.append(self.and_or())
            self.blanks()
            if self.take("&"):
                aside = Compound("background", [([], [found.pop()])])
                found.append([("", Pipeline([aside], False))])
            elif not (self.peek(2) != ";;" and self.take(";")) and self.peek() not in ("\n", ""):
                break
            self.newlines()
        return found

    def and_or(self) -> list[tuple[str, Pipeline]]:
        """Pipelines joined by && and ||."""
        found = [("", self.pipeline())]
        while True:
            self.blanks()
            operator = self.peek(2)
            if operator not in ("&&", "||"):
                return found
            self.at += 2
            self.newlines()
            found.append((operator, self.pipeline()))

    def pipeline(self) -> Pipeline:
        """Commands joined by |."""
        negated = False
        while self.reserved() == "!":
            self.at += 1
            negated = not negated
            self.blanks()
        commands = [self.command()]
        self.blanks()
        while self.peek() == "|" and self.peek(2) != "||":
            self.at += 1
            self.newlines()
            commands.append(self.command())
            self.blanks()
        return Pipeline(commands, negated)

    def command(self) -> Command:
        """One simple or compound command with its redirects."""
        self.blanks()
        word = "(" if self.peek() == "(" else self.reserved()
        if match := _FUNCTION.match(self.text, self.at):
            self.at = match.end()
            self.newlines()
            body: Script = [[("", Pipeline([self.command()], False))]]
            return Compound("function", [([], body)], name=match[1])
        if word != "(" and word not in _OPENERS:
            return self.simple()
        self.at += len(word)
        made = getattr(self, "_subshell" if word == "(" else f"_{_PARSERS[word]}")(word)
        assert isinstance(made, Compound)  # noqa: S101 - for the type checker
        self.expect(")" if word == "(" else _OPENERS[word])
        while (redirect := self.redirect()) is not None:
            made.redirects.append(redirect)
        return made

    def body(self) -> Script:
        """A script that must not be empty."""
        found = self.script()
        if not found:
            raise self.error()
        return found

    def _subshell(self, _word: str) -> Compound:
        return Compound("subshell", [([], self.body())])

    def _group(self, _word: str) -> Compound:
        return Compound("group", [([], self.body())])

    def _loop(self, word: str) -> Compound:
        condition = self.body()
        self.expect("do")
        return Compound(word, [(condition, self.body())])

    def _if(self, _word: str) -> Compound:
        made = Compound("if", [])
        while True:
            condition = self.body()
            self.expect("then")
            made.branches.append((condition, self.body()))
            if not self.take("elif"):
                break
        if self.take("else"):
            made.otherwise = self.body()
        return made

    def _for(self, _word: str) -> Compound:
        self.blanks()
        match = NAME.match(self.text, self.at)
        if not match:
            raise self.error()
        self.at = match.end()
        self.newlines()
        words: list[Word] | None = None
        if self.reserved() == "in":
            self.at += 2
            words = []
            self.blanks()
            while (word := self.word()) is not None:
                words.append(word)
                self.blanks()
        self.take(";")
        self.expect("do")
        return Compound("for", [([], self.body())], name=match[0], words=words)

    def _case(self, _word: str) -> Compound:
        self.blanks()
        subject = self.word()
        self.expect("in")
        self.newlines()
        made = Compound("case", [], words=[subject or ()])
        while self.reserved() != "esac":
            self.take("(")
            patterns = []
            while True:
                self.blanks()
                patterns.append(self.word() or ())
                self.blanks()
                if not self.take("|"):
                    break
            self.expect(")")
            made.cases.append((patterns, self.script()))
            self.newlines()
            self.take(";;")
            self.newlines()
            if self.at >= len(self.text):
                raise self.error()
        return made

    def simple(self) -> Simple:
        """Assignments, words and redirects in any order."""
        made = Simple([], [], [])
        while True:
            self.blanks()
            if (redirect := self.redirect()) is not None:
                made.redirects.append(redirect)
                continue
            match = _ASSIGNMENT.match(self.text, self.at) if not made.words else None
            if match:
                self.at = match.end()
                made.assignments.append((match[1], self.word() or ()))
            elif (word := self.word()) is not None:
                made.words.append(word)
            elif made.words or made.assignments or made.redirects:
                return made
            else:
                raise self.error()

    def redirect(self) -> Redirect | None:
        """One redirect, if one stands here."""
        self.blanks()
        match = _REDIRECT.match(self.text, self.at)
        if not match:
            return None
        self.at = match.end()
        self.blanks()
        operator = match[2] or "&>"
        fd = int(match[1]) if match[1] else int(not operator.startswith("<"))
        if operator in ("<<", "<<-"):
            return self._here_document(fd, strip=operator == "<<-")
        word = self.word()
        if word is None:
            raise self.error()
        return Redirect(fd, operator, word)

    def _here_document(self, fd: int, *, strip: bool) -> Redirect:
        start = self.at
        word = self.word()
        if word is None:
            raise self.error()
        end = "".join(part.text for part in word if isinstance(part, Text))
        literal = any(mark in self.text[start : self.at] for mark in "'\"\\")
        made = Redirect(fd, "<<", ())
        self.waiting.append((made, end, strip, literal))
        return made

    def _here_documents(self) -> None:
        for made, end, strip, literal in self.waiting:
            lines = []
            while self.at < len(self.text):
                stop = self.text.find("\n", self.at)
                stop = len(self.text) if stop < 0 else stop
                line = self.text[self.at : stop]
                self.at = min(stop + 1, len(self.text))
                line = line.lstrip("\t") if strip else line
                if line == end:
                    break
                lines.append(line + "\n")
            text = "".join(lines)
            made.word = (Text(text, True),) if literal else Parser(text).quoted("")
        self.waiting.clear()


_PARSERS = {
    "{": "group", "if": "if", "while": "loop", "until": "loop", "for": "for", "case": "case",
}  # fmt: skip


def parse(text: str) -> Script:
    """The tree of a whole script. Raises ShellSyntaxError in bash's words."""
    return Parser(text).whole()

"""Expansion: words of the syntax tree become the arguments of a program."""

from __future__ import annotations

import ast
import fnmatch
import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from runbook_twin.shell_tree import Arithmetic, Part, Substitution, Text, Variable, Word

if TYPE_CHECKING:
    from runbook_twin.shell import Shell
    from runbook_twin.streams import Input, Write

Piece = tuple[str, bool]  # text, quoted


class ExpansionError(Exception):
    """A word that cannot be expanded; its text is bash's message without the shell's name."""

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.status = status


async def fields(shell: Shell, words: list[Word], input: Input, err: Write) -> list[str]:
    """All arguments: expanded, split at blanks, globbed."""
    found: list[str] = []
    for word in words:
        for pieces in _split(await _pieces(shell, word, input, err)):
            found += _glob(shell, pieces)
    return found


async def text(shell: Shell, word: Word, input: Input, err: Write) -> str:
    """One word as one string: neither split nor globbed (assignments, redirects)."""
    return "".join(piece for piece, _ in await _pieces(shell, word, input, err) if piece != "\0")


async def pattern(shell: Shell, word: Word, input: Input, err: Write) -> str:
    """One word as a pattern for fnmatch: what is quoted matches itself only."""
    return _as_pattern(await _pieces(shell, word, input, err))


def _as_pattern(pieces: list[Piece]) -> str:
    return "".join(_literal(piece) if quoted else piece for piece, quoted in pieces)


def _literal(piece: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", piece)


async def _pieces(shell: Shell, word: Word, input: Input, err: Write) -> list[Piece]:
    found: list[Piece] = []
    for number, part in enumerate(word):
        if isinstance(part, Text):
            plain = part.text
            if number == 0 and not part.quoted and re.match(r"~(/|$)", plain):
                plain = shell.variables.get("HOME", "/") + plain[1:]
            found.append((plain, part.quoted))
        elif isinstance(part, Variable) and part.name == "@" and part.quoted:
            for place, argument in enumerate(shell.arguments):
                found += [("\0", True)] * bool(place) + [(argument, True)]
        else:
            found.append((await _value(shell, part, input, err), part.quoted))
    return found


async def _value(shell: Shell, part: Part, input: Input, err: Write) -> str:
    if isinstance(part, Substitution):
        return await shell.substitute(part.script, input, err)
    if isinstance(part, Arithmetic):
        return arithmetic(shell, await text(shell, part.word, input, err))
    if isinstance(part, Variable):
        return await _variable(shell, part, input, err)
    return part.text


async def _variable(shell: Shell, part: Variable, input: Input, err: Write) -> str:
    value = shell.value(part.name)
    kind = part.operator.removeprefix(":")
    missing = value is None or (part.operator.startswith(":") and value == "")
    if kind in ("", "length") or (kind in "#%%##" and value is None):
        if value is None and shell.options["nounset"]:
            raise ExpansionError(f"{part.name}: unbound variable", 127)
        return str(len(value or "")) if kind == "length" else value or ""
    if kind == "+":
        return "" if missing else await text(shell, part.word, input, err)
    if kind in ("-", "=", "?"):
        if not missing:
            return value or ""
        other = await text(shell, part.word, input, err)
        if kind == "=":
            shell.variables[part.name] = other
        if kind == "?":
            raise ExpansionError(f"{part.name}: {other or 'parameter null or not set'}", 127)
        return other
    return _trim(value or "", kind, await pattern(shell, part.word, input, err))


def _trim(value: str, kind: str, mask: str) -> str:
    """${x#mask} and its kin: without the shortest or longest match at one end."""
    places = range(len(value) + 1)
    longest = len(kind) == 2
    if kind[0] == "#":
        cuts = [n for n in places if fnmatch.fnmatchcase(value[:n], mask)]
        return value[(max if longest else min)(cuts) :] if cuts else value
    cuts = [n for n in places if fnmatch.fnmatchcase(value[n:], mask)]
    return value[: (min if longest else max)(cuts)] if cuts else value


_ARITHMETIC: dict[type[ast.AST], Callable[[int, int], int | bool]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Lt: operator.lt,
    ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip


def arithmetic(shell: Shell, expression: str) -> str:
    """$((...)): whole numbers, names, + - * / % and comparisons. Raises ExpansionError."""

    def value(node: ast.AST) -> int:
        match node:
            case ast.Expression(body=body):
                return value(body)
            case ast.Constant(value=int(number)):
                return number
            case ast.Name(id=name):
                return int(shell.value(name) or 0)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -value(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return int(_ARITHMETIC[type(op)](value(left), value(right)))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _ARITHMETIC:
                return int(_ARITHMETIC[type(op)](value(left), value(right)))
        raise ValueError(expression)

    try:
        return str(value(ast.parse(expression.strip().replace("/", "//"), mode="eval")))
    except (SyntaxError, ValueError):
        raise ExpansionError(f"{expression}: syntax error: operand expected") from None
    except ZeroDivisionError:
        raise ExpansionError(f"{expression}: division by 0") from None


def _split(pieces: list[Piece]) -> list[list[Piece]]:
    """Fields: unquoted blanks part them, quoted text never does; "\\0" is the seam of "$@"."""
    found: list[list[Piece]] = []
    current: list[Piece] | None = None
    for piece, quoted in pieces:
        if piece == "\0":
            found += [current] if current is not None else []
            current = None
        elif quoted:
            current = [*(current or []), (piece, True)]
        else:
            for number, bit in enumerate(re.split(r"[ \t\n]+", piece)):
                if number and current is not None:
                    found.append(current)
                    current = None
                if bit:
                    current = [*(current or []), (bit, False)]
    return [*found, current] if current is not None else found


def _glob(shell: Shell, pieces: list[Piece]) -> list[str]:
    plain = "".join(piece for piece, _ in pieces)
    if shell.options["noglob"] or not any(not q and re.search(r"[*?\[]", p) for p, q in pieces):
        return [plain]
    found = _matches(shell, _as_pattern(pieces))
    return found or [plain]


def _matches(shell: Shell, mask: str) -> list[str]:
    """Paths that a pattern names, in order; relative ones stay relative."""
    disk = shell.machine.disk
    steps = [step for step in mask.split("/") if step]
    paths = ["/" if mask.startswith("/") else ""]
    for step in steps:
        grown = []
        for path in paths:
            names = disk.listing(shell.path(path or "."))
            grown += [
                f"{path}{name}/"
                for name in names
                if fnmatch.fnmatchcase(name, step) and name.startswith(".") <= step.startswith(".")
            ]
        paths = grown
    return [path.rstrip("/") for path in paths]

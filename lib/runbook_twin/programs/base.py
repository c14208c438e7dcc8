"""How a program of the twin is written: its name, its options, its errors in GNU's words."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable

from runbook_twin import access
from runbook_twin.machine import Call, Program

PROGRAMS: dict[str, Program] = {}


class Usage(Exception):
    """A bad command line: the message, and the exit code."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


def program(*names: str) -> Callable[[Program], Program]:
    """Register a program; an OSError or Usage that it raises is printed as GNU tools do."""

    def register(function: Program) -> Program:
        @functools.wraps(function)
        async def guarded(call: Call) -> int:
            try:
                return await function(call)
            except OSError as error:
                call.err(f"{call.argv[0]}: {access.explain(error)}\n")
                return 1
            except Usage as error:
                name = call.argv[0]
                call.err(f"{name}: {error}\nTry '{name} --help' for more information.\n")
                return error.code

        PROGRAMS.update(dict.fromkeys(names, guarded))
        return guarded

    return register


def options(
    call: Call, flags: str, *, valued: str = "", long: str = ""
) -> tuple[dict[str, str], list[str]]:
    """Split the arguments: ({letter: value}, operands). Raises Usage for an unknown option.

    flags: letters without a value; valued: letters with one; long: `recursive=r all=a`.
    """
    found: dict[str, str] = {}
    operands: list[str] = []
    names = dict(pair.split("=") for pair in long.split())
    words = call.argv[1:]
    while words:
        word = words.pop(0)
        if word == "--":
            return found, operands + words
        if word.startswith("--"):
            name, _, value = word[2:].partition("=")
            if name not in names:
                raise Usage(f"unrecognized option '{word}'")
            needs = names[name] in valued and "=" not in word
            found[names[name]] = words.pop(0) if needs and words else value
        elif word.startswith("-") and len(word) > 1:
            _letters(word[1:], words, flags, valued, found)
        else:
            operands.append(word)
    return found, operands


def _letters(
    letters: str, words: list[str], flags: str, valued: str, found: dict[str, str]
) -> None:
    for place, letter in enumerate(letters):
        if letter in valued:
            rest = letters[place + 1 :]
            if not rest and not words:
                raise Usage(f"option requires an argument -- '{letter}'")
            found[letter] = rest or words.pop(0)
            return
        if letter not in flags:
            raise Usage(f"invalid option -- '{letter}'")
        found[letter] = ""


def refuse(call: Call, text: str) -> int:
    """One line of complaint; exit code 1."""
    call.err(f"{call.argv[0]}: {text}\n")
    return 1


def path(call: Call, name: str) -> str:
    """An absolute path for an operand."""
    return access.absolute(call.directory, name)


async def read(call: Call, name: str) -> bytes:
    """The bytes of an operand; `-` is the input. Raises OSError that names it as it was given."""
    try:
        if name in ("-", "/dev/stdin"):
            return await call.read_input()
        return access.read_file(call.machine, call.user, path(call, name))
    except OSError as error:
        error.filename = name
        raise


async def inputs(
    call: Call, names: list[str], each: Callable[[str, bytes], Awaitable[None] | None]
) -> int:
    """Hand every operand's bytes to `each`; missing ones are reported and the exit code is 1."""
    status = 0
    for name in names or ["-"]:
        try:
            data = await read(call, name)
        except OSError as error:
            call.err(f"{call.argv[0]}: {access.explain(error)}\n")
            status = 1
        else:
            done = each(name, data)
            if done is not None:
                await done
    return status


def lines(data: bytes) -> list[bytes]:
    """Lines with their ends."""
    return data.splitlines(keepends=True) if b"\r" not in data else _lines(data)


def _lines(data: bytes) -> list[bytes]:
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])

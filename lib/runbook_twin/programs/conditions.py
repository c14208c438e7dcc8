"""`test` and `[`: questions about files, strings and numbers."""

from __future__ import annotations

import re

from runbook_twin import access
from runbook_twin.machine import Call, Machine
from runbook_twin.programs.base import program

_NUMBERS = ("-eq", "-ne", "-lt", "-le", "-gt", "-ge")


def evaluate(machine: Machine, user: str, directory: str, words: list[str]) -> bool:
    """The answer. Raises ValueError with test's own words for a bad expression."""
    for mark, join in (("-o", any), ("-a", all)):
        if mark in words and len(words) > 4:
            cut = words.index(mark)
            halves = (words[:cut], words[cut + 1 :])
            return join([evaluate(machine, user, directory, half) for half in halves])
    match words:
        case []:
            return False
        case [only]:
            return only != ""
        case [left, ("=" | "==" | "!=") as operator, right]:
            return (left == right) == (operator != "!=")
        case [left, operator, right] if operator in _NUMBERS:
            return _compare(left, operator, right)
        case ["!", *others]:
            return not evaluate(machine, user, directory, others)
        case [("-n" | "-z") as operator, word]:
            return (word != "") == (operator == "-n")
        case [operator, name] if re.fullmatch(r"-[defrswxLhS]", operator):
            return _file(machine, user, operator[1], access.absolute(directory, name))
        case ["-t", _]:
            return False
        case [operator, _]:
            raise ValueError(f"{operator}: unary operator expected")
        case [_, operator, _]:
            raise ValueError(f"{operator}: binary operator expected")
    raise ValueError("too many arguments")


def _compare(left: str, operator: str, right: str) -> bool:
    for word in (left, right):
        if not re.fullmatch(r"\s*[+-]?\d+\s*", word):
            raise ValueError(f"{word}: integer expression expected")
    difference = int(left) - int(right)
    return {
        "-eq": difference == 0, "-ne": difference != 0, "-lt": difference < 0,
        "-le": difference <= 0, "-gt": difference > 0, "-ge": difference >= 0,
    }[operator]  # fmt: skip


def _file(machine: Machine, user: str, question: str, path: str) -> bool:
    disk = machine.disk
    if not access.may_enter(machine, user, path):
        return False
    file = disk.files.get(path)
    exists = disk.exists(path) or path in machine.generated or path == "/dev/null"
    if question == "S":
        return path in machine.unix_sockets
    if question in "de":
        return (
            disk.is_directory(path) if question == "d" else exists or path in machine.unix_sockets
        )
    if question in "Lh":
        return path in disk.links
    if file is None:
        return question in "rwx" and disk.is_directory(path) and (
            question != "w" or access.may_change(machine, user, path)
        )  # fmt: skip
    if question == "x":
        return bool(file.mode & 0o111)
    if question in "rw":
        return access.allows(file, user, 4 if question == "r" else 2)
    return question == "f" or len(file.content) > 0


@program("test")
async def test(call: Call) -> int:
    """test, as a program (for sudo and env)."""
    try:
        return int(not evaluate(call.machine, call.user, call.directory, call.argv[1:]))
    except ValueError as error:
        call.err(f"test: {error}\n")
        return 2

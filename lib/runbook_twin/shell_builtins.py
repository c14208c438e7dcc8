"""What the shell does itself: variables, directories, options, tests, jumps."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from runbook_twin import access
from runbook_twin.programs.conditions import evaluate
from runbook_twin.shell_state import Break, Continue, Exit, Return, Streams
from runbook_twin.shell_syntax import parse
from runbook_twin.shell_tree import ShellSyntaxError

if TYPE_CHECKING:
    from runbook_twin.shell import Shell

Builtin = Callable[["Shell", list[str], Streams], Awaitable[int]]
BUILTINS: dict[str, Builtin] = {}
_LETTERS = {"e": "errexit", "u": "nounset", "f": "noglob", "x": "xtrace"}


def builtin(*names: str) -> Callable[[Builtin], Builtin]:
    """Register a builtin under its names."""

    def register(function: Builtin) -> Builtin:
        BUILTINS.update(dict.fromkeys(names, function))
        return function

    return register


def say(shell: Shell, streams: Streams, text: str) -> None:
    """An error of a builtin: `bash: cd: ...`."""
    streams.err(f"{shell.name}: {text}\n".encode())


@builtin(":", "true")
async def nothing(_shell: Shell, _argv: list[str], _streams: Streams) -> int:
    """Succeed."""
    return 0


@builtin("false")
async def false(_shell: Shell, _argv: list[str], _streams: Streams) -> int:
    """Fail."""
    return 1


@builtin("cd")
async def change_directory(shell: Shell, argv: list[str], streams: Streams) -> int:
    """cd [DIRECTORY | -]."""
    words = [word for word in argv[1:] if word not in ("--", "-P", "-L")]
    name = words[0] if words else shell.variables.get("HOME", "/")
    path = shell.path(shell.variables.get("OLDPWD", "/") if name == "-" else name)
    if not shell.machine.disk.is_directory(path):
        known = path in shell.machine.disk.files
        say(shell, streams, f"cd: {name}: {'Not a' if known else 'No such file or'} directory")
        return 1
    if not access.may_enter(shell.machine, shell.user, path + "/"):
        say(shell, streams, f"cd: {name}: Permission denied")
        return 1
    shell.variables["OLDPWD"], shell.directory = shell.directory, path
    shell.variables["PWD"] = path
    return 0


@builtin("pwd")
async def print_directory(shell: Shell, _argv: list[str], streams: Streams) -> int:
    """Print the directory."""
    streams.out(f"{shell.directory}\n".encode())
    return 0


@builtin("export", "local", "declare", "readonly")
async def export(shell: Shell, argv: list[str], streams: Streams) -> int:
    """export NAME[=VALUE] ...; the others only set."""
    for word in argv[1:]:
        name, given, value = word.partition("=")
        if word.startswith("-"):
            continue
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            say(shell, streams, f"{argv[0]}: `{word}': not a valid identifier")
            return 1
        if given:
            shell.variables[name] = value
        if argv[0] == "export":
            shell.exported.add(name)
    return 0


@builtin("unset")
async def unset(shell: Shell, argv: list[str], _streams: Streams) -> int:
    """unset NAME ..."""
    for name in argv[1:]:
        shell.variables.pop(name, None)
        shell.functions.pop(name, None)
    return 0


@builtin("set")
async def set_options(shell: Shell, argv: list[str], streams: Streams) -> int:
    """set [-+euxf] [-+o OPTION] [-- ARGUMENT ...]."""
    words = argv[1:]
    while words and words[0][:1] in "-+" and len(words[0]) > 1:
        word = words.pop(0)
        if word == "--":
            break
        for letter in word[1:]:
            name = _LETTERS.get(letter, "")
            if letter == "o" and words:
                name = words.pop(0)
            if name not in shell.options:
                say(shell, streams, f"set: {word}: invalid option")
                return 2
            shell.options[name] = word[0] == "-"
    if "--" in argv or words:
        shell.arguments = words
    return 0


@builtin("shift")
async def shift(shell: Shell, argv: list[str], _streams: Streams) -> int:
    """shift [N]."""
    count = int(argv[1]) if len(argv) > 1 else 1
    if count > len(shell.arguments):
        return 1
    shell.arguments = shell.arguments[count:]
    return 0


@builtin("trap")
async def trap(shell: Shell, argv: list[str], _streams: Streams) -> int:
    """trap TEXT EXIT: run at the end. Signals do not reach a script here; theirs are kept only."""
    words = [word for word in argv[1:] if word != "--"]
    for name in words[1:]:
        key = "EXIT" if name == "0" else name.removeprefix("SIG")
        if words[0] == "-":
            shell.traps.pop(key, None)
        else:
            shell.traps[key] = words[0]
    return 0


@builtin("exit")
async def leave(shell: Shell, argv: list[str], _streams: Streams) -> int:
    """exit [STATUS]."""
    raise Exit(int(argv[1]) & 255 if len(argv) > 1 and argv[1].isdigit() else shell.status)


@builtin("return")
async def leave_function(shell: Shell, argv: list[str], _streams: Streams) -> int:
    """return [STATUS]."""
    raise Return(int(argv[1]) & 255 if len(argv) > 1 and argv[1].isdigit() else shell.status)


@builtin("break", "continue")
async def jump(_shell: Shell, argv: list[str], _streams: Streams) -> int:
    """break [LEVELS], continue [LEVELS]."""
    raise (Break if argv[0] == "break" else Continue)(int(argv[1]) if len(argv) > 1 else 1)


@builtin("umask")
async def umask(shell: Shell, argv: list[str], streams: Streams) -> int:
    """umask [MODE]."""
    if len(argv) > 1:
        shell.mask = int(argv[1], 8)
    else:
        streams.out(f"{shell.mask:04o}\n".encode())
    return 0


@builtin("read")
async def read(shell: Shell, argv: list[str], streams: Streams) -> int:
    """read [-r] NAME ...: one line, split at blanks."""
    names = [word for word in argv[1:] if not word.startswith("-")] or ["REPLY"]
    line = (await streams.input.read_line()).decode("utf-8", "replace")
    text = line.rstrip("\n")
    separator = shell.variables.get("IFS", " \t\n")
    words = [text] if separator == "" else text.strip().split(None, len(names) - 1)
    if separator.strip():
        words = text.split(separator, len(names) - 1)
    for place, name in enumerate(names):
        shell.variables[name] = words[place] if place < len(words) else ""
    return 0 if line.endswith("\n") else 1


@builtin("test", "[")
async def condition(shell: Shell, argv: list[str], streams: Streams) -> int:
    """test EXPRESSION, [ EXPRESSION ]."""
    words = argv[1:]
    if argv[0] == "[" and (not words or words.pop() != "]"):
        say(shell, streams, "[: missing `]'")
        return 2
    try:
        return int(not evaluate(shell.machine, shell.user, shell.directory, words))
    except ValueError as error:
        say(shell, streams, f"{argv[0]}: {error}")
        return 2


@builtin("eval")
async def evaluate_words(shell: Shell, argv: list[str], streams: Streams) -> int:
    """Run the words as a line."""
    return await _inside(shell, " ".join(argv[1:]), streams)


@builtin(".", "source")
async def source(shell: Shell, argv: list[str], streams: Streams) -> int:
    """Run a file in this shell."""
    try:
        data = access.read_file(shell.machine, shell.user, shell.path(argv[1]))
    except OSError as error:
        say(shell, streams, f"{argv[1]}: {error.strerror}")
        return 1
    return await _inside(shell, data.decode("utf-8", "replace"), streams)


async def _inside(shell: Shell, text: str, streams: Streams) -> int:
    try:
        return await shell.run(parse(text), streams) if text.strip() else 0
    except ShellSyntaxError as error:
        say(shell, streams, str(error))
        return 2


@builtin("exec")
async def replace_shell(shell: Shell, argv: list[str], streams: Streams) -> int:
    """exec PROGRAM ...: run it and end."""
    if len(argv) < 2:
        return 0
    raise Exit(await shell.spawn(argv[1:], streams))


@builtin("command", "type")
async def command(shell: Shell, argv: list[str], streams: Streams) -> int:
    """command -v NAME, type NAME: where it is; command NAME ...: run it."""
    if argv[0] == "command" and len(argv) > 1 and argv[1] not in ("-v", "-V"):
        known = argv[1] in BUILTINS
        return await (BUILTINS[argv[1]](shell, argv[1:], streams) if known
                      else shell.spawn(argv[1:], streams))  # fmt: skip
    status = 0
    for name in [word for word in argv[1:] if word not in ("-v", "-V", "-p", "-t")]:
        if name in BUILTINS or name in shell.functions:
            streams.out(f"{name}\n".encode())
        elif shell.find(name)[0]:
            where = name if "/" in name else f"/usr/bin/{name}"
            streams.out(f"{where}\n".encode())
        else:
            status = 1
    return status

"""Programs that run other programs: sudo, env, timeout, sh, bash, nohup, xargs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from runbook_twin import access
from runbook_twin.shell_state import Streams

if TYPE_CHECKING:
    from runbook_twin.shell import Shell

Wrapper = Callable[["Shell", list[str], Streams], Awaitable[int]]
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SUDO_USAGE = (
    "usage: sudo [-AbEHknPS] [-g group] [-h host] [-u user] [VAR=value] [-i|-s] [command]\n"
)


async def sudo(shell: Shell, argv: list[str], streams: Streams) -> int:
    """sudo [-n] [-u USER] [-EHiSs] [NAME=VALUE ...] PROGRAM ..."""
    words, flags, user = argv[1:], "", "root"
    while words and re.fullmatch(r"-[A-Za-z]+|--[a-z-]*", words[0]):
        word = words.pop(0)
        if word == "--":
            break
        if word.startswith("-u"):
            user = word[2:] or (words.pop(0) if words else "")
        elif word == "--non-interactive" or not word.startswith("--"):
            flags += "n" if word.startswith("--") else word[1:]
    values = dict(w.split("=", 1) for w in _take_assignments(words))
    _name_trouble(shell, streams)
    if shell.machine.sudo_refused and shell.user != "root":
        alone = "n" in flags or not streams.tty
        text = "a password is required" if alone else "3 incorrect password attempts"
        streams.err(f"sudo: {text}\n".encode())
        return 1
    if user not in ("root", shell.machine.user, shell.user):
        streams.err(
            f"sudo: unknown user: {user}\nsudo: unable to initialize policy plugin\n".encode()
        )
        return 1
    if not words and not set(flags) & set("isvlkK"):
        streams.err(_SUDO_USAGE.encode())
        return 1
    inner = _as_user(shell, user, login="i" in flags)
    inner.variables |= {"SUDO_USER": shell.user, **values}
    inner.exported |= {"SUDO_USER", *values}
    if set(flags) & set("is"):
        return await _script(inner, words, streams)
    return await _sudo_run(inner, words, streams) if words else 0


def _as_user(shell: Shell, user: str, *, login: bool) -> Shell:
    inner = type(shell)(shell.machine, user)
    inner.directory = inner.directory if login else shell.directory
    inner.variables["PWD"] = inner.directory
    return inner


async def _sudo_run(shell: Shell, words: list[str], streams: Streams) -> int:
    found, problem = shell.find(words[0])
    if found is None:
        text = "command not found" if "such" in problem or "not found" in problem else problem
        streams.err(f"sudo: {words[0]}: {text}\n".encode())
        return 1
    return await found(words, streams)


async def _script(shell: Shell, words: list[str], streams: Streams) -> int:
    text = " ".join(words) if words else (await streams.input.read()).decode("utf-8", "replace")
    return await shell.main(text, streams)


def _name_trouble(shell: Shell, streams: Streams) -> None:
    """sudo complains when the host cannot resolve its own name."""
    machine = shell.machine
    hosts = machine.disk.text("/etc/hosts") if "/etc/hosts" in machine.disk.files else ""
    if machine.hostname not in (machine.name, "localhost", *hosts.split()):
        reason = "Temporary failure in name resolution"
        streams.err(f"sudo: unable to resolve host {machine.hostname}: {reason}\n".encode())


def _take_assignments(words: list[str]) -> list[str]:
    found = []
    while words and re.match(r"[A-Za-z_]\w*=", words[0]):
        found.append(words.pop(0))
    return found


async def env(shell: Shell, argv: list[str], streams: Streams) -> int:
    """env [-i] [-u NAME] [NAME=VALUE ...] [PROGRAM ...]."""
    inner, words = shell.copy(), argv[1:]
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-i", "-", "--ignore-environment"):
            inner.exported = set()
        elif word == "-u" and words:
            inner.exported.discard(words.pop(0))
        elif word != "--":
            streams.err(f"env: unrecognized option '{word}'\n".encode())
            return 125
    for pair in _take_assignments(words):
        name, _, value = pair.partition("=")
        inner.variables[name] = value
        inner.exported.add(name)
    if not words:
        for name, value in inner.environment().items():
            streams.out(f"{name}={value}\n".encode())
        return 0
    return await _launch("env", inner, words, streams)


async def _launch(by: str, shell: Shell, words: list[str], streams: Streams) -> int:
    """Run a program for a wrapper, which reports in its own name when there is none."""
    found, problem = shell.find(words[0])
    if found is None:
        denied = problem == "Permission denied"
        text = problem if denied else "No such file or directory"
        prefix = "failed to run command " if by in ("timeout", "nohup") else ""
        name = f"‘{words[0]}’" if prefix else words[0]
        streams.err(f"{by}: {prefix}{name}: {text}\n".encode())
        return 126 if denied else 127
    return await found(words, streams)


def seconds(text: str) -> float:
    """A duration such as 5, 1.5, 2m. Raises ValueError."""
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)([smhd]?)", text)
    if not match:
        raise ValueError(text)
    return float(match[1]) * _SECONDS[match[2]]


async def timeout(shell: Shell, argv: list[str], streams: Streams) -> int:
    """timeout [-k S] [-s SIGNAL] SECONDS PROGRAM ...: 124 when the time is over, 137 if killed."""
    words, signal = argv[1:], "TERM"
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-k", "-s", "--signal") and words:
            value = words.pop(0)
            signal = signal if word == "-k" else value
        elif word.startswith("--signal="):
            signal = word.partition("=")[2]
    try:
        limit = seconds(words[0]) if words else 0.0
    except ValueError:
        streams.err(f"timeout: invalid time interval ‘{words[0]}’\n".encode())
        return 125
    if len(words) < 2:
        streams.err(b"timeout: missing operand\nTry 'timeout --help' for more information.\n")
        return 125
    work = _launch("timeout", shell, words[1:], streams)
    real = limit / shell.machine.world.clock.factor
    try:
        return await asyncio.wait_for(work, real or None)
    except TimeoutError:
        return 137 if signal in ("KILL", "SIGKILL", "9") else 124


async def sh(shell: Shell, argv: list[str], streams: Streams) -> int:
    """sh, bash [-eux] [-o OPTION] [-c TEXT [NAME ARGUMENT ...] | -s | FILE ARGUMENT ...]."""
    inner = type(shell)(shell.machine, shell.user, argv[0])
    inner.directory, inner.mask = shell.directory, shell.mask
    inner.variables |= shell.environment()
    inner.exported |= shell.exported
    words, text = argv[1:], False
    letters = {"e": "errexit", "u": "nounset", "x": "xtrace", "f": "noglob"}
    while words and words[0].startswith("-") and len(words[0]) > 1:
        word = words.pop(0)
        text = text or (not word.startswith("--") and "c" in word)
        for letter in "" if word.startswith("--") else word[1:]:
            if letter in letters:
                inner.options[letters[letter]] = True
            elif letter == "o" and words:
                inner.options[words.pop(0)] = True
    if text:
        if not words:
            streams.err(f"{argv[0]}: -c: option requires an argument\n".encode())
            return 2
        inner.arguments = words[2:]
        inner.name = words[1] if len(words) > 1 else argv[0]
        return await inner.main(words[0], streams)
    if words:
        return await _file(inner, words, streams)
    return await inner.main((await streams.input.read()).decode("utf-8", "replace"), streams)


async def _file(shell: Shell, words: list[str], streams: Streams) -> int:
    shell.arguments = words[1:]
    try:
        data = access.read_file(shell.machine, shell.user, shell.path(words[0]))
    except OSError as error:
        streams.err(f"{shell.name}: {words[0]}: {error.strerror}\n".encode())
        return 127
    shell.name = words[0]
    return await shell.main(data.decode("utf-8", "replace"), streams)


async def nohup(shell: Shell, argv: list[str], streams: Streams) -> int:
    """nohup PROGRAM ..., nice, time-like prefixes without options of their own."""
    return await _launch(argv[0], shell, argv[1:], streams)


async def xargs(shell: Shell, argv: list[str], streams: Streams) -> int:
    """xargs [-r] [-n N] PROGRAM ARGUMENT ...: the words of the input become arguments."""
    words, count, empty = argv[1:], 0, True
    while words and words[0].startswith("-"):
        word = words.pop(0)
        empty = empty and "r" not in word
        if word.startswith("-n"):
            count = int(word[2:] or words.pop(0))
    items = (await streams.input.read()).decode("utf-8", "replace").split()
    rounds = [items[n : n + count] for n in range(0, len(items), count)] if count else [items]
    worst = 0
    for group in rounds if items or empty else []:
        status = await _launch("xargs", shell, [*(words or ["echo"]), *group], streams)
        worst = status if status in (126, 127) else (123 if status else worst)
    return worst


WRAPPERS: dict[str, Wrapper] = {
    "sudo": sudo, "env": env, "timeout": timeout, "sh": sh, "bash": sh, "nohup": nohup,
    "xargs": xargs,
}  # fmt: skip

"""Which program a name stands for on a machine, and how it is run."""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from runbook_twin import shell_wrappers
from runbook_twin.machine import Call, Program
from runbook_twin.programs import PROGRAMS
from runbook_twin.shell_state import Streams

if TYPE_CHECKING:
    from runbook_twin.shell import Shell

Runner = Callable[[list[str], Streams], Awaitable[int]]
FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/opt/bin")
_LATE_INPUT_S = 0.05  # a client says the end of its input right after its command


def find(shell: Shell, name: str) -> tuple[Runner | None, str]:
    """What a program's name stands for: something to run, or why there is nothing."""
    folder, base = posixpath.split(name)
    disk = shell.machine.disk
    if not folder or shell.path(folder) in FOLDERS:
        if base in shell_wrappers.WRAPPERS:
            wrapper = shell_wrappers.WRAPPERS[base]
            return functools.partial(wrapper, shell), ""
        program = shell.machine.programs.get(base) or PROGRAMS.get(base)
        if program:
            return functools.partial(_program, shell, program), ""
    places = [shell.path(name)] if folder else [f"{place}/{base}" for place in FOLDERS]
    for place in places:
        if place in disk.files:
            if not disk.files[place].mode & 0o111:
                return None, "Permission denied"
            return functools.partial(_script, shell, place), ""
    if folder and disk.is_directory(shell.path(name)):
        return None, "Is a directory"
    return None, "No such file or directory" if folder else "command not found"


async def _script(shell: Shell, path: str, argv: list[str], streams: Streams) -> int:
    """Run a script of the disk."""
    text = shell.machine.disk.text(path)
    inner = type(shell)(shell.machine, shell.user, argv[0])
    inner.directory = shell.directory
    inner.variables.update(shell.environment())
    inner.arguments = argv[1:]
    return await inner.main(text, streams)


async def _program(shell: Shell, program: Program, argv: list[str], streams: Streams) -> int:
    """Run a program with what the shell knows."""
    call = Call(
        shell.machine, argv, shell.user, b"", shell.environment(), shell.directory, streams.tty,
        streams.out, streams.err, streams.input,
    )  # fmt: skip
    if program.__module__.startswith("runbook_twin.programs"):
        return await program(call)  # these read their input as it comes
    call.stdin = await streams.input.settle(0.0 if streams.tty else _LATE_INPUT_S)
    return await program(call)

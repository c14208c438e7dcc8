"""Who may read and write what on a machine's disk, and the errors in GNU's words."""

from __future__ import annotations

import errno
import os
import posixpath

from runbook_twin.files import DiskFull, File
from runbook_twin.machine import Machine
from runbook_twin.streams import Input, Write

_OPEN = {"/tmp", "/var/tmp", "/dev/shm"}  # noqa: S108 - folders of the twin where all may write


def home(user: str) -> str:
    """A user's home directory."""
    return "/root" if user == "root" else f"/home/{user}"


def absolute(directory: str, name: str) -> str:
    """`name` seen from `directory`, without . and .. and double slashes."""
    return "/" + posixpath.normpath(posixpath.join(directory, name)).lstrip("/")


def explain(error: OSError) -> str:
    """`path: No such file or directory` and the like."""
    if isinstance(error, DiskFull):
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.strerror else str(error)


def trouble(code: int, path: str) -> OSError:
    """The OSError of an error number, as open() would raise it."""
    return OSError(code, os.strerror(code), path)


def owner_of_directory(machine: Machine, path: str) -> str:
    """Whose a directory is: as made, else its parent's; homes belong to their users."""
    owners = machine.disk.owners
    while path != "/":
        if path in owners:
            return owners[path]
        parts = path.split("/")
        if len(parts) == 3 and parts[1] == "home":
            return parts[2]
        path = posixpath.dirname(path)
    return "root"


def may_change(machine: Machine, user: str, directory: str) -> bool:
    """Whether a user may make and remove names in a directory."""
    if user == "root" or directory in _OPEN:
        return True
    return owner_of_directory(machine, directory) == user


def may_enter(machine: Machine, user: str, path: str) -> bool:
    """Whether a user may look below a path: /root and directories closed by chmod are private."""
    if user == "root":
        return True
    parts = path.split("/")
    for depth in range(1, len(parts)):
        folder = "/".join(parts[:depth]) or "/"
        private = folder == "/root" or not machine.disk.modes.get(folder, 0o755) & 0o001
        if private and owner_of_directory(machine, folder) != user:
            return False
    return True


def allows(file: File, user: str, bit: int) -> bool:
    """Whether the mode of a file gives `user` the bit (4 read, 2 write, 1 run)."""
    return user == "root" or bool((file.mode >> (6 if file.owner == user else 0)) & bit)


async def read(machine: Machine, user: str, path: str, input: Input) -> bytes:
    """A file as a user. /dev/stdin is the program's own input. Raises OSError."""
    if path in ("/dev/stdin", "/proc/self/fd/0", "/dev/fd/0"):
        return await input.read()
    return read_file(machine, user, path)


def read_file(machine: Machine, user: str, path: str) -> bytes:
    """A file of the disk as a user. Raises OSError."""
    if path == "/dev/null":
        return b""
    if path in machine.generated and path not in machine.disk.files:
        return machine.generated[path]().encode()
    if not may_enter(machine, user, path):
        raise trouble(errno.EACCES, path)
    file = machine.disk.files.get(path)
    if file is None:
        code = errno.EISDIR if machine.disk.is_directory(path) else errno.ENOENT
        if posixpath.dirname(path) in machine.disk.files:
            code = errno.ENOTDIR
        raise trouble(code, path)
    if not allows(file, user, 4):
        raise trouble(errno.EACCES, path)
    return file.content


def write(
    machine: Machine, user: str, path: str, data: bytes, *, append: bool = False, mode: int = 0o644
) -> None:
    """Write a file as a user; a new one gets `mode`, an old one keeps its own. Raises OSError."""
    if path in ("/dev/null", "/dev/tty"):
        return
    disk, folder = machine.disk, posixpath.dirname(path)
    file = disk.files.get(path)
    if not may_enter(machine, user, path):
        raise trouble(errno.EACCES, path)
    if disk.is_directory(path):
        raise trouble(errno.EISDIR, path)
    if not disk.is_directory(folder):
        raise trouble(errno.ENOTDIR if folder in disk.files else errno.ENOENT, path)
    if not (allows(file, user, 2) if file else may_change(machine, user, folder)):
        raise trouble(errno.EACCES, path)
    if disk.full and not data and file:  # truncating needs no space
        file.content = b"" if not append else file.content
        return
    whole = file.content + data if file and append else data
    disk.write(
        path,
        whole,
        mode=file.mode if file else mode,
        owner=file.owner if file else user,
        now=machine.world.clock.now(),
    )


def writer(
    machine: Machine, user: str, path: str, *, append: bool = False, mode: int = 0o644
) -> Write:
    """Open a file for writing: emptied (or not) now, then grown. Raises OSError."""
    write(machine, user, path, b"", append=append, mode=mode)
    return lambda data: write(machine, user, path, data, append=True)

"""Programs that make, move and remove files: mkdir, rm, mv, cp, ln, touch, mktemp."""

from __future__ import annotations

import errno
import posixpath
import re
import secrets

from runbook_twin import access
from runbook_twin.files import DiskFull
from runbook_twin.machine import Call
from runbook_twin.programs.base import Usage, options, path, program, refuse


@program("mkdir")
async def mkdir(call: Call) -> int:
    """mkdir [-p] [-m MODE] DIRECTORY ..."""
    given, names = options(call, "pv", valued="m", long="parents=p mode=m")
    if not names:
        raise Usage("missing operand")
    status = 0
    for name in names:
        try:
            _make(call, path(call, name), parents="p" in given)
            if "m" in given:
                call.machine.disk.modes[path(call, name)] = int(given["m"], 8)
        except OSError as error:
            words = "No space left on device" if isinstance(error, DiskFull) else error.strerror
            status = refuse(call, f"cannot create directory ‘{name}’: {words}")
    return status


def _make(call: Call, where: str, *, parents: bool) -> None:
    disk = call.machine.disk
    if where in disk.files:
        raise access.trouble(errno.EEXIST, where)
    if disk.is_directory(where):
        if parents:
            return
        raise access.trouble(errno.EEXIST, where)
    above = posixpath.dirname(where)
    if not disk.is_directory(above):
        if not parents:
            raise access.trouble(errno.ENOENT, where)
        _make(call, above, parents=True)
    if not access.may_change(call.machine, call.user, above):
        raise access.trouble(errno.EACCES, where)
    if disk.full:
        raise DiskFull(where)
    disk.directories.add(where)
    disk.owners[where] = call.user


@program("rmdir")
async def rmdir(call: Call) -> int:
    """rmdir DIRECTORY ..."""
    _, names = options(call, "p")
    status = 0
    for name in names:
        where = path(call, name)
        if not call.machine.disk.is_directory(where):
            status = refuse(call, f"failed to remove '{name}': No such file or directory")
        elif call.machine.disk.listing(where):
            status = refuse(call, f"failed to remove '{name}': Directory not empty")
        else:
            call.machine.disk.directories.discard(where)
    return status


@program("rm", "unlink")
async def rm(call: Call) -> int:
    """rm [-rf] FILE ..."""
    given, names = options(call, "rRfdv", long="recursive=r force=f")
    if not names and "f" not in given:
        raise Usage("missing operand")
    disk, status = call.machine.disk, 0
    for name in names:
        where = path(call, name)
        if not disk.exists(where) and where not in disk.links:
            if "f" not in given:
                status = refuse(call, f"cannot remove '{name}': No such file or directory")
        elif disk.is_directory(where) and not {"r", "R"} & set(given):
            status = refuse(call, f"cannot remove '{name}': Is a directory")
        elif not access.may_change(call.machine, call.user, posixpath.dirname(where)):
            status = refuse(call, f"cannot remove '{name}': Permission denied")
        else:
            disk.remove(where)
    return status


async def _target(call: Call, names: list[str]) -> tuple[list[str], str]:
    """Sources and the destination. Raises Usage."""
    if not names:
        raise Usage("missing file operand")
    if len(names) == 1:
        raise Usage(f"missing destination file operand after '{names[0]}'")
    *sources, last = names
    where = path(call, last)
    if len(sources) > 1 and not call.machine.disk.is_directory(where):
        raise access.trouble(errno.ENOTDIR, f"target '{last}'")
    return sources, where


@program("cp", "mv", "install")
async def copy(call: Call) -> int:
    """cp [-rpa] SOURCE ... TARGET, mv [-f] SOURCE ... TARGET, install [-m MODE] [-o USER] ..."""
    given, names = options(
        call, "rRpafnvTD", valued="mog", long="recursive=r mode=m owner=o group=g"
    )
    sources, where = await _target(call, names)
    disk, status = call.machine.disk, 0
    for name in sources:
        source = path(call, name)
        target = (
            posixpath.join(where, posixpath.basename(source)) if disk.is_directory(where) else where
        )
        try:
            _copy_one(call, given, name, source, target)
        except DiskFull:
            status = refuse(call, f"error writing '{target}': No space left on device")
        except OSError as error:
            status = refuse(call, f"{error.filename}: {error.strerror}")
    return status


def _copy_one(call: Call, given: dict[str, str], name: str, source: str, target: str) -> None:
    disk, tool = call.machine.disk, call.argv[0]
    if not disk.exists(source):
        raise access.trouble(errno.ENOENT, f"cannot stat '{name}'")
    if disk.is_directory(source) and tool != "mv" and not {"r", "R", "a"} & set(given):
        raise OSError(0, f"-r not specified; omitting directory '{name}'", "cp")
    inside = [p for p in disk.files if p == source or p.startswith(source + "/")]
    for old in inside:
        new = target + old[len(source) :]
        data = access.read_file(call.machine, call.user, old)
        file = disk.files[old]
        keep = tool == "mv" or {"p", "a"} & set(given)
        if new != target:
            disk.directories.add(posixpath.dirname(new))
        _write_as(call, given, target if new == target else new, data)
        made = disk.files[new]
        made.mode = int(given["m"], 8) if "m" in given else file.mode if keep else made.mode
        made.owner = given.get("o", file.owner if keep and call.root else made.owner)
    if disk.is_directory(source):
        disk.directories.add(target)
    if tool == "mv":
        if not access.may_change(call.machine, call.user, posixpath.dirname(source)):
            raise access.trouble(errno.EACCES, f"cannot move '{name}' to '{target}'")
        disk.remove(source)


def _write_as(call: Call, given: dict[str, str], target: str, data: bytes) -> None:
    if call.argv[0] == "install" and "D" in given:
        _make(call, posixpath.dirname(target), parents=True)
    mode = 0o755 if call.argv[0] == "install" else 0o644
    try:
        access.write(call.machine, call.user, target, data, mode=mode)
    except DiskFull:
        raise
    except OSError as error:
        words = "cannot stat" if error.errno == errno.ENOENT else "cannot create regular file"
        raise access.trouble(error.errno or 0, f"{words} '{target}'") from None


@program("ln")
async def ln(call: Call) -> int:
    """ln -s TARGET NAME: a link; reading it reads the target as it is now."""
    given, names = options(call, "sfnv", long="symbolic=s force=f")
    if len(names) != 2:
        raise Usage("missing file operand")
    disk, where = call.machine.disk, path(call, names[1])
    if disk.is_directory(where):
        where = posixpath.join(where, posixpath.basename(names[0]))
    if disk.exists(where) and "f" not in given:
        return refuse(call, f"failed to create symbolic link '{names[1]}': File exists")
    source = access.absolute(posixpath.dirname(where) if "s" in given else call.directory, names[0])
    access.write(call.machine, call.user, where, b"")
    if source in disk.files:
        disk.files[where] = disk.files[source]
    disk.links[where] = names[0]
    return 0


@program("readlink", "realpath")
async def readlink(call: Call) -> int:
    """readlink [-f] NAME."""
    given, names = options(call, "femn")
    where = path(call, names[0])
    link = call.machine.disk.links.get(where)
    if link is None and "f" not in given and call.argv[0] == "readlink":
        return 1
    call.out(
        f"{access.absolute(posixpath.dirname(where), link) if link and given else link or where}\n"
    )
    return 0


@program("touch")
async def touch(call: Call) -> int:
    """touch FILE ..."""
    _, names = options(call, "acm", valued="dr")
    status = 0
    for name in names:
        try:
            access.write(call.machine, call.user, path(call, name), b"", append=True)
        except OSError as error:
            words = "No space left on device" if isinstance(error, DiskFull) else error.strerror
            status = refuse(call, f"cannot touch '{name}': {words}")
    return status


@program("mktemp")
async def mktemp(call: Call) -> int:
    """mktemp [-d] [-p FOLDER] [TEMPLATE]."""
    given, names = options(call, "dqut", valued="p", long="directory=d tmpdir=p")
    form = names[0] if names else "tmp.XXXXXXXXXX"
    folder = given.get("p", call.directory if names and "t" not in given else "/tmp")  # noqa: S108
    if "XXX" not in form:
        return refuse(call, f"too few X's in template ‘{form}’")
    name = re.sub(r"X{3,}", lambda m: secrets.token_hex(8)[: len(m[0])], form)
    where = access.absolute(folder, name)
    try:
        if "d" in given:
            _make(call, where, parents=False)
            call.machine.disk.modes[where] = 0o700
        else:
            access.write(call.machine, call.user, where, b"", mode=0o600)
    except OSError as error:
        words = "No space left on device" if isinstance(error, DiskFull) else error.strerror
        kind = "directory" if "d" in given else "file"
        return refuse(
            call, f"failed to create {kind} via template ‘{posixpath.join(folder, form)}’: {words}"
        )
    call.out(f"{where if folder != call.directory or not names else name}\n")
    return 0

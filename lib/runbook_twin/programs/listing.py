"""Programs that describe and mark files: ls, stat, chmod, chown, cmp."""

from __future__ import annotations

import errno
import posixpath
import re
import time

from runbook_twin import access
from runbook_twin.files import File
from runbook_twin.machine import Call
from runbook_twin.programs.base import Usage, options, path, program, read, refuse


def new_mode(old: int, text: str) -> int:
    """A mode after `644`, `u+x`, `go-rwx`. Raises Usage."""
    if re.fullmatch(r"[0-7]{3,4}", text):
        return int(text, 8)
    mode = old
    for part in text.split(","):
        match = re.fullmatch(r"([ugoa]*)([-+=])([rwx]*)", part)
        if not match:
            raise Usage(f"invalid mode: ‘{text}’")
        who = match[1].replace("a", "ugo") or "ugo"
        bits = sum({"r": 4, "w": 2, "x": 1}[letter] for letter in match[3])
        for shift in (6 * ("u" in who), 3 * ("g" in who), 0 if "o" in who else None):
            if shift is None or (shift == 0 and "o" not in who):
                continue
            if match[2] == "=":
                mode &= ~(7 << shift)
            mode = mode & ~(bits << shift) if match[2] == "-" else mode | bits << shift
    return mode


@program("chmod", "chown", "chgrp")
async def change(call: Call) -> int:
    """chmod MODE FILE ..., chown USER[:GROUP] FILE ..."""
    given, words = options(call, "Rvf", long="recursive=R")
    if len(words) < 2:
        raise Usage("missing operand")
    disk, status, tool = call.machine.disk, 0, call.argv[0]
    for name in words[1:]:
        where = path(call, name)
        if not disk.exists(where):
            status = refuse(call, f"cannot access '{name}': No such file or directory")
            continue
        below = [
            p
            for p in (*disk.files, *disk.directories)
            if "R" in given and p.startswith(where + "/")
        ]
        for item in [where, *below]:
            file = disk.files.get(item)
            owner = file.owner if file else access.owner_of_directory(call.machine, item)
            if not (call.root or (tool == "chmod" and owner == call.user)):
                kind = "permissions" if tool == "chmod" else "ownership"
                status = refuse(call, f"changing {kind} of '{name}': Operation not permitted")
            elif tool == "chmod":
                _set_mode(call, item, file, words[0])
            elif tool == "chown" and words[0].split(":")[0]:
                _set_owner(call, item, file, words[0].split(":")[0])
    return status


def _set_mode(call: Call, where: str, file: File | None, text: str) -> None:
    if file:
        file.mode = new_mode(file.mode, text)
    else:
        modes = call.machine.disk.modes
        modes[where] = new_mode(modes.get(where, 0o755), text)


def _set_owner(call: Call, where: str, file: File | None, owner: str) -> None:
    if file:
        file.owner = owner
    else:
        call.machine.disk.owners[where] = owner


def describe(call: Call, where: str) -> tuple[int, str, int, float, str]:
    """(mode, owner, size, changed, kind). Raises OSError."""
    disk = call.machine.disk
    if not access.may_enter(call.machine, call.user, where):
        raise access.trouble(errno.EACCES, where)
    if file := disk.files.get(where):
        kind = "regular file" if file.content else "regular empty file"
        return file.mode, file.owner, len(file.content), file.changed, kind
    if disk.is_directory(where):
        owner = access.owner_of_directory(call.machine, where)
        default = 0o1777 if where == "/tmp" else 0o755  # noqa: S108
        return disk.modes.get(where, default), owner, 4096, call.machine.booted_at, "directory"
    if where in call.machine.unix_sockets:
        return 0o755, "root", 0, call.machine.booted_at, "socket"
    raise access.trouble(errno.ENOENT, where)


@program("stat")
async def stat(call: Call) -> int:
    """stat -c FORMAT FILE ...: %a %U %G %s %n %Y %F %A."""
    given, names = options(call, "Lt", valued="c", long="format=c printf=c")
    status = 0
    for name in names:
        try:
            mode, owner, size, changed, kind = describe(call, path(call, name))
        except OSError as error:
            status = refuse(call, f"cannot stat '{name}': {error.strerror}")
            continue
        values = {
            "a": f"{mode:o}", "U": owner, "G": owner, "s": str(size), "n": name, "F": kind,
            "Y": str(int(changed)), "A": letters(mode, kind), "%": "%", "u": "0" if owner == "root"
            else "500", "g": "0" if owner == "root" else "500", "i": "1", "h": "1",
        }  # fmt: skip
        form = given.get("c", "  File: '%n'\n  Size: %s\nAccess: (0%a/%A)  Uid: %U  Gid: %G")
        call.out(re.sub(r"%(.)", lambda m, v=values: v.get(m[1], "?"), form) + "\n")  # type: ignore[misc]
    return status


def letters(mode: int, kind: str) -> str:
    """-rw-r--r-- and the like."""
    text = "".join("rwx"[n % 3] if mode & (0o400 >> n) else "-" for n in range(9))
    text = text[:-1] + ("t" if text[-1] == "x" else "T") if mode & 0o1000 else text
    return {"directory": "d", "socket": "s"}.get(kind, "-") + text


@program("ls")
async def ls(call: Call) -> int:
    """ls [-la1d] [NAME ...]."""
    given, names = options(call, "laA1dhtrRF", long="all=a")
    disk, status = call.machine.disk, 0
    shown: list[str] = []
    for name in names or ["."]:
        where = path(call, name)
        try:
            describe(call, where + "/x" if False else where)
        except OSError as error:
            status = 2
            call.err(f"ls: cannot access '{name}': {error.strerror}\n")
            continue
        if not disk.is_directory(where) or "d" in given:
            shown.append(_row(call, given, where, name))
            continue
        if not access.may_enter(call.machine, call.user, where + "/"):
            status = 2
            call.err(f"ls: cannot open directory '{name}': Permission denied\n")
            continue
        if len(names) > 1:
            shown.append(f"\n{name}:" if shown else f"{name}:")
        items = [i for i in disk.listing(where) if {"a", "A"} & set(given) or i[0] != "."]
        if "l" in given:
            shown.append(f"total {4 * len(items)}")
        if "a" in given:
            shown += [
                _row(call, given, where, "."),
                _row(call, given, posixpath.dirname(where), ".."),
            ]
        shown += [_row(call, given, posixpath.join(where, item), item) for item in items]
    call.out("".join(row + "\n" for row in shown))
    return status


def _row(call: Call, given: dict[str, str], where: str, name: str) -> str:
    if "l" not in given:
        return name
    mode, owner, size, changed, kind = describe(call, where)
    when = time.strftime("%b %e %H:%M", time.gmtime(changed))
    arrow = f" -> {call.machine.disk.links[where]}" if where in call.machine.disk.links else ""
    first = "l" + letters(mode, kind)[1:] if arrow else letters(mode, kind)
    return f"{first} 1 {owner:8} {owner:8} {size:8} {when} {name}{arrow}"


@program("cmp", "diff")
async def compare(call: Call) -> int:
    """cmp [-s] A B, diff -q A B: whether two files are the same."""
    given, names = options(call, "sqru")
    first, second = [await read(call, name) for name in names[:2]]
    if first == second:
        return 0
    if call.argv[0] == "diff":
        call.out(f"Files {names[0]} and {names[1]} differ\n")
    elif "s" not in given:
        byte = next(
            (n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b),
            min(len(first), len(second)),
        )
        call.out(
            f"{names[0]} {names[1]} differ: byte {byte + 1}, line {first[:byte].count(10) + 1}\n"
        )
    return 1

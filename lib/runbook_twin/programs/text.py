"""Programs that copy and cut text: cat, echo, printf, head, tail, cut, tr, sort, uniq, tee."""

from __future__ import annotations

import os
import re

from runbook_twin import access
from runbook_twin.machine import Call
from runbook_twin.programs.base import Usage, inputs, lines, options, path, program, read


@program("cat")
async def cat(call: Call) -> int:
    """Print files."""
    _, names = options(call, "unA")
    return await inputs(call, names, lambda _name, data: call.write_out(data) if data else None)


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "a": "\a", "b": "\b", "e": "\x1b"}


def unescape(text: str) -> str:
    r"""\n, \t, \xHH and the octal \0NNN become characters."""

    def one(match: re.Match[str]) -> str:
        word = match[1]
        if word[0] == "x":
            return chr(int(word[1:], 16))
        if word[0].isdigit():
            return chr(int(word, 8))
        return _ESCAPES.get(word, match[0])

    return re.sub(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,4}|.)", one, text, flags=re.DOTALL)


@program("echo")
async def echo(call: Call) -> int:
    """Print the arguments."""
    words, flags = call.argv[1:], ""
    while words and re.fullmatch(r"-[neE]+", words[0]):
        flags += words.pop(0)[1:]
    text = " ".join(words)
    call.out((unescape(text) if "e" in flags else text) + ("" if "n" in flags else "\n"))
    return 0


@program("printf")
async def printf(call: Call) -> int:
    """printf FORMAT [ARGUMENT ...]: the format again and again until the arguments are used up."""
    if len(call.argv) < 2:
        raise Usage("missing operand")
    words = call.argv[1:]
    words = words[1:] if words[0] == "--" else words
    form, arguments = unescape(words[0].replace("\\\\", "\\\\")), words[1:]
    while True:
        before = len(arguments)
        call.out(re.sub(r"%([-0]?\d*(?:\.\d+)?)([sdxobqc%])", lambda m: _field(m, arguments), form))
        if not arguments or len(arguments) == before:
            return 0


def _field(match: re.Match[str], arguments: list[str]) -> str:
    if match[2] == "%":
        return "%"
    word = arguments.pop(0) if arguments else ""
    if match[2] in "dxo":
        return f"%{match[1]}{match[2]}" % int(word or 0)
    if match[2] == "q":
        return re.sub(r"([^\w@%+=:,./-])", r"\\\1", word) or "''"
    return f"%{match[1]}s" % (unescape(word) if match[2] == "b" else word)


_SUFFIX = {"k": 1024, "K": 1024, "M": 1024**2, "G": 1024**3, "kB": 1000, "MB": 1000**2}


def count(word: str) -> int:
    """A number of lines or bytes, with K, M, kB ... Raises Usage."""
    match = re.fullmatch(r"[-+]?(\d+)([kKMG]?B?)", word)
    if not match or (match[2] and match[2] not in _SUFFIX):
        raise Usage(f"invalid number of lines: ‘{word}’")
    return int(match[1]) * _SUFFIX.get(match[2], 1)


@program("head")
async def head(call: Call) -> int:
    """The first lines or bytes."""
    call.argv = [re.sub(r"^-(\d+)$", r"-n\1", word) for word in call.argv]
    given, names = options(call, "qv", valued="nc", long="lines=n bytes=c")
    size = count(given.get("c", given.get("n", "10")))
    if names in (["/dev/zero"], ["/dev/urandom"]) and "c" in given:
        await _device(call, names[0], size)
        return 0

    def show(name: str, data: bytes) -> None:
        if len(names) > 1:
            call.out(f"==> {name} <==\n")
        if given.get("n", "").startswith("-"):
            call.write_out(b"".join(lines(data)[:-size]))
        else:
            call.write_out(data[:size] if "c" in given else b"".join(lines(data)[:size]))

    return await inputs(call, names, show)


async def _device(call: Call, name: str, size: int) -> None:
    for start in range(0, size, 65536):
        length = min(65536, size - start)
        call.write_out(bytes(length) if name == "/dev/zero" else os.urandom(length))


@program("tail")
async def tail(call: Call) -> int:
    """The last lines or bytes."""
    call.argv = [re.sub(r"^-(\d+)$", r"-n\1", word) for word in call.argv]
    given, names = options(call, "q", valued="nc", long="lines=n bytes=c")
    word = given.get("c", given.get("n", "10"))
    size = count(word)

    def show(_name: str, data: bytes) -> None:
        if "c" in given:
            call.write_out(data[size - 1 :] if word[0] == "+" else data[-size:] if size else b"")
            return
        rows = lines(data)
        call.write_out(
            b"".join(rows[size - 1 :] if word[0] == "+" else rows[-size:] if size else [])
        )

    return await inputs(call, names, show)


def ranges(text: str) -> list[tuple[int, int]]:
    """1,3-5,7- as pairs; an open end is a large number."""
    found = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        start = int(first or 1)
        found.append((start, int(last) if last else (10**9 if dash else start)))
    return found


@program("cut")
async def cut(call: Call) -> int:
    """cut -d X -f N[,M-] | -c N-M."""
    given, names = options(call, "s", valued="dfc", long="delimiter=d fields=f characters=c")
    if "f" not in given and "c" not in given:
        raise Usage("you must specify a list of bytes, characters, or fields")
    wanted = ranges(given.get("f", given.get("c", "")))
    mark = given.get("d", "\t")

    def show(_name: str, data: bytes) -> None:
        for row in data.decode("utf-8", "replace").splitlines():
            parts = row.split(mark) if "f" in given else list(row)
            kept = [p for n, p in enumerate(parts, 1) if any(a <= n <= b for a, b in wanted)]
            whole = "f" in given and mark not in row
            call.out((row if whole else (mark if "f" in given else "").join(kept)) + "\n")

    return await inputs(call, names, show)


def _characters(text: str) -> str:
    text = unescape(text)
    for name, plain in (("upper", "A-Z"), ("lower", "a-z"), ("digit", "0-9"), ("space", " \t\n\r")):
        text = text.replace(f"[:{name}:]", plain)
    return re.sub(r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), text)


@program("tr")
async def tr(call: Call) -> int:
    """tr [-ds] SET1 [SET2]."""
    given, sets = options(call, "dsc")
    data = (await call.read_input()).decode("utf-8", "replace")
    first = _characters(sets[0])
    if "d" in given:
        data = "".join(c for c in data if (c in first) == ("c" in given))
    elif "s" not in given or len(sets) > 1:
        second = _characters(sets[1])
        data = data.translate(
            dict(zip(map(ord, first), second.ljust(len(first), second[-1:]), strict=False))
        )
    if "s" in given:
        data = re.sub(f"([{re.escape(_characters(sets[-1]))}])\\1+", r"\1", data)
    call.out(data)
    return 0


@program("sort", "uniq")
async def sort(call: Call) -> int:
    """sort [-nru], uniq [-c]."""
    given, names = options(call, "nrucdV", valued="kt")
    data = b"".join([await read(call, name) for name in names or ["-"]])
    rows = data.decode("utf-8", "replace").splitlines()
    if call.argv[0] == "sort":
        place = int(re.match(r"\d+", given.get("k", "0"))[0])  # type: ignore[index]
        key = (
            (lambda row: row.split(given.get("t"))[place - 1 : place])
            if place
            else (lambda row: [row])
        )
        number = lambda row: float((re.match(r"\s*-?\d+", "".join(key(row))) or [0])[0])  # noqa: E731
        rows = sorted(rows, key=number if "n" in given else key, reverse="r" in given)
    if call.argv[0] == "uniq" or "u" in given:
        counts: list[list[str]] = []
        for row in rows:
            if counts and counts[-1][0] == row:
                counts[-1].append(row)
            else:
                counts.append([row])
        rows = [f"{len(g):7} {g[0]}" if "c" in given else g[0] for g in counts]
    call.out("".join(row + "\n" for row in rows))
    return 0


@program("tee")
async def tee(call: Call) -> int:
    """Copy the input to stdout and to files."""
    given, names = options(call, "ai", long="append=a")
    status, writers = 0, [call.write_out]
    for name in names:
        try:
            where = path(call, name)
            writers.append(access.writer(call.machine, call.user, where, append="a" in given))
        except OSError as error:
            error.filename = name
            call.err(f"tee: {access.explain(error)}\n")
            status = 1
    data = await call.read_input()
    for write in writers:
        write(data)
    return status

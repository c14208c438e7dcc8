"""Programs that count and encode: wc, seq, sha256sum, md5sum, base64, basename, dirname."""

from __future__ import annotations

import base64
import binascii
import hashlib
import posixpath

from runbook_twin.machine import Call
from runbook_twin.programs.base import Usage, inputs, options, program, read


@program("wc")
async def wc(call: Call) -> int:
    """wc [-lwc] [FILE ...]."""
    given, names = options(call, "lwcm")
    kinds = [kind for kind in "lwc" if kind in given or not given]

    def show(name: str, data: bytes) -> None:
        values = {"l": data.count(b"\n"), "w": len(data.split()), "c": len(data)}
        width = 1 if len(kinds) == 1 else 7 if name == "-" else len(str(len(data)))
        row = " ".join(f"{values[kind]:{width}}" for kind in kinds)
        call.out(row + (f" {name}" if name != "-" else "") + "\n")

    return await inputs(call, names, show)


@program("seq")
async def seq(call: Call) -> int:
    """seq [FIRST [STEP]] LAST."""
    numbers = [int(word) for word in call.argv[1:]]
    if not 1 <= len(numbers) <= 3:
        raise Usage("missing operand")
    first = numbers[0] if len(numbers) > 1 else 1
    step = numbers[1] if len(numbers) == 3 else 1
    last = numbers[-1] + (1 if step > 0 else -1)
    call.out("".join(f"{number}\n" for number in range(first, last, step)))
    return 0


@program("sha256sum", "md5sum", "sha1sum")
async def digest(call: Call) -> int:
    """sha256sum [-c] [FILE ...]."""
    given, names = options(call, "cbt", long="check=c")
    kind = call.argv[0].removesuffix("sum")

    def show(name: str, data: bytes) -> None:
        call.out(f"{hashlib.new(kind, data).hexdigest()}  {name}\n")

    if "c" not in given:
        return await inputs(call, names, show)
    wrong = 0
    for line in (await read(call, names[0] if names else "-")).decode().splitlines():
        expected, _, name = line.partition("  ")
        good = hashlib.new(kind, await read(call, name)).hexdigest() == expected
        call.out(f"{name}: {'OK' if good else 'FAILED'}\n")
        wrong += not good
    if wrong:
        call.err(f"{call.argv[0]}: WARNING: {wrong} computed checksum did NOT match\n")
    return int(wrong > 0)


@program("base64")
async def base64_program(call: Call) -> int:
    """base64 [-d] [-w COLUMNS] [FILE]."""
    given, names = options(call, "di", valued="w", long="decode=d wrap=w")
    data = await read(call, names[0] if names else "-")
    if "d" in given:
        try:
            call.write_out(base64.b64decode(b"".join(data.split()), validate=True))
        except binascii.Error:
            call.err("base64: invalid input\n")
            return 1
        return 0
    text = base64.b64encode(data).decode()
    width = int(given.get("w", "76")) or len(text) or 1
    call.out("".join(text[n : n + width] + ("\n" if given.get("w") != "0" else "")
                     for n in range(0, len(text), width)))  # fmt: skip
    return 0


@program("basename", "dirname")
async def part_of_path(call: Call) -> int:
    """basename NAME [SUFFIX], dirname NAME."""
    if len(call.argv) < 2:
        raise Usage("missing operand")
    name = call.argv[1].rstrip("/") or "/"
    if call.argv[0] == "dirname":
        call.out(f"{posixpath.dirname(name) or '.'}\n")
    else:
        suffix = call.argv[2] if len(call.argv) > 2 else ""
        call.out(f"{posixpath.basename(name).removesuffix(suffix) or name}\n")
    return 0

"""grep, with basic and extended expressions."""

from __future__ import annotations

import re

from runbook_twin.machine import Call
from runbook_twin.programs.base import Usage, inputs, lines, options, program


@program("grep", "egrep", "fgrep")
async def grep(call: Call) -> int:
    """grep [-qvicnoFEhHlwxsm] PATTERN [FILE ...]."""
    given, words = options(call, "qvicnoFEhHlwxsrPa", valued="em", long="quiet=q count=c")
    if "e" not in given and not words:
        call.err("Usage: grep [OPTION]... PATTERN [FILE]...\n")
        return 2
    pattern = given["e"] if "e" in given else words.pop(0)
    expression = _expression(pattern, given, call.argv[0])
    found = 0

    def search(name: str, data: bytes) -> None:
        nonlocal found
        rows = [row.rstrip(b"\n").decode("utf-8", "surrogateescape") for row in lines(data)]
        hits = [(n, row) for n, row in enumerate(rows, 1)
                if bool(expression.search(row)) != ("v" in given)]  # fmt: skip
        hits = hits[: int(given["m"])] if "m" in given else hits
        found += len(hits)
        prefix = f"{name}:" if ("H" in given or len(words) > 1) and "h" not in given else ""
        _print_hits(call, given, expression, hits, prefix, name)

    status = await inputs(call, words, search)
    return 2 if status and not ("q" in given and found) else int(not found)


def _expression(pattern: str, given: dict[str, str], name: str) -> re.Pattern[str]:
    text = pattern
    if "F" in given or name == "fgrep":
        text = "|".join(re.escape(line) for line in pattern.split("\n"))
    elif "E" not in given and "P" not in given and name != "egrep":
        text = re.sub(r"\\?[|+?(){}]", lambda m: m[0][1:] if len(m[0]) > 1 else "\\" + m[0], text)
    for posix, ours in (
        ("space", r"\s"),
        ("digit", r"\d"),
        ("alnum", "A-Za-z0-9"),
        ("alpha", "A-Za-z"),
    ):
        text = text.replace(f"[:{posix}:]", ours)
    text = rf"\b(?:{text})\b" if "w" in given else rf"^(?:{text})$" if "x" in given else text
    try:
        return re.compile(text, re.IGNORECASE if "i" in given else 0)
    except re.error as error:
        raise Usage(f"{pattern}: {error}", 2) from None


def _print_hits(
    call: Call, given: dict[str, str], expression: re.Pattern[str], hits: list[tuple[int, str]],
    prefix: str, name: str,
) -> None:  # fmt: skip
    if "q" in given:
        return
    if "c" in given:
        call.out(f"{prefix}{len(hits)}\n")
    elif "l" in given:
        call.out(f"{name}\n" if hits else "")
    else:
        for number, row in hits:
            place = prefix + (f"{number}:" if "n" in given else "")
            bits = expression.findall(row) if "o" in given and not expression.groups else [row]
            if "o" in given and expression.groups:
                bits = [match[0] for match in expression.finditer(row)]
            for bit in bits:
                call.write_out(f"{place}{bit}\n".encode("utf-8", "surrogateescape"))

"""How Go programs print values: durations, `%q` strings, humanised sizes, `-w fields` records."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from runbook.parse.source import Line, Source

_SECONDS = {
    "h": Decimal(3600),
    "m": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("1e-3"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),  # the micro sign
    "μs": Decimal("1e-6"),  # the Greek letter
    "ns": Decimal("1e-9"),
}
_DURATION_PART = re.compile(r"(\d{1,18}(?:\.\d{1,18})?)(ns|us|µs|μs|ms|s|m|h)")
_SIZE = re.compile(r"(\d{1,6}(?:\.\d)?) (B|kB|MB|GB|TB|PB|EB)")
_SIZE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_ESCAPE = re.compile(r'\\(?:([abfnrtv\\"])|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))')
_QUOTED = re.compile(rf'"((?:[^"\\]|{_ESCAPE.pattern})*)"')
_LETTERS = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))
_FIELD = re.compile(r'"([A-Za-z]+)" : (.*)')


def seconds(text: str) -> float:
    """A Go duration in seconds; ValueError when it is none.

    >>> seconds("1m2.5s"), seconds("1.234ms"), seconds("250µs")
    (62.5, 0.001234, 0.00025)
    """
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"no duration: {text}")
    return float(sum((Decimal(number) * _SECONDS[unit] for number, unit in parts), Decimal(0)))


def size(text: str) -> int:
    """A size as etcdctl humanises it (thousands) in bytes; ValueError when it is none.

    >>> size("20 kB"), size("2.1 GB")
    (20000, 2100000000)
    """
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError(f"no size: {text}")
    return int(Decimal(match[1]) * 1000 ** _SIZE_UNITS.index(match[2]))


def unquote(text: str) -> str:
    r"""The string that `%q` printed; ValueError when it is none or is no UTF-8.

    >>> unquote(r'"a\n\"b\" \xd0\xb8"')
    'a\n"b" и'
    """
    match = _QUOTED.fullmatch(text)
    if not match:
        raise ValueError(f"no quoted string: {text}")
    raw, at = b"", 0
    for escape in _ESCAPE.finditer(match[1]):
        letter, byte, short, long = escape.groups()
        plain = _LETTERS.get(letter, letter) if letter else chr(int(short or long or "0", 16))
        raw += match[1][at : escape.start()].encode()
        raw += bytes.fromhex(byte) if byte else plain.encode()
        at = escape.end()
    return (raw + match[1][at:].encode()).decode()


def boolean(text: str) -> bool:
    """`true` or `false`; ValueError otherwise."""
    if text not in ("true", "false"):
        raise ValueError(f"neither true nor false: {text}")
    return text == "true"


def integer(text: str) -> int:
    """An unsigned decimal of at most 64 bits; ValueError otherwise."""
    if not re.fullmatch(r"[0-9]{1,20}", text):
        raise ValueError(f"no number: {text}")
    return int(text)


class Field(NamedTuple):
    """One `"Name" : value` line of `-w fields`."""

    line: Line
    name: str
    value: str


def fields(source: Source, lines: Sequence[Line]) -> list[Field]:
    """The lines of one `-w fields` answer without blank lines."""
    found = []
    for line in lines:
        match = _FIELD.fullmatch(line.text)
        if not match:
            raise source.error('is no `"Name" : value` line', line)
        found.append(Field(line, match[1], match[2]))
    return found


def blocks(source: Source, lines: Sequence[Line]) -> list[list[Field]]:
    """The records of a `-w fields` answer; each one ends with an empty line."""
    found: list[list[Field]] = []
    begin = 0
    for index, line in enumerate(lines):
        if not line.text:
            if begin == index:
                raise source.error("has an empty record", line)
            found.append(fields(source, lines[begin:index]))
            begin = index + 1
    if begin != len(lines):
        raise source.error("is cut off in a record", lines[-1])
    return found


# The header that every answer of the v3 API carries.
HEADER = {"ClusterID": integer, "MemberID": integer, "Revision": integer, "RaftTerm": integer}


def record(source: Source, block: Sequence[Field], kinds: Mapping[str, Any]) -> dict[str, Any]:
    """One record's values by name; a kind in a list (`[unquote]`) may come any number of times."""
    values: dict[str, Any] = {name: [] for name, kind in kinds.items() if isinstance(kind, list)}
    for line, name, text in block:
        kind = kinds.get(name)
        if kind is None or (not isinstance(kind, list) and name in values):
            raise source.error("has a field that does not belong there", line)
        try:
            if isinstance(kind, list):
                values[name].append(kind[0](text))
            else:
                values[name] = kind(text)
        except ValueError as error:
            raise source.error(str(error).partition(":")[0], line) from None
    missing = [name for name in kinds if name not in values]
    if missing:
        raise source.error(f"lacks the field {missing[0]}", block[0].line if block else None)
    return values

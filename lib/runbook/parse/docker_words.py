"""The words that docker's client uses: ages, sizes, quoted text, and tokens that nobody may see."""

from __future__ import annotations

import re
from functools import lru_cache

# go-units' HumanDuration; 1.12 says "1 seconds", later ones "1 second"; tasks are in lower case.
DURATION = (
    r"(?:[Ll]ess than a second|[Aa]bout a minute|[Aa]bout an hour|1 second"
    r"|[0-9]{1,9} (?:seconds|minutes|hours|days|weeks|months|years))"
)
AGO = rf"{DURATION} ago"
SIZE = r"[0-9]{1,12}(?:\.[0-9]{1,12})?(?:e\+[0-9]{2})? ?(?:[kMGTPEZY]?B)"
QUOTED = r'"(?:[^"\\]|\\.)*"'

_SECONDS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86400,
    "week": 7 * 86400,
    "month": 30 * 86400,
    "year": 365 * 86400,
}
_PREFIXES = "kMGTPEZY"
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))")
_SECRET = re.compile(r"SWM(?:TKN|KEY)-[\w+/=-]*", re.ASCII)


@lru_cache(maxsize=4096)
def seconds(duration: str) -> int:
    """The seconds that the words of a DURATION (with or without " ago") name at least.

    >>> [seconds(words) for words in ("Less than a second", "About an hour ago", "2 weeks")]
    [0, 3600, 1209600]
    """
    words = duration.lower().removesuffix(" ago").split(" ")
    if words[0] == "less":
        return 0
    count = 1 if words[0] == "about" else int(words[0])
    return count * _SECONDS[words[-1].removesuffix("s")]


def size_bytes(size: str) -> int:
    """The bytes of a SIZE; docker's units are decimal.

    >>> [size_bytes(size) for size in ("13.28 MB", "1.98MB", "1e+03kB", "0 B")]
    [13280000, 1980000, 1000000, 0]
    """
    number = size.rstrip(f"B {_PREFIXES}")
    prefix = size[len(number) :].strip(" B")
    power = _PREFIXES.index(prefix) + 1 if prefix else 0
    return round(float(number) * 1000.0**power)


def unquote(quoted: str) -> str:
    r"""The text inside a QUOTED cell, as Go's strconv.Quote took it.

    >>> unquote(r'"sh -c \"a\""')
    'sh -c "a"'
    """
    return _ESCAPE.sub(_unescape, quoted[1:-1])


def _unescape(escape: re.Match[str]) -> str:
    if escape[4]:
        return _ESCAPES.get(escape[4], escape[4])
    number = int(escape[1] or escape[2] or escape[3], 16)
    half = escape[1] and number > 0x7F  # a byte of a character that was cut
    return "\ufffd" if half or number > 0x10FFFF else chr(number)


def hide_secrets(text: str) -> str:
    """The text with stars over swarm tokens and unlock keys; every column stays where it was."""
    return _SECRET.sub(lambda secret: secret[0][:7] + "*" * (len(secret[0]) - 7), text)

"""Secrets are names until the last moment; one redactor knows every value and cleans all text.

>>> redactor = Redactor()
>>> redactor.add("join token", "hunter22")
>>> redactor.clean("docker swarm join --token hunter22")
'docker swarm join --token «join token»'
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
import shlex
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from runbook.errors import UsageError

SHORTEST = 4  # a shorter value would be found in innocent text, and masking it would betray it

# What looks like a secret although nobody registered it. `keep` groups stand around the secret.
# A value that is already shown by name («...») is left alone.
_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"SWMTKN-1-[0-9A-Za-z-]{4,}", "«swarm token»"),
    (r"SWMKEY-1-[0-9A-Za-z+/=_-]{4,}", "«swarm key»"),
    # Not inside a longer base64 text: a picture may contain these letters by chance.
    (r"(?<![0-9A-Za-z+/_-])gAAAAA[0-9A-Za-z_=-]{10,}", "«token»"),
    (
        r"(?P<keep>X-(?:Auth|Subject)-Token\\?[\"']?\s*[:=]\s*\\?[\"']?)(?!«)[^\s\"',;}\\]+",
        r"\g<keep>«token»",
    ),
    (
        r"(?P<keep>adminPass\\?[\"']?\s*[:=]\s*\\?[\"']?)(?!«)[^\s\"',;}\\]+",
        r"\g<keep>«admin password»",
    ),
    # Without its last line it is a key all the same: everything after the first line goes.
    (
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"
        r"(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)",
        "«private key»",
    ),
    (r"(?P<keep>://[^\s/@:\"'<>]*:)(?!«)[^\s/@\"'<>]+(?=@)", r"\g<keep>«password»"),
    (r"(?P<keep>https?://)(?!«)[^\s/@:\"'<>]+(?=@)", r"\g<keep>«user»"),
)
_KNOWN_LOOKS = [(re.compile(pattern, re.IGNORECASE), name) for pattern, name in _PATTERNS]
# One of these that has begun and, for all that is to be seen, is not over yet.
_OPEN = re.compile(
    r"(?:SWM(?:TKN|KEY)-1-[\w+/=-]*|(?<![\w+/-])gAAAAA[\w=-]*|://[^\s/\"'<>]*"
    r"|(?:X-(?:Auth|Subject)-Token|adminPass)\\?[\"']?\s*(?:[:=]\s*\\?[\"']?[^\s\"',;}\\]*)?"
    r"|-----BEGIN [A-Z0-9 ]*"
    r"(?:-{0,4}|PRIVATE KEY-----(?:(?!-----END [A-Z0-9 ]*PRIVATE KEY-----)(?s:.))*))\Z",
    re.IGNORECASE,
)
_BEGINNINGS = (
    *("SWMTKN-1-", "SWMKEY-1-", "gAAAAA", "://", "-----BEGIN "),
    *("X-Auth-Token", "X-Subject-Token", "adminPass"),
)


class Redactor:
    """Knows secret values by name and replaces them, in every spelling, by `«name»`."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}  # spelling -> name
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    def add(self, name: str, value: str) -> None:
        """Register a value. Raises UsageError when it is shorter than 4 characters."""
        if len(value.strip()) < SHORTEST:
            raise UsageError(
                f"the secret {name!r} is shorter than {SHORTEST} characters",
                remedy="use a longer secret: one so short cannot be kept out of a record",
            )
        with self._lock:
            for spelling in _spellings(value):
                self._names.setdefault(spelling, name)
            # Names already put in are left alone: cleaning twice is cleaning once.
            shown = {f"«{name}»" for name in self._names.values()}
            words = sorted([*shown, *self._names], key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, words)))

    def clean(self, text: str) -> str:
        """The text with every registered value, and all that looks like a secret, masked."""
        return clean_looks(self.clean_values(text))

    def clean_values(self, text: str) -> str:
        """The text with every registered value masked."""
        return text if self._pattern is None else self._pattern.sub(self._shown, text)

    def clean_all(self, value: Any) -> Any:
        """A copy of a JSON-like value with every string in it, keys too, cleaned."""
        return _map(value, self.clean)

    def held_back(self, text: str) -> int:
        """How many characters at the end of `text` may be the beginning of a secret.

        text: with the values in it masked already.
        """
        begun = _OPEN.search(text)
        longest = len(text) - begun.start() if begun else 0
        for spelling in (*self._names, *_BEGINNINGS):
            for length in range(min(len(spelling) - 1, len(text)), longest, -1):
                if spelling[length - 1] == text[-1] and text.endswith(spelling[:length]):
                    longest = length
                    break
        return longest

    def _shown(self, match: re.Match[str]) -> str:
        name = self._names.get(match[0])
        return match[0] if name is None else f"«{name}»"


def clean_looks(text: str) -> str:
    """Mask what looks like a secret: join tokens, API tokens, private keys, passwords in URLs."""
    for pattern, name in _KNOWN_LOOKS:
        text = pattern.sub(name, text)
    return text


def clean_all_looks(value: Any) -> Any:
    """A copy of a JSON-like value with everything that looks like a secret masked."""
    return _map(value, clean_looks)


def fetch(name: str, source: str, redactor: Redactor) -> str:
    """Fetch the secret `name` from `env:NAME`, `file:PATH` or `command:...` and register it.

    The command is split like a shell would, but never given to a shell. Raises UsageError when
    the secret is not there, is empty, or lies in a file that others can read.
    """
    kind, _, place = source.partition(":")
    fetchers = {"env": _from_environment, "file": _from_file, "command": _from_command}
    if kind not in fetchers or not place.strip():
        raise UsageError(
            f"the secret {name!r} has no usable source",
            remedy="write env:NAME, file:PATH or command:PROGRAM ARGUMENTS",
        )
    value = fetchers[kind](name, place.strip())
    redactor.add(name, value)
    return value


def _from_environment(name: str, variable: str) -> str:
    value = os.environ.get(variable, "")
    if not value:
        raise UsageError(
            f"the secret {name!r} is to come from ${variable}, which is not set",
            remedy=f"set {variable} in the environment of this process",
        )
    return value


def _from_file(name: str, place: str) -> str:
    path = Path(place).expanduser()
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise UsageError(
                    f"the secret {name!r} lies in {path}, which others can read "
                    f"(mode {stat.S_IMODE(mode):04o})",
                    remedy=f"chmod 600 {shlex.quote(str(path))}",
                )
            value = file.read().removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the secret {name!r} cannot be read from {path}: {_why(error)}",
            remedy="name a text file that holds the secret and nothing else",
        ) from None
    return _not_empty(name, value, str(path))


def _from_command(name: str, line: str) -> str:
    remedy = "run the command by hand; it has to print the secret, and nothing else, within 30 s"
    program = line.split()[0]
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
            shlex.split(line), stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=True
        )
        value = done.stdout.decode("utf-8").removesuffix("\n")
    except subprocess.CalledProcessError as error:
        said = clean_looks(error.stderr.decode("utf-8", "replace").strip())[-500:]
        what = f"the secret {name!r}: {program} ended with exit {error.returncode}: {said}"
        raise UsageError(what, remedy=remedy) from None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        what = f"the secret {name!r}: {program} did not give it ({_why(error)})"
        raise UsageError(what, remedy=remedy) from None
    return _not_empty(name, value, program)


def _not_empty(name: str, value: str, place: str) -> str:
    if not value.strip():
        raise UsageError(
            f"the secret {name!r} from {place} is empty",
            remedy="put the secret there, or name another source",
        )
    return value


def _why(error: Exception) -> str:
    # Never str(error): a UnicodeDecodeError or TimeoutExpired carries what was read.
    return getattr(error, "strerror", None) or type(error).__name__


def _spellings(value: str) -> Iterator[str]:
    """The value as it may be printed: as is, quoted, encoded, and each line of a long one."""
    lines = (line.strip() for line in value.splitlines())
    for part in dict.fromkeys([value, value.strip(), *(line for line in lines if len(line) >= 8)]):
        escaped = json.dumps(part)[1:-1]
        forms = (
            part,
            shlex.quote(part),
            part.replace("'", "'\"'\"'"),
            escaped,
            json.dumps(part, ensure_ascii=False)[1:-1],
            json.dumps(escaped)[1:-1],
            repr(part)[1:-1],
            quote(part, safe=""),
            quote(part),
            quote_plus(part),
            html.escape(part),
            html.escape(part, quote=False),
            *_base64(part.encode("utf-8", "surrogatepass")),
        )
        yield from dict.fromkeys(forms)


def _base64(value: bytes) -> Iterator[str]:
    """The characters of a base64 text that depend on the value alone, at each alignment."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(value).decode().rstrip("=")
        for before in (0, 1, 2):
            text = encode(b"\0" * before + value).decode()
            first, end = (before * 8 + 5) // 6, (before + len(value)) * 8 // 6
            core = text[first:end]
            if len(core) >= 8:
                yield core


def _map(value: Any, clean: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(k) if isinstance(k, str) else k: _map(v, clean) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_map(item, clean) for item in value]
    return value

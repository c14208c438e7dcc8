"""What OpenSSH's own files say about a host: address, user, keys, jumps, known host keys."""

from __future__ import annotations

import base64
import binascii
import getpass
import hashlib
import hmac
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runbook.errors import TargetError


@dataclass(frozen=True)
class Route:
    """How one host is reached. `jumps`: names for ProxyJump, the first one nearest to us."""

    host: str
    port: int
    user: str
    identity_files: tuple[Path, ...] = ()
    certificate_files: tuple[Path, ...] = ()
    known_hosts: tuple[Path, ...] = ()
    jumps: tuple[str, ...] = ()
    agent: bool = True
    only_these_keys: bool = False
    host_key_alias: str = ""

    @property
    def known_name(self) -> str:
        """The name under which the host stands in a known_hosts file."""
        return self.host_key_alias or known_name(self.host, self.port)


@dataclass(frozen=True)
class KnownKey:
    """One line of a known_hosts file."""

    patterns: str
    key_type: str
    key: str
    marker: str = ""
    file: Path = field(default_factory=Path)

    def matches(self, name: str) -> bool:
        """Whether the line speaks of the host `name` (`host` or `[host]:port`)."""
        name = name.lower()
        if self.patterns.startswith("|1|"):
            return _hashed_name_matches(self.patterns, name)
        patterns = self.patterns.lower().split(",")
        wanted = [pattern for pattern in patterns if _fits(pattern.lstrip("!"), name)]
        return bool(wanted) and not any(pattern.startswith("!") for pattern in wanted)


def _fits(pattern: str, name: str) -> bool:
    """OpenSSH's wildcards are * and ? only: the brackets of [host]:port stand for themselves."""
    wild = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(wild, name) is not None


def _hashed_name_matches(pattern: str, name: str) -> bool:
    try:
        _, salt, digest = pattern[1:].split("|")
    except ValueError:
        return False
    try:
        expected = hmac.new(base64.b64decode(salt), name.encode(), hashlib.sha1).digest()
        return hmac.compare_digest(base64.b64decode(digest), expected)
    except binascii.Error:
        return False


def known_name(host: str, port: int) -> str:
    """The name of a host in a known_hosts file."""
    return host if port == 22 else f"[{host}]:{port}"


def read_known_keys(files: tuple[Path, ...], name: str) -> list[KnownKey]:
    """The keys that the files hold for `name`, @revoked and @cert-authority lines included.

    A file that is not there holds none. Raises TargetError for one that cannot be read.
    """
    keys = []
    for file in files:
        try:
            lines = file.read_text(errors="replace").splitlines() if file.is_file() else []
        except OSError as error:
            raise TargetError(f"{file}: {error.strerror}", remedy="make it readable") from None
        for line in lines:
            words = line.split()
            marker = words.pop(0) if words and words[0].startswith("@") else ""
            if len(words) < 3 or words[0].startswith("#"):
                continue
            known = KnownKey(words[0], words[1], words[2], marker, file)
            if known.matches(name):
                keys.append(known)
    return keys


def resolve(
    name: str, config: Path | None, *, user: str | None = None, port: int | None = None
) -> Route:
    """What OpenSSH would do for `ssh NAME`: asked of `ssh -G`, so Include and Match count.

    Raises TargetError when ssh cannot read its configuration.
    """
    asked: dict[str, list[str]] = {}
    for line in _ssh_g(name, config, user, port).splitlines():
        key, _, value = line.partition(" ")
        asked.setdefault(key.lower(), []).append(value)
    return route_of(name, asked)


def route_of(name: str, asked: Mapping[str, Sequence[str]]) -> Route:
    """A route from option -> values, as `ssh -G` prints them. Raises TargetError."""

    def first(option: str, default: str) -> str:
        return next(iter(asked.get(option, ())), default)

    port, jump = first("port", "22"), first("proxyjump", "none")
    if not port.isdigit():
        raise TargetError(f"ssh_config: the port of {name} is no number: {port}")
    host, user = first("hostname", name), first("user", "") or getpass.getuser()
    tokens = {"%d": str(Path.home()), "%h": host, "%n": name, "%p": port, "%r": user, "%%": "%"}

    def path(text: str) -> Path:
        plain = re.sub("%.", lambda token: tokens.get(token[0], token[0]), text)
        return Path(os.path.expanduser(plain))  # noqa: PTH111 - Path's raises for a stranger's ~

    def paths(option: str) -> tuple[Path, ...]:
        return tuple(path(text) for text in asked.get(option, ()) if text != "none")

    known = [*_listed(asked, "userknownhostsfile"), *_listed(asked, "globalknownhostsfile")]
    return Route(
        host=host,
        port=int(port),
        user=user,
        identity_files=paths("identityfile"),
        certificate_files=paths("certificatefile"),
        known_hosts=tuple(path(text) for text in known),
        jumps=() if jump == "none" else tuple(jump.split(",")),
        agent=first("identityagent", "") != "none",
        only_these_keys=first("identitiesonly", "no") == "yes",
        host_key_alias=first("hostkeyalias", ""),
    )


def _listed(asked: Mapping[str, Sequence[str]], option: str) -> list[str]:
    """Files that stand in one line. `ssh -G` does not quote the ones with blanks in their names:
    the longest row of words that is a file is one."""
    found = []
    for value in asked.get(option, ()):
        words = value.split(" ")
        while words:
            sizes = range(len(words), 0, -1)
            rows = ((size, " ".join(words[:size])) for size in sizes)
            size, row = next(((s, r) for s, r in rows if Path(r).is_file()), (1, words[0]))
            found += [row] if row not in ("", "none") else []
            words = words[size:]
    return found


def has_client() -> bool:
    """Whether an OpenSSH client is installed here."""
    return shutil.which("ssh") is not None


def _ssh_g(name: str, config: Path | None, user: str | None, port: int | None) -> str:
    argv = ["ssh", "-G"]
    argv += ["-F", str(config)] if config else []
    argv += ["-l", user] if user else []
    argv += ["-p", str(port)] if port else []
    try:
        done = subprocess.run(  # noqa: S603
            [*argv, "--", name],
            capture_output=True,
            text=True,
            timeout=10,
            stdin=subprocess.DEVNULL,
        )
        failed = done.stderr.strip() or f"exit {done.returncode}"
        reason = failed if done.returncode else ""
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        reason = str(error)
    if reason:
        raise TargetError(
            f"ssh cannot read its configuration for {name}: {reason}",
            remedy=f"mend {config or 'the ssh_config'}",
        )
    return done.stdout

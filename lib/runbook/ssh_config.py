"""What OpenSSH's own files say about a host: address, user, keys, jumps, known host keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import shutil
import subprocess
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
        if self.patterns.startswith("|1|"):
            return _hashed_name_matches(self.patterns, name)
        wanted = [p for p in self.patterns.split(",") if _pattern_matches(p.lstrip("!"), name)]
        return bool(wanted) and not any(p.startswith("!") for p in wanted)


def _pattern_matches(pattern: str, name: str) -> bool:
    """OpenSSH's patterns know * and ? only; the brackets of [host]:port are themselves."""
    words = re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(words, name.lower()) is not None


def _hashed_name_matches(pattern: str, name: str) -> bool:
    try:
        _, _, salt, digest = pattern.split("|")
        expected = hmac.new(base64.b64decode(salt), name.encode(), hashlib.sha1).digest()
        return hmac.compare_digest(base64.b64decode(digest), expected)
    except (ValueError, binascii.Error):
        return False


def known_name(host: str, port: int) -> str:
    """The name of a host in a known_hosts file."""
    return host if port == 22 else f"[{host}]:{port}"


def read_known_keys(files: tuple[Path, ...], name: str) -> list[KnownKey]:
    """The keys that the files hold for `name`, @revoked and @cert-authority lines included."""
    keys = []
    for file in files:
        if not file.is_file():
            continue
        for line in file.read_text(errors="replace").splitlines():
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


def route_of(name: str, asked: dict[str, list[str]]) -> Route:
    """A route from option -> values, as `ssh -G` prints them."""

    def paths(option: str) -> tuple[Path, ...]:
        words = [word for value in asked.get(option, []) for word in value.split()]
        return tuple(Path(os.path.expanduser(word)) for word in words if word != "none")

    jump = asked.get("proxyjump", ["none"])[0]
    return Route(
        host=asked.get("hostname", [name])[0],
        port=int(asked.get("port", ["22"])[0]),
        user=asked.get("user", [""])[0],
        identity_files=paths("identityfile"),
        certificate_files=paths("certificatefile"),
        known_hosts=paths("userknownhostsfile") + paths("globalknownhostsfile"),
        jumps=() if jump == "none" else tuple(jump.split(",")),
        agent=asked.get("identityagent", [""])[0] != "none",
    )


def has_client() -> bool:
    """Whether an OpenSSH client is installed here."""
    return shutil.which("ssh") is not None


def _ssh_g(name: str, config: Path | None, user: str | None, port: int | None) -> str:
    argv = ["ssh", "-G"]
    argv += ["-F", str(config)] if config else []
    argv += ["-l", user] if user else []
    argv += ["-p", str(port)] if port else []
    done = subprocess.run([*argv, "--", name], capture_output=True, text=True, timeout=10)  # noqa: S603
    if done.returncode != 0:
        raise TargetError(
            f"ssh cannot read its configuration for {name}: {done.stderr.strip()}",
            remedy=f"mend {config or 'the ssh_config'}",
        )
    return done.stdout

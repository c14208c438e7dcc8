"""Whether a server's host key is the one that the known_hosts files expect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import paramiko

from runbook.errors import HostKeyError
from runbook.inventory import Server
from runbook.ssh_config import KnownKey, read_known_keys

Vouch = Callable[[Server, str, str], bool]  # server, key type, base64 key


class HostKeys:
    """What is known about the host key of one server, read now.

    Raises TargetError for a file that cannot be read.
    """

    def __init__(self, server: Server, name: str, files: tuple[Path, ...]) -> None:
        self._server = server
        self._name = name
        self._files = files
        known = read_known_keys(files, name)
        self._keys = [entry for entry in known if not entry.marker]
        self._revoked = {entry.key for entry in known if entry.marker == "@revoked"}
        self._authority = any(entry.marker == "@cert-authority" for entry in known)

    def prefer_known_types(self, transport: paramiko.Transport) -> None:
        """Ask the server for a key of a type that we know, if it has one."""
        types = {entry.key_type for entry in self._keys}
        options = transport.get_security_options()
        options.key_types = sorted(options.key_types, key=lambda t: _plain_type(t) not in types)

    def check(self, offered: paramiko.PKey, vouch: Vouch) -> None:
        """Raises HostKeyError unless the key is known, or unknown and vouched for."""
        kind, key = offered.get_name(), offered.get_base64()
        where = f"{self._server.name} ({self._name})"
        if key in self._revoked:
            raise HostKeyError(
                f"{where}: its host key {offered.fingerprint} is revoked",
                remedy="do not connect; find out who revoked it",
            )
        if any(entry.key == key for entry in self._keys):
            return
        if self._keys:
            raise HostKeyError(_changed(where, offered, self._keys[0]), remedy=self._removal())
        if vouch(self._server, kind, key):
            return
        authority = (
            "; a certificate authority is named for it (@cert-authority), but host certificates "
            "are not used here: the key itself must be known"
        )
        file = self._files[0] if self._files else "known_hosts"
        raise HostKeyError(
            f"{where}: unknown host key {kind} {offered.fingerprint}"
            f"{authority if self._authority else ''}",
            remedy="compare it with the server's console, then add to "
            f"{file}: {self._name} {kind} {key}",
        )

    def _removal(self) -> str:
        file = self._keys[0].file
        return f"if the server was remade on purpose: ssh-keygen -R '{self._name}' -f '{file}'"


def _changed(where: str, offered: paramiko.PKey, expected: KnownKey) -> str:
    return (
        f"{where}: the host key has CHANGED: offered {offered.get_name()} {offered.fingerprint}, "
        f"expected another one ({expected.key_type} in {expected.file})"
    )


def _plain_type(algorithm: str) -> str:
    """The key type of a host key algorithm: RSA keys sign with rsa-sha2-*."""
    return "ssh-rsa" if algorithm.startswith("rsa-sha2") else algorithm

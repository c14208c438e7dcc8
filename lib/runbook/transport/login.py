"""Log in: configured keys with their certificates first, then the agent's, as OpenSSH does."""

from __future__ import annotations

import base64
import contextlib
import os
import threading
import time
from collections.abc import Generator
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm

from runbook.errors import NotAuthenticated, Unreachable
from runbook.inventory import Server
from runbook.ssh_config import Route
from runbook.transport.broken import BROKEN, reason

_REMEDY = "add your public key to {user}'s authorized_keys, or name the right key file"


def log_in(transport: paramiko.Transport, server: Server, route: Route, until: float) -> None:
    """Try one key after the other. until: monotonic time.

    Raises NotAuthenticated with what was tried, Unreachable when the connection broke off.
    """
    tried: list[str] = []
    with contextlib.closing(_candidates(route, tried)) as candidates:
        for key in candidates:
            transport.auth_timeout = max(until - time.monotonic(), 0.1)
            try:
                missing = _offer(transport, route.user, key)
            except paramiko.AuthenticationException:
                if transport.is_active() and time.monotonic() < until:
                    continue
                raise _broken_off(server, tried, "the server ended or left it") from None
            except BROKEN as error:
                raise _broken_off(server, tried, reason(error)) from None
            if not missing:
                return
            tried[-1] += f" (accepted, but {' and '.join(missing)} is asked for too)"
    raise NotAuthenticated(
        f"{server.name} ({route.host}): {route.user} was not let in; tried "
        f"{', '.join(tried) or 'no key: none of the configured key files is there'}",
        remedy=_REMEDY.format(user=route.user),
    )


def _offer(transport: paramiko.Transport, user: str, key: paramiko.PKey) -> list[str]:
    """Log in with one key: nothing, or what else the server asks for. Raises what paramiko does.

    paramiko would ask for the service of logging in once more with each further key; servers may
    take that for an attack and end the connection. So what follows the answer is done again alone.
    """
    handler = transport.auth_handler
    if handler is None:
        return transport.auth_publickey(user, key)
    handler.auth_event = event = threading.Event()
    handler.username, handler.private_key = user, key
    accepted = paramiko.Message()
    accepted.add_string("ssh-userauth")
    accepted.rewind()
    handler._parse_service_accept(accepted)  # type: ignore[attr-defined]  # no other way in
    return handler.wait_for_response(event)


def _broken_off(server: Server, tried: list[str], why: str) -> Unreachable:
    return Unreachable(
        f"{server.name}: the connection broke off while logging in ({why}); "
        f"tried {', '.join(tried)}",
        remedy="see sshd's log there (too many keys in the agent end the connection)",
    )


def _candidates(route: Route, tried: list[str]) -> Generator[paramiko.PKey]:
    """The keys in order; what each is, or why it was skipped, is added to `tried`."""
    configured: set[bytes] = set()
    for file in route.identity_files:
        if not file.is_file():
            continue
        configured |= _public_part(file)
        key = _load(file, tried)
        if key is None:
            continue
        configured.add(key.asbytes())
        for certificate in (*route.certificate_files, file.with_name(f"{file.name}-cert.pub")):
            if _belongs(certificate, key):
                key.load_certificate(str(certificate))
                tried.append(str(certificate))
                yield key
        key.public_blob = None
        tried.append(str(file))
        yield key
    if route.agent and Path(os.environ.get("SSH_AUTH_SOCK", "/nowhere")).is_socket():
        with contextlib.closing(paramiko.Agent()) as agent:
            for held in agent.get_keys():
                if not route.only_these_keys or held.blob in configured:
                    tried.append(f"agent {held.fingerprint}")
                    yield held


def _load(file: Path, tried: list[str]) -> paramiko.PKey | None:
    """The private key of a file; None for one that is encrypted (the agent may hold it) or none."""
    try:
        return paramiko.PKey.from_path(file)
    except TypeError:
        tried.append(f"{file} (skipped: encrypted; add it to the agent)")
    except OSError as error:
        tried.append(f"{file} (skipped: {error.strerror})")
    except (
        paramiko.SSHException,
        paramiko.pkey.UnknownKeyType,
        UnsupportedAlgorithm,
        ValueError,
    ):
        tried.append(f"{file} (skipped: not a private key that can be read)")
    return None


def _public_part(file: Path) -> set[bytes]:
    """The key of FILE.pub, or nothing: which of the agent's keys is meant by FILE."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return {base64.b64decode(file.with_name(f"{file.name}.pub").read_text().split()[1])}
    return set()


def _belongs(certificate: Path, key: paramiko.PKey) -> bool:
    """Whether the file holds a certificate of this very key."""
    try:
        held = paramiko.Message(base64.b64decode(certificate.read_text().split()[1]))
        own = paramiko.Message(key.asbytes())
        kind, _nonce = held.get_text(), held.get_binary()
        same_type = kind.startswith(own.get_text()) and "-cert-" in kind
        return same_type and held.get_remainder().startswith(own.get_remainder())
    except (OSError, ValueError, IndexError):
        return False

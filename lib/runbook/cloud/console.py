"""Read a server's SSH host keys from its console log."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

_BLOCK = re.compile(
    r"-----BEGIN SSH HOST KEY (?P<what>FINGERPRINTS|KEYS)-----"
    r"(?P<lines>.*?)-----END SSH HOST KEY (?P=what)-----",
    re.DOTALL,
)
_KEY = re.compile(
    r"(?<!\S)(?P<type>ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp(?:256|384|521)"
    r"|sk-[a-z0-9-]+@openssh\.com)\s+(?P<key>[A-Za-z0-9+/]+={0,2})(?!\S)"
)
_FINGERPRINT = (
    r"(?P<print>SHA256:[A-Za-z0-9+/]{43}|(?:MD5:)?[0-9a-f]{2}(?::[0-9a-f]{2}){15})=?(?!\S)"
)
_IN_BLOCK = re.compile(rf"(?<!\S)\d+\s+{_FINGERPRINT}")
# Outside a block a fingerprint counts only with the words that cloud-init and CoreOS put around
# it: the tables of *authorized* keys (ci-info) look much the same and say nothing about the host.
_ALONE = re.compile(
    rf"(?:\bec2:\s+\d+|\bSSH host key:)\s+{_FINGERPRINT}.*"
    r"\((?:ED25519|RSA|ECDSA|DSA)\)"
)


def fingerprint(key: str) -> str:
    """SHA-256 fingerprint of a base64 key, as ssh-keygen shows it. Raises ValueError."""
    digest = hashlib.sha256(base64.b64decode(key, validate=True)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def host_keys(console: str) -> list[tuple[str, str]]:
    """Type and base64 of each host key in the `SSH HOST KEY KEYS` blocks, without repetition.

    >>> host_keys("-----BEGIN SSH HOST KEY KEYS-----\\nssh-ed25519 AAAA x\\n")
    []
    """
    found: dict[tuple[str, str], None] = {}
    for block in _BLOCK.finditer(_plain(console)):
        if block["what"] == "KEYS":
            for match in _KEY.finditer(block["lines"]):
                if _is_key(match["type"], match["key"]):
                    found[match["type"], match["key"]] = None
    return list(found)


def host_key_fingerprints(console: str) -> set[str]:
    """Fingerprints (`SHA256:...`, old systems `MD5:...`) of all host keys that the log shows."""
    text = _plain(console)
    found = {fingerprint(key) for _, key in host_keys(text)}
    for block in _BLOCK.finditer(text):
        if block["what"] == "FINGERPRINTS":
            found |= {match["print"] for match in _IN_BLOCK.finditer(block["lines"])}
    for match in _ALONE.finditer(text):
        found.add(match["print"])
    return {text if text.startswith("SHA256:") else f"MD5:{text[-47:]}" for text in found}


def _plain(console: str) -> str:
    """The log without colours and carriage returns."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", console).replace("\r", "")


def _is_key(kind: str, key: str) -> bool:
    """Whether the key is whole: it begins with its own type."""
    try:
        blob = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return False
    return blob[4 : 4 + int.from_bytes(blob[:4], "big")].decode("ascii", "replace") == kind

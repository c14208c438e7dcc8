"""Nova's key pairs: given by the caller, or generated for old microversions."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from runbook_twin.openstack.computing import Computing, bad_field
from runbook_twin.openstack.handler import ApiError, Row
from runbook_twin.openstack.paging import page, whole_number
from runbook_twin.openstack.records import KeyPair, fine_stamp

SAFE_NAME = re.compile(r"[A-Za-z0-9 _-]+")
SAFE_NAME_AND_MORE = re.compile(r"[A-Za-z0-9 @._-]+")  # from 2.92


def fingerprint(public_key: str) -> str:
    """MD5 with colons, as nova states it. Raises ApiError 400 for what is no public key."""
    words = public_key.split()
    try:
        blob = base64.b64decode(words[1], validate=True)
        length = int.from_bytes(blob[:4], "big")
        if blob[4 : 4 + length].decode() != words[0]:
            raise ValueError(words[0])
    except (IndexError, binascii.Error, ValueError):
        message = "Keypair data is invalid: failed to generate fingerprint"
        raise ApiError(400, message) from None
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digest[place : place + 2] for place in range(0, 32, 2))


def generate() -> tuple[str, str]:
    """A new RSA key: the public line, and the private half as PKCS#1 PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return public.decode() + " Generated-by-Nova", private.decode()


class KeyPairs(Computing):
    """/compute/v2.1/os-keypairs and /os-keypairs/NAME."""

    def get(self, name: str = "") -> None:
        """List, or show one."""
        if name:
            pair = self._pair(name)
            more = {
                "id": pair.id,
                "user_id": self.project.credentials.user_id,
                "created_at": fine_stamp(pair.created),
                "updated_at": None,
                "deleted": False,
                "deleted_at": None,
            }
            self.answer({"keypair": {**self._shown(pair), **more}})
            return
        rows = sorted(self.project.key_pairs.values(), key=lambda pair: pair.name)
        limit = whole_number(self.query("limit"), "limit") if self.since(35) else None
        marker = self.query("marker") if self.since(35) else None
        rows = page(rows, limit, marker, key=lambda pair: pair.name)
        document: dict[str, Any] = {"keypairs": [{"keypair": self._shown(pair)} for pair in rows]}
        if limit and len(rows) == limit:
            href = self.url(f"/os-keypairs?{self.same_query(marker=rows[-1].name)}")
            document["keypairs_links"] = [{"rel": "next", "href": href}]
        self.answer(document)

    def post(self) -> None:
        """Keep a public key, or generate a pair below 2.92."""
        body = self.body("keypair")
        name = body.get("name")
        allowed = SAFE_NAME_AND_MORE if self.since(92) else SAFE_NAME
        if not isinstance(name, str) or not 0 < len(name) <= 255:
            raise bad_field("name", name, f"{name!r} is not a valid name")
        if not allowed.fullmatch(name):
            message = "Keypair data is invalid: Keypair name contains unsafe characters"
            raise ApiError(400, message)
        if name in self.project.key_pairs:
            raise ApiError(409, f"Key pair '{name}' already exists.")
        public, private = body.get("public_key"), ""
        if public is None and self.since(92):
            raise bad_field("keypair", body, "'public_key' is a required property")
        if public is None:
            public, private = generate()
        pair = self.project.add_key_pair(name, public, fingerprint(public))
        shown = {**self._shown(pair), "user_id": self.project.credentials.user_id}
        if private:
            shown["private_key"] = private
        self.answer({"keypair": shown}, 201 if self.since(2) else 200)

    def delete(self, name: str) -> None:
        """Forget one."""
        del self.project.key_pairs[self._pair(name).name]
        self.empty(204 if self.since(2) else 202)

    def _pair(self, name: str) -> KeyPair:
        if name not in self.project.key_pairs:
            user = self.project.credentials.user_id
            raise ApiError(404, f"Keypair {name} not found for user {user}")
        return self.project.key_pairs[name]

    def _shown(self, pair: KeyPair) -> Row:
        row: Row = {
            "name": pair.name,
            "public_key": pair.public_key,
            "fingerprint": pair.fingerprint,
        }
        return {**row, "type": pair.kind} if self.since(2) else row

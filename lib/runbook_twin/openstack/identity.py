"""Keystone v3: who may come in (password, scoped to a project), and the catalog."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from runbook_twin.openstack.handler import ApiError, ApiHandler, Row

REGION = "RegionOne"
LIFETIME = 3600.0
DOMAIN = {"id": "default", "name": "Default"}
# service type, name, path behind the host
SERVICES = (
    ("identity", "keystone", "/identity"),
    ("compute", "nova", "/compute/v2.1"),
    ("network", "neutron", "/networking"),
    ("image", "glance", "/image"),
)
REFUSED = "The request you have made requires authentication."


@dataclass(frozen=True)
class Credentials:
    """The one user of the cloud: name, password, name of the project."""

    username: str
    password: str
    project: str
    user_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    project_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass
class Token:
    """A token's end (our time: the client compares it with its own clock), scope, method."""

    expires: float
    scoped: bool
    methods: list[str]
    issued: float = field(default_factory=time.time)


class Tokens:
    """The tokens that were given out and are still good."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    def issue(self, *, scoped: bool, methods: list[str], expires: float | None = None) -> str:
        """A new token; a token made from a token ends with the first one."""
        text = f"gAAAAA{secrets.token_urlsafe(132)}"
        self._tokens[text] = Token(expires or time.time() + LIFETIME, scoped, methods)
        return text

    def find(self, text: str) -> Token | None:
        """The token of that text, unless it has ended."""
        token = self._tokens.get(text)
        return token if token and token.expires > time.time() else None

    def valid(self, text: str) -> bool:
        """Whether the services accept this token."""
        token = self.find(text)
        return token is not None and token.scoped

    def revoke(self, text: str) -> None:
        """Accept it no more."""
        self._tokens.pop(text, None)


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def _domain_matches(given: Row) -> bool:
    domain = given.get("domain", DOMAIN)
    return any(domain.get(key) == value for key, value in DOMAIN.items())


def _named(given: Any, name: str, identifier: str) -> bool:
    """Whether keystone's {id} or {name, domain} means this one."""
    if not isinstance(given, dict):
        return False
    if "id" in given:
        return bool(given["id"] == identifier)
    return given.get("name") == name and "domain" in given and _domain_matches(given)


class Identity(ApiHandler):
    """Base of keystone's answers."""

    service = "identity"
    needs_token = False

    def version(self) -> Row:
        """The version document of v3."""
        return {
            "id": "v3.14",
            "status": "stable",
            "updated": "2020-04-07T00:00:00Z",
            "links": [{"rel": "self", "href": f"{self.base}/v3/"}],
            "media-types": [
                {
                    "base": "application/json",
                    "type": "application/vnd.openstack.identity-v3+json",
                }
            ],
        }

    def catalog(self) -> list[Row]:
        """All services at the address that the caller used."""
        host = f"{self.request.protocol}://{self.request.host}"
        return [
            {
                "id": uuid.uuid5(uuid.NAMESPACE_URL, path).hex,
                "type": kind,
                "name": name,
                "endpoints": [
                    {
                        "id": uuid.uuid5(uuid.NAMESPACE_URL, f"{path} {interface}").hex,
                        "interface": interface,
                        "region": REGION,
                        "region_id": REGION,
                        "url": host + path,
                    }
                    for interface in ("public", "internal", "admin")
                ],
            }
            for kind, name, path in SERVICES
        ]

    def project_row(self) -> Row:
        """The project as a token shows it."""
        owner = self.project.credentials
        return {"id": owner.project_id, "name": owner.project, "domain": DOMAIN}


class Versions(Identity):
    """GET /identity/: 300 with the versions."""

    def get(self) -> None:
        """List the versions."""
        self.set_header("Location", f"{self.base}/v3/")
        self.answer({"versions": {"values": [self.version()]}}, 300)


class VersionThree(Identity):
    """GET /identity/v3/."""

    def get(self) -> None:
        """Show the version."""
        self.answer({"version": self.version()})


class AuthTokens(Identity):
    """/identity/v3/auth/tokens."""

    def post(self) -> None:
        """Give a token for a password or for another token."""
        try:
            auth = self.body("auth")
            identity = auth["identity"]
            methods = list(identity["methods"])
        except (KeyError, TypeError, ApiError):
            raise ApiError(400, "'auth' is a required property") from None
        expires = self._authenticate(identity, methods)
        scoped = isinstance(auth.get("scope"), dict)
        owner = self.project.credentials
        wanted = auth["scope"].get("project") if scoped else None
        if scoped and not _named(wanted, owner.project, owner.project_id):
            raise ApiError(401, REFUSED)
        token = self.project.tokens.issue(scoped=scoped, methods=methods, expires=expires)
        self.set_header("X-Subject-Token", token)
        self._show(token, 201)

    def get(self) -> None:
        """Show the token that X-Subject-Token names."""
        self._known_caller()
        self._show(self.request.headers.get("X-Subject-Token", ""), 200)

    def delete(self) -> None:
        """Revoke the token that X-Subject-Token names."""
        self._known_caller()
        self.project.tokens.revoke(self.request.headers.get("X-Subject-Token", ""))
        self.empty(204)

    def _known_caller(self) -> None:
        if not self.project.tokens.find(self.request.headers.get("X-Auth-Token", "")):
            raise ApiError(401, REFUSED)

    def _authenticate(self, identity: Row, methods: list[str]) -> float | None:
        """The end that the new token must have; None = a full lifetime. Raises ApiError 401."""
        owner = self.project.credentials
        if methods == ["password"]:
            user = identity.get("password", {}).get("user", {})
            given = str(user.get("password", "")).encode()
            known = _named(user, owner.username, owner.user_id)
            if known and secrets.compare_digest(given, owner.password.encode()):
                return None
        elif methods == ["token"]:
            old = self.project.tokens.find(str(identity.get("token", {}).get("id", "")))
            if old:
                return old.expires
        raise ApiError(401, REFUSED)

    def _show(self, text: str, status: int) -> None:
        token = self.project.tokens.find(text)
        if token is None:
            raise ApiError(404, "Could not find token.")
        owner = self.project.credentials
        shown: Row = {
            "methods": token.methods,
            "user": {
                "id": owner.user_id,
                "name": owner.username,
                "domain": DOMAIN,
                "password_expires_at": None,
            },
            "audit_ids": [secrets.token_urlsafe(16)],
            "expires_at": _stamp(token.expires),
            "issued_at": _stamp(token.issued),
        }
        if token.scoped:
            shown["project"] = self.project_row()
            shown["is_domain"] = False
            shown["roles"] = [
                {"id": uuid.uuid5(uuid.NAMESPACE_OID, "member").hex, "name": "member"}
            ]
            shown["catalog"] = self.catalog()
        self.answer(json.loads(json.dumps({"token": shown})), status)


class AuthLists(Identity):
    """/identity/v3/auth/projects and /identity/v3/auth/catalog."""

    def get(self, what: str) -> None:
        """List what the token may see."""
        if not self.project.tokens.find(self.request.headers.get("X-Auth-Token", "")):
            raise ApiError(401, REFUSED)
        rows = self.catalog() if what == "catalog" else [self.project_row()]
        self.answer({what: rows, "links": {"self": f"{self.base}/v3/auth/{what}"}})

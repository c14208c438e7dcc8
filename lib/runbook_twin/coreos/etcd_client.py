"""etcd's v2 client library: endpoints tried one after another, and its errors in Go's words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from runbook_twin.machine import HttpAnswer, Machine
from runbook_twin.world import NetworkError

UNAVAILABLE = "client: etcd cluster is unavailable or misconfigured"


class ClientError(Exception):
    """A request that failed: refused says that nobody listened there."""

    def __init__(self, text: str, *, refused: bool = False) -> None:
        super().__init__(text)
        self.refused = refused


class ClusterError(ClientError):
    """No endpoint answered; one reason for each."""

    def __init__(self, reasons: Sequence[str], *, refused: bool, inline: bool = False) -> None:
        listed = "\n".join(f"error #{number}: {reason}" for number, reason in enumerate(reasons))
        summary = UNAVAILABLE
        if inline and reasons:
            summary += "; " + "; ".join(listed.splitlines()) + "\n"
        super().__init__(summary, refused=refused)
        self.detail = f"{summary}\n{listed}\n"
        self.reasons = list(reasons)


class ApiError(ClientError):
    """An error that etcd answered with."""

    def __init__(self, found: dict[str, Any]) -> None:
        code, message = found["errorCode"], found["message"]
        super().__init__(f"{code}: {message} ({found['cause']}) [{found['index']}]")


class DeadlineExceeded(ClientError):
    """The whole command took too long."""

    def __init__(self) -> None:
        super().__init__("context deadline exceeded")


def dial_error(url: str, reason: str, call: str = "getsockopt") -> str:
    """A failed connection in Go's words. call: what Go of that age names (`connect` since 1.7)."""
    parts = urlsplit(url)
    if reason == "no such host":
        return f"dial tcp: lookup {parts.hostname}: no such host"
    where = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    return (
        f"dial tcp {where}: {reason}"
        if reason == "i/o timeout"
        else f"dial tcp {where}: {call}: {reason}"
    )


class Client:
    """Talks from one machine to the endpoints of a cluster, at most `total` seconds at a time."""

    def __init__(
        self, machine: Machine, endpoints: Sequence[str], total: float = 5.0, *, era: bool = True
    ) -> None:
        self.machine = machine
        self.endpoints = list(endpoints)
        self.total = total
        self.era = era  # etcd 2.3, built with a Go of 2016

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        """Ask the endpoints one after another. Raises ClusterError and DeadlineExceeded."""
        try:
            async with asyncio.timeout(self.total / self.machine.world.clock.factor):
                return await self._try_all(method, path, body)
        except TimeoutError:
            raise DeadlineExceeded from None

    async def _try_all(self, method: str, path: str, body: bytes) -> HttpAnswer:
        reasons: list[str] = []
        refused = True
        for endpoint in self.endpoints:
            try:
                answer = await self.machine.world.http(
                    self.machine, method, endpoint.rstrip("/") + path, body, timeout=self.total
                )
            except NetworkError as error:
                reasons.append(
                    dial_error(endpoint, error.reason, "getsockopt" if self.era else "connect")
                )
                refused = refused and error.reason == "connection refused"
                continue
            if answer.status not in (500, 503):
                return answer
            reasons.append(f"client: etcd member {endpoint} has no leader")
            refused = False
        raise ClusterError(reasons, refused=refused, inline=not self.era)

    async def ask(
        self, method: str, path: str, body: bytes = b""
    ) -> tuple[dict[str, Any], HttpAnswer]:
        """The answer's JSON and the answer. Raises ClientError."""
        answer = await self.request(method, path, body)
        found: dict[str, Any] = json.loads(answer.body) if answer.body.strip() else {}
        if "errorCode" in found:
            raise ApiError(found)
        if answer.status >= 400:
            raise ClientError(found.get("message", "unknown error"))
        return found, answer

    async def members(self) -> list[dict[str, Any]]:
        """The cluster's members. Raises ClientError."""
        found, _ = await self.ask("GET", "/v2/members")
        listed: list[dict[str, Any]] = found["members"]
        return listed

    async def sync(self) -> None:
        """Take the endpoints that the members publish, those of our own machine first."""
        published = [url for member in await self.members() for url in member["clientURLs"]]
        if published:
            published.sort(key=lambda url: urlsplit(url).hostname != self.machine.address)
            self.endpoints = published

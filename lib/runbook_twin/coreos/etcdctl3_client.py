"""etcdctl 3: its flags, how it asks an endpoint, and the warnings that precede its errors."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Sequence
from typing import Any

from runbook_twin.coreos.etcd_client import dial_error
from runbook_twin.coreos.etcd_http_cluster import compact
from runbook_twin.coreos.goflags import seconds
from runbook_twin.machine import Call
from runbook_twin.world import NetworkError

Json = dict[str, Any]
_SWITCHES = {
    "cluster", "prefix", "keys-only", "print-value-only", "from-key", "prev-kv", "hex", "debug",
    "learner", "count-only", "ignore-value", "ignore-lease", "insecure-transport",
    "insecure-skip-tls-verify",
}  # fmt: skip
_VALUES = {
    "endpoints", "write-out", "command-timeout", "dial-timeout", "consistency", "limit", "rev",
    "order", "sort-by", "peer-urls", "lease", "user", "password", "cacert", "cert", "key",
    "keepalive-time", "keepalive-timeout",
}  # fmt: skip


class BadArguments(Exception):
    """Wrong words behind a command: exit 128."""


class UnknownFlag(Exception):
    """A flag that etcdctl does not have."""


class Rpc(Exception):
    """A request that failed; warning: the JSON line that the client library logs before."""

    def __init__(self, text: str, warning: str = "") -> None:
        super().__init__(text)
        self.warning = warning


class Flags3:
    """Flags anywhere between the words, as cobra reads them."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.words: list[str] = []
        self._values: dict[str, str] = {}
        rest = list(arguments)
        while rest:
            word = rest.pop(0)
            if word == "--":
                self.words += rest
                return
            if not word.startswith("-") or word == "-":
                self.words.append(word)
                continue
            flag, equals, text = word.partition("=")
            if flag.startswith("-w") and flag != "-w":
                flag, equals, text = "-w", "=", word[2:]
            name = "write-out" if flag == "-w" else flag[2:] if flag.startswith("--") else ""
            if name in _SWITCHES:
                self._values[name] = text if equals else "true"
            elif name in _VALUES and (equals or rest):
                self._values[name] = text if equals else rest.pop(0)
            elif name in _VALUES:
                raise UnknownFlag(f"flag needs an argument: {flag}")
            elif flag.startswith("--"):
                raise UnknownFlag(f"unknown flag: {flag}")
            else:
                raise UnknownFlag(f"unknown shorthand flag: '{flag[1]}' in {flag}")

    def text(self, name: str) -> str:
        """A flag's value, "" if it was not given."""
        return self._values.get(name, "")

    def on(self, name: str) -> bool:
        """Whether a switch is on."""
        return self._values.get(name) == "true"


class Client3:
    """One run of etcdctl: flags, words behind the command, endpoints."""

    def __init__(self, call: Call, flags: Flags3, version: str) -> None:
        self.call, self.flags, self.version = call, flags, version
        self.words = flags.words[1:]
        given = flags.text("endpoints") or call.environment.get("ETCDCTL_ENDPOINTS", "")
        self.endpoints = [url.strip() for url in (given or "127.0.0.1:2379").split(",")]
        self.timeout = seconds(flags.text("command-timeout") or "5s")
        self.format = flags.text("write-out") or call.environment.get("ETCDCTL_WRITE_OUT", "simple")

    @property
    def old(self) -> bool:
        """Whether it is 3.4."""
        return self.version.startswith("3.4")

    async def ask(self, what: str, request: Json) -> Json:
        """Ask whichever endpoint answers. Raises Rpc."""
        start = self.call.clock.now()
        problem = Rpc("no endpoints")
        for endpoint in self.endpoints:
            try:
                return await self.ask_one(endpoint, what, request)
            except Rpc as error:
                problem = error
                if self.call.clock.now() - start >= self.timeout:
                    break
        raise problem

    async def ask_one(self, endpoint: str, what: str, request: Json) -> Json:
        """Ask one endpoint; a failed connection is tried until the time is over. Raises Rpc."""
        clock = self.call.clock
        deadline = clock.now() + self.timeout
        url = endpoint if "://" in endpoint else f"http://{endpoint}"
        try:
            async with asyncio.timeout(self.timeout / clock.factor):
                answer = await self.call.world.http(
                    self.call.machine,
                    "POST",
                    f"{url}/v3/{what}",
                    compact(request),
                    timeout=self.timeout,
                )
        except NetworkError as error:
            await clock.sleep(max(0.0, deadline - clock.now()))
            raise self._late(
                endpoint, dial_error(url, error.reason, "connect"), error.reason
            ) from None
        except TimeoutError:
            raise self._late(endpoint, "", "") from None
        found: Json = json.loads(answer.body)
        if "error" not in found:
            return found
        if found["code"] == "DeadlineExceeded":
            raise self._late(endpoint, "", "")
        raise Rpc(
            found["error"],
            self._warning(endpoint, f"code = {found['code']} desc = {found['error']}"),
        )

    def _late(self, endpoint: str, dialled: str, reason: str) -> Rpc:
        why = "context deadline exceeded"
        if reason == "connection refused":
            why = "latest balancer error: all SubConns are in TransientFailure"
            if not self.old:
                said = f'connection error: desc = "transport: Error while dialing: {dialled}"'
                why = f"latest balancer error: last connection error: {said}"
        elif reason and not self.old:
            why = f"received context error while waiting for new LB policy update: {why}"
        warning = self._warning(endpoint, f"code = DeadlineExceeded desc = {why}")
        return Rpc("context deadline exceeded", warning)

    def _warning(self, endpoint: str, error: str) -> str:
        bare = endpoint.partition("://")[2] or endpoint
        random = self.call.world.random
        moment = self.call.clock.datetime().strftime("%Y-%m-%dT%H:%M:%S.%f")
        shown: Json = {"level": "warn", "ts": (moment[:-3] if self.old else moment) + "Z"}
        if self.old:
            shown["caller"] = "clientv3/retry_interceptor.go:62"
            target = f"endpoint://client-{uuid.UUID(int=random.getrandbits(128))}/{bare}"
        else:
            shown |= {"logger": "etcd-client", "caller": "v3/retry_interceptor.go:63"}
            target = f"etcd-endpoints://0xc000{random.getrandbits(24):06x}/{bare}"
        shown |= {"msg": "retrying of unary invoker failed", "target": target, "attempt": 0}
        shown["error"] = f"rpc error: {error}"
        return compact(shown).decode() + "\n"

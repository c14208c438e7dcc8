"""One run of a `ros` command: what the command's code gets to work with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from runbook_twin.machine import Call, HttpAnswer
from runbook_twin.rancheros.config import Config
from runbook_twin.rancheros.flags import Given
from runbook_twin.rancheros.log import Fatal, Log
from runbook_twin.rancheros.system import RancherOS
from runbook_twin.rancheros.yaml_text import YamlTrouble, load
from runbook_twin.world import NetworkError


@dataclass
class Run:
    """The call, its log, the machine's system and what was given."""

    call: Call
    log: Log
    system: RancherOS
    given: Given

    @property
    def config(self) -> Config:
        """The machine's configuration."""
        return self.system.config

    @property
    def arguments(self) -> list[str]:
        """The words after the flags."""
        return self.given.arguments

    def has(self, flag: str) -> bool:
        """Whether a flag without a value was given."""
        return self.given.values.get(flag, "false") == "true"

    def value(self, flag: str) -> str:
        """A flag's value, empty when it was not given."""
        return self.given.values.get(flag, "")

    async def yes(self, question: str) -> bool:
        """Ask; a line that begins with y is yes. Raises Fatal at the end of the input."""
        self.call.out(f"{question} [y/N]: ")
        line = await self.call.read_line()
        if not line.endswith(b"\n"):
            raise Fatal("EOF")
        return line[:1].lower() == b"y"

    async def fetch(self, url: str) -> HttpAnswer:
        """GET a URL. Raises NetworkError, its reason as Go's http package words it."""
        try:
            return await self.call.world.http(self.call.machine, "GET", url)
        except NetworkError as error:
            raise NetworkError(f"Get {url}: dial tcp{self._where(url, error.reason)}") from None

    def _where(self, url: str, reason: str) -> str:
        parts = urlsplit(url)
        if reason == "no such host":
            servers = self.config.get("rancher.network.dns.nameservers") or ["8.8.8.8"]
            return f": lookup {parts.hostname} on {servers[0]}:53: no such host"
        port = parts.port or (443 if parts.scheme == "https" else 80)
        call = "getsockopt: " if reason in ("connection refused", "no route to host") else ""
        return f" {parts.hostname}:{port}: {call}{reason}"

    async def index(self, name: str) -> list[str]:
        """The services, consoles or engines of all repositories; what cannot be read is logged."""
        found: list[str] = []
        repositories = self.config.get("rancher.repositories")
        for repository in repositories.values() if isinstance(repositories, dict) else ():
            url = f"{repository.get('url', '')}/index.yml"
            try:
                answer = await self.fetch(url)
            except NetworkError as error:
                self.log.error(f"Failed to load {url}: {error.reason}")
                continue
            if answer.status != 200:
                reason = f"non-200 http response: {answer.status}"
                self.log.error(f"Failed to load {url}: {reason}")
                continue
            index = read_map(answer.body.decode("utf-8", "replace"))
            found += [str(item) for item in index.get(name) or []]
        return found


def read_map(text: str) -> dict[Any, Any]:
    """A YAML map from the network. Raises Fatal in candiedyaml's words when it is none."""
    if not text.strip():
        raise Fatal("Expected document start at line 0, column 0")
    try:
        value = load(text)
    except YamlTrouble as error:
        raise Fatal(str(error)) from None
    if not isinstance(value, dict):
        folded = re.sub(r"\s*\n\s*", " ", text.strip())
        raise Fatal(f"Invalid timestamp: '{folded}' at line 0, column 0")
    return value

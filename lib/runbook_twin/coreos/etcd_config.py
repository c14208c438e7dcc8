"""etcd's settings: flags, ETCD_* variables and their defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

_DEFAULTS = {
    "name": "default",
    "data-dir": "",
    "discovery": "",
    "discovery-fallback": "proxy",
    "initial-cluster": "",
    "initial-cluster-state": "new",
    "initial-cluster-token": "etcd-cluster",
    "initial-advertise-peer-urls": "http://localhost:2380,http://localhost:7001",
    "advertise-client-urls": "http://localhost:2379,http://localhost:4001",
    "listen-peer-urls": "http://localhost:2380,http://localhost:7001",
    "listen-client-urls": "http://localhost:2379,http://localhost:4001",
}
_SWITCHES = {"force-new-cluster", "debug", "strict-reconfig-check", "enable-v2", "enable-pprof"}


class FlagError(ValueError):
    """A flag that etcd does not know."""


@dataclass(frozen=True)
class EtcdConfig:
    """Settings by flag name."""

    settings: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.settings[name]

    def urls(self, name: str) -> list[str]:
        """A list of URLs."""
        return sorted(url.strip() for url in self.settings[name].split(",") if url.strip())

    def ports(self, name: str) -> list[int]:
        """The ports of a list of URLs."""
        return [urlsplit(url).port or 80 for url in self.urls(name)]

    @property
    def data_dir(self) -> str:
        """Where the member keeps its data."""
        return self.settings["data-dir"] or f"/{self.settings['name']}.etcd"

    @property
    def initial_cluster(self) -> dict[str, list[str]]:
        """Peer URLs by member name; by default ourselves alone."""
        text = self.settings["initial-cluster"]
        if not text:
            return {self["name"]: self.urls("initial-advertise-peer-urls")}
        cluster: dict[str, list[str]] = {}
        for part in text.split(","):
            name, _, url = part.strip().partition("=")
            cluster.setdefault(name, []).append(url)
        return cluster


def read(arguments: Sequence[str], environment: Mapping[str, str]) -> EtcdConfig:
    """Settings of a command line; flags count more than variables. Raises FlagError."""
    settings = dict(_DEFAULTS)
    for name, value in environment.items():
        if name.startswith("ETCD_"):
            settings[name.removeprefix("ETCD_").lower().replace("_", "-")] = value
    rest = list(arguments)
    while rest:
        flag, equals, value = rest.pop(0).partition("=")
        name = flag.lstrip("-")
        if not flag.startswith("-") or (not equals and not rest and name not in _SWITCHES):
            raise FlagError(flag)
        settings[name] = value if equals else "true" if name in _SWITCHES else rest.pop(0)
    return EtcdConfig(settings)

"""What an engine of a version prints: its family, build, columns."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

BUILDS = {  # version: (API version, Go version, git commit, built)
    "1.10.3": ("1.22", "go1.5.3", "20f81dd", "Thu Mar 10 15:54:52 2016"),
    "1.11.2": ("1.23", "go1.5.4", "b9f10c9", "Wed Jun  1 22:00:43 2016"),
    "1.12.1": ("1.24", "go1.19.8", "23cf638", "Thu Aug 18 17:52:38 2016"),
    "20.10.24+dfsg1": ("1.41", "go1.19.8", "297e128", "Thu May  7 21:09:36 2026"),
    "28.2.2": ("1.50", "go1.24.3", "e6534b4", "Fri May 30 12:07:14 2025"),
}
DAEMON_COMMITS = {"20.10.24+dfsg1": "5d6db84", "28.2.2": "45873be"}
NEWEST = {
    "1.12": "1.12.1",
    "20.10": "20.10.24+dfsg1",
    "20.10.24": "20.10.24+dfsg1",
    "28.2": "28.2.2",
}


@dataclass(frozen=True)
class Dialect:
    """A Docker version, as a client or as a daemon speaks."""

    version: str
    api: str
    go: str
    commit: str
    built: str

    @property
    def number(self) -> tuple[int, int]:
        """Major and minor number."""
        found = re.match(r"v?(\d+)\.(\d+)", self.version)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    @property
    def old(self) -> bool:
        """The first family, 1.x: wide tables, no progress, texts of 2016."""
        return self.number < (1, 13)

    @property
    def new(self) -> bool:
        """The family of 23 and later: short usage hints, `--format json`."""
        return self.number >= (23, 0)

    @property
    def swarm(self) -> bool:
        """Whether swarm mode exists (since 1.12)."""
        return self.number >= (1, 12)

    @property
    def daemon_commit(self) -> str:
        """The daemon's git commit."""
        return DAEMON_COMMITS.get(self.version, self.commit)

    @property
    def columns(self) -> tuple[int, int]:
        """Least width and padding of the columns of `ps` and `images`."""
        return (20, 3) if self.old else (10, 3)

    @property
    def swarm_columns(self) -> tuple[int, int]:
        """Least width and padding of the columns of swarm's tables."""
        return (0, 2) if self.old else (10, 3)


def dialect(version: str) -> Dialect:
    """The dialect of a version: `1.12.1`, `20.10`, `28.2.2`, `docker-1.11.2`, `19.03.11` ..."""
    version = version.removeprefix("docker-").removeprefix("v")
    version = NEWEST.get(version, version)
    if version not in BUILDS:
        number = Dialect(version, "", "", "", "").number
        base = "1.12.1" if number < (1, 13) else "20.10.24+dfsg1" if number < (23, 0) else "28.2.2"
        api, go, _, built = BUILDS[base]
        commit = hashlib.sha256(version.encode()).hexdigest()[:7]
        return Dialect(version, api, go, commit, built)
    return Dialect(version, *BUILDS[version])

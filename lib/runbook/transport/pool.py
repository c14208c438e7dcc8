"""One link for each server, opened once when several threads ask for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from runbook.errors import Unreachable
from runbook.transport.link import Link


class Pool:
    """Links by key."""

    def __init__(self) -> None:
        self._links: dict[str, Link] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._failures: dict[str, tuple[float, Unreachable]] = {}
        self._guard = threading.Lock()

    def get(self, key: str, make: Callable[[], Link]) -> Link:
        """The link of a key, made if there is none that is usable.

        Raises what `make` raises; who has waited while another thread tried gets its error.
        """
        asked = time.monotonic()
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            link = self._links.get(key)
            if link is not None and link.usable:
                return link
            if key in self._failures and self._failures[key][0] > asked:
                raise self._failures[key][1]
            try:
                link = self._links[key] = make()
            except Unreachable as error:
                self._failures[key] = (time.monotonic(), error)
                raise
            return link

    def holds(self, key: str) -> bool:
        """Whether there is a usable link of a key now."""
        with self._guard:
            link = self._links.get(key)
        return link is not None and link.usable

    def drop(self, link: Link) -> None:
        """Close one link; a newer one of the same key stays."""
        with self._guard:
            for key in [key for key, held in self._links.items() if held is link]:
                del self._links[key]
        link.close()

    def close(self, key: str | None = None) -> None:
        """Close the link of a key, or all."""
        with self._guard:
            keys = list(self._links) if key is None else [key]
            links = [self._links.pop(key) for key in keys if key in self._links]
        for link in links:
            link.close()

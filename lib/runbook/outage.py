"""The outage meter: HTTP probes of every address that may serve, through a whole fail-over.

The service is up while any address answers. A probe is one new TCP connection through SSH
forwarding (from the jump host or a living server), one GET, and an answer below 500 within its
own time-out. Probes leave at a fixed interval whether or not the earlier ones have come back.

Resolution: an outage is the time from the first round of probes that all failed to the first
round that did not, by the time they were sent. The true one began up to one interval earlier and
ended up to one interval earlier, so its length is right within one interval. `resolution` is the
largest gap between two rounds that was really seen, never less than the interval asked for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

import pandas as pd

from runbook.errors import CheckFailed
from runbook.facts.base import Condition, Observation
from runbook.inventory import Server
from runbook.table import rows_frame

_SHORTEST_INTERVAL = 0.02  # our own seconds: a faster clock must not turn the meter into a load
_SHORTEST_TIMEOUT = 0.3  # our own seconds, for the SSH channel that a probe needs
_WORKERS = 64


class Stream(Protocol):
    """A TCP connection as a socket."""

    def settimeout(self, timeout: float | None) -> None:
        """Seconds until recv gives up."""

    def sendall(self, data: bytes) -> None:
        """Send all bytes."""

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        ...

    def close(self) -> None:
        """Close it."""


class Forwarder(Protocol):
    """Opens TCP connections from a server (transport.Ssh)."""

    def open_stream(self, server: Server, address: str, port: int, timeout: float) -> Stream:
        """A connection from `server` to address:port. Raises ConnectionError."""
        ...


@dataclass(frozen=True)
class Probe:
    """One request: when it was sent and how long it took (seconds of the target since the meter
    began), to which address, and why it failed (None = answered)."""

    round: int
    sent: float
    took: float
    address: str
    failure: str | None


@dataclass(frozen=True)
class Window:
    """One time without service, in seconds of the target since the meter began."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.end - self.start


@dataclass(frozen=True)
class Outage:
    """What the meter saw. marks: (seconds, label) of faults, commands and observations."""

    probes: Sequence[Probe]
    marks: Sequence[tuple[float, str]]
    interval: float
    seconds: float

    @property
    def rounds(self) -> list[tuple[float, bool]]:
        """For each round of probes: when it was sent, and whether any address answered."""
        sent: dict[int, float] = {}
        answered: dict[int, bool] = {}
        for probe in self.probes:
            sent[probe.round] = min(sent.get(probe.round, probe.sent), probe.sent)
            answered[probe.round] = answered.get(probe.round, False) or probe.failure is None
        return [(sent[number], answered[number]) for number in sorted(sent)]

    @property
    def windows(self) -> list[Window]:
        """Every time without service; one that did not end ends with the meter."""
        found: list[Window] = []
        began: float | None = None
        for sent, answered in self.rounds:
            if not answered and began is None:
                began = sent
            elif answered and began is not None:
                found.append(Window(began, sent))
                began = None
        return [*found, Window(began, self.seconds)] if began is not None else found

    @property
    def longest(self) -> float:
        """Seconds of the longest outage; 0 when there was none."""
        return max((window.seconds for window in self.windows), default=0.0)

    @property
    def lost(self) -> int:
        """How many rounds no address answered: requests that a client would have lost."""
        return sum(not answered for _, answered in self.rounds)

    @property
    def resolution(self) -> float:
        """Seconds within which a length is right: the largest gap between two rounds."""
        sent = [at for at, _ in self.rounds]
        gaps = [b - a for a, b in zip(sent, sent[1:], strict=False)]
        return max([self.interval, *gaps])

    def after(self, label: str) -> float:
        """Seconds from the first mark to the mark `label`. Raises CheckFailed when it is missing."""
        times = {name: at for at, name in reversed(self.marks)}
        if label not in times:
            raise CheckFailed(f"the drill never saw: {label}", remedy="see the waits above")
        return times[label] - self.marks[0][0]

    def table(self) -> pd.DataFrame:
        """The figures. Columns: figure, value, unit."""
        figures: list[tuple[str, object, str]] = [
            ("longest outage", round(self.longest, 2), "s"),
            ("outages", len(self.windows), ""),
            ("requests lost", self.lost, f"of {len(self.rounds)}"),
            ("resolution", round(self.resolution, 2), f"s (interval {self.interval:g} s)"),
        ]
        figures += [
            (f"{label} after", round(at - self.marks[0][0], 1), "s") for at, label in self.marks[1:]
        ]
        rows = [{"figure": f, "value": v, "unit": u} for f, v, u in figures]
        return rows_frame(rows, ("figure", "value", "unit"), "The outage as HTTP clients saw it")


def compared(outages: Mapping[str, Outage]) -> pd.DataFrame:
    """Drills side by side. Columns: drill, longest_s, outages, requests_lost, resolution_s."""
    rows = [
        {
            "drill": name,
            "longest_s": round(outage.longest, 2),
            "outages": len(outage.windows),
            "requests_lost": outage.lost,
            "of": len(outage.rounds),
            "resolution_s": round(outage.resolution, 2),
        }
        for name, outage in outages.items()
    ]
    columns = ("drill", "longest_s", "outages", "requests_lost", "of", "resolution_s")
    return rows_frame(rows, columns, "The outage as HTTP clients saw it, drill by drill")


@dataclass
class Meter:
    """Probes http://ADDRESS:port/ of every address until stopped; use it in a `with`.

    via: the server that connections start from; interval and timeout in seconds of the target,
    whose clock runs `clock` times faster than ours.
    """

    forwarder: Forwarder
    via: Server
    addresses: Sequence[str]
    port: int = 80
    interval: float = 0.1
    timeout: float = 1.0
    clock: float = 1.0
    _probes: list[Probe] = field(default_factory=list, repr=False)
    _marks: list[tuple[float, str]] = field(default_factory=list, repr=False)
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _began: float = 0.0

    def start(self) -> Meter:
        """Begin to probe."""
        self._began = time.monotonic()
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="probe")
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._ticker.start()
        return self

    def mark(self, label: str) -> float:
        """Note an event (a fault, a command, an observation) on the same axis, now.

        Returns the seconds since the first mark.
        """
        self._marks.append((self._now(), label))
        return round(self._marks[-1][0] - self._marks[0][0], 1)

    def answering(self) -> Condition:
        """The condition that an address answers a probe sent from now on."""
        since = self._now()

        def look() -> Observation:
            good = [p for p in list(self._probes) if p.sent >= since and p.failure is None]
            addresses = ", ".join(sorted({p.address for p in good}))
            return Observation(bool(good), f"answers: {addresses or 'none'}")

        return look

    def stop(self) -> Outage:
        """End the probing, wait for the last answers, and tell what was seen."""
        self._stop.set()
        self._ticker.join()
        self._pool.shutdown(wait=True)
        probes = sorted(self._probes, key=lambda probe: (probe.round, probe.address))
        kept = max(self.interval, _SHORTEST_INTERVAL * self.clock)
        return Outage(probes, sorted(self._marks), kept, self._now())

    def __enter__(self) -> Meter:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if not self._stop.is_set():
            self.stop()

    def _now(self) -> float:
        return (time.monotonic() - self._began) * self.clock

    def _tick(self) -> None:
        step = max(self.interval / self.clock, _SHORTEST_INTERVAL)
        number = 0
        while not self._stop.is_set():
            for address in self.addresses:
                self._pool.submit(self._probe, number, address)
            number += 1
            due = self._began + number * step
            self._stop.wait(max(due - time.monotonic(), 0.0))

    def _probe(self, number: int, address: str) -> None:
        sent = self._now()
        timeout = max(self.timeout / self.clock, _SHORTEST_TIMEOUT)
        failure = request(
            lambda: self.forwarder.open_stream(self.via, address, self.port, timeout),
            address,
            timeout,
        )
        self._probes.append(Probe(number, sent, self._now() - sent, address, failure))


def request(open_stream: Callable[[], Stream], host: str, timeout: float) -> str | None:
    """One GET /; None when it was answered below 500, else the reason. timeout: our seconds."""
    until = time.monotonic() + timeout
    try:
        stream = open_stream()
    except OSError as error:
        return str(error) or type(error).__name__
    try:
        stream.settimeout(max(until - time.monotonic(), 0.001))
        stream.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        head = b""
        while b"\r\n" not in head:
            stream.settimeout(max(until - time.monotonic(), 0.001))
            piece = stream.recv(4096)
            if not piece:
                return "closed without an answer"
            head += piece
        status = head.split(b"\r\n")[0].decode("latin-1").split(" ")
        return None if len(status) > 1 and status[1] < "500" else " ".join(status)
    except OSError as error:
        return str(error) or "no answer in time"
    finally:
        stream.close()

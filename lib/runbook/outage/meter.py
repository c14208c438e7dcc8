"""The meter itself: rounds of probes at a fixed interval, in threads of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from runbook.errors import RunbookError
from runbook.facts.base import Condition, Observation
from runbook.inventory import Server
from runbook.outage.probe import Forwarder, Stream, request
from runbook.outage.seen import Outage, Probe

_MOST_WORKERS = 256
_LATE = 1.5  # times its time-out that a probe may take where the processor is busy


@dataclass
class Meter:
    """Probes http://ADDRESS:port/ of every address until stopped; use it in a `with`.

    via: the server that connections start from; interval and timeout in seconds of the target,
    whose clock runs `clock` times faster than ours. The shortest ones are in our own seconds: a
    fast clock must not turn the meter into a load, and an SSH channel needs its time.
    """

    forwarder: Forwarder
    via: Server
    addresses: Sequence[str]
    port: int = 80
    interval: float = 0.1
    timeout: float = 1.0
    clock: float = 1.0
    shortest_interval: float = 0.05
    shortest_timeout: float = 1.0
    _probes: list[Probe] = field(default_factory=list, repr=False)
    _marks: list[tuple[float, str]] = field(default_factory=list, repr=False)
    _stood: list[tuple[float, float]] = field(default_factory=list, repr=False)
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _began: float = 0.0

    def start(self) -> Meter:
        """Begin to probe."""
        self._began = time.monotonic()
        self._ended: float | None = None
        # Rounds that may be under way at once: where nobody answers, each ends a little after its
        # time-out, and must not hold up the next ones.
        hanging = int(_LATE * self._our_timeout / self._step) + 2
        workers = min(hanging * max(len(self.addresses), 1), _MOST_WORKERS)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="probe")
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
        if self._ended is None:
            self._ended = self._now()
        self._stop.set()
        self._ticker.join()
        self._pool.shutdown(wait=True)
        probes = [probe for probe in self._probes if self._tells(probe)]
        probes.sort(key=lambda probe: (probe.round, probe.address))
        return Outage(probes, sorted(self._marks), self._step * self.clock, self._ended)

    def __enter__(self) -> Meter:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if not self._stop.is_set():
            self.stop()

    def _now(self) -> float:
        return (time.monotonic() - self._began) * self.clock

    @property
    def _step(self) -> float:
        return max(self.interval / self.clock, self.shortest_interval)

    @property
    def _our_timeout(self) -> float:
        return max(self.timeout / self.clock, self.shortest_timeout)

    def _tells(self, probe: Probe) -> bool:
        """Whether a probe says something of the service. One whose time ran out while we ourselves
        got no processor does not: its answer may have lain there. The resolution tells of the gap.
        """
        ended = probe.sent + probe.took
        if probe.failure is None or probe.took < self._our_timeout * self.clock:
            return True
        return not any(probe.sent < end and begin < ended for begin, end in self._stood)

    def _tick(self) -> None:
        step, number = self._step, 0
        while not self._stop.is_set():
            due, now = number * step * self.clock, self._now()
            if now - due > self._our_timeout * self.clock / 2:
                self._stood.append((due, now))
            try:
                for address in self.addresses:
                    self._pool.submit(self._probe, number, address)
            except RuntimeError:
                return  # the process ends: nobody waits for an answer any more
            # What a slow machine has missed is not made up for: the gap is what was seen.
            number = max(number + 1, int((time.monotonic() - self._began) / step))
            self._stop.wait(max(self._began + number * step - time.monotonic(), 0.0))

    def _probe(self, number: int, address: str) -> None:
        sent, timeout = self._now(), self._our_timeout

        def open_stream() -> Stream:
            return self.forwarder.open_stream(self.via, address, self.port, timeout)

        try:
            failure = request(open_stream, address, timeout)
        except RunbookError:
            return  # it was never sent, so it says nothing: the resolution tells of the gap
        self._probes.append(Probe(number, sent, self._now() - sent, address, failure))

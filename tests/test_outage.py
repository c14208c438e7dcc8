"""The outage meter: against services that go down and up, and what it makes of probes."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from runbook.errors import CheckFailed, Unreachable
from runbook.inventory import Server
from runbook.outage import Meter, Outage, Probe, Window, compared, request

VIA = Server("bastion", "", "bastion")
OK = b"HTTP/1.1 200 OK\r\n\r\n"


@dataclass
class Answer:
    """A stream that answers at once."""

    text: bytes = OK

    def settimeout(self, timeout: float | None) -> None: ...

    def sendall(self, data: bytes) -> None: ...

    def recv(self, size: int) -> bytes:
        piece, self.text = self.text[:size], self.text[size:]
        return piece

    def close(self) -> None: ...


@dataclass
class Service:
    """A Forwarder whose addresses are up or down as told; a down one refuses or hangs."""

    down: set[str] = field(default_factory=set)
    hanging: set[str] = field(default_factory=set)
    lost: bool = False  # the server that probes start from
    asked: list[tuple[str, int, float]] = field(default_factory=list)

    def open_stream(self, server: Server, address: str, port: int, timeout: float) -> Answer:
        assert server == VIA
        self.asked.append((address, port, timeout))
        if self.lost:
            raise Unreachable("bastion is lost")
        until = time.monotonic() + timeout
        while address in self.hanging:
            if time.monotonic() > until:
                raise TimeoutError("timed out")
            threading.Event().wait(0.002)
        if address in self.down:
            raise ConnectionError("Connection refused")
        return Answer()


def meter(service: Service, addresses: str = "a", **more: float) -> Meter:
    options = {"interval": 0.01, "shortest_interval": 0.0, "shortest_timeout": 0.0, **more}
    return Meter(service, VIA, addresses.split(), **options)  # type: ignore[arg-type]


def seen(running: Meter, condition: Callable[[], bool]) -> None:
    """Wait until the meter has come to a condition."""
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        threading.Event().wait(0.002)


def probes_from_now(running: Meter, count: int) -> None:
    before = len(running._probes)
    seen(running, lambda: len(running._probes) >= before + count)


def drill(service: Service, running: Meter, fault: set[str], names: set[str]) -> Outage:
    """Some service, a fault, service again; marks say when."""
    with running:
        probes_from_now(running, 5)
        fault |= names
        running.mark("down")
        probes_from_now(running, 10)
        fault.clear()
        running.mark("up")
        probes_from_now(running, 10)
        return running.stop()


# --- against services --------------------------------------------------------------------------


def test_an_outage_is_right_within_one_interval() -> None:
    service = Service()
    outage = drill(service, meter(service), service.down, {"a"})
    (window,) = outage.windows
    (down, _), (up, _) = outage.marks
    latest = max(probe.took for probe in outage.probes)
    assert down - latest <= window.start <= down + outage.resolution + latest
    assert up - latest <= window.end <= up + outage.resolution + latest
    assert outage.lost > 0


def test_a_request_that_is_answered_late_is_not_lost() -> None:
    service = Service()
    running = meter(service, timeout=60.0)
    with running:
        probes_from_now(running, 5)
        service.hanging.add("a")
        asked = len(service.asked)
        seen(running, lambda: len(service.asked) > asked + 20)
        service.hanging.clear()
        probes_from_now(running, 30)
        outage = running.stop()
    assert (outage.windows, outage.lost) == ([], 0)
    assert max(probe.took for probe in outage.probes) >= 0.1


def test_hanging_connections_are_an_outage() -> None:
    service = Service()
    running = meter(service, timeout=0.05)
    outage = drill(service, running, service.hanging, {"a"})
    (down, _), (up, _) = outage.marks
    assert outage.longest >= up - down - outage.resolution - 0.1
    assert {probe.failure for probe in outage.probes} == {None, "timed out"}


def test_probes_keep_their_interval_while_others_hang() -> None:
    service = Service(hanging={"a", "b"})
    running = meter(service, "a b c", timeout=1.0)
    with running:
        seen(running, lambda: sum(address == "c" for address, _, _ in service.asked) >= 30)
        hung = sum(address == "a" for address, _, _ in service.asked)
        service.hanging.clear()
        outage = running.stop()
    assert hung >= 29  # none had come back when the thirtieth left
    assert outage.windows == []


def test_no_outage() -> None:
    service = Service()
    running = meter(service)
    with running:
        probes_from_now(running, 10)
        outage = running.stop()
    assert (outage.windows, outage.longest, outage.lost) == ([], 0.0, 0)


def test_an_outage_that_does_not_end() -> None:
    service = Service()
    running = meter(service)
    with running:
        probes_from_now(running, 3)
        service.down.add("a")
        probes_from_now(running, 10)
        outage = running.stop()
    (window,) = outage.windows
    assert window.end == outage.seconds
    assert outage.seconds >= max(probe.sent for probe in outage.probes)


def test_the_service_is_up_while_any_address_answers() -> None:
    service = Service(down={"b", "c"})
    running = meter(service, "a b c")
    with running:
        probes_from_now(running, 15)
        outage = running.stop()
    assert outage.windows == []
    assert any(probe.failure for probe in outage.probes)


def test_what_could_not_be_sent_is_no_outage_but_a_gap() -> None:
    service = Service()
    running = meter(service)
    with running:
        probes_from_now(running, 3)
        service.lost = True
        asked = len(service.asked)
        seen(running, lambda: len(service.asked) > asked + 20)
        service.lost = False
        probes_from_now(running, 3)
        outage = running.stop()
    assert outage.windows == []
    assert outage.resolution >= 15 * 0.01


def test_a_slow_machine_makes_the_resolution_worse_not_the_answer_wrong() -> None:
    class Slow(Meter):
        def _probe(self, number: int, address: str) -> None:
            if 5 <= number < 8:
                time.sleep(0.3)  # the whole machine stands still
            super()._probe(number, address)

    service = Service()
    running = Slow(service, VIA, ["a"], interval=0.01, shortest_interval=0.0)  # type: ignore[arg-type]
    running.shortest_timeout = 0.0
    running.timeout = 0.001  # one or two threads
    with running:
        seen(running, lambda: any(probe.round > 10 for probe in running._probes))
        outage = running.stop()
    assert outage.resolution >= 0.2


def test_times_are_the_targets() -> None:
    service = Service()
    running = meter(service, clock=100.0, interval=1.0, timeout=50.0)
    with running:
        probes_from_now(running, 3)
        outage = running.stop()
    assert outage.interval == pytest.approx(1.0)
    assert service.asked[0] == ("a", 80, 0.5)
    assert outage.seconds >= 2.0


def test_a_fast_clock_has_a_floor_in_our_seconds() -> None:
    running = Meter(Service(), VIA, ["a"], interval=0.1, clock=1000.0)  # type: ignore[arg-type]
    with running:
        probes_from_now(running, 2)
        outage = running.stop()
    assert outage.interval == pytest.approx(50.0)


@dataclass
class Unheard(Service):
    """A Service whose answers are lost while we stand still: the time of each probe runs out."""

    stands: bool = False

    def open_stream(self, server: Server, address: str, port: int, timeout: float) -> Answer:
        lost = self.stands
        answer = super().open_stream(server, address, port, timeout)
        if lost:
            threading.Event().wait(timeout)
            raise TimeoutError("timed out")
        return answer


def test_time_in_which_the_meter_stood_still_is_no_outage() -> None:
    service = Unheard()
    running, usual = meter(service, timeout=0.2), sys.getswitchinterval()
    with running:
        probes_from_now(running, 5)
        service.stands = True
        before = len(service.asked)
        seen(running, lambda: len(service.asked) > before)
        sys.setswitchinterval(10)  # no other thread gets a turn
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            pass
        service.stands = False
        sys.setswitchinterval(usual)
        probes_from_now(running, 5)
        outage = running.stop()
    assert outage.windows == []
    assert outage.resolution > 0.3


def test_answering_looks_at_probes_from_now_on() -> None:
    service = Service()
    running = meter(service)
    with running:
        probes_from_now(running, 3)
        service.down.add("a")
        probes_from_now(running, 3)
        answering = running.answering()
        probes_from_now(running, 3)
        assert not answering().held
        service.down.clear()
        seen(running, lambda: answering().held)
        assert answering().seen == "answers: a"


def test_marks_are_seconds_since_the_first_one() -> None:
    running = meter(Service())
    with running:
        assert running.mark("fault") == 0.0
        probes_from_now(running, 3)
        at = running.mark("seen")
        outage = running.stop()
    assert outage.after("seen") == pytest.approx(at, abs=0.06)
    with pytest.raises(CheckFailed, match="never saw: x"):
        outage.after("x")


def test_stopping_twice_says_the_same() -> None:
    running = meter(Service())
    with running:
        probes_from_now(running, 2)
        first = running.stop()
    assert running.stop() == first


# --- what it makes of probes -------------------------------------------------------------------


def outage(*states: str, took: float = 0.01, seconds: float | None = None) -> Outage:
    """Rounds 0.1 s apart; in each `+` answers, `-` fails, by address."""
    probes = [
        Probe(number, number / 10, took, f"10.0.0.{index}", None if state == "+" else "refused")
        for number, round_ in enumerate(states)
        for index, state in enumerate(round_)
    ]
    marks = [(0.1, "off"), (0.3, "gone")]
    return Outage(probes, marks, 0.1, seconds or len(states) / 10)


def test_windows_of_rounds() -> None:
    two = outage("+", "-", "-", "+", "-", "+")
    assert two.windows == [Window(0.1, pytest.approx(0.31)), Window(0.4, pytest.approx(0.51))]
    assert (two.longest, two.lost) == (pytest.approx(0.21), 3)
    assert outage("--", "-+", "+-").windows == [Window(0.0, pytest.approx(0.11))]
    assert outage().windows == []
    assert outage().longest == 0.0


def test_a_late_answer_does_not_cut_an_outage_in_two() -> None:
    probes = [
        Probe(0, 0.0, 0.01, "a", None),
        Probe(1, 0.1, 0.01, "a", "refused"),
        Probe(2, 0.2, 0.9, "a", None),  # it hung, and was answered when the service was back
        Probe(3, 0.3, 0.01, "a", "refused"),
        Probe(4, 1.2, 0.01, "a", None),
    ]
    assert Outage(probes, [], 0.1, 1.3).windows == [Window(0.1, pytest.approx(1.21))]


def test_the_first_answer_ends_an_outage_whichever_probe_it_is_for() -> None:
    probes = [
        Probe(0, 0.0, 0.01, "a", None),
        Probe(1, 0.1, 0.01, "a", "refused"),
        Probe(2, 0.2, 1.02, "a", None),  # its connection was begun once more after a second
        Probe(3, 0.3, 0.02, "a", None),
    ]
    seen = Outage(probes, [], 0.1, 0.4)
    assert seen.windows == [Window(0.1, pytest.approx(0.32))]
    assert seen.resolution == pytest.approx(0.12)


def test_resolution() -> None:
    assert outage("+", "+").resolution == pytest.approx(0.1)
    assert outage("+", "+", seconds=5.0).resolution == pytest.approx(4.9)
    assert outage("+", "-", "+").resolution == pytest.approx(0.11)  # an answer took 0.01


def test_table() -> None:
    table = outage("+", "-", "-", "+").table()
    assert list(table.columns) == ["figure", "value", "unit"]
    assert table.values.tolist() == [
        ["longest outage", 0.21, "s"],
        ["outages", 1, ""],
        ["requests lost", 2, "of 4"],
        ["resolution", 0.11, "s (interval 0.1 s)"],
        ["gone after", 0.2, "s"],
    ]
    assert Outage([], [], 0.1, 1.0).table().value.tolist() == [0.0, 0, 0, 0.1]


def test_compared() -> None:
    table = compared({"one replica": outage("+", "-", "+"), "two": outage("++", "-+", "++")})
    assert table.to_dict("records") == [
        {
            **{"drill": "one replica", "longest_s": 0.11, "outages": 1, "requests_lost": 1},
            **{"of": 3, "resolution_s": 0.11},
        },
        {
            **{"drill": "two", "longest_s": 0.0, "outages": 0, "requests_lost": 0},
            **{"of": 3, "resolution_s": 0.1},
        },
    ]


# --- one request -------------------------------------------------------------------------------


def ask(answer: bytes, *, close: bool = True) -> str | None:
    """A request to a socket that gives this answer."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(answer)
        if close:
            theirs.shutdown(socket.SHUT_WR)
        return request(lambda: ours, "10.0.0.1", 0.3)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.0 404 Not Found\r\n",
        b"HTTP/1.1 301 \r\n",
        b"HTTP/1.1 200\n",
    ],
)
def test_an_answer_below_500_is_service(answer: bytes) -> None:
    assert ask(answer) is None


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "HTTP/1.1 503 Service Unavailable"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0-OpenSSH_9.2"),
        (b"HTTP/1.1 20\r\n", "HTTP/1.1 20"),
        (b"HTTP/1.1 abc\r\n", "HTTP/1.1 abc"),
        (b"\r\n", "an empty answer"),
        (b"", "closed without an answer"),
        (b"HTTP/1.1 200 OK", "closed without an answer"),
        (b"x" * 100_000, "x" * 80),
    ],
)
def test_any_other_answer_is_none(answer: bytes, failure: str) -> None:
    assert ask(answer) == failure


def test_no_answer_in_time() -> None:
    assert ask(b"", close=False) == "timed out"


def test_what_is_asked() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(OK)
        request(lambda: ours, "10.0.0.1", 5.0)
        theirs.settimeout(5.0)
        asked = theirs.recv(4096)
    assert asked == b"GET / HTTP/1.1\r\nHost: 10.0.0.1\r\nConnection: close\r\n\r\n"

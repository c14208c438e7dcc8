"""Waiting: a deadline, and everything that was seen on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runbook.errors import (
    Evidence,
    HostKeyError,
    NotAuthenticated,
    RunbookError,
    SudoRefused,
    TargetError,
    ToolMissing,
    Unreachable,
    WaitFailed,
)
from runbook.facts.base import Condition, Observation
from runbook.wait import Waited, wait_until


def looks(*answers: Observation | RunbookError) -> Condition:
    """A condition that gives one answer after the other, then the last one for ever."""
    given: Iterator[Observation | RunbookError] = iter(answers)
    last = list(answers)[-1]

    def look() -> Observation:
        answer = next(given, last)
        if isinstance(answer, RunbookError):
            raise answer
        return answer

    return look


NOT_YET, HELD = Observation(False, "0/1"), Observation(True, "1/1")


def wait(condition: Condition, **options: float) -> Waited:
    return wait_until("it runs", condition, **{"every": 0.001, "deadline": 60.0, **options})


def test_it_ends_when_the_condition_holds() -> None:
    waited = wait(looks(NOT_YET, NOT_YET, HELD))
    assert [seen.seen for _, seen in waited.observations] == ["0/1", "0/1", "1/1"]
    assert [seen.seen for _, seen in waited.changes()] == ["0/1", "1/1"]
    assert waited.held
    assert waited.seconds == waited.observations[-1][0] <= 60


def test_an_error_is_an_observation() -> None:
    waited = wait(looks(Unreachable("node01 is away"), NotAuthenticated("not yet"), HELD))
    assert [o.seen for _, o in waited.observations] == ["node01 is away", "not yet", "1/1"]


@pytest.mark.parametrize("kind", [HostKeyError, SudoRefused, ToolMissing, TargetError])
def test_what_waiting_cannot_mend_is_raised_at_once(kind: type[RunbookError]) -> None:
    with pytest.raises(kind, match="no"):
        wait(looks(NOT_YET, kind("no"), HELD))


def test_a_passed_deadline_tells_the_last_observation_and_what_was_seen() -> None:
    with pytest.raises(WaitFailed) as caught:
        wait(looks(Observation(False, "0/1"), Observation(False, "Preparing")), deadline=0.05)
    told = str(caught.value)
    assert "for: it runs; the last thing seen was: Preparing" in told
    assert "s  0/1\n" in told
    assert caught.value.exit_code == 1
    assert caught.value.remedy


def test_the_evidence_of_the_last_error_is_kept() -> None:
    evidence = Evidence("node01", "etcdctl cluster-health", 5, 1.0, "cluster is unhealthy")
    with pytest.raises(WaitFailed, match="unhealthy") as caught:
        wait(looks(RunbookError("exit code 5", evidence=evidence)), deadline=0.02)
    assert caught.value.evidence == evidence


def test_there_is_always_a_first_look_and_one_at_the_deadline() -> None:
    with pytest.raises(WaitFailed):
        wait(looks(NOT_YET), deadline=0.0)
    times: list[float] = []

    def observe(waited: Waited) -> None:
        times.append(waited.observations[-1][0])

    with pytest.raises(WaitFailed):
        wait_until("x", looks(NOT_YET), deadline=0.05, every=1000.0, observer=observe)
    assert len(times) == 2
    assert times[1] >= 0.05


def test_seconds_are_the_targets() -> None:
    waited = wait(looks(NOT_YET, HELD), clock=1000.0, every=5.0)
    assert waited.seconds >= 5.0


def test_the_observer_is_told_of_each_look() -> None:
    told: list[int] = []
    wait_until(
        "x", looks(NOT_YET, HELD), every=0.001, observer=lambda w: told.append(len(w.observations))
    )
    assert told == [1, 2]


def test_what_was_seen_as_a_table() -> None:
    waited = Waited("it runs", 60.0, [(0.04, NOT_YET), (1.0, NOT_YET), (2.26, HELD)])
    table = waited.table()
    assert table.values.tolist() == [[0.0, "0/1", False], [2.3, "1/1", True]]
    assert table.attrs["caption"] == "Waited until it runs: held after 2.3 s (deadline 60 s)"
    assert "it runs" in str(waited)
    none = Waited("it runs", 60.0)
    assert (none.held, none.seconds, len(none.table())) == (False, 0.0, 0)

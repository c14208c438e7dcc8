"""Acts: done only when needed, recorded once, and what is left is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runbook.changes.base import Act, drill, plan_table
from runbook.errors import CloudError, CommandFailed, HostKeyError, Refused, Unreachable
from runbook.record import Journal
from runbook.session import lock
from runbook.session.acts import Acts
from runbook.session.approval import Approval


class Thing:
    """Something that can be changed."""

    def __init__(self, done: bool = False, breaks: bool = False) -> None:
        self.done, self.breaks, self.times = done, breaks, 0

    def act(self, what: str, **more: object) -> Act:
        return Act(what, [("node00", f"do {what}")], lambda: self.done, self._do, **more)  # type: ignore[arg-type]

    def back(self, what: str) -> Act:
        def undo() -> None:
            self.done = False

        return Act(what, [("node00", f"do {what}")], lambda: not self.done, undo)

    def _do(self) -> None:
        self.times += 1
        if self.breaks:
            raise CommandFailed("it broke")
        self.done = True


def changes(journal: Journal) -> list[tuple[str, bool]]:
    return [(e["what"], e["lasting"]) for e in journal.events if e["event"] == "change"]


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def acts(journal: Journal) -> Acts:
    return Acts(journal, lambda what: None)


def test_an_act_is_done_once_and_recorded_once(acts: Acts, journal: Journal) -> None:
    thing = Thing()
    for outcome in ("done", "nothing to do: it is so already"):
        assert list(acts.apply(thing.act("it")).outcome) == [outcome]
    assert (thing.times, changes(journal)) == (1, [("it", True)])
    assert "left so: it" in acts.left()


def test_nothing_is_left_by_nothing(acts: Acts) -> None:
    assert acts.left() == ""
    assert list(acts.apply_all([])) == ["act", "outcome"]
    assert list(acts.apply_together([])) == ["act", "outcome"]


def test_a_drill_is_left_open_until_it_is_taken_back(acts: Acts, journal: Journal) -> None:
    thing = Thing()
    there, back = drill(thing.act("cut"), thing.back("restore"))
    assert list(plan_table([there, back]).state) == ["to do", "afterwards"]
    acts.apply(there)
    assert "cut; to take it back: do restore" in acts.left()
    acts.apply(back)
    assert acts.left() == ""
    assert changes(journal) == [("cut", False), ("restore", False)]


def test_an_act_that_failed_may_have_been_done_in_part(acts: Acts, journal: Journal) -> None:
    thing = Thing(breaks=True)
    there, _ = drill(thing.act("cut"), thing.back("restore"))
    with pytest.raises(CommandFailed):
        acts.apply(there)
    assert "cut; to take it back" in acts.left()
    assert changes(journal) == []


def test_together_all_end_before_the_first_error(acts: Acts) -> None:
    good, bad = Thing(), Thing(breaks=True)
    with pytest.raises(CommandFailed):
        acts.apply_together([bad.act("bad"), good.act("good")])
    assert good.done
    assert "left so: good" in acts.left()


def test_nothing_is_done_unasked(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_JOURNAL", "x")
    approval, thing = Approval("drill", journal), Thing()
    acts = Acts(journal, approval.permit)
    approval.plan([thing.act("it")])
    for refused in (lambda: approval.ask(False), lambda: acts.apply(thing.act("it"))):
        with pytest.raises(Refused):
            refused()
    assert thing.times == 0
    approval.ask(True)
    acts.apply(thing.act("it"))
    assert thing.times == 1


def test_a_plan_that_was_done_approves_nothing(journal: Journal) -> None:
    """Somebody undoes it between the plan and the act: that was never approved."""
    approval, thing = Approval("drill", journal), Thing(done=True)
    acts = Acts(journal, approval.permit)
    approval.plan([thing.act("it")])
    assert "Nothing to do" in str(approval.ask(False))
    thing.done = False
    with pytest.raises(Refused):
        acts.apply(thing.act("it"))


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Unreachable("it is still to be made"), "to do"),
        (CommandFailed("no cluster yet"), "to do"),
        (HostKeyError("changed"), None),
        (CloudError("two of that name"), None),
    ],
)
def test_what_cannot_be_told_yet_is_to_do_and_what_is_wrong_is_raised(
    error: Exception, state: str | None
) -> None:
    def look() -> bool:
        raise error

    act = Act("it", [("node00", "do it")], look, lambda: None)
    if state:
        assert act.state() == state
    else:
        with pytest.raises(type(error)):
            act.state()


def test_the_lock_is_this_processs_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Target:
        name = "somewhere"

    held: dict[Path, Any] = {}
    monkeypatch.setattr(lock, "_held", held)
    monkeypatch.setenv("RUNBOOK_OUTPUTS", str(tmp_path))
    lock.take(Target(), "one")  # type: ignore[arg-type]
    lock.take(Target(), "one again")  # type: ignore[arg-type]
    assert "one (process" in (tmp_path / "locks" / "somewhere.lock").read_text()
    [file] = held.values()
    file.close()

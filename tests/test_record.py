"""The journal of a run, the verdict that follows from it, and the records on disk."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from runbook import archive, atomic, page
from runbook.errors import RunbookError
from runbook.record import VARIABLE, Journal, load
from runbook.secret import Redactor
from runbook.verdict import Ending, Facts, compose, judge


def cells(*states: str) -> list[dict[str, Any]]:
    return [
        {"id": f"cell-{number}", "tags": [], "state": state, "seconds": 1.0}
        for number, state in enumerate(states)
    ]


def a_record(verdict: str = "passed", run_id: str = "0011aabb", **more: Any) -> dict[str, Any]:
    journal = Journal()
    journal.check("members", 3, 3, True)
    journal.check("<b>quorum</b>", True, False, False)
    journal.change("node00", "etcdctl set /x y", "set the key")
    journal.change("node01", "power off", "switch it off", lasting=False)
    journal.command("node00", "etcdctl ls", None, 2.0, "ask")
    facts = Facts(
        run_id=run_id,
        runbook="etcd-verify-cluster",
        title="A cluster that is well",
        runbook_sha256="0" * 64,
        parameters={"target": "twin"},
        operator="core@node00",
        started="2016-11-14T09:30:00.000Z",
        ended="2016-11-14T09:31:05.000Z",
        seconds=65,
    )
    ending = Ending(error=("CheckFailed", "no")) if verdict == "failed" else Ending()
    found = compose(facts, cells("completed"), journal.events, judge([], [], ending))
    return {**found, **more}


# --- the journal


def test_events_go_to_the_file_as_they_happen_and_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "journal.jsonl"
    monkeypatch.setenv(VARIABLE, str(file))
    redactor = Redactor()
    redactor.add("token", "hunter22")
    journal = Journal(redactor.clean_all)
    journal.command("node00", "login hunter22", 0, 1.25, "change")
    assert load(file) == journal.events
    journal.check("answer", {"is": Path("/x")}, ["hunter22"], True)
    assert [event["event"] for event in load(file)] == ["command", "check"]
    assert "hunter22" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load(file)[0]["text"] == "login «token»"
    assert load(file)[1]["expected"] == {"is": "/x"}


def test_without_a_file_events_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    journal = Journal()
    journal.refused("not approved")
    assert [event["event"] for event in journal.events] == ["refused"]


def test_a_journal_that_cannot_be_written_ends_the_run(tmp_path: Path) -> None:
    journal = Journal(file=tmp_path / "nowhere" / "journal")
    with pytest.raises(RunbookError, match="leaves no evidence"):
        journal.planned()


def test_a_last_line_cut_by_a_kill_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    file.write_text('{"event": "planned"}\n{"event": "che')
    assert load(file) == [{"event": "planned"}]
    file.write_text('{"event": "pla\n{"event": "check"}\n')
    with pytest.raises(RunbookError, match="line 1"):
        load(file)


# --- the verdict


def event(kind: str, /, **fields: Any) -> dict[str, Any]:
    return {"event": kind, **fields}


HELD, BROKEN = event("check", name="a", passed=True), event("check", name="b", passed=False)


@pytest.mark.parametrize(
    ("states", "events", "ending", "word", "exit_code"),
    [
        (["completed"], [HELD], Ending(), "passed", 0),
        (["completed"], [HELD, BROKEN], Ending(), "failed", 1),
        (["completed", "not run"], [HELD], Ending(), "failed", 5),
        (["failed"], [], Ending(error=("ValueError", "x")), "failed", 5),
        (["failed"], [], Ending(error=("CheckFailed", "x")), "failed", 1),
        (["failed"], [], Ending(error=("TargetError", "x")), "failed", 2),
        (["failed"], [], Ending(error=("Refused", "x")), "refused", 3),
        (["completed"], [event("refused", reason="x")], Ending(), "refused", 3),
        (["failed"], [], Ending(error=("HostKeyError", "x")), "failed", 4),
        (
            ["failed"],
            [event("error", kind="Ours", exit_code=4, text="x")],
            Ending(error=("Ours", "x")),
            "failed",
            4,
        ),
        (["completed"], [event("planned")], Ending(error=("Planned", "x")), "planned", 0),
        (["failed"], [], Ending(error=("Planned", "x")), "failed", 5),
        (["failed"], [event("planned")], Ending(error=("ValueError", "x")), "failed", 5),
        (["failed"], [], Ending(error=("SystemExit", "0")), "aborted", 5),
        (["failed"], [], Ending(error=("KeyboardInterrupt", "")), "aborted", 130),
        (["completed"], [HELD], Ending("the kernel is gone"), "aborted", 5),
        (["completed"], [HELD], Ending("SIGTERM", interrupted=True), "aborted", 130),
    ],
)
def test_the_verdict(
    states: list[str], events: list[Any], ending: Ending, word: str, exit_code: int
) -> None:
    verdict = judge(cells(*states), events, ending)
    assert (verdict.word, verdict.exit_code) == (word, exit_code)
    assert verdict.reason


def test_the_counts_tell_lasting_changes_from_drill_acts() -> None:
    counts = a_record()["counts"]
    assert (counts["changes"], counts["acts"]) == (1, 1)
    assert (counts["checks"], counts["checks_failed"], counts["commands"]) == (2, 1, 1)


# --- on disk


NOTEBOOK = {
    "cells": [
        {
            "cell_type": "markdown",
            "id": "a",
            "source": "# T\n\n<script>x</script> ![p](http://x/y)",
        },
        {
            "cell_type": "code",
            "id": "cell-0",
            "source": ["a < b"],
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": "a \x1b[31m<red>\x1b[0m"},
                {
                    "output_type": "display_data",
                    "data": {"image/svg+xml": "<svg>x</svg>", "text/plain": "picture"},
                },
                {
                    "output_type": "display_data",
                    "data": {
                        "text/html": '<table><tr><td>1</td></tr></table><script src="http://x/y.js">'
                        '</script><img src="http://x/y.png"><link rel="stylesheet" href="//x/y">'
                    },
                },
                {"output_type": "error", "ename": "E", "evalue": "no", "traceback": ["E: no"]},
            ],
        },
    ]
}


def test_a_record_is_three_files_and_the_index_names_them(tmp_path: Path) -> None:
    stored = archive.store(tmp_path, a_record(), "{}", page.record_page(a_record(), NOTEBOOK))
    folder = tmp_path / "records/2016/11/14"
    stem = "20161114T093000Z_etcd-verify-cluster_passed_0011aabb"
    assert sorted(p.name for p in folder.iterdir()) == [
        f"{stem}.{k}" for k in ("html", "ipynb", "json")
    ]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o640 for path in folder.iterdir())
    assert json.loads((folder / f"{stem}.json").read_text())["files"] == stored["files"]
    index = archive.write_index(tmp_path).read_text()
    for file in stored["files"].values():
        assert f'href="{file}"' in index
        assert (tmp_path / file).is_file()


def test_the_page_needs_nothing_but_itself() -> None:
    text = page.record_page(a_record(), NOTEBOOK)
    assert "default-src 'none'" in text
    assert not re.search(r"(?i)</?(script|link|iframe)|\bsrc\s*=(?!\"data:)", text)
    assert "data:image/svg+xml;base64," in text
    assert "a &lt;red&gt;" in text
    assert "&lt;b&gt;quorum&lt;/b&gt;" in text
    assert "<td>1</td>" in text
    assert text.index(">FAILED<") < text.index(">held<")


def test_records_come_newest_first_and_by_name(tmp_path: Path) -> None:
    for day in (1, 3, 2):
        record = a_record(run_id=f"{day:08}", started=f"2016-11-0{day}T00:00:00.000Z")
        archive.store(tmp_path, record, "{}", "")
    assert [r["run_id"][-1] for r in archive.records(tmp_path)] == ["3", "2", "1"]
    assert archive.records(tmp_path, "another") == []


@pytest.mark.parametrize("fails", ["fsync", "rename"])
def test_no_half_record_stays_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    calls = 0
    real_fsync, real_rename = os.fsync, Path.rename

    def full(real: Any) -> Any:
        def call(*arguments: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments)

        return call

    if fails == "fsync":
        monkeypatch.setattr(os, "fsync", full(real_fsync))
    else:
        monkeypatch.setattr(Path, "rename", full(real_rename))
    with pytest.raises(RunbookError, match="No space left"):
        archive.store(tmp_path, a_record(), "{}", "")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_replaced_file_stays_when_the_new_one_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "index.html"
    atomic.write(file, "old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        atomic.write(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_run_without_a_runner_is_aborted_and_a_living_one_runs(tmp_path: Path) -> None:
    running = archive.Running(tmp_path)
    running.begin({"runbook": "x", "started": "2016-11-14T09:30:00.000Z", "parameters": {}})
    [record] = archive.records(tmp_path)
    assert record["verdict"] == "running"
    Journal(file=running.journal).command("node00", "true", 0, 1, "run")
    running.close(keep=True)
    [record] = archive.records(tmp_path)
    assert (record["verdict"], record["counts"]["commands"]) == ("aborted", 1)
    assert "aborted" in archive.write_index(tmp_path).read_text()


@pytest.mark.parametrize("place", ["file", "full"])
def test_outputs_that_cannot_be_written_are_found_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    outputs = tmp_path / "outputs"
    if place == "file":
        outputs.write_text("not a folder")
    else:
        monkeypatch.setattr(archive, "NEEDED_BYTES", 1 << 80)
    with pytest.raises(RunbookError, match="cannot be written") as error:
        archive.Running(outputs)
    assert error.value.exit_code == 5


def test_a_record_that_somebody_broke_is_named(tmp_path: Path) -> None:
    stored = archive.store(tmp_path, a_record(), "{}", "")
    (tmp_path / stored["files"]["json"]).write_text("{")
    with pytest.raises(RunbookError, match=r"0011aabb.*cannot be read"):
        archive.records(tmp_path)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "-"), (3.21, "3.2 s"), (65, "1 min 05 s"), (3845, "1 h 04 min")],
)
def test_durations_as_people_say_them(seconds: float | None, words: str) -> None:
    assert page.duration(seconds) == words

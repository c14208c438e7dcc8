"""What the pages say beside the verdict: what to look after, and how things are written."""

from __future__ import annotations

from typing import Any

from runbook import page
from runbook.view.shown import command

CHANGE = {"at": "2016-11-14T23:59:59.123Z", "server": "manager0", "what": "webserver: 2 replicas"}
RECORD: dict[str, Any] = {
    **{"run_id": "0011aabb", "runbook": "swarm-fail-over", "runbook_sha256": "0" * 64},
    **{"title": "Drill", "verdict": "aborted", "reason": "killed\nby <hand>", "exit_code": 5},
    **{"started": "2016-11-14T23:59:00.000Z", "seconds": 75.0, "parameters": {}, "commands": []},
    "target": {"name": "twin", "sha256": None},
    "operator": {"who": "op", "note": "ticket <4711>"},
    "counts": {
        **{"cells": 1, "cells_run": 1, "commands": 0, "changes": 0, "acts": 1},
        **{"checks": 1, "checks_failed": 0},
    },
    "cells": [{"id": "change-2", "state": "failed", "seconds": 1.0}],
    "checks": [{"name": "outage", "expected": True, "observed": 0.30307, "passed": True}],
    "changes": [{**CHANGE, "text": "docker service update --replicas 2 web", "lasting": False}],
    "versions": {"python": "3.11.7", "tools": []},
    "files": {"html": "a.html", "json": "a.json"},
}
NEXT = {"cell_type": "markdown", "id": "next-1", "metadata": {"tags": ["next"]}, "source": "# Next"}
CODE = {"cell_type": "code", "id": "change-2", "source": "run.apply(two)", "outputs": []}


def test_a_drill_that_was_killed_names_what_may_still_stand() -> None:
    text = page.record_page(RECORD, {"cells": [CODE, NEXT]})
    assert "See whether all of this is taken back:\nwebserver: 2 replicas" in text
    passed = page.record_page({**RECORD, "verdict": "passed"}, {"cells": [CODE, NEXT]})
    assert "taken back" not in passed


def test_links_lead_to_the_failed_cell_and_to_the_next_step() -> None:
    text = page.record_page(RECORD, {"cells": [CODE, NEXT]})
    assert 'href="#cell-change-2"' in text
    assert 'id="cell-change-2"' in text
    assert 'href="#next"' in text
    assert '<section id="next">' in text
    assert "<details open>" in text  # its code is to be seen at once


def test_values_are_written_for_people() -> None:
    text = page.record_page(RECORD, {"cells": []})
    assert "<td>yes</td>" in text
    assert "<td>0.303</td>" in text
    assert '<time title="2016-11-14 23:59:59 UTC">23:59:59</time>' in text
    assert "1 min 15 s" in text


def test_no_line_breaks_within_a_flag() -> None:
    assert command("run --name <a> -d x-y") == (
        "run <span style='white-space:nowrap'>--name</span> &lt;a&gt; "
        "<span style='white-space:nowrap'>-d</span> x-y"
    )


def test_the_index_says_why_who_and_how_many() -> None:
    text = page.index_page([RECORD, {**RECORD, "verdict": "passed", "reason": "all held"}])
    assert "2 runs, newest first: 1 aborted, 1 passed" in text
    assert '<span class="why">killed\nby &lt;hand&gt;</span>' in text
    assert '<span class="why">all held' not in text
    assert text.count("ticket &lt;4711&gt;") == 2

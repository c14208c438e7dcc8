"""Checks: expected against observed, all of them in one table."""

from __future__ import annotations

import pytest

from runbook.check import Check, Checks
from runbook.errors import CheckFailed


def test_all_kinds() -> None:
    told: list[Check] = []
    checks = Checks(told.append)
    checks.equal("members", 3, 3)
    checks.equal("states", ["Ready"], ["Down"])
    checks.at_least("managers", 2, 1)
    checks.at_least("workers", 2, 2)
    checks.at_most("outage", 40, 40.5)
    checks.at_most("lost", 5, 5)
    checks.holds("page answers", [1])
    checks.holds("leader", None)
    assert told == checks.made
    assert [check.passed for check in checks.made] == [True, False] * 1 + [False, True] * 2 + [
        True,
        False,
    ]
    table = checks.table()
    assert list(table.columns) == ["check", "expected", "observed", "passed"]
    assert table.expected.tolist() == [
        *(3, ["Ready"], "at least 2", "at least 2", "at most 40", "at most 5"),
        *(True, True),
    ]
    assert table.observed.tolist()[-2:] == [True, False]


def test_require_names_each_that_failed() -> None:
    checks = Checks()
    checks.require()
    checks.equal("members", 3, 3)
    checks.require()
    checks.equal("state", "healthy", "degraded")
    checks.holds("leader", False)
    with pytest.raises(CheckFailed) as caught:
        checks.require()
    assert "2 of 3 checks failed" in caught.value.what
    assert "✗ state: expected healthy, observed degraded" in caught.value.what
    assert caught.value.exit_code == 1


def test_in_one_line() -> None:
    assert str(Check("a", 1, 2, False)) == "✗ a: expected 1, observed 2"
    assert str(Check("a", 1, 1, True)).startswith("✓ ")

"""The whole book in its order, every runbook twice: the second time nothing changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runbook.notebook import Runbook
from runbook.rehearse import BOOK
from runbook.runner import job_parameters

from .conftest import ROOT, Cluster, Play, ended

MEASURED = {"fleet-fail-over", "swarm-fail-over"}  # they take back everything: once is enough
CHANGE_NOTHING = {"coreos-render-config", "fleet-fail-over", "rancheros-manage-versions",
                  "swarm-fail-over"}  # fmt: skip
DRILL_ACTS = {"fleet-fail-over": 2, "rancheros-inspect-node": 1, "rancheros-manage-versions": 6,
              "swarm-fail-over": 6}  # fmt: skip


def parameters(name: str) -> dict[str, Any]:
    """Those of the runbook's job, and what a destructive one needs."""
    job = ROOT / "params" / "jobs" / f"{name}.yaml"
    given = job_parameters(job) if job.is_file() else {}
    if Runbook.read(ROOT / "runbooks" / f"{name}.ipynb").about["destructive"]:
        given["approved"] = True
    return {key: value for key, value in given.items() if key != "target"}


def test_the_book_in_its_order_and_each_runbook_twice(
    calm: Cluster, play: Play, outputs: Path
) -> None:
    for name in BOOK:
        first = play(name, calm.target, **parameters(name))
        assert ended(first) == ("passed", 0), name
        assert (first["counts"]["changes"] == 0) == (name in CHANGE_NOTHING), name
        _check(first)
        if name not in MEASURED:
            second = play(name, calm.target, **parameters(name))
            assert ended(second) == ("passed", 0), name
            assert second["counts"]["changes"] == 0, name
            _check(second)
    assert calm.state() == []
    _no_token_in(outputs)


def _check(record: dict[str, Any]) -> None:
    name = record["runbook"]
    assert record["counts"]["acts"] == DRILL_ACTS.get(name, 0), name
    assert [c for c in record["commands"] if c["exit_code"] is None] == [], name
    observed = {check["name"]: check["observed"] for check in record["checks"]}
    if record["runbook"] == "fleet-fail-over":
        # 17 s until the machine is missed, and the pull of the image.
        assert 17 <= observed["longest outage, seconds"] <= 120
    if record["runbook"] == "swarm-fail-over":
        one = observed["longest outage with 1 replica, seconds"]
        assert 10 <= one <= 120
        assert observed["longest outage with 2 replicas, seconds"] < one


def _no_token_in(outputs: Path) -> None:
    files = [path for path in outputs.rglob("*") if path.is_file()]
    assert len(files) > 3 * (2 * len(BOOK) - len(MEASURED))
    assert [path for path in files if b"SWMTKN-" in path.read_bytes()] == []

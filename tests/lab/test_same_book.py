"""The same runbooks on the twin and in the lab: the same verdicts, checks and tables."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ..runbooks.conftest import CALM, Cluster, cluster
from . import events, recorded
from .compared import REASONS
from .conftest import play
from .sides import Side

BOOK: tuple[tuple[str, dict[str, Any]], ...] = (
    ("coreos-render-config", {}),
    ("coreos-build-cluster", {}),
    ("etcd-verify-cluster", {}),
    ("swarm-set-up", {}),
    ("rancheros-inspect-node", {}),
    ("rancheros-configure-node", {}),
    ("swarm-fail-over", {"approved": True}),
    ("cluster-tear-down", {"approved": True}),
)
MEASURED = ("swarm-fail-over",)  # nothing else runs meanwhile
NOT_THERE = ("fleet-run-nginx", "fleet-fail-over")


def excused(runbook: str) -> set[str]:
    """Rows that only one side may have; each entry of the file has a reason."""
    entries = [e for e in YAML(typ="safe").load(REASONS) if e.get("runbook") == runbook]
    assert all(entry["reason"] for entry in entries)
    return {row for entry in entries for row in entry["rows"]}


def test_the_book_shows_the_same_on_both(
    up: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = Path(os.environ["RUNBOOK_OUTPUTS"])
    found: list[str] = []
    spawn = multiprocessing.get_context("spawn")
    with (
        cluster(tmp_path / "twin", CALM, "--empty") as twin,
        ProcessPoolExecutor(1, spawn) as beside,
    ):
        for name, parameters in BOOK:
            rehearsed = beside.submit(play, twin.folder, name, **parameters)
            if name in MEASURED:
                wait([rehearsed])
            two = play(up, name, **parameters)
            one = rehearsed.result()
            assert (one["verdict"], two["verdict"]) == ("passed", "passed"), name
            assert recorded.checks(one) == recorded.checks(two), name
            states = [[(c["id"], c["state"]) for c in record["cells"]] for record in (one, two)]
            assert states[0] == states[1], name
            pairs = zip(recorded.tables(outputs, one), recorded.tables(outputs, two), strict=True)
            for here, there in pairs:
                told = recorded.differences(here, there, excused(name))
                found += [f"{name} {words}" for words in told]
            with capsys.disabled():
                print(f"  {two['verdict']} {name}")  # noqa: T201 - what make lab shows
            if name == "swarm-set-up":
                _check_order(twin, up)
            if name == "swarm-fail-over":
                _check_drill(outputs, two)
            if name == "etcd-verify-cluster":
                for other in NOT_THERE:
                    refused = play(up, other, approved=True) if "fail" in other else play(up, other)
                    assert (refused["verdict"], refused["exit_code"]) == ("refused", 3)
                    assert "this image has no fleet" in refused["reason"]
    assert not found, "\n".join(found)


def _check_order(twin: Cluster, up: Path) -> None:
    """The same events of a failover, in the same order."""
    orders = []
    for name, folder in (("twin", twin.folder), ("lab", up)):
        side = Side(name, folder, cut=lambda _: None, heal=lambda _: None)
        orders.append(events.failover(side))
        side.close()
    assert events.turned_round(*orders) == [], orders


def _check_drill(outputs: Path, record: dict[str, Any]) -> None:
    """One replica: an outage measured in seconds; two: none that the meter can tell, which on a
    machine that keeps up is at most one probe interval."""
    observed = {check["name"]: check["observed"] for check in record["checks"]}
    assert observed["longest outage with 1 replica, seconds"] > 5
    resolution = float(recorded.column(outputs, record, "resolution_s")[-1])
    assert observed["longest outage with 2 replicas, seconds"] <= max(0.1, resolution)

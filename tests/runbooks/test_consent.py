"""What needs consent is not done without it; a plan changes nothing; guards hold."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.rehearse import BOOK

from .conftest import Cluster, Play, ended, verbs


@pytest.mark.parametrize(
    ("name", "parameters", "why"),
    [
        ("fleet-fail-over", {}, "not approved"),
        ("swarm-fail-over", {}, "not approved"),
        ("cluster-tear-down", {}, "not approved"),
        (
            "rancheros-manage-versions",
            {"try_release": "v0.6.0", "downgrade_approved": True},
            "not approved",
        ),
        (
            "rancheros-manage-versions",
            {"try_release": "v0.5.0", "approved": True},
            "this is a downgrade",
        ),
        (
            "rancheros-manage-versions",
            {"try_engine": "docker-1.11.2", "approved": True},
            "is a Swarm member",
        ),
        ("etcd-verify-cluster", {"value": "another", "approved": False}, "not approved"),
    ],
)
def test_refused_and_nothing_was_touched(
    furnished: Cluster, play: Play, name: str, parameters: dict[str, Any], why: str
) -> None:
    before = furnished.state()
    record = play(name, furnished.target, **parameters)
    assert ended(record) == ("refused", 3)
    assert why in record["reason"]
    assert "change" not in verbs(record)
    assert (record["counts"]["changes"], record["counts"]["acts"]) == (0, 0)
    assert furnished.state() == before


@pytest.mark.parametrize("name", BOOK)
def test_a_plan_touches_nothing(furnished: Cluster, play: Play, name: str) -> None:
    before = furnished.state()
    record = play(name, furnished.target, plan=True)
    assert ended(record) == ("planned", 0)
    assert "change" not in verbs(record)
    assert [cell["state"] for cell in record["cells"]][-1] == "not run"
    assert furnished.state() == before


@pytest.mark.parametrize(
    ("name", "parameters", "told"),
    [
        (
            "rancheros-manage-versions",
            {"try_release": "v9.9.9"},
            "'v9.9.9' is not among the releases",
        ),
        ("rancheros-configure-node", {"dns_servers": ["109.234.159.91"]}, "188.93.16.19"),
        ("rancheros-configure-node", {"server": "nosuch"}, "it has: manager0, worker0, worker1"),
        ("coreos-build-cluster", {"bootstrap": "magic"}, "auto, discovery, self-hosted, static"),
        ("coreos-render-config", {"own_file": "no/such/file"}, "No such file"),
    ],
)
def test_values_that_make_no_sense_are_bad_usage(
    furnished: Cluster, play: Play, name: str, parameters: dict[str, Any], told: str
) -> None:
    record = play(name, furnished.target, **parameters)
    assert ended(record) == ("failed", 2)
    assert told in record["reason"]
    assert "change" not in verbs(record)


def test_a_failed_check_ends_the_run_before_anything_is_touched(
    furnished: Cluster, play: Play
) -> None:
    record = play("etcd-verify-cluster", furnished.target, members=5, value="another")
    assert ended(record) == ("failed", 1)
    assert "members: expected 5, observed 3" in record["reason"]
    assert "change" not in verbs(record)

"""Each runbook runs alone: it makes what it needs, or names the runbook that makes it."""

from __future__ import annotations

import pytest

from .conftest import Cluster, Play, ended


@pytest.mark.parametrize(
    ("name", "made_by"),
    [
        ("etcd-verify-cluster", "coreos-build-cluster"),
        ("fleet-run-nginx", "coreos-build-cluster"),
        ("fleet-fail-over", "coreos-build-cluster"),
        ("rancheros-configure-node", "rancheros-inspect-node"),
        ("rancheros-manage-versions", "rancheros-inspect-node"),
        ("swarm-fail-over", "swarm-set-up"),
    ],
)
def test_missing_servers_are_named_with_the_runbook_that_makes_them(
    bare: Cluster, play: Play, name: str, made_by: str
) -> None:
    record = play(name, bare.target)
    assert ended(record) == ("failed", 2)
    assert "the cloud has no server" in record["reason"]
    assert f"run the runbook {made_by} first" in record["reason"]


@pytest.mark.parametrize("name", ["coreos-render-config", "cluster-tear-down"])
def test_nothing_is_needed(bare: Cluster, play: Play, name: str) -> None:
    record = play(name, bare.target)
    assert ended(record) == ("passed", 0)
    assert record["counts"]["changes"] == 0


def test_a_swarm_from_nothing(empty: Cluster, play: Play) -> None:
    record = play("swarm-set-up", empty.target)
    assert ended(record) == ("passed", 0)
    assert len(empty.state()) == 3


def test_etcd_that_finds_itself_by_other_means(empty: Cluster, play: Play) -> None:
    more = (
        "  more:\n    user: core\n    image: coreos\n    flavor: m1.small\n    network: private\n"
    )
    more += "    subnet: 192.168.0.0/24\n    servers: {node10: 192.168.0.20}\n"
    target = empty.edited("more", ("groups:\n", f"groups:\n{more}"))
    static = play("coreos-build-cluster", target, bootstrap="static")
    assert ended(static) == ("passed", 0)
    hosted = "http://192.168.0.10:2379"
    alone = play(
        "coreos-build-cluster", target, group="more", bootstrap="self-hosted", service=hosted
    )
    assert ended(alone) == ("passed", 0)
    check = play("etcd-verify-cluster", target, group="more", members=1)
    assert ended(check) == ("passed", 0)
    assert empty.on("192.168.0.10", "etcdctl get common/cluster-name || echo none") == "none\n"


def test_what_runs_no_more_is_named_and_nothing_is_switched_off(own: Cluster, play: Play) -> None:
    own.on("192.168.0.10", "fleetctl destroy nginx.service")
    own.on("192.168.0.100", "docker service rm webserver")
    before = own.state()
    for name, made_by in (
        ("fleet-fail-over", "fleet-run-nginx"),
        ("swarm-fail-over", "swarm-set-up"),
    ):
        record = play(name, own.target, approved=True)
        assert ended(record) == ("failed", 2)
        assert f"run the runbook {made_by} first" in record["reason"]
    with own.fault("image-missing", "nginx"):
        record = play("fleet-run-nginx", own.target, deadline=40.0)
    assert ended(record) == ("failed", 1)
    assert "the last thing seen was: nginx.service: failed/failed" in record["reason"]
    assert "left so: start nginx.service" in record["reason"]
    assert own.state() == before


def test_a_cluster_without_a_cloud(furnished: Cluster, play: Play) -> None:
    """Plain hosts: what the cloud would have made is there, and the power switch is a command."""
    text = (furnished.folder / "target.yaml").read_text()
    cloud = text[text.index("cloud:") : text.index("groups:")]
    target = furnished.edited("plain", (cloud, ""))
    for name in ("coreos-build-cluster", "swarm-set-up", "etcd-verify-cluster"):
        record = play(name, target)
        assert ended(record) == ("passed", 0), name
        assert record["counts"]["changes"] == 0
    refused = play("fleet-fail-over", target, approved=True)
    assert ended(refused) == ("refused", 3)
    assert "no power switch" in refused["reason"]

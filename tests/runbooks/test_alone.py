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


MORE = """\
  {name}:
    user: core
    image: coreos
    flavor: m1.small
    network: private
    subnet: 192.168.0.0/24
    servers: {{{servers}}}
"""


def test_etcd_that_finds_itself_by_other_means(furnished: Cluster, play: Play) -> None:
    """All members by address, and a token in an etcd of our own; then only these are removed."""
    static = MORE.format(name="static", servers="node10: 192.168.0.20, node11: 192.168.0.21")
    hosted = MORE.format(name="hosted", servers="node20: 192.168.0.30")
    target = furnished.edited("more", ("groups:\n", f"groups:\n{static}{hosted}"))
    before = furnished.state()
    build, verify = "coreos-build-cluster", "etcd-verify-cluster"
    assert ended(play(build, target, group="static", bootstrap="static")) == ("passed", 0)
    assert ended(play(verify, target, group="static", members=2)) == ("passed", 0)
    service = {"bootstrap": "self-hosted", "service": "http://192.168.0.10:2379"}
    assert ended(play(build, target, group="hosted", **service)) == ("passed", 0)
    assert ended(play(verify, target, group="hosted", members=1)) == ("passed", 0)
    gone = play("cluster-tear-down", target, groups=["static", "hosted"], approved=True)
    assert ended(gone) == ("passed", 0)
    assert furnished.state() == before
    assert play(verify, furnished.target)["counts"]["changes"] == 0


TODAY = """\
  today:
    user: core
    image: flatcar
    flavor: m1.small
    network: private
    subnet: 192.168.0.0/24
    servers: {today0: 192.168.0.40, today1: 192.168.0.41, today2: 192.168.0.42}
"""
ETCD = (
    "etcd --name {0} --data-dir /var/lib/etcd --listen-client-urls http://0.0.0.0:2379 "
    "--advertise-client-urls http://192.168.0.4{0}:2379 "
    "--listen-peer-urls http://192.168.0.4{0}:2380 "
    "--initial-advertise-peer-urls http://192.168.0.4{0}:2380 --initial-cluster "
    "0=http://192.168.0.40:2380,1=http://192.168.0.41:2380,2=http://192.168.0.42:2380"
)


def test_today_s_successors(furnished: Cluster, play: Play) -> None:
    """Flatcar with Docker 28 and etcd 3.5: the same notebooks, the dialects of today."""
    target = furnished.edited("today", ("groups:\n", f"groups:\n{TODAY}"))
    before = furnished.state()
    swarm = play("swarm-set-up", target, group="today")
    assert ended(swarm) == ("passed", 0)
    tools = swarm["versions"]["tools"]
    assert [tool["version"] for tool in tools if tool["tool"] == "docker"] == ["28.2.2"] * 3
    for number in range(3):
        unit = f"[Service]\\nType=notify\\nExecStart=/usr/bin/{ETCD.format(number)}\\n"
        file = "/etc/systemd/system/etcd.service"
        start = f"systemctl start {'' if number else '--no-block'} etcd"  # the first one waits
        write = f"printf '{unit}' | sudo tee {file} && sudo {start}"
        furnished.on(f"core@192.168.0.4{number}", write)
    verified = play("etcd-verify-cluster", target, group="today")
    assert ended(verified) == ("passed", 0)
    assert any("endpoint health" in command["text"] for command in verified["commands"])
    gone = play("cluster-tear-down", target, groups=["today"], approved=True)
    assert ended(gone) == ("passed", 0)
    assert furnished.state() == before


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


@pytest.mark.parametrize(
    ("name", "check"), [("swarm-set-up", "image"), ("fleet-run-nginx", "fleet holds this unit")]
)
def test_what_is_there_in_another_form_is_left_and_told(
    own: Cluster, play: Play, name: str, check: str
) -> None:
    record = play(name, own.target, image="redis", deadline=30.0)
    assert ended(record) == ("failed", 1)
    assert [c["name"] for c in record["checks"] if not c["passed"]] == [check]
    assert f"✗ {check}: expected" in record["reason"]

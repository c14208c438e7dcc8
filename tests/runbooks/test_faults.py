"""A runbook meets each fault: a clear error, the right exit code, and nothing left unsaid."""

from __future__ import annotations

import pytest

from .conftest import Cluster, Play, ended, verbs


@pytest.mark.parametrize(
    ("fault", "name", "exit_code", "told"),
    [
        ("slow-link node00 40", "etcd-verify-cluster", 4, "node00"),
        ("sudo-refused manager0", "rancheros-configure-node", 5, "may not use sudo without"),
        ("image-missing nginx", "rancheros-inspect-node", 5, "nginx"),
        ("api-error 503 50", "coreos-build-cluster", 5, "503"),
    ],
)
def test_a_fault_that_can_be_mended(
    furnished: Cluster, play: Play, fault: str, name: str, exit_code: int, told: str
) -> None:
    before = furnished.state()
    with furnished.fault(*fault.split()):
        record = play(name, furnished.target)
    assert ended(record) == ("failed", exit_code)
    assert told in record["reason"]
    assert "Remedy:" in record["reason"]
    assert (record["counts"]["changes"], record["counts"]["acts"]) == (0, 0)
    assert furnished.state() == before


def test_a_full_disk_leaves_no_half_file(furnished: Cluster, play: Play) -> None:
    unit = "/etc/systemd/system/nginx.service"
    look = f"ls /etc/systemd/system; cat {unit}"
    before = furnished.on("192.168.0.10", look)
    with furnished.fault("disk-full", "node00"):
        record = play("fleet-run-nginx", furnished.target, port=8080)
    assert ended(record) == ("failed", 5)
    assert "No space left on device" in record["reason"]
    assert furnished.on("192.168.0.10", look) == before


def test_a_dropped_connection_is_no_exit_code(furnished: Cluster, play: Play) -> None:
    with furnished.fault("drop-connection", "node00", "0.05"):
        record = play("etcd-verify-cluster", furnished.target, value="another")
    assert ended(record) == ("failed", 5)
    assert "did not finish" in record["reason"]
    assert None in {command["exit_code"] for command in record["commands"]}


def test_servers_that_are_lost_or_cut_off_are_named_with_those_that_are_fine(
    own: Cluster, play: Play
) -> None:
    own.break_("node-lost", "node02")
    own.break_("network-cut", "worker0")
    lost = play("etcd-verify-cluster", own.target)
    assert ended(lost) == ("failed", 4)
    assert "1 of 3 servers failed: node02 (fine: node00, node01)" in lost["reason"]
    cut = play("swarm-fail-over", own.target, approved=True)
    assert ended(cut) == ("failed", 4)
    assert "1 of 3 servers failed: worker0 (fine: manager0, worker1)" in cut["reason"]
    assert "change" not in verbs(lost) | verbs(cut)


def test_a_drill_that_ends_in_the_middle_says_what_is_still_off(own: Cluster, play: Play) -> None:
    record = play("fleet-fail-over", own.target, approved=True, deadline=3.0)
    assert ended(record) == ("failed", 1)
    assert "NOT YET TAKEN BACK" in record["reason"]
    [act] = record["changes"]
    assert f"{act['what']}; to take it back: openstack server start" in record["reason"]
    assert (record["counts"]["changes"], record["counts"]["acts"]) == (0, 1)
    off = play("etcd-verify-cluster", own.target)
    assert ended(off) == ("failed", 4)
    assert "is SHUTOFF" in off["reason"]
    # The operator builds it again: the server is there, and only started.
    mended = play("coreos-build-cluster", own.target)
    assert ended(mended) == ("passed", 0)
    assert [change["what"] for change in mended["changes"]] == [
        act["what"].replace("cut the power of", "start server")
    ]


def test_what_the_cloud_refuses_can_be_gone_on_with(empty: Cluster, play: Play) -> None:
    with empty.fault("quota", "1"):
        record = play("coreos-build-cluster", empty.target)
    assert ended(record) == ("failed", 5)
    assert "uota" in record["reason"]
    left = "left so: make network private, make key pair operator, make server node00"
    assert left in record["reason"]
    with empty.fault("no-valid-host"):
        record = play("coreos-build-cluster", empty.target)
    assert ended(record) == ("failed", 5)
    assert "no hypervisor of the cloud has room for it" in record["reason"]
    gone = play("cluster-tear-down", empty.target, approved=True)
    assert ended(gone) == ("passed", 0)
    assert empty.state() == []


def test_a_slow_boot_is_waited_for_up_to_the_deadline(empty: Cluster, play: Play) -> None:
    with empty.fault("slow-boot", "120"):
        early = play("rancheros-inspect-node", empty.target, deadline=30.0)
        assert ended(early) == ("failed", 1)
        assert "waited" in early["reason"]
        assert "left so: make network private" in early["reason"]
        late = play("rancheros-inspect-node", empty.target, deadline=400.0)
    assert ended(late) == ("passed", 0)


def test_a_server_that_was_remade_is_trusted_anew(empty: Cluster, play: Play) -> None:
    """The old host key of its address is dropped; the console log vouches for the new one."""
    first = play("swarm-set-up", empty.target)  # from nothing: it needs no runbook before it
    assert ended(first) == ("passed", 0)
    assert len(empty.state()) == 3
    gone = play("cluster-tear-down", empty.target, approved=True, groups=["rancheros"])
    assert ended(gone) == ("passed", 0)
    made = play("rancheros-inspect-node", empty.target)
    assert ended(made) == ("passed", 0)
    told = {event["tool"] for event in made["versions"]["tools"]}
    assert {"earlier host key", "host key from its console log"} <= told

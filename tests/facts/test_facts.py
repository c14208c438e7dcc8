"""Facts that are more than one command and one parser."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from runbook.command import Node, Nodes
from runbook.errors import Unreachable
from runbook.facts import cloud, docker, etcd, files, roles, ros, systemd
from runbook.facts.base import Observation, all_of
from runbook.transport import Reply

from .conftest import recorded, reply

Make = Callable[..., Node]


@pytest.mark.parametrize(
    ("answers", "version", "dialect"),
    [
        ({"etcdctl --version": "etcd2/etcdctl-version"}, "2.3.7", "v2"),
        ({"etcdctl --version": "etcd3/v2-version"}, "3.4.23", "v2"),  # by its environment
        (
            {"etcdctl --version": "etcd2/help", "etcdctl version": "etcd3/version"},
            "3.4.23",
            "v3",
        ),
    ],
)
def test_the_dialect_of_etcdctl_is_found_out(
    node: Make, answers: dict[str, str], version: str, dialect: str
) -> None:
    asked = node(
        lambda line: (
            Reply(128, b"", b"unknown flag")
            if answers[line] == "etcd2/help"
            else reply(recorded(answers[line]))
        )
    )
    assert (etcd.version(asked), etcd.dialect(asked)) == (version, dialect)


def test_one_dead_member_is_counted_although_etcdctl_2_calls_the_cluster_healthy(
    node: Make,
) -> None:
    said = (
        "failed to check the health of member a on http://192.168.0.11:2379: Get "
        "http://192.168.0.11:2379/health: dial tcp 192.168.0.11:2379: i/o timeout\n"
        "member a is unreachable: [http://192.168.0.11:2379] are all unreachable\n"
        "member b is healthy: got healthy result from http://192.168.0.10:2379\n"
        "member c is healthy: got healthy result from http://192.168.0.12:2379\n"
        "cluster is healthy\n"
    )
    asked = node(lambda line: Reply(0, said.encode(), b""), etcdctl="2.3.7")
    health = etcd.cluster_health(asked)
    assert (len(health), etcd.healthy(health), etcd.cluster(health)) == (3, 2, "healthy")
    assert not etcd.members_healthy(asked, 3)().held
    assert etcd.members_healthy(asked, 2)().held


def test_health_in_the_dialect_of_etcd_3_has_the_same_columns(node: Make) -> None:
    members = (
        '{"header":{"cluster_id":1,"member_id":2,"raft_term":3},"members":['
        '{"ID":10,"name":"a","peerURLs":["http://a:2380"],"clientURLs":["http://a:2379"]},'
        '{"ID":11,"name":"b","peerURLs":["http://b:2380"],"clientURLs":["http://b:2379"]},'
        '{"ID":12,"name":"c","peerURLs":["http://c:2380"],"clientURLs":["http://c:2379"]}]}\n'
    )
    health = (
        '[{"endpoint":"http://a:2379","health":true,"took":"2ms"},'
        '{"endpoint":"http://b:2379","health":true,"took":"2ms"},'
        '{"endpoint":"http://c:2379","health":false,"took":"5s","error":"context deadline"}]\n'
    )
    asked = node(
        lambda line: (
            Reply(0, members.encode(), b"")
            if "member list" in line
            else Reply(1, health.encode(), b"")
        ),
        etcdctl="3.5.16",
    )
    table = etcd.cluster_health(asked)
    assert list(table) == ["member", "state", "client_urls", "reason"]
    assert (etcd.healthy(table), etcd.cluster(table)) == (2, "degraded")


def test_a_cloud_config_that_says_the_same_will_do(node: Make) -> None:
    ours = '#cloud-config\n\ncoreos:\n  units:\n    - name: "a.service"\n      command: "start"\n'
    theirs = "#cloud-config\ncoreos:\n    units:\n    - {command: start, name: a.service}\n"
    assert files.same_settings(theirs.encode(), ours)
    assert not files.same_settings(theirs.replace("start", "stop").encode(), ours)
    assert not files.same_settings(b"#cloud-config\n\ta: [\n", ours)
    there = node(lambda line: Reply(0, f"644\n{theirs}".encode(), b""))
    assert files.holds(there, "/x", ours, "0644", files.same_settings)
    assert not files.holds(there, "/x", ours, "0644")
    assert not files.holds(there, "/x", theirs, "0600")
    assert not files.holds(node(lambda line: Reply(1, b"", b"")), "/x", "", "0644")


def test_tasks_of_a_swarm_are_nobodys_own_containers() -> None:
    names = [["web"], ["webserver.1.k7nnsw16rikc1q6jqcemwc6wq"], ["a.b"]]
    names += [["agent.nbuzxcqsychvcx6g35dauqq26.k7nnsw16rikc1q6jqcemwc6wq"]]
    assert docker.own_names(pd.DataFrame({"names": names})) == {"web", "a.b"}


def test_what_was_restarted_is_told_by_its_start(node: Make) -> None:
    def told(ntp: str) -> Node:
        inspected = f"/ntp 2016-11-14T09:{ntp}Z\n/console 2016-11-14T09:00:00.1Z\n"
        return node(lambda line: Reply(0, b"aa\nbb\n" if "-q" in line else inspected.encode(), b""))

    before, after = (docker.system_starts(told(ntp)) for ntp in ("00:00.2", "30:00.0"))
    assert docker.restarted(before, after) == ["ntp"]
    assert docker.restarted(before, before) == []


def test_images_without_a_version_are_named() -> None:
    images = ["rancher/os-ntp:v0.6.1", "hub:5000/os-console", "busybox"]
    assert docker.unversioned(pd.DataFrame({"image": images})) == ["busybox", "hub:5000/os-console"]


def test_an_old_ros_does_not_say_which_release_runs(node: Make) -> None:
    listed = b"rancher/os:v0.5.0 remote\nrancher/os:v0.6.1 remote\nrancher/os:v0.7.0-rc1 remote\n"
    found = ros.releases(
        node(lambda line: Reply(0, listed if "list" in line else b"v0.5.0\n", b""))
    )
    assert list(found.image[found.running]) == ["rancher/os:v0.5.0"]
    assert ros.newest(found) == "v0.6.1"


def test_a_server_that_does_not_answer_does_not_hide_the_others(node: Make) -> None:
    def silent(line: str) -> Reply:
        raise Unreachable("no route")

    found = roles.inventory(Nodes([node(silent), node(lambda line: Reply(1, b"", b""))]))
    assert list(found.role) == [roles.SILENT, roles.NONE]
    assert roles.running(found) == []


def test_a_target_without_a_cloud_has_its_servers(node: Make) -> None:
    nodes = Nodes([node({})])
    table = cloud.existing(None, nodes)
    assert (len(table), cloud.misplaced(table), cloud.not_active(table)) == (0, 0, 0)
    assert cloud.present(None, nodes).names == ["node00"]
    assert cloud.all_active(None, nodes)().held


def test_of_several_conditions_an_error_is_not_yet_and_a_final_one_is_final() -> None:
    broken = Unreachable("it is in ERROR")

    def away() -> Observation:
        raise Unreachable("no route")

    held = all_of([lambda: Observation(True, "up"), away])()
    assert (held.held, held.seen) == (False, "up; no route")
    final = all_of([away, lambda: Observation(False, "ERROR", final=broken)])()
    assert final.final is broken


def test_a_unit_that_the_image_does_not_bring_is_told_and_may_be_excused(node: Make) -> None:
    said = b"LoadState=loaded\nActiveState=active\n\nLoadState=not-found\nActiveState=inactive\n"
    found = systemd.units(Nodes([node(lambda line: Reply(0, said, b""))]), ("etcd2", "fleet"))
    assert list(found.active) == ["active", systemd.MISSING]
    assert systemd.not_active(found) == 1
    assert systemd.not_active(found, may_be_missing=["fleet"]) == 0
    assert systemd.not_active(found, may_be_missing=["etcd2"]) == 1

"""etcd 3.4 and 3.5 of the twin against recordings of the real ones."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from runbook_twin.coreos import flatcar

_LINE = (
    "{variables}etcd --name {name} --data-dir /var/lib/etcd "
    "--listen-client-urls http://{address}:2379,http://127.0.0.1:2379 "
    "--advertise-client-urls http://{address}:2379 --listen-peer-urls http://{address}:2380 "
    "--initial-advertise-peer-urls http://{address}:2380 --initial-cluster "
    "e0=http://192.168.0.20:2380,e1=http://192.168.0.21:2380,e2=http://192.168.0.22:2380"
)
E = ("e0", "e1", "e2")


async def _build(cluster: Any) -> None:
    for name, machine in cluster.nodes.items():
        line = _LINE.format(name=name, address=machine.address, variables="")
        unit = f"[Service]\nType=notify\nExecStart=/usr/bin/{line}\nTimeoutStartSec=0\n"
        machine.disk.write("/etc/systemd/system/etcd.service", unit)
        machine.spawn(cluster.ok(name, "sudo systemctl start etcd"))
    await cluster.until("e0", "etcdctl member list", lambda out: out.count(", started, ") == 3)


@pytest.fixture
def etcd35(bare: Any) -> Any:
    """Run a scenario on three members of etcd 3.5."""

    def run(scenario: Any, release: str = "3.5.16") -> None:
        async def whole(cluster: Any) -> None:
            await _build(cluster)
            await scenario(cluster)

        bare(whole, *E, install=partial(flatcar.install, etcd=release))

    return run


def test_a_healthy_cluster(etcd35: Any) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.replay(
            "etcd3",
            "v3.5-endpoint-health",
            "v3.5-endpoint-health-all",
            "v3.5-endpoint-status",
            "v3.5-member-list",
            "v3.5-member-list-table",
            "v3.5-member-list-fields",
            "v3.5-alarm-list",
            "v3.5-v2-cluster-health",
            "v3.5-v2-member-list",
            "v3.5-v2-set-on-v3",
            "v3.5-v2-ls-on-v3",
            "v3.5-endpoint-status-fields",
            "v3.5-endpoint-status-table",
            unordered=True,
        )
        health = json.loads(await cluster.ok("e0", "etcdctl endpoint health --cluster -w json"))
        assert [one["health"] for one in health] == [True, True, True]

    etcd35(scenario)


def test_keys(etcd35: Any) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.replay(
            "etcd3",
            "del-missing",
            "v3.5-put-article",
            "v3.5-get-article",
            "v3.5-get-no-slash",
            "v3.5-get-value-only",
            "v3.5-get-missing",
            "v3.5-get-missing-value-only",
            "v3.5-get-prefix",
            "v3.5-get-fields",
            "v3.5-put-no-value",
            "v3.5-put-prev-kv",
            "put-no-args",
            "put-unicode",
        )
        shown = json.loads(await cluster.ok("e1", "etcdctl get -w json /x"))
        assert shown["count"] == 1 and shown["kvs"][0]["value"] == "ZnJvbSBzdGRpbgo="

    etcd35(scenario)


def test_one_member_down(etcd35: Any) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.ok("e0", "etcdctl put /common/cluster-name selectel-test-cluster")
        await cluster.ok("e1", "sudo systemctl stop etcd")
        await cluster.world.clock.sleep(3)
        await cluster.replay(
            "etcd3",
            "v3.5-one-down-health",
            "v3.5-one-down-member-list",
            "v3.5-one-down-get",
            "v3.5-one-down-v2-cluster-health",
            unordered=True,
        )
        status = await cluster.run("e0", "etcdctl endpoint status --cluster")
        assert status.exit_code == 1 and status.stdout.count(b"3.5.16") == 2
        await cluster.ok("e1", "sudo systemctl start etcd")
        await cluster.until(
            "e0", "etcdctl endpoint health --cluster", lambda out: out.count("is healthy") == 3
        )

    etcd35(scenario)


def test_no_quorum(etcd35: Any) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.ok("e0", "etcdctl put /common/cluster-name selectel-test-cluster")
        cluster.nodes["e1"].power_off()
        cluster.nodes["e2"].power_off()
        await cluster.world.clock.sleep(3)
        await cluster.replay(
            "etcd3",
            "v3.5-no-quorum-get-serializable",
            "v3.5-no-quorum-put",
            "v3.5-no-quorum-member-list",
        )

    etcd35(scenario)


def test_refused(etcd35: Any) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.replay(
            "etcd3",
            "v3.5-refused",
            "v3.5-refused-health-table",
            "v3.5-refused-member-list",
            "v3.5-refused-status",
            "v3.5-v2-refused",
            "member-remove-bad",
        )

    etcd35(scenario)


def test_etcd_3_4_writes_health_to_stderr(etcd35: Any) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.replay(
            "etcd3",
            "version",
            "v2-version",
            "endpoint-health-all",
            "refused",
            "refused-health",
            "refused-health-json",
            "v2-refused",
            unordered=True,
        )
        await cluster.ok("e0", "etcdctl put /common/cluster-name selectel-test-cluster")
        await cluster.replay(
            "etcd3",
            "get-json",
            "get-prefix-keys",
            "put-prev-kv",
            "member-list-json",
            "member-remove-unknown",
            "v2-command-on-v3",
        )

    etcd35(scenario, "3.4.23")


def test_etcd_member_service_of_an_ignition_config(bare: Any) -> None:
    async def scenario(cluster: Any) -> None:
        opts = _LINE.partition("--initial-cluster")[0].partition("--name")[2]
        drop_in = '[Service]\nEnvironment="ETCD_OPTS=--name {name} {opts}"\n'
        for name, machine in cluster.nodes.items():
            text = opts.format(name=name, address=machine.address).strip().removeprefix(name)
            text = drop_in.format(name=name, opts=text.strip())
            machine.disk.write(
                "/etc/systemd/system/etcd-member.service.d/20-clct-etcd-member.conf", text
            )
        await cluster.ok("e0", "sudo systemctl start etcd-member")
        await cluster.until("e0", "etcdctl endpoint health", lambda out: "is healthy" in out)

    bare(scenario, "e0", install=flatcar.install)

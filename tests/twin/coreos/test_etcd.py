"""etcd 2.3 of the twin against recordings of the real one, situation by situation."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest


def test_a_healthy_cluster(rehearse: Any) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.replay(
            "etcd2",
            "cluster-health-healthy-node01",
            "cluster-health-endpoints-flag",
            "cluster-health-peers-flag",
            "member-list",
            "member-list-json",
            unordered=True,
        )
        members = await cluster.ok("node01", "etcdctl member list")
        assert members.count("isLeader=true") == 1

    rehearse(scenario)


def test_keys_in_the_order_in_which_they_were_recorded(rehearse: Any) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.replay(
            "etcd2", "set-article", "get-article", "set-again", "set-changed", "set-json"
        )
        await cluster.replay(
            "etcd2", "get-extended", "get-quorum", "set-extended", "set-ttl", "get-ttl-json"
        )
        await cluster.replay(
            "etcd2", "get-ttl-extended", "set-unicode", "get-unicode", "set-empty", "get-empty"
        )
        await cluster.run("node00", "etcdctl set /common/from-stdin", stdin=b"line one\nline two\n")
        await cluster.replay("etcd2", "set-dashvalue", "mk", "mk-exists")
        await cluster.ok("node00", "etcdctl mkdir /services")
        await cluster.replay("etcd2", "mkdir-exists", "ls", "ls-file", "ls-recursive-p")
        await cluster.until("node00", "etcdctl ls /_coreos.com/fleet", lambda out: "lease" in out)
        await cluster.replay("etcd2", "ls-fleet-hidden", unordered=True)
        await cluster.replay("etcd2", "get-missing", "get-missing-json", "ls-missing", "set-on-dir")
        await cluster.replay("etcd2", "set-under-key")
        await cluster.ok("node00", "etcdctl update /common/new w")
        await cluster.replay("etcd2", "set-swap-ok", "rm-dir-not-recursive")
        await cluster.ok("node00", "etcdctl rm /common/x")
        await cluster.replay("etcd2", "rm-missing", "rm-json")

    rehearse(scenario)


def test_wrong_usage_and_endpoints(rehearse: Any) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.ok("node00", "etcdctl set /common/cluster-name selectel-test-cluster")
        await cluster.replay(
            "etcd2",
            "bad-endpoint",
            "bad-flag",
            "bad-output",
            "blackhole",
            "https-endpoint",
            "ls-r",
            "get-no-args",
            "set-no-args",
            "set-no-value",
            "refused",
            "refused-set",
            "refused-member-list",
            "etcdctl-version",
            "member-add-no-args",
            "member-add-bad-url",
        )
        unknown = await cluster.run("node00", "etcdctl nosuch")
        assert (unknown.exit_code, unknown.stdout) == (0, b"No help topic for 'nosuch'\n")

    rehearse(scenario)


def test_the_http_api(rehearse: Any) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.replay("etcd2", "http-version", "http-v2-keys-nonesuch")
        health = await cluster.ok("node02", "curl -sS http://192.168.0.10:4001/health")
        assert health == '{"health": "true"}'
        names = await cluster.ok("node02", "curl -sS http://127.0.0.1:2379/v2/members")
        assert names.count('"clientURLs":["http://192.168.0.1') == 3

    rehearse(scenario)


def test_power_off_of_one_member(rehearse: Any) -> None:
    async def scenario(cluster: Any) -> None:
        cluster.nodes["node01"].power_off()
        await cluster.world.clock.sleep(3)
        start = cluster.world.clock.now()
        await cluster.replay("etcd2", "cluster-health-one-down-power-off", unordered=True)
        assert 10 <= cluster.world.clock.now() - start < 20  # 5 s for each client URL
        await cluster.replay("etcd2", "cluster-health-one-down-power-off-node02", unordered=True)
        await cluster.replay("etcd2", "set-one-down-power-off")

    rehearse(scenario)


def test_a_cut_off_member(rehearse: Any) -> None:
    async def scenario(cluster: Any) -> None:
        cluster.world.cut.add("192.168.0.11")
        await cluster.world.clock.sleep(4)
        await cluster.replay(
            "etcd2",
            "member-list-one-down-link-down",
            "cluster-health-isolated-node",
            unordered=True,
        )
        await cluster.replay("etcd2", "set-isolated-node", "member-list-nosync-isolated-node")
        cluster.world.cut.clear()
        await cluster.until(
            "node01", "etcdctl cluster-health", lambda out: out.count("is healthy:") == 3
        )
        await cluster.ok("node00", "etcdctl set /common/after 1")
        assert await cluster.ok("node01", "etcdctl get /common/after") == "1\n"

    rehearse(scenario)


def test_without_quorum_reads_are_stale_and_writes_time_out(rehearse: Any) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.ok("node00", "etcdctl set /common/cluster-name selectel-test-cluster")
        cluster.nodes["node01"].power_off()
        cluster.nodes["node02"].power_off()
        await cluster.replay("etcd2", "get-no-quorum", "set-no-quorum", "mk-no-quorum")
        health = await cluster.run("node00", "etcdctl cluster-health")
        assert health.exit_code == 5
        assert health.stdout.endswith(b"cluster is unhealthy\n")
        for name in ("node01", "node02"):
            cluster.nodes[name].power_on()
        await cluster.until(
            "node00", "etcdctl cluster-health", lambda out: out.count("is healthy:") == 3
        )
        assert (
            await cluster.ok("node02", "etcdctl get /common/cluster-name")
            == "selectel-test-cluster\n"
        )

    rehearse(scenario)


def test_etcd_stopped_on_one_node(rehearse: Any) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.ok("node00", "sudo systemctl stop etcd2")
        await cluster.until(
            "node01", "etcdctl cluster-health", lambda out: out.count("is healthy:") == 2
        )
        await cluster.replay("etcd2", "cluster-health-one-stopped-other-node", unordered=True)
        await cluster.replay("etcd2", "systemctl-is-active-stopped")
        await cluster.replay("fleet", "etcd-local-stopped")
        await cluster.ok("node00", "sudo systemctl start etcd2")
        await cluster.until(
            "node00", "etcdctl cluster-health", lambda out: out.count("is healthy:") == 3
        )

    rehearse(scenario)


_SINGLE = (
    "etcd2 --name {name} --data-dir /srv/lab/state/{name}-data "
    "--listen-client-urls http://{address}:2379,http://127.0.0.1:2379 "
    "--advertise-client-urls http://{address}:2379 --listen-peer-urls http://{address}:2380 "
    "--initial-advertise-peer-urls http://{address}:2380"
)


def _start(cluster: Any, name: str, more: str = "") -> None:
    machine = cluster.nodes[name]
    line = _SINGLE.format(name=name, address=machine.address)
    machine.spawn(cluster.run(name, f"sudo {line} {more}"))


def test_a_cluster_that_grows_and_shrinks(bare: Any) -> None:
    async def scenario(cluster: Any) -> None:
        _start(cluster, "e0", "--initial-cluster e0=http://192.168.0.20:2380")
        await cluster.until("e0", "etcdctl cluster-health", lambda out: "cluster is healthy" in out)
        await cluster.replay("etcd2", "single-cluster-health", "single-member-list")
        added = await cluster.ok("e0", "etcdctl member add e1 http://192.168.0.21:2380")
        await cluster.replay(
            "etcd2", "member-list-unstarted-two", "member-list-unstarted-two-nosync", unordered=True
        )
        initial = re.findall(r'ETCD_INITIAL_CLUSTER="(.*)"', added)[0]
        _start(cluster, "e1", f"--initial-cluster {initial} --initial-cluster-state existing")
        await cluster.until(
            "e0", "etcdctl cluster-health", lambda out: out.count("is healthy:") == 2
        )
        await cluster.replay("etcd2", "cluster-health-two", unordered=True)
        result = await cluster.ok("e0", "etcdctl member add e2 http://192.168.0.22:2380")
        assert 'ETCD_NAME="e2"' in result
        await cluster.replay(
            "etcd2",
            "member-add-duplicate",
            "member-list-unstarted-third",
            "cluster-health-unstarted-third",
            unordered=True,
        )
        third = re.findall(r"ID (\w+) to", result)[0]
        update = await cluster.ok("e0", f"etcdctl member update {third} http://192.168.0.22:2380")
        assert update == f"Updated member with ID {third} in cluster\n"
        removed = await cluster.ok("e0", f"etcdctl member remove {third}")
        assert removed == f"Removed member {third} from cluster\n"

    bare(scenario, "e0", "e1", "e2")


def test_the_discovery_service(bare: Any) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.replay("etcd2", "discovery-new-size3")
        url = await cluster.ok("node00", "curl -sS 'https://discovery.etcd.io/new?size=3'")
        size = await cluster.ok("node00", f"curl -sS {url}/_config/size")
        assert '"value":"3"' in size
        unknown = await cluster.ok("node00", f"curl -sS {url[:-1]}x")
        assert '"message":"Key not found"' in unknown
        refused = await cluster.run("node00", "curl -sS 'https://discovery.etcd.io/new?size=three'")
        assert refused.exit_code == 0 and b"invalid syntax" in refused.stdout
        del cluster.world.internet["discovery.etcd.io"]
        gone = await cluster.run("node00", "curl -sS 'https://discovery.etcd.io/new?size=3'")
        assert gone.exit_code == 6

    bare(scenario)


@pytest.mark.parametrize(
    "name",
    ["discovery-duplicate", "discovery-full-exit", "discovery-unknown-token", "mismatch-initial"],
)
def test_a_member_that_cannot_start(bare: Any, name: str) -> None:
    async def scenario(cluster: Any) -> None:
        recorded = cluster.recorded("etcd2", name)
        address = {"discovery-full-exit": "192.168.0.21", "mismatch-initial": "192.168.0.23"}
        url = await cluster.ok("e0", "curl -sS 'https://discovery.etcd.io/new?size=1'")
        if name in ("discovery-duplicate", "discovery-full-exit"):
            _start(cluster, "e0", f"--discovery {url}")
            await cluster.until(
                "e0", "etcdctl cluster-health", lambda out: "cluster is healthy" in out
            )
            cluster.nodes["e0"].power_off()
            cluster.nodes["e0"].power_on()
            await cluster.ok("e0", "sudo rm -rf /srv/lab/state/e0-data")
        line = " ".join(recorded["argv"])
        if name != "discovery-unknown-token":
            line = re.sub(r"https://discovery\.etcd\.io/\w+", url, line)
        host = {"192.168.0.21": "e1", "192.168.0.23": "e3"}.get(address.get(name, ""), "e0")
        result = await asyncio.wait_for(cluster.run(host, f"sudo {line}"), 20)
        assert result.exit_code == recorded["exit_code"]
        wanted, seen = recorded["stderr"], result.stderr.decode()
        same = re.compile(r"Go Version.*|.* I \| etcdmain: setting maximum .*\n")
        assert same.sub("", cluster.normal(seen)) == same.sub("", cluster.normal(wanted))

    bare(scenario, "e0", "e1", "e2", "e3")

"""CoreOS' own tools of the twin: coreos-cloudinit against recordings, boot, systemctl, Ignition."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runbook_twin import coreos
from runbook_twin.hypervisor import ServerSpec
from runbook_twin.machine import Machine

VALIDATED = [
    "validate-article-as-printed",
    "validate-article-etcd2-no-header",
    "validate-article-fixed",
    "validate-bad-discovery",
    "validate-bad-reboot",
    "validate-bad-unit-command",
    "validate-bom",
    "validate-crlf",
    "validate-deprecated",
    "validate-empty",
    "validate-ignition",
    "validate-script",
    "validate-unknown-key",
    "validate-write-ok",
]
APPLIED = [
    "run-empty",
    "run-ignition",
    "run-no-header",
    "run-plain",
    "run-unit-fails",
    "run-unknown-key",
    "run-write-ok",
    "run-not-root",
]


@pytest.mark.parametrize("name", VALIDATED + APPLIED)
def test_coreos_cloudinit(bare: Any, name: str) -> None:
    async def scenario(cluster: Any) -> None:
        recorded = cluster.recorded("cloudinit", name)
        content = recorded["input_file_content"]
        cluster.nodes["node00"].disk.write(recorded["argv"][-1], content)
        await cluster.replay("cloudinit", name)

    bare(scenario, "node00")


def test_usage(bare: Any) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.replay("cloudinit", "help", "version", "no-args", "bad-flag")

    bare(scenario, "node00")


def test_the_article_applied_again_and_its_drop_in(rehearse: Any) -> None:
    async def scenario(cluster: Any) -> None:
        await cluster.replay("cloudinit", "run-article-from-file-again", "dropin-etcd2")

    rehearse(scenario)


def test_servers_restarted_instead_of_cloudinit(rehearse: Any) -> None:
    """The article: 'or just restart the servers'; what etcd knew is still there."""

    async def scenario(cluster: Any) -> None:
        await cluster.ok("node00", "etcdctl set /common/cluster-name selectel-test-cluster")
        for machine in cluster.nodes.values():
            machine.power_off()
        for machine in cluster.nodes.values():
            machine.power_on()
        await cluster.until(
            "node00", "etcdctl cluster-health", lambda out: out.count("is healthy:") == 3
        )
        assert (
            await cluster.ok("node02", "etcdctl get /common/cluster-name")
            == "selectel-test-cluster\n"
        )
        await cluster.until(
            "node02", "fleetctl list-machines", lambda out: out.count("192.168.0.1") == 3
        )

    rehearse(scenario)


def _boot(cluster: Any, user_data: str) -> Machine:
    machine = Machine(cluster.world, "fresh", "192.168.0.50", "coreos", "core")
    cluster.world.machines["fresh"] = machine
    spec = ServerSpec(
        "fresh", "fresh", "coreos", machine.address, user_data.encode(), ("ssh-ed25519 AAAA me",)
    )
    coreos.install(machine, spec)
    machine.power_on()
    cluster.nodes["fresh"] = machine
    return machine


def test_user_data_at_boot(bare: Any) -> None:
    async def scenario(cluster: Any) -> None:
        machine = _boot(
            cluster,
            "#cloud-config\nhostname: renamed\nssh_authorized_keys:\n  - ssh-ed25519 BBBB you\n"
            "write_files:\n  - path: /opt/ip\n    content: $private_ipv4\n",
        )
        await cluster.until("fresh", "cat /opt/ip", lambda out: "192.168.0.50" in out)
        assert machine.hostname == "renamed"
        assert machine.authorized_keys == ["ssh-ed25519 AAAA me", "ssh-ed25519 BBBB you"]
        journal = await cluster.ok("fresh", "journalctl -u user-cloudinit -o cat")
        assert "Set hostname to renamed" in journal

    bare(scenario, "node00")


def test_ignition_at_the_first_boot(bare: Any) -> None:
    config = {
        "ignition": {"version": "2.0.0"},
        "storage": {
            "files": [
                {"path": "/etc/hostname", "mode": 420, "contents": {"source": "data:,node09"}}
            ]
        },
        "systemd": {
            "units": [
                {
                    "name": "hello.service",
                    "enable": True,
                    "contents": "[Service]\nType=oneshot\nRemainAfterExit=yes\n"
                    "ExecStart=/bin/true\n"
                    "[Install]\nWantedBy=multi-user.target\n",
                }
            ]
        },
    }

    async def scenario(cluster: Any) -> None:
        machine = _boot(cluster, json.dumps(config))
        await cluster.until("fresh", "systemctl is-active hello", lambda out: out == "active\n")
        assert machine.hostname == "node09"
        assert await cluster.ok("fresh", "systemctl is-enabled hello") == "enabled\n"

    bare(scenario, "node00")


def test_systemctl(bare: Any) -> None:
    async def scenario(cluster: Any) -> None:
        disk = cluster.nodes["node00"].disk
        disk.write("/etc/systemd/system/sleep.service", "[Service]\nExecStart=/bin/sleep 1000\n")
        denied = await cluster.run("node00", "systemctl start sleep")
        assert denied.exit_code == 1 and b"Interactive authentication required." in denied.stderr
        await cluster.ok("node00", "sudo systemctl daemon-reload && sudo systemctl start sleep")
        shown = await cluster.ok("node00", "systemctl show -p ActiveState,SubState,NRestarts sleep")
        assert shown.splitlines() == ["NRestarts=0", "ActiveState=active", "SubState=running"]
        await cluster.ok("node00", "sudo systemctl stop sleep")
        stopped = await cluster.run("node00", "systemctl is-active sleep; systemctl status sleep")
        assert stopped.exit_code == 3 and stopped.stdout.startswith(b"inactive\n")
        missing = await cluster.run("node00", "sudo systemctl start nosuch")
        assert missing.exit_code == 5
        assert missing.stderr == b"Failed to start nosuch.service: Unit nosuch.service not found.\n"
        gone = await cluster.run("node00", "systemctl is-active nosuch")
        assert (gone.exit_code, gone.stdout) == (3, b"inactive\n")

    bare(scenario, "node00")


def test_a_full_disk(bare: Any) -> None:
    async def scenario(cluster: Any) -> None:
        disk = cluster.nodes["node00"].disk
        disk.write(
            "/home/core/a.yml", "#cloud-config\nwrite_files:\n- path: /opt/a\n  content: x\n"
        )
        disk.full = True
        result = await cluster.run("node00", "sudo coreos-cloudinit --from-file /home/core/a.yml")
        assert result.exit_code == 1
        assert result.stderr.endswith(b"write /opt/a: no space left on device\n")

    bare(scenario, "node00")

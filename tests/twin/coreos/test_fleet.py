"""fleet 0.11.8 of the twin against recordings of the real one, and its fail-over."""

from __future__ import annotations

from typing import Any

import pytest

UNIT = "/etc/systemd/system/nginx.service"
RUNNING = "active\trunning"


async def _start(cluster: Any, nginx: str) -> None:
    cluster.nodes["node00"].disk.write(UNIT, nginx)
    await cluster.replay("fleet", "start-article")


async def _running(cluster: Any) -> None:
    await cluster.until("node00", "fleetctl list-units", lambda out: RUNNING in out)


def test_an_empty_fleet(rehearse: Any) -> None:
    async def scenario(cluster: Any) -> None:
        disk = cluster.nodes["node00"].disk
        disk.write("/home/core/broken.service", "[Unit\nDescription=x\n")
        await cluster.replay(
            "fleet",
            "list-machines",
            "list-machines-full",
            "list-machines-fields",
            "list-machines-no-legend",
            "list-machines-no-legend-l",
            "list-machines-bad-field",
            "list-units-empty",
            "list-units-empty-no-legend",
            "cat-missing",
            "cat-no-args",
            "status-missing",
            "journal-missing",
            "stop-missing",
            "unload-missing",
            "start-missing-file",
            "start-missing-name",
            "start-no-args",
            "start-bad-name",
            "start-broken-file",
            "bad-flag",
            "journal-output-json",
            "help",
            "version",
            "driver-etcd-refused",
            "driver-etcd-refused-machines",
            "endpoint-garbage",
            "tunnel",
            "tunnel-refused",
            "tunnel-no-route",
        )

    rehearse(scenario)


def test_the_articles_unit(rehearse: Any, nginx: str) -> None:
    async def scenario(cluster: Any) -> None:
        await _start(cluster, nginx)
        await cluster.until("node00", "fleetctl list-units", lambda out: "start-pre" in out)
        await cluster.replay("fleet", "list-units-activating", "list-unit-files-launched")
        await _running(cluster)
        await cluster.replay(
            "fleet",
            "list-units-running",
            "list-units-running-l",
            "list-units-running-full",
            "list-units-running-no-legend",
            "list-units-fields-all",
            "list-units-fields-all-l",
            "list-units-bad-field",
            "list-unit-files-full",
            "list-unit-files-no-legend",
            "list-units-etcd-driver",
            "list-units-etcd-driver-flags",
            "submit-existing",
            "status-no-agent",
            "status-strict-unknown-host",
            "ssh-unit",
            "ssh-fail-port",
        )
        cluster.nodes["node00"].disk.write(
            "/tmp/nginx.service",  # noqa: S108 - a path of the twin
            nginx.replace("Test", "Other"),
        )
        await cluster.replay("fleet", "start-changed-file", "submit-existing-changed")
        page = await cluster.run(
            "node02", "curl -sS -o /dev/null -w '%{http_code}' http://192.168.0.11/"
        )
        assert page.stdout == b"200"

    rehearse(scenario)


def test_stop_start_unload_destroy(rehearse: Any, nginx: str) -> None:
    async def scenario(cluster: Any) -> None:
        await _start(cluster, nginx)
        await _running(cluster)
        await cluster.replay("fleet", "stop")
        await cluster.until("node00", "fleetctl list-units", lambda out: "failed\tfailed" in out)
        status = await cluster.run("node01", "fleetctl status nginx.service")
        assert status.exit_code == 3
        for line in (
            cluster.recorded("fleet", "status-stopped")["stdout"].split("\n\n")[0].splitlines()[:2]
        ):
            assert line in status.stdout.decode()
        assert b"Failed with result 'exit-code'." in status.stdout
        await cluster.replay("fleet", "start-by-name", "stop-no-block")
        await cluster.until("node00", "fleetctl list-unit-files", lambda out: "loaded" in out)
        await cluster.replay(
            "fleet", "unload", "list-unit-files-unloaded", "status-unloaded", "journal-unloaded"
        )
        await cluster.replay("fleet", "destroy", "list-unit-files-destroyed", "submit-new")
        missing = await cluster.run("node00", "fleetctl destroy nosuch.service")
        assert missing.exit_code == 1 and b"googleapi: Error 404" in missing.stderr

    rehearse(scenario)


def test_status_on_the_units_own_machine(rehearse: Any, nginx: str) -> None:
    async def scenario(cluster: Any) -> None:
        await _start(cluster, nginx)
        await _running(cluster)
        status = await cluster.run("node01", "fleetctl status nginx.service")
        recorded = cluster.recorded("fleet", "status-running-local")
        assert status.exit_code == recorded["exit_code"]

        def shape(text: str) -> list[str]:
            block = cluster.normal(text).split("\n\n")[0]
            return [
                "".join("9" if c.isdigit() else c for c in line)
                .replace("99", "9")
                .replace("99", "9")
                for line in block.splitlines()
            ]

        assert shape(status.stdout.decode()) == shape(recorded["stdout"])

    rehearse(scenario)


@pytest.mark.parametrize("loss", ["power-off", "link-down"])
def test_fail_over(rehearse: Any, nginx: str, loss: str) -> None:
    """The states that were recorded come in the recorded order, in about the recorded time."""

    async def scenario(cluster: Any) -> None:
        await _start(cluster, nginx)
        await _running(cluster)
        clock, lost = cluster.world.clock, cluster.world.clock.now()
        if loss == "power-off":
            cluster.nodes["node01"].power_off()
        else:
            cluster.world.cut.add("192.168.0.11")
        await cluster.replay("fleet", "failover-link-down-1-at-once")
        await cluster.until(
            "node00", "fleetctl list-machines", lambda out: "192.168.0.11" not in out
        )
        gone = clock.now() - lost
        assert 10 < gone <= 45  # its time to live is 30 s, renewed every 15 s
        units = await cluster.ok("node00", "fleetctl list-units")
        assert "1ad018e0.../192.168.0.11" not in units
        await cluster.until("node00", "fleetctl list-unit-files", lambda out: "192.168.0.10" in out)
        await cluster.until(
            "node00", "fleetctl list-units", lambda out: f"192.168.0.10\t{RUNNING}" in out
        )
        await cluster.until("node00", "fleetctl list-units", lambda out: "1ad018e0" not in out)
        await cluster.replay(
            "fleet",
            "failover-power-off-9-after",
            "failover-power-off-9-machines",
            "failover-power-off-9-unit-files",
        )
        if loss == "link-down":
            assert "Up " in await cluster.ok("node01", "docker ps")  # nobody told it to stop
            isolated = await cluster.run("node01", "fleetctl list-machines")
            assert (isolated.exit_code, isolated.stderr.decode()) == (
                1,
                cluster.recorded("fleet", "list-machines-isolated-node")["stderr"],
            )
            cluster.world.cut.clear()
        else:
            cluster.nodes["node01"].power_on()
        await cluster.until("node00", "fleetctl list-machines", lambda out: "192.168.0.11" in out)
        await cluster.until("node01", "docker ps", lambda out: "nginx" not in out)
        assert "192.168.0.10" in await cluster.ok("node02", "fleetctl list-units")

    rehearse(scenario)


def test_recovery_after_the_loss_of_quorum(rehearse: Any, nginx: str) -> None:
    async def scenario(cluster: Any) -> None:
        await _start(cluster, nginx)
        await _running(cluster)
        for name in ("node00", "node02"):
            cluster.nodes[name].power_off()
        await cluster.until("node01", "fleetctl list-machines", lambda out: "Error 503" in out)
        assert "Up " in await cluster.ok("node01", "docker ps")
        for name in ("node00", "node02"):
            cluster.nodes[name].power_on()
        await cluster.until(
            "node01", "fleetctl list-machines", lambda out: out.count("192.168.0.1") == 3, 120
        )
        await cluster.until(
            "node01", "fleetctl list-units", lambda out: out.count(RUNNING) == 1, 120
        )

    rehearse(scenario)


TEMPLATE = """[Unit]
Description=Nginx instance %i

[Service]
EnvironmentFile=/etc/environment
ExecStartPre=-/usr/bin/docker kill nginx-%i
ExecStartPre=-/usr/bin/docker rm nginx-%i
ExecStartPre=/usr/bin/docker pull nginx
ExecStart=/usr/bin/docker run --rm --name nginx-%i -p 80:80 nginx
ExecStop=/usr/bin/docker stop nginx-%i

[X-Fleet]
Conflicts=nginx@*.service
"""


def test_instances_of_a_template_repel_each_other(rehearse: Any) -> None:
    async def scenario(cluster: Any) -> None:
        cluster.nodes["node00"].disk.write("/home/core/nginx@.service", TEMPLATE)
        await cluster.replay("fleet", "template-submit")
        await cluster.ok("node00", "fleetctl start nginx@1 nginx@2 nginx@3")
        await cluster.until("node00", "fleetctl list-units", lambda out: out.count(RUNNING) == 3)
        await cluster.replay(
            "fleet",
            "template-list-unit-files",
            "template-list-units-l",
            "template-start-4-block",
            "template-cat-instance",
            "status-not-scheduled",
        )
        again = await cluster.run("node00", "fleetctl start nginx@4")
        assert (again.exit_code, again.stdout) == (0, b"")
        await cluster.replay("fleet", "template-destroy-many")

    rehearse(scenario)


SLEEPER = (
    "[Unit]\nDescription={name}\n\n[Service]\nExecStart=/bin/sleep 100000\n\n[X-Fleet]\n{fleet}\n"
)


def test_where_units_go(rehearse: Any) -> None:
    async def scenario(cluster: Any) -> None:
        disk = cluster.nodes["node00"].disk
        wishes = {
            "db": "MachineMetadata=role=db",
            "sidekick": "MachineOf=db.service",
            "pinned": "MachineID=c3e6a9f0d1b84e52a7f9038b6d4c2e15",
            "nowhere": "MachineMetadata=role=nosuch",
            "agent": "Global=true",
            "webonly": "Global=true\nMachineMetadata=role=web",
        }
        for name, fleet in wishes.items():
            disk.write(f"/home/core/{name}.service", SLEEPER.format(name=name, fleet=fleet))
        await cluster.replay(
            "fleet",
            "global-start",
            "global-meta-start",
            "meta-start",
            "sidekick-start",
            "pinned-start",
        )
        nowhere = await cluster.run(
            "node00", "fleetctl start --block-attempts=4 /home/core/nowhere.service"
        )
        assert nowhere.exit_code == 1
        await cluster.until("node00", "fleetctl list-units", lambda out: out.count(RUNNING) == 8)
        files = await cluster.ok(
            "node00", "fleetctl list-unit-files --fields=unit,dstate,state,target"
        )
        rows = [line.split() for line in files.splitlines()]
        assert ["agent.service", "launched", "-", "global"] in rows
        assert ["nowhere.service", "launched", "inactive", "-"] in rows
        await cluster.replay("fleet", "global-status", "nowhere-status", "stop-global")
        await cluster.until("node00", "fleetctl list-units", lambda out: out.count("inactive") == 3)

    rehearse(scenario)


def test_units_that_fail(rehearse: Any) -> None:
    async def scenario(cluster: Any) -> None:
        disk = cluster.nodes["node00"].disk
        for name, service in {
            "fail": "ExecStart=/bin/sh -c 'exit 1'",
            "crash": "ExecStart=/bin/sh -c 'sleep 1; exit 3'\nRestart=always\nRestartSec=1",
            "oneshot": "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true",
            "notloadable": "ExecStop=/bin/true\nType=simple",
            "failpre": "ExecStartPre=/usr/bin/docker pull nosuchimage\nExecStart=/bin/sleep 1000",
        }.items():
            text = f"[Unit]\nDescription={name}\n\n[Service]\n{service}\n"
            disk.write(f"/home/core/{name}.service", text)
            await cluster.ok("node00", f"fleetctl start --no-block /home/core/{name}.service")
        wanted = {
            "fail.service": {("loaded", "failed", "failed")},
            "crash.service": {
                ("loaded", "active", "running"),
                ("loaded", "activating", "auto-restart"),
            },
            "oneshot.service": {("loaded", "active", "exited")},
            "notloadable.service": {("bad-setting", "inactive", "dead")},
            "failpre.service": {("loaded", "failed", "failed")},
        }

        def settled(out: str) -> bool:
            rows = {row[0]: tuple(row[1:]) for row in map(str.split, out.splitlines())}
            return all(rows.get(name) in states for name, states in wanted.items())

        await cluster.until("node00", "fleetctl list-units --fields=unit,load,active,sub", settled)
        await cluster.replay("fleet", "start-fail-again")

    rehearse(scenario)

"""RancherOS in the twin: what a machine is after each act, not only what it prints."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from runbook_twin import shell
from runbook_twin.clock import Clock
from runbook_twin.hypervisor import ServerSpec
from runbook_twin.machine import Machine
from runbook_twin.rancheros import install, outside_of
from runbook_twin.world import World

CONF = "/var/lib/rancher/conf"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHN0 person@desk"
USER_DATA = b"""#cloud-config
hostname: node05
ssh_authorized_keys:
- ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFVT second@desk
write_files:
- path: /opt/rancher/bin/start.sh
  permissions: "0755"
  content: |
    #!/bin/bash
- path: /etc/ntp.conf
  container: ntp
  content: server 0.ru.pool.ntp.org
- path: /etc/packed
  encoding: base64
  content: aGVsbG8K
rancher:
  debug: true
"""


class Node:
    """A machine and what it said last."""

    def __init__(self, user_data: bytes = b"", factor: float = 2000.0) -> None:
        self.world = World(Clock(factor))
        self.machine = Machine(self.world, "manager0", "192.168.0.100", "rancheros", "rancher")
        self.machine.boot_s = 25.0
        self.world.machines["1"] = self.machine
        install(
            self.machine,
            ServerSpec("1", "manager0", "rancheros", "192.168.0.100", user_data, (KEY,)),
        )
        self.machine.power_on()

    async def run(self, line: str, stdin: bytes = b"") -> shell.Result:
        return await shell.run(self.machine, line, user="rancher", stdin=stdin)

    async def say(self, line: str, stdin: bytes = b"") -> str:
        """What a line prints; it must succeed."""
        done = await self.run(line, stdin)
        assert done.exit_code == 0, (line, done.stderr.decode())
        return done.stdout.decode()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for a condition in the twin's world."""
        async with asyncio.timeout(20):
            while not holds():
                await asyncio.sleep(0.002)

    async def reboot(self) -> None:
        """`sudo reboot`, until it is up again."""
        boots = self.machine.boots
        await self.say("sudo reboot")
        await self.until(lambda: self.machine.boots > boots)

    async def upgrade(self, line: str, stdin: bytes) -> None:
        """An upgrade that ends in a reboot."""
        boots = self.machine.boots
        task = asyncio.create_task(self.run(line, stdin))
        await self.until(lambda: self.machine.boots > boots)
        task.cancel()


def drill(scenario: Callable[[Node], Coroutine[Any, Any, None]], user_data: bytes = b"") -> None:
    async def main() -> None:
        await scenario(Node(user_data))

    asyncio.run(main())


def test_user_data_is_applied_at_the_first_boot_and_stays() -> None:
    async def scenario(node: Node) -> None:
        for _ in range(2):
            assert await node.say("hostname") == "node05\n"
            assert await node.say(f"sudo cat {CONF}/cloud-config.d/boot.yml") == USER_DATA.decode()
            keys = (await node.say("cat ~/.ssh/authorized_keys")).splitlines()
            assert [key.split()[-1] for key in keys] == ["second@desk", "person@desk"]
            assert node.machine.authorized_keys == keys
            assert await node.say("cat /etc/packed") == "hello\n"
            assert node.machine.disk.files["/opt/rancher/bin/start.sh"].mode == 0o755
            assert not node.machine.disk.exists("/etc/ntp.conf")
            assert await node.say("sudo ros config get rancher.debug") == "true\n"
            await node.reboot()

    drill(scenario, USER_DATA)


def test_without_user_data_metadata_gives_name_and_keys() -> None:
    async def scenario(node: Node) -> None:
        assert await node.say("hostname") == "manager0\n"
        assert await node.say("sudo ros config get ssh_authorized_keys") == f"- {KEY}\n\n"
        assert "hostname: manager0\n" in await node.say(f"sudo cat {CONF}/metadata")

    drill(scenario)


@pytest.mark.parametrize(
    "user_data",
    [b"#cloud-config\nrancher:\n\tdebug: true\n", b"#cloud-config\nhostname: [1]\n", b"hello\n"],
)
def test_user_data_that_cannot_be_read_is_not_saved(user_data: bytes) -> None:
    async def scenario(node: Node) -> None:
        assert await node.say("hostname") == "manager0\n"
        assert not node.machine.disk.exists(f"{CONF}/cloud-config.d/boot.yml")
        assert any("cloud-init-save" in line for line in node.machine.console)

    drill(scenario, user_data)


def test_six_sources_each_stronger_than_the_one_before() -> None:
    async def scenario(node: Node) -> None:
        get = "sudo ros config get rancher.network.dns.nameservers"
        name = "rancher:\\n  network:\\n    dns:\\n      nameservers: [{}]\\n"
        assert "8.8.8.8" in await node.say("sudo cat /usr/share/ros/os-config.yml")
        assert await node.say(get) == "- 188.93.16.19\n- 188.93.17.19\n\n"  # oem-config.yml
        assert "188.93.17.19" in await node.say("sudo cat /usr/share/ros/oem/oem-config.yml")
        folder = f"{CONF}/cloud-config.d"
        await node.say(f"printf '{name.format('10.0.0.1')}' | sudo tee {folder}/a.yml")
        assert await node.say(get) == "- 10.0.0.1\n\n"
        await node.say("sudo ros config set rancher.network.dns.nameservers '[10.0.0.2]'")
        assert await node.say(get) == "- 10.0.0.2\n\n"
        cmdline = "APPEND rancher.network.dns.nameservers=[10.0.0.3]"
        await node.say(f"echo '{cmdline}' | sudo tee /boot/global.cfg")
        assert await node.say(get) == "- 10.0.0.2\n\n"  # the kernel reads it at the next boot
        await node.reboot()
        assert "nameservers=[10.0.0.3]" in await node.say("cat /proc/cmdline")
        assert await node.say(get) == "- 10.0.0.3\n\n"
        assert await node.say("sudo ros config get hostname") == "manager0\n"  # metadata
        await node.say("sudo ros config set hostname other")
        assert await node.say("sudo ros config get hostname") == "other\n"

    drill(scenario)


def test_the_articles_setting() -> None:
    async def scenario(node: Node) -> None:
        value = "\"['188.93.16.19','188.93.17.19']\""
        await node.say(f"sudo ros config set rancher.network.dns.nameservers {value}")
        assert await node.say(f"sudo cat {CONF}/cloud-config.yml") == (
            "rancher:\n  network:\n    dns:\n      nameservers:\n      - 188.93.16.19\n"
            "      - 188.93.17.19\n"
        )
        assert (await node.run(f"cat {CONF}/cloud-config.yml")).exit_code == 1

    drill(scenario)


def test_a_wrong_value_changes_nothing() -> None:
    async def scenario(node: Node) -> None:
        await node.say("sudo ros config set rancher.debug false")
        before = await node.say(f"sudo cat {CONF}/cloud-config.yml")
        for line in (
            "sudo ros config set rancher.network.dns.nameservers 188.93.16.19",
            "sudo ros config set rancher.debug perhaps",
            "sudo ros config set rancher.network.interfaces.eth0.mtu big",
            "sudo ros config set hostname '[a]'",
            "printf 'rancher:\\n  debug: [1]\\n' | sudo ros config merge",
            "sudo ros config merge -i /nosuch.yml",
        ):
            done = await node.run(line)
            assert (done.exit_code, done.stdout) == (1, b""), line
            assert b"level=fatal" in done.stderr
        assert await node.say(f"sudo cat {CONF}/cloud-config.yml") == before

    drill(scenario)


def test_downgrade_and_upgrade() -> None:
    async def scenario(node: Node) -> None:
        await node.say("docker run -d --restart=always nginx")
        await node.upgrade("sudo ros os upgrade -i rancher/os:v0.5.0", b"y\ny\n")
        assert await node.say("sudo ros os version") == "v0.5.0\n"
        assert (await node.say("docker --version")).startswith("Docker version 1.11.2")
        assert "rancher/os:v0.5.0 local\n" in await node.say("sudo ros os list")
        table = await node.say("sudo system-docker ps")
        assert "rancher/os-console:v0.5.0" in table
        assert "rancher/os-docker:1.11.2" in table
        assert "v0.6.1" not in table
        assert "nginx" in await node.say("docker ps")
        assert "os-base:v0.5.0" in await node.say("sudo cat /usr/share/ros/os-config.yml")
        await node.upgrade("sudo ros os upgrade -f", b"")
        assert await node.say("sudo ros os version") == "v0.6.1\n"
        assert (await node.say("docker --version")).startswith("Docker version 1.12.1")

    drill(scenario)


def test_a_reboot_takes_the_boot_time() -> None:
    async def scenario(node: Node) -> None:
        await node.upgrade("sudo ros os upgrade -f -i rancher/os:v0.6.0", b"")
        events = {text: when for when, text in node.world.events}
        assert events["manager0 has booted"] - events["manager0 has lost power"] >= 25.0

    drill(scenario)


def test_an_upgrade_that_is_not_rebooted_waits_for_the_next_boot() -> None:
    async def scenario(node: Node) -> None:
        await node.say("sudo ros os upgrade -f --no-reboot -i rancher/os:v0.6.0")
        assert await node.say("sudo ros os version") == "v0.6.1\n"
        await node.reboot()
        assert await node.say("sudo ros os version") == "v0.6.0\n"

    drill(scenario)


@pytest.mark.parametrize("answers", [b"n\n", b"\n", b""])
def test_a_refused_upgrade_changes_nothing(answers: bytes) -> None:
    async def scenario(node: Node) -> None:
        done = await node.run("sudo ros os upgrade -i rancher/os:v0.5.0", answers)
        assert (done.exit_code, node.machine.boots) == (1, 1)
        assert done.stdout == b"Upgrading to rancher/os:v0.5.0\nContinue [y/N]: "
        assert "rancher/os:v0.5.0 remote\n" in await node.say("sudo ros os list")

    drill(scenario)


def test_the_release_list_is_the_worlds() -> None:
    async def scenario(node: Node) -> None:
        outside = outside_of(node.world)
        outside.releases.append("rancher/os:v0.7.0")
        outside.current = "rancher/os:v0.7.0"
        assert "rancher/os:v0.7.0 remote\n" in await node.say("sudo ros os list")
        done = await node.run("sudo ros os upgrade", b"n\n")
        assert done.stdout.startswith(b"Upgrading to rancher/os:v0.7.0\n")
        del node.world.internet["releases.rancher.com"]
        done = await node.run("sudo ros os list")
        assert (done.exit_code, done.stdout) == (1, b"")
        assert b"lookup releases.rancher.com on 188.93.16.19:53: no such host" in done.stderr

    drill(scenario)


def test_an_engine_switch_stops_docker_for_ten_seconds() -> None:
    async def scenario(node: Node) -> None:
        await node.say("docker run -d --restart=always --name web nginx")
        before = node.world.clock.now()
        task = asyncio.create_task(node.run("sudo ros engine switch docker-1.11.2"))
        done = await node.run("until ! docker ps >/dev/null 2>&1; do sleep 1; done; docker ps")
        assert b"Is the docker daemon running on this host?" in done.stderr
        switched = await task
        assert switched.exit_code == 0
        assert b"Recreating docker" in switched.stderr
        assert node.world.clock.now() - before >= 10.0
        assert (await node.say("docker --version")).startswith("Docker version 1.11.2")
        assert "current  docker-1.11.2\n" in await node.say("sudo ros engine list")
        assert "rancher/os-docker:1.11.2" in await node.say("sudo system-docker ps")
        assert "Up " in await node.say("docker ps --filter name=web")
        await node.reboot()
        assert (await node.say("docker --version")).startswith("Docker version 1.11.2")

    drill(scenario)


def test_an_engine_that_there_is_not_is_not_switched_to() -> None:
    async def scenario(node: Node) -> None:
        done = await node.run("sudo ros engine switch docker-9.9.9")
        assert (done.exit_code, done.stdout) == (1, b"")
        assert b"docker-9.9.9.yml: non-200 http response: 404" in done.stderr
        assert (await node.say("docker --version")).startswith("Docker version 1.12.1")
        await node.say("docker ps")

    drill(scenario)


def test_an_enabled_engine_runs_after_the_next_boot() -> None:
    async def scenario(node: Node) -> None:
        await node.say("sudo ros engine enable docker-1.10.3")
        assert (await node.say("docker --version")).startswith("Docker version 1.12.1")
        await node.reboot()
        assert (await node.say("docker --version")).startswith("Docker version 1.10.3")
        assert "current  docker-1.10.3\n" in await node.say("sudo ros engine list")

    drill(scenario)


def test_the_system_containers_are_the_articles() -> None:
    async def scenario(node: Node) -> None:
        rows = (await node.say("sudo system-docker ps")).splitlines()[1:]
        assert [row.split()[-1] for row in rows] == [
            "docker", "console", "network", "ntp", "udev", "acpid", "syslog",
        ]  # fmt: skip
        assert [row.split()[1] for row in rows] == [
            "rancher/os-docker:1.12.1", "rancher/os-console:v0.6.1", "rancher/os-base:v0.6.1",
            "rancher/os-base:v0.6.1", "rancher/os-udev:v0.6.1", "rancher/os-acpid:v0.6.1",
            "rancher/os-syslog:v0.6.1",
        ]  # fmt: skip

    drill(scenario)


def test_restarting_ntp_touches_nothing_else() -> None:
    async def scenario(node: Node) -> None:
        inspect = "sudo system-docker inspect -f '{{.Name}} {{.State.StartedAt}}' "
        names = "docker console network ntp udev acpid syslog"
        before = (await node.say(inspect + names)).splitlines()
        assert await node.say("sudo system-docker restart ntp") == "ntp\n"
        after = (await node.say(inspect + names)).splitlines()
        changed = [old.split()[0] for old, new in zip(before, after, strict=True) if old != new]
        assert changed == ["/ntp"]

    drill(scenario)


def test_the_user_docker_lives_in_a_system_container() -> None:
    async def scenario(node: Node) -> None:
        await node.say("sudo system-docker stop docker")
        assert (await node.run("docker ps")).exit_code == 1
        await node.say("sudo system-docker start docker")
        await node.say("docker ps")

    drill(scenario)


@pytest.mark.parametrize(
    ("line", "exit_code", "where", "words"),
    [
        ("sudo ros config validate -i /x", 3, "err", "No help topic for 'validate'"),
        ("sudo ros nosuch", 3, "err", "No help topic for 'nosuch'"),
        ("sudo ros os list --all", 0, "out", "Incorrect Usage."),
        ("sudo ros os", 0, "out", "ros os command [command options]"),
        ("sudo ros os upgrade --help", 0, "out", "--image"),
        ("sudo ros os upgrade -i rancher/os:v0.5.0 more", 1, "err", "invalid arguments [more]"),
        ("sudo ros engine switch", 1, "err", "Must specify exactly one Docker engine to switch to"),
        ("sudo ros console list", 0, "out", "current  default\n"),
        ("sudo ros service list", 0, "out", "disabled amazon-ecs-agent\n"),
        ("ros config get hostname", 1, "err", "ros: Need to be root"),
    ],
)
def test_usage(line: str, exit_code: int, where: str, words: str) -> None:
    async def scenario(node: Node) -> None:
        done = await node.run(line)
        assert done.exit_code == exit_code
        assert words in (done.stdout if where == "out" else done.stderr).decode()

    drill(scenario)

"""The twin's SSH servers, through the bastion as every client comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncssh
import pytest

from runbook_twin.bastion import Bastion
from runbook_twin.clock import Clock
from runbook_twin.machine import HttpAnswer, Machine
from runbook_twin.sshd import console_keys, sshd_of
from runbook_twin.world import World

KEY = asyncssh.generate_private_key("ssh-ed25519")
HOST_KEY = asyncssh.generate_private_key("ssh-ed25519")
LIMIT_S = 30.0


@dataclass
class Site:
    """A world with three nodes and a bastion."""

    world: World
    bastion: Bastion
    port: int
    nodes: list[Machine]

    @asynccontextmanager
    async def login(
        self, node: int = 0, *, user: str = "core", key: asyncssh.SSHKey = KEY, via: object = None
    ) -> AsyncIterator[asyncssh.SSHClientConnection]:
        """A connection to a node, its host key checked; `via`: another connection than ours."""
        machine = self.nodes[node]
        trusted = machine.host_key.export_public_key().decode()
        async with self.through_bastion() as tunnel, asyncssh.connect(
            machine.address, username=user, client_keys=[key], tunnel=via or tunnel, config=[],
            known_hosts=asyncssh.import_known_hosts(f"* {trusted}"), agent_path=None,
        ) as connection:  # fmt: skip
            yield connection

    @asynccontextmanager
    async def through_bastion(
        self, user: str = "operator", key: asyncssh.SSHKey = KEY
    ) -> AsyncIterator[asyncssh.SSHClientConnection]:
        """A connection to the bastion."""
        trusted = HOST_KEY.export_public_key().decode()
        async with asyncssh.connect(
            "127.0.0.1", self.port, username=user, client_keys=[key], config=[], agent_path=None,
            known_hosts=asyncssh.import_known_hosts(f"* {trusted}"),
        ) as connection:  # fmt: skip
            yield connection


def on_site(work: Callable[[Site], Awaitable[object]], factor: float = 100.0) -> None:
    """Run a scenario on a fresh site, within a limit."""

    async def go() -> None:
        world = World(Clock(factor))
        public = KEY.export_public_key().decode()
        nodes = []
        for number in range(3):
            machine = Machine(world, f"node0{number}", f"192.168.0.1{number}", "coreos", "core")
            machine.authorized_keys = [public]
            machine.disk.directories.add("/home/core")
            machine.boot_s = 5.0
            sshd_of(machine)
            world.machines[str(number)] = machine
            machine.power_on()
            nodes.append(machine)
        bastion = Bastion(world, "operator", [public], HOST_KEY)
        try:
            async with asyncio.timeout(LIMIT_S):
                await work(Site(world, bastion, await bastion.listen(), nodes))
        finally:
            await bastion.close()
            for machine in nodes:
                machine.power_off()

    asyncio.run(go())


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop run until a condition holds."""
    while not holds():
        await asyncio.sleep(0.001)


def test_a_command_has_its_streams_and_its_exit_code() -> None:
    async def work(site: Site) -> None:
        async with site.login(1) as node:
            done = await node.run("hostname; cat; echo bad >&2; exit 3", input="in")
            assert (done.exit_status, done.stdout, done.stderr) == (3, "node01\nin", "bad\n")

    on_site(work)


def test_many_commands_share_a_connection_at_the_same_time() -> None:
    async def work(site: Site) -> None:
        async with site.login() as node:
            runs = [node.run(f"sleep {n % 3}; echo {n}") for n in range(20)]
            assert [r.stdout for r in await asyncio.gather(*runs)] == [f"{n}\n" for n in range(20)]

    on_site(work)


def test_twenty_megabytes_on_both_streams() -> None:
    size = 20_000_000

    async def work(site: Site) -> None:
        line = f"head -c {size} /dev/zero; head -c {size} /dev/zero >&2"
        async with site.login() as node:
            done = await node.run(line, encoding=None)
            assert (len(done.stdout or b""), len(done.stderr or b"")) == (size, size)

    on_site(work)


def test_output_arrives_while_the_command_runs() -> None:
    async def work(site: Site) -> None:
        async with (
            site.login() as node,
            node.create_process("echo one; read x; echo $x") as process,
        ):
            assert await process.stdout.readline() == "one\n"
            process.stdin.write("two\n")
            assert await process.stdout.readline() == "two\n"

    on_site(work)


@pytest.mark.parametrize("user", ["root", "rancher", "operator"])
def test_only_the_image_s_user_may_log_in(user: str) -> None:
    async def work(site: Site) -> None:
        with pytest.raises(asyncssh.PermissionDenied):
            async with site.login(user=user):
                pass

    on_site(work)


def test_only_known_keys_may_log_in() -> None:
    stranger = asyncssh.generate_private_key("ssh-ed25519")

    async def work(site: Site) -> None:
        with pytest.raises(asyncssh.PermissionDenied):
            async with site.login(key=stranger):
                pass
        with pytest.raises(asyncssh.PermissionDenied):
            async with site.through_bastion(key=stranger):
                pass
        with pytest.raises(asyncssh.PermissionDenied):
            async with site.through_bastion(user="root"):
                pass

    on_site(work)


def test_the_bastion_runs_nothing() -> None:
    async def work(site: Site) -> None:
        async with site.through_bastion() as bastion:
            with pytest.raises(asyncssh.ChannelOpenError):
                await bastion.run("id")

    on_site(work)


@pytest.mark.parametrize(
    ("address", "port", "words"),
    [
        ("192.168.0.77", 22, "No route to host"),
        ("192.168.0.12", 22, "No route to host"),
        ("192.168.0.11", 22, "No route to host"),
        ("192.168.0.10", 81, "Connection refused"),
    ],
)
def test_what_cannot_be_reached_says_why(address: str, port: int, words: str) -> None:
    async def work(site: Site) -> None:
        site.nodes[2].power_off()
        site.world.cut.add("192.168.0.11")
        before = site.world.clock.now()
        async with site.through_bastion() as bastion:
            with pytest.raises(asyncssh.ChannelOpenError, match=words):
                await bastion.open_connection(address, port)
        slow = site.world.clock.now() - before >= 3.0
        assert slow or words == "Connection refused"

    on_site(work)


def test_a_node_is_a_way_to_another_node_as_its_own_network_allows() -> None:
    async def work(site: Site) -> None:
        async with site.login(0) as first:
            async with site.login(1, via=first) as second:
                assert (await second.run("hostname")).stdout == "node01\n"
            with pytest.raises(asyncssh.ChannelOpenError, match="Connection refused"):
                await first.open_connection("localhost", 2379)

    on_site(work)


def test_a_page_of_a_node_through_the_bastion() -> None:
    async def page(method: str, path: str, body: bytes) -> HttpAnswer:
        return HttpAnswer(200, f"{method} {path} {body.decode()}\n".encode())

    async def work(site: Site) -> None:
        site.nodes[0].listeners[80] = page
        async with site.through_bastion() as bastion:
            reader, writer = await bastion.open_connection("192.168.0.10", 80)
            writer.write(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"Content-Length: 11\r\n" in head
            assert await reader.readexactly(11) == b"POST /a hi\n"
            writer.write(b"GET /b HTTP/1.1\r\nConnection: close\r\n\r\n")
            assert (await reader.read()).endswith(b"\r\n\r\nGET /b \n")

    on_site(work)


def test_a_cut_holds_data_back_and_gives_it_later() -> None:
    async def work(site: Site) -> None:
        async with site.login(1) as node:
            site.world.cut.add("192.168.0.11")
            site.world.changed()
            asked = asyncio.ensure_future(node.run("touch /home/core/seen; echo done"))
            await site.world.clock.sleep(20.0)
            assert not asked.done()
            assert "/home/core/seen" not in site.nodes[1].disk.files
            site.world.cut.clear()
            site.world.changed()
            assert (await asked).stdout == "done\n"

    on_site(work)


def test_a_command_goes_on_behind_a_cut() -> None:
    async def work(site: Site) -> None:
        async with site.login(1) as node:
            asked = asyncio.ensure_future(node.run("touch begun; sleep 5; touch ended"))
            await until(lambda: "/home/core/begun" in site.nodes[1].disk.files)
            site.world.cut.add("192.168.0.11")
            site.world.changed()
            await until(lambda: "/home/core/ended" in site.nodes[1].disk.files)
            assert not asked.done()
            site.world.cut.clear()
            site.world.changed()
            assert (await asked).exit_status == 0

    on_site(work)


def test_lost_power_is_silence_and_the_new_boot_knows_nothing_of_old_connections() -> None:
    async def work(site: Site) -> None:
        async with site.login(1) as node:
            asked = asyncio.ensure_future(node.run("sleep 60; touch /home/core/ended"))
            await site.world.clock.sleep(10.0)
            site.nodes[1].power_off()
            await site.world.clock.sleep(100.0)
            assert not asked.done()
            site.nodes[1].start()
            await until(lambda: site.nodes[1].powered)
            with pytest.raises((asyncssh.ConnectionLost, asyncssh.ChannelOpenError)):
                await node.run("true")
            asked.cancel()
        async with site.login(1) as again:
            assert (await again.run("uptime -s; ls ended")).exit_status == 2

    on_site(work)


def test_a_reboot_closes_the_session_and_the_node_comes_back_with_its_disk() -> None:
    async def work(site: Site) -> None:
        async with site.login(1) as node:
            before = (await node.run("cat /proc/sys/kernel/random/boot_id; echo x > keep")).stdout
            assert (await node.run("sudo reboot")).exit_status == 0
            await node.wait_closed()
        await until(lambda: site.nodes[1].boots == 2)
        async with site.login(1) as node:
            after = (await node.run("cat /proc/sys/kernel/random/boot_id keep")).stdout
            assert str(after).endswith("\nx\n")
            assert before not in str(after)

    on_site(work)


def test_a_dropped_connection_is_lost_once() -> None:
    async def work(site: Site) -> None:
        site.nodes[0].drop_after = 1.0
        async with site.login(0) as node:
            process = await node.create_process("sleep 30")
            await process.wait_closed()
            assert process.exit_status is None
        async with site.login(0) as node:
            assert (await node.run("echo fine")).stdout == "fine\n"

    on_site(work)


def test_a_slow_link_delays_and_keeps_the_order() -> None:
    async def work(site: Site) -> None:
        site.world.slow["192.168.0.10"] = 2.0
        before = site.world.clock.now()
        async with site.login(0) as node:
            done = await node.run("head -c 300000 /dev/zero | base64 -w 0 | wc -c")
        assert done.stdout == "400000\n"
        assert site.world.clock.now() - before > 10.0

    on_site(work)


def test_a_client_that_leaves_ends_its_command() -> None:
    async def work(site: Site) -> None:
        async with site.login(0) as node:
            process = await node.create_process("touch begun; sleep 3; touch ended")
            await until(lambda: "/home/core/begun" in site.nodes[0].disk.files)
            process.close()
        await site.world.clock.sleep(10.0)
        assert "/home/core/ended" not in site.nodes[0].disk.files

    on_site(work)


def test_a_signal_ends_the_command() -> None:
    async def work(site: Site) -> None:
        async with site.login(0) as node:
            process = await node.create_process("sleep 600")
            process.send_signal("TERM")
            done = await process.wait()
            assert done.exit_signal is not None
            assert done.exit_signal[0] == "TERM"

    on_site(work)


def test_a_terminal_has_one_stream_with_carriage_returns() -> None:
    async def work(site: Site) -> None:
        async with site.login(0) as node:
            done = await node.run("echo a; echo b >&2", term_type="xterm")
            assert (done.stdout, done.stderr) == ("a\r\nb\r\n", "")

    on_site(work)


@pytest.mark.parametrize(
    ("user", "prompt"), [("core", "core@node00 ~ $ "), ("rancher", "[rancher@node00 ~]$ ")]
)
def test_an_interactive_shell(user: str, prompt: str) -> None:
    async def work(site: Site) -> None:
        site.nodes[0].user = user
        async with (
            site.login(0, user=user) as node,
            node.create_process(term_type="xterm") as shell,
        ):
            assert await shell.stdout.readuntil(prompt) == prompt
            shell.stdin.write("ecx\x7fho $((2*3))\r")
            shown = await shell.stdout.readuntil(prompt)
            assert shown == f"ecx\b \bho $((2*3))\r\n6\r\n{prompt}"
            shell.stdin.write("sleep 10000\r")
            await shell.stdout.readuntil("10000\r\n")
            await until(lambda: bool(site.nodes[0].tasks))
            shell.stdin.write("\x03")
            await shell.stdout.readuntil(prompt)
            shell.stdin.write("x=5; nosuch\r")
            assert "bash: nosuch: command not found\r\n" in await shell.stdout.readuntil(prompt)
            shell.stdin.write("exit $x\r")
            done = await shell.wait()
            assert done.exit_status == 5

    on_site(work)


def test_lines_on_the_input_of_a_shell_without_a_terminal() -> None:
    async def work(site: Site) -> None:
        async with site.login(0) as node:
            done = await node.run(input="x=1\necho $x\nexit 4\n")
            assert (done.stdout, done.exit_status) == ("1\n", 4)

    on_site(work)


def test_the_console_shows_the_host_keys_of_the_first_boot() -> None:
    async def work(site: Site) -> None:
        machine = site.nodes[0]
        log = "\n".join(machine.console)
        public = machine.host_key.export_public_key().decode().split()[1]
        assert machine.host_key.get_fingerprint() in log
        assert f"-----BEGIN SSH HOST KEY KEYS-----\nssh-ed25519 {public}" in log
        assert log.count("BEGIN SSH HOST KEY") == len(
            [x for x in console_keys(machine) if "BEGIN" in x]
        )
        assert len({node.host_key.get_fingerprint() for node in site.nodes}) == 3

    on_site(work)

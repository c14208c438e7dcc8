"""The world's network and power, and the hypervisor whose servers live in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from runbook_twin import images
from runbook_twin.clock import Clock
from runbook_twin.files import Disk, DiskFull
from runbook_twin.hypervisor import NoValidHost, ServerSpec
from runbook_twin.machine import HttpAnswer, Machine
from runbook_twin.shell import run
from runbook_twin.skipping import SkippingLoop
from runbook_twin.world import NetworkError, World
from runbook_twin.world_hypervisor import WorldHypervisor


def install_nothing(machine: Machine, spec: ServerSpec) -> None:
    """An image with nothing but what every machine has."""
    machine.disk.write("/etc/hostname", spec.name + "\n")


@pytest.fixture(autouse=True)
def plain_image(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(images.IMAGES, "plain", images.Image("core", 16.0, install_nothing))
    yield


def in_world(work: Callable[[World, WorldHypervisor], Awaitable[None]]) -> None:
    """Run a scenario in a fresh world."""

    async def go() -> None:
        world = World(Clock(1000.0))
        async with asyncio.timeout(20):
            await work(world, WorldHypervisor(world))

    asyncio.run(go())


def spec(number: int = 0) -> ServerSpec:
    return ServerSpec(f"id{number}", f"node0{number}", "plain", f"192.168.0.1{number}", b"", ("k",))


async def booted(machine: Machine) -> None:
    """Wait for a machine to be up."""
    up = asyncio.Event()
    machine.world.on_change.add(lambda: up.set() if machine.powered else None)
    if not machine.powered:
        await up.wait()


async def page(method: str, path: str, body: bytes) -> HttpAnswer:
    return HttpAnswer(200, f"{method} {path}".encode())


def test_a_server_is_reachable_only_after_its_boot() -> None:
    async def work(world: World, hypervisor: WorldHypervisor) -> None:
        world.faults.slow_boot_s = 30.0
        await hypervisor.create(spec())
        made, machine = world.clock.now(), world.machines["id0"]
        assert not world.reachable(None, "192.168.0.10")
        assert hypervisor.console("id0") == ""
        await booted(machine)
        assert world.clock.now() - made >= 45.0
        assert world.reachable(None, "192.168.0.10")
        assert machine.authorized_keys == ["k"]
        assert "BEGIN SSH HOST KEY FINGERPRINTS" in hypervisor.console("id0")

    in_world(work)


def test_power_loss_ends_what_ran_and_keeps_the_disk() -> None:
    async def work(world: World, hypervisor: WorldHypervisor) -> None:
        await hypervisor.create(spec())
        machine = world.machines["id0"]
        await booted(machine)
        machine.listeners[80] = page
        task = machine.spawn(asyncio.sleep(1e6))
        await run(machine, "echo kept > /etc/kept; echo lost > /run/lost; hostname other")
        await hypervisor.power_off("id0")
        assert not machine.listeners
        await asyncio.wait([task])
        assert task.cancelled()
        await hypervisor.power_on("id0")
        await booted(machine)
        left = await run(machine, "cat /etc/kept; ls /run; hostname")
        assert left.stdout == b"kept\nnode00\n"
        assert machine.boots == 2

    in_world(work)


@pytest.mark.parametrize("hard", [True, False])
def test_a_reboot_is_a_new_boot(hard: bool) -> None:
    async def work(world: World, hypervisor: WorldHypervisor) -> None:
        await hypervisor.create(spec())
        machine = world.machines["id0"]
        await booted(machine)
        line = "cat /proc/sys/kernel/random/boot_id"
        before = (await run(machine, line)).stdout
        await hypervisor.reboot("id0", hard=hard)
        assert not machine.powered
        await booted(machine)
        assert (await run(machine, line)).stdout != before

    in_world(work)


def test_a_deleted_server_is_gone_and_a_new_one_has_another_host_key() -> None:
    async def work(world: World, hypervisor: WorldHypervisor) -> None:
        await hypervisor.create(spec())
        first = world.machines["id0"].host_key.get_fingerprint()
        await hypervisor.delete("id0")
        assert world.machine_at("192.168.0.10") is None
        await hypervisor.create(spec())
        assert world.machines["id0"].host_key.get_fingerprint() != first

    in_world(work)


def test_a_power_off_during_the_boot_keeps_it_off() -> None:
    async def work(world: World, hypervisor: WorldHypervisor) -> None:
        await hypervisor.create(spec())
        await hypervisor.power_off("id0")
        await world.clock.sleep(60)
        assert not world.machines["id0"].powered

    in_world(work)


def test_no_host_for_a_server() -> None:
    async def work(world: World, hypervisor: WorldHypervisor) -> None:
        world.faults.no_valid_host = True
        with pytest.raises(NoValidHost):
            await hypervisor.create(spec())
        assert not world.machines

    in_world(work)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://192.168.0.11:80/", "connection refused"),
        ("http://192.168.0.12/", "i/o timeout"),
        ("http://192.168.0.13/", "i/o timeout"),
        ("http://192.168.0.77/", "no route to host"),
        ("http://nosuch.example/", "no such host"),
    ],
)
def test_http_fails_in_go_s_words(url: str, reason: str) -> None:
    async def work(world: World, hypervisor: WorldHypervisor) -> None:
        for number in range(4):
            await hypervisor.create(spec(number))
        for machine in world.machines.values():
            await booted(machine)
        world.machines["id2"].power_off()
        world.cut.add("192.168.0.13")
        with pytest.raises(NetworkError, match=reason):
            await world.http(world.machines["id0"], "GET", url)

    in_world(work)


def test_http_reaches_who_listens_and_itself() -> None:
    async def work(world: World, hypervisor: WorldHypervisor) -> None:
        await hypervisor.create(spec())
        machine = world.machines["id0"]
        await booted(machine)
        machine.listeners[2379] = page
        world.cut.add(machine.address)
        answer = await world.http(machine, "GET", "http://127.0.0.1:2379/v2/keys?recursive=true")
        assert answer.body == b"GET /v2/keys?recursive=true"

    in_world(work)


def test_the_world_writes_down_what_happened() -> None:
    async def work(world: World, hypervisor: WorldHypervisor) -> None:
        await hypervisor.create(spec())
        await booted(world.machines["id0"])
        await hypervisor.power_off("id0")
        assert [text for _, text in world.events] == [
            "node00 was made", "node00 has booted", "node00 has lost power",
        ]  # fmt: skip
        times = [at for at, _ in world.events]
        assert times == sorted(times)

    in_world(work)


def test_waiting_can_be_left_out_and_time_goes_on_without_a_jump() -> None:
    async def work() -> tuple[list[float], list[str]]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SkippingLoop)
        clock, order = Clock(10.0, source=loop.time), []
        times = [clock.now()]
        with loop.skip():
            clock.call_later(86400.0, lambda: order.append("a day"))
            clock.call_later(3600.0, lambda: order.append("an hour"))
            await clock.sleep(90000.0)
            times.append(clock.now())
        times.append(clock.now())
        await clock.sleep(0.01)
        return [*times, clock.now()], order

    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        times, order = runner.run(asyncio.wait_for(work(), 1e6))
    assert order == ["an hour", "a day"]
    assert 90000.0 <= times[1] - times[0] < 90001.0
    assert times == sorted(times)
    assert times[2] - times[1] < 60.0


def test_a_disk() -> None:
    disk = Disk()
    disk.write("/a/b/c", "text")
    disk.write("/a/d", b"\xff")
    assert disk.is_directory("/a/b")
    assert disk.listing("/a") == ["b", "d"]
    assert disk.text("/a/b/c") == "text"
    disk.remove("/a/b")
    assert not disk.exists("/a/b/c")
    disk.full = True
    with pytest.raises(DiskFull):
        disk.write("/a/e", "x")
    assert disk.read("/a/d") == b"\xff"


def test_a_standstill_of_the_process_is_no_time_of_the_twin() -> None:
    """Else clusters miss their heartbeats when the machine is busy."""
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:

        async def stand_still() -> tuple[float, float]:
            loop = asyncio.get_running_loop()
            await asyncio.sleep(0)
            before, seen = loop.time(), []
            time.sleep(0.5)
            for _ in range(3):
                await asyncio.sleep(0)
                seen.append(loop.time())
            await asyncio.sleep(0.02)
            assert seen == sorted(seen)
            return before, loop.time()

        before, after = runner.run(stand_still())
    assert 0.02 <= after - before < 0.5

"""The faults of the twin: each does what its name says, and can be mended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from runbook_twin import faults
from runbook_twin.clock import Clock
from runbook_twin.faults import KINDS, UnknownFault
from runbook_twin.machine import Machine
from runbook_twin.shell import run
from runbook_twin.world import World

EXAMPLES = [
    "node-lost node00",
    "network-cut node00",
    "slow-link node00 2",
    "image-missing nginx",
    "api-image-missing coreos",
    "disk-full node00",
    "sudo-refused node00",
    "drop-connection node00 1.5",
    "api-error 503 2",
    "quota 2",
    "no-valid-host",
    "slow-boot 30",
]


def in_world(work: Callable[[World, Machine], Awaitable[None]]) -> None:
    """Run a scenario with two nodes that are up."""

    async def go() -> None:
        world = World(Clock(1000.0))
        for number in range(2):
            name, address = f"node0{number}", f"192.168.0.1{number}"
            machine = world.machines[name] = Machine(world, name, address, "coreos", "core")
            machine.power_on()
        async with asyncio.timeout(20):
            await work(world, world.machines["node00"])

    asyncio.run(go())


@pytest.mark.parametrize("typed", EXAMPLES)
def test_a_fault_is_in_force_until_it_is_cleared(typed: str) -> None:
    async def work(world: World, node: Machine) -> None:
        name, *arguments = typed.split()
        faults.apply(world, name, arguments)
        assert faults.active(world) == [typed]
        faults.clear(world)
        assert faults.active(world) == []
        assert node.powered or node.starting
        assert world.images["nginx"] == 16.0

    in_world(work)


def test_every_fault_has_an_example_here_or_mends_another() -> None:
    assert {typed.split()[0] for typed in EXAMPLES} | {"node-back", "network-heal"} == set(KINDS)


def test_a_lost_node_comes_back() -> None:
    async def work(world: World, node: Machine) -> None:
        faults.apply(world, "node-lost", ["192.168.0.10"])
        assert not world.reachable(None, node.address)
        up = asyncio.Event()
        world.on_change.add(lambda: up.set() if node.powered else None)
        faults.apply(world, "node-back", ["node00"])
        await up.wait()
        assert world.reachable(None, node.address)

    in_world(work)


def test_links_are_healed_one_by_one_or_together() -> None:
    async def work(world: World, node: Machine) -> None:
        for name in ("node00", "node01"):
            faults.apply(world, "network-cut", [name])
        assert not world.reachable(node, "192.168.0.11")
        faults.apply(world, "network-heal", ["node01"])
        assert world.cut == {"192.168.0.10"}
        faults.apply(world, "network-heal", [])
        assert world.reachable(node, "192.168.0.11")
        assert [text for _, text in world.events][-1] == "node00 is connected again"

    in_world(work)


def test_a_full_disk_and_a_refused_sudo_are_felt() -> None:
    async def work(world: World, node: Machine) -> None:
        faults.apply(world, "disk-full", ["node00"])
        faults.apply(world, "sudo-refused", ["node00"])
        full = await run(node, "echo x > /tmp/x", user="core")
        assert full.stderr == b"bash: /tmp/x: No space left on device\n"
        refused = await run(node, "sudo -n true", user="core")
        assert refused.exit_code == 1

    in_world(work)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("nosuch", "no fault 'nosuch'; there are: node-lost"),
        ("node-lost", "usage: node-lost NODE"),
        ("node-lost node77", "no node 'node77'; there are: node00, node01"),
        ("quota many", "not a number"),
        ("api-error 200", "200 is no HTTP error"),
        ("no-valid-host x", "usage: no-valid-host"),
    ],
)
def test_what_cannot_be_broken_is_said(typed: str, why: str) -> None:
    async def work(world: World, node: Machine) -> None:
        name, *arguments = typed.split()
        with pytest.raises(UnknownFault, match=why):
            faults.apply(world, name, arguments)
        assert faults.active(world) == []

    in_world(work)

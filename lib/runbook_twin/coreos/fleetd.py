"""The program `fleetd`: shows its machine, runs the agent and the engine, answers fleetctl."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from runbook_twin.coreos.etcd_raft import running
from runbook_twin.coreos.fleet_agent import TTL_S, Agent
from runbook_twin.coreos.fleet_engine import INTERVAL_S, Engine
from runbook_twin.coreos.fleet_job import MachineState
from runbook_twin.coreos.fleet_registry import Registry, Unavailable
from runbook_twin.coreos.node import machine_id
from runbook_twin.files import DiskFull
from runbook_twin.machine import Call, Machine

_STATES_S, _AGENT_S, _SOON_S = 1.0, 5.0, 0.3
_ATTEMPTS, _ATTEMPT_S = 4, TTL_S / 12
_LONGEST_PAUSE_S = 60.0


def metadata(text: str) -> dict[str, str]:
    """`region=ru-1,role=web` as a table."""
    pairs = [part.strip().partition("=") for part in text.split(",") if "=" in part]
    return {key.strip(): value.strip() for key, _, value in pairs}


class Fleet:
    """A running fleetd. available: whether its API answers (it does not while etcd is away)."""

    def __init__(self, call: Call) -> None:
        self.call, self.machine = call, call.machine
        self.registry = Registry(call.machine)
        ip = call.environment.get("FLEET_PUBLIC_IP") or call.machine.address
        labels = metadata(call.environment.get("FLEET_METADATA", ""))
        self.state = MachineState(machine_id(call.machine), ip, labels)
        self.agent = Agent(call.machine, self.registry, self.state)
        self.engine = Engine(self.registry, self.state.id)
        self.available = False

    def log(self, level: str, text: str) -> None:
        """A line of fleetd's log."""
        self.call.err(f"{level} {text}\n")

    async def run(self) -> None:
        """Register, work until etcd is lost, and again."""
        while True:
            await self._register()
            self.available = True
            tasks = [self.machine.spawn(work) for work in (
                self._agent(), self._states(), self._engine(),
                self._every(TTL_S / 2, self.agent.heartbeat),
            )]  # fmt: skip
            try:
                await self._monitor()
            finally:
                self.available = False
                for task in tasks:
                    task.cancel()
            self.log(
                "ERROR",
                "server.go: Server monitor triggered: "
                "Monitor timed out before successful heartbeat",
            )
            self.log("INFO", "server.go: Restarting server")

    async def _register(self) -> None:
        pause = 1.0
        while True:
            try:
                await self.registry.show_machine(self.state, TTL_S)
                return
            except Unavailable:
                self.log(
                    "ERROR",
                    f"server.go: Server register machine failed, retrying in {pause:.1f} sec",
                )
            await self.call.clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _monitor(self) -> None:
        """Show the machine every half of its time to live, until that fails for too long."""
        while True:
            await self.call.clock.sleep(TTL_S / 2)
            for attempt in range(_ATTEMPTS):
                try:
                    await self.registry.show_machine(self.state, TTL_S)
                    break
                except Unavailable:
                    if attempt == _ATTEMPTS - 1:
                        return
                    await self.call.clock.sleep(_ATTEMPT_S)

    async def _agent(self) -> None:
        while True:
            await self._try(self.agent.reconcile)
            server = running(self.machine)
            waiting: list[asyncio.Task[Any]] = [
                asyncio.create_task(self.call.clock.sleep(_AGENT_S))
            ]
            if server:
                waiting.append(asyncio.create_task(server.changed.wait()))
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for one in waiting:
                one.cancel()
            await self.call.clock.sleep(_SOON_S)

    async def _states(self) -> None:
        rounds = 0
        while True:
            rounds += 1
            everything = rounds % int(TTL_S / 2 / _STATES_S) == 0
            await self._try(partial(self.agent.publish, everything=everything))
            await self.call.clock.sleep(_STATES_S)

    async def _engine(self) -> None:
        await self._every(INTERVAL_S, self.engine.reconcile)

    async def _every(self, seconds: float, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self.call.clock.sleep(seconds)
            await self._try(act)

    async def _try(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except Unavailable:
            self.log("ERROR", "reconcile.go: Unable to determine agent's desired state")
        except DiskFull as full:
            self.log("ERROR", f"manager.go: failed writing unit: {full}")


class FleetSoftware:
    """The place of a machine's fleetd (software `fleet`)."""

    def __init__(self) -> None:
        self.running: Fleet | None = None

    def power_on(self) -> None:
        """systemd starts fleetd."""

    def power_off(self) -> None:
        """It keeps nothing."""
        self.running = None


def fleet_of(machine: Machine) -> Fleet | None:
    """The fleetd that runs on a machine."""
    software = machine.software.get("fleet")
    return software.running if isinstance(software, FleetSoftware) and machine.powered else None


async def fleetd(call: Call) -> int:
    """fleetd 0.11.8, until it is ended."""
    if "--version" in call.argv or "-version" in call.argv:
        call.out("fleetd version 0.11.8\n")
        return 0
    software = call.machine.software["fleet"]
    assert isinstance(software, FleetSoftware)  # noqa: S101
    fleet = Fleet(call)
    software.running = fleet
    try:
        await fleet.run()
    finally:
        if software.running is fleet:
            software.running = None
    return 0

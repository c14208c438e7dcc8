"""How fleetctl reaches fleet: the API of a node's fleetd, or etcd itself; and what can go wrong."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar
from urllib.parse import urlsplit

from runbook_twin.coreos.etcd_client import dial_error
from runbook_twin.coreos.fleet_job import Job, MachineState
from runbook_twin.coreos.fleet_registry import Registry, Unavailable
from runbook_twin.coreos.fleetd import fleet_of
from runbook_twin.coreos.goflags import Flags
from runbook_twin.machine import Call, Machine
from runbook_twin.world import NetworkError

_SSH_PORT = 22
_Answer = TypeVar("_Answer")


class FleetError(Exception):
    """A request that failed, in fleetctl's words."""


class NoClient(Exception):
    """fleetctl has nobody to talk to."""


class Session:
    """One run of fleetctl: its flags, its words, its client."""

    def __init__(self, call: Call, flags: Flags, local: Flags) -> None:
        self.call, self.flags, self.local = call, flags, local
        self.words = local.words
        self.machine: Machine = call.machine
        self.registry = Registry(call.machine)
        self.etcd_driver = flags.text("driver").lower() == "etcd"

    def say(self, text: str) -> None:
        """A line on stdout."""
        self.call.out(text + "\n")

    def complain(self, text: str) -> int:
        """A line on stderr, and exit code 1."""
        self.call.err(text + "\n")
        return 1

    async def connect(self) -> None:
        """Find whom to talk to. Raises NoClient."""
        endpoint = self.flags.text("endpoint")
        if "://" not in endpoint:
            raise NoClient("URL scheme undefined")
        if tunnel := self.flags.text("tunnel"):
            host, _, port = tunnel.partition(":")
            self.machine = await dial(self, host, int(port or _SSH_PORT))
        elif self.etcd_driver:
            await self._connect_etcd(endpoint)
        self.registry = Registry(self.machine)

    async def _connect_etcd(self, endpoint: str) -> None:
        try:
            await self.call.world.http(self.call.machine, "GET", endpoint.rstrip("/") + "/version")
        except NetworkError as error:
            self.unreachable = dial_error(endpoint, error.reason)
            stamp = f"{self.call.clock.datetime():%Y/%m/%d %H:%M:%S}"
            self.call.err(
                f"{stamp} ERROR fleetctl.go:216: error attempting to check latest fleet version in "
                f"Registry: {self.unreachable}\n"
            )
            return
        host = urlsplit(endpoint).hostname or ""
        self.machine = self.call.world.machine_at(host) or self.call.machine

    unreachable = ""

    async def ask(self, request: Awaitable[_Answer]) -> _Answer:
        """Carry out a request. Raises FleetError."""
        fleet = fleet_of(self.machine)
        problem = self.unreachable
        if not problem and not self.etcd_driver:
            if fleet is None:
                problem = (
                    "Get http://domain-sock/fleet/v1/machines?alt=json: "
                    "dial unix /var/run/fleet.sock: connect: no such file or directory"
                )
            elif not fleet.available:
                problem = "googleapi: Error 503: fleet server unable to communicate with etcd"
        if problem:
            close = getattr(request, "close", None)
            if close:
                close()
            raise FleetError(problem)
        try:
            return await request
        except Unavailable:
            body = '{"error":{"code":500,"message":""}}'
            raise FleetError(f"googleapi: got HTTP response code 500 with body: {body}") from None

    async def jobs(self) -> dict[str, Job]:
        """All units. Raises FleetError."""
        return await self.ask(self.registry.jobs())

    async def machines(self) -> dict[str, MachineState]:
        """All machines. Raises FleetError."""
        return await self.ask(self.registry.machines())


async def dial(session: Session, host: str, port: int) -> Machine:
    """A machine that answers on its SSH port. Raises NoClient."""
    world, call = session.call.world, session.call
    target = world.machine_at(host)
    url = f"ssh://{host}:{port}"
    reason = ""
    if target is None:
        await call.clock.sleep(3.0)
        reason = "no route to host"
    elif not world.reachable(call.machine, host):
        await call.clock.sleep(session.flags.number("ssh-timeout"))
        reason = "i/o timeout"
    elif port != _SSH_PORT:
        reason = "connection refused"
    if target is None or reason:
        raise NoClient(f"failed initializing SSH client: {dial_error(url, reason)}")
    return target

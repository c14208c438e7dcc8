"""A CoreOS cluster of the twin, and recorded cases of the real tools to hold it against."""

from __future__ import annotations

import asyncio
import json
import random
import re
import shlex
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from runbook_twin import coreos, shell
from runbook_twin.clock import Clock
from runbook_twin.hypervisor import ServerSpec
from runbook_twin.machine import Machine
from runbook_twin.shell import Result
from runbook_twin.skipping import SkippingLoop
from runbook_twin.world import World

OUTPUTS = Path(__file__).parents[2] / "outputs"
CLOUD_CONFIG = """#cloud-config

coreos:
    etcd2:
        discovery: {url}
        advertise-client-urls: http://{address}:2379,http://{address}:4001
        initial-advertise-peer-urls: http://{address}:2380
        listen-client-urls: http://0.0.0.0:2379,http://0.0.0.0:4001
        listen-peer-urls: http://{address}:2380

    fleet:
        public-ip: {address}
        metadata: "region=ru-1,role={role},disk=ssd"

    units:
        - name: etcd2.service
          command: start

        - name: fleet.service
          command: start
"""
NGINX = """[Unit]
Description=Nginx Test Service

[Service]
EnvironmentFile=/etc/environment
ExecStartPre=/usr/bin/docker pull nginx
ExecStart=/usr/bin/docker run --rm --name nginx -p 80:80 nginx
ExecStop=/usr/bin/docker kill nginx

[X-Fleet]
Conflicts=nginx.service
"""
_NORMAL = (
    (r"client-[0-9a-f-]{36}|0xc000[0-9a-f]{6}", "CLIENT"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "MOMENT"),
    (r"\d{4}[-/]\d\d[-/]\d\d [\d:]{8}(\.\d+)?", "MOMENT"),
    (r"(Sun|Mon|Tue|Wed|Thu|Fri|Sat) MOMENT UTC; .* ago", "MOMENT ago"),
    (r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT", "MOMENT"),
    (r"discovery\.etcd\.io/[0-9a-f]{32}", "discovery.etcd.io/TOKEN"),
    (r"(?<=registry/)[0-9a-f]{32}", "TOKEN"),
    (r"\b[0-9a-f]{12,16}\b", "ID"),
    (r"(Index\"?:? ?\"?)\d+", r"\1N"),
    (r"(?m)\[\d+\]\)?$", "[N]"),
    (r"TTL: [1-9]\d*", "TTL: N"),
    (r"(\"(ttl|index)\":)\d+", r"\1N"),
    (r"isLeader=\w+", "isLeader=X"),
    (r"took = [\d.]+m?s", "took = T"),
    (r"\d+\.\d+m?s\b", "T"),
    (r"(_term\"|revision\"|raft\w+\"):\d+", r"\1:N"),
    (r"(?<=leader\":)\d+", "N"),
    (r"(\"(Revision|RaftTerm|Raft\w*Index|Leader)\" :) \d+", r"\1 N"),
    (r"(?m)(, |\| +)(true|false)(, false, | \|      false \| +)[\d ,|]+\d(?=, | \|)", r"\1STATE"),
    (r"(i/o timeout|getsockopt: no route to host)", "LOST"),
    (r"(?m)(Content-Length: )\d+", r"\1N"),
    (r"--  *\d+\n", "-- N\n"),
    (r"0     0 +\d+      0 --", "0     0   N      0 --"),
    (r"(?<=fingerprint is )[0-9a-f:]{47}", "FINGERPRINT"),
)


def normal(text: str) -> str:
    """A tool's output without what differs from run to run: ids, moments, indexes."""
    for pattern, instead in _NORMAL:
        text = re.sub(pattern, instead, text)
    return text


def case(folder: str, name: str) -> dict[str, Any]:
    """One recorded case."""
    found: dict[str, Any] = json.loads((OUTPUTS / folder / f"{name}.json").read_text("utf-8"))
    return found


class Cluster:
    """Machines of one world; node00 ... or the names given."""

    def __init__(
        self,
        factor: float = 50.0,
        names: tuple[str, ...] = ("node00", "node01", "node02"),
        install: Callable[[Machine, ServerSpec], None] = coreos.install,
    ) -> None:
        self.world = World(Clock(factor, source=asyncio.get_running_loop().time))
        self.world.random = random.Random(7)  # noqa: S311 - a seed, so that a failure comes again
        self.nodes: dict[str, Machine] = {}
        first = 20 if names[0].startswith("e") else 10
        for number, name in enumerate(names):
            address = f"192.168.0.{first + number}"
            machine = Machine(self.world, name, address, "coreos", "core")
            self.world.machines[name] = machine
            self.nodes[name] = machine
            install(machine, ServerSpec(name, name, "coreos", address))
            machine.power_on()

    async def run(self, node: str, line: str, *, stdin: bytes = b"") -> Result:
        """Run a line as core on a node."""
        return await shell.run(self.nodes[node], line, user="core", stdin=stdin)

    async def ok(self, node: str, line: str) -> str:
        """Run a line that must succeed; its stdout."""
        result = await self.run(node, line)
        assert result.exit_code == 0, result
        return result.stdout.decode()

    async def build(self) -> None:
        """The article's cluster: discovery, cloud-config on every node, all applied at once."""
        url = await self.ok("node00", "curl -sS 'https://discovery.etcd.io/new?size=3'")
        for name, machine in self.nodes.items():
            role = "db" if name == "node02" else "web"
            text = CLOUD_CONFIG.format(url=url, address=machine.address, role=role)
            machine.disk.write("/usr/share/oem/cloud-config.yml", text)
        apply = "sudo coreos-cloudinit --from-file /usr/share/oem/cloud-config.yml"
        await asyncio.gather(*(self.ok(name, apply) for name in self.nodes))
        await self._lead_elsewhere("node01")
        await self.until(
            "node00", "fleetctl list-machines --no-legend", lambda out: out.count("\n") == 3
        )

    async def _lead_elsewhere(self, name: str) -> None:
        """Let another member lead than the one that the recordings lose."""
        number = self.nodes[name].disk.text("/etc/machine-id").strip()
        while True:
            listed = (await self.run("node00", "etcdctl member list")).stdout.decode()
            leaders = [line for line in listed.splitlines() if "isLeader=true" in line]
            if leaders and number not in leaders[0]:
                return
            if leaders:
                await self.ok(
                    name, "sudo systemctl stop etcd2; sleep 4; sudo systemctl start etcd2"
                )
            await self.world.clock.sleep(0.5)

    async def until(
        self, node: str, line: str, holds: Callable[[str], bool], seconds: float = 90
    ) -> float:
        """Ask again and again until the output is as wanted; the twin seconds that it took."""
        clock = self.world.clock
        start = clock.now()
        while True:
            result = await self.run(node, line)
            if holds(result.stdout.decode() + result.stderr.decode()):
                return clock.now() - start
            assert clock.now() - start < seconds, result
            await clock.sleep(0.25)

    @staticmethod
    def recorded(folder: str, name: str) -> dict[str, Any]:
        """A recorded case."""
        return case(folder, name)

    @staticmethod
    def normal(text: str) -> str:
        """A text without what differs from run to run."""
        return normal(text)

    async def replay(self, folder: str, *names: str, unordered: bool = False) -> None:
        """Run recorded command lines here and compare exit code, stdout and stderr."""
        problems: list[str] = []
        for name in names:
            recorded = case(folder, name)
            line = shlex.join(recorded["argv"])
            for variable, value in (recorded.get("env") or {}).items():
                line = f"{value} {line}" if variable == "XENV" else f"{variable}={value} {line}"
            host = recorded["host"] if recorded["host"] in self.nodes else next(iter(self.nodes))
            result = await self.run(host, line, stdin=(recorded["stdin"] or "").encode())
            seen = (result.exit_code, result.stdout.decode(), result.stderr.decode())
            wanted = (recorded["exit_code"], recorded["stdout"], recorded["stderr"])
            if not _same(seen, wanted, unordered):
                problems.append(f"{name}: {line}\n wanted {wanted!r}\n seen   {seen!r}")
        assert not problems, "\n".join(problems)


def _same(seen: tuple[int, str, str], wanted: tuple[int, str, str], unordered: bool) -> bool:
    def bare(text: str) -> list[str]:
        lines = normal(
            text.replace(
                "sudo: unable to resolve host a: Temporary failure in name resolution\n", ""
            )
        )
        return sorted(lines.split("\n")) if unordered else lines.split("\n")

    return seen[0] == wanted[0] and all(bare(seen[i]) == bare(wanted[i]) for i in (1, 2))


def run_as_the_twin(main: Coroutine[Any, Any, None]) -> None:
    """In the twin's own loop: while this process gets no processor, no time passes."""
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        runner.run(main)


@pytest.fixture
def rehearse() -> Callable[[Callable[[Cluster], Coroutine[Any, Any, None]]], None]:
    """Run a scenario on the article's cluster, already built."""

    def run(scenario: Callable[[Cluster], Awaitable[None]], *, factor: float = 50.0) -> None:
        async def main() -> None:
            cluster = Cluster(factor)
            await cluster.build()
            await scenario(cluster)

        run_as_the_twin(main())

    return run


@pytest.fixture
def bare() -> Callable[..., None]:
    """Run a scenario on machines on which nothing was configured."""

    def run(
        scenario: Callable[[Cluster], Awaitable[None]],
        *names: str,
        factor: float = 50.0,
        install: Callable[[Machine, ServerSpec], None] = coreos.install,
    ) -> None:
        async def main() -> None:
            await scenario(Cluster(factor, names or ("node00", "node01", "node02"), install))

        run_as_the_twin(main())

    return run


@pytest.fixture
def nginx() -> str:
    """The article's unit."""
    return NGINX

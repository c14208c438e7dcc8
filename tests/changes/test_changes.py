"""Acts as planned: what is refused before anything runs, and what stands in the plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pytest

from runbook.changes import ros, servers, swarm
from runbook.changes.power import CommandPower, power_of
from runbook.command import Node, Nodes
from runbook.errors import CommandFailed, ParameterError, Refused, WaitFailed
from runbook.facts import ports
from runbook.inventory import Server
from runbook.transport import Reply

RELEASES = pd.DataFrame({"image": [f"rancher/os:{v}" for v in ("v0.5.0", "v0.6.0", "v0.6.1")]})
ENGINES = pd.DataFrame({"engine": ["docker-1.11.2", "docker-1.12.1"]})


@dataclass
class Wire:
    """Answers as told, and goes down when asked to."""

    answer: Callable[[str], Reply] = lambda line: Reply(0, b"", b"")
    lines: list[str] = field(default_factory=list)
    connected: int = 3  # how often it is still there when looked at

    def execute(self, server: Server, line: str, **_: Any) -> Reply:
        self.lines.append(line)
        return self.answer(line)

    def is_connected(self, server: Server) -> bool:
        self.connected -= 1
        return self.connected >= 0

    def close(self, server: Server | None = None) -> None:
        """Nothing to close."""


def node(wire: Wire, clock: float = 1000.0, name: str = "manager0") -> Node:
    return Node(Server(name, "rancheros", "192.168.0.100", user="rancher"), wire, clock)


def told(version: str) -> Callable[[str], Reply]:
    return lambda line: Reply(0, f"Swarm: {version}\n".encode(), b"")


def test_a_route_of_releases_that_ends_where_it_began_is_a_drill() -> None:
    visit, settle = ros.by_releases(node(Wire()), ["v0.6.1", "v0.5.0", "v0.6.1"], RELEASES, True)
    assert [act.what for act in visit] == [
        "DOWNGRADE manager0 from v0.6.1 to v0.5.0",
        "reboot manager0",
    ]
    assert not any(act.lasting for act in [*visit, *settle])
    assert visit[0].undo.endswith("rancher/os:v0.6.1")
    assert settle[0].mends == visit[0].leaves


def test_a_route_that_leads_elsewhere_lasts() -> None:
    visit, settle = ros.by_releases(node(Wire()), ["v0.6.0", "v0.6.0", "v0.6.1"], RELEASES, False)
    assert visit == []
    assert [act.lasting for act in settle] == [True, True]


def test_no_way_leads_nowhere() -> None:
    assert ros.by_releases(node(Wire()), ["v0.6.1"] * 3, RELEASES, False) == [[], []]
    assert ros.by_engines(node(Wire()), ["docker-1.12.1"] * 3, ENGINES) == [[], []]


def test_downgrades_and_unknown_releases_are_refused_before_anything_runs() -> None:
    wire = Wire()
    with pytest.raises(Refused, match="this is a downgrade"):
        ros.by_releases(node(wire), ["v0.6.1", "v0.5.0", "v0.6.1"], RELEASES, False)
    with pytest.raises(Refused, match="this is a downgrade"):
        ros.by_releases(node(wire), ["v0.6.0", "v0.6.1", "v0.6.0"], RELEASES, False)
    with pytest.raises(ParameterError, match="not among the releases"):
        ros.by_releases(node(wire), ["v0.6.1", "v0.7.0", "v0.6.1"], RELEASES, True)
    assert wire.lines == []


def test_an_engine_without_swarm_is_refused_on_a_member_only() -> None:
    route = ["docker-1.12.1", "docker-1.11.2", "docker-1.12.1"]
    with pytest.raises(Refused, match="Swarm member"):
        ros.by_engines(node(Wire(told("active"))), route, ENGINES)
    [[there], [back]] = ros.by_engines(node(Wire(told("inactive"))), route, ENGINES)
    assert (there.lasting, back.mends) == (False, there.what)


def test_a_reboot_ends_with_an_exit_code_and_when_the_server_is_down() -> None:
    wire = Wire()
    servers.reboot(node(wire), is_done=lambda: False).apply()
    [line] = wire.lines
    assert line.startswith("sudo -n sh -c 'nohup sh -c ")
    assert "sleep 2; reboot" in line
    assert wire.connected == -1


def test_a_server_that_does_not_go_down_is_told() -> None:
    stubborn = Wire(connected=1_000_000)
    with pytest.raises(WaitFailed, match="did not go down"):
        servers.reboot(node(stubborn, clock=100_000.0), is_done=lambda: False).apply()


def test_how_a_service_is_published_is_checked() -> None:
    manager = node(Wire(lambda line: Reply(0, b"Docker version 28.2.2, build e6534b4\n", b"")))
    act = swarm.create_service(Nodes([manager]), "web", "nginx", mode="host")
    assert "--detach" in act.steps[0][1]
    assert "mode=host,published=80,target=80" in act.steps[0][1]
    with pytest.raises(ParameterError, match="publish"):
        swarm.create_service(Nodes([manager]), "web", "nginx", mode="magic")


@pytest.mark.parametrize(("has", "mode"), [(0, "ingress"), (1, "host")])
def test_without_ipvs_a_service_is_published_on_its_own_node(has: int, mode: str) -> None:
    def answers(line: str) -> Reply:
        text = b"Docker version 28.2.2, build e6534b4\n" if "docker" in line else b""
        return Reply(has if "ip_vs" in line else 0, text, b"")

    able = Wire(lambda line: Reply(0, b"Docker version 28.2.2, build e6534b4\n", b""))
    nodes = Nodes([node(able), node(Wire(answers), name="worker0")])
    line = swarm.create_service(nodes, "web", "nginx").steps[0][1]
    assert ("mode=host" in line) == (mode == "host")
    told = ports.publishing(nodes, "auto")
    assert list(told.ipvs) == [True, not has]
    assert ports.cannot(told) == []
    assert ports.cannot(ports.publishing(nodes, "ingress")) == ["worker0"] * has


def test_power_commands_of_a_target_file() -> None:
    power = CommandPower(["sh", "-c", "test {server} = node00"], ["false"])
    power.off("node00")
    assert power.shown("node00", "off") == "sh -c test node00 = node00"
    assert power.is_on("node00") is None
    with pytest.raises(CommandFailed, match="exit code 1"):
        power.on("node00")
    with pytest.raises(CommandFailed, match="did not run"):
        CommandPower(["/no/such/program"], ["x"]).off("node00")


def test_a_target_without_a_power_switch_is_refused() -> None:
    class Target:
        name, power, file = "plain", None, "plain.yaml"

    with pytest.raises(Refused, match="no power switch"):
        power_of(Target(), None)  # type: ignore[arg-type]

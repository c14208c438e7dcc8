"""Changes of a RancherOS server: settings, system containers, OS releases, engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pandas as pd

from runbook.changes.base import Act, drill
from runbook.changes.servers import reboot
from runbook.command import Node, quoted
from runbook.errors import ParameterError, Refused
from runbook.facts import configuration, ros, ros_config, swarm

DNS_KEY = "rancher.network.dns.nameservers"
_FIRST_ENGINE_WITH_SWARM = (1, 12)


def set_nameservers(node: Node, servers: Sequence[str]) -> Act:
    """sudo ros config set rancher.network.dns.nameservers (R5).

    Raises ParameterError for what the lint refuses, such as the withdrawn server (U1), before
    anything runs.
    """
    found = configuration.lint_settings(DNS_KEY, list(servers))
    for wrong in found[found.severity == "error"].itertuples():
        raise ParameterError(f"{DNS_KEY}: {wrong.message}", remedy=str(wrong.remedy))
    line = quoted("ros config set %s %s", DNS_KEY, f"[{', '.join(servers)}]")

    def done() -> bool:
        # Stored, not only in force: an image may bring the same value in an earlier source.
        return ros_config.value_in(ros_config.stored(node), DNS_KEY) == list(servers)

    return Act(
        what=f"name servers of {node.name}",
        steps=[(node.name, f"sudo {line}")],
        is_done=done,
        apply=lambda: node.change(line, sudo=True),
        undo=f"on {node.name}: sudo ros config set {DNS_KEY} with the value before",
    )


def restart_system_container(node: Node, name: str) -> Act:
    """sudo system-docker restart NAME (R3): an act that leaves nothing different behind."""
    line = quoted("system-docker restart %s", name)
    return Act(
        what=f"restart the system container {name}",
        steps=[(node.name, f"sudo {line}")],
        is_done=lambda: False,
        apply=lambda: node.change(line, sudo=True, deadline=120),
        lasting=False,
    )


def is_older(release: str, than: str) -> bool:
    """Whether a release comes before another one.

    >>> is_older("v0.5.0", "v0.6.1"), is_older("v0.10.0", "v0.9.2")
    (True, False)
    """
    return _numbers(release) < _numbers(than)


def by_releases(
    node: Node, route: Sequence[str], listed: pd.DataFrame, consent: bool
) -> list[list[Act]]:
    """For each leg of a route such as v0.6.1, v0.5.0, v0.6.1: sudo ros os upgrade -i
    rancher/os:RELEASE, then a reboot (V3, V4); nothing where a leg leads nowhere.

    A route that ends where it began is a drill. Raises ParameterError for a release that is not
    in `listed`; Refused for a step to an older one without `consent`: a downgrade is said as such
    before anything runs.
    """
    for release in route:
        _listed(release, [image.rpartition(":")[2] for image in listed.image], "releases")
    legs = [_leg(node, *leg, consent) for leg in pairwise(route)]
    if route[0] != route[-1] or not all(legs):
        return legs
    (there, *boot), (back, *boot_back) = legs
    there, back = drill(there, back)
    return [[there, *_meanwhile(boot)], [back, *_meanwhile(boot_back)]]


def by_engines(node: Node, route: Sequence[str], listed: pd.DataFrame) -> list[list[Act]]:
    """For each leg of a route such as docker-1.12.1, docker-1.11.2, docker-1.12.1: sudo ros
    engine switch ENGINE (V6); a drill, as `by_releases`.

    Raises ParameterError for an engine that is not in `listed`; Refused on a Swarm member for one
    below 1.12: it would leave its Swarm.
    """
    for engine in route:
        _listed(engine, list(listed.engine), "engines")
    there, back = [switch_engine(node, engine) for engine in route[1:]]
    if route[0] == route[1]:
        return [[], []]
    return [[act] for act in drill(there, back)]


def switch_engine(node: Node, engine: str) -> Act:
    """sudo ros engine switch ENGINE (V6).

    Raises Refused on a Swarm member for an engine below 1.12: it would leave its Swarm.
    """
    version = _numbers(engine.removeprefix("docker-"))
    if version < _FIRST_ENGINE_WITH_SWARM and swarm.membership(node) != "inactive":
        raise Refused(
            f"{node.name} is a Swarm member, and {engine} knows no Swarm (that came with 1.12)",
            remedy=f"take {node.name} out of the Swarm first, or choose docker-1.12 or later",
        )
    line = quoted("ros engine switch %s", engine)

    def done() -> bool:
        found = ros.engines(node)
        return bool(((found.engine == engine) & (found.state == "current")).any())

    return Act(
        what=f"switch {node.name} to {engine}",
        steps=[(node.name, f"sudo {line}")],
        is_done=done,
        apply=lambda: node.change(line, sudo=True, deadline=300),
        undo=f"on {node.name}: sudo ros engine switch with the engine before",
    )


def _leg(node: Node, running: str, release: str, consent: bool) -> list[Act]:
    """From one release to another."""
    if release == running:
        return []
    down = is_older(release, running)
    if down and not consent:
        raise Refused(
            f"{release} is older than {running}, which {node.name} runs then: this is a downgrade",
            remedy="if that is what you want, run it again with downgrade_approved=true",
        )
    line = quoted("ros os upgrade -f --no-reboot -i %s", f"rancher/os:{release}")

    def done() -> bool:
        return ros.release(node) == release

    upgrade = Act(
        what=f"{'DOWNGRADE' if down else 'upgrade'} {node.name} from {running} to {release}",
        steps=[(node.name, f"sudo {line}")],
        is_done=done,
        apply=lambda: node.change(line, sudo=True, deadline=600),
        undo=f"the same with rancher/os:{running}",
    )
    return [upgrade, reboot(node, is_done=done, lasting=True)]


def _meanwhile(acts: Sequence[Act]) -> list[Act]:
    return [replace(act, lasting=False) for act in acts]


def _listed(wanted: str, known: Sequence[str], what: str) -> None:
    if wanted not in known:
        raise ParameterError(
            f"{wanted!r} is not among the {what} of this server", remedy=f"use {', '.join(known)}"
        )


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.lstrip("v").split("-")[0].split(".")
    if not all(part.isdigit() for part in parts):
        raise ParameterError(f"{version!r} is no version", remedy="write it as v0.6.1 or 1.12.1")
    return tuple(int(part) for part in parts)

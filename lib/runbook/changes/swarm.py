"""Changes of a Docker Swarm (1.12, 20.10, 28.2)."""

from __future__ import annotations

import json

from runbook.changes.base import Act, drill
from runbook.command import Node, Nodes, Result, quoted
from runbook.errors import CommandFailed, Unreachable
from runbook.facts import docker, ports, swarm

_PORT = 2377
_PUBLISH = {"ingress": "{port}:80", "host": "mode=host,published={port},target=80"}
# The token travels on stdin to the engine's own socket: `docker swarm join --token` would show it
# in the process list of the server.
_JOIN = (
    "curl -sS -X POST -H 'Content-Type: application/json' -d @- -w '\\n%{http_code}' "
    "--unix-socket /var/run/docker.sock http://docker/swarm/join"
)


def init(manager: Node) -> Act:
    """docker swarm init --advertise-addr ADDRESS (S2)."""
    line = quoted("docker swarm init --advertise-addr %s", manager.address)
    return Act(
        what=f"make {manager.name} the first manager",
        steps=[(manager.name, line)],
        is_done=lambda: swarm.membership(manager) == "active",
        apply=lambda: manager.change(line),
        undo=f"on {manager.name}: docker swarm leave --force",
    )


def join(node: Node, manager: Node) -> Act:
    """Join a worker (S3). The token is read from the manager at the last moment, by name only."""
    return Act(
        what=f"join {node.name} as worker",
        steps=[
            (
                node.name,
                f"docker swarm join --token «worker token» {manager.address}:{_PORT} "
                "(through the engine's socket, the token on stdin)",
            )
        ],
        is_done=lambda: swarm.membership(node) in ("active", "pending"),
        apply=lambda: _join(node, manager),
        undo=f"on {node.name}: docker swarm leave",
    )


def _join(node: Node, manager: Node) -> Result:
    token = manager.ask("docker swarm join-token -q worker").text.strip()
    node.conceal("worker token", token)
    wanted = {
        "ListenAddr": f"0.0.0.0:{_PORT}",
        "AdvertiseAddr": node.address,
        "RemoteAddrs": [f"{manager.address}:{_PORT}"],
        "JoinToken": token,
    }
    result = node.change(_JOIN, stdin=json.dumps(wanted))
    body, _, status = result.text.rpartition("\n")
    if status != "200":
        raise CommandFailed(
            f"{node.name}: the engine refused to join ({status}): {_message(body)}",
            evidence=result.evidence,
            remedy=f"see whether {manager.address}:{_PORT} is reachable from {node.name}",
        )
    return result


def _message(body: str) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.strip()


def leave(node: Node, *, force: bool = False) -> Act:
    """docker swarm leave."""
    line = "docker swarm leave --force" if force else "docker swarm leave"
    return Act(
        what=f"{node.name} leaves the swarm",
        steps=[(node.name, line)],
        is_done=lambda: swarm.membership(node) == "inactive",
        apply=lambda: node.change(line),
        undo="runbook swarm-set-up",
    )


def set_availability(manager: Node, hostname: str, availability: str) -> Act:
    """docker node update --availability active|pause|drain NODE (S5)."""
    line = quoted("docker node update --availability %s %s", availability, hostname)

    def done() -> bool:
        found = swarm.nodes(manager)
        mine = found[found.hostname == hostname]
        return bool((mine.availability.str.lower() == availability).any())

    return Act(
        what=f"{availability} {hostname}",
        steps=[(manager.name, line)],
        is_done=done,
        apply=lambda: manager.change(line),
        undo=f"on {manager.name}: docker node update --availability active {hostname}",
    )


def create_service(
    nodes: Nodes,
    name: str,
    image: str,
    *,
    replicas: int = 1,
    port: int = 80,
    mode: str = "auto",
) -> Act:
    """docker service create on the first node (S6). mode: see `ports.publishing`.

    Raises ParameterError for another mode.
    """
    manager = nodes[0]
    ports.known_mode(mode)

    def line() -> str:
        publish = _PUBLISH[_mode(nodes, mode)].format(port=port)
        words = f"docker service create{_detach(manager)} --name %s --replicas %s --publish %s %s"
        return quoted(words, name, replicas, publish, image)

    return Act(
        what=f"create service {name}",
        steps=[(manager.name, line())],
        is_done=lambda: bool((swarm.services(manager).name == name).any()),
        apply=lambda: manager.change(line(), deadline=120),
        undo=f"on {manager.name}: docker service rm {name}",
    )


def replicas_drill(manager: Node, service: str, there: int, back: int) -> tuple[Act, Act]:
    """docker service update --replicas N SERVICE (S10), and back."""
    return drill(set_replicas(manager, service, there), set_replicas(manager, service, back))


def set_replicas(manager: Node, service: str, replicas: int) -> Act:
    """docker service update --replicas N SERVICE (S10)."""
    words = f"docker service update{_detach(manager)} --replicas %s %s"
    line = quoted(words, replicas, service)

    def done() -> bool:
        found = swarm.services(manager)
        return bool(((found.name == service) & (found.desired == replicas)).any())

    return Act(
        what=f"{service}: {replicas} replicas",
        steps=[(manager.name, line)],
        is_done=done,
        apply=lambda: manager.change(line, deadline=120),
        undo=f"on {manager.name}: docker service update --replicas with the number before",
    )


def _mode(nodes: Nodes, wanted: str) -> str:
    try:
        return str(ports.publishing(nodes, wanted).publish.iloc[0])
    except Unreachable:  # they are still to be made; the line is written anew when it is run
        return "ingress"


def _detach(manager: Node) -> str:
    """1.12 has no --detach and never waits; later clients would wait without a limit."""
    try:
        return "" if docker.version(manager).startswith("1.") else " --detach"
    except Unreachable:  # it is still to be made; the line is written anew when it is run
        return ""


def remove_service(manager: Node, name: str) -> Act:
    """docker service rm NAME."""
    line = quoted("docker service rm %s", name)
    return Act(
        what=f"remove service {name}",
        steps=[(manager.name, line)],
        is_done=lambda: not bool((swarm.services(manager).name == name).any()),
        apply=lambda: manager.change(line),
        undo="runbook swarm-set-up",
    )

"""User containers on one server."""

from __future__ import annotations

from runbook.changes.base import Act
from runbook.command import Node, quoted
from runbook.facts import docker


def run(node: Node, *, name: str, image: str) -> Act:
    """docker run -d of an image (R1), by a name, and started again with its engine."""
    line = quoted("docker run -d --name %s --restart always %s", name, image)

    return Act(
        what=f"start container {name}",
        steps=[(node.name, line)],
        is_done=lambda: name in docker.up(docker.containers(node)),
        apply=lambda: node.change(line, deadline=300),
        undo=f"on {node.name}: docker rm -f {name}",
    )

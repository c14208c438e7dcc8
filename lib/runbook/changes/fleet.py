"""Changes of fleet's units (fleetctl 0.11.8 and 1.0.0)."""

from __future__ import annotations

from runbook.changes.base import Act
from runbook.command import Node, Result, quoted
from runbook.errors import CommandFailed
from runbook.facts import fleet

NGINX = "/etc/systemd/system/nginx.service"


def nginx_unit(image: str, port: int) -> str:
    """The unit of the article (F1): nginx in a container, never two on one machine."""
    return f"""\
[Unit]
Description=Nginx Test Service

[Service]
EnvironmentFile=/etc/environment
ExecStartPre=/usr/bin/docker pull {image}
ExecStart=/usr/bin/docker run --rm --name nginx -p {port}:80 {image}
ExecStop=/usr/bin/docker kill nginx

[X-Fleet]
Conflicts=nginx.service
"""


def start(node: Node, unit: str, path: str) -> Act:
    """fleetctl start PATH (F2). "launched" is not "running": wait for that afterwards."""
    line = quoted("fleetctl start %s", path)

    def launched() -> bool:
        files = fleet.unit_files(node)
        return bool(((files.unit == unit) & (files.dstate == "launched")).any())

    def apply() -> Result:
        # 1.0.0 exits 1 when the unit is not active within 2 s, although it was launched.
        result = node.change(line, deadline=180.0, accept=(0, 1))
        if result.exit_code != 0 and not launched():
            raise CommandFailed(
                f"{node.name}: fleet did not launch {unit}",
                evidence=result.evidence,
                remedy="see `fleetctl status` and `fleetctl journal` of the unit",
            )
        return result

    return Act(
        what=f"start {unit}",
        steps=[(node.name, line)],
        is_done=launched,
        apply=apply,
        undo=f"on {node.name}: fleetctl destroy {unit}",
    )


def destroy(node: Node, unit: str) -> Act:
    """fleetctl destroy UNIT."""
    line = quoted("fleetctl destroy %s", unit)
    return Act(
        what=f"destroy {unit}",
        steps=[(node.name, line)],
        is_done=lambda: not bool((fleet.unit_files(node).unit == unit).any()),
        apply=lambda: node.change(line),
        undo=f"start {unit} again (runbook fleet-run-nginx)",
    )

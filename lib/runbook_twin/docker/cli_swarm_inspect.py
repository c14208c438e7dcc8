"""`docker node inspect` and `docker service inspect`: JSON, a template, or --pretty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runbook_twin.docker import cli_node, cli_service, swarm_json, swarm_pretty
from runbook_twin.docker.cli import Cli, Command
from runbook_twin.docker.failures import ClientError
from runbook_twin.docker.flags import Usage
from runbook_twin.docker.swarm.control import cluster_of
from runbook_twin.docker.text import TemplateError, go_json, render


async def _inspect(cli: Cli, kind: str, found: Callable[[str], tuple[dict[str, Any], str]]) -> int:
    """Objects by name: (JSON, pretty text) each. Missing ones are named after what was found."""
    objects: list[dict[str, Any]] = []
    pretty: list[str] = []
    errors: list[str] = []
    for name in cli.given.arguments:
        try:
            one, text = found(name)
        except ClientError as error:
            errors.append(error.text if kind == "node" else f"Error: no such service: {name}\n")
            continue
        objects.append(one)
        pretty.append(text)
    template = cli.given.get("format")
    try:
        if "pretty" in cli.given:
            cli.out("\n".join(pretty))
        elif template and template != "json":
            cli.out("".join(render(template, one) + "\n" for one in objects))
        else:
            cli.out(f"{go_json(objects, indent=None if template else 4)}\n")
    except TemplateError as error:
        raise ClientError(f"Template parsing error: {error}\n") from None
    if errors:
        raise ClientError("".join(errors))
    return 0


async def node(cli: Cli) -> int:
    """`docker node inspect [--pretty] NODE...`."""
    cluster = await cluster_of(cli.engine)

    def found(name: str) -> tuple[dict[str, Any], str]:
        one = cli_node.find(cli, cluster, name)
        return swarm_json.node(cli, cluster, one), swarm_pretty.node(cli, cluster, one)

    return await _inspect(cli, "node", found)


async def service(cli: Cli) -> int:
    """`docker service inspect [--pretty] SERVICE...`."""
    cluster = await cluster_of(cli.engine)

    def found(name: str) -> tuple[dict[str, Any], str]:
        one = cli_service.find(cli, cluster, name)
        return swarm_json.service(cli, one), swarm_pretty.service(cli, one)

    return await _inspect(cli, "service", found)


COMMANDS = (
    Command(
        Usage(
            "docker node inspect",
            "self|NODE [NODE...]",
            "Display detailed information on one or more nodes",
            "f,format= pretty",
            1,
            None,
        ),
        node,
        (1, 12),
    ),
    Command(
        Usage(
            "docker service inspect",
            "SERVICE [SERVICE...]",
            "Display detailed information on one or more services",
            "f,format= pretty",
            1,
            None,
        ),
        service,
        (1, 12),
    ),
)

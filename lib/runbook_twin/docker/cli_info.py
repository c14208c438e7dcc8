"""`docker version`, `info`, `inspect`, and the lists of networks and volumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook_twin.docker import info_text, inspection
from runbook_twin.docker.cli import Cli, Command
from runbook_twin.docker.dialect import Dialect
from runbook_twin.docker.failures import ClientError, DaemonDown, DaemonError
from runbook_twin.docker.flags import Usage
from runbook_twin.docker.listing import formatted, in_columns
from runbook_twin.docker.text import go_json, hex_id, render

CONTAINERD = """ containerd:
  Version:          1.6.20~ds1
  GitCommit:        1.6.20~ds1-1+deb12u3
 runc:
  Version:          1.1.5+ds1
  GitCommit:        1.1.5+ds1-1+deb12u1
 docker-init:
  Version:          0.19.0
  GitCommit:        
"""  # noqa: W291  (the client prints the trailing blanks)


def _part(dialect: Dialect, *, server: bool) -> Mapping[str, str]:
    return {
        "Version": dialect.version,
        "ApiVersion": dialect.api,
        "GoVersion": dialect.go,
        "GitCommit": dialect.daemon_commit if server else dialect.commit,
        "BuildTime": dialect.built,
        "Os": "linux",
        "Arch": "amd64",
    }


def _old_part(title: str, dialect: Dialect) -> str:
    return (
        f"{title}:\n Version:      {dialect.version}\n API version:  {dialect.api}\n"
        f" Go version:   {dialect.go}\n Git commit:   {dialect.commit}\n"
        f" Built:        {dialect.built}\n OS/Arch:      linux/amd64\n"
    )


def client_part(cli: Cli, *, server: bool) -> str:
    """The client's half of `docker version`."""
    mine, other = cli.client, cli.daemon
    if mine.old:
        return _old_part("Client", mine)
    api = mine.api
    if server and float(other.api.split(".")[1]) < float(api.split(".")[1]):
        api = f"{other.api} (downgraded from {api})"
    lines = [
        ("Version", mine.version),
        ("API version", api),
        ("Go version", mine.go),
        ("Git commit", mine.commit),
        ("Built", mine.built),
        ("OS/Arch", "linux/amd64"),
        ("Context", "default"),
        *([] if mine.new else [("Experimental", "true")]),
    ]
    return "Client:\n" + "".join(f" {key + ':':<18} {value}\n" for key, value in lines)


def server_part(cli: Cli) -> str:
    """The daemon's half of `docker version`."""
    daemon = cli.daemon
    if cli.client.old:
        return _old_part("Server", daemon)
    lowest = "1.24" if daemon.new else "1.12"
    lines = [
        ("Version", daemon.version),
        ("API version", f"{daemon.api} (minimum version {lowest})"),
        ("Go version", daemon.go),
        ("Git commit", daemon.daemon_commit),
        ("Built", daemon.built),
        ("OS/Arch", "linux/amd64"),
        ("Experimental", "false"),
    ]
    head = "".join(f"  {key + ':':<17} {value}\n" for key, value in lines)
    return f"Server:\n Engine:\n{head}{CONTAINERD}"


async def version(cli: Cli) -> int:
    """`docker version [--format]`; without a daemon only the client's half, exit code 1."""
    template = cli.given.get("format")
    try:
        cli.engine.answer()
    except DaemonDown:
        if not template:
            cli.out(client_part(cli, server=False))
        raise
    if template:
        fields = {
            "Client": _part(cli.client, server=False),
            "Server": _part(cli.daemon, server=True),
        }
        cli.out(
            f"{go_json(fields)}\n"
            if template == "json"
            else formatted([fields], template, {}, cli.client)
        )
    else:
        cli.out(f"{client_part(cli, server=True)}\n{server_part(cli)}")
    return 0


async def info(cli: Cli) -> int:
    """`docker info [--format]`."""
    template = cli.given.get("format")
    if not cli.engine.up:
        return _info_without_daemon(cli)
    swarm = await info_text.swarm_facts(cli)
    if template in ("json", "{{json .}}"):
        cli.out(f"{go_json(info_text.fields(cli, swarm))}\n")
    elif template:
        cli.out(render(template, info_text.fields(cli, swarm)) + "\n")
    else:
        cli.out(info_text.text(cli, swarm))
    return 0


def _info_without_daemon(cli: Cli) -> int:
    if cli.client.old:
        raise DaemonDown
    down = down_text(cli)
    cli.out(info_text.client_head(cli) + "\nServer:\n")
    if cli.client.new:
        cli.err(f"{down}\n")
    else:
        cli.out(f"ERROR: {down}\n")
        cli.err("errors pretty printing info\n")
    return 1


def down_text(cli: Cli) -> str:
    """What the client says when no daemon answers."""
    if cli.client.old:
        return "Cannot connect to the Docker daemon. Is the docker daemon running on this host?"
    socket = cli.call.environment.get("DOCKER_HOST", f"unix://{cli.engine.socket}")
    return f"Cannot connect to the Docker daemon at {socket}. Is the docker daemon running?"


async def inspect(cli: Cli) -> int:
    """`docker inspect NAME...`: containers, then images, then (newer) nodes and services."""
    found: list[dict[str, Any]] = []
    errors: list[str] = []
    for name in cli.given.arguments:
        try:
            found.append(inspection.container(cli.engine, cli.engine.find(name)))
        except DaemonError:
            image = cli.engine.find_image(name)
            if image is not None:
                found.append(inspection.image(image))
            else:
                what = "image, container or task" if cli.client.old else "object"
                errors.append(f"Error: No such {what}: {name}\n")
    template = cli.given.get("format")
    if template:
        cli.out("".join(render(template, one) + "\n" for one in found) or "\n")
    else:
        cli.out(f"{go_json(found, indent=4)}\n")
    if errors:
        raise ClientError("".join(errors))
    return 0


async def network_ls(cli: Cli) -> int:
    """`docker network ls`."""
    ingress = [("ingress", "overlay", "swarm")] if cli.engine.agent else []
    known = [
        ("bridge", "bridge", "local"),
        ("host", "host", "local"),
        *ingress,
        ("none", "null", "local"),
    ]
    rows = [
        {"ID": hex_id(cli.call.world.random, 12), "Name": name, "Driver": driver, "Scope": scope}
        for name, driver, scope in known
    ]
    columns = {"NETWORK ID": "ID", "NAME": "Name", "DRIVER": "Driver", "SCOPE": "Scope"}
    cli.out(in_columns(rows, columns, cli.client.columns))
    return 0


async def volume_ls(cli: Cli) -> int:
    """`docker volume ls`: there are none."""
    columns = {"DRIVER": "Driver", "VOLUME NAME": "Name"}
    cli.out(in_columns([], columns, cli.client.columns))
    return 0


COMMANDS = (
    Command(
        Usage("docker version", "", "Show the Docker version information", "f,format="),
        version,
        needs_daemon=False,
    ),
    Command(
        Usage("docker info", "", "Display system-wide information", "f,format="),
        info,
        needs_daemon=False,
    ),
    Command(
        Usage(
            "docker inspect",
            "CONTAINER|IMAGE|TASK [CONTAINER|IMAGE|TASK...]",
            "Return low-level information on a container, image or task",
            "f,format= s,size type=",
            1,
            None,
        ),
        inspect,
    ),
    Command(
        Usage("docker network ls", "", "List networks", "q,quiet no-trunc f,filter= format="),
        network_ls,
        since=(1, 9),
    ),
    Command(
        Usage("docker volume ls", "", "List volumes", "q,quiet f,filter= format="),
        volume_ls,
        since=(1, 9),
    ),
)

"""`docker ps`: the containers of the machine."""

from __future__ import annotations

from collections.abc import Callable

from runbook_twin.docker import images as image_names
from runbook_twin.docker.cli import Cli, Command
from runbook_twin.docker.container import Container
from runbook_twin.docker.failures import DaemonError
from runbook_twin.docker.flags import Usage
from runbook_twin.docker.listing import Row, formatted, in_columns
from runbook_twin.docker.ports import ports_text
from runbook_twin.docker.text import cut, duration, go_time_words, quoted, size

PS_COLUMNS = {
    "CONTAINER ID": "ID",
    "IMAGE": "Image",
    "COMMAND": "Command",
    "CREATED": "RunningFor",
    "STATUS": "Status",
    "PORTS": "Ports",
    "NAMES": "Names",
}
SHARED = {
    "SIZE": "Size",
    "CREATED AT": "CreatedAt",
    "LABELS": "Labels",
    "STATE": "State",
    "MOUNTS": "Mounts",
    "NETWORKS": "Networks",
}


def _row(cli: Cli, container: Container, *, trunc: bool, sizes: bool) -> Row:
    old = cli.client.old
    command = container.command_line
    if trunc:
        command = cut(command, 20, old=old)
    addresses = {"0.0.0.0": ["0.0.0.0", "[::]" if cli.client.new else "::"]}  # noqa: S104
    live = container.running
    ports = ports_text(container.ports if live else [], {} if cli.daemon.old else addresses)
    image = cli.engine.find_image(container.image_id)
    real = size(image.bytes if image else 0, old=old)
    used = size(2 if "nginx" in container.image else 0, old=old)
    created = duration(cli.now - container.created, old=old)
    fields = {
        "Command": quoted(command),
        "CreatedAt": go_time_words(container.created, zone="UTC", fraction=False),
        "ID": container.short if trunc else container.id,
        "Image": container.image.split("@")[0] if trunc else container.image,
        "Labels": ",".join(f"{key}={value}" for key, value in sorted(container.labels.items())),
        "LocalVolumes": "0",
        "Mounts": "",
        "Names": container.name if trunc else ",".join(_names(cli, container)),
        "Networks": "bridge",
        **({"Platform": None} if cli.client.new else {}),
        "Ports": ports,
        "RunningFor": f"{created} ago",
        "Size": f"{used} (virtual {real})" if sizes else size(0, old=old),
        "State": container.state,
        "Status": container.status(cli.now, old=cli.daemon.old),
    }
    return fields


def _names(cli: Cli, container: Container) -> list[str]:
    names = [container.name, *container.aliases]
    return names if cli.client.old else sorted(names)


def _matches(cli: Cli, container: Container, filters: list[str]) -> bool:
    wanted: dict[str, list[str]] = {}
    for text in filters:
        key, _, value = text.partition("=")
        wanted.setdefault(key, []).append(value)
    have: dict[str, Callable[[str], bool]] = {
        "name": lambda value: value.strip("^$/") in container.name,
        "id": lambda value: container.id.startswith(value),
        "status": lambda value: container.state == value,
        "exited": lambda value: container.state == "exited" and str(container.exit_code) == value,
        "label": lambda value: _has_label(container, value),
        "ancestor": lambda value: image_names.normal(container.image) == image_names.normal(value),
    }
    for key, values in wanted.items():
        if key not in have:
            raise DaemonError(f"Invalid filter '{key}'", status=400)
        if not any(have[key](value) for value in values):
            return False
    return True


def _has_label(container: Container, text: str) -> bool:
    key, equals, value = text.partition("=")
    return key in container.labels and (not equals or container.labels[key] == value)


async def ps(cli: Cli) -> int:
    """`docker ps`."""
    given = cli.given
    found = list(reversed(cli.engine.containers))
    filters = given.all("filter")
    by_state = any(text.startswith(("status=", "exited=")) for text in filters)
    last = int(given.get("last", "-1")) if "latest" not in given else 1
    if "all" not in given and not by_state and last < 0:
        found = [one for one in found if one.running or one.state == "restarting"]
    found = [one for one in found if _matches(cli, one, filters)]
    found = found[:last] if last >= 0 else found
    sizes, trunc = "size" in given, "no-trunc" not in given
    rows = [_row(cli, one, trunc=trunc, sizes=sizes) for one in found]
    columns = {**PS_COLUMNS, **({"SIZE": "Size"} if sizes else {})}
    return print_rows(cli, rows, columns)


def print_rows(cli: Cli, rows: list[Row], columns: dict[str, str]) -> int:
    """Print rows as a table, as ids (`-q`) or through `--format`."""
    given = cli.given
    if "quiet" in given:
        cli.out("".join(f"{row['ID']}\n" for row in rows))
    elif template := given.get("format"):
        headings = {field: heading for heading, field in {**SHARED, **columns}.items()}
        cli.out(formatted(rows, template, headings, cli.client))
    else:
        cli.out(in_columns(rows, columns, cli.client.columns))
    return 0


COMMANDS = (
    Command(
        Usage(
            "docker ps",
            "",
            "List containers",
            "a,all q,quiet s,size n,last= l,latest no-trunc f,filter= format=",
        ),
        ps,
    ),
)

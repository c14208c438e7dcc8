"""What the listings of one engine print: containers, images (source: docker/cli's formatters)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runbook.parse.docker_fields import (
    DATE,
    PORTS,
    Listing,
    Values,
    age,
    columns_of,
    field,
    listed,
    text,
)
from runbook.parse.docker_words import AGO, DURATION, QUOTED, SIZE, seconds, size_bytes, unquote

_STATUS = (
    rf"Up (?P<up>{DURATION})(?: \((?P<note>Paused|healthy|unhealthy|health: starting)\))?"
    rf"|(?P<ended>Exited|Restarting) \((?P<code>-?[0-9]{{1,10}})\) (?P<ago>{AGO})"
    r"|Created|Dead|Removal In Progress"
)
_STATES = {
    "running": "Up",
    "exited": "Exited",
    "created": "Created",
    "restarting": "Restarting",
    "paused": "Paused",
    "dead": "Dead",
    "removing": "Removal In Progress",
}


def _status(found: re.Match[str]) -> Values:
    up, note, ended, code, ago = found.group("up", "note", "ended", "code", "ago")
    word = ended or ("Paused" if note == "Paused" else "Up" if up else found[0])
    since = up or ago
    return {
        "status": word,
        "status_text": found[0],
        "status_s": seconds(since) if since else None,
        "exit_code": int(code) if code else None,
        "health": None if note in (None, "Paused") else note.removeprefix("health: "),
    }


def containers(options: Mapping[str, str]) -> Listing:
    """`docker ps`: -s adds SIZE, --no-trunc shows ids of 64 digits."""
    digits = 64 if "no-trunc" in options else 12
    ident = field("ID", "CONTAINER ID", f"[0-9a-f]{{{digits}}}", text("container"))
    image = field("Image", "IMAGE", r"\S+|<no image>", text("image", "<no image>"))
    command = field("Command", "COMMAND", QUOTED, lambda found: {"command": unquote(found[0])})
    created = field("RunningFor", "CREATED", AGO, age)
    status = field("Status", "STATUS", _STATUS, _status)
    ports = field("Ports", "PORTS", PORTS, listed("ports", ", "))
    names = field("Names", "NAMES", r"\w[\w./-]*(?:,\w[\w./-]*)*", listed("names", ","))
    size = field("Size", "SIZE", rf"{SIZE}(?: \(virtual {SIZE}\))?")
    layout = (ident, image, command, created, status, ports, names)
    return Listing(
        columns=columns_of(
            *("container", "image", "command", "created_text", "created_s", "status"),
            *("status_text", "status_s", "exit_code", "health", "ports", "names"),
            integers=("created_s", "status_s", "exit_code"),
            lists=("ports", "names"),
        ),
        fields=(
            *(ident, image, command),
            field("CreatedAt", "CREATED AT", DATE, text("created_text")),
            field("RunningFor", "CREATED", f"{DURATION}(?: ago)?", age),
            field("State", "STATE", "|".join(_STATES), lambda found: {"status": _STATES[found[0]]}),
            *(status, ports, names, size),
            *(field(name, name.upper(), ".*") for name in ("Labels", "Mounts", "Networks")),
            field("LocalVolumes", "LOCAL VOLUMES", "[0-9]+"),
        ),
        layouts=((*layout, size) if "size" in options else layout,),
        quiet=ident,
        in_json=tuple(field.name for field in layout),
    )


def images(options: Mapping[str, str]) -> Listing:
    """`docker images`: --digests adds DIGEST, --no-trunc shows ids as sha256:..."""
    whole = "no-trunc" in options
    pattern = "(?:sha256:)?[0-9a-f]{64}" if whole else "[0-9a-f]{12}"
    ident = field("ID", "IMAGE ID", pattern, text("image"))
    repository = field("Repository", "REPOSITORY", r"\S+", text("repository"))
    tag = field("Tag", "TAG", r"<none>|\w[\w.-]*", text("tag"))
    digest = field("Digest", "DIGEST", r"<none>|[a-z0-9]+:[0-9a-f]{64}")
    created = field("CreatedSince", "CREATED", f"{AGO}|N/A", age)
    size = field(
        *("Size", "SIZE", SIZE),
        lambda found: {"size_text": found[0], "size_bytes": size_bytes(found[0])},
    )
    other_sizes = ("Virtual", "Shared", "Unique")
    digests = (digest,) if "digests" in options else ()
    return Listing(
        columns=columns_of(
            *("repository", "tag", "image", "created_text", "created_s"),
            *("size_text", "size_bytes"),
            integers=("created_s", "size_bytes"),
        ),
        fields=(
            *(repository, tag, digest, ident),
            field("CreatedAt", "CREATED AT", f"{DATE}|N/A", text("created_text", "N/A")),
            field("CreatedSince", "CREATED", f"{DURATION}(?: ago)?|N/A", age),
            size,
            field("Containers", "CONTAINERS", "N/A|[0-9]+"),
            *(field(f"{n}Size", f"{n.upper()} SIZE", f"N/A|{SIZE}") for n in other_sizes),
        ),
        layouts=((repository, tag, *digests, ident, created, size),),
        quiet=ident,
        in_json=("Repository", "Tag", "ID", "CreatedSince", "Size"),
    )

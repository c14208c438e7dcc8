"""What the listings of a swarm print: nodes, services, tasks (source: docker/cli's formatters)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runbook.parse.docker_fields import (
    PORTS,
    TASK_PORTS,
    Listing,
    Values,
    columns_of,
    field,
    listed,
    text,
)
from runbook.parse.docker_words import AGO, seconds

_ID = "(?:[0-9a-z]{12}|[0-9a-z]{25})"
_STATES = (
    "New|Allocated|Pending|Assigned|Accepted|Preparing|Ready|Starting|Running"
    "|Complete|Shutdown|Failed|Rejected|Remove|Orphaned"
)
_REPLICAS = (
    r"(?P<running>[0-9]{1,9})/(?P<desired>[0-9]{1,9})"
    r"(?: \(max [0-9]+ per node\)| \([0-9]+/[0-9]+ completed\))?"
)


def nodes(options: Mapping[str, str]) -> Listing:
    """`docker node ls`: the default table marks the node that was asked with " *"."""
    ident = field("ID", "ID", _ID, text("node"))
    marked = field(
        *("ID", "ID", rf"(?P<node>{_ID})(?P<self> \*)?"),
        lambda found: {"node": found["node"], "self": found["self"] is not None},
    )
    # A node that is just joining has neither a name nor an engine version yet.
    hostname = field("Hostname", "HOSTNAME", r"\S*", text("hostname"))
    status = field("Status", "STATUS", "Ready|Down|Unknown|Disconnected", text("status"))
    availability = field("Availability", "AVAILABILITY", "Active|Pause|Drain", text("availability"))
    words = "(?:Leader|Reachable|Unreachable|Unknown)?"
    manager = field("ManagerStatus", "MANAGER STATUS", words, text("manager_status"))
    engine = field("EngineVersion", "ENGINE VERSION", r"\S*", text("engine_version"))
    others = (hostname, status, availability, manager)
    return Listing(
        columns=columns_of(
            *("node", "self", "hostname", "status", "availability", "manager_status"),
            "engine_version",
            booleans=("self",),
        ),
        fields=(
            ident,
            field("Self", "SELF", "true|false", lambda found: {"self": found[0] == "true"}),
            *(*others, engine),
            field("TLSStatus", "TLS STATUS", "Ready|Needs Rotation|Unknown"),
        ),
        layouts=((marked, *others), (marked, *others, engine)),
        quiet=ident,
        in_json=("ID", "Self", *(field.name for field in others)),
    )


def _counts(found: re.Match[str]) -> Values:
    return {"running": int(found["running"]), "desired": int(found["desired"])}


def _counts_or_global(found: re.Match[str]) -> Values:
    if found[0] == "global":
        return {"mode": "global", "running": None, "desired": None}
    return {"mode": "replicated", **_counts(found)}


def services(options: Mapping[str, str]) -> Listing:
    """`docker service ls`: 1.12 has no MODE (REPLICAS says `global`) and prints COMMAND."""
    ident = field("ID", "ID", _ID, text("service"))
    name = field("Name", "NAME", r"\S+", text("name"))
    mode = field("Mode", "MODE", "(?:replicated|global)(?: job)?", text("mode"))
    replicas = field("Replicas", "REPLICAS", _REPLICAS, _counts)
    replicas_1_12 = field("Replicas", "REPLICAS", f"{_REPLICAS}|global", _counts_or_global)
    image = field("Image", "IMAGE", r"\S+", text("image"))
    command = field("Command", "COMMAND", r"(?:\S.*)?", text("command"))
    ports = field("Ports", "PORTS", PORTS, listed("ports", ", "))
    layout = (ident, name, mode, replicas, image)
    return Listing(
        columns=columns_of(
            *("service", "name", "mode", "running", "desired", "image", "command", "ports"),
            integers=("running", "desired"),
            lists=("ports",),
        ),
        fields=(*layout, ports),
        layouts=((ident, name, replicas_1_12, image, command), layout, (*layout, ports)),
        quiet=ident,
        in_json=tuple(field.name for field in layout),
    )


def _since(found: re.Match[str]) -> Values:
    state, _, since = found[0].partition(" ")
    return {"current_state": state, "since_text": since, "since_s": seconds(since)}


def tasks(options: Mapping[str, str]) -> Listing:
    r"""`docker service ps`, `docker node ps`: tables mark tasks of one name with ` \_ `."""
    pattern = "[0-9a-z]{25}" if "no-trunc" in options else _ID
    ident = field("ID", "ID", pattern, text("task"))
    name = field("Name", "NAME", r"\S+", text("name"))
    marked = field(
        *("Name", "NAME", r"(?P<mark> \\_ )?(?P<name>[^\s\\]\S*)"),
        lambda found: {"name": found["name"], "previous": found["mark"] is not None},
    )
    image = field("Image", "IMAGE", r"\S+", text("image"))
    node = field("Node", "NODE", r"\S*", text("node"))
    desired = field("DesiredState", "DESIRED STATE", _STATES, text("desired_state"))
    current = field("CurrentState", "CURRENT STATE", f"(?:{_STATES}) {AGO}", _since)
    error = field(
        *("Error", "ERROR", '(?:"(?P<words>.*)")?'),
        lambda found: {"error": found["words"] or None},
    )
    ports = field("Ports", "PORTS", TASK_PORTS, listed("ports", ","))
    others = (image, node, desired, current, error)
    return Listing(
        columns=columns_of(
            *("task", "name", "previous", "image", "node", "desired_state", "current_state"),
            *("since_text", "since_s", "error", "ports"),
            booleans=("previous",),
            integers=("since_s",),
            lists=("ports",),
        ),
        fields=(ident, name, *others, ports),
        layouts=((ident, marked, *others), (ident, marked, *others, ports)),
        quiet=ident,
        in_json=("ID", "Name", *(field.name for field in (*others, ports))),
        in_tables=(marked,),
    )

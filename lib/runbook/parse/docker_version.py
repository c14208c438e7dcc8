"""What `docker version` and `docker --version` say: one row for each component."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from runbook.errors import ParseError
from runbook.parse.base import Parsed
from runbook.parse.docker_command import Command
from runbook.parse.docker_fields import Values, columns_of
from runbook.parse.docker_template import match_template, parse_template

COLUMNS = columns_of("component", "version", "build", "api_version")

_SHORT = re.compile(r"Docker version ([0-9][\w.+~-]*), build ([0-9a-z]\S*)", re.ASCII)
_VERSION = re.compile(r"[0-9][\w.+~-]*", re.ASCII)
_API = re.compile(
    r"([0-9]+\.[0-9]+)(?: \((?:minimum version|downgraded from) [0-9]+\.[0-9]+\))?", re.ASCII
)
_PART = re.compile(r"(Client|Server):(?: \S.*)?")
_COMPONENT = re.compile(r" ([\w.-]+):", re.ASCII)
_FACT = re.compile(r"(  ?)([A-Za-z][\w/-]*(?: \w+)*):(?:\s+(.*?)\s*)?", re.ASCII)
_ENGINE_FACTS = {
    *("Version", "API version", "Go version", "Git commit", "Built", "OS/Arch"),
    *("Experimental", "Context", "Cloud integration", "Orchestrator"),
}
_ALWAYS = ("Version", "API version", "Go version", "Git commit", "Built", "OS/Arch")
_FIELDS = {
    "Version": ("version", _VERSION),
    "GitCommit": ("build", re.compile(r"\S*")),
    "APIVersion": ("api_version", _API),
    "ApiVersion": ("api_version", _API),
}


def parse_version(
    command: Command, options: Mapping[str, str], lines: list[str], first: int
) -> Parsed:
    """Rows of component (`Client`, `Server` or a part of it), version, build, api_version.

    Raises ParseError unless the text is whole: `docker version` has a client and a server.
    """
    tool, template = command.tool, options.get("format", "").strip()
    while lines and not lines[-1]:
        lines = lines[:-1]
    if not lines:
        raise ParseError(tool, "printed nothing")
    if command.name == "--version":
        rows = _short(tool, lines, first)
    elif not template:
        rows = _long(tool, lines, first)
    elif len(lines) > 1:
        raise ParseError(tool, "prints more than one line", line=first + 1, text=lines[1])
    elif template == "json" or re.fullmatch(r"\{\{ *json +\. *\}\}", template):
        rows = _json(tool, lines[0], first)
    else:
        rows = _template(tool, template, lines[0], first)
    return Parsed(COLUMNS, rows)


def _component(name: str, version: str, build: str | None, api: str | None = None) -> Values:
    return {
        "component": name,
        "version": version,
        "build": build or None,
        "api_version": api.split(" ")[0] if api else None,
    }


def _short(tool: str, lines: list[str], first: int) -> list[Values]:
    found = _SHORT.fullmatch(lines[0])
    if not found or len(lines) > 1:
        raise ParseError(tool, "is not docker's version", line=first, text=lines[found is not None])
    return [_component("Client", found[1], found[2])]


def _long(tool: str, lines: list[str], first: int) -> list[Values]:
    """Client, Server and the components below it; 1.12's server has no components."""
    parts: list[tuple[str, int, dict[str, str]]] = []
    indent = " "
    for number, line in enumerate(lines, first):
        if not line:
            continue
        following = lines[number - first + 1 : number - first + 2]
        if part := _PART.fullmatch(line):
            parts.append((part[1], number, {}))
            indent = " "
        elif following and following[0].startswith("  ") and (part := _COMPONENT.fullmatch(line)):
            parts.append((part[1], number, {}))
            indent = "  "
        elif parts and (fact := _FACT.fullmatch(line)) and fact[1] == indent:
            parts[-1][2][fact[2]] = fact[3] or ""
        else:
            raise ParseError(tool, "cannot be read", line=number, text=line)
    named = [name for name, _, _ in parts]
    if named[:2] != ["Client", "Server"] or named.count("Server") != 1:
        raise ParseError(tool, "has not one client and one server", line=first, text=lines[-1])
    if named[2:3] == ["Engine"] and not parts[1][2]:
        parts[1:3] = [("Server", parts[2][1], parts[2][2])]
    return [_checked(tool, name, number, facts) for name, number, facts in parts]


def _checked(tool: str, name: str, number: int, facts: dict[str, str]) -> Values:
    engine = name in ("Client", "Server")
    wanted = _ALWAYS if engine else ("Version",)
    if not engine and len(facts) < 2:
        raise ParseError(tool, f"{name} has nothing but its version", line=number)
    if missing := [fact for fact in wanted if fact not in facts]:
        raise ParseError(tool, f"{name} has no {', '.join(missing)}", line=number)
    if engine and (unknown := facts.keys() - _ENGINE_FACTS):
        raise ParseError(tool, f"{name} has an unknown {', '.join(sorted(unknown))}", line=number)
    api = facts.get("API version")
    readable = _VERSION.fullmatch(facts["Version"]) and _API.fullmatch(api or "")
    if not facts["Version"] or (engine and not readable):
        raise ParseError(tool, f"the version of {name} cannot be read", line=number)
    build = facts.get("Git commit", facts.get("GitCommit"))
    return _component(name, facts["Version"], build, api if engine else None)


def _json(tool: str, line: str, number: int) -> list[Values]:
    try:
        parts = json.loads(line)
        rows = [_from_json(name, parts[name]) for name in ("Client", "Server")]
        others = parts["Server"].get("Components") or []
        rows += [_from_json(part["Name"], part) for part in others if part["Name"] != "Engine"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ParseError(
            tool, "is not the JSON of client and server", line=number, text=line
        ) from None
    return rows


def _from_json(name: str, part: dict[str, Any]) -> Values:
    engine = name in ("Client", "Server")
    build = part["GitCommit"] if engine else (part.get("Details") or {}).get("GitCommit")
    api = part["ApiVersion"] if engine else ""
    if engine and not (_VERSION.fullmatch(part["Version"]) and _API.fullmatch(api)):
        raise ValueError(name)
    return _component(str(name), part["Version"], build, api)


def _template(tool: str, template: str, line: str, number: int) -> list[Values]:
    names, literals = parse_template(tool, template)
    fields = []
    for name in names:
        part, _, fact = name.partition(".")
        if part not in ("Client", "Server") or fact not in _FIELDS:
            raise ParseError(tool, f"there is no parser for {{{{.{name}}}}}")
        fields.append((part, *_FIELDS[fact]))
    texts = match_template(tool, number, line, [pattern for _, _, pattern in fields], literals)
    rows: dict[str, Values] = {}
    for (part, column, _), text in zip(fields, texts, strict=True):
        row = rows.setdefault(part, {**dict.fromkeys(c.name for c in COLUMNS), "component": part})
        row[column] = text or None
    return list(rows.values())

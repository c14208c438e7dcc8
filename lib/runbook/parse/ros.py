"""ros (RancherOS 0.6 to 1.5, BurmillaOS 2.0) and cloud-config files: rows R4, R5, V1 to V5."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from runbook.parse import yaml_keys
from runbook.parse.base import Answer, Column, Parsed, no_parser
from runbook.parse.command_line import CommandLine, Grammar, names, read
from runbook.parse.source import Line, Source

GRAMMAR = Grammar(
    valued=names("output input image"),
    short={"o": "output", "i": "input", "v": "version", "h": "help", "u": "update"},
)

VERSION = (Column("version"),)
IMAGES = (
    Column("image"),
    Column("version"),
    Column("where"),
    Column("running", "boolean"),
    Column("latest", "boolean"),
)
ENGINES = (Column("engine"), Column("version"), Column("state"), Column("where"))

_LOG = re.compile(
    r'time="[^"]*" level=(?P<level>[a-z]+) msg=|(?P<short>DEBU|INFO|WARN|ERRO|FATA|PANI)\[\d+\] '
)
_FAILURES = {"error", "fatal", "panic", "ERRO", "FATA", "PANI"}
_VERSION = r"v\d+\.\d+\.\d+[\w.+-]*"
_IMAGE = re.compile(
    r"(?P<image>[\w.-]+(?:[:/][\w.-]+)*:(?P<version>[\w.-]+)) (?P<where>local|remote)"
    r"(?P<marks> (?P<latest>latest|available)(?: (?P<running>running)?)?)?"
)
_RUNNING_ALONE = re.compile(rf"(?P<version>{_VERSION}) running")
# `(latest)` is BurmillaOS' mark on the last name of the list.
_ENGINE = re.compile(
    r"(?:(?P<active>current|enabled)  |(?P<idle>disabled) )(?P<engine>[\w.-]+)(?: \(latest\))?"
    r"(?: (?P<where>local|remote))?"
)


def parse(answer: Answer) -> Parsed:
    """Read an answer of ros, or a cloud-config file (`cloud-config FILE`).

    Log lines of level info and warning are no part of an answer; errors are failures, also with
    exit 0. Raises UsageError for a sub-command without a parser, ParseError for the rest.
    """
    line = read(answer.argv, GRAMMAR)
    if line.tool == "cloud-config":
        source = Source(f"cloud-config {' '.join(line.words)}".strip(), answer)
        source.require_exit(0)
        source.lines()
        return yaml_keys.keys(source, answer.stdout)
    words = tuple("config" if word == "c" else word for word in line.words[:2])
    command = " ".join(words) or ("--version" if line.on("version") else "")
    if command not in _COMMANDS:
        raise no_parser(("ros", *words), (f"ros {name}" for name in _COMMANDS))
    source = Source(f"ros {command}", answer)
    source.require_exit(0)
    source.refuse_help()
    _said(source, source.lines(answer.stderr))
    return _COMMANDS[command](source, line, _said(source, source.lines()))


def _said(source: Source, lines: list[Line]) -> list[Line]:
    said = []
    for line in lines:
        log = _LOG.match(line.text)
        if log and {log["level"], log["short"]} & _FAILURES:
            raise source.error("reported a failure", line)
        if not log:
            said.append(line)
    return said


def _os_version(source: Source, line: CommandLine, said: list[Line]) -> Parsed:
    prefix = "" if line.words else "ros version "
    match = re.fullmatch(f"{prefix}({_VERSION})", said[0].text) if len(said) == 1 else None
    if not match:
        raise source.error("is no version", *said[:1])
    return Parsed(VERSION, [{"version": match[1]}])


def _os_list(source: Source, line: CommandLine, said: list[Line]) -> Parsed:
    """running and latest are null in 0.6 and 0.7, which do not print them."""
    rows = []
    for each in said:
        match = _IMAGE.fullmatch(each.text)
        if match:
            row: dict[str, Any] = match.groupdict()
            marked = row.pop("marks") is not None
            row["running"] = row["running"] is not None if marked else None
            row["latest"] = row["latest"] == "latest" if marked else None
        elif alone := _RUNNING_ALONE.fullmatch(each.text):  # a release that is not in the list
            row = dict.fromkeys(column.name for column in IMAGES)
            row |= {"version": alone["version"], "running": True}
        else:
            raise source.error("is no release", each)
        rows.append({column.name: row[column.name] for column in IMAGES})
    return Parsed(IMAGES, rows)


def _engine_list(source: Source, line: CommandLine, said: list[Line]) -> Parsed:
    """version is null for an engine that is not called `docker-...` (a Dind engine)."""
    rows = []
    for each in said:
        match = _ENGINE.fullmatch(each.text)
        if not match:
            raise source.error("is no engine", each)
        name, version = match["engine"], match["engine"].removeprefix("docker-")
        rows.append(
            {
                "engine": name,
                "version": version if version != name else None,
                "state": match["active"] or match["idle"],
                "where": match["where"],
            }
        )
    return Parsed(ENGINES, rows)


def _config_get(source: Source, line: CommandLine, said: list[Line]) -> Parsed:
    """A key that is not set prints an empty line: no row. Lists and maps end in an empty line."""
    key = line.words[2] if len(line.words) > 2 else ""
    texts = [each.text for each in said]
    if texts == [""] or (not texts and not key):
        return Parsed(yaml_keys.COLUMNS)
    if len(texts) == 1:
        return Parsed(yaml_keys.COLUMNS, [{"key": key, "value": yaml_keys.plain(texts[0])}])
    return yaml_keys.keys(source, _yaml(source, said), below=key)


def _config_export(source: Source, line: CommandLine, said: list[Line]) -> Parsed:
    if "output" in line.flags and not said:  # written to a file
        return Parsed(yaml_keys.COLUMNS)
    return yaml_keys.keys(source, _yaml(source, said))


def _yaml(source: Source, said: list[Line]) -> str:
    if not said or said[-1].text:
        raise source.error("is cut off: no empty line at its end", *said[-1:])
    return "\n".join(each.text for each in said)


_COMMANDS: dict[str, Callable[[Source, CommandLine, list[Line]], Parsed]] = {
    "--version": _os_version,
    "os version": _os_version,
    "os list": _os_list,
    "engine list": _engine_list,
    "config get": _config_get,
    "config export": _config_export,
}

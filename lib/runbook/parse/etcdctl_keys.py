"""What etcdctl prints about keys: get, set, put and ls, in the forms of both APIs."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from typing import Any

from runbook.parse import etcdctl_api, go_text, json_text
from runbook.parse.base import Column, Parsed
from runbook.parse.command_line import CommandLine
from runbook.parse.source import Line, Source

COLUMNS = (Column("key"), Column("value"))

_EXTENDED = re.compile(
    r"Key: (?P<key>.+)\nCreated-Index: \d+\nModified-Index: \d+\n"
    r"(?:PrevNode\.Value: (?s:.*?)\n)?TTL: -?\d+\nIndex: \d+\n\n(?P<value>(?s:.*))\n"
)
_FAILURE = re.compile(r"Error:\s|Unsupported output format:")
_KEY_FIELDS = ("Key", "CreateRevision", "ModRevision", "Version", "Value", "Lease")


def set_key(source: Source, line: CommandLine) -> Parsed:
    """v2 `set` -> one row: value as printed; key where -o extended or json names it."""
    source.require_exit(0)
    parsed = _get_2(source, etcdctl_api.form_2(source, line))
    if len(line.words) > 2 and parsed.rows[0]["value"] != line.words[2]:
        raise source.error("printed another value than the one to set", text=source.answer.stdout)
    return parsed


def ls(source: Source, line: CommandLine) -> Parsed:
    """v2 `ls` -> one row per key below the one asked for; value is null."""
    source.require_exit(0)
    asked = "/" + (line.words[1] if len(line.words) > 1 else "").strip("/")
    rows = []
    for each in source.lines():  # -o is ignored here
        key = each.text.rstrip("/") if line.on("p") else each.text
        if key != asked and not key.startswith(asked.rstrip("/") + "/"):
            raise source.error(f"is no key below {asked}", each)
        rows.append({"key": key, "value": None})
    return Parsed(COLUMNS, rows)


def put(source: Source, line: CommandLine) -> Parsed:
    """v3 `put` -> one row of nulls (it prints OK); with --prev-kv the key and its value before."""
    source.require_exit(0)
    form = etcdctl_api.form_3(source, line)
    lines = source.lines()
    key = line.words[1] if len(line.words) > 1 else ""
    if form == "json":
        answer = json_text.document(source, lines)
        json_text.take(source, answer, "header", dict)
        pair = json_text.take(source, answer, "prev_kv", dict, None)
        rows = [_json_pair(source, pair, keys_only=False)] if pair else []
    elif form == "fields":
        rows = _fields_pairs(source, lines, "Prev")
    elif not lines or lines[0].text != "OK" or form == "table":
        raise source.error("does not begin with OK", *lines[:1])
    else:
        rows = list(_pairs(source, line, lines[1:], _one(key))) if lines[1:] else []
    if len(rows) > 1:
        raise source.error("names more than one key")
    return Parsed(COLUMNS, rows or [{"key": None, "value": None}])


def get(source: Source, line: CommandLine) -> Parsed:
    """`get` of both APIs -> key (null where not printed), value; a missing key of v3 = no row.

    Without a word on the command line about the API, an answer that begins with the key is v3's.
    """
    source.require_exit(0)
    version = etcdctl_api.version(line) or _api_of(source, line)
    if version == 2:
        return _get_2(source, etcdctl_api.form_2(source, line))
    form = etcdctl_api.form_3(source, line)
    lines = source.lines()
    if form == "json":
        return Parsed(COLUMNS, _get_json(source, line, lines))
    if form == "fields":
        return Parsed(COLUMNS, _get_fields(source, line, lines))
    if form == "table":
        raise source.error("has no -w table")
    return Parsed(COLUMNS, list(_get_simple(source, line, lines)))


def _api_of(source: Source, line: CommandLine) -> int:
    text = source.answer.stdout
    key = line.words[1] if len(line.words) > 1 else ""
    if not text or len(line.words) > 2 or (text.startswith(key + "\n") and text != key + "\n"):
        return 3
    if text == key + "\n":
        raise source.error("may be a value of API 2 or a key of API 3: say ETCDCTL_API", text=text)
    return 2


def _get_2(source: Source, form: str) -> Parsed:
    text = source.answer.stdout
    source.lines()
    if not text or _FAILURE.match(text):
        raise source.error("is no value", text=text)
    if form == "json":
        node = json_text.take(source, json_text.document(source, source.lines()), "node", dict)
        key = json_text.take(source, node, "key", str)
        return Parsed(COLUMNS, [{"key": key, "value": json_text.take(source, node, "value", str)}])
    if form == "extended":
        match = _EXTENDED.fullmatch(text)
        if not match:
            raise source.error("is no answer of -o extended", text=text)
        return Parsed(COLUMNS, [{"key": match["key"], "value": match["value"]}])
    return Parsed(COLUMNS, [{"key": None, "value": text.removesuffix("\n")}])


def _one(key: str) -> tuple[str, str]:
    return key, key


def _range(line: CommandLine) -> tuple[str, str] | None:
    """The first and last key that may come; None when the line tells no bounds."""
    key = line.words[1] if len(line.words) > 1 else ""
    if line.on("prefix") and key:
        return key, key + chr(0x10FFFF)
    if len(line.words) > 2:
        return key, line.words[2]
    return None if line.on("from-key") or line.on("prefix") else _one(key)


def _get_simple(source: Source, line: CommandLine, lines: list[Line]) -> Iterator[dict[str, Any]]:
    if not lines:
        return
    if _FAILURE.match(lines[0].text):
        raise source.error("is no key", lines[0])
    bounds = _range(line)
    if not line.on("print-value-only"):
        yield from _pairs(source, line, lines, bounds)
    elif bounds and bounds[0] == bounds[1]:
        yield {"key": None, "value": _shown(source, line, lines)}
    else:
        for each in lines:
            yield {"key": None, "value": _shown(source, line, [each])}


def _pairs(
    source: Source, line: CommandLine, lines: list[Line], bounds: tuple[str, str] | None
) -> Iterator[dict[str, Any]]:
    single = bounds is not None and bounds[0] == bounds[1]
    step = len(lines) if single else 2
    if len(lines) < 2 or len(lines) % step:
        raise source.error("is a key without its value", lines[-1])
    seen = set()
    for at in range(0, len(lines), step):
        key = _shown(source, line, [lines[at]])
        value = _shown(source, line, lines[at + 1 : at + step])
        if key in seen or (bounds and not bounds[0] <= key <= bounds[1]):
            raise source.error("is no key that was asked for (-w json is safer)", lines[at])
        if line.on("keys-only") and value:
            raise source.error("follows a key, but --keys-only prints no value", lines[at + 1])
        seen.add(key)
        yield {"key": key, "value": None if line.on("keys-only") else value}


def _shown(source: Source, line: CommandLine, lines: Sequence[Line]) -> str:
    text = "\n".join(each.text for each in lines)
    if not line.on("hex"):
        return text
    if not re.fullmatch(r"(?:\\x[0-9a-f]{2})*", text):
        raise source.error("is not in hex", lines[0])
    return _decoded(source, bytes.fromhex(text.replace("\\x", "")))


def _decoded(source: Source, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise source.error("has a key or value that is not UTF-8") from None


def _json_pair(source: Source, pair: Any, *, keys_only: bool) -> dict[str, Any]:
    try:
        key, value = (
            _decoded(
                source, base64.b64decode(json_text.take(source, pair, name, str, ""), validate=True)
            )
            for name in ("key", "value")
        )
    except ValueError:
        raise source.error("has a key or value that is not base64") from None
    return {"key": key, "value": None if keys_only else value}


def _get_json(source: Source, line: CommandLine, lines: list[Line]) -> list[dict[str, Any]]:
    answer = json_text.document(source, lines)
    json_text.take(source, answer, "header", dict)
    pairs = json_text.take(source, answer, "kvs", list, None) or []
    rows = [_json_pair(source, pair, keys_only=line.on("keys-only")) for pair in pairs]
    _complete(source, line, len(rows), json_text.take(source, answer, "count", int, 0))
    return rows


def _get_fields(source: Source, line: CommandLine, lines: list[Line]) -> list[dict[str, Any]]:
    found = go_text.fields(source, lines[-2:])
    end = go_text.record(source, found, {"More": go_text.boolean, "Count": go_text.integer})
    rows = _fields_pairs(source, lines[:-2], "")
    if line.on("keys-only"):
        rows = [row | {"value": None} for row in rows]
    _complete(source, line, len(rows), end["Count"])
    return rows


def _complete(source: Source, line: CommandLine, rows: int, count: int) -> None:
    if rows != count and not (rows < count and line.value("limit", "0") != "0"):
        raise source.error(f"has {rows} keys where it counts {count}")


def _fields_pairs(source: Source, lines: list[Line], prefix: str) -> list[dict[str, Any]]:
    found = go_text.fields(source, lines)
    header = len(go_text.HEADER)
    go_text.record(source, found[:header], go_text.HEADER)
    kinds = {
        prefix + name: go_text.unquote if name in ("Key", "Value") else go_text.integer
        for name in _KEY_FIELDS
    }
    rows = []
    for at in range(header, len(found), len(kinds)):
        pair = go_text.record(source, found[at : at + len(kinds)], kinds)
        rows.append({"key": pair[f"{prefix}Key"], "value": pair[f"{prefix}Value"]})
    return rows

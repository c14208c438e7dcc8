"""YAML as `ros` and cloud-config files have it: dotted keys, typed values, lists whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from runbook.parse.base import Column, Parsed
from runbook.parse.source import Line, Source

COLUMNS = (Column("key"), Column("value", "object"))

# The tools read YAML 1.1.
_TRUE = {"true", "yes", "on", "y"}
_FALSE = {"false", "no", "off", "n"}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,15})\.[0-9]{1,15}")


def keys(source: Source, text: str, below: str = "") -> Parsed:
    """A YAML document -> key (dotted path, from `below` on), value.

    A list is one value; an empty map is a value too. Numbers with a leading zero stay text
    (`0644` is a mode). Anchors, aliases and tags are refused: they change what stands there.
    """
    tree = _read(source, text)
    if tree is None:
        return Parsed(COLUMNS)
    if not isinstance(tree, dict) and not below:
        raise source.error("is no map of keys", text=text)
    pairs = list(_flat(tree, below))
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise source.error("has two keys with the same dotted path")
    return Parsed(COLUMNS, [{"key": name, "value": value} for name, value in pairs])


def plain(text: str) -> Any:
    """The value of an unquoted scalar.

    >>> plain("1460"), plain("off"), plain("0644"), plain("docker-1.12.1"), plain("~")
    (1460, False, '0644', 'docker-1.12.1', None)
    """
    cased = text.islower() or text.isupper() or text.istitle()
    if text in ("", "~", "<nil>") or (cased and text.lower() == "null"):
        return None
    if cased and text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict) or (path and not value):
        yield path, value
        return
    for key, inner in value.items():
        yield from _flat(inner, f"{path}.{key}" if path else key)


def _read(source: Source, text: str) -> Any:
    # Imported here: it costs more start-up time than all parsers together.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return _document(source, YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line if mark else 0
        there = (text.split("\n") + [""] * line)[line]
        raise source.error(f"is no YAML: {error.problem}", Line(line + 1, there)) from None
    except (YAMLError, ValueError, RecursionError):
        raise source.error("is no YAML", text=text) from None


def _document(source: Source, events: Iterator[Any]) -> Any:
    tree, documents = None, 0
    for event in events:
        name = type(event).__name__
        if name == "DocumentStartEvent":
            documents += 1
            tree = _value(source, next(events), events)
    if documents > 1:
        raise source.error("has more than one YAML document")
    return tree


def _value(source: Source, event: Any, events: Iterator[Any]) -> Any:
    name = type(event).__name__
    where = Line(event.start_mark.line + 1, "")
    if name == "AliasEvent" or event.anchor is not None or event.tag is not None:
        raise source.error("has an anchor, an alias or a tag", where)
    if name == "ScalarEvent":
        return plain(event.value) if event.implicit[0] else event.value
    if name == "SequenceStartEvent":
        return [_value(source, each, events) for each in _until("SequenceEndEvent", events)]
    found: dict[str, Any] = {}
    for each in _until("MappingEndEvent", events):
        where = Line(each.start_mark.line + 1, getattr(each, "value", None) or "")
        if type(each).__name__ != "ScalarEvent" or each.value in found or each.value == "<<":
            raise source.error("has a key that is no text, or stands there twice", where)
        found[each.value] = _value(source, next(events), events)
    return found


def _until(end: str, events: Iterator[Any]) -> Iterator[Any]:
    for event in events:
        if type(event).__name__ == end:
            return
        yield event

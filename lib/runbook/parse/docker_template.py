"""Read lines that a Go template of docker made, if they can be read in one way only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from runbook.errors import ParseError

_ACTION = re.compile(r"(\{\{.*?\}\})")
_FIELD = re.compile(r"\{\{ *\.([A-Za-z.]+) *\}\}")


def parse_template(tool: str, template: str) -> tuple[list[str], list[str]]:
    """The names of the fields in a template, and the literal texts around them (one more).

    Raises ParseError for anything but plain fields with a literal text between them.

    >>> parse_template("docker ps", "{{.ID}}: {{ .Names }}")
    (['ID', 'Names'], ['', ': ', ''])
    """
    unescaped = template.strip(" ").replace("\\t", "\t").replace("\\n", "\n")
    parts = _ACTION.split(unescaped)
    literals, names = parts[::2], []
    for action in parts[1::2]:
        found = _FIELD.fullmatch(action)
        if not found:
            raise ParseError(tool, f"there is no parser for {action} in a template")
        names.append(found[1])
    if not names or "" in literals[1:-1] or "\n" in unescaped:
        raise ParseError(tool, f"there is no parser for the template {template!r}")
    return names, literals


def match_template(
    tool: str, number: int, line: str, patterns: Sequence[re.Pattern[str]], literals: Sequence[str]
) -> list[str]:
    """The texts of the fields; raises ParseError if the line fits in no way or in several."""
    if not line.startswith(literals[0]):
        raise ParseError(tool, "does not fit the template", line=number, text=line)
    found = list(islice(_splits(line[len(literals[0]) :], patterns, literals[1:]), 2))
    if len(found) != 1:
        ways = "several ways" if found else "no way"
        raise ParseError(tool, f"fits the template in {ways}", line=number, text=line)
    return found[0]


def _splits(
    text: str, patterns: Sequence[re.Pattern[str]], ends: Sequence[str]
) -> Iterator[list[str]]:
    if len(patterns) == 1:
        value = text.removesuffix(ends[0])
        if text.endswith(ends[0]) and patterns[0].fullmatch(value):
            yield [value]
        return
    at = text.find(ends[0])
    while at >= 0:
        if patterns[0].fullmatch(text, 0, at):
            for others in _splits(text[at + len(ends[0]) :], patterns[1:], ends[1:]):
                yield [text[:at], *others]
        at = text.find(ends[0], at + 1)

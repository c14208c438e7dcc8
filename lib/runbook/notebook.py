"""Reads a runbook's notebook without Jupyter: title, `metadata.runbook`, steps, parameters."""

from __future__ import annotations

import ast
import difflib
import hashlib
import io
import json
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook.errors import ParameterError, UsageError

# papermill puts these in itself (--inject-paths).
BUILT_IN = frozenset({"PAPERMILL_INPUT_PATH", "PAPERMILL_OUTPUT_PATH"})
_SCALARS: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}
_WORDS = {"true": True, "false": False}


@dataclass(frozen=True)
class Parameter:
    """One line `name: type = literal  # help` of the parameters cell."""

    name: str
    type: str
    default: Any
    help: str = ""

    def from_text(self, text: str) -> Any:
        """The value that a command line's text stands for. Raises ParameterError."""
        kind = self.type.removesuffix(" | None")
        if kind != self.type and text in ("", "None", "null"):
            return None
        if kind.startswith("list["):
            return self._list_from_text(text, kind[5:-1])
        return self._scalar_from_text(text, kind)

    def accept(self, value: Any) -> Any:
        """The value as its declared type: itself, an int as float, a list written as text.

        Nothing else is converted: what a YAML reader or papermill's -p made of 22:22 or no is not
        what was meant. Raises ParameterError.
        """
        kind = self.type.removesuffix(" | None")
        if value is None and kind != self.type:
            return None
        if not kind.startswith("list["):
            return self._accept_scalar(value, kind)
        if isinstance(value, str):
            return self._list_from_text(value, kind[5:-1])
        if not isinstance(value, list | tuple):
            raise self._wrong(value)
        return [self._accept_scalar(item, kind[5:-1]) for item in value]

    def _accept_scalar(self, value: Any, kind: str) -> Any:
        if kind == "float" and type(value) is int:
            return float(value)
        if type(value) is not _SCALARS[kind]:
            raise self._wrong(value)
        return value

    def _scalar_from_text(self, text: str, kind: str) -> Any:
        if kind == "str":
            return text
        if kind == "bool":
            if text.lower() not in _WORDS:
                raise self._wrong(text)
            return _WORDS[text.lower()]
        try:
            # No 1_000 and no blanks: what is typed is what stands in the record.
            if not re.fullmatch(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?", text, re.IGNORECASE):
                raise ValueError
            return _SCALARS[kind](text)
        except ValueError:
            raise self._wrong(text) from None

    def _list_from_text(self, text: str, kind: str) -> list[Any]:
        if text.strip().startswith("["):
            try:
                return [self._accept_scalar(item, kind) for item in json.loads(text)]
            except ValueError:
                raise self._wrong(text) from None
        parts = [part.strip() for part in text.split(",")] if text.strip() else []
        return [self._scalar_from_text(part, kind) for part in parts]

    def _wrong(self, value: Any) -> ParameterError:
        remedy = f"give {self.name} a value of type {self.type}, such as {self.default!r}"
        if self.type.startswith("str") and not isinstance(value, str):
            remedy += f" (papermill's -p makes numbers of what looks like one: use -r {self.name})"
        if self.type.startswith("list"):
            remedy += " (or a,b,c as text)"
        return ParameterError(
            f"the parameter {self.name} is of type {self.type}, "
            f"not {value!r} ({type(value).__name__})",
            remedy=remedy,
        )


@dataclass(frozen=True)
class Runbook:
    """A notebook as a runbook: `about` is its `metadata.runbook`, `steps` its headings."""

    name: str
    title: str
    about: dict[str, Any]
    parameters: tuple[Parameter, ...]
    steps: tuple[str, ...]
    sha256: str

    @classmethod
    def read(cls, path: Path) -> Runbook:
        """Read a notebook file. Raises UsageError when it is none or is no runbook."""
        try:
            content = path.read_bytes()
            cells = json.loads(content)["cells"]
            about = json.loads(content)["metadata"].get("runbook")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{path} cannot be read as a notebook: {error}",
                remedy="name a notebook (.ipynb) of format 4",
            ) from None
        if not isinstance(about, dict):
            raise UsageError(
                f"{path} is a notebook but no runbook (no `runbook` block in its metadata)",
                remedy="give its metadata a `runbook` block, or run it with papermill",
            )
        headings = [h for cell in cells if cell["cell_type"] == "markdown" for h in _headings(cell)]
        title = next((text for level, text in headings if level == 1), path.stem)
        steps = tuple(text for level, text in headings if level > 1)
        found = parameters(parameters_source(cells))
        return cls(path.stem, title, about, found, steps, hashlib.sha256(content).hexdigest())


def source(cell: Mapping[str, Any]) -> str:
    """A cell's source as one text."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def heading(cell: Mapping[str, Any]) -> str | None:
    """The first heading in a markdown cell, without its marks; None when there is none."""
    if cell.get("cell_type") != "markdown":
        return None
    return next((text for _, text in _headings(cell)), None)


def parameters_source(cells: list[Any]) -> str:
    """The source of the cell tagged `parameters`, or nothing."""
    tagged = (c for c in cells if "parameters" in (c.get("metadata") or {}).get("tags", ()))
    return source(next(tagged, {}))


def parameters(text: str) -> tuple[Parameter, ...]:
    """The parameters that a cell's source declares, in order. Raises ParameterError.

    >>> parameters('size: int = 3  # how many members')
    (Parameter(name='size', type='int', default=3, help='how many members'),)
    """
    try:
        tree = ast.parse(text)
        comments = {
            token.start[0]: token.string.lstrip("# ").strip()
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type == tokenize.COMMENT
        }
    except (SyntaxError, tokenize.TokenError) as error:
        raise ParameterError(f"the parameters cell is not Python: {error}", remedy=_FORM) from None
    return tuple(_declared(statement, comments) for statement in tree.body)


def bind(declared: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given values as their declared types. Raises ParameterError.

    Refuses a name that the runbook does not have, with the closest one and the list of all.
    """
    known = {parameter.name: parameter for parameter in declared}
    refuse_unknown(known, given)
    return {
        name: value if name in BUILT_IN else known[name].accept(value)
        for name, value in given.items()
    }


def bind_text(declared: tuple[Parameter, ...], given: Mapping[str, str]) -> dict[str, Any]:
    """As `bind`, for values that were typed on a command line."""
    known = {parameter.name: parameter for parameter in declared}
    refuse_unknown(known, given)
    return {name: known[name].from_text(text) for name, text in given.items()}


def refuse_unknown(known: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Raise ParameterError for the first given name that is not known."""
    for name in given:
        if name in known or name in BUILT_IN:
            continue
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        meant = f" (did you mean {close[0]}?)" if close else ""
        raise ParameterError(
            f"this runbook has no parameter {name!r}{meant}",
            remedy=f"use one of: {', '.join(known) or '(it has no parameters)'}",
        )


_FORM = "write each parameter as `name: type = literal  # help`"


def _declared(statement: ast.stmt, comments: dict[int, str]) -> Parameter:
    last = statement.end_lineno or statement.lineno
    help_text = comments.get(last, comments.get(statement.lineno, ""))
    target: ast.expr | None = None
    if isinstance(statement, ast.AnnAssign):
        target, kind = statement.target, ast.unparse(statement.annotation).strip("'\"")
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, kind = statement.targets[0], ""
    if isinstance(target, ast.Name) and isinstance(statement, ast.AnnAssign | ast.Assign):
        try:
            default = ast.literal_eval(statement.value) if statement.value else None
            parameter = Parameter(target.id, kind or _kind_of(default), default, help_text)
            _check_type(parameter)
        except (ValueError, KeyError):
            pass
        else:
            return parameter
    raise ParameterError(
        f"line {statement.lineno} of the parameters cell declares no parameter: "
        f"{ast.unparse(statement)[:200]}",
        remedy=f"{_FORM}; types: {', '.join(_SCALARS)}, list[...] of these, ... | None",
    )


def _check_type(parameter: Parameter) -> None:
    kind = parameter.type.removesuffix(" | None")
    inner = kind[5:-1] if kind.startswith("list[") else kind
    if inner not in _SCALARS:
        raise ValueError(f"unknown type {kind}")
    parameter.accept(parameter.default)


def _kind_of(value: Any) -> str:
    if isinstance(value, list):
        return f"list[{type(value[0]).__name__ if value else 'str'}]"
    return type(value).__name__


def _headings(cell: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    fenced = False
    for line in source(cell).splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced and (match := re.match(r"(#{1,6})\s+(.+?)\s*#*$", line)):
            yield len(match[1]), match[2]

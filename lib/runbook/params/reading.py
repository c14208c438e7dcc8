"""Read a target file; every error says file, line, key path and what was expected."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from runbook.errors import TargetError
from runbook.params.model import Target, target_schema

_REMEDY = "`runbook target schema` prints what a target file may hold"
# What ruamel.yaml lets through from values that look like numbers, dates or tags but are none.
_BAD_VALUE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)
_BAD_YAML = (YAMLError, RecursionError, NotImplementedError, AssertionError, *_BAD_VALUE)


def load_target(file: Path) -> Target:
    """Read and check a target file; its relative paths are relative to the file.

    Raises TargetError with file, line, key path, and what was expected.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise TargetError(f"{file}: {error.strerror}", remedy="check the path") from None
    data = _read_yaml(file, content)
    if not isinstance(data, dict):
        found = "nothing" if data is None else f"a {type(data).__name__}"
        found = "a list" if isinstance(data, list) else found
        raise TargetError(
            f"{file}:1: (whole file): expected keys and values, found {found}", remedy=_REMEDY
        )
    try:
        target = Target.model_validate(_plain(data))
    except ValidationError as error:
        raise TargetError(
            "\n".join(_told(file, data, problem) for problem in error.errors()), remedy=_REMEDY
        ) from None
    except RecursionError:
        raise TargetError(f"{file}:1: (whole file): a value holds itself", remedy=_REMEDY) from None
    return _located(target, file, hashlib.sha256(content).hexdigest())


def _read_yaml(file: Path, content: bytes) -> Any:
    try:
        return YAML(typ="rt").load(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TargetError(
            f"{file}:{line}: (whole file): expected UTF-8 text", remedy="save it as UTF-8"
        ) from None
    except _BAD_YAML as error:
        line, why = _yaml_problem(error, content)
        raise TargetError(f"{file}:{line}: {why}", remedy=_REMEDY) from None


def _yaml_problem(error: BaseException, content: bytes) -> tuple[int, str]:
    """The line and the words of what is wrong with the YAML itself."""
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        why = error.problem or error.context or "is no YAML"
        return mark.line + 1 if mark else 1, str(why)
    if isinstance(error, ReaderError):
        line = content.decode().count("\n", 0, error.position) + 1
        return line, f"the character {error.character!r} is not allowed: {error.reason}"
    if isinstance(error, RecursionError):
        return 1, "is nested too deeply"
    return 1, f"cannot be read as YAML: {error}"


def _plain(data: Any) -> Any:
    """ruamel's containers and scalars as plain Python."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain(value) for value in data]
    for kind in (bool, int, float, str):
        if isinstance(data, kind):
            return kind(data)
    return data


def _line(data: Any, path: tuple[Any, ...]) -> int:
    """The line (from 1) of the deepest key of `path` that stands in the file."""
    line = 1
    for key in path:
        try:
            line = (data.lc.item if isinstance(key, int) else data.lc.key)(key)[0] + 1
            data = data[key]
        except (KeyError, IndexError, AttributeError, TypeError):
            break
    return line


def _told(file: Path, data: Any, problem: Any) -> str:
    kind, value = problem["type"], problem.get("input")
    loc = problem["ctx"]["path"] if kind == "misplaced" else problem["loc"]
    path = tuple(part for part in loc if part != "[key]")
    shown = ".".join(str(part) for part in path) or "(whole file)"
    what = problem["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        what = f"unknown key; known here: {_known_keys(path[:-1])}"
    elif kind == "missing":
        what = "this key is missing"
    elif kind != "misplaced" and not isinstance(value, (dict, list)):
        what = f"{what}, got {value!r}"
    return f"{file}:{_line(data, path)}: {shown}: {what}"


def _known_keys(path: tuple[Any, ...]) -> str:
    """What may stand in the map at `path`, by the schema."""
    schema = target_schema()
    here = schema
    for key in path:
        named = here.get("patternProperties", {}).values()
        known: dict[str, Any] = here.get("properties", {}).get(key) or next(iter(named), {})
        options = [known, *known.get("anyOf", ())]
        names = [option["$ref"].rpartition("/")[2] for option in options if "$ref" in option]
        here = schema["$defs"][names[0]] if names else known
    return ", ".join(here.get("properties", {})) or "none"


def _from_target_file(path: Path | None, folder: Path) -> Path | None:
    if path is None:
        return None
    return (folder / Path(os.path.expandvars(path)).expanduser()).resolve()


def _located(target: Target, file: Path, sha256: str) -> Target:
    """The target with absolute paths."""
    folder = file.resolve().parent
    ssh = target.ssh.model_copy(
        update={
            "config": _from_target_file(target.ssh.config, folder),
            "known_hosts": _from_target_file(target.ssh.known_hosts, folder),
        }
    )
    cloud = target.cloud
    if cloud is not None:
        public_key = _from_target_file(cloud.key_pair.public_key, folder)
        pair = cloud.key_pair.model_copy(update={"public_key": public_key})
        cloud = cloud.model_copy(
            update={"file": _from_target_file(cloud.file, folder), "key_pair": pair}
        )
    located = target.model_copy(update={"ssh": ssh, "cloud": cloud})
    located._file, located._sha256 = file.resolve(), sha256
    return located

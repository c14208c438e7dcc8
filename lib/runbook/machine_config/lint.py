"""Text of a machine's configuration in, findings out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Literal

from runbook.errors import ParameterError
from runbook.machine_config.cloud_rules import coreos_rules, rancheros_rules
from runbook.machine_config.content import withdrawn
from runbook.machine_config.dialects import COREOS_DIALECT, RANCHEROS_DIALECT, ignition_dialect
from runbook.machine_config.finding import Finding
from runbook.machine_config.ignition_keys import SPECS
from runbook.machine_config.ignition_rules import ignition_rules
from runbook.machine_config.json_tree import read_json
from runbook.machine_config.shape import check
from runbook.machine_config.tree import Node
from runbook.machine_config.yaml_tree import read_yaml

Kind = Literal["coreos", "rancheros", "ignition"]
HEADER = "#cloud-config"


def detect(text: str) -> Kind:
    """Which of the three a text is. Raises ParameterError when nothing in it says so."""
    body = text.removeprefix("\ufeff").lstrip()
    if body.startswith("{"):
        return "ignition"
    for kind, key in (("coreos", "coreos"), ("rancheros", "rancher")):
        if re.search(rf"^['\"]?{key}['\"]?[ \t]*:", text, re.M):
            return kind  # type: ignore[return-value]
    if body.startswith("#compose"):
        return "rancheros"
    raise ParameterError(
        "the text does not say which configuration it is: neither JSON nor a key coreos or rancher",
        remedy="give the kind: coreos, rancheros or ignition",
    )


def lint(text: str, kind: Kind | None = None, *, version: str = "") -> list[Finding]:
    """Everything that is wrong with a configuration, in the order of the text.

    kind: None = detect it (ParameterError when it cannot be told). version: the Ignition spec
    that the machine's image reads (2.0.0: CoreOS of 2016; 3.3.0: Flatcar); empty = what the
    text itself names. Articles rows C1, C2, C3, B3, U1.
    """
    kind = kind or detect(text)
    root, findings = read_json(text) if kind == "ignition" else (None, [])
    if kind == "ignition":
        found = _ignition(text, root, findings, version)
    else:
        found = _cloud_config(text, kind)
    return sorted(set(found))


def _cloud_config(text: str, kind: Kind) -> Iterator[Finding]:
    head = text.split("\n", 1)[0].removesuffix("\r")
    if head.startswith("#!"):
        yield from withdrawn(text, None)
        return
    if not text.strip() or (kind == "coreos" and _is_ignition(text)):
        what = "an Ignition config, which cloud-init leaves alone" if text.strip() else "empty"
        yield Finding(1, 1, "", "warning", f"the file is {what}: nothing is configured")
        yield from withdrawn(text, None)
        return
    if head != HEADER and not (kind == "rancheros" and head == "#compose"):
        yield _header(head, kind)
    root, findings = read_yaml(text.removeprefix("\ufeff"))
    yield from findings
    yield from withdrawn(text, root)
    if root is None or head == "#compose":
        return
    if kind == "coreos":
        yield from check(root, COREOS_DIALECT)
        yield from coreos_rules(root)
    else:
        yield from check(root, RANCHEROS_DIALECT)
        yield from rancheros_rules(root)


def _is_ignition(text: str) -> bool:
    try:
        config = json.loads(text)
    except ValueError:
        return False
    return isinstance(config, dict) and bool({"ignition", "ignitionVersion"} & config.keys())


def _header(head: str, kind: Kind) -> Finding:
    if kind == "rancheros":
        message = "without the header #cloud-config it is good for `ros config merge` only"
        return Finding(
            1, 1, "", "warning", message, "as user data it needs #cloud-config in line 1"
        )
    message = 'must be "#cloud-config" or begin with "#!"'
    why = " (a byte order mark stands before it)" if head.startswith("\ufeff") else ""
    remedy = "make #cloud-config the first line, with nothing before or after it"
    return Finding(1, 1, "", "error", f"the first line {message}{why}", remedy)


def _ignition(
    text: str, root: Node | None, findings: list[Finding], version: str
) -> Iterator[Finding]:
    yield from withdrawn(text, root)
    if root is None and (found := _not_json(text)):
        yield found
        return
    yield from findings
    if root is None:
        return
    if root.kind != "map":
        yield Finding(1, 1, "", "error", "an Ignition config is a JSON object", "begin with {")
        return
    spec, problems = _version(root, version)
    yield from problems
    if spec:
        yield from check(root, ignition_dialect(spec))
        yield from ignition_rules(root, spec)


def _not_json(text: str) -> Finding | None:
    """What the text is instead of JSON, in Ignition's words; None = it means to be JSON."""
    head = text.removeprefix("\ufeff").lstrip()
    kinds = (("#cloud-config", "found coreos-cloudconfig"), ("#!", "found coreos-cloudinit script"))
    what = next((name for start, name in kinds if head.startswith(start)), "")
    if head and not what:
        return None
    return Finding(1, 1, "", "error", f"not a config ({what or 'empty'})", "write an Ignition JSON")


def _version(root: Node, wanted: str) -> tuple[str, list[Finding]]:
    """The spec to hold the config against ('' = none), and what is wrong with its version."""
    node = root.get("ignition", "version")
    if node is None:
        old = root.get("ignitionVersion")
        message = "spec 1 is too old" if old else "no spec version"
        remedy = f'add "ignition": {{"version": "{wanted or "2.0.0"}"}}'
        at = old or root
        path = "ignition.version"
        return wanted, [Finding(at.line, at.column, path, "error", message, remedy)]
    place = (node.line, node.column, "ignition.version")
    if node.kind != "text":
        return "", [Finding(*place, "error", "the version is no text", 'write it as "2.0.0"')]
    spec = node.text.removesuffix("-experimental")
    if spec not in SPECS:
        message = f"unsupported config version {node.text}"
        return wanted, [Finding(*place, "error", message, f"use one of {', '.join(SPECS)}")]
    if wanted and not _reads(wanted, spec):
        message = f"unsupported config version {node.text}: this machine reads {wanted}"
        return spec, [Finding(*place, "error", message, f"render it for {wanted}")]
    return spec, []


def _reads(machine: str, spec: str) -> bool:
    """Whether an Ignition that knows spec `machine` takes a config of `spec`."""
    return machine[0] == spec[0] and int(spec.split(".")[1]) <= int(machine.split(".")[1])

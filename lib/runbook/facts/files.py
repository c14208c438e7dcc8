"""Facts about files on servers: whether they hold what they should."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from runbook.command import Node, Nodes
from runbook.errors import ParseError
from runbook.parse import parse
from runbook.table import rows_frame

_SHOW = 'test -e "$1" && stat -c %a "$1" && cat "$1"'
Same = Callable[[bytes, str], bool]  # what is there, what is wanted


def same_text(found: bytes, wanted: str) -> bool:
    """Whether a file is the wanted text, byte by byte."""
    return found == wanted.encode()


def same_settings(found: bytes, wanted: str) -> bool:
    """Whether a cloud-config says the same as the wanted one, however it is written."""
    try:
        one, other = (parse(["cloud-config"], text).rows for text in (found, wanted.encode()))
    except ParseError:
        return False
    return {row["key"]: row["value"] for row in one} == {row["key"]: row["value"] for row in other}


def holds(node: Node, path: str, content: str, mode: str, same: Same = same_text) -> bool:
    """Whether the file is there, with this mode and content."""
    result = node.run("sh -c %s sh %s", _SHOW, path, sudo=True)
    found_mode, _, found = result.stdout.partition(b"\n")
    right_mode = found_mode.decode("ascii", "replace") == mode.lstrip("0")
    return result.exit_code == 0 and right_mode and same(found, content)


def compared(
    nodes: Nodes,
    path: str,
    content: Callable[[Node], str],
    *,
    mode: str = "0644",
    same: Same = same_text,
) -> pd.DataFrame:
    """Whether each node's file is as it should be. Columns: server, path, as_wanted."""
    rows = [
        {"server": n.name, "path": path, "as_wanted": holds(n, path, content(n), mode, same)}
        for n in nodes
    ]
    return rows_frame(rows, ("server", "path", "as_wanted"), f"{path} on every node")

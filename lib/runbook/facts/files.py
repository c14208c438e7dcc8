"""Facts about files on servers: whether they hold what they should."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from runbook.command import Node, Nodes
from runbook.table import rows_frame

_SHOW = 'test -e "$1" && stat -c %a "$1" && cat "$1"'


def differs(node: Node, path: str, content: str, mode: str) -> bool:
    """Whether the file is not there, or differs in content or mode."""
    result = node.run("sh -c %s sh %s", _SHOW, path, sudo=True)
    return result.exit_code != 0 or result.stdout != f"{mode.lstrip('0')}\n{content}".encode()


def compared(
    nodes: Nodes, path: str, content: Callable[[Node], str], *, mode: str = "0644"
) -> pd.DataFrame:
    """Whether each node's file is as it should be. Columns: server, path, as_wanted."""
    rows = [
        {"server": n.name, "path": path, "as_wanted": not differs(n, path, content(n), mode)}
        for n in nodes
    ]
    return rows_frame(rows, ("server", "path", "as_wanted"), f"{path} on every node")

"""Files on servers: written whole or not at all, with their mode, and only when they differ."""

from __future__ import annotations

from collections.abc import Callable

from runbook.changes.base import Act
from runbook.command import Node, quoted
from runbook.facts.files import Same, holds, same_text

# The new file is complete on the same disk before it takes the old one's place.
_REPLACE = (
    'set -e; mkdir -p "$(dirname "$1")"; umask 077; new=$(mktemp "$1.XXXXXX"); '
    'trap \'rm -f "$new"\' EXIT; cat >"$new"; chmod "$2" "$new"; sync; mv -f "$new" "$1"'
)


def write(
    node: Node,
    path: str,
    content: str | Callable[[], str],
    *,
    mode: str = "0644",
    same: Same = same_text,
) -> Act:
    """Write a file as root, atomically; the content travels on stdin, in no command line.

    content: the text, or a function that gives it when an earlier act has made what it needs.
    same: whether the file that is there will do.
    """
    line = quoted("sh -c %s sh %s %s", _REPLACE, path, mode)

    def text() -> str:
        return content if isinstance(content, str) else content()

    return Act(
        what=f"write {path} on {node.name}",
        steps=[(node.name, f"sudo tee {path} (mode {mode}, the text on stdin)")],
        is_done=lambda: holds(node, path, text(), mode, same),
        apply=lambda: node.change(line, stdin=text(), sudo=True),
        undo=f"on {node.name}: sudo rm {path}",
    )

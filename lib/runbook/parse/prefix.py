"""What may stand before the tool in a command line: sudo with its options, env, variables."""

from __future__ import annotations

import re
from collections.abc import Sequence

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_LETTERS_WITH_VALUE = "CDgRhprtTuU"
_WORDS_WITH_VALUE = frozenset(
    f"--{name}"
    for name in (
        *("close-from", "chdir", "group", "chroot", "host", "prompt", "role", "type"),
        *("command-timeout", "user", "other-user"),
    )
)


def split_prefix(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """The variables that are set for the tool, and the command line from the tool on.

    >>> split_prefix("sudo -n -u core ETCDCTL_API=3 /usr/bin/etcdctl get /x".split())
    (['ETCDCTL_API=3'], ['etcdctl', 'get', '/x'])
    """
    variables: list[str] = []
    words = list(argv)
    while words:
        name = words[0].rsplit("/", 1)[-1]
        if name == "sudo":
            words = _without_options(words[1:])
        elif _VARIABLE.fullmatch(words[0]):
            variables.append(words.pop(0))
        elif name == "env":
            words.pop(0)
        else:
            return variables, [name, *words[1:]]
    return variables, []


def _without_options(words: list[str]) -> list[str]:
    """The words behind sudo's own options."""
    while words and words[0].startswith("-"):
        option, *words = words
        if option == "--":
            break
        letters = "" if option.startswith("--") else option[1:]
        valued = next(
            (at for at, letter in enumerate(letters) if letter in _LETTERS_WITH_VALUE), -1
        )
        if option in _WORDS_WITH_VALUE or 0 <= valued == len(letters) - 1:
            words = words[1:]
    return words

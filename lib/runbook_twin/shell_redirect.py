"""Redirects: where a command's streams lead, and who may read and write there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runbook_twin import access, shell_words
from runbook_twin.shell_state import Streams
from runbook_twin.shell_tree import Redirect
from runbook_twin.streams import Input

if TYPE_CHECKING:
    from runbook_twin.shell import Shell


async def redirected(shell: Shell, redirects: list[Redirect], streams: Streams) -> Streams:
    """The streams after redirects. Raises OSError."""
    for redirect in redirects:
        streams = await _one(shell, redirect, streams)
    return streams


async def _one(shell: Shell, redirect: Redirect, streams: Streams) -> Streams:
    """The streams after one redirect."""
    target = await shell_words.text(shell, redirect.word, streams.input, streams.err)
    if redirect.operator in ("<<", "<<<"):
        text = target + "\n" * (redirect.operator == "<<<")
        return replace(streams, input=Input(text.encode()))
    if redirect.operator == "<&":
        return streams
    if redirect.operator == "<":
        data = access.read(shell.machine, shell.user, shell.path(target), streams.input)
        return replace(streams, input=Input(await data) if data else streams.input)
    if redirect.operator == ">&" and target.isdigit():
        write = streams.err if target == "2" else streams.out
    elif target in ("/dev/stdout", "/dev/stderr"):
        write = streams.out if target.endswith("out") else streams.err
    else:
        append = redirect.operator == ">>"
        mode = 0o666 & ~shell.mask
        write = access.writer(
            shell.machine, shell.user, shell.path(target), append=append, mode=mode
        )
    if redirect.operator == "&>" or (redirect.operator == ">&" and not target.isdigit()):
        return replace(streams, out=write, err=write)
    return replace(streams, err=write) if redirect.fd == 2 else replace(streams, out=write)

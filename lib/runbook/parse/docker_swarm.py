"""What `docker swarm init`, `join` and `leave` say; the token is noticed, never returned."""

from __future__ import annotations

import re

from runbook.errors import ParseError
from runbook.parse.base import Column, Parsed
from runbook.parse.docker_command import Command

COLUMNS = (Column("message"), Column("node"), Column("token_seen", "boolean"))

# 1.12 breaks the join command over three lines, newer ones print it on one.
_INIT = re.compile(
    r"(?P<message>Swarm initialized: current node \((?P<node>[0-9a-z]{25})\) is now a manager\.)\n"
    r"\n"
    r"To add a worker to this swarm, run the following command:\n"
    r"\n"
    r" +docker swarm join(?: \\\n)? +--token SWMTKN-\S+(?: \\\n)? +[^\s\\]+:[0-9]{1,5}\n"
    r"\n"
    r"To add a manager to this swarm, run 'docker swarm join-token manager'"
    r" and follow the instructions\.\n"
    r"(?:\n*To unlock a swarm manager after it restarts, run the `docker swarm unlock`\n"
    r"command and provide the following key:\n"
    r"\n"
    r" +SWMKEY-\S+\n"
    r"\n"
    r"(?:Please r|R)emember to store this key in a password manager, since without it you\n"
    r"will not be able to restart the manager\.\n)?\n*"
)
_JOIN = re.compile(r"(?P<message>This node joined a swarm as a (?:worker|manager)\.)\n+")
_LEAVE = re.compile(r"(?P<message>Node left the swarm\.)\n+")
_ANSWERS = {"swarm init": _INIT, "swarm join": _JOIN, "swarm leave": _LEAVE}


def parse_swarm(command: Command, lines: list[str], first: int) -> Parsed:
    """One row: message, node (of init), token_seen; raises ParseError for any other text."""
    text = "".join(f"{line}\n" for line in lines)
    found = _ANSWERS[command.name].fullmatch(text)
    if not found:
        raise ParseError(
            command.tool, "is not the whole answer", line=first, text=text.split("\n")[0]
        )
    row = {
        "message": found["message"],
        "node": found.groupdict().get("node"),
        "token_seen": "SWMTKN-" in text,
    }
    return Parsed(COLUMNS, [row])

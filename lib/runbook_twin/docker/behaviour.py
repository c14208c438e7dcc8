"""What a container's command does: how long it runs, what it prints, how it ends."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from runbook_twin.docker.failures import DaemonError

FOREVER = float("inf")
WORDS = "sh /bin/sh sleep true false echo cat ls hostname date env tail exit do done test :"
SERVERS = {"nginx", "redis-server", "docker-entrypoint.sh", "top", "httpd", "while", "ping"}


@dataclass(frozen=True)
class Behaviour:
    """seconds until it ends by itself; its exit code; its output; whether SIGTERM ends it."""

    seconds: float = FOREVER
    exit_code: int = 0
    output: str = ""
    obeys: bool = False  # a shell or sleep as process 1 ignores SIGTERM


def behaviour(command: list[str]) -> Behaviour:
    """What a command line does in a container."""
    name = command[0].rpartition("/")[2] if command else ""
    if name == "sh":
        return (
            _script(command[2]) if command[1:2] == ["-c"] and len(command) > 2 else Behaviour(0.0)
        )
    if name == "nginx" or name in SERVERS:
        return Behaviour(obeys=True)
    return _simple(command)


def _simple(command: list[str]) -> Behaviour:
    name = command[0].rpartition("/")[2]
    if name == "sleep" and len(command) > 1:
        number = re.match(r"[\d.]+", command[1])
        return Behaviour(float(number[0]) if number else 0.0, 0 if number else 1)
    if name == "echo":
        return Behaviour(0.0, output=" ".join(command[1:]) + "\n")
    if name == "tail" and "-f" in command:
        return Behaviour()
    return Behaviour(0.0, 1 if name == "false" else 0)


def _script(text: str) -> Behaviour:
    seconds, output, code = 0.0, "", 0
    for part in re.split(r";|&&|\n", text):
        words = shlex.split(part, posix=True)
        if not words:
            continue
        if words[0] in SERVERS:
            return Behaviour(FOREVER, 0, output)
        if words[0] == "exit":
            return Behaviour(seconds, int(words[1]) if len(words) > 1 else code, output)
        if words[0] == "exec":
            words = words[1:]
        step = behaviour(words)
        seconds, code, output = seconds + step.seconds, step.exit_code, output + step.output
    return Behaviour(seconds, code, output)


def refuse_missing_program(command: list[str], *, old: bool) -> None:
    """Raise DaemonError (127) when the image has no such program, in the runtime's words."""
    program = command[0]
    known = (
        program in WORDS.split()
        or program in SERVERS
        or program.startswith(("/bin/", "/usr/", "/sbin/", "/docker-"))
    )
    if known:
        return
    why = (
        f'exec: "{program}": stat {program}: no such file or directory'
        if program.startswith("/")
        else f'exec: "{program}": executable file not found in $PATH'
    )
    long = (
        "failed to create shim task: OCI runtime create failed: runc create failed: "
        f"unable to start container process: {why}: unknown"
    )
    raise DaemonError(f"oci runtime error: {why}" if old else long, code=127, status=400)

"""The lab's stand-in for systemctl: start, stop, restart, is-active, status, daemon-reload ..."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Sequence

from runbook_lab.inside import units

SOCKET = "/run/lab-init.sock"
_TO_INIT = ("start", "stop", "restart", "is-active")
_NOTHING_TO_DO = ("daemon-reload", "enable", "disable", "reset-failed")  # read anew each time


def main(words: Sequence[str]) -> int:
    """Run it: the exit code of systemctl."""
    given = [word for word in words if not word.startswith("-")]
    if "--version" in words:
        sys.stdout.write("systemctl: the lab's stand-in, not systemd's\n")
        return 0
    verb, names = (given[0] if given else ""), list(given[1:])
    if verb == "status":
        return _status(names)
    if verb == "show":
        return _show(names)
    if verb in _NOTHING_TO_DO:
        return 0
    if verb not in _TO_INIT or not names:
        sys.stderr.write(f"systemctl (the lab's stand-in): cannot do: {' '.join(words)}\n")
        return 1
    return _tell(ask(verb, names), quiet="--quiet" in words or "-q" in words)


def ask(verb: str, names: Sequence[str]) -> dict[str, object]:
    """What the server's first process answers."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(SOCKET)
        connection.sendall(json.dumps({"verb": verb, "units": list(names)}).encode() + b"\n")
        with connection.makefile() as answer:
            return dict(json.loads(answer.readline()))


def _tell(answer: dict[str, object], *, quiet: bool = False) -> int:
    if not quiet:
        sys.stdout.write(str(answer["out"]))
    sys.stderr.write(str(answer["err"]))
    return int(str(answer["exit_code"]))


def _show(names: Sequence[str]) -> int:
    """LoadState and ActiveState of each, whatever properties were asked for."""
    states = str(ask("is-active", names)["out"]).split()
    sys.stdout.write(
        "\n".join(
            f"LoadState={'loaded' if units.load(name) else 'not-found'}\nActiveState={state}\n"
            for name, state in zip(names, states, strict=True)
        )
    )
    return 0


def _status(names: Sequence[str]) -> int:
    answer = ask("is-active", names)
    for name, state in zip(names, str(answer["out"]).split(), strict=True):
        sys.stdout.write(f"{name}\n   Active: {state} (told by the lab's stand-in)\n")
    return int(str(answer["exit_code"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How the command talks to a running twin, and how it starts one in the background."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from runbook_twin.state import Folder, Running


class ClientError(Exception):
    """The twin did not start, does not answer, or refuses."""


def ask(running: Running, method: str, path: str, body: Any = None) -> bytes:
    """One request to the control routes. Raises ClientError with the twin's words."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - always http://127.0.0.1
        f"{running.url}{path}", data=data, method=method, headers={"X-Twin-Token": running.token}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            text = error.read()
        try:
            reason = json.loads(text)["error"]
        except (ValueError, KeyError):
            reason = str(error)
        raise ClientError(reason) from None
    except OSError as error:
        raise ClientError(f"the twin (process {running.pid}) does not answer: {error}") from None


def find(folder: Folder, status: str = "/twin/status") -> Running | None:
    """The twin that runs in a folder; None when none answers, whatever files it left behind.

    status: the route that it answers (the lab's is its own).
    """
    running = folder.read_running()
    if running is None:
        return None
    try:
        ask(running, "GET", status)
    except ClientError:
        return None
    return running


def start(folder: Folder, arguments: list[str]) -> None:
    """Start a twin in the background; returns when its ports answer.

    Raises ClientError with the end of the log.
    """
    readable, writable = os.pipe()
    log = folder.path / "log"
    command = [
        sys.executable, "-m", "runbook_twin", "up", "--foreground", "--ready", str(writable),
        "--directory", str(folder.path), *arguments,
    ]  # fmt: skip
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
            start_new_session=True, pass_fds=(writable,), env=environment(),
        )  # fmt: skip
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        word = pipe.read()  # ends when the twin is ready or gone
    if word == b"ready":
        process.returncode = 0  # it lives on without us
        return
    raise ClientError(f"the twin did not start (exit {process.wait()}); {end_of(log)}")


def environment() -> dict[str, str]:
    """Ours, with the folder in which this package is found."""
    paths = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def end_of(log: Path) -> str:
    """The last lines of a log, for an error."""
    lines = log.read_text(errors="replace").splitlines()[-12:]
    return "\n".join([f"the end of {log}:", *lines])


def stop(folder: Folder, running: Running) -> None:
    """Ask it to stop and wait until it has. Raises ClientError."""
    ask(running, "POST", "/twin/stop", {})
    with folder.hold("alive"):
        pass

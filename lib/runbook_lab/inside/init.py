"""A server's first process: starts the image's services, and answers systemctl on a socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import socketserver
import struct
import sys
import threading
from pathlib import Path
from typing import Any

from runbook_lab.inside.services import Failed, Services
from runbook_lab.inside.systemctl import SOCKET

# What the image starts at boot, in this order: one name a line.
BOOT = Path("/usr/lib/lab/boot")
_REAP_S = 5.0


class _Server(socketserver.ThreadingUnixStreamServer):
    services: Services


class _Request(socketserver.StreamRequestHandler):
    """One line of JSON: verb and units; the answer: exit code and text."""

    server: _Server

    def handle(self) -> None:
        asked = json.loads(self.rfile.readline())
        told = self.connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        _, user, _ = struct.unpack("3i", told)
        if user != 0 and asked["verb"] != "is-active":
            refused = {"exit_code": 4, "out": "", "err": "Access denied\n"}
            self.wfile.write(json.dumps(refused).encode() + b"\n")
            return
        answer = act(self.server.services, asked["verb"], asked["units"])
        self.wfile.write(json.dumps(answer).encode() + b"\n")


def act(services: Services, verb: str, names: list[str]) -> dict[str, Any]:
    """Do what systemctl was asked for: {"exit_code", "out", "err"}."""
    chosen = [services.named(name) for name in names]
    if verb == "is-active":
        states = [service.state for service in chosen]
        code = 0 if "active" in states else 3
        return {"exit_code": code, "out": "".join(f"{s}\n" for s in states), "err": ""}
    try:
        for service in chosen:
            if verb in ("stop", "restart"):
                service.stop()
            if verb in ("start", "restart"):
                service.start()
    except Failed as error:
        return {"exit_code": 5 if "not found" in str(error) else 1, "out": "", "err": f"{error}\n"}
    return {"exit_code": 0, "out": "", "err": ""}


def main() -> None:
    """Until somebody cuts the power, or SIGTERM: then everything is stopped nicely."""
    services = Services()
    server = _Server(SOCKET, _Request)
    server.services = services
    Path(SOCKET).chmod(0o666)  # everybody may ask; who may do what is looked at
    threading.Thread(target=server.serve_forever, daemon=True).start()
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    for name in BOOT.read_text().split():
        try:
            services.named(name).start()
        except Failed as error:
            say(str(error))
    say(f"{socket.gethostname()} login: ")
    while not over.wait(_REAP_S):
        reap(services.pids)
    services.stop_all()


def say(text: str) -> None:
    """A line on the console."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def reap(ours: set[int]) -> None:
    """Wait for orphans that have ended; our own children have somebody who waits for them."""
    for child in Path("/proc/1/task/1/children").read_text().split():
        state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "Z" and int(child) not in ours:
            os.waitpid(int(child), os.WNOHANG)


if __name__ == "__main__":
    main()

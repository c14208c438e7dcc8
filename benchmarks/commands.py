"""A warm command beside asyncssh, a hundred servers at once beside pyinfra."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import asyncssh

from benchmarks.paired import Row, paired, wall
from benchmarks.servers import USER, Servers, running
from runbook.inventory import Server
from runbook.transport import Ssh

_COMMANDS = 100
_SERVERS = 100
HERE = Path(__file__).parent


def warm_command() -> Row:
    """One command on an open connection, the same server process for both."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), 1) as servers:
        loop = asyncio.new_event_loop()
        peer = loop.run_until_complete(_connect(servers))
        server = Server("node", "", "127.0.0.1", servers.ports[0], USER)
        ssh = Ssh(servers.config)
        ssh.connect(server)

        def ours() -> None:
            for _ in range(_COMMANDS):
                assert ssh.execute(server, "uname -sr").exit_code == 0

        async def theirs() -> None:
            for _ in range(_COMMANDS):
                assert (await peer.run("uname -sr")).exit_status == 0

        row = paired(
            "warm command, beside asyncssh's client",
            lambda: wall(ours) / _COMMANDS,
            lambda: wall(lambda: loop.run_until_complete(theirs())) / _COMMANDS,
            target=1.3,
        )
        ssh.close()
        peer.close()
        loop.run_until_complete(peer.wait_closed())
        loop.close()
        return row


async def _connect(servers: Servers) -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        *("127.0.0.1", servers.ports[0]),
        username=USER,
        client_keys=[str(servers.key)],
        known_hosts=str(servers.known_hosts),
        config=None,
        agent_path=None,
    )


def many_servers(install: bool) -> Row:
    """CPU seconds of the client for one command on each of 100 servers, connecting included."""
    what = f"{_SERVERS} servers at once, CPU, beside pyinfra"
    with tempfile.TemporaryDirectory() as folder:
        python = _python_with_pyinfra(Path(folder) / "venv", install)
        if python is None:
            return Row(what, note="pyinfra is not installed: --install-peers makes a venv for it")
        with running(Path(folder), _SERVERS) as servers:
            ports = ",".join(map(str, servers.ports))
            ours = [sys.executable, str(HERE / "client_runbook.py"), folder, ports]
            peer = [python, str(HERE / "client_pyinfra.py"), folder, ports]
            return paired(what, lambda: _told(ours), lambda: _told(peer), target=1.3, rounds=5)


def _told(argv: list[str]) -> float:
    """The CPU seconds that a client says it has used."""
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{argv[1]}: {done.stderr.strip()}")
    return float(done.stdout.split()[-1])


def _python_with_pyinfra(folder: Path, install: bool) -> str | None:
    """An interpreter that has pyinfra: this one, or that of a throw-away venv."""
    probe = [sys.executable, "-c", "import pyinfra"]
    if subprocess.run(probe, capture_output=True).returncode == 0:
        return sys.executable
    if not install:
        return None
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-I", "-m", "pip", "install", "--quiet", "pyinfra"], check=True)
    return python

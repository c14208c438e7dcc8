"""The twin as a process: started, found, asked, broken, stopped, as its users do it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from runbook_twin.client import find
from runbook_twin.state import Folder, Running, default_directory

LIB = str(Path(__file__).parents[2] / "lib")
LIMIT_S = 60


def twin(directory: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run `python -m runbook_twin WORDS --directory DIRECTORY`."""
    command, *others = words
    return subprocess.run(
        [sys.executable, "-m", "runbook_twin", command, "--directory", str(directory), *others],
        capture_output=True, text=True, timeout=LIMIT_S, check=check,
        env=os.environ | {"PYTHONPATH": LIB},
    )  # fmt: skip


def running(directory: Path) -> Running:
    found = find(Folder(directory))
    assert found is not None
    return found


def ask(directory: Path, path: str, token: str | None = None) -> Any:
    """GET a control route."""
    state = running(directory)
    headers = {"X-Twin-Token": state.token if token is None else token}
    request = urllib.request.Request(state.url + path, headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:  # noqa: S310
        return json.loads(answer.read())


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A place for a twin, which is down again afterwards."""
    directory = tmp_path / "a twin"
    yield directory
    twin(directory, "down")


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A furnished twin for the tests that do not change it."""
    directory = tmp_path_factory.mktemp("furnished") / "twin"
    twin(directory, "up", "--clock", "20")
    yield directory
    twin(directory, "down")


def test_up_writes_everything_that_a_client_needs_for_us_alone(folder: Path) -> None:
    said = twin(folder, "up", "--empty", "--clock", "25").stdout
    assert "the twin is up" in said
    assert str(folder / "target.yaml") in said
    modes = {f.name: stat.S_IMODE(f.stat().st_mode) for f in folder.iterdir()}
    private = {"id_ed25519", "clouds.yaml", "state.json", "alive.lock"}
    assert not [name for name in private if modes[name] & 0o077]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not (folder / "known_hosts_nodes").read_text()
    state = running(folder)
    assert (state.clock, state.furnished) == (25.0, False)
    for port in (state.ssh_port, state.api_port):
        socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S).close()
    assert "clock: 25\n" in (folder / "target.yaml").read_text()
    assert ask(folder, "/twin/status")["machines"] == []


def test_up_again_finds_the_one_that_runs_and_down_ends_it(folder: Path) -> None:
    twin(folder, "up", "--empty")
    before = running(folder).pid
    assert "was up already" in twin(folder, "up", "--empty").stdout
    assert running(folder).pid == before
    assert twin(folder, "down").stdout == "the twin is down\n"
    assert {file.name for file in folder.iterdir()} == {"alive.lock", "command.lock", "log"}
    assert twin(folder, "down").stdout == "the twin is not up\n"
    assert twin(folder, "status", check=False).returncode == 4


def test_up_at_the_same_time_starts_one(folder: Path) -> None:
    folder.mkdir()
    command = [sys.executable, "-m", "runbook_twin", "up", "--empty", "--directory", str(folder)]
    environment = os.environ | {"PYTHONPATH": LIB}
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    said = sorted(process.communicate(timeout=LIMIT_S)[0].split(":")[0] for process in started)
    assert said == ["the twin is up", "the twin was up already"]


def ended(directory: Path) -> None:
    """Wait until no twin lives in the folder."""
    with Folder(directory).hold("alive"):
        pass


def test_what_a_killed_twin_left_behind_does_not_matter(folder: Path) -> None:
    twin(folder, "up", "--empty")
    first = running(folder)
    os.kill(first.pid, signal.SIGKILL)
    ended(folder)
    assert (folder / "state.json").exists()
    assert twin(folder, "status", check=False).returncode == 4
    assert "the twin is up" in twin(folder, "up", "--empty").stdout
    assert running(folder).pid != first.pid


def test_a_twin_without_clients_stops_by_itself(folder: Path) -> None:
    twin(folder, "up", "--empty", "--idle", "1")
    ended(folder)
    assert not (folder / "state.json").exists()


def test_a_twin_in_the_foreground_ends_with_its_terminal(folder: Path) -> None:
    folder.mkdir()
    readable, writable = os.pipe()
    command = [
        sys.executable, "-m", "runbook_twin", "up", "--empty", "--foreground", "--ready",
        str(writable), "--directory", str(folder),
    ]  # fmt: skip
    process = subprocess.Popen(
        command, pass_fds=(writable,), stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": LIB},
    )  # fmt: skip
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        assert pipe.read() == b"ready"
    process.send_signal(signal.SIGINT)
    assert process.wait(LIMIT_S) == 0
    assert not (folder / "state.json").exists()


def test_strangers_have_no_control(furnished: Path) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        ask(furnished, "/twin/status", token="guess")  # noqa: S106


def test_a_furnished_twin_is_the_article_s_clusters_after_their_set_up(furnished: Path) -> None:
    status = json.loads(twin(furnished, "status", "--json").stdout)
    assert {row["name"]: row["state"] for row in status["machines"]} == dict.fromkeys(
        ["node00", "node01", "node02", "manager0", "worker0", "worker1"], "up"
    )
    lines = {
        "node01": ("etcdctl get common/cluster-name", "selectel-test-cluster"),
        "node02": ("fleetctl list-units --no-legend", "running"),
        "manager0": ("docker node ls", "Drain"),
    }
    for name, (line, expected) in lines.items():
        assert expected in over_ssh(furnished, name, line)
    assert "1/1" in over_ssh(furnished, "manager0", "docker service ls")


def over_ssh(directory: Path, name: str, line: str) -> str:
    """Run a line on a node with the key, configuration and host keys that the twin wrote."""
    rows = ask(directory, "/twin/status")["machines"]
    row = next(row for row in rows if row["name"] == name)

    async def go() -> str:
        async with asyncssh.connect(
            row["address"], config=str(directory / "ssh_config"), agent_path=None
        ) as node:
            done = await node.run(line, check=True)
            return str(done.stdout)

    return asyncio.run(asyncio.wait_for(go(), LIMIT_S))


def test_faults_by_the_command(folder: Path) -> None:
    twin(folder, "up", "--empty")
    kinds = twin(folder, "fault", "list").stdout
    assert "network-cut NODE" in kinds
    assert kinds.endswith("in force:\n  nothing\n")
    assert twin(folder, "fault", "api-error", "503", "2").stdout == "in force:\n  api-error 503 2\n"
    assert "fault: api-error 503 2" in twin(folder, "status").stdout
    wrong = twin(folder, "fault", "node-lost", "node00", check=False)
    assert wrong.returncode == 2
    assert "no node 'node00'; there are: none" in wrong.stderr
    assert twin(folder, "fault", "clear").stdout == "in force:\n  nothing\n"


def test_events_are_json_lines(furnished: Path) -> None:
    events = [json.loads(line) for line in twin(furnished, "events").stdout.splitlines()]
    assert "worker1 has booted" in [event["event"] for event in events]
    assert [event["t"] for event in events] == sorted(event["t"] for event in events)


def test_ssh_to_a_node_that_is_not_there(furnished: Path) -> None:
    done = twin(furnished, "ssh", "node77", check=False)
    assert done.returncode == 2
    assert "there are: node00, node01, node02, manager0, worker0, worker1" in done.stderr


def test_a_twin_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "twin").mkdir()
    (tmp_path / "twin" / "id_ed25519").mkdir()
    done = twin(tmp_path / "twin", "up", "--empty", check=False)
    assert done.returncode == 5
    assert "the twin did not start" in done.stderr


def test_the_folder_is_the_project_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNBOOK_HOME", raising=False)
    for name in ("runbooks", "params", "deep/down"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "down")
    assert default_directory() == tmp_path.resolve() / ".twin"
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path / "deep"))
    assert default_directory() == (tmp_path / "deep").resolve() / ".twin"

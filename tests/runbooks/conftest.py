"""Rehearsal clusters as processes of their own, and a way to run the notebooks on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runbook import runner
from runbook.forkserver import Server
from runbook.launch import Spare
from runbook_twin import client
from runbook_twin.state import Folder

ROOT = Path(__file__).parents[2]
# How much faster than ours the clusters' time runs. A busy machine needs some air for heartbeats
# and probes; what waits long in few tests may hurry.
CALM, FAST = 10, 20
Play = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Cluster:
    """A rehearsal cluster: its target file, and a hand that breaks things from outside."""

    folder: Path

    @property
    def target(self) -> str:
        return str(self.folder / "target.yaml")

    def do(self, command: str, *words: str) -> str:
        """One command of the cluster's own command line."""
        line = [sys.executable, "-m", "runbook_twin", command, "--directory", str(self.folder)]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "lib")}
        done = subprocess.run(
            [*line, *words], capture_output=True, text=True, timeout=60, env=environment
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One request to the hand of a cluster that is up."""
        running = client.find(Folder(self.folder))
        assert running is not None
        return json.loads(client.ask(running, method, path, body))

    def events(self) -> list[tuple[float, str]]:
        """What really happened, and when (seconds of the cluster)."""
        running = client.find(Folder(self.folder))
        assert running is not None
        lines = client.ask(running, "GET", "/twin/events").splitlines()
        return [(event["t"], event["event"]) for event in map(json.loads, lines)]

    def break_(self, name: str, *arguments: str) -> None:
        """Put a fault in force."""
        self.ask("POST", "/twin/faults", {"name": name, "arguments": arguments})

    def on(self, address: str, line: str) -> str:
        """What a line prints on a server, by OpenSSH's own client."""
        ssh = ["ssh", "-F", str(self.folder / "ssh_config"), address, line]
        return subprocess.run(ssh, capture_output=True, text=True, timeout=60, check=True).stdout

    @contextmanager
    def fault(self, name: str, *arguments: str) -> Iterator[None]:
        """Something is broken, and mended afterwards."""
        self.break_(name, *arguments)
        try:
            yield
        finally:
            self.ask("DELETE", "/twin/faults")

    def state(self) -> list[tuple[str, int]]:
        """Which servers there are, and how often each has booted."""
        machines = self.ask("GET", "/twin/status")["machines"]
        return [(machine["name"], machine["boots"]) for machine in machines]

    def edited(self, name: str, *changes: tuple[str, str]) -> str:
        """A copy of the target file with some text replaced."""
        text = (self.folder / "target.yaml").read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        file = self.folder / f"{name}.yaml"
        file.write_text(text)
        return str(file)


@contextmanager
def cluster(folder: Path, clock: int, *options: str) -> Iterator[Cluster]:
    """A cluster that runs as long as it is needed."""
    made = Cluster(folder)
    try:
        made.do("up", "--clock", str(clock), *options)
        yield made
    finally:
        made.do("down")


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The article's clusters, for tests that change nothing for good."""
    with cluster(tmp_path_factory.mktemp("furnished") / "c", CALM) as made:
        yield made


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cloud without servers, for tests that make none."""
    with cluster(tmp_path_factory.mktemp("bare") / "c", CALM, "--empty") as made:
        yield made


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Cluster]:
    """The article's clusters, to be broken."""
    with cluster(tmp_path / "c", FAST) as made:
        yield made


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Cluster]:
    """A cloud without servers, to be filled."""
    with cluster(tmp_path / "c", FAST, "--empty") as made:
        yield made


@pytest.fixture
def calm(tmp_path: Path) -> Iterator[Cluster]:
    """The same for what is measured."""
    with cluster(tmp_path / "c", CALM, "--empty") as made:
        yield made


@pytest.fixture(scope="session")
def spare() -> Iterator[Spare]:
    """Kernels by fork: the imports are paid for once."""
    server = Server()
    try:
        yield Spare(server)
    finally:
        server.close()


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the records of this test go."""
    monkeypatch.setenv("RUNBOOK_HOME", str(ROOT))
    monkeypatch.setenv("RUNBOOK_OUTPUTS", str(tmp_path / "outputs"))
    return tmp_path / "outputs"


@pytest.fixture
def play(outputs: Path, spare: Spare) -> Play:
    """Run a runbook: its record."""

    def run(name: str, target: str, *, plan: bool = False, **parameters: Any) -> dict[str, Any]:
        file = ROOT / "runbooks" / f"{name}.ipynb"
        return runner.run(file, {"target": target, **parameters}, plan=plan, spare=spare)

    return run


def ended(record: dict[str, Any]) -> tuple[str, int]:
    """Verdict and exit code; the reason is printed for whoever reads a failed test."""
    print(record["reason"])  # noqa: T201
    return record["verdict"], record["exit_code"]


def verbs(record: dict[str, Any]) -> set[str]:
    """The verbs of the commands that ran."""
    return {command["verb"] for command in record["commands"]}

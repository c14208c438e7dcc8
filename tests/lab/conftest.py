"""A lab that runs as long as a test needs it, and the hands that use it."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runbook import runner
from runbook_lab import cgroups, needs

ROOT = Path(__file__).parents[2]
Play = Callable[..., dict[str, Any]]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """They take minutes and root: whoever does not ask for them (make lab) is told what he misses.
    Whoever does, and cannot have them, sees them fail with the reason."""
    asked = config.option.markexpr == "lab"
    why = "; ".join(needs.obstacles()) or "make lab runs it: real engines, some minutes"
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.lab)
            item.add_marker(pytest.mark.timeout(1500))
            if not asked:
                item.add_marker(pytest.mark.skip(reason=why))


def lab(
    folder: Path, *words: str, file_size: int = resource.RLIM_INFINITY
) -> subprocess.CompletedProcess[str]:
    """The command `runbook lab` on a folder. file_size: the most bytes that a file may have."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))

    command, *others = words
    line = [sys.executable, "-m", "runbook_lab", command, "--directory", str(folder), *others]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "lib")}
    return subprocess.run(
        line, capture_output=True, text=True, timeout=120, env=environment, preexec_fn=limit
    )


def on(folder: Path, address: str, line: str) -> str:
    """What a line prints on a server, by OpenSSH's own client."""
    ssh = ["ssh", "-F", str(folder / "ssh_config"), address, line]
    return subprocess.run(ssh, capture_output=True, text=True, timeout=60, check=True).stdout


def of_the_lab() -> set[str]:
    """What a lab could leave: processes, namespaces, links, mounts, groups."""
    found = {str(path) for path in cgroups.left()}
    for pid in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = pid.read_bytes()
        except OSError:
            continue
        if b"runbook_lab" in words and b"pytest" not in words:
            found.add(words.decode())
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True)
    mounts = Path("/proc/self/mounts").read_text()
    return found | set(links.stdout.splitlines()) | set(mounts.splitlines())


@pytest.fixture
def up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A lab, of which nothing is left afterwards."""
    monkeypatch.setenv("RUNBOOK_HOME", str(ROOT))
    monkeypatch.setenv("RUNBOOK_OUTPUTS", str(tmp_path / "outputs"))
    before = of_the_lab()
    folder = tmp_path / "lab"
    done = lab(folder, "up")
    assert done.returncode == 0, done.stderr
    yield folder
    assert lab(folder, "down").returncode == 0
    assert of_the_lab() == before


def play(folder: Path, name: str, **parameters: Any) -> dict[str, Any]:
    """Run a runbook on the cluster whose target file is in a folder: its record."""
    file = ROOT / "runbooks" / f"{name}.ipynb"
    record = runner.run(file, {"target": str(folder / "target.yaml"), **parameters})
    print(name, record["reason"])  # noqa: T201 - for whoever reads a failed test
    return record


def pytest_addoption(parser: pytest.Parser) -> None:
    """How far to walk, how often to measure."""
    parser.addoption("--acts", type=int, default=8, help="acts of a random walk")
    parser.addoption("--rounds", type=int, default=1, help="how often each failover is measured")
    parser.addoption("--seeds", default="1", help="seeds of the walks, with commas between")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A walk for each seed."""
    if "seed" in metafunc.fixturenames:
        seeds = [int(word) for word in metafunc.config.getoption("seeds", "1").split(",")]
        metafunc.parametrize("seed", seeds)


@pytest.fixture
def acts(request: pytest.FixtureRequest) -> int:
    """How many acts a walk has."""
    return int(request.config.getoption("--acts"))


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """How often each kind of failover is measured."""
    return int(request.config.getoption("--rounds"))

"""Runbooks against real engines: Docker's Swarm, etcd, OpenSSH, in namespaces of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbook import runner
from runbook_lab import cgroups, needs

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(needs.obstacles()), reason="; ".join(needs.obstacles())),
]
ROOT = Path(__file__).parents[2]


def lab(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command, *others = words
    line = [sys.executable, "-m", "runbook_lab", command, "--directory", str(folder), *others]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "lib")}
    return subprocess.run(line, capture_output=True, text=True, timeout=120, env=environment)


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


# As where etcdctl speaks as it does by itself since 3.4.
NEW_ETCDCTL = (
    "sudo sed -i s/ETCDCTL_API=2/ETCDCTL_API=3/ /usr/lib/lab/sshd_config"
    " && sudo systemctl restart sshd.service"
)


def on(folder: Path, address: str, line: str) -> str:
    """What a line prints on a server, by OpenSSH's own client."""
    ssh = ["ssh", "-F", str(folder / "ssh_config"), address, line]
    return subprocess.run(ssh, capture_output=True, text=True, timeout=60, check=True).stdout


def play(folder: Path, name: str, **parameters: Any) -> dict[str, Any]:
    file = ROOT / "runbooks" / f"{name}.ipynb"
    record = runner.run(file, {"target": str(folder / "target.yaml"), **parameters})
    print(record["reason"])  # noqa: T201 - for whoever reads a failed test
    return record


def test_a_real_swarm_loses_a_worker(up: Path) -> None:
    for name in ("swarm-set-up", "rancheros-inspect-node", "rancheros-configure-node"):
        assert play(up, name)["verdict"] == "passed", name
    drill = play(up, "swarm-fail-over", approved=True)
    assert drill["verdict"] == "passed"
    observed = {check["name"]: check["observed"] for check in drill["checks"]}
    assert observed["longest outage with 1 replica, seconds"] > 5
    assert observed["longest outage with 2 replicas, seconds"] <= 0.2
    assert play(up, "cluster-tear-down", approved=True)["verdict"] == "passed"


def test_a_real_etcd_cluster(up: Path) -> None:
    build = "coreos-build-cluster"
    assert play(up, "coreos-render-config")["verdict"] == "passed"
    assert play(up, build)["verdict"] == "passed"
    again = play(up, build)
    assert (again["verdict"], again["counts"]["changes"]) == ("passed", 0)
    for dialect in ("etcdctl set", "ETCDCTL_API=3 etcdctl put"):
        record = play(up, "etcd-verify-cluster")
        assert record["verdict"] == "passed"
        assert any(command["text"].startswith(dialect) for command in record["commands"])
        for address in ("192.168.0.10", "192.168.0.11", "192.168.0.12"):
            on(up, address, NEW_ETCDCTL)


def test_nothing_is_left_of_a_lab_that_was_killed(up: Path) -> None:
    [holder] = {
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.read_bytes().startswith(b"unshare") and str(up).encode() in path.read_bytes()
    }
    os.kill(holder, 9)
    assert lab(up, "status").returncode == 4
    again = lab(up, "up")
    assert again.returncode == 0, again.stderr


def test_two_labs_at_once_are_refused(up: Path, tmp_path: Path) -> None:
    play(up, "swarm-set-up")
    other = lab(tmp_path / "other", "up")
    assert other.returncode == 5
    assert "another lab runs on this machine" in other.stderr
    assert lab(tmp_path / "other", "down").returncode == 0
    seen = lab(up, "status")
    assert "manager0" in seen.stdout  # its servers live on

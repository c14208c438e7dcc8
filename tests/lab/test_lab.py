"""Runbooks against real engines: Docker's Swarm, etcd, OpenSSH, in namespaces of this machine."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from runbook_lab.hypervisor import LabHypervisor
from runbook_twin.hypervisor import NoValidHost, ServerSpec

from .conftest import lab, of_the_lab, on, play

# As where etcdctl speaks as it does by itself since 3.4.
NEW_ETCDCTL = (
    "sudo sed -i s/ETCDCTL_API=2/ETCDCTL_API=3/ /usr/lib/lab/sshd_config"
    " && sudo systemctl restart sshd.service"
)


def test_etcd_in_both_dialects(up: Path) -> None:
    build = "coreos-build-cluster"
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


def test_nothing_is_left_of_a_server_that_could_not_be_made(tmp_path: Path) -> None:
    images = Path("/dev/shm") / tmp_path.name  # noqa: S108 - another file system: no links to it
    images.mkdir()
    (images / "nginx.tar").touch()
    try:
        hypervisor = LabHypervisor(tmp_path, images)
        spec = ServerSpec("an-id", "half-made", "coreos", "192.168.0.10")
        with pytest.raises(NoValidHost, match="cross-device"):
            asyncio.run(hypervisor.create(spec))
        assert hypervisor.machines == {}
        assert list(tmp_path.iterdir()) == []
    finally:
        shutil.rmtree(images)


def test_nothing_is_left_of_a_lab_that_did_not_start(tmp_path: Path) -> None:
    before = of_the_lab()
    folder = tmp_path / "lab"
    done = lab(folder, "up", file_size=100_000)  # too small for the images
    assert done.returncode == 5
    assert "the lab did not start" in done.stderr
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert of_the_lab() == before
    assert not (folder / "machines").exists()

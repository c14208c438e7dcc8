"""The lab's control groups of version 2, on a tree as that kernel shows it; version 1 is what the
lab itself runs on (make lab)."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook_lab import cgroups


def test_a_further_server_below_a_group_that_hands_its_controllers_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "_ROOT", tmp_path)
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu memory\n")
    ours = tmp_path / cgroups.NAME
    cgroups.make("node00")
    # The kernel's, once the controllers are there; empty is "as above", and the root has none.
    for folder in (ours, ours / "node00"):
        (folder / "cpuset.cpus").write_text("")
    enter, settle = cgroups.make("node01")
    assert enter == [ours / "node01" / "cgroup.procs"]
    assert settle == [ours / "node01" / "init" / "cgroup.procs"]
    assert (ours / "cpuset.cpus").read_text() == ""
    for folder in (tmp_path, ours):
        assert (folder / "cgroup.subtree_control").read_text() == "+cpuset +cpu +memory"

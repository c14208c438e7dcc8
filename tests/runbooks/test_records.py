"""The record is the same, whoever runs the notebook."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .conftest import ROOT, Cluster

VARIES = {"run_id", "started", "ended", "seconds", "files", "operator", "path"}


def of(outputs: Path) -> dict[str, Any]:
    """The only record in outputs/, without times and ids."""
    [file] = (outputs / "records").rglob("*.json")
    record = json.loads(file.read_text())
    assert {path.suffix for path in file.parent.glob(f"{file.stem}.*")} == {
        ".html",
        ".ipynb",
        ".json",
    }
    for kind in ("commands", "checks", "changes", "cells"):
        record[kind] = [
            {k: v for k, v in entry.items() if k not in ("at", "seconds")} for entry in record[kind]
        ]
        if kind == "commands":  # many servers are asked at once
            record[kind].sort(key=lambda entry: (entry["server"], entry["text"]))
    tools = record["versions"]["tools"]
    record["versions"]["tools"] = [{k: v for k, v in t.items() if k != "at"} for t in tools]
    return {key: value for key, value in record.items() if key not in VARIES}


def test_papermill_and_our_command_leave_the_same(
    furnished: Cluster, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("RUNBOOK_HOME", str(ROOT))
    notebook = ROOT / "runbooks" / "etcd-verify-cluster.ipynb"
    out = tmp_path / "out.ipynb"
    plain = ["-m", "papermill", str(notebook), str(out), "-p", "target", furnished.target]
    ours = ["-m", "runbook", "run", "etcd-verify-cluster", "--target", furnished.target]
    made = []
    for name, command in (("plain", plain), ("ours", ours)):
        monkeypatch.setenv("RUNBOOK_OUTPUTS", str(tmp_path / name))
        done = subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, timeout=120, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        made.append(of(tmp_path / name))
    assert made[0] == made[1]
    assert made[0]["verdict"] == "passed"
    assert len(made[0]["commands"]) > 10
    assert len(made[0]["checks"]) == 6
    executed = json.loads(out.read_text())["cells"]
    assert all(cell["execution_count"] for cell in executed if cell["cell_type"] == "code")

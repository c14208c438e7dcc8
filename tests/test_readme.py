"""Every command of the README runs, in its order, in a copy of the project."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()

# What these two do is CI's first step; a test that ran the tests would not end.
BY_CI = ("make rehearse", "make test")
# After the fault before it, the third node cannot be reached.
EXIT_CODES = {("runbook run etcd-verify-cluster --target twin", 2): 4}


def commands() -> list[str]:
    """The lines behind `$ ` in the console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line[:2] == "$ "]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    for folder in ("runbooks", "params"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    yield tmp_path
    run("runbook twin down", tmp_path)


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    hidden = ("RUNBOOK_HOME", "RUNBOOK_OUTPUTS", "RUNBOOK_JOURNAL")
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    environment["PATH"] = f"{sys.prefix}/bin{os.pathsep}{environment['PATH']}"
    return subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
    )


def test_ci_does_what_the_first_screen_says() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert [c for c in commands() if c.startswith("make ")] == list(BY_CI)
    assert all(f"\n{command}\n" in script for command in BY_CI)


def test_every_command_runs(project: Path) -> None:
    seen: dict[str, int] = {}
    for command in commands():
        if command in BY_CI or command.startswith("runbook open"):
            continue
        seen[command] = seen.get(command, 0) + 1
        done = run(command, project)
        expected = EXIT_CODES.get((command, seen[command]), 0)
        assert done.returncode == expected, f"{command}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, command


def test_parse_prints_what_the_readme_shows(project: Path) -> None:
    shown = re.search(r"\$ (echo .*)\n((?:.*\n)*?)```", README)
    assert shown is not None
    assert run(shown[1], project).stdout == shown[2]


def test_open_starts_jupyterlab_on_the_notebook(project: Path) -> None:
    command = next(c for c in commands() if c.startswith("runbook open"))
    if os.geteuid() == 0:  # which JupyterLab wants to be told
        command += " --allow-root"
    environment = {
        **os.environ,
        "PATH": f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}",
        "BROWSER": "true",
    }
    process = subprocess.Popen(
        ["sh", "-c", f"exec {command}"],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        said = ""
        for line in process.stdout:
            said += line
            if "http://127.0.0.1:" in line or "http://localhost:" in line:
                break
        assert "token=" in said
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=30)


def test_every_runbook_is_in_the_table() -> None:
    named = set(re.findall(r"^\| `([a-z-]+)` \|", README, re.MULTILINE))
    assert named >= {file.stem for file in (ROOT / "runbooks").glob("*.ipynb")}

"""scripts/set-up says what to install when something is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = ("sh", "cat", "cksum", "dirname", "echo", "command")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A copy of the project, and a PATH with nothing but the shell's own tools."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "scripts" / "set-up", tmp_path / "scripts")
    for file in ("requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    for tool in TOOLS:
        if place := shutil.which(tool):
            (tmp_path / "bin" / tool).symlink_to(place)
    return tmp_path


def python(folder: Path, body: str) -> None:
    file = folder / "bin" / "python3"
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


def set_up(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(folder / "bin"), "HOME": str(folder)}
    return subprocess.run(
        [os.fspath(folder / "scripts" / "set-up")], env=environment, capture_output=True, text=True
    )


def test_a_python_that_is_too_old(bare: Path) -> None:
    python(bare, '[ "$1" = --version ] && echo Python 3.9.2 && exit 0\nexit 1')
    done = set_up(bare)
    assert done.returncode == 2
    assert "Python 3.11 to 3.14 is needed, and Python 3.9.2 was found" in done.stderr
    assert "apt install python3" in done.stderr


def test_no_venv_module(bare: Path) -> None:
    python(bare, 'case "$2" in *ensurepip*) exit 1;; esac\nexit 0')
    done = set_up(bare)
    assert done.returncode == 2
    assert "apt install python3-venv" in done.stderr
    assert not (bare / ".venv").exists()


def test_nothing_is_done_twice(bare: Path) -> None:
    python(bare, "exit 1")
    sums = subprocess.run(
        "cat requirements.txt pyproject.toml | cksum",
        shell=True,
        cwd=bare,
        capture_output=True,
        text=True,
    ).stdout
    (bare / ".venv" / "bin").mkdir(parents=True)
    (bare / ".venv" / "bin" / "python").symlink_to(bare / "bin" / "python3")
    (bare / ".venv" / "installed-plain").write_text(sums)
    assert set_up(bare).returncode == 0

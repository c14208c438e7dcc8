"""The command line: what it prints, what it exits with, what it does not import."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runbook import rehearse
from runbook.cli import cli

NOTEBOOKS = Path(__file__).parent / "notebooks"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("runbooks", "params/targets", "params/jobs"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("passes", "check_fails", "refused"):
        shutil.copy(NOTEBOOKS / f"{name}.ipynb", tmp_path / "runbooks")
    (tmp_path / "params" / "targets" / "twin.yaml").write_text("name: twin\n")
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    monkeypatch.delenv("RUNBOOK_OUTPUTS", raising=False)
    return tmp_path


def runbook(*arguments: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(cli, arguments, input=stdin)


def in_a_process(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "runbook", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def test_list(project: Path) -> None:
    shutil.copy(NOTEBOOKS / "foreign.ipynb", project / "runbooks")
    done = runbook("list")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0].split() == ["name", "title", "changes", "rows", "time"]
    assert "A cluster that is well" in done.stdout
    assert "foreign" not in done.stdout
    assert "no runbook" in done.stderr
    rows = json.loads(runbook("list", "--json").stdout)
    assert rows[1] == {
        "name": "passes",
        "title": "A cluster that is well",
        "changes": False,
        "rows": ["E1"],
        "time": "1 min",
    }


def test_show(project: Path) -> None:
    done = runbook("show", "passes")
    assert done.exit_code == 0
    assert "how many members" in done.stdout
    assert "Last step" in done.stdout
    shown = json.loads(runbook("show", "passes", "--json").stdout)
    assert shown["parameters"][1] == {
        "name": "size",
        "type": "int",
        "default": 3,
        "help": "how many members",
    }


def test_light_commands_import_nothing_heavy(project: Path) -> None:
    heavy = {"pandas", "papermill", "openstack", "IPython", "nbformat", "jupyter_core", "paramiko"}
    code = (
        "import sys; from runbook.cli import cli\n"
        "for words in (['list'], ['show', 'passes'], ['records']):\n"
        "    cli(words, standalone_mode=False)\n"
        f"print('heavy:', sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "heavy: []", done.stderr


def test_run_tells_the_verdict_and_its_exit_code(project: Path) -> None:
    done = in_a_process("run", "passes", "--target", "twin", "-p", "size=7")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("passed")
    assert done.stderr.splitlines() == [
        "· A cluster that is well",
        "· Start",
        "· Check",
        "· Show",
        "· Last step",
    ]
    page = done.stdout.splitlines()[-1].removeprefix("record: ")
    assert Path(page).is_file()
    assert Path(page).with_suffix(".ipynb").is_file()
    record = json.loads(Path(page).with_suffix(".json").read_text())
    assert record["parameters"]["size"] == 7


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [(["check_fails"], 1), (["refused"], 3), (["refused", "--approve"], 0)],
)
def test_run_exits_with_the_verdict(project: Path, arguments: list[str], exit_code: int) -> None:
    done = in_a_process("run", *arguments, "--quiet", "--json")
    assert done.returncode == exit_code
    assert json.loads(done.stdout)["exit_code"] == exit_code
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nosuch"], "use one of: check_fails, passes, refused"),
        (["run", "passes", "-p", "siez=3"], "did you mean size?"),
        (["run", "passes", "-p", "size=three"], "size is of type int"),
        (["run", "passes", "-p", "size"], "not KEY=VALUE"),
        (["run", "passes", "--target", "nowhere"], "use one of: twin"),
        (["run", "passes", "--timeout", "0"], "--timeout"),
        (["show", "nosuch"], "no runbook named"),
        (["nosuch"], "No such command"),
        (["rehearse", "--only", "nosuch"], "not in the book"),
        (["parse", "cowsay", "moo"], "no parser"),
        (["target", "check", "nosuch"], "use one of: twin"),
    ],
)
def test_a_mistake_is_told_in_words_with_exit_2(
    project: Path, arguments: list[str], words: str
) -> None:
    done = runbook(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.output
    assert not (project / "outputs").exists()


def test_outside_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNBOOK_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    done = runbook("list")
    assert done.exit_code == 2
    assert "RUNBOOK_HOME" in done.stderr


def test_what_nobody_foresaw_is_exit_5(project: Path) -> None:
    (project / "outputs" / "records" / "2016" / "11" / "14").mkdir(parents=True)
    (project / "outputs/records/2016/11/14/x.json").write_text("{")
    done = in_a_process("records")
    assert done.returncode == 5
    assert "x.json cannot be read" in done.stderr


def test_parse_reads_stdin_and_passes_the_flags_of_the_tool(project: Path) -> None:
    done = runbook("parse", "ros", "os", "version", stdin="v0.6.1\n")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["rows"] == [{"version": "v0.6.1"}]
    done = runbook("parse", "--exit-code", "1", "ros", "--version", stdin="nonsense\n")
    assert done.exit_code == 65
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def test_parse_refuses_what_is_no_text(project: Path) -> None:
    done = runbook("parse", "ros", "os", "version", stdin=b"\xff\xfe")
    assert done.exit_code == 65
    assert "not UTF-8" in done.stderr


def test_records(project: Path) -> None:
    assert runbook("records").exit_code == 0
    for name in ("passes", "check_fails"):
        in_a_process("run", name, "--quiet")
    lines = runbook("records").stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        ["failed", "check_fails"],
        ["passed", "passes"],
    ]
    assert len(json.loads(runbook("records", "passes", "--json").stdout)) == 1
    index = project / "outputs" / "index.html"
    index.unlink()
    assert runbook("records", "--index").exit_code == 0
    assert index.read_text().count(">json</a>") == 2


def test_the_lab_and_the_twin_get_their_own_arguments(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr("runbook.cli.find_spec", lambda module: None if "lab" in module else True)
    monkeypatch.setattr("subprocess.call", lambda command: called.append(command) or 7)
    assert runbook("twin", "up", "--empty", "--help").exit_code == 7
    assert called == [[sys.executable, "-m", "runbook_twin", "up", "--empty", "--help"]]
    done = runbook("lab", "up")
    assert done.exit_code == 2
    assert "not installed" in done.stderr


FAKE_TWIN = """
import pathlib, sys
with pathlib.Path({log!r}).open("a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
pathlib.Path(sys.argv[-1], "target.yaml").write_text("name: twin\\n")
sys.exit({exit_code} if sys.argv[1] == "up" else 0)
"""


def fake_twin(folder: Path, monkeypatch: pytest.MonkeyPatch, exit_code: int = 0) -> Path:
    """A program in the twin's place that notes how it was called."""
    log = folder / "twin.log"
    (folder / "fake").mkdir()
    (folder / "fake" / "runbook_twin.py").write_text(
        FAKE_TWIN.format(log=str(log), exit_code=exit_code)
    )
    monkeypatch.setenv("PYTHONPATH", str(folder / "fake"))
    monkeypatch.setattr(rehearse, "BOOK", ("passes", "refused", "check_fails"))
    return log


def test_a_rehearsal_runs_the_book_in_order_between_up_and_down(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = fake_twin(project, monkeypatch)
    (project / "params" / "jobs" / "passes.yaml").write_text("size: 4\n")
    done = runbook("rehearse", "--quiet")
    assert done.exit_code == 1
    words = [line.split() for line in done.stdout.splitlines()]
    assert [(line[0], line[3]) for line in words if "s" in line[2:3]] == [
        ("passed", "passes"),
        ("passed", "refused"),  # approved: it is a rehearsal
        ("failed", "check_fails"),
    ]
    assert "2 of 3 passed" in done.stdout.splitlines()[-1]
    assert (project / "outputs" / "index.html").is_file()
    up, down = log.read_text().splitlines()
    place = up.removeprefix("up --empty --directory ")
    assert down == f"down --directory {place}"
    # Its own cluster: one that the user has in .twin is not touched; and nothing is left of it.
    assert not Path(place).exists() and not Path(place).is_relative_to(project)
    [record] = json.loads(runbook("records", "passes", "--json").stdout)
    assert record["parameters"]["size"] == 4


def test_a_rehearsal_of_some(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_twin(project, monkeypatch)
    (project / "params" / "jobs" / "passes.yaml").write_text("siez: 4\n")
    done = runbook("rehearse", "--quiet", "--json", "--only", "passes", "--only", "refused")
    assert done.exit_code == 2
    outcomes = json.loads(done.stdout)
    assert [(o["runbook"], o["verdict"]) for o in outcomes] == [
        ("passes", "not started"),
        ("refused", "passed"),
    ]
    assert "did you mean size?" in outcomes[0]["reason"]


def test_a_rehearsal_without_its_cluster(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = fake_twin(project, monkeypatch, exit_code=1)
    done = runbook("rehearse")
    assert done.exit_code == 5
    assert "did not start" in done.stderr
    assert log.read_text().splitlines()[-1].startswith("down")


def test_a_job_file_is_checked_like_what_is_typed(project: Path) -> None:
    job = project / "params" / "jobs" / "passes.yaml"
    for text, said in (
        ("size: no\n", "the parameter size is of type int, not False"),
        ("sise: 3\n", "did you mean size?"),
        ("- 3\n", "it is a list"),
    ):
        job.write_text(text)
        done = runbook("run", "passes", "-f", str(job))
        assert (done.exit_code, said in done.stderr) == (2, True), done.stderr

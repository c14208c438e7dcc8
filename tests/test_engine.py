"""Whole runs through papermill and our engine: what ends how, what is written, what is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbook import archive
from runbook.errors import ParameterError, RunbookError
from runbook.launch import Spare
from runbook.runner import run

from .conftest import alive

NOTEBOOKS = Path(__file__).parent / "notebooks"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty project that is the current one; no kernel and no temporary file is left behind."""
    for folder in ("runbooks", "params/targets"):
        (tmp_path / folder).mkdir(parents=True)
    sockets = tempfile.mkdtemp(prefix="t-", dir="/tmp")
    monkeypatch.setattr(tempfile, "tempdir", sockets)
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    monkeypatch.setenv("TEST_KERNEL_PID", str(tmp_path / "pid"))
    monkeypatch.delenv("RUNBOOK_OUTPUTS", raising=False)
    yield tmp_path
    if (tmp_path / "pid").exists():
        assert not alive(int((tmp_path / "pid").read_text()))
    assert list((tmp_path / "outputs").rglob(".*.[0-9]*")) == []
    assert list(Path(sockets).iterdir()) == []
    Path(sockets).rmdir()


@pytest.fixture
def listening() -> Iterator[None]:
    """Ctrl-C is heard, also where these tests run in the background of a script (it is ignored)."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def states(record: dict[str, Any]) -> dict[str, str]:
    return {cell["id"]: cell["state"] for cell in record["cells"]}


def executed(home: Path, record: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / "outputs" / record["files"]["ipynb"]).read_text())
    return found


def test_a_run_that_passes(project: Path) -> None:
    steps: list[str] = []
    record = run(NOTEBOOKS / "passes.ipynb", {"size": 5}, on_step=steps.append)
    assert (record["verdict"], record["exit_code"]) == ("passed", 0)
    assert set(states(record).values()) == {"completed"}
    assert record["parameters"]["size"] == 5
    assert record["parameters"]["url"].endswith("size=3#x")
    assert record["target"] == {"name": "twin", "sha256": "0" * 64, "clock": 10}
    assert record["operator"]["note"] == "ticket 42"
    assert record["counts"]["changes"] == record["counts"]["acts"] == 1
    assert record["versions"]["tools"][0]["version"] == "2.3.7"
    assert {"python", "runbook", "papermill"} <= set(record["versions"])
    assert steps == ["A cluster that is well", "Start", "Check", "Show", "Last step"]
    assert list((project / "outputs" / "running").iterdir()) == []
    assert record["run_id"] in (project / "outputs" / "index.html").read_text()
    assert archive.records(project / "outputs", "passes")[0]["run_id"] == record["run_id"]


@pytest.mark.parametrize(
    ("name", "verdict", "exit_code", "reason"),
    [
        ("check_fails", "failed", 1, "did not hold: members"),
        ("check_error", "failed", 1, "look at node01"),
        ("error", "failed", 5, "ZeroDivisionError"),
        ("refused", "refused", 3, "not approved"),
        ("unreachable", "failed", 4, "node00 does not answer"),
        ("raises_exception", "failed", 5, "ZeroDivisionError"),
        ("skipped_cell", "failed", 5, "not every code cell ran: skip"),
        ("system_exit", "aborted", 5, "SystemExit"),
        ("exit_call", "aborted", 5, "exit"),
        ("exit_call_last", "aborted", 5, "exit"),
        ("kernel_killed", "aborted", 5, "kernel"),
        ("kernel_quits", "aborted", 5, "kernel"),
    ],
)
def test_a_run_that_does_not_pass_says_so(
    project: Path, name: str, verdict: str, exit_code: int, reason: str
) -> None:
    record = run(NOTEBOOKS / f"{name}.ipynb", {})
    assert (record["verdict"], record["exit_code"]) == (verdict, exit_code)
    assert reason in record["reason"]
    ran_to_its_end = name in ("check_fails", "skipped_cell", "exit_call_last")
    assert states(record)["last-step"] == ("completed" if ran_to_its_end else "not run")
    last = executed(project, record)["cells"][-1]
    assert ran_to_its_end or last["outputs"] == []
    assert ran_to_its_end or last["metadata"]["papermill"]["status"] == "pending"


def test_our_errors_are_shown_without_a_traceback(project: Path) -> None:
    record = run(NOTEBOOKS / "check_error.ipynb", {})
    [cell] = [c for c in executed(project, record)["cells"] if c["id"] == "break"]
    [output] = cell["outputs"]
    assert output["traceback"] == [
        "CheckFailed: the cluster is not healthy",
        "on node00: etcdctl cluster-health (exit 5 after 1.0 s)",
        "  | cluster is unhealthy",
        "Remedy: look at node01",
    ]


def test_a_plan_ends_well_without_running_the_rest(project: Path) -> None:
    record = run(NOTEBOOKS / "planned.ipynb", {}, plan=True)
    assert (record["verdict"], record["exit_code"]) == ("planned", 0)
    assert states(record)["last-step"] == "not run"
    outputs = [o for c in executed(project, record)["cells"] for o in c.get("outputs", [])]
    assert [output["output_type"] for output in outputs] == ["display_data"]


def test_nothing_that_is_written_holds_a_secret(project: Path) -> None:
    out = project / "OUT.ipynb"
    done = papermill(NOTEBOOKS / "leaks.ipynb", out, "--stdout-file", str(project / "stdout"))
    assert done.returncode == 1
    files = [path for path in (project / "outputs").rglob("*") if path.is_file()]
    assert len(files) >= 4
    for path in [*files, out, project / "stdout"]:
        text = path.read_text()
        if path.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            text = json.dumps([cell.get("outputs") for cell in cells], ensure_ascii=False)
            assert text.count("the token is «join token»; and «swarm token»") == 2
        # The test's own source spells the value in pieces; no output has any of them.
        text = text.replace("the token is hunt", "").replace("er22-", "", 4)
        text = text.replace("hunter22-secret", "", 6) if path.suffix == ".html" else text
        assert "hunter22" not in text
        assert "3pu6hszjas19" not in text or path.suffix == ".html"
    assert "hunter22" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"siez": 3}, "did you mean size?"),
        ({"size": "many"}, "size is of type int"),
        ({"target": 5}, "-r"),
    ],
)
def test_bad_parameters_are_refused_before_anything_is_there(
    project: Path, parameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        run(NOTEBOOKS / "passes.ipynb", parameters)
    (project / "outputs").mkdir()
    assert archive.records(project / "outputs") == []


def test_outputs_that_cannot_be_written_stop_the_run_before_the_kernel(project: Path) -> None:
    (project / "outputs").write_text("in the way")
    with pytest.raises(RunbookError, match="cannot be written"):
        run(NOTEBOOKS / "waits.ipynb", {})
    assert not (project / "pid").exists()


def test_the_next_kernel_starts_ahead_and_knows_its_own_run(project: Path) -> None:
    spare = Spare()
    records = []
    for more in (True, True, False):
        spare.more = more
        records.append(run(NOTEBOOKS / "passes.ipynb", {}, spare=spare))
    assert [record["verdict"] for record in records] == ["passed"] * 3
    # Each journal is the run's own: one check, one change, nothing of the run before.
    assert [record["counts"]["checks"] for record in records] == [1] * 3
    assert list((project / "outputs" / "running").iterdir()) == []


def test_a_kernel_that_nobody_takes_is_ended(project: Path) -> None:
    spare = Spare()
    spare.more = True
    assert run(NOTEBOOKS / "error.ipynb", {}, spare=spare)["verdict"] == "failed"
    spare.close()


# --- ended from outside


def when_waiting(project: Path, act: Any) -> threading.Thread:
    """Call act(pid of the kernel) as soon as the notebook waits."""

    def watch() -> None:
        while not (pid := (project / "pid").read_text() if (project / "pid").exists() else ""):
            threading.Event().wait(0.02)
        act(int(pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize("name", ["waits", "catches_interrupt"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_and_there_is_a_record(
    project: Path, name: str, number: signal.Signals
) -> None:
    watcher = when_waiting(project, lambda _: os.kill(os.getpid(), number))
    record = run(NOTEBOOKS / f"{name}.ipynb", {})
    watcher.join()
    assert (record["verdict"], record["exit_code"]) == ("aborted", 130)
    assert number.name in record["reason"]
    assert states(record)["last-step"] == "not run"
    text = json.dumps(executed(project, record))
    assert "waiting" in text
    assert name == "waits" or '"cleaned up' in text


@pytest.mark.usefixtures("listening")
def test_a_second_signal_kills_a_kernel_that_does_not_listen(project: Path) -> None:
    def twice(_: int) -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(0.3)

    when_waiting(project, twice)
    record = run(NOTEBOOKS / "ignores_interrupt.ipynb", {})
    assert (record["verdict"], record["exit_code"]) == ("aborted", 130)
    assert states(record)["wait"] == "failed"


def test_a_run_that_takes_too_long_is_aborted(project: Path) -> None:
    record = run(NOTEBOOKS / "waits.ipynb", {}, timeout=3)
    assert (record["verdict"], record["exit_code"]) == ("aborted", 5)
    assert "longer than 3 s" in record["reason"]
    assert states(record)["last-step"] == "not run"


# --- plain papermill


def papermill(notebook: Path, out: Path | str, *arguments: str, **more: Any) -> Any:
    return subprocess.run(
        [sys.executable, "-m", "papermill", str(notebook), str(out), *arguments],
        capture_output=True,
        text=True,
        check=False,
        **more,
    )


def test_plain_papermill_gives_the_same_record(project: Path) -> None:
    ours = run(NOTEBOOKS / "passes.ipynb", {"size": 5, "target": "twin"})
    out = project / "OUT.ipynb"
    done = papermill(NOTEBOOKS / "passes.ipynb", out, "-p", "size", "5", "-p", "target", "twin")
    assert done.returncode == 0, done.stderr
    theirs = next(r for r in archive.records(project / "outputs") if r["run_id"] != ours["run_id"])
    for changing in ("run_id", "started", "ended", "seconds", "files", "path"):
        ours.pop(changing, None), theirs.pop(changing, None)
    for record in (ours, theirs):
        for event in (*record["cells"], *record["checks"], *record["changes"]):
            event.pop("at", None), event.pop("seconds", None)
        for event in (*record["commands"], *record["versions"]["tools"]):
            event.pop("at", None)
    assert ours == theirs
    assert "the last cell ran" in out.read_text()
    assert "Verdict: passed" in done.stderr


def test_plain_papermill_refuses_a_bad_parameter_too(project: Path) -> None:
    out = project / "OUT.ipynb"
    done = papermill(NOTEBOOKS / "passes.ipynb", out, "-p", "siez", "5")
    assert done.returncode != 0
    assert "did you mean size?" in done.stderr
    assert not out.exists()
    assert not (project / "outputs").exists()


@pytest.mark.parametrize("name", ["system_exit", "exit_call_last", "check_fails", "kernel_killed"])
def test_plain_papermill_does_not_take_it_for_a_success(project: Path, name: str) -> None:
    done = papermill(NOTEBOOKS / f"{name}.ipynb", project / "OUT.ipynb")
    assert done.returncode != 0
    assert archive.records(project / "outputs")[0]["verdict"] in ("failed", "aborted")


def test_a_cell_time_out_of_plain_papermill(project: Path) -> None:
    out = project / "OUT.ipynb"
    done = papermill(NOTEBOOKS / "waits.ipynb", out, "--execution-timeout", "2")
    assert done.returncode != 0
    [record] = archive.records(project / "outputs")
    assert record["verdict"] == "aborted"
    assert states(record)["wait"] == "failed"
    last = json.loads(out.read_text())["cells"][-1]
    assert last["metadata"]["papermill"]["status"] == "pending"


def test_a_notebook_that_is_no_runbook_is_left_to_papermill(project: Path) -> None:
    out = project / "OUT.ipynb"
    done = papermill(NOTEBOOKS / "foreign.ipynb", out, "-p", "unknown", "1")
    assert done.returncode == 0, done.stderr
    assert "the last cell ran" in out.read_text()
    assert not (project / "outputs").exists()


def test_a_killed_runner_leaves_its_journal_and_no_kernel(project: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "papermill",
            str(NOTEBOOKS / "waits.ipynb"),
            str(project / "O.ipynb"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    kernels: list[int] = []

    def kill(kernel: int) -> None:
        kernels.append(kernel)
        process.kill()

    when_waiting(project, kill).join()
    process.wait()
    [record] = archive.records(project / "outputs")
    assert (record["verdict"], record["runbook"]) == ("aborted", "waits")
    json.loads((project / "O.ipynb").read_text())
    while alive(kernels[0]):
        threading.Event().wait(0.05)
    (project / "pid").unlink()


def test_a_disk_that_is_full_at_the_end_is_told_with_the_verdict(project: Path) -> None:
    shutil.copy(NOTEBOOKS / "passes.ipynb", project / "runbooks")
    (project / "params" / "targets" / "twin.yaml").write_text("")
    # No file of this process, or of its kernel, may be larger than 4 kB: the record is.
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); "
        "sys.argv = ['runbook', 'run', 'passes', '--quiet']; "
        "from runbook.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited], capture_output=True, text=True, check=False
    )
    assert done.returncode == 5, done.stderr
    assert "the run ended (passed" in done.stderr
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    [record] = archive.records(project / "outputs")
    assert record["verdict"] == "aborted"
    assert not [p for p in (project / "outputs" / "records").rglob("*") if p.is_file()]

"""What an operator meets in JupyterLab: verdicts, refusals, the button, waits, errors."""

from __future__ import annotations

import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
RUNBOOKS = Path(__file__).parents[2] / "runbooks"
PASSED = re.compile(r"PASSED (\d+) of \1 checks held")


@pytest.fixture(scope="module")
def twin(start_twin: Callable[..., Any]) -> Any:
    return start_twin("--clock", "3")  # slow enough for a hand on the stop button


def test_a_runbook_passes_and_its_file_stays_as_it_is(open_lab: Any, twin: Any, home: Path) -> None:
    before = (RUNBOOKS / "etcd-verify-cluster.ipynb").read_bytes()
    with open_lab("etcd-verify-cluster") as lab:
        notebook = lab.notebook
        notebook.set(target=str(twin.target))
        notebook.type(notebook.cell("run.outcome"), "run.outcome()  # typed by hand")
        notebook.run_all()
        expect(notebook.errors).to_have_count(0)
        expect(notebook.panel).to_contain_text(PASSED)
        notebook.menu("File", "Save Notebook")
        (copy,) = (home / "outputs" / "open").glob("*/etcd-verify-cluster.ipynb")
        expect(lab.page.locator(".jp-mod-dirty")).to_have_count(0)
        assert "typed by hand" in copy.read_text()
        assert (RUNBOOKS / "etcd-verify-cluster.ipynb").read_bytes() == before
        # IPython's history on disk ends where the run begins.
        for file in (home / ".ipython").rglob("*"):
            assert not file.is_file() or b"typed by hand" not in file.read_bytes()


def test_only_this_machine_and_only_with_the_token(open_lab: Any) -> None:
    with open_lab("coreos-render-config") as lab:
        address = urlsplit(lab.page.url)
        assert address.hostname == "127.0.0.1"
        listening = subprocess.run(["ss", "-Hltn", f"sport = :{address.port}"], capture_output=True)
        assert [line.split()[3] for line in listening.stdout.decode().splitlines()] == [
            address.netloc
        ]
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"http://{address.netloc}/api/kernels")


def test_a_drill(open_lab: Any, twin: Any, run: Any) -> None:
    with open_lab("swarm-fail-over") as lab:
        notebook, page = lab.notebook, lab.page
        notebook.set(target=str(twin.target))
        notebook.run_all()

        # Not approved: the change refuses, in words.
        expect(notebook.errors).to_have_text(
            re.compile(
                r"^Refused: not approved: cut the power of worker\d;[^\n]*\n"
                r"Remedy: run the cells in order and approve the plan first\s*$"
            )
        )
        held = run("run", "etcd-verify-cluster", "--target", str(twin.target), "--quiet")
        assert held.returncode == 3
        assert "in use by swarm-fail-over" in held.stderr

        # The button approves.
        page.get_by_role("button", name="Approve the plan above").click()
        expect(notebook.panel).to_contain_text("Approved: the cells below may run.")
        notebook.run_from(notebook.cell("meter = run.meter"))

        # Progress moves while a wait lasts, although nothing new is seen.
        line = notebook.cell("run.follow").locator("code", has_text="until the node is Down")
        expect(line).to_contain_text("Ready")
        first = line.inner_text()
        expect(line).to_contain_text("Ready")
        expect(line).not_to_have_text(first)

        # The stop button ends the wait, and what it saw is shown.
        notebook.panel.locator("[data-command='notebook:interrupt-kernel']").click()
        stopped = notebook.cell("run.follow")
        expect(stopped).to_contain_text("KeyboardInterrupt: stopped")
        expect(stopped).to_contain_text(re.compile(r"Waited until [^:]+: not in \d"))
        expect(notebook.errors).not_to_contain_text("Traceback")

        # From there it goes on.
        notebook.run_from(stopped)
        notebook.wait()
        expect(notebook.errors).to_have_count(0)
        expect(notebook.panel).to_contain_text(PASSED)
        assert notebook.panel.locator("svg[aria-label^='One replica']").count() == 1

        # The target is free when the kernel has ended.
        notebook.menu("Kernel", "Shut Down Kernel")
        expect(page.locator("#jp-main-statusbar")).to_contain_text("No Kernel")
        free = run("run", "etcd-verify-cluster", "--target", str(twin.target), "--quiet")
        assert free.returncode == 0, free.stderr


def test_an_error_is_what_happened_the_evidence_and_the_remedy(open_lab: Any, twin: Any) -> None:
    twin("fault", "sudo-refused", "manager0")
    with open_lab("rancheros-inspect-node") as lab:
        notebook = lab.notebook
        notebook.set(target=str(twin.target))
        notebook.run_all()
        twin("fault", "clear")
        expect(notebook.errors).to_have_count(1)
        said = notebook.errors.inner_text().strip().splitlines()
        assert said[0].startswith("SudoRefused: manager0: rancher may not use sudo")
        assert said[1].startswith("on manager0: sudo -n system-docker")
        assert said[2].strip() == "| sudo: a password is required"
        assert said[3].startswith("Remedy: ")
        assert len(said) == 4

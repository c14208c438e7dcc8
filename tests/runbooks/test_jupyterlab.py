"""Opened in JupyterLab: cell by cell in a plain kernel, progress while it waits, a button."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from .conftest import ROOT, Cluster


class Opened:
    """A notebook whose cells are run one by one, by hand."""

    def __init__(self, name: str, parameters: dict[str, object]) -> None:
        self.nb: Any = nbformat.read(ROOT / "runbooks" / f"{name}.ipynb", as_version=4)
        typed = "\n".join(f"{key} = {value!r}" for key, value in parameters.items())
        cell = next(c for c in self.nb.cells if c.metadata.tags == ["parameters"])
        cell.source += f"\n{typed}"
        self.client = NotebookClient(self.nb, timeout=120, resources={"metadata": {"path": ROOT}})

    def run(self, *tags: str) -> list[Any]:
        """Run the code cells with one of these tags; their outputs."""
        found = []
        for index, cell in enumerate(self.nb.cells):
            if cell.cell_type == "code" and set(tags) & set(cell.metadata.get("tags", ())):
                self.client.execute_cell(cell, index)
                found += cell.outputs
        return found

    def type(self, source: str) -> None:
        """A cell that the operator writes."""
        self.nb.cells.append(nbformat.v4.new_code_cell(source))
        self.client.execute_cell(self.nb.cells[-1], len(self.nb.cells) - 1)


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("RUNBOOK_HOME", str(ROOT))
    monkeypatch.setenv("RUNBOOK_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.delenv("RUNBOOK_JOURNAL", raising=False)
    begun: list[Any] = []

    def open_it(name: str, **parameters: object) -> Opened:
        notebook = Opened(name, parameters)
        begun.append(notebook.client.setup_kernel())
        begun[-1].__enter__()
        return notebook

    yield open_it
    for kernel in begun:
        kernel.__exit__(None, None, None)


def test_the_button_approves_and_until_then_nothing_is_changed(own: Cluster, opened: Any) -> None:
    book = opened("cluster-tear-down", target=own.target, groups=["rancheros"])
    [*_, shown] = book.run("parameters", "setup", "bind", "precheck", "plan", "approve")
    assert "application/vnd.jupyter.widget-view+json" in shown["data"]
    with pytest.raises(CellExecutionError, match="not approved"):
        book.run("change")
    assert len(own.state()) == 6
    book.type("button = run.approve(approved)")
    book.type("button.children[0].click()")
    book.run("change", "verify", "outcome")
    assert [name for name, _ in own.state()] == ["node00", "node01", "node02"]


def test_a_wait_shows_its_progress_and_cells_can_be_run_again(
    furnished: Cluster, opened: Any
) -> None:
    book = opened("fleet-run-nginx", target=furnished.target)
    before = ("parameters", "setup", "bind", "precheck", "plan", "approve", "change")
    book.run(*before)
    book.run(*before)  # the set-up too: the lock is this kernel's own
    [waited] = book.run("wait")
    assert "held after" in waited["data"]["text/plain"]
    assert "nginx.service runs on" in waited["data"]["text/html"]
    book.run("verify", "outcome")

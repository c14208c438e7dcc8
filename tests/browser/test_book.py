"""Every runbook of the book, cell by cell in JupyterLab, on one cluster that begins empty."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from runbook.notebook import Runbook
from runbook.rehearse import BOOK

pytestmark = pytest.mark.browser
RUNBOOKS = Path(__file__).parents[2] / "runbooks"


@pytest.fixture(scope="module")
def twin(start_twin: Callable[..., Any]) -> Any:
    return start_twin("--empty")


@pytest.fixture(scope="module")
def lab(open_lab: Callable[[str], Any]) -> Any:
    with open_lab(BOOK[0]) as lab:
        yield lab


@pytest.mark.parametrize("name", BOOK)
def test_runbook(name: str, lab: Any, twin: Any) -> None:
    notebook = lab.open(name)
    declared = Runbook.read(RUNBOOKS / f"{name}.ipynb").parameters
    approved = {"approved": True} if "approved" in {one.name for one in declared} else {}
    notebook.set(target=str(twin.target), **approved)
    notebook.run_all()
    expect(notebook.errors).to_have_count(0)
    expect(notebook.panel).to_contain_text(re.compile(r"PASSED (\d+) of \1 checks held"))
    notebook.menu("Kernel", "Shut Down Kernel")  # which frees the target for the next one

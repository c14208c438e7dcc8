"""Every runbook has the same cells in the same order, and no machinery in them."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from runbook.notebook import Runbook, bind
from runbook.rehearse import BOOK
from runbook.runner import job_parameters

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "runbooks"
ORDER = [
    *("title", "operation-note", "parameters-help", "parameters", "setup", "bind", "precheck"),
    *("plan", "approve", "change", "wait", "verify", "undo", "outcome", "next"),
]
STEPS = ORDER[ORDER.index("setup") : ORDER.index("next")]
ROWS = {
    *("C1", "C2", "C3", "B1", "B2", "B3", "B4", "E1", "E2", "E3", "U1"),
    *(f"F{n}" for n in range(1, 7)),
    *(f"R{n}" for n in range(1, 6)),
    *(f"V{n}" for n in range(1, 7)),
    *(f"S{n}" for n in range(1, 12)),
}
FORBIDDEN = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.Try, ast.Raise),
    *(ast.While, ast.For, ast.With, ast.Global),
)


def cells(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.ipynb").read_text())["cells"]
    return found


def text(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def tag(cell: dict[str, Any]) -> str:
    [only] = cell["metadata"]["tags"]
    return str(only)


def code(name: str) -> list[dict[str, Any]]:
    return [cell for cell in cells(name) if cell["cell_type"] == "code"]


def test_the_book_is_complete() -> None:
    assert {file.stem for file in FOLDER.glob("*.ipynb")} == set(BOOK)


@pytest.mark.parametrize("name", BOOK)
def test_tags_come_in_their_order(name: str) -> None:
    tags = [tag(cell) for cell in cells(name)]
    first = [tags.index(known) for known in ORDER if known in tags]
    assert first == sorted(first)
    assert set(tags) <= set(ORDER)
    needed = set(ORDER) - {"change", "wait"}
    assert needed <= set(tags)
    changes = Runbook.read(FOLDER / f"{name}.ipynb").about["changes"]
    assert ("change" in tags) == changes
    for once in ("title", "operation-note", "parameters", "approve", "outcome", "next"):
        [*_, last] = [number for number, found in enumerate(tags) if found == once]
        assert last - tags.index(once) <= 1


@pytest.mark.parametrize("name", BOOK)
def test_a_heading_and_what_to_expect_come_before_each_step(name: str) -> None:
    for before, cell in pairwise(cells(name)):
        if cell["cell_type"] == "code" and before["cell_type"] == "markdown":
            assert text(before).startswith("## ")
            assert tag(cell) in {tag(before), "parameters"}
            assert tag(cell) not in STEPS or "Expected" in text(before), text(before)
        elif cell["cell_type"] == "code":
            assert tag(cell) == tag(before)
    for cell in cells(name):
        if tag(cell) == "precheck" and cell["cell_type"] == "markdown":
            assert text(cell).splitlines()[0].partition("(")[0].strip().endswith("?")


@pytest.mark.parametrize("name", BOOK)
def test_cells_are_short_and_hold_no_machinery(name: str) -> None:
    for cell in code(name):
        source = text(cell)
        tree = ast.parse(source)
        assert len(source.splitlines()) <= 8, source
        assert not [node for node in ast.walk(tree) if isinstance(node, FORBIDDEN)], source
        imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
        assert not imports or tag(cell) == "setup"
        called = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and
                  isinstance(n.func, ast.Name)}  # fmt: skip
        assert not called & {"exit", "quit", "print", "eval", "exec", "open", "sleep"}
        assert not re.search(r"\bre\.|sleep|%%|^!", source, re.MULTILINE)
        if tag(cell) not in ("parameters", "setup"):
            assert isinstance(tree.body[-1], ast.Expr), source  # it shows what it made


@pytest.mark.parametrize("name", BOOK)
def test_parameters_are_one_plain_line_each(name: str) -> None:
    [cell] = [cell for cell in code(name) if tag(cell) == "parameters"]
    for line in text(cell).splitlines():
        assert line.count("=") == 1, line
        tokens = tokenize.generate_tokens(io.StringIO(line).readline)
        comments = [t.string for t in tokens if t.type == tokenize.COMMENT]
        assert len(comments) == 1
        assert comments[0].count("#") == line.count("#") == 1
        assert line.endswith(f"  {comments[0]}")
    declared = {p.name: p for p in Runbook.read(FOLDER / f"{name}.ipynb").parameters}
    assert (declared["target"].default, declared["note"].default) == ("twin", "")
    about = Runbook.read(FOLDER / f"{name}.ipynb").about
    if about["changes"]:
        assert declared["approved"].default is not about["destructive"]


@pytest.mark.parametrize("name", BOOK)
def test_the_file_is_fit_for_git(name: str) -> None:
    notebook = json.loads((FOLDER / f"{name}.ipynb").read_text())
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*-\d+", found) for found in ids)
    for cell in notebook["cells"]:
        assert set(cell["metadata"]) == {"tags"}
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
    assert set(notebook["metadata"]) == {"kernelspec", "language_info", "runbook"}
    markdown = sum(cell["cell_type"] == "markdown" for cell in notebook["cells"])
    assert 1 <= markdown / (len(ids) - markdown) <= 2


def test_every_row_of_the_article_is_named_where_it_is_done() -> None:
    named: set[str] = set()
    for name in BOOK:
        runbook = Runbook.read(FOLDER / f"{name}.ipynb")
        title = text(cells(name)[0])
        rows = set(re.findall(r"\b[CBEFRVSU]\d+\b", title))
        assert rows == set(runbook.about["rows"])
        steps = set(re.findall(r"\b[CBEFRVSU]\d+\b", " ".join(runbook.steps)))
        assert name == "cluster-tear-down" or rows == steps
        named |= rows
    assert named == ROWS


def test_next_names_only_runbooks_that_exist() -> None:
    for name in BOOK:
        [cell] = [cell for cell in cells(name) if tag(cell) == "next"]
        words = set(
            re.findall(r"`((?:coreos|etcd|fleet|rancheros|swarm|cluster)-[a-z-]+)`", text(cell))
        )
        assert words
        assert words <= set(BOOK)


def test_the_readme_lists_the_runbooks_in_the_order_of_the_book() -> None:
    table = re.findall(
        r"^\| \[([a-z-]+)\]\(\1\.ipynb\) \|(.*)$", (FOLDER / "README.md").read_text(), re.M
    )
    assert [name for name, _ in table] == list(BOOK)
    for name, cells_of_row in table:
        about = Runbook.read(FOLDER / f"{name}.ipynb").about
        assert ", ".join(about["rows"]) in cells_of_row
        assert about["time"] in cells_of_row


@pytest.mark.parametrize(
    "job", sorted((ROOT / "params" / "jobs").glob("*.yaml")), ids=lambda f: f.stem
)
def test_jobs_fit_their_runbook(job: Path) -> None:
    bind(Runbook.read(FOLDER / f"{job.stem}.ipynb").parameters, job_parameters(job))

"""The library is built in one direction, and a third-party library is named in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LIB = Path(__file__).parent.parent / "lib"
HOUSE = LIB / "runbook"

# A room imports only from rooms that stand before it.
ROOMS = """
    errors project atomic shown secret params inventory ssh_config cloud machine_config transport
    command parse table facts changes check wait outage record kernel view session
    notebook verdict forkserver launch output client page_style page archive engine plugin runner
    rehearse jupyterlab cli __init__ __main__
""".split()

# pandas' frames are what facts, checks and views hand to each other; only `table` makes them of
# text, so it may be named where they pass.
OWNERS = {
    "paramiko": {"transport"},
    "openstack": {"cloud"},
    "keystoneauth1": {"cloud"},
    "pydantic": {"params"},
    "ruamel": {"params", "machine_config", "parse"},
    "papermill": {"client", "engine", "output", "plugin", "runner"},
    "nbformat": {"engine", "output"},
    "nbclient": {"client"},
    "ipywidgets": {"view"},
    "matplotlib": {"view"},
    "IPython": {"view", "kernel"},
    "click": {"cli"},
    "jinja2": {"page"},
    "asyncssh": set(),
    "tornado": set(),
    "runbook_twin": set(),
    "runbook_lab": set(),
}


def room_of(file: Path) -> str:
    return file.relative_to(HOUSE).parts[0].removesuffix(".py")


def imports(file: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "runbook":
            yield from (f"runbook.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


FILES = sorted(HOUSE.rglob("*.py"))


def test_every_room_is_in_the_plan() -> None:
    assert {room_of(file) for file in FILES} == set(ROOMS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOUSE)))
def test_imports_go_one_way(file: Path) -> None:
    mine = room_of(file)
    before = {mine, *ROOMS[: ROOMS.index(mine)]}
    rooms = {name.split(".")[1] for name in imports(file) if name.startswith("runbook.")}
    assert rooms <= before


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOUSE)))
def test_a_library_is_named_in_one_place(file: Path) -> None:
    for name in imports(file):
        owners = OWNERS.get(name.split(".")[0])
        assert owners is None or room_of(file) in owners, name


def test_nothing_asks_whether_it_is_the_twin() -> None:
    """Only the command line and the rehearsal, which start it, may say its name."""
    starters = {"cli", "rehearse"}
    for file in FILES:
        if room_of(file) not in starters:
            assert "runbook_twin" not in file.read_text(), file
    for notebook in (LIB.parent / "runbooks").glob("*.ipynb"):
        assert notebook.read_text().count("twin") == 1, notebook  # the default of `target`

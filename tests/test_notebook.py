"""The parameters cell, and the values that are given to it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.errors import ParameterError, UsageError
from runbook.notebook import Parameter, Runbook, bind, bind_text, parameters

NOTEBOOKS = Path(__file__).parent / "notebooks"

CELL = """
# where and what
target: str = "twin"  # where
url: str = "https://discovery.example/new?size=3#x"  # the = and the # of it
size: int = 3
ratio: float = 1
names: list[str] = [  # some
    "a",
    "b",
]  # the names
note: str | None = None
guess = True  # its type goes by its value
"""


def test_a_parameters_cell_is_read_as_python_reads_it() -> None:
    found = {parameter.name: parameter for parameter in parameters(CELL)}
    assert list(found) == ["target", "url", "size", "ratio", "names", "note", "guess"]
    assert found["url"] == Parameter(
        "url", "str", "https://discovery.example/new?size=3#x", "the = and the # of it"
    )
    assert found["names"].default == ["a", "b"]
    assert found["names"].help == "the names"
    assert (found["guess"].type, found["note"].default) == ("bool", None)


@given(text=st.text(), help_text=st.text(st.characters(codec="ascii", categories=["L", "P"])))
def test_any_text_can_be_a_default(text: str, help_text: str) -> None:
    [parameter] = parameters(f"x: str = {text!r}  # {help_text}")
    assert parameter.default == text


@pytest.mark.parametrize(
    "line",
    ["import os", "x: str = f()", "x: dict = {}", "x, y = 1, 2", "x: int = 'a'", "x: str", "x: ("],
)
def test_what_is_no_parameter_is_refused(line: str) -> None:
    with pytest.raises(ParameterError):
        parameters(line)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("target", "5", "5"),
        ("target", "a=b#c", "a=b#c"),
        ("size", "-4", -4),
        ("ratio", "2", 2.0),
        ("ratio", "1e3", 1000.0),
        ("guess", "False", False),
        ("names", "x, y", ["x", "y"]),
        ("names", '["x,y"]', ["x,y"]),
        ("names", "", []),
        ("note", "None", None),
        ("note", "text", "text"),
    ],
)
def test_text_of_a_command_line_becomes_the_declared_type(name: str, text: str, value: Any) -> None:
    [found] = bind_text(parameters(CELL), {name: text}).values()
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [("size", "3.0"), ("size", "1_0"), ("size", ""), ("ratio", "nan"), ("guess", "1")],
)
def test_text_of_the_wrong_type_is_refused(name: str, text: str) -> None:
    with pytest.raises(ParameterError, match=name):
        bind_text(parameters(CELL), {name: text})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("target", 5),
        ("target", 1.5),
        ("target", True),
        ("target", None),
        ("size", 3.0),
        ("size", True),
        ("guess", 1),
        ("ratio", True),
        ("names", 3),
        ("names", [1]),
    ],
)
def test_only_lossless_values_are_taken(name: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=name):
        bind(parameters(CELL), {name: value})


def test_a_number_for_a_text_says_how_to_give_it() -> None:
    with pytest.raises(ParameterError, match="use -r target"):
        bind(parameters(CELL), {"target": 5})


def test_an_int_is_a_float_and_text_is_a_list() -> None:
    values = bind(parameters(CELL), {"ratio": 2, "names": "a,b"})
    assert values == {"ratio": 2.0, "names": ["a", "b"]}
    assert math.isclose(values["ratio"], 2.0)
    assert type(values["ratio"]) is float


def test_an_unknown_name_is_refused_with_the_closest_and_all() -> None:
    with pytest.raises(ParameterError) as error:
        bind(parameters(CELL), {"siez": 3})
    assert "did you mean size?" in str(error.value)
    assert "target, url, size, ratio, names, note, guess" in str(error.value)


def test_a_runbook_is_read_without_jupyter() -> None:
    runbook = Runbook.read(NOTEBOOKS / "passes.ipynb")
    assert runbook.title == "A cluster that is well"
    assert runbook.steps[:2] == ("Start", "Check")
    assert runbook.about["rows"] == ["E1"]
    assert next(parameter.name for parameter in runbook.parameters) == "target"


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.ipynb").write_text("[]")
    for path in (tmp_path / "x.ipynb", tmp_path / "none.ipynb", NOTEBOOKS / "foreign.ipynb"):
        with pytest.raises(UsageError):
            Runbook.read(path)

"""The twin and real engines, taken through the same random walk, show the same tables."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..runbooks.conftest import FAST, cluster
from .compared import differences
from .conftest import lab, play
from .sides import Side
from .walk import begin, do, seen, walk

SET_UP = ("coreos-build-cluster", "swarm-set-up")


@pytest.fixture
def sides(up: Path, tmp_path: Path) -> Iterator[list[Side]]:
    """Both, with the clusters of the article."""
    with cluster(tmp_path / "twin", FAST, "--empty") as twin:
        made = [
            Side(
                "twin",
                twin.folder,
                cut=lambda name: twin.break_("network-cut", name),
                heal=lambda name: twin.break_("network-heal", name),
            ),
            Side(
                "lab",
                up,
                cut=lambda name: lab(up, "link", name, "down").check_returncode(),
                heal=lambda name: lab(up, "link", name, "up").check_returncode(),
            ),
        ]
        for side in made:
            for name in SET_UP:
                assert play(side.folder, name)["verdict"] == "passed", (side.name, name)
            begin(side)
        yield made
        for side in made:
            side.close()


def test_the_same_walk_shows_the_same_tables(
    sides: list[Side], seed: int, acts: int, capsys: pytest.CaptureFixture[str]
) -> None:
    found: list[str] = []
    for number, (act, model) in enumerate(walk(seed, acts), 1):
        began, tables = time.monotonic(), []
        for side in sides:
            do(side, act, model)
            tables.append(seen(side, act, model))
        with capsys.disabled():
            print(f"  {number:3} {act!s:20} {time.monotonic() - began:6.1f} s")  # noqa: T201
        one, two = tables
        assert one.keys() == two.keys()
        for name in one:
            told = differences(name, one[name], two[name])
            found += [f"after {number} {act}: {words}" for words in told]
            with capsys.disabled():
                print("".join(f"      {words}\n" for words in told), end="")  # noqa: T201
    assert not found, "\n".join(found)

"""What an operator sees: escaped, well-formed, and nothing fetched from anywhere."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.check import Check
from runbook.facts.base import Observation
from runbook.outage import Outage, Probe
from runbook.view import banner, progress
from runbook.view.placement import placement
from runbook.view.shown import Shown
from runbook.view.source import source
from runbook.view.tables import as_html, as_text, word
from runbook.view.timeline import side_by_side, timeline
from runbook.wait import Waited

EVIL = "<script>alert('x')</script>&\"'"


def drill() -> Outage:
    answers = [None, "refused", "refused", None]
    probes = [
        Probe(number, number / 10, 0.01, address, failure)
        for number, failure in enumerate(answers)
        for address in ("192.168.0.10", "192.168.0.11")
    ]
    return Outage(probes, [(0.1, f"power off {EVIL}"), (0.3, "running elsewhere")], 0.1, 0.5)


def well_formed(shown: Shown | str) -> ElementTree.Element:
    """The SVG of something shown, parsed; it must not refer to anything outside it."""
    text = shown if isinstance(shown, str) else shown.html
    picture = text[text.index("<svg") : text.rindex("</svg>") + 6]
    outside = re.findall(r"(?:href|src|url|@import)\s*[=(]\s*[\"']?(?!#)[^\"')\s>]+", picture)
    assert outside == []
    assert "<script" not in picture
    return ElementTree.fromstring(picture)  # noqa: S314 - our own text


def test_timeline() -> None:
    shown = timeline(drill(), f"first {EVIL}")
    well_formed(shown)
    assert "longest outage 0.2 s" in shown.text
    assert "2  0.3 s  running elsewhere" in shown.text
    assert repr(shown) == shown.text


def test_timeline_without_an_outage_or_anything_at_all() -> None:
    well_formed(timeline(Outage([], [], 0.1, 1.0), "nothing"))
    well_formed(timeline(Outage(drill().probes[:2], [], 0.1, 0.2), "no outage"))


def test_side_by_side() -> None:
    shown = side_by_side({"one replica": drill(), f"two {EVIL}": drill()})
    well_formed(shown)
    assert shown.text.count("longest outage") == 2


def test_a_dollar_is_no_formula() -> None:
    well_formed(timeline(drill(), "costs $5 and $PATH"))
    well_formed(side_by_side({"a $b$ c_{": drill()}))


def test_placement() -> None:
    before = {"node00": [], "node01": ["nginx.service", EVIL], "node02": []}
    after = {"node00": ["nginx.service"], "node02": []}
    shown = placement(before, after, down=["node01"])
    picture = well_formed(shown)
    texts = [element.text for element in picture.iter() if element.text]
    assert texts.count("node00") == 2
    assert "node01 (down)" in texts
    assert f"● {EVIL}" in texts
    assert "after  node00: nginx.service" in shown.text
    assert "after  node01 (down): –" in shown.text
    well_formed(placement({}, {}))


def test_the_chart_of_a_wait() -> None:
    seen = [(0.0, Observation(False, EVIL)), (2.0, Observation(True, "1/1"))]
    waited = Waited(f"it runs {EVIL}", 60.0, seen)
    shown = progress.finished(waited)
    assert len(well_formed(shown.html.partition("<table")[0])) == 2
    assert "<script" not in shown.html
    assert "held after 2.0 s" in shown.text
    well_formed(progress.chart(Waited("nothing seen", 1.0)))


def test_a_table_escapes_everything() -> None:
    frame = pd.DataFrame({EVIL: [EVIL, None]})
    frame.attrs["caption"] = EVIL
    shown = as_html(frame)
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;") == 3
    ElementTree.fromstring(shown)  # noqa: S314


@settings(max_examples=30)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_text_gives_a_well_formed_table(text: str) -> None:
    frame = pd.DataFrame({"a": [text]})
    cells = ElementTree.fromstring(as_html(frame)).iter("td")  # noqa: S314
    assert [cell.text or "" for cell in cells] == [text]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *[(None, "–"), (pd.NA, "–"), (float("nan"), "–"), ([], "–"), ({}, "–"), ("", "")],
        *[(True, "yes"), (False, "no"), (0, "0"), (1.5, "1.5"), (2.0, "2"), (0.1 + 0.2, "0.3")],
        *[(["a", None], "a, –"), ({"k": [1, 2]}, "k=1, 2"), ("x", "x"), (10**20, f"1{'0' * 20}")],
    ],
)
def test_one_cell(value: object, shown: str) -> None:
    assert word(value) == shown


def test_tables_as_text() -> None:
    frame = pd.DataFrame({"member": ["a"], "healthy": [True]})
    frame.attrs["caption"] = "node00 · etcdctl"
    assert as_text(frame).splitlines()[0] == "node00 · etcdctl"
    assert "yes" in as_text(frame)
    assert as_text(pd.DataFrame({"a": []})) == "(no rows)"
    assert "(no rows)" in as_html(pd.DataFrame({"a": []}))


def test_states_have_colours_and_words() -> None:
    shown = as_html(pd.DataFrame({"state": ["healthy", "unreachable", "other"]}))
    assert (shown.count("#1a7f37"), shown.count("#b42318")) == (1, 1)


def test_banners() -> None:
    good = banner.outcome([Check("a", 1, 1, True)], 2)
    assert "PASSED 1 of 1 checks held · changes: 2" in good.text
    bad = banner.outcome([Check(EVIL, 1, 2, False)], 0)
    assert "FAILED" in bad.text
    for shown in (good, bad, banner.check(Check(EVIL, 1, 2, False)), banner.approved(EVIL)):
        assert "<script" not in shown.html
        ElementTree.fromstring(shown.html.replace("<br>", "<br/>"))  # noqa: S314


def test_source() -> None:
    shown = source(f"[Unit]\n{EVIL}\n", EVIL)
    assert shown.text.startswith(f"--- {EVIL}\n[Unit]")
    assert "<script" not in shown.html

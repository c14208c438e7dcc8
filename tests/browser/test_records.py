"""Records in a browser: the verdict and its reason at once, on any screen and on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def outputs(start_twin: Callable[..., Any], run: Any, home: Path) -> Path:
    """Records of runs that passed, failed, were planned, refused and aborted."""
    target = ["--target", str(start_twin("--clock", "5").target), "--quiet"]
    assert run("run", "etcd-verify-cluster", *target, "-p", "note=ticket 4711").returncode == 0
    assert run("run", "etcd-verify-cluster", *target, "-p", "members=5").returncode == 1
    assert run("run", "swarm-fail-over", *target, "--plan").returncode == 0
    assert run("run", "swarm-fail-over", *target).returncode == 3
    assert run("run", "swarm-fail-over", *target, "--approve", "--timeout", "1").returncode == 5
    return home / "outputs"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    fetched: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    yield page
    page.close()
    assert all(url.startswith(("file:", "data:")) for url in fetched)
    assert said == []


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        ("passed", "every code cell ran and every check held"),
        ("failed", "✗ members: expected 5, observed 3"),
        ("planned", "nothing was touched"),
        ("refused", "run it again with approved=true"),
        ("aborted", "the run took longer than 1 s"),
    ],
)
def test_a_record(outputs: Path, page: Page, verdict: str, reason: str) -> None:
    page.goto((outputs / "index.html").as_uri())
    row = page.locator("tr", has=page.locator(f".verdict.{verdict}"))
    row.locator("a").first.click()
    expect(page.locator("header .verdict")).to_have_text(verdict)
    expect(page.locator(".reason")).to_contain_text(reason)
    for seen in (page.locator("header .verdict"), page.locator(".reason")):
        expect(seen).to_be_in_viewport(ratio=1)
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 720})
        assert page.evaluate("document.documentElement.scrollWidth") == width
    parameters = page.get_by_role("cell", name="target", exact=True).last
    expect(parameters).to_be_hidden()
    page.emulate_media(media="print")
    expect(parameters).to_be_visible()
    for record in outputs.rglob("*.html"):
        assert record.stat().st_size < 1_000_000


def test_a_failed_record_leads_to_the_cell_and_to_the_next_step(outputs: Path, page: Page) -> None:
    page.goto((outputs / "index.html").as_uri())
    page.locator("tr", has=page.locator(".verdict.failed")).locator("a").first.click()
    page.get_by_text("to the cell that ended the run").click()
    expect(page.locator("pre.error")).to_be_in_viewport()
    page.get_by_text("what to do next").click()
    expect(page.get_by_role("columnheader", name="symptom")).to_be_in_viewport()

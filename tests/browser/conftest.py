"""A rehearsal cluster, `runbook open` and Debian's chromium: what an operator has before him."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
PATIENCE = 120_000  # milliseconds
KINDS = ("error", "stderr")
expect.set_options(timeout=30_000)


class Twin:
    """A rehearsal cluster of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.target = folder / "target.yaml"

    def __call__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "runbook_twin", arguments[0], "--directory"]
        subprocess.run([*command, str(self.folder), *arguments[1:]], check=True, env=environment())


class Notebook:
    """One notebook, open in JupyterLab."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        kernel = page.locator("#jp-main-statusbar", has_text="| Idle")
        expect(kernel).to_be_visible(timeout=PATIENCE)
        expect(self.panel.locator(".jp-CodeCell .cm-content").first).to_contain_text("target: ")

    def cell(self, source: str) -> Locator:
        """The first code cell whose source begins with this."""
        begins = re.compile(rf"^\s*{re.escape(source)}")
        editor = self.page.locator(".cm-content").filter(has_text=begins)
        return self.panel.locator(".jp-CodeCell").filter(has=editor).first

    def set(self, **parameters: object) -> None:
        """Type new values into the parameters cell."""
        editor = self.panel.locator(".jp-CodeCell .cm-content").first
        text = editor.inner_text()
        for name, value in parameters.items():
            text, found = re.subn(rf"(?m)^({name}: \S+ = )\S+", rf"\g<1>{value!r}", text)
            assert found == 1, name
        self.type(self.panel.locator(".jp-CodeCell").first, text)

    def type(self, cell: Locator, text: str) -> None:
        """Replace a cell's source, as from a keyboard."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Escape")

    def menu(self, menu: str, item: str) -> None:
        """Choose an item of JupyterLab's menu."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=menu).click()
        self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{item}$")).click()

    def run_all(self) -> None:
        """Run all cells, to the last one or to the first error."""
        self.menu("Run", "Run All Cells")
        self.wait()

    def run_from(self, cell: Locator) -> None:
        """Run this cell and all below; the caller waits."""
        cell.locator(".jp-InputPrompt").click()
        self.menu("Run", "Run Selected Cell and All Below")

    def wait(self) -> None:
        """Wait until no cell runs or is going to run."""
        prompts = self.panel.locator(".jp-CodeCell .jp-InputPrompt")
        expect(prompts.filter(has_text="[*]")).not_to_have_count(0)
        expect(prompts.filter(has_text="[*]")).to_have_count(0, timeout=PATIENCE)

    @property
    def errors(self) -> Locator:
        """What the cells that ended with an error say."""
        kinds = [f'[data-mime-type="application/vnd.jupyter.{kind}"]' for kind in KINDS]
        return self.panel.locator(", ".join(kinds))


class Lab:
    """JupyterLab as `runbook open` starts it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.notebook = Notebook(page)

    def open(self, name: str) -> Notebook:
        """Another runbook in the same JupyterLab."""
        item = self.page.locator(".jp-DirListing-item", has_text=re.compile(f"{name}.ipynb"))
        item.dblclick()
        tab = self.page.locator(".lm-TabBar-tab.lm-mod-current", has_text=f"{name}.ipynb")
        expect(tab).to_be_visible()
        return Notebook(self.page)


def environment(home: Path | None = None) -> dict[str, str]:
    """Our own code first; `home` keeps the person's own Jupyter and IPython out of it."""
    found = {**os.environ, "PYTHONPATH": str(ROOT / "lib"), "RUNBOOK_HOME": str(ROOT)}
    if home:
        found |= {"HOME": str(home), "RUNBOOK_OUTPUTS": str(home / "outputs")}
    return found


@pytest.fixture(scope="module")
def start_twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Twin]]:
    """Start a rehearsal cluster with these options of `runbook twin up`."""
    twins: list[Twin] = []

    def start(*options: str) -> Twin:
        twins.append(Twin(tmp_path_factory.mktemp("twin")))
        twins[-1]("up", *options)
        return twins[-1]

    yield start
    for twin in twins:
        twin("down")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium."""
    chromium = shutil.which("chromium")
    assert chromium, "these tests need chromium (Debian, Ubuntu: apt install chromium)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person's home folder, with the records in it."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def run(home: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command `runbook`, as that person runs it."""

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "runbook", *arguments]
        return subprocess.run(line, env=environment(home), capture_output=True, text=True)

    return command


@pytest.fixture(scope="module")
def open_lab(home: Path, browser: Browser) -> Callable[[str], AbstractContextManager[Lab]]:
    """Start `runbook open NAME`; the "browser" that it starts hands us the address."""
    hand_over = home / "browser"
    hand_over.write_text('#!/bin/sh\necho "$1"\n')
    hand_over.chmod(0o700)

    @contextmanager
    def start(name: str) -> Iterator[Lab]:
        with subprocess.Popen(
            [sys.executable, "-m", "runbook", "open", name],
            env={**environment(home), "BROWSER": f"{hand_over} %s"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout is not None
            url = next(line.strip() for line in process.stdout if line.startswith("file://"))
            page = browser.new_page(viewport={"width": 1300, "height": 9000})
            try:
                page.goto(url)
                yield Lab(page)
            finally:
                page.close()
                process.send_signal(signal.SIGTERM)  # it ends its kernels first

    return start

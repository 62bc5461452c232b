"""One browser and one built page for all tests of the page.

They end with the module: the event loop of a browser that is still open would stop tests that run Inspect.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from peerpact.report.extras import PageExtras
from peerpact.report.page import write_page

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions",
]  # fmt: skip


class Tab:
    """A tab that notes errors and requests."""

    def __init__(
        self, browser: Any, address: Path | str, width: int = 1280, scheme: str = "light"
    ) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True
        )
        self.tab = self.context.new_page()
        self.address = address.as_uri() if isinstance(address, Path) else address
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.tab.on("console", self._note)
        self.tab.on("pageerror", lambda e: self.errors.append(str(e)))
        self.tab.on("request", lambda r: self.requests.append(r.url))
        self.open()

    def _note(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)

    def open(self, place: str = "") -> None:
        """Load the page afresh and wait until its tables are there."""
        self.tab.goto("about:blank")
        self.tab.goto(f"{self.address}{place}")
        self.tab.wait_for_selector("#rates-table .tools")

    def go(self, place: str, wanted: str) -> None:
        """Go to a place within the page."""
        self.tab.evaluate("place => { location.hash = place }", place)
        self.tab.wait_for_selector(wanted)

    @property
    def foreign(self) -> list[str]:
        """Requests other than for the page itself and what it holds."""
        inside = (self.address, "data:", "blob:", "about:")
        return [url for url in self.requests if not url.startswith(inside)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = f"none of {', '.join(NAMES)} is on this machine"
        (pytest.fail if os.environ.get("PEERPACT_BROWSER") == "required" else pytest.skip)(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        running = p.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def path(samples: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of two subjects in two scenarios, a tenth of whose runs have no score."""
    study = samples.study()
    made = samples.runs(
        study, {"vendor/a-model-with-a-long-name-alpha": 0.8, "beta": 0.0}, drop=0.1
    )
    file = tmp_path_factory.mktemp("page") / "report.html"
    write_page(file, samples.of(study, made), extras=PageExtras(logs=Path("results/sample/logs")))
    return file


@pytest.fixture(scope="module")
def small(samples: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of one subject in one scenario, every part of which is there."""
    study = samples.study(("server_migration",))
    file = tmp_path_factory.mktemp("small") / "report.html"
    write_page(file, samples.of(study, samples.runs(study, {"alpha": 0.8}, drop=0.1)))
    return file


@pytest.fixture(scope="module")
def opened(browser: Any) -> Iterator[Callable[..., Tab]]:
    """Open pages, and close them at the end."""
    tabs: list[Tab] = []

    def open_one(*args: Any, **more: Any) -> Tab:
        tabs.append(Tab(browser, *args, **more))
        return tabs[-1]

    yield open_one
    for tab in tabs:
        tab.context.close()


@pytest.fixture(scope="module")
def tab(opened: Callable[..., Tab], path: Path) -> Tab:
    """The page as it is read on a desk, loaded once; tests move about in it."""
    return opened(path)

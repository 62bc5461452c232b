"""Make the picture of a page that the README shows: picture.py RESULTS/report.html [docs/page.png].

Headless Chromium, 1,280 pixels wide, light: from the title to the matrix.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

WIDTH, HEIGHT = 1280, 1000
NAMES = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Open the page and take the picture."""
    page = Path(sys.argv[1]).absolute()
    to = Path(sys.argv[2] if len(sys.argv) > 2 else "docs/page.png")
    with sync_playwright() as p:
        found = next(filter(None, map(shutil.which, NAMES)))
        browser = p.chromium.launch(executable_path=found, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        tab.goto(page.as_uri())
        tab.wait_for_selector("#rates-table table")
        tab.evaluate(
            "document.querySelectorAll('#claim > details').forEach(d => { d.open = false })"
        )
        end = tab.locator("#matrix").bounding_box()
        assert end is not None
        area = {"x": 0, "y": 0, "width": WIDTH, "height": end["y"] + end["height"]}
        tab.screenshot(path=to, full_page=True, clip=area)
        browser.close()


if __name__ == "__main__":
    main()

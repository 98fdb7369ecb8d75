"""The browser of the tests: the one that is installed, without a window."""

import runpy
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
# The same names for which the test command looks before it installs a browser.
BROWSERS = runpy.run_path(str(ROOT / "scripts" / "bootstrap.py"))["BROWSERS"]


@contextmanager
def open_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(playwright),
            args=["--no-sandbox", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


def find_browser(playwright: Playwright) -> str:
    for name in BROWSERS:
        path = shutil.which(name)
        if path:
            return path
    path = playwright.chromium.executable_path
    if Path(path).exists():
        return path
    pytest.fail(
        "No browser found. Install Chromium or Google Chrome, or run "
        f"`{sys.executable} -m playwright install chromium`."
    )

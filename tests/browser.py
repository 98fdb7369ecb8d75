"""The browser of the tests, started alike everywhere, and what its pages do wrong."""

import runpy
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

# The same names for which the test command looks before it installs a browser.
BROWSERS = runpy.run_path(str(Path(__file__).parent.parent / "scripts" / "bootstrap.py"))[
    "BROWSERS"
]

# Thousands of coloured words make the check twenty times slower, and all lessons colour alike.
TAKE_COLOURS_FROM_CODE = """() => document.querySelectorAll('pre')
    .forEach(code => { code.textContent = code.textContent; })"""


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


@contextmanager
def launch() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(playwright),
            args=["--no-sandbox", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


def offline_page(context: BrowserContext) -> tuple[Page, list[str]]:
    """A new page without a network, and the list of its complaints and of what it asked for."""
    context.set_offline(True)
    page, faults = context.new_page(), []
    page.on("console", lambda line: line.type in ("error", "warning") and faults.append(line.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: leaves(request.url) and faults.append(request.url))
    return page, faults


def leaves(address: str) -> bool:
    """Whether a request goes beyond this machine's files."""
    return not address.startswith(("file:", "data:", "blob:"))


def serious_findings(page: Page, within: str = "body") -> list[tuple[str, str]]:
    """What axe finds serious or critical in parts of a page: the rule, and the first place."""
    # `preload` would fetch style sheets, which pages from the disk must not.
    options = {"preload": False, "resultTypes": ["violations"]}
    found = Axe().run(page, context={"include": [[within]]}, options=options)
    return [
        (finding["id"], finding["nodes"][0]["html"][:300])
        for finding in found.response["violations"]
        if finding["impact"] in ("serious", "critical")
    ]

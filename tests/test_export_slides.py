"""Every page of every deck, in a browser without a network: nothing is missing or cut off.

The short run looks at the deck with the most kinds of pages; the others are long.
"""

import re
import runpy
from pathlib import Path

import nbformat
import pytest
from browser import TAKE_COLOURS_FROM_CODE, launch, offline_page, serious_findings

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "export_slides.py"))
LESSONS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
RICHEST = LESSONS[5]  # it has moving pictures too
SMALLEST_TEXT, SMALLEST_CODE, LOWEST_PICTURE = 22, 16, 200  # pixels

# What a page shows, measured: whatever is folded, spoken or only read aloud does not count.
LOOK = """() => {
    const page = Reveal.getCurrentSlide().querySelector('.page');
    const edge = page.getBoundingClientRect();
    const shown = [...page.querySelectorAll('*')].filter(part =>
        part.checkVisibility() && !part.closest('mjx-assistive-mml, svg, pre *'));
    const size = part => parseFloat(getComputedStyle(part).fontSize);
    const listings = shown.filter(part => part.tagName === 'PRE');
    return {
        start: page.innerText.slice(0, 80),
        content: shown.length > 1,
        outside: shown.filter(part => {
            const box = part.getBoundingClientRect();
            return box.bottom > edge.bottom + 1 || box.right > edge.right + 1;
        }).map(part => part.outerHTML.slice(0, 200)),
        cut: listings.filter(part => part.scrollWidth > part.clientWidth
                || part.scrollHeight > part.clientHeight + 1).map(part => part.innerText),
        code: listings.map(size),
        text: [...page.querySelectorAll('.prose > p, .prose > ul, .prose > ol')].map(size),
        pictures: shown.filter(part => part.tagName === 'IMG').map(part => ({
            loaded: part.complete && part.naturalWidth > 0,
            height: part.getBoundingClientRect().height,
            alt: part.alt,
        })),
        last: Reveal.isLastSlide(),
    };
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("slides")


@pytest.fixture(scope="module")
def chromium():
    with launch() as browser:
        yield browser


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(path, marks=[] if path == RICHEST else pytest.mark.long, id=path.stem[:2])
        for path in LESSONS
    ],
)
def path(request):
    return request.param


@pytest.fixture(scope="module")
def deck(chromium, folder, path):
    """The deck's page in a browser, and what went wrong in it or left the machine."""
    file = folder / f"{path.stem}.slides.html"
    file.write_text(SCRIPT["export"](path), encoding="utf-8")
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page, faults = offline_page(context)
    page.address = file.as_uri()
    open_deck(page)
    yield page, faults
    context.close()


def open_deck(page, query: str = "") -> None:
    page.goto(page.address + query)
    page.wait_for_selector("body[data-ready]", timeout=60_000)


def pages(page):
    """Go through the deck as a presenter's remote does."""
    while True:
        seen = page.evaluate(LOOK)
        yield seen
        if seen["last"]:
            return
        page.keyboard.press("PageDown")


def test_every_page_is_whole_and_readable(deck, path):
    page, faults = deck
    count = 0
    for seen in pages(page):
        count += 1
        where = f"page {count}: {seen['start']}"
        assert seen["content"], where
        assert not seen["outside"], where
        assert not seen["cut"], where
        assert all(size >= SMALLEST_CODE for size in seen["code"]), where
        assert all(size >= SMALLEST_TEXT for size in seen["text"]), where
        for picture in seen["pictures"]:
            assert picture["loaded"], where
            assert picture["height"] >= LOWEST_PICTURE, where
            assert len(picture["alt"]) >= 20, where
    notebook = nbformat.read(path, as_version=4)
    kinds = [cell.metadata["slideshow"]["slide_type"] for cell in notebook.cells]
    assert count >= sum(kind in ("slide", "subslide", "fragment") for kind in kinds)
    assert faults == []


def test_notes_are_spoken_and_formulas_set(deck, path):
    page, _ = deck
    notebook = nbformat.read(path, as_version=4)
    spoken = [
        cell for cell in notebook.cells if cell.metadata["slideshow"]["slide_type"] == "notes"
    ]
    notes = page.locator("aside.notes").all_inner_texts()
    assert 0 < len(notes) <= len(spoken)
    # Each section has the notes of all cells that belong to it, in full.
    written = sum(len(cell.source.split()) for cell in spoken)
    assert sum(len(text.split()) for text in notes) > 0.8 * written
    formulas = sum(
        "$" in re.sub(r"`[^`]*`", "", cell.source)
        for cell in notebook.cells
        if cell.cell_type == "markdown"
    )
    assert page.locator("mjx-container").count() >= formulas
    assert page.locator("mjx-merror").count() == 0


def test_axe_finds_nothing_serious(deck, path):
    page, _ = deck
    # Printing lays all pages out at once, so that one look sees them all.
    open_deck(page, "?print-pdf")
    if path != LESSONS[0]:
        page.evaluate(TAKE_COLOURS_FROM_CODE)
    assert serious_findings(page) == []


@pytest.mark.parametrize("path", [RICHEST], ids=["06"], indirect=True, scope="module")
def test_a_presenter_sees_notes_answers_code_and_a_moving_picture(deck):
    page, faults = deck
    open_deck(page)
    animation = "picture img"
    section = page.locator("section section", has=page.locator(animation))
    number = section.evaluate("part => Reveal.getSlides().indexOf(part)")
    for _ in range(number):
        page.keyboard.press("ArrowRight")
    picture = section.locator(animation)
    before = picture.screenshot()
    page.wait_for_timeout(1500)
    assert picture.screenshot() != before
    # Whoever asked the system for less motion gets the still.
    page.emulate_media(reduced_motion="reduce")
    page.wait_for_function(
        "picture => picture.currentSrc.startsWith('data:image/png')", arg=picture.element_handle()
    )

    # A fold opens from the keyboard, and the page stays whole.
    fold = section.locator("summary")
    fold.focus()
    page.keyboard.press("Enter")
    assert section.locator("details pre").is_visible()
    assert not page.evaluate(LOOK)["outside"]

    with page.expect_popup() as opened:
        page.keyboard.press("s")
    opened.value.get_by_text("Notes").first.wait_for()
    assert faults == []

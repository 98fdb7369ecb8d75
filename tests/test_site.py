"""The site: whole, without broken links, readable for all, and working from the disk offline.

The short run opens the front page and one lesson in the browser; the other pages are long.
"""

import functools
import importlib
import itertools
import shutil
from pathlib import Path

import nbformat
import pytest
from browser import TAKE_COLOURS_FROM_CODE, launch, offline_page, serious_findings
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parent.parent
LESSONS = [f"notebooks/{path.stem}" for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]
RICHEST = LESSONS[2]  # formulas, folds, figures, code, exercises
PAGES = ["index", *LESSONS, "data/README", "benchmarks/README", "search"]
README = "# Course\n\nA picture.\n\n## Start\n\n## Lessons\n\nOne.\n\nThree profiles\n"
VISIBLE_HEADINGS = """() => Array.from(document.querySelectorAll('h1, h2, h3, h4, h5, h6'))
    .filter(heading => heading.offsetParent).map(heading => Number(heading.tagName[1]))"""
FORMULAS_ARE_SET = """async () => {
    await window.MathJax?.startup?.promise;
    const prose = document.querySelector('main').cloneNode(true);
    prose.querySelectorAll('pre, code').forEach(code => code.remove());
    return !/[$]|\\\\[(]/.test(prose.textContent);
}"""


@pytest.fixture(scope="module")
def script():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        yield importlib.import_module("build_site")


@pytest.fixture(scope="module")
def site(script, tmp_path_factory):
    return script.build(ROOT, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def browser():
    with launch() as browser:
        yield browser


@pytest.fixture
def page(browser):
    """A page without a network, on which nothing may go wrong or be asked for elsewhere."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page, faults = offline_page(context)
    yield page
    context.close()
    assert faults == []


@functools.cache
def read(site, name):
    return BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


def test_there_is_a_page_for_every_lesson_and_a_way_through_them(site):
    assert len(LESSONS) == 10
    order = read(site, "index").select(".bd-sidebar-primary nav a")
    assert [link["href"] for link in order][:10] == [f"{name}.html" for name in LESSONS]
    for before, after in itertools.pairwise(LESSONS):
        assert read(site, before).select_one("a.right-next")["href"] == f"{Path(after).name}.html"
        assert read(site, after).select_one("a.left-prev")["href"] == f"{Path(before).name}.html"


def test_the_index_asks_every_question_of_the_readme(site):
    rows = read(site, "index").select("#lessons tbody tr")
    assert [row.select("a")[0]["href"] for row in rows] == [f"{name}.html" for name in LESSONS]
    for row in rows:
        assert row.get_text().strip()[-1].isdigit() and "?" in row.get_text()
        assert len(row.select_one("img")["alt"]) >= 20


def test_every_page_names_itself_and_every_picture_has_words(site):
    for name in PAGES:
        page = read(site, name)
        assert page.html["lang"] == "en" and page.title.string.strip(), name
        for image in page.select("img"):
            assert len(image["alt"]) >= 20, (name, image)


def test_stored_pictures_keep_their_own_words(site):
    for name in LESSONS:
        words = {image["alt"] for image in read(site, name).select(".cell_output img")}
        notebook = nbformat.read(ROOT / f"{name}.ipynb", as_version=4)
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        data = [output for output in outputs if "image/png" in output.get("data", {})]
        stored = {output.metadata["image/png"]["alt"] for output in data}
        markup = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
        stored |= {image["alt"] for image in BeautifulSoup(markup, "html.parser").select("img")}
        assert words == stored, name


def test_links_lead_to_the_heading_that_jupyter_would_show(site):
    link = read(site, LESSONS[2]).select_one('article a[href^="04_failure_clinic.html#"]')
    target = read(site, LESSONS[3]).find(id=link["href"].partition("#")[2])
    assert target.select_one("h2").get_text().startswith("The symptom table")
    details = read(site, LESSONS[2]).select_one('details a[href="08_latent_space.html"]')
    assert details.get_text() == "Lesson 8"


def test_helper_code_is_folded_and_exercises_are_not(site):
    page = read(site, LESSONS[0])
    folded = [details.get_text() for details in page.select("details.hide")]
    assert any("import" in text for text in folded)
    assert not any("return ..." in text or "q1.check()" in text for text in folded)
    assert "q1.check()" in page.get_text()


def test_markdown_and_formulas_in_details_are_rendered(script):
    text = "<details><summary>Why?</summary>Since **$x$**.</details>"
    assert script.adapt(text, ROOT) == (
        "<details><summary>Why?</summary>\n\nSince **$x$**.\n\n</details>"
    )


@pytest.fixture
def course(script, tmp_path, monkeypatch):
    """A course of one lesson, of which an older site is there."""
    shutil.copytree(ROOT / "site", tmp_path / "site")
    (tmp_path / "notebooks" / "images").mkdir(parents=True)
    for name in ("data", "benchmarks"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "README.md").write_text(f"# {name}\n")
    (tmp_path / "README.md").write_text(README)
    (tmp_path / "outputs" / "site").mkdir(parents=True)
    (tmp_path / "outputs" / "site" / "old.html").write_text("old")
    monkeypatch.setattr(script, "ROOT", tmp_path)
    return tmp_path


def write_lesson(course, *cells):
    cells = [nbformat.v4.new_markdown_cell(cell) for cell in ("# 1. One", "Goals", *cells)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbformat.write(notebook, course / "notebooks" / "01_one.ipynb")


def test_a_new_site_replaces_the_old_one(script, course):
    write_lesson(course, "## A part\n\n[Here](01_one.ipynb#A-part)")
    script.main()
    assert (course / "outputs" / "site" / "notebooks" / "01_one.html").exists()
    assert not (course / "outputs" / "site" / "old.html").exists()


def test_broken_links_are_named_and_leave_the_old_site(script, course, capfd):
    inside = '<details><summary>Why?</summary><a href="03_gone.ipynb">3</a></details>'
    write_lesson(course, "[2](02_gone.ipynb), [part](01_one.ipynb#Gone)", inside)
    with pytest.raises(SystemExit, match="not built"):
        script.main()
    messages = [line for line in capfd.readouterr().err.splitlines() if "01_one.ipynb:" in line]
    for link in ("02_gone.ipynb", "Gone", "03_gone.ipynb"):
        assert any(f"'{link}'" in message for message in messages), messages
    assert [path.name for path in (course / "outputs" / "site").iterdir()] == ["old.html"]


def test_what_sphinx_does_not_look_at_is_checked_too(script, tmp_path):
    (tmp_path / "good.html").write_text('<p id="here"><a href="https://example.org/">out</a></p>')
    (tmp_path / "page.html").write_text(
        '<a href="good.html#here"><img src="gone.png"></a><a href="good.html#gone">there</a>'
        '<a href="#gone">below</a><a href="gone.html">away</a><img src="data:image/png;base64,">'
    )
    assert sorted(script.broken_links(tmp_path)) == [
        "page.html: #gone",
        "page.html: gone.html",
        "page.html: gone.png",
        "page.html: good.html#gone",
    ]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in ("index", RICHEST) else pytest.mark.long)
        for name in PAGES
    ],
)
def test_a_page_works_offline_and_shuts_nobody_out(site, page, name):
    page.emulate_media(reduced_motion="reduce")  # drawing GIFs would slow the check
    page.goto((site / f"{name}.html").as_uri())
    assert page.evaluate(FORMULAS_ARE_SET)
    levels = page.evaluate(VISIBLE_HEADINGS)
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    if name != LESSONS[0]:
        page.evaluate(TAKE_COLOURS_FROM_CODE)
    assert serious_findings(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 390, "it fits on a phone"


def test_formulas_are_set_and_wide_ones_reached_by_keyboard(site, page):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto((site / f"{LESSONS[8]}.html").as_uri())
    page.locator("mjx-container[display='true'][tabindex='0']").first.wait_for()
    assert page.locator("mjx-container").count() >= 10


@pytest.mark.parametrize("name", ["index", LESSONS[1], LESSONS[7]])
def test_animations_move_except_for_people_who_want_none(site, page, name):
    page.goto((site / f"{name}.html").as_uri())
    image = page.locator("picture img").first
    image.evaluate("image => image.decode()")
    assert image.evaluate("image => image.currentSrc").startswith(("file:", "data:image/gif"))
    assert ".gif" in image.get_attribute("src") or "image/gif" in image.get_attribute("src")
    page.emulate_media(reduced_motion="reduce")
    page.wait_for_function(
        "image => image.currentSrc.startsWith('data:image/png')", arg=image.element_handle()
    )


@pytest.mark.parametrize("word, name", [("checkerboard", LESSONS[4]), ("memorised", LESSONS[6])])
def test_the_search_finds_a_lesson_from_the_disk(site, page, word, name):
    page.goto((site / "index.html").as_uri())
    page.keyboard.press("Control+k")
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    page.locator(f"#search-results a[href*='{name}.html']").first.wait_for()

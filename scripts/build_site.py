"""Write the lessons, as stored, as a static site into outputs/site.

Nothing is executed and nothing fetched. The old site is replaced when the new one has no broken
link.
"""

import base64
import html
import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
from bs4 import BeautifulSoup
from lesson_outputs import alt_text
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "data/README.md", "benchmarks/README.md")
GIF = re.compile(r"!\[[^\]]*\]\(([^)\s]+\.gif)\)")
DETAILS = re.compile(r"(<details>\s*<summary>.*?</summary>)(.*?)(</details>)", re.DOTALL)
ANCHOR = re.compile(r'<a href="([^"]+)">(.*?)</a>', re.DOTALL)
NOTE = (
    "*This page shows the lesson as it was last run. "
    "[Run it yourself](../index.md#Run-it-yourself) to change it.*"
)


def main() -> None:
    target = ROOT / "outputs" / "site"
    with tempfile.TemporaryDirectory() as folder:
        site = build(ROOT, Path(folder))
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(site, target)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    print(f"{(target / 'index.html').relative_to(ROOT)}: {size / 1e6:.0f} MB with all pages")


def build(course: Path, work: Path) -> Path:
    """Build the site of a course in an empty folder; exit with what is broken, if anything is."""
    source, site = work / "source", work / "site"
    prepare(course, source)
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--nitpicky", "--quiet"]
    if subprocess.run([*command, "-d", work / "doctrees", source, site]).returncode:
        sys.exit("The site was not built (see above).")
    leave_out_unused(site / "_static" / "mathjax")
    if broken := list(broken_links(site)):
        sys.exit("Broken links in the site:\n" + "\n".join(broken))
    return site


def prepare(course: Path, source: Path) -> None:
    """Copy what the pages are made of, changed where Sphinx reads it unlike Jupyter."""
    shutil.copytree(course / "site", source)
    shutil.copytree(course / "notebooks" / "images", source / "notebooks" / "images")
    for name in PAGES:
        page = source / name
        page.parent.mkdir(exist_ok=True)
        page.write_text(adapt((course / name).read_text(encoding="utf-8"), course), "utf-8")
    for path in (course / "notebooks").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            adapt_cell(cell, path.parent)
        notebook.cells.insert(2, nbformat.v4.new_markdown_cell(NOTE))
        nbformat.write(notebook, source / "notebooks" / path.name)


def adapt_cell(cell: nbformat.NotebookNode, folder: Path) -> None:
    if cell.cell_type == "markdown":
        cell.source = adapt(cell.source, folder)
        return
    pictures = [output for output in cell.outputs if alt_text(output)]
    for output in pictures:
        if len(pictures) == 1:
            cell.metadata["mystnb"] = {"image": {"alt": alt_text(output)}}
        else:  # myst-nb takes the words from the cell, for all of its pictures
            words, png = html.escape(alt_text(output), quote=True), output.data["image/png"]
            markup = f'<img alt="{words}" src="data:image/png;base64,{png.strip()}">'
            output.data = nbformat.from_dict({"text/html": markup})
    if is_helper(cell):
        cell.metadata.setdefault("tags", []).append("hide-input")


def is_helper(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell is left out of the slides and belongs to no exercise."""
    skipped = cell.metadata.get("slideshow", {}).get("slide_type") == "skip"
    exercise = "exercise" in cell.metadata.get("tags", []) or re.match(r"q\d\.", cell.source)
    return skipped and not exercise


def adapt(text: str, folder: Path) -> str:
    """Markdown that works on the site: links and maths in details, animations with a still."""
    text = DETAILS.sub(r"\1\n\n\2\n\n\3", text)
    text = ANCHOR.sub(r"[\2](\1)", text)
    return GIF.sub(lambda match: with_still(match[0], folder / match[1]), text)


def with_still(image: str, path: Path) -> str:
    """People who ask their system for less motion get the last frame."""
    still = io.BytesIO()
    with Image.open(path) as animation:
        animation.seek(animation.n_frames - 1)
        animation.convert("RGB").quantize().save(still, "PNG")
    address = "data:image/png;base64," + base64.b64encode(still.getvalue()).decode()
    query = "(prefers-reduced-motion: reduce)"
    return f'<picture><source media="{query}" srcset="{address}">{image}</picture>'


def leave_out_unused(mathjax: Path) -> None:
    """Keep of MathJax what sets formulas in TeX, a tenth of it."""
    kept = ("tex-chtml.js", "input/tex/extensions/", "output/chtml/fonts/")
    for path in mathjax.rglob("*"):
        if path.is_file() and not path.relative_to(mathjax).as_posix().startswith(kept):
            path.unlink()


def broken_links(site: Path) -> Iterator[str]:
    """Every link and picture of the pages that leads nowhere within the site."""
    pages = {page: read_page(page) for page in site.rglob("*.html") if "_static" not in page.parts}
    anchors = {page: {tag["id"] for tag in soup.select("[id]")} for page, soup in pages.items()}
    for page, soup in pages.items():
        for tag in soup.select("[href], [src]"):
            address = tag.get("href") or tag.get("src", "")
            if not leads_somewhere(address, page, anchors):
                yield f"{page.relative_to(site)}: {address}"


def read_page(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def leads_somewhere(address: str, page: Path, anchors: dict[Path, set[str]]) -> bool:
    """Whether an address is external, or names a file and a place in it that exist."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return True
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not parts.fragment:
        return target.is_file()
    return unquote(parts.fragment) in anchors.get(target, set())


if __name__ == "__main__":
    main()

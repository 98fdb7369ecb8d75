"""Write one reveal.js deck a lesson into outputs/slides, from the stored outputs.

A deck is one HTML file that needs nothing else: scripts, fonts, formulas and pictures are inside.
"""

import base64
import importlib.util
import re
import sys
from copy import deepcopy
from importlib.resources import files
from pathlib import Path

import matplotlib
import nbformat
from nbconvert import SlidesExporter
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from pygments.formatters import HtmlFormatter

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = Path(__file__).resolve().parent / "deck"
# Longer code is folded where a figure needs the room, and goes on over several pages elsewhere.
LONGEST_CODE_WITH_FIGURE = 6  # lines
LONGEST_CODE = 24  # lines
LONGEST_PAGE = 28  # lines of code and of what it printed
LESSON_LINK = re.compile(r"(?<=[(\"])(\d\d_\w+)\.ipynb(#[^)\"]*)?(?=[)\"])")
MATHJAX = """
MathJax = {
    tex: { inlineMath: [["$", "$"]], displayMath: [["$$", "$$"]] },
    options: { enableMenu: false },
};
"""


def main() -> None:
    target = ROOT / "outputs" / "slides"
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        deck = target / f"{path.stem}.slides.html"
        deck.write_text(export(path), encoding="utf-8", newline="\n")
        print(f"{deck.relative_to(ROOT)}: {deck.stat().st_size / 1e6:.1f} MB")
    print("Open a deck in a browser. S shows the notes, F fills the screen, Esc the overview.")


def export(path: Path) -> str:
    """The deck of a lesson, HTML."""
    notebook = nbformat.read(path, as_version=4)
    title = heading(notebook.cells[0].source)
    prepare(notebook, title)
    exporter = SlidesExporter(
        template_name="deck",
        extra_template_basedirs=[str(TEMPLATE.parent)],
        embed_images=True,
        preprocessors=[CoalesceStreamsPreprocessor],
    )
    resources = {
        # Pictures in the text are looked up beside the notebook.
        "metadata": {"path": str(path.parent), "name": path.stem},
        "deck": {"title": title, "styles": styles(), "scripts": scripts()},
    }
    body, _ = exporter.from_notebook_node(notebook, resources)
    return body


def prepare(notebook: nbformat.NotebookNode, title: str) -> None:
    """Say for every cell where it stands, and collect the speaker's notes of each page."""
    section, page = title, None
    notebook.cells = [part for cell in notebook.cells for part in split(cell)]
    for cell in notebook.cells:
        cell.source = LESSON_LINK.sub(r"\1.slides.html", cell.source)
        kind = cell.metadata["slideshow"]["slide_type"]
        if kind == "fragment":
            # A question gets a page of its own, and the answer, the next page, stays hidden.
            cell.metadata["slideshow"]["slide_type"] = "subslide"
            cell.metadata["question"] = True
        if kind in ("slide", "subslide", "fragment"):
            page = cell
            section = heading(cell.source) if cell.source.startswith("## ") else section
            page.metadata["where"] = "" if section == title else f"{title} · {section}"
        if kind == "notes":
            page.metadata.setdefault("spoken", []).append(cell.source)
        if has_figure(cell):
            cell.metadata["folded"] = len(cell.source.splitlines()) > LONGEST_CODE_WITH_FIGURE
    # The page's last cell writes them, whatever stands between.
    for cell, following in zip(notebook.cells, [*notebook.cells[1:], None], strict=True):
        if "where" in cell.metadata:
            page = cell
        if following is None or "where" in following.metadata:
            cell.metadata["notes"] = "\n\n".join(page.metadata.get("spoken", []))


def heading(source: str) -> str:
    return source.splitlines()[0].lstrip("# ")


def has_figure(cell: nbformat.NotebookNode) -> bool:
    data = [output.get("data", {}) for output in cell.get("outputs", [])]
    return any("image/png" in each or "<img " in each.get("text/html", "") for each in data)


def split(cell: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Long code in parts that fill a page each, parted at blank lines; then what it printed."""
    if cell.cell_type != "code" or has_figure(cell):
        return [cell]
    first, *others = cell.source.split("\n\n")
    pages = [first]
    for block in others:
        longer = f"{pages[-1]}\n\n{block}"
        if len(longer.splitlines()) <= LONGEST_CODE:
            pages[-1] = longer
        else:
            pages.append(block.lstrip("\n"))
    printed = "".join(output.get("text", "") for output in cell.outputs).splitlines()
    if len(pages[-1].splitlines()) + len(printed) > LONGEST_PAGE:
        pages.append("")
    parts = [deepcopy(cell) for _ in pages]
    for number, (part, source) in enumerate(zip(parts, pages, strict=True)):
        part.update(id=f"{cell.id}-{number}", source=source)
        if number < len(parts) - 1:
            part.outputs = []
    return parts


def styles() -> list[str]:
    reveal = files("sphinx_revealjs") / "_static" / "revealjs" / "dist"
    sans = reveal / "theme" / "fonts" / "source-sans-pro"
    mono = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSansMono.ttf"
    return [
        (reveal / "reset.css").read_text(encoding="utf-8"),
        (reveal / "reveal.css").read_text(encoding="utf-8"),
        font("Source Sans Pro", sans / "source-sans-pro-regular.woff"),
        font("Source Sans Pro", sans / "source-sans-pro-italic.woff", "font-style: italic;"),
        font("Source Sans Pro", sans / "source-sans-pro-semibold.woff", "font-weight: 600;"),
        font("DejaVu Sans Mono", mono),
        HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".highlight"),
        (TEMPLATE / "deck.css").read_text(encoding="utf-8"),
    ]


def font(family: str, file: Path, more: str = "") -> str:
    data = base64.b64encode(file.read_bytes()).decode()
    return (
        f'@font-face {{ font-family: "{family}"; {more} src: url(data:font/ttf;base64,{data}); }}'
    )


def scripts() -> list[str]:
    reveal = files("sphinx_revealjs") / "_static" / "revealjs"
    # A package with a hyphen in its name cannot be imported, only found.
    mathjax = Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent
    return [
        (reveal / "dist" / "reveal.js").read_text(encoding="utf-8"),
        (reveal / "plugin" / "notes" / "notes.js").read_text(encoding="utf-8"),
        MATHJAX,
        (mathjax / "static" / "mathjax" / "tex-svg.js").read_text(encoding="utf-8"),
        (TEMPLATE / "deck.js").read_text(encoding="utf-8"),
    ]


if __name__ == "__main__":
    sys.exit(main())

"""Write one reveal.js deck a lesson into outputs/slides, from the stored outputs.

Diagrams are embedded and figures keep their alt text. Showing a deck needs a network for
reveal.js itself.
"""

import html
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    target = ROOT / "outputs" / "slides"
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        deck = target / f"{path.stem}.slides.html"
        deck.write_text(export(path), encoding="utf-8", newline="\n")
        print(f"{deck.relative_to(ROOT)}: {deck.stat().st_size / 1e6:.1f} MB")


def export(path: Path) -> str:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            keep_alt_text(output)
    # Pictures in the text are looked up beside the notebook.
    resources = {"metadata": {"path": str(path.parent), "name": path.stem}}
    body, _ = SlidesExporter(embed_images=True).from_notebook_node(notebook, resources)
    return body


def keep_alt_text(output: nbformat.NotebookNode) -> None:
    """nbconvert's slides leave out the alt text of PNG outputs: write the element ourselves."""
    data = output.get("data", {})
    if "image/png" in data and "text/html" not in data:
        alt = html.escape(output.metadata["image/png"]["alt"])
        png = data["image/png"].replace("\n", "")
        data["text/html"] = f'<img src="data:image/png;base64,{png}" alt="{alt}">'


if __name__ == "__main__":
    main()

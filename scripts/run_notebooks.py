"""Execute the lessons headlessly, in their order, and write them out with their outputs.

    python scripts/run_notebooks.py --output FOLDER [NAME ...]
    python scripts/run_notebooks.py --in-place [NAME ...]

With --in-place the pictures that the README shows are renewed too. What is stored must depend
neither on the speed of the machine nor on what was done before: time budgets are lifted, and each
lesson runs in an empty folder, without checkpoints or solved exercises. The profile comes from
GAN_PROFILE. Without names every lesson runs; a name may be a number such as 03. A lesson in which a
cell fails is left unwritten; the status is then 1.
"""

import argparse
import base64
import io
import os
import shutil
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from PIL import Image

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
LARGEST_NOTEBOOK = 1_500_000  # bytes


class TooLarge(Exception):  # noqa: N818 - reads as the sentence it is
    """The executed notebook exceeds what the repository takes."""


def main() -> int:
    arguments = parse_arguments()
    paths = find_lessons(arguments.names)
    failed = []
    if not arguments.in_place:  # the copies show their diagrams from beside them
        shutil.copytree(NOTEBOOKS / "images", arguments.output / "images", dirs_exist_ok=True)
    for path in paths:
        target = path if arguments.in_place else arguments.output / path.name
        try:
            execute(path, target, largest=LARGEST_NOTEBOOK if arguments.in_place else None)
        except (CellExecutionError, DeadKernelError, TooLarge) as error:
            print(f"{path.name} failed, nothing was written\n{error}", file=sys.stderr)
            failed.append(path.name)
    return 1 if failed else 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--output", type=Path, help="folder for the executed copies")
    where.add_argument("--in-place", action="store_true", help="store the outputs in notebooks/")
    parser.add_argument("names", nargs="*", help="lessons to run, by number or by name")
    return parser.parse_args()


def find_lessons(names: list[str]) -> list[Path]:
    lessons = sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
    if not names:
        return lessons
    for name in names:
        if not any(path.name.startswith(name) for path in lessons):
            sys.exit(f"No lesson starts with {name}. There are: {[path.stem for path in lessons]}")
    return [path for path in lessons if path.name.startswith(tuple(names))]


def execute(path: Path, target: Path, largest: int | None) -> None:
    notebook = nbformat.read(path, as_version=4)
    start = time.monotonic()
    environment = dict(os.environ)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as empty:
        folder = path.parent
        if target == path:
            environment["GAN_TIME_BUDGET"], folder = "off", empty
        client = NotebookClient(
            notebook,
            timeout=None,
            resources={"metadata": {"path": str(folder)}},
            # A kernel sends what a cell prints in pieces, whose ends depend on the clock.
            coalesce_streams=True,
        )
        client.execute(env=environment)
    seconds = time.monotonic() - start
    slowest = slowest_cells(notebook)
    clean(notebook)

    text = nbformat.writes(notebook) + "\n"
    size = len(text.encode())
    if largest is not None and size > largest:
        raise TooLarge(f"It would be {size / 1e6:.2f} MB; the limit is {largest / 1e6} MB.")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="\n")
    if target == path:
        save_pictures(notebook, path)
    print(
        f"{path.name}: {seconds:.0f} s, {size / 1e6:.2f} MB; slowest cells: {slowest}", flush=True
    )


def save_pictures(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Renew what the README shows of this run, its thumbnail."""
    for cell in notebook.cells:
        if "thumbnail" in cell.metadata.get("tags", []):
            png = next(output.data["image/png"] for output in cell.outputs if "data" in output)
            picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
            picture.thumbnail((320, 320), Image.Resampling.LANCZOS)
            picture.save(path.parent / "images" / f"{path.stem}.png", optimize=True)


def slowest_cells(notebook: nbformat.NotebookNode, count: int = 3) -> str:
    durations = []
    for index, cell in enumerate(notebook.cells):
        moments = cell.metadata.get("execution", {})
        if "shell.execute_reply" in moments:
            begin, end = moments["iopub.execute_input"], moments["shell.execute_reply"]
            durations.append(
                (
                    (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds(),
                    index,
                )
            )
    return ", ".join(
        f"{seconds:.1f} s (cell {index})" for seconds, index in sorted(durations)[: -count - 1 : -1]
    )


def clean(notebook: nbformat.NotebookNode) -> None:
    """Remove what changes at every run, and widget views whose live model is gone."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    # Not its version, which differs between machines; what writes a script asks for the others.
    notebook.metadata["language_info"] = {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
    }
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            # A stored view would read "model not found"; its still picture reads well anywhere.
            if WIDGET_VIEW in data and "image/png" in data:
                del data[WIDGET_VIEW]


if __name__ == "__main__":
    raise SystemExit(main())

"""What happens to a lesson when cells are run again, as people do: all cells must still succeed.

First every cell runs twice in a row; then, in a fresh kernel, the whole lesson runs three times.
The memory of the kernel after each time says whether figures stay open or functions pile up.
Everything at the quick profile, in a temporary folder.
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

__all__ = ["cells_twice", "measure", "run_alls"]

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
TIMES = 3
# What ipykernel needs itself, so it is there.
MEMORY = "import gc, psutil; gc.collect(); print(psutil.Process().memory_info().rss)"


def measure() -> None:
    print(f"{'lesson':32} {'each cell twice':>16} {'MB after each of three Run Alls':>34}")
    for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        start = time.monotonic()
        twice = attempt(cells_twice, path)
        seconds = time.monotonic() - start
        found = attempt(run_alls, path)
        memory = found if isinstance(found, str) else "  ".join(f"{mb:,.0f}" for mb in found)
        print(f"{path.stem:32} {twice or f'fine, {seconds:.0f} s':>16} {memory:>34}", flush=True)


def attempt(run, path: Path):
    """What ``run`` returns, or the first line of the error of a cell."""
    try:
        return run(path)
    except CellExecutionError as error:
        return f"{error.ename}: {error.evalue}"[:120]


def cells_twice(path: Path) -> None:
    """Run every code cell of a lesson twice in a row.

    Raises:
        CellExecutionError: if a cell fails.
    """
    execute([cell for cell in code_cells(path) for _ in range(2)])


def run_alls(path: Path, times: int = TIMES) -> list[float]:
    """Run a whole lesson several times in one kernel; its megabytes after each time.

    Raises:
        CellExecutionError: if a cell fails.
    """
    probe = nbformat.v4.new_code_cell(MEMORY)
    done = execute([*code_cells(path), probe] * times)
    printed = [cell.outputs[-1].text for cell in done if cell.source == MEMORY]
    return [int(text) / 1e6 for text in printed]


def code_cells(path: Path) -> list[NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def execute(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Run copies of the cells in one kernel, and return them with their outputs."""
    # New cells, because the same one may come twice, and a notebook wants names of their own.
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell.source, metadata=cell.metadata) for cell in cells]
    )
    with tempfile.TemporaryDirectory() as folder, quick_profile():
        resources = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=None, resources=resources).execute()
    return notebook.cells


@contextlib.contextmanager
def quick_profile() -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(GAN_PROFILE="quick", GAN_DATA="sample")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)

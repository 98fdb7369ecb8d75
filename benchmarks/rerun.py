"""What happens to a lesson when cells are run again, as people do: all cells must still succeed.

First every cell runs twice in a row; then, in a fresh kernel, the whole lesson runs three times.
After each time the kernel tells its memory, and how many figures, graphs of TensorFlow, models and
widgets it holds: no more after the third time than after the second, or something piles up.
Everything at the quick profile, in a temporary folder.
"""

import os
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

__all__ = ["Memory", "cells_twice", "measure", "run_alls"]

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
TIMES = 3
# psutil is there, because ipykernel needs it itself.
PROBE = """
import gc, ipywidgets, keras, matplotlib.figure, psutil, tensorflow
gc.collect()
gc.collect()  # what the first let go of may have held more
kinds = (matplotlib.figure.Figure, tensorflow.Graph, keras.Model, ipywidgets.DOMWidget)
held = sum(issubclass(type(thing), kinds) for thing in gc.get_objects())
print(psutil.Process().memory_info().rss, held)
"""


class Memory(NamedTuple):
    """What a kernel takes and holds.

    Attributes:
        megabytes: resident memory.
        held: figures, graphs, models and widgets.
    """

    megabytes: float
    held: int


def measure() -> None:
    print("after each of three Run Alls:".rjust(79))
    print(f"{'lesson':32} {'each cell twice':>16} {'MB':>19} {'held':>17}")
    for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        start = time.monotonic()
        twice = attempt(cells_twice, path)
        seconds = time.monotonic() - start
        found = attempt(run_alls, path)
        columns = [twice or f"fine, {seconds:.0f} s"]
        if isinstance(found, str):
            columns.append(found)
        else:
            columns.append("  ".join(f"{memory.megabytes:,.0f}" for memory in found))
            columns.append("  ".join(str(memory.held) for memory in found))
        print(f"{path.stem:32}", *map(str.rjust, columns, (16, 19, 17)), flush=True)


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


def run_alls(path: Path, times: int = TIMES) -> list[Memory]:
    """Run a whole lesson several times in one kernel; its memory after each time.

    Raises:
        CellExecutionError: if a cell fails.
    """
    probe = nbformat.v4.new_code_cell(PROBE)
    done = execute([*code_cells(path), probe] * times)
    printed = [cell.outputs[-1].text.split() for cell in done if cell.source == PROBE]
    return [Memory(int(memory) / 1e6, int(held)) for memory, held in printed]


def code_cells(path: Path) -> list[NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def execute(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Run copies of the cells in one kernel, and return them with their outputs."""
    # New cells, because the same one may come twice, and a notebook wants names of their own.
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell.source, metadata=cell.metadata) for cell in cells]
    )
    environment = os.environ | {"GAN_PROFILE": "quick", "GAN_DATA": "sample"}
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=None, resources=resources).execute(env=environment)
    return notebook.cells

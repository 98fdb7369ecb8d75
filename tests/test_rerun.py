"""Cells in any order: what is run again still succeeds, and nothing piles up.

Here every cell of every lesson runs twice, and one whose cells train by hand runs three times;
``make bench ARGUMENTS="rerun"`` measures the memory of all.
"""

import sys
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
import rerun

pytestmark = pytest.mark.long

BY_HAND = rerun.NOTEBOOKS / "03_dense_gan.ipynb"
LESSONS = sorted(rerun.NOTEBOOKS.glob("[0-9]*.ipynb"))


@pytest.mark.parametrize("path", LESSONS, ids=[path.stem[:2] for path in LESSONS])
def test_every_cell_may_run_twice(path):
    rerun.cells_twice(path)


def test_a_third_run_all_holds_no_more_than_the_second():
    _, second, third = rerun.run_alls(BY_HAND)
    assert 0 < third.held <= second.held


def test_a_lesson_that_cannot_run_again_or_piles_up_is_noticed(tmp_path):
    pile = "import keras\nkept = [*globals().get('kept', []), keras.Sequential()]"
    once = "open('made by the cell', 'x').close()"
    for name, sources in (("pile", [pile]), ("once", ["1", once])):
        cells = [new_code_cell(source) for source in sources]
        nbformat.write(new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    memory = rerun.run_alls(tmp_path / "pile.ipynb")
    assert [each.held - memory[0].held for each in memory] == [0, 1, 2]
    with pytest.raises(CellExecutionError, match="FileExistsError"):
        rerun.cells_twice(tmp_path / "once.ipynb")

"""A slice holds what a cell needs, through any number of cells, and no more."""

import pytest
from lesson_slices import cells_needed, run_slice
from nbformat import v4


def notebook(*sources):
    cells = [v4.new_code_cell(source) for source in sources]
    return v4.new_notebook(cells=[v4.new_markdown_cell("x = 0"), *cells])


@pytest.mark.parametrize(
    ("sources", "needed"),
    [
        (["a = 1", "b = 2", "print(b)"], [2]),
        (["a = 1", "b = a", "c = b", "c"], [1, 2, 3]),
        (["print(1)", "len([])"], []),
        # The last definition counts, and with an augmented one all that came before it.
        (["a = 1", "a = 2", "a"], [2]),
        (["a = 1", "a += 1", "a"], [1, 2]),
        (["a = 1", "a = a + 1", "a"], [1, 2]),
        (["a = 1", "a = 2\nb = a", "b"], [2]),
        (["a = 1", "b = a\na = 2", "b"], [1, 2]),
        # A later definition is none.
        (["a = 1", "b = a", "a = 2", "b"], [1, 2]),
        (["import math as m", "from os import path, sep", "m.pi, sep"], [1, 2]),
        (["for a in (1, 2):\n    b = a", "a, c = 3, 4", "b"], [1]),
        (["class A:\n    a = 1", "a = 2", "A.a"], [1]),
        (["a = 1", "class A:\n    b = a\n    c = b", "b = 3", "A"], [1, 2]),
        # What a function reads when it is called, wherever that was set.
        (["a = 1", "def f(b):\n    c = a + b\n    return c", "b = c = 2", "f(1)"], [1, 2]),
        (["def f():\n    return a", "a = 1", "f()"], [1, 2]),
        (["def f():\n    return g()", "def g():\n    return a", "a = 1", "f()"], [1, 2, 3]),
        (["a = 1", "f = lambda: [a for b in range(2)]", "b = 3", "f()"], [1, 2]),
        (["def f():\n    return a\n\n\na = 1", "a = 2", "f()"], [1, 2]),
        # Changes of an object are not followed.
        (["a = []", "a.append(1)", "a[0] = 2", "a"], [1]),
    ],
)
def test_cells_needed(sources, needed):
    lesson = notebook(*sources)
    assert cells_needed(lesson, len(sources)) == needed
    run_slice(lesson, len(sources))


def test_a_slice_runs_only_what_is_needed():
    lesson = notebook("a = 1", "raise RuntimeError", "b = a + 1")
    assert run_slice(lesson, 3)["b"] == 2

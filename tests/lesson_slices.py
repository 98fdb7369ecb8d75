"""Run one cell of a lesson with only those cells before it that it needs."""

import dis
from types import CodeType
from typing import Any, NamedTuple

from nbformat import NotebookNode

__all__ = ["cells_needed", "run_slice"]


class Names(NamedTuple):
    """Global names of a cell: read when it runs, read when its functions run, set by it."""

    read: set[str]
    read_later: set[str]
    defined: set[str]


def cells_needed(notebook: NotebookNode, index: int) -> list[int]:
    """Indices of the code cells before cell ``index`` that it needs, directly or through others.

    A cell is needed if it is the last before that sets a name which is read: by assignment (also
    an augmented one), import, ``def``, ``class``, ``for`` or ``with``. What a function reads when
    it is called counts too. Calls that change an object (``judge.fit(...)``,
    ``history.append(...)``) and assignments to a part of it (``images[0] = ...``) are not followed:
    the slice then holds the object as its own cell made it.
    """
    found = {
        number: _names(cell.source)
        for number, cell in enumerate(notebook.cells[: index + 1])
        if cell.cell_type == "code"
    }
    chosen, wanted_later = [index], set()
    while True:
        # Backwards, so that the last definition before a reader is the one it gets.
        needed, chosen_before, chosen = set(wanted_later), chosen, []
        for number in sorted(found, reverse=True):
            names = found[number]
            if number == index or names.defined & needed:
                later = names.read_later - names.defined
                needed = (needed - names.defined) | names.read | later
                chosen.append(number)
        # A function may read a name that is set after its own cell, but before it is called.
        wanted_later = set().union(*(found[number].read_later for number in chosen))
        if chosen == chosen_before:
            return sorted(set(chosen) - {index})


def run_slice(notebook: NotebookNode, index: int) -> dict[str, Any]:
    """Run cell ``index`` after the cells that it needs; the names that exist then."""
    namespace: dict[str, Any] = {}
    for number in [*cells_needed(notebook, index), index]:
        exec(compile(notebook.cells[number].source, f"<cell {number}>", "exec"), namespace)
    return namespace


def _names(source: str) -> Names:
    return _names_of_code(compile(source, "<cell>", "exec"))


def _names_of_code(code: CodeType) -> Names:
    """Of compiled code: Python itself has worked out there which names are global."""
    read, later, defined = set(), set(), set()
    for instruction in dis.get_instructions(code):
        value = instruction.argval
        if instruction.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
            read |= {value} - defined
        elif instruction.opname in ("STORE_NAME", "STORE_GLOBAL"):
            defined.add(value)
        elif isinstance(value, CodeType):
            inner = _names_of_code(value)
            later |= inner.read | inner.read_later
    return Names(read, later, defined)

"""A cell that runs again lets go of what its earlier run left in memory.

IPython keeps every result that a cell has shown, and ipywidgets every widget, until the kernel
ends: run again and again, a lesson would hold game after game that nobody can see any more. Here
the results and widgets of a cell's earlier run are given up when the cell runs again.

Except for widgets that a variable goes on to hold: whoever runs ``labs.append(Playground())``
twice has two playgrounds, and would not know why one of them is dead. ``lab = Playground()`` lets
go of the first. What is kept is closed as soon as no variable holds it any more.
"""

import ast
import dis
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets
from ipywidgets.widgets.widget_link import Link

__all__ = ["Leftovers", "watch"]


class Leftovers:
    """What each cell has left, and the two hooks around a cell's run that give it up.

    Args:
        shell: the IPython shell of the kernel.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._cell: str | None = None  # under way
        self._widgets: dict[str, list[ipywidgets.Widget]] = {}
        self._old: list[ipywidgets.Widget] = []  # of earlier runs, still held by variables
        self._results: dict[str, int] = {}

    def begin(self, info: Any) -> None:
        """Before a cell runs: give up what its earlier run left."""
        # Front ends name their cells; where one does not, equal cells count as one.
        self._cell = info.cell_id or info.raw_cell
        left = self._widgets.pop(self._cell, [])
        for widget in left:
            if hasattr(widget, "rest"):  # what it may give to those that the cell now makes
                widget.rest()
        self._old += left
        self._close_old(info.raw_cell)
        if self._cell in self._results:
            number, history = self._results.pop(self._cell), self._shell.history_manager
            history.output_hist.pop(number, None)
            # Since IPython 9 the history holds the pictures too.
            getattr(history, "outputs", {}).pop(number, None)
            self._shell.del_var(f"_{number}", by_name=True)

    def _close_old(self, cell: str) -> None:
        """Close widgets of earlier runs, but for those of variables that the cell leaves alone."""
        if not self._old:
            return
        lost = {"In", "Out"} | _overwritten(cell, self._shell.transform_cell)
        variables = self._shell.user_ns.items()
        held = _inside(held for name, held in variables if name not in lost and name[:1] != "_")
        old, self._old = self._old, []
        for widget in old:
            # A link goes with what it links.
            if id(widget.source[0] if isinstance(widget, Link) else widget) in held:
                self._old.append(widget)
            else:
                widget.close()

    def end(self, result: Any) -> None:
        """After a cell has run: remember the number of its result, give up what it let go of."""
        if self._cell is not None and result.execution_count is not None:
            self._results[self._cell] = result.execution_count
        self._cell = None
        self._close_old("")

    def add(self, widget: ipywidgets.Widget) -> None:
        """A widget was made; one made by a callback, when no cell runs, belongs to none."""
        if self._cell is not None:
            self._widgets.setdefault(self._cell, []).append(widget)


def _overwritten(cell: str, transform: Callable[[str], str]) -> set[str]:
    """Names that get another value before their old one is read; ``labs += ...`` reads first."""
    try:
        with warnings.catch_warnings(action="ignore"):  # they come when the cell runs
            code = compile(transform(cell), "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:
        return set()  # such a cell does nothing
    first: dict[str, str] = {}
    for step in dis.get_instructions(code):
        if step.opname.endswith("_NAME"):  # of a variable of the notebook: load, store, delete
            first.setdefault(step.argval, step.opname)
    return {name for name, use in first.items() if use != "LOAD_NAME"}


def _inside(values: Iterable[Any]) -> set[int]:
    """The identities of these, of what collections among them hold, and of parts of widgets."""
    queue, known = list(values), set()
    for value in queue:  # grows on the way
        if id(value) in known:
            continue
        known.add(id(value))
        held = vars(value) if isinstance(value, ipywidgets.Widget) else value
        if isinstance(held, dict):
            queue += held.values()
        elif isinstance(held, list | tuple | set):
            queue += held
    return known


def watch(shell: Any) -> Leftovers:
    """Watch the cells of this shell from now on, once."""
    known = getattr(shell, "gan_helpers_leftovers", None)
    if known is not None:
        return known
    shell.gan_helpers_leftovers = leftovers = Leftovers(shell)
    shell.events.register("pre_run_cell", leftovers.begin)
    shell.events.register("post_run_cell", leftovers.end)
    ipywidgets.Widget.on_widget_constructed(leftovers.add)
    return leftovers

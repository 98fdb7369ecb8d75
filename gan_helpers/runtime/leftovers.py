"""A cell that runs again lets go of what its earlier run left in memory.

IPython keeps every result that a cell has shown, and ipywidgets every widget, until the kernel
ends: run again and again, a lesson would hold game after game that nobody can see any more. Here
the results and widgets of a cell's earlier run are given up when the cell runs again.
"""

from typing import Any

import ipywidgets

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
        self._results: dict[str, int] = {}

    def begin(self, info: Any) -> None:
        """Before a cell runs: give up what its earlier run left."""
        # Front ends name their cells; where one does not, equal cells count as one.
        self._cell = info.cell_id or info.raw_cell
        for widget in self._widgets.pop(self._cell, []):
            widget.close()
        if self._cell in self._results:
            number, history = self._results.pop(self._cell), self._shell.history_manager
            history.output_hist.pop(number, None)
            # Since IPython 9 the history holds the pictures too.
            getattr(history, "outputs", {}).pop(number, None)
            self._shell.del_var(f"_{number}", by_name=True)

    def end(self, result: Any) -> None:
        """After a cell has run: remember the number of its result."""
        if self._cell is not None and result.execution_count is not None:
            self._results[self._cell] = result.execution_count
        self._cell = None

    def add(self, widget: ipywidgets.Widget) -> None:
        """A widget was made; one made by a callback, when no cell runs, belongs to none."""
        if self._cell is not None:
            self._widgets.setdefault(self._cell, []).append(widget)


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

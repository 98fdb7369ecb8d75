"""A cell that runs again leaves one result and one set of widgets, those of its last run."""

import gc
import weakref

from gan_helpers.runtime.leftovers import watch

import ipywidgets
import pytest
from IPython.core.interactiveshell import InteractiveShell


class Big:
    """Something to show."""


@pytest.fixture
def shell():
    shell = InteractiveShell()
    leftovers = watch(shell)
    assert watch(shell) is leftovers
    yield shell
    ipywidgets.Widget.on_widget_constructed(None)
    shell.history_manager.end_session()


def run(shell, source, cell_id=None):
    result = shell.run_cell(source, store_history=True, cell_id=cell_id)
    result.raise_error()
    return result.result


@pytest.mark.parametrize("cell_id", [None, "named"])
def test_a_result_is_given_up_when_its_cell_runs_again(shell, cell_id):
    shell.user_ns["Big"] = Big
    first = weakref.ref(run(shell, "Big()", cell_id))
    other = weakref.ref(run(shell, "Big()  # another cell", cell_id and "other"))
    for number in range(4):  # IPython's _, __ and ___ hold three more
        run(shell, "Big()" if cell_id is None else f"Big()  # edit {number}", cell_id)
    gc.collect()
    assert first() is None
    assert other() is not None, "that of another cell stays"
    assert len(shell.user_ns["Out"]) == 2
    assert len(getattr(shell.history_manager, "outputs", {})) <= 2


def test_widgets_are_closed_when_their_cell_runs_again(shell):
    source = "slider = ipywidgets.IntSlider(); box = ipywidgets.VBox([slider])"
    shell.user_ns["ipywidgets"] = ipywidgets
    run(shell, source, "a")
    slider, box = shell.user_ns["slider"], shell.user_ns["box"]
    run(shell, "other = ipywidgets.IntSlider()", "b")
    assert slider.comm is not None and box.comm is not None
    run(shell, source, "a")
    assert slider.comm is None and box.comm is None
    assert shell.user_ns["slider"].comm is not None and shell.user_ns["other"].comm is not None


def test_a_widget_that_no_cell_made_stays(shell):
    lone = ipywidgets.IntSlider()
    run(shell, "1", "a")
    run(shell, "1", "a")
    assert lone.comm is not None


def test_a_cell_that_fails_is_followed_by_one_that_works(shell):
    failed = shell.run_cell("1 / 0", store_history=True, cell_id="a")
    assert isinstance(failed.error_in_exec, ZeroDivisionError)
    assert run(shell, "6 * 7", "a") == run(shell, "6 * 7", "a") == 42

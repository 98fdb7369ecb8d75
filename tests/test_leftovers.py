"""A cell that runs again leaves one result and one set of widgets, those of its last run."""

import gc
import weakref

from gan_helpers.playground import Playground
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


@pytest.fixture
def made(shell):
    """The widgets that ``make()`` has made in a cell, each a box and a link between its parts."""
    made = []

    def make():
        slider = ipywidgets.IntSlider()
        box = ipywidgets.VBox([slider])
        box.unseen = ipywidgets.IntText()
        link = ipywidgets.jslink((slider, "value"), (box.unseen, "value"))
        made.append((box, link))
        return box

    shell.user_ns["make"] = make
    return made


def is_open(box_and_link):
    box, link = box_and_link
    (slider,) = box.children
    parts = (box, box.layout, slider, slider.layout, slider.style, box.unseen, link)
    states = {part.comm is not None for part in parts}
    assert len(states) == 1, "all its parts, or none"
    return states.pop()


@pytest.mark.parametrize(
    ("start", "source"),
    [
        ("held = []", "held.append(make())"),
        ("held = []", "held += [make()]"),
        ("held = ()", "held = (*held, make())"),
        ("held = {}", "held[len(held)] = make()"),
        ("held = set()", "held.add(make())"),
        ("held = {'deep': ([], 0)}", "held['deep'][0].append(make())"),
        ("held = []; held.append(held)", "box = make(); held.append(box)"),
        ("held = []", "%time held.append(make())"),
        ("held = []", "await __import__('asyncio').sleep(0); held.append(make())"),
    ],
)
def test_what_a_collection_still_holds_stays_open(shell, made, start, source):
    run(shell, start, "start")
    for _ in range(3):
        run(shell, source, "a")
    assert [is_open(each) for each in made] == [True] * 3


def test_playgrounds_in_a_list_can_all_be_played_and_what_is_compiled_goes_to_the_newest(shell):
    shell.user_ns["Playground"], labs = Playground, []
    shell.user_ns["labs"] = labs
    source = "labs.append(Playground(width=8, hidden_layers=1).advance(2))"
    run(shell, source, "a")
    engine = labs[0].game._engine
    run(shell, source, "a")
    assert labs[1].game._engine is engine
    for lab in labs:
        lab.controls.both_button.click()
        assert lab.comm is not None and lab.picture.comm is not None
        assert lab.game.step == 3 and lab.problem.value == ""


@pytest.mark.parametrize(
    "source",
    [
        "box = make()",
        "box = make()\nbox",
        "first = second = make()",
        "for number in range(2):\n    box = make()",
        "boxes = []\nboxes.append(make())",
        "boxes = {}\nfor number in range(2):\n    boxes[number] = make()",
        "_box = make()",
        "make()",
        "def use():\n    return box\nbox = make()",
    ],
)
def test_what_the_cell_overwrites_is_closed(shell, made, source):
    run(shell, source, "a")
    first = list(made)
    run(shell, source, "a")
    assert first and not any(map(is_open, first))
    assert all(map(is_open, made[len(first) :]))


def test_another_name_keeps_a_widget_open_until_it_holds_something_else(shell, made):
    run(shell, "box = make()", "a")
    run(shell, "kept = box", "b")
    run(shell, "box = make()", "a")
    assert [is_open(each) for each in made] == [True, True]
    run(shell, "kept = None", "c")
    assert [is_open(each) for each in made] == [False, True]
    run(shell, "box = make()", "a")
    assert [is_open(each) for each in made] == [False, False, True]


@pytest.mark.parametrize("mistake", ["box = make((", "if box:\n    box = make()\n  box"])
def test_a_cell_with_a_mistake_in_its_grammar_closes_nothing_that_is_held(shell, made, mistake):
    run(shell, "box = make()", "a")
    shell.run_cell(mistake, store_history=True, cell_id="a")
    assert is_open(made[0])
    run(shell, "box = make()", "a")
    assert [is_open(each) for each in made] == [False, True]


def test_a_widget_that_no_cell_made_stays(shell):
    lone = ipywidgets.IntSlider()
    run(shell, "1", "a")
    run(shell, "1", "a")
    assert lone.comm is not None


def test_a_cell_that_fails_is_followed_by_one_that_works(shell):
    failed = shell.run_cell("1 / 0", store_history=True, cell_id="a")
    assert isinstance(failed.error_in_exec, ZeroDivisionError)
    assert run(shell, "6 * 7", "a") == run(shell, "6 * 7", "a") == 42

"""Each failure fails by its number, and each remedy does what the lesson says of it."""

from gan_helpers.clinic import FAILURES, compare, measure, treat
from gan_helpers.playground import Playground, engine

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

pytestmark = pytest.mark.usefixtures("games_end")
CASES = [(name, remedy) for name, failure in FAILURES.items() for remedy in failure.remedies]
# One failure and one remedy that heals it, on the same networks, say whether games are treated and
# measured right; all the others are long.
ALWAYS = ("running crowd", "equal rates")


def marked(*case):
    return pytest.param(*case, marks=[] if case[-1] in ALWAYS else pytest.mark.long)


@pytest.mark.parametrize("name", [marked(name) for name in FAILURES])
def test_a_failure_is_there(name):
    assert measure(name, treat(name)) <= FAILURES[name].sick


# Just healthy with two of five seeds: on another processor it may be just sick.
WITHOUT_MARGIN = ("running crowd", "unrolled, 1 step")
# Takes as long as ten others, and says what five steps say; `make bench` plays it with all seeds.
LONG = ("running crowd", "unrolled, 10 steps")
# Between "helped every seed" and "helped none" one game proves nothing.
CLEAR = [
    (name, remedy)
    for name, remedy in CASES
    if FAILURES[name].remedies[remedy].cured in (0, 5)
    and (name, remedy) not in (WITHOUT_MARGIN, LONG)
]


@pytest.mark.parametrize(("name", "remedy"), [marked(*case) for case in CLEAR])
def test_a_remedy_helps_or_not_as_the_table_says(name, remedy):
    failure = FAILURES[name]
    healthy = measure(name, treat(name, remedy)) >= failure.healthy
    assert healthy == (failure.remedies[remedy].cured == 5)


def test_every_failure_has_a_cure_and_a_gap_between_sick_and_healthy():
    for failure in FAILURES.values():
        assert failure.sick < failure.healthy
        assert any(remedy.cured == 5 for remedy in failure.remedies.values())
        assert all(0 <= remedy.cured <= 5 for remedy in failure.remedies.values())


def test_the_table_names_the_game_as_it_is_and_so_many_remedies(capsys):
    widgets = len(_instances)
    compare("stuck on three modes", steps=5, at_most=1)
    assert len(_instances) == widgets, "a game that nobody can see is held"
    table = capsys.readouterr().out
    assert "as it is" in table and "one D step" in table and "R1" not in table


def test_unknown_names_say_what_there_is():
    with pytest.raises(ValueError, match="running crowd"):
        treat("flu")
    with pytest.raises(ValueError, match="one D step"):
        treat("stuck on three modes", "aspirin")


def test_another_seed_is_another_game_and_the_head_start_is_ds_alone():
    lab = treat("vanishing gradients", seed=1, steps=5)
    assert [moment.step for moment in lab.moments][:2] == [0, 0]
    assert lab.moments[1].discriminator_steps == 5
    assert lab.game.settings.seed == 1
    assert lab.run == "vanishing gradients: as it is"


def test_a_treated_game_hands_on_what_is_compiled_and_can_go_on():
    straight = treat("running crowd", steps=8)
    lab = treat("running crowd", steps=5)
    compiled = engine._waiting[-1]
    other = Playground(seed=7).advance(2)
    assert other.game._engine is compiled
    other.close()
    lab.advance(3)
    assert lab.game.step == 8
    np.testing.assert_array_equal(lab.moments[-1].fake, straight.moments[-1].fake)


def test_the_table_measures_the_game_that_is_drawn(capsys):
    for failure in ("vanishing gradients", "running crowd"):
        compare(failure, steps=7, at_most=0)
        row = capsys.readouterr().out.splitlines()[-1]
        assert f"as it is {measure(failure, treat(failure, steps=7)):28.2f}" in row

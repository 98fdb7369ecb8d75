"""The forger's bench: sliders on three functions of a lesson, and the rounds that were played."""

from gan_helpers.forge import Forge, Round

import numpy as np
import pytest


@pytest.fixture
def game():
    """A judge that knows only brightness and refuses what it has learned."""

    def forge(digits, light=0, shift=0):
        return np.roll(np.clip(digits.astype(int) + light, 0, 255).astype("uint8"), shift, axis=2)

    class Judge:
        def __init__(self):
            self.known = []

        def score(self, images):
            levels = images.mean(axis=(1, 2, 3))
            return np.array(
                [0.1 if any(abs(level - k) < 5 for k in self.known) else 0.9 for level in levels]
            )

        def learn(self, fakes):
            self.known.append(fakes.mean())

    digits = np.full((12, 28, 28, 1), 50, "uint8")
    return forge, Judge, digits, digits


@pytest.fixture
def bench(game):
    return Forge(*game, light=(0, 200, 0, 10), shift=(-5, 5, 0, 1))


def test_a_trick_works_until_the_judge_has_learned_it(bench):
    bench.set(light=100)
    assert bench.learn() == Round("light 100", 1.0, 0.9, pytest.approx(0.1), 0.9)
    bench.set(light=150)
    assert bench.learn().before == pytest.approx(0.9)
    assert [round.tools for round in bench.rounds] == ["light 100", "light 150"]
    assert "Round 2: light 150, changed 1.50, mean score 0.90, after D has learned" in bench.alt


def test_a_round_counts_if_the_forgeries_differ_and_still_pass(bench):
    bench.set(light=20)
    assert not bench.learn().fooled  # 0.2 of the ink
    for light in (50, 100, 150):
        bench.set(light=light)
        assert bench.learn().fooled
        assert not bench.learn().fooled  # D knows this one
    assert "You win, with 3 tricks." in bench.alt and "You win" in bench._table.value


def test_real_digits_are_no_forgery(bench):
    assert bench._learn_button.disabled
    with pytest.raises(ValueError, match="Move a slider first"):
        bench.learn()
    bench.set(light=10)
    assert not bench._learn_button.disabled
    bench.set()
    assert bench._learn_button.disabled and bench.judge.known == []


def test_beginning_again_takes_a_new_judge_and_forgets_the_rounds(bench):
    bench.set(light=100)
    bench.learn()
    judge = bench.judge
    bench._buttons[2].click()
    assert bench.judge is not judge and bench.judge.known == []
    assert bench.rounds == [] and bench.tools == {"light": 0, "shift": 0}
    assert "So far: 0." in bench._table.value and "light 100" not in bench._table.value
    assert "Forgeries made with no tool, scores 0.90" in bench.alt


def test_the_sliders_and_the_button_do_the_same(bench):
    before = bench.still
    bench.figure.sliders["light"].value = 100
    assert bench.still != before and bench.tools == {"light": 100, "shift": 0}
    assert "Forgeries made with light 100" in bench.alt
    bench._learn_button.click()
    assert len(bench.rounds) == 1 and not bench._learn_button.disabled
    assert "<td style='padding: 2px 14px'>light 100</td>" in bench._table.value


def test_tools_not_named_go_back(bench):
    bench.set(light=100, shift=3)
    bench.set(light=50)
    assert bench.tools == {"light": 50, "shift": 0}
    with pytest.raises(ValueError, match="no tool 'glue', only light, shift"):
        bench.set(glue=3)
    with pytest.raises(ValueError, match="shift runs from -5 to 5, in steps of 1"):
        bench.set(shift=9)


def test_other_digits_come_in_turn(game):
    forge, teach, *_ = game
    digits = np.zeros((40, 28, 28, 1), "uint8") + np.arange(40, dtype="uint8")[:, None, None, None]
    bench = Forge(forge, teach, digits, digits, light=(0, 200, 0, 10))
    first = bench.still
    bench._buttons[1].click()
    assert bench.still != first


def test_without_a_front_end_a_still_remains_with_words(bench):
    data, metadata = bench._repr_mimebundle_()
    assert data["image/png"] and "Forgeries made with no tool" in data["text/plain"]
    assert metadata["image/png"]["alt"] == bench.alt


def test_an_error_while_learning_leaves_the_bench_usable(game):
    forge, teach, digits, _ = game

    class Fails(teach):
        def learn(self, fakes):
            raise RuntimeError("no")

    bench = Forge(forge, Fails, digits, digits, light=(0, 200, 0, 10))
    bench.set(light=10)
    with pytest.raises(RuntimeError):
        bench.learn()
    assert not any(button.disabled for button in bench._buttons) and bench.rounds == []


@pytest.mark.parametrize(
    ("place", "value", "error", "message"),
    [
        (0, "forge", TypeError, "forge"),
        (1, None, TypeError, "teach"),
        (1, dict, TypeError, "judge.score"),
        (2, np.zeros((5, 28, 28, 1), "uint8"), ValueError, "at least 6"),
        (2, np.zeros((9, 28, 28, 1)), TypeError, "uint8"),
        (3, np.zeros((9, 28, 28, 1)), TypeError, "uint8"),
    ],
)
def test_what_does_not_fit_is_refused(game, place, value, error, message):
    given = [*game]
    given[place] = value
    with pytest.raises(error, match=message):
        Forge(*given, light=(0, 200, 0, 10))

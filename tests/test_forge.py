"""The forger's bench: sliders on three functions of a lesson, and the rounds that were played."""

from gan_helpers.forge import Forge, Round

import numpy as np
import pytest


@pytest.fixture
def game():
    """A judge that knows only brightness and refuses what it has learned."""
    known = []

    def forge(digits, light=0, shift=0):
        return np.roll(np.clip(digits.astype(int) + light, 0, 255).astype("uint8"), shift, axis=2)

    def score(images):
        levels = images.mean(axis=(1, 2, 3))
        return np.array(
            [0.1 if any(abs(level - k) < 5 for k in known) else 0.9 for level in levels]
        )

    def learn(fakes):
        known.append(fakes.mean())

    digits = np.full((12, 28, 28, 1), 50, "uint8")
    return forge, score, learn, digits, digits


@pytest.fixture
def bench(game):
    return Forge(*game, light=(0, 200, 0, 10), shift=(-5, 5, 0, 1))


def test_a_trick_works_until_the_judge_has_learned_it(bench):
    bench.set(light=100)
    assert bench.learn() == Round("light 100", 0.9, pytest.approx(0.1), 0.9)
    bench.set(light=150)
    assert bench.learn().before == pytest.approx(0.9)
    assert [round.tools for round in bench.rounds] == ["light 100", "light 150"]
    assert "Round 2: light 150, mean score 0.90, after D has learned 0.10" in bench.alt


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


def test_other_digits_come_in_turn(game):
    forge, score, learn, *_ = game
    digits = np.zeros((40, 28, 28, 1), "uint8") + np.arange(40, dtype="uint8")[:, None, None, None]
    bench = Forge(forge, score, learn, digits, digits, light=(0, 200, 0, 10))
    first = bench.still
    bench._digit_button.click()
    assert bench.still != first


def test_without_a_front_end_a_still_remains_with_words(bench):
    data, metadata = bench._repr_mimebundle_()
    assert data["image/png"] and "Forgeries made with no tool" in data["text/plain"]
    assert metadata["image/png"]["alt"] == bench.alt


def test_an_error_while_learning_leaves_the_bench_usable(game):
    forge, score, _, digits, _ = game

    def fails(fakes):
        raise RuntimeError("no")

    bench = Forge(forge, score, fails, digits, digits, light=(0, 200, 0, 10))
    with pytest.raises(RuntimeError):
        bench.learn()
    assert not bench._learn_button.disabled and bench.rounds == []


@pytest.mark.parametrize(
    ("place", "value", "error", "message"),
    [
        (0, "forge", TypeError, "forge"),
        (1, None, TypeError, "score"),
        (2, 3, TypeError, "learn"),
        (3, np.zeros((5, 28, 28, 1), "uint8"), ValueError, "at least 6"),
        (3, np.zeros((9, 28, 28, 1)), TypeError, "uint8"),
        (4, np.zeros((9, 28, 28, 1)), TypeError, "uint8"),
    ],
)
def test_what_does_not_fit_is_refused(game, place, value, error, message):
    given = [*game]
    given[place] = value
    with pytest.raises(error, match=message):
        Forge(*given, light=(0, 200, 0, 10))

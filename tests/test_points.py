"""The distributions lie where they say, and the measurements know good points from bad ones."""

from gan_helpers.playground import DISTRIBUTIONS, EDGE, divergences, from_points, quality

import numpy as np
import pytest


def draw(name: str, count: int = 2000, seed: int = 0) -> np.ndarray:
    return DISTRIBUTIONS[name].sample(count, np.random.default_rng(seed))


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_sample_lies_in_the_plane_and_fits_its_own_distribution(name):
    points = draw(name)
    assert points.shape == (2000, 2) and points.dtype == np.float32
    assert np.mean(np.abs(points) < EDGE) > 0.99
    found = quality(points, DISTRIBUTIONS[name])
    # Three standard deviations in two dimensions leave out 1 point in 90.
    assert found["good"] > 0.97
    modes = len(DISTRIBUTIONS[name].centres) if DISTRIBUTIONS[name].separate else 0
    assert found["covered"] == modes


def test_the_counts_of_modes_are_those_of_their_names():
    assert len(DISTRIBUTIONS["ring of 8"].centres) == 8
    assert len(DISTRIBUTIONS["grid of 25"].centres) == 25


def test_the_same_seed_draws_the_same_points():
    assert np.array_equal(draw("two moons"), draw("two moons"))
    assert not np.array_equal(draw("two moons"), draw("two moons", seed=1))


def test_a_collapsed_generator_covers_one_mode_with_good_points():
    ring = DISTRIBUTIONS["ring of 8"]
    found = quality(np.repeat(ring.centres[:1], 500, axis=0), ring)
    assert found == {"good": 1.0, "covered": 1}


def test_a_mode_needs_a_tenth_of_its_share():
    ring = DISTRIBUTIONS["ring of 8"]
    # A fair share of 800 points is 100; the second mode gets 9, then 10.
    few = np.concatenate([np.repeat(ring.centres[:1], 791, 0), np.repeat(ring.centres[1:2], 9, 0)])
    assert quality(few, ring)["covered"] == 1
    few[790] = ring.centres[1]
    assert quality(few, ring)["covered"] == 2


def test_points_far_away_are_not_good():
    ring = DISTRIBUTIONS["ring of 8"]
    assert quality(np.zeros((10, 2)), ring) == {"good": 0.0, "covered": 0}


def test_divergences_order_samples_by_how_alike_they_are():
    real, again = draw("grid of 25"), draw("grid of 25", seed=1)
    other = draw("ring of 8")
    same, near, far = (
        divergences(real, fake) for fake in (again, np.concatenate([again, other]), other)
    )
    for name in ("KL", "JS"):
        assert 0 < same[name] < near[name] < far[name]


def test_js_is_0_for_equal_points_and_log_2_for_points_that_share_no_cell():
    points = draw("line")
    assert divergences(points, points)["JS"] == 0
    left, right = np.full((50, 2), -1.0), np.full((70, 2), 1.0)
    assert divergences(left, right)["JS"] == pytest.approx(np.log(2))


def test_points_outside_count_at_the_edge():
    inside, outside = np.full((5, 2), EDGE - 0.01), np.full((5, 2), 100.0)
    assert divergences(inside, outside)["JS"] == 0


def test_own_points_become_a_distribution():
    own = from_points(np.array([[0.5, -0.5], [1.0, 1.0]]), spread=0.01)
    sample = own.sample(100, np.random.default_rng(0))
    assert quality(sample, own)["good"] > 0.9
    assert not own.separate


@pytest.mark.parametrize(
    ("points", "spread", "words"),
    [
        (np.zeros((3, 3)), 0.05, "shape"),
        (np.zeros((0, 2)), 0.05, "at least one"),
        (np.full((3, 2), 9.0), 0.05, "outside"),
        (np.zeros((2001, 2)), 0.05, "at most 2,000"),
        (np.full((3, 2), np.nan), 0.05, "finite"),
        (np.zeros((3, 2)), 0.0, "above 0"),
    ],
)
def test_points_that_do_not_fit_say_what_to_do(points, spread, words):
    with pytest.raises(ValueError, match=words):
        from_points(points, spread)

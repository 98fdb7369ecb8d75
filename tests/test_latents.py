import re

from gan_helpers import models
from gan_helpers.latents import invert, spherical_interpolation

import keras
import numpy as np
import pytest
import tensorflow as tf


@pytest.fixture
def random():
    """Each test draws its own numbers, whichever tests run beside it."""
    return np.random.default_rng(8)


def length(latents):
    return np.linalg.norm(latents, axis=-1)


def angle(first, second):
    cosine = (first * second).sum(axis=-1) / (length(first) * length(second))
    return np.arccos(cosine.clip(-1, 1))


class TestSphericalInterpolation:
    def test_right_angle_by_hand(self):
        way = spherical_interpolation([2.0, 0.0], [0.0, 2.0], [0, 1 / 3, 0.5, 1])
        expected = [[2, 0], [3**0.5, 1], [2**0.5, 2**0.5], [0, 2]]
        np.testing.assert_allclose(way, expected, atol=1e-6)
        assert way.dtype == np.float32

    def test_ends_lengths_and_equal_steps(self, random):
        start, end = random.normal(size=(2, 20, 64))
        start, end = (8 * latents / length(latents)[:, None] for latents in (start, end))
        way = spherical_interpolation(start, end, np.linspace(0, 1, 9))
        assert way.shape == (9, 20, 64)
        np.testing.assert_allclose(way[[0, -1]], [start, end], atol=1e-5)
        np.testing.assert_allclose(length(way), 8, atol=1e-5)
        steps = angle(way[1:].astype(float), way[:-1].astype(float))
        np.testing.assert_allclose(steps, np.broadcast_to(steps[:1], steps.shape), atol=1e-4)

    def test_back_and_forth_is_the_same_way(self, random):
        start, end = random.normal(size=(2, 5, 64))
        there = spherical_interpolation(start, end, 0.3)
        np.testing.assert_allclose(there, spherical_interpolation(end, start, 0.7), atol=1e-5)

    def test_one_number_keeps_the_shape(self):
        assert spherical_interpolation(np.ones(64), np.arange(1, 65), 0.5).shape == (64,)

    def test_parallel_vectors_are_joined_by_a_straight_line(self):
        start = np.array([[1.0, 2.0], [3.0, 0.0]])
        np.testing.assert_allclose(spherical_interpolation(start, start, 0.4), start)
        np.testing.assert_allclose(spherical_interpolation(start, 3 * start, 0.5), 2 * start)

    def test_positions_of_any_shape_come_first(self):
        start, end = np.eye(2, 64)
        positions = np.linspace(0, 1, 6).reshape(2, 3)
        way = spherical_interpolation(start, end, positions)
        assert way.shape == (2, 3, 64)
        np.testing.assert_allclose(way[1, 0], spherical_interpolation(start, end, 0.6), atol=1e-6)

    @pytest.mark.parametrize(
        ("start", "end", "message"),
        [
            (np.ones(4), np.ones(5), "Give as many starts as ends"),
            (np.zeros(4), np.ones(4), "no direction"),
            (np.ones(4), -2 * np.ones(4), "opposite directions"),
            (np.full(4, np.nan), np.ones(4), "start holds NaN"),
            (1.0, 2.0, "start is one number"),
        ],
    )
    def test_what_has_no_way_is_refused(self, start, end, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            spherical_interpolation(start, end, 0.5)

    @pytest.mark.parametrize("position", [np.nan, [0.5, np.inf]])
    def test_a_position_that_is_no_number_is_refused(self, position):
        with pytest.raises(ValueError, match="position holds NaN or infinity"):
            spherical_interpolation(*np.eye(2), position)


@pytest.fixture(scope="module")
def painter():
    """A generator whose image shows its four latents: what is hidden cannot be found."""

    def paint(latents):
        return tf.tanh(tf.reshape(latents, (-1, 2, 2, 1)) / 2)

    return paint


class TestInvert:
    def test_it_finds_latents_that_make_the_image(self, painter):
        true = np.random.default_rng(1).standard_normal((3, 4)).astype("float32")
        images = painter(true).numpy()
        found = invert(painter, images, latent_dim=4, starts=2, steps=150, prior=0)
        assert found.latents.shape == (3, 4) and found.latents.dtype == np.float32
        assert found.history.shape == (151, 3, 2)
        np.testing.assert_allclose(found.latents, true, atol=0.05)
        assert found.errors.max() < 1e-4

    def test_each_image_keeps_the_best_of_its_starts(self, painter, random):
        images = random.uniform(-1, 1, (5, 2, 2, 1)).astype("float32")
        found = invert(painter, images, latent_dim=4, starts=4, steps=2, prior=0)
        last = found.history[-1]
        assert last.shape == (5, 4)
        assert (last.max(axis=1) > 1.1 * last.min(axis=1)).all()  # else any start would do
        assert len(set(last.argmin(axis=1))) > 1
        np.testing.assert_array_equal(found.errors, last.min(axis=1))
        errors = ((painter(found.latents) - images) ** 2).numpy().mean((1, 2, 3))
        np.testing.assert_allclose(found.errors, errors, atol=1e-6)

    def test_a_start_that_diverges_loses(self, painter):
        """About half of the starts: those whose first number is above 0."""

        def paint(latents):
            broken = tf.where(latents[:, :1] > 0, np.nan, 0.0)
            return painter(latents) + broken[:, None, None]

        images = np.zeros((3, 2, 2, 1), "float32")
        found = invert(paint, images, latent_dim=4, starts=8, steps=2)
        diverged = np.isnan(found.history[-1])
        assert diverged.any(axis=1).all() and not diverged.all(axis=1).any()
        assert np.isfinite(found.latents).all() and np.isfinite(found.errors).all()
        np.testing.assert_array_equal(found.errors, np.nanmin(found.history[-1], axis=1))

    def test_no_start_left_is_said(self, painter):
        def paint(latents):
            return painter(latents) * np.nan

        with pytest.raises(ValueError, match="All 2 starts of image 0 diverged"):
            invert(paint, np.zeros((1, 2, 2, 1)), latent_dim=4, starts=2, steps=1)

    def test_images_of_another_size_are_refused_before_the_search(self, painter):
        # (1, 1, 1) would be stretched over all pixels, and searched for.
        message = "makes images of shape (2, 2, 1) (4 of 4 latents), but these have (1, 1, 1)"
        with pytest.raises(ValueError, match=re.escape(message)):
            invert(painter, np.zeros((1, 1, 1, 1)), latent_dim=4)

    def test_hidden_pixels_have_no_say(self, painter):
        images = painter(np.array([[1.0, -1.0, 0.5, 2.0]], "float32")).numpy()
        damaged = images.copy()
        damaged[0, 1] = -1
        mask = np.array([1, 0], "float32").reshape(2, 1, 1)
        options = {"mask": mask, "latent_dim": 4, "steps": 60, "prior": 0, "seed": 3}
        found, same = (invert(painter, pictures, **options) for pictures in (images, damaged))
        np.testing.assert_array_equal(found.latents, same.latents)
        assert found.errors[0] < 1e-3

    def test_the_prior_pulls_to_the_shell(self, painter):
        images = np.zeros((1, 2, 2, 1), "float32")
        free, held = (
            invert(painter, images, latent_dim=4, steps=100, prior=prior) for prior in (0, 10)
        )
        assert length(free.latents)[0] < 0.2
        assert 1.6 < length(held.latents)[0] < 2.1

    def test_the_same_seed_finds_the_same(self, painter, random):
        images = random.uniform(-1, 1, (2, 2, 2, 1)).astype("float32")
        first, again, other = (
            invert(painter, images, latent_dim=4, steps=3, seed=seed).latents for seed in (5, 5, 6)
        )
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()

    def test_a_network_stays_as_it_is(self, random):
        keras.utils.set_random_seed(0)
        generator = models.build_dcgan_generator(8, (8, 8, 3), width=4)
        before = generator.get_weights()
        images = random.uniform(-1, 1, (2, 8, 8, 3)).astype("float32")
        invert(generator, images, latent_dim=8, starts=2, steps=3)
        for old, new in zip(before, generator.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)

    def test_pixels_are_refused(self, painter):
        with pytest.raises(TypeError, match="to_model_range"):
            invert(painter, np.zeros((1, 2, 2, 1), "uint8"))

    @pytest.mark.parametrize(
        ("images", "options", "message"),
        [
            (np.zeros((2, 2, 1)), {}, "images[None]"),
            (np.full((1, 2, 2, 1), 200.0), {}, "run from 200 to 200"),
            (np.full((1, 2, 2, 1), np.nan), {}, "images hold NaN"),
            (np.zeros((0, 2, 2, 1)), {}, "there is none"),
            (
                np.zeros((1, 2, 2, 1)),
                {"latent_dim": 0},
                "latent_dim must be a whole",
            ),
            (np.zeros((1, 2, 2, 1)), {"steps": 0}, "steps must be a whole number of at least 1"),
            (np.zeros((1, 2, 2, 1)), {"starts": 0}, "starts must be a whole number of at least 1"),
            (
                np.zeros((1, 2, 2, 1)),
                {"learning_rate": 0},
                "must be a finite number above 0",
            ),
            (np.zeros((1, 2, 2, 1)), {"learning_rate": np.nan}, "but is nan"),
            (np.zeros((1, 2, 2, 1)), {"prior": -1}, "prior must be a finite number of at least 0"),
            (np.zeros((1, 2, 2, 1)), {"prior": np.nan}, "but is nan"),
            (np.zeros((1, 2, 2, 1)), {"mask": np.ones((3, 3, 1))}, "The mask has shape (3, 3, 1)"),
            (np.zeros((1, 2, 2, 1)), {"mask": np.full((2, 2, 1), 0.5)}, "must hold 1"),
            (np.zeros((1, 2, 2, 1)), {"mask": np.zeros((2, 2, 1))}, "hides an image completely"),
        ],
    )
    def test_bad_input_is_named(self, painter, images, options, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            invert(painter, images, **{"latent_dim": 4, **options})

"""The digits collapse with Adam's usual beta_1 and are cured by R1, which changes no rate."""

from gan_helpers.clinic import Remedy, count_digits, train_digits, train_namer
from gan_helpers.data import load_mnist, to_model_range
from gan_helpers.remedies import r1_penalty

import keras
import numpy as np
import pytest


@pytest.fixture(scope="module")
def digits():
    images, labels = load_mnist("train")
    return to_model_range(images), labels


@pytest.fixture(scope="module")
def namer(digits):
    return train_namer(*digits, epochs=3)


@pytest.mark.long
def test_the_namer_knows_digits(namer):
    images, labels = load_mnist("test")
    _, accuracy = namer.evaluate(to_model_range(images), labels, verbose=0)
    assert accuracy > 0.88


@pytest.mark.long
def test_digits_collapse_and_are_cured(digits, namer):
    r1 = Remedy("R1, 1", penalty=lambda discriminator, real, fake: r1_penalty(discriminator, real))
    usual = {"discriminator_rate": 2e-3, "beta_1": 0.9}
    collapsed = train_digits(digits[0], steps=900, **usual)
    cured = train_digits(digits[0], r1, steps=900, **usual)
    assert count_digits(namer, collapsed)[1] < 4
    assert count_digits(namer, cured)[1] > 5


def test_effective_classes_are_those_of_the_counts():
    class Alternating(keras.Model):
        input_shape = (None, 4)

        def call(self, latents, training=None):
            bright_pixel = keras.ops.arange(len(latents)) % 2
            return keras.ops.reshape(keras.ops.one_hot(bright_pixel, 784), (-1, 28, 28, 1))

    layers = [keras.layers.Flatten(), keras.layers.Dense(10, kernel_initializer="identity")]
    namer = keras.Sequential([keras.Input((28, 28, 1)), *layers])
    counts, effective = count_digits(namer, Alternating(), count=50)
    assert isinstance(counts, np.ndarray) and counts.tolist() == [25, 25] + 8 * [0]
    assert effective == pytest.approx(2)


def test_each_player_learns_at_its_own_rate():
    rates = []

    def noted(game, remedy):
        pair = game.generator_optimizer, game.discriminator_optimizer
        rates.append([float(each.learning_rate) for each in pair] + [pair[0].beta_1])

    updates = (noted, lambda game, remedy: None)
    images = np.full((2, 28, 28, 1), -1.0, np.float32)
    train_digits(images, None, 1, updates=updates, discriminator_rate=1e-3, beta_1=0.9)
    assert rates == [pytest.approx([2e-3, 1e-3, 0.9])]


def test_a_seed_makes_the_same_digits():
    images = np.full((2, 28, 28, 1), -1.0, np.float32)
    latents = keras.random.normal((2, 64), seed=0)
    made = [train_digits(images, None, 2, seed)(latents) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])

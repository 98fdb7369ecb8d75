"""The digits collapse when G learns much faster than D, and not at equal rates."""

from gan_helpers import training
from gan_helpers.clinic import count_digits, train_digits, train_namer
from gan_helpers.clinic import digits as digits_of_the_clinic
from gan_helpers.data import load_mnist, to_model_range

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
    collapsed = train_digits(digits[0], 2e-3, 1e-4, steps=500)
    cured = train_digits(digits[0], 2e-3, 2e-3, steps=500)
    assert count_digits(namer, collapsed)[1] < 3
    assert count_digits(namer, cured)[1] > 4.5


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


def test_each_player_learns_at_its_own_rate(monkeypatch):
    made = []

    class Noted(training.GAN):
        def compile(self, *arguments, **options):
            super().compile(*arguments, **options)
            made.append(self)

    monkeypatch.setattr(digits_of_the_clinic, "GAN", Noted)
    generator = train_digits(np.zeros((2, 28, 28, 1), np.float32), 2e-3, 1e-4, steps=0)
    (gan,) = made
    rates = [gan.generator_optimizer.learning_rate, gan.discriminator_optimizer.learning_rate]
    assert [float(rate) for rate in rates] == pytest.approx([2e-3, 1e-4])
    assert generator is gan.generator

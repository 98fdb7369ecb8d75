from gan_helpers import losses

import keras
import numpy as np
import pytest
import tensorflow as tf

RANDOM = np.random.default_rng(0)
REAL = RANDOM.normal(size=(64, 1)).astype("float32")
FAKE = RANDOM.normal(size=(64, 1)).astype("float32")


def as_number(tensor):
    return float(keras.ops.convert_to_numpy(tensor))


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits.astype("float64")))


def test_discriminator_loss_is_keras_binary_cross_entropy():
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    expected = cross_entropy(np.ones_like(REAL), REAL) + cross_entropy(np.zeros_like(FAKE), FAKE)
    assert as_number(losses.discriminator_loss(REAL, FAKE)) == pytest.approx(
        as_number(expected), rel=1e-5
    )


def test_cross_entropy_losses_match_their_formulas_in_probabilities():
    assert as_number(losses.non_saturating_generator_loss(FAKE)) == pytest.approx(
        -np.log(sigmoid(FAKE)).mean(), rel=1e-5
    )
    assert as_number(losses.minimax_generator_loss(FAKE)) == pytest.approx(
        np.log(1 - sigmoid(FAKE)).mean(), rel=1e-5
    )


def test_an_undecided_discriminator_gives_the_equilibrium_values():
    undecided = np.zeros((8, 1), "float32")
    assert as_number(losses.discriminator_loss(undecided, undecided)) == pytest.approx(np.log(4))
    assert as_number(losses.non_saturating_generator_loss(undecided)) == pytest.approx(np.log(2))
    assert as_number(losses.minimax_generator_loss(undecided)) == pytest.approx(-np.log(2))


@pytest.mark.parametrize("name", losses.__all__)
def test_extreme_logits_give_finite_losses_and_gradients(name):
    loss = getattr(losses, name)
    for value in (-1e4, 1e4):
        logits = tf.fill((4, 1), value)
        with tf.GradientTape() as tape:
            tape.watch(logits)
            result = loss(logits, logits) if "discriminator" in name else loss(logits)
        assert np.isfinite(as_number(result))
        assert np.all(np.isfinite(tape.gradient(result, logits)))


@pytest.mark.parametrize("name", [name for name in losses.__all__ if "discriminator" not in name])
def test_a_better_fake_lowers_every_generator_loss(name):
    loss = getattr(losses, name)
    worse, better = np.full((4, 1), -1.0, "float32"), np.full((4, 1), 0.5, "float32")
    assert as_number(loss(better)) < as_number(loss(worse))


@pytest.mark.parametrize("name", [name for name in losses.__all__ if "discriminator" in name])
def test_telling_real_from_fake_lowers_every_discriminator_loss(name):
    loss = getattr(losses, name)
    high, low = np.full((4, 1), 0.9, "float32"), np.full((4, 1), -0.9, "float32")
    assert as_number(loss(high, low)) < as_number(loss(low, high))


def test_the_minimax_gradient_vanishes_where_the_non_saturating_one_does_not():
    logits = tf.fill((1, 1), -10.0)  # the discriminator is sure: fake
    gradients = {}
    for name in ("minimax_generator_loss", "non_saturating_generator_loss"):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            result = getattr(losses, name)(logits)
        gradients[name] = abs(float(tape.gradient(result, logits)[0, 0]))
    assert gradients["minimax_generator_loss"] < 1e-4
    assert gradients["non_saturating_generator_loss"] > 0.99

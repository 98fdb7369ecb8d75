from gan_helpers import losses

import keras
import numpy as np
import pytest
import tensorflow as tf

RANDOM = np.random.default_rng(0)
REAL = RANDOM.normal(size=(64, 1)).astype("float32")
FAKE = RANDOM.normal(size=(64, 1)).astype("float32")
PAIRS = [name for name in losses.__all__ if name.endswith(("generator_loss", "discriminator_loss"))]


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


@pytest.mark.parametrize("name", PAIRS)
def test_extreme_logits_give_finite_losses_and_gradients(name):
    loss = getattr(losses, name)
    for value in (-1e4, 1e4):
        logits = tf.fill((4, 1), value)
        with tf.GradientTape() as tape:
            tape.watch(logits)
            result = loss(logits, logits) if "discriminator" in name else loss(logits)
        assert np.isfinite(as_number(result))
        assert np.all(np.isfinite(tape.gradient(result, logits)))


@pytest.mark.parametrize("name", [name for name in PAIRS if "discriminator" not in name])
def test_a_better_fake_lowers_every_generator_loss(name):
    loss = getattr(losses, name)
    worse, better = np.full((4, 1), -1.0, "float32"), np.full((4, 1), 0.5, "float32")
    assert as_number(loss(better)) < as_number(loss(worse))


@pytest.mark.parametrize("name", [name for name in PAIRS if "discriminator" in name])
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


def test_realness_is_the_odds_of_all_classes_against_fake():
    logits = RANDOM.normal(size=(64, 10)).astype("float32")
    with_fake = np.concatenate([logits, np.zeros((64, 1), "float32")], axis=1)
    probability = keras.ops.convert_to_numpy(keras.ops.softmax(with_fake))[:, :10].sum(axis=1)
    result = keras.ops.convert_to_numpy(losses.realness(logits))
    assert result.shape == (64, 1)
    np.testing.assert_allclose(sigmoid(result[:, 0]), probability, rtol=1e-5)


def test_the_realness_of_a_single_class_is_its_logit():
    np.testing.assert_allclose(losses.realness(REAL), REAL, rtol=1e-6)


def test_class_loss_is_the_cross_entropy_of_the_softmax():
    logits, labels = RANDOM.normal(size=(64, 10)).astype("float32"), np.arange(64) % 10
    exponents = np.exp(logits.astype("float64"))
    probabilities = exponents[np.arange(64), labels] / exponents.sum(axis=1)
    assert as_number(losses.class_loss(logits, labels)) == pytest.approx(
        -np.log(probabilities).mean(), rel=1e-5
    )


def test_class_loss_does_not_care_how_real_an_image_looks():
    logits, labels = RANDOM.normal(size=(8, 3)).astype("float32"), np.arange(8) % 3
    assert as_number(losses.class_loss(logits + 5, labels)) == pytest.approx(
        as_number(losses.class_loss(logits, labels)), rel=1e-5
    )


def test_the_asked_logit_is_the_one_of_the_label():
    logits = RANDOM.normal(size=(6, 3)).astype("float32")
    labels = np.array([2, 0, 1, 1, 0, 2])
    asked = keras.ops.convert_to_numpy(losses.asked_logit(logits, labels))
    np.testing.assert_array_equal(asked, logits[np.arange(6), labels][:, None])

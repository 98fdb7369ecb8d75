"""Remedies against their formulas, on discriminators whose slopes are known."""

from gan_helpers import remedies
from gan_helpers.losses import discriminator_loss
from gan_helpers.playground import build_point_discriminator

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

RANDOM = np.random.default_rng(0)
REAL = RANDOM.normal(size=(16, 2)).astype("float32")
FAKE = RANDOM.normal(size=(16, 2)).astype("float32")
SHARES = RANDOM.uniform(size=(16, 1)).astype("float32")


def as_number(tensor) -> float:
    return float(ops.convert_to_numpy(tensor))


def linear(samples):
    return samples @ tf.constant([[3.0], [4.0]])  # its slope is 5 everywhere


def bowl(samples):
    return 0.5 * ops.sum(ops.square(samples), axis=1, keepdims=True)  # its slope is the place


def test_the_gradient_penalty_is_the_squared_distance_of_the_slope_from_one():
    penalty = remedies.gradient_penalty(linear, REAL, FAKE, SHARES)
    assert as_number(penalty) == pytest.approx((5 - 1) ** 2, rel=1e-5)
    places = FAKE + SHARES * (REAL - FAKE)
    expected = np.square(np.linalg.norm(places, axis=1) - 1).mean()
    assert as_number(remedies.gradient_penalty(bowl, REAL, FAKE, SHARES)) == pytest.approx(
        expected, rel=1e-4
    )


def test_the_r1_penalty_is_the_squared_slope_at_real_samples():
    assert as_number(remedies.r1_penalty(linear, REAL)) == pytest.approx(25, rel=1e-5)
    expected = np.square(REAL).sum(axis=1).mean()
    assert as_number(remedies.r1_penalty(bowl, REAL)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "penalty",
    [
        lambda network: remedies.gradient_penalty(network, REAL, FAKE, SHARES),
        lambda network: remedies.r1_penalty(network, REAL),
    ],
)
def test_a_flat_discriminator_gets_a_finite_gradient(penalty):
    network = build_point_discriminator(width=4)
    network.set_weights([np.zeros_like(weight) for weight in network.get_weights()])
    with tf.GradientTape() as tape:
        value = penalty(network)
    gradients = tape.gradient(value, network.trainable_variables)
    found = [gradient for gradient in gradients if gradient is not None]
    assert found and all(np.isfinite(gradient).all() for gradient in found)


def test_images_have_one_slope_each():
    images = RANDOM.normal(size=(4, 3, 3, 2)).astype("float32")

    def total(samples):
        return ops.reshape(ops.sum(samples, axis=(1, 2, 3)), (-1, 1))

    assert as_number(remedies.r1_penalty(total, images)) == pytest.approx(18, rel=1e-5)


def test_the_smoothed_loss_is_lowest_at_its_target():
    fake_logits = np.zeros((5, 1), "float32")
    logits = np.linspace(-4, 6, 1001).astype("float32")
    losses = [
        as_number(remedies.smoothed_discriminator_loss(ops.reshape(logit, (1, 1)), fake_logits))
        for logit in logits
    ]
    assert logits[int(np.argmin(losses))] == pytest.approx(np.log(0.9 / 0.1), abs=0.02)
    assert as_number(remedies.smoothed_discriminator_loss(REAL, FAKE, target=1)) == pytest.approx(
        as_number(discriminator_loss(REAL, FAKE)), rel=1e-6
    )
    for target in (0, 1.2):
        with pytest.raises(ValueError, match="above 0 and at most 1"):
            remedies.smoothed_discriminator_loss(REAL, FAKE, target=target)


def test_a_pack_holds_neighbours_side_by_side():
    samples = np.arange(12, dtype="float32").reshape(6, 2)
    packs = ops.convert_to_numpy(remedies.pack(samples, 3))
    np.testing.assert_array_equal(packs, samples.reshape(2, 6))
    with pytest.raises(ValueError, match="packs of 4"):
        remedies.pack(samples, 4)


def test_the_minibatch_deviation_tells_how_much_a_batch_differs():
    layer = remedies.MinibatchDeviation()
    samples = np.array([[0.0, 5.0], [2.0, 5.0]], "float32")  # deviations 1 and 0
    result = ops.convert_to_numpy(layer(samples))
    np.testing.assert_array_equal(result[:, :2], samples)
    np.testing.assert_allclose(result[:, 2], 0.5, atol=1e-3)
    alike = tf.ones((4, 2))
    with tf.GradientTape() as tape:
        tape.watch(alike)
        value = ops.sum(layer(alike))
    assert np.isfinite(tape.gradient(value, alike)).all()
    assert as_number(layer(alike)[0, 2]) < 1e-3
    copied = keras.layers.deserialize(keras.layers.serialize(layer))
    np.testing.assert_array_equal(ops.convert_to_numpy(copied(samples)), result)


def test_an_unrolled_discriminator_is_the_one_after_plain_gradient_steps():
    network, twin = (build_point_discriminator(width=4, seed=1) for _ in range(2))
    before = network.get_weights()
    judge = remedies.unroll(network, discriminator_loss, REAL, FAKE, steps=3, rate=0.2)
    optimizer = keras.optimizers.SGD(0.2)
    optimizer.build(twin.trainable_variables)
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = discriminator_loss(twin(REAL), twin(FAKE))
        optimizer.apply(tape.gradient(loss, twin.trainable_variables), twin.trainable_variables)
    np.testing.assert_allclose(judge(REAL), twin(REAL), rtol=1e-4, atol=1e-6)
    for first, second in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    unchanged = remedies.unroll(network, discriminator_loss, REAL, FAKE, steps=0, rate=0.2)
    np.testing.assert_allclose(unchanged(REAL), network(REAL), rtol=1e-5)


def test_the_generator_sees_through_the_steps_to_come():
    network = build_point_discriminator(width=8, seed=1)

    def score(fake):
        judge = remedies.unroll(network, discriminator_loss, REAL, fake, steps=2, rate=0.5)
        return ops.sum(judge(fake))

    fake = tf.constant(FAKE)
    with tf.GradientTape() as tape:
        tape.watch(fake)
        value = score(fake)
    gradient = tape.gradient(value, fake).numpy()
    direction = RANDOM.normal(size=FAKE.shape).astype("float32")
    step = 1e-3
    difference = as_number(score(FAKE + step * direction)) - as_number(
        score(FAKE - step * direction)
    )
    assert difference / (2 * step) == pytest.approx((gradient * direction).sum(), rel=0.05)
    # Looking at today's D alone gives another gradient.
    with tf.GradientTape() as tape:
        tape.watch(fake)
        value = ops.sum(network(fake))
    assert not np.allclose(tape.gradient(value, fake), gradient, rtol=0.1)


def test_the_relativistic_losses_ask_for_the_difference_of_a_pair():
    real, fake = np.array([[3.0], [-1.0]], "float32"), np.array([[1.0], [2.0]], "float32")
    of_d = as_number(remedies.relativistic_discriminator_loss(real, fake))
    of_g = as_number(remedies.relativistic_generator_loss(real, fake))
    assert of_d == pytest.approx(np.logaddexp(0, [-2.0, 3.0]).mean())
    assert of_g == pytest.approx(np.logaddexp(0, [2.0, -3.0]).mean())
    moved = as_number(remedies.relativistic_discriminator_loss(real + 5, fake + 5))
    assert moved == pytest.approx(of_d), "only differences count"
    with pytest.raises(ValueError, match="as many of both"):
        remedies.relativistic_generator_loss(real, fake[:1])

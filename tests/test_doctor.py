"""Small GANs that are sick in a known way, and small healthy ones: the doctor tells which is which."""

import functools
import json
import math
import re
from pathlib import Path
from types import SimpleNamespace

from gan_helpers import losses
from gan_helpers.clinic import CURVE_SIGNS, NETWORK_SIGNS
from gan_helpers.doctor import Finding, examine, examine_history
from gan_helpers.models import (
    build_conditional_generator,
    build_dcgan_discriminator,
    build_dcgan_generator,
    build_projection_discriminator,
)
from gan_helpers.remedies import gradient_penalty
from gan_helpers.training import GAN

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from sklearn.datasets import load_digits

ROOT = Path(__file__).resolve().parent.parent
DIGITS = (load_digits().images[..., None] / 8 - 1).astype("float32")  # 8 x 8, in [-1, 1]
LARGE_DIGITS = np.repeat(np.repeat(DIGITS, 2, axis=1), 2, axis=2)
CROSS_ENTROPY = (losses.non_saturating_generator_loss, losses.discriminator_loss)
MINIMAX = (losses.minimax_generator_loss, losses.discriminator_loss)
HINGE = (losses.hinge_generator_loss, losses.hinge_discriminator_loss)
WASSERSTEIN = (losses.wasserstein_generator_loss, losses.wasserstein_discriminator_loss)


def dense_generator(last="tanh", normalized=False, hidden="leaky_relu"):
    stack = [keras.Input((8,))]
    for width in (32, 64):
        stack.append(layers.Dense(width))
        stack += [layers.BatchNormalization()] if normalized else []
        stack.append(layers.Activation(hidden))
    return keras.Sequential([*stack, layers.Dense(64, activation=last), layers.Reshape((8, 8, 1))])


def dense_discriminator(width=32, last=None, normalized=False, dropout=0.3, spectral=False):
    bound = layers.SpectralNormalization if spectral else (lambda layer: layer)
    stack = [keras.Input((8, 8, 1)), layers.Flatten()]
    for size in (2 * width, width):
        stack.append(bound(layers.Dense(size)))
        stack += [layers.BatchNormalization()] if normalized else []
        stack += [layers.LeakyReLU(negative_slope=0.2), layers.Dropout(dropout)]
    return keras.Sequential([*stack, bound(layers.Dense(1, activation=last))])


def dcgan():
    shape = LARGE_DIGITS.shape[1:]
    return build_dcgan_generator(8, shape, 4), build_dcgan_discriminator(shape, 4)


def train(
    networks,
    images=DIGITS,
    steps=300,
    loss=CROSS_ENTROPY,
    rates=(1e-3, 1e-3),
    penalty=0.0,
    mixed=False,
    swapped=False,
    training=True,
):
    """A loop as people write it, with the mistakes that they make; the curves of both losses."""
    generator, discriminator = networks
    generator_loss, discriminator_loss = loss
    optimizers = [keras.optimizers.Adam(rate, beta_1=0.5) for rate in rates]
    variables = [network.trainable_variables for network in networks]
    for optimizer, own in zip(optimizers, variables, strict=True):
        optimizer.build(own)
    random, seeds, count = np.random.default_rng(0), keras.random.SeedGenerator(0), 32

    @tf.function
    def step(real):
        latents = keras.random.normal((count, 8), seed=seeds)
        with tf.GradientTape() as first, tf.GradientTape() as second:
            fake = generator(latents, training=training)
            if mixed:
                logits = discriminator(tf.concat([real, fake], 0), training=training)
                real_logits, fake_logits = tf.split(logits, 2)
            else:
                real_logits = discriminator(real, training=training)
                fake_logits = discriminator(fake, training=training)
            pair = (fake_logits, real_logits) if swapped else (real_logits, fake_logits)
            goals = [generator_loss(fake_logits), discriminator_loss(*pair)]
            if penalty:
                shares = tf.random.uniform((count, 1, 1, 1), seed=0)
                goals[1] += penalty * gradient_penalty(discriminator, real, fake, shares)
        for tape, goal, own, optimizer in zip(
            (first, second), goals, variables, optimizers, strict=True
        ):
            if own and optimizer.learning_rate > 0:
                optimizer.apply(tape.gradient(goal, own), own)
        return goals

    goals = [step(images[random.integers(0, len(images), count)]) for _ in range(steps)]
    return dict(
        zip(("generator_loss", "discriminator_loss"), np.array(goals, "float64").T, strict=True)
    )


def played(networks, **options):
    train(networks, **options)
    return networks


@functools.cache
def healthy():
    keras.utils.set_random_seed(0)
    networks = dense_generator(), dense_discriminator()
    return networks, train(networks, steps=600)


@functools.cache
def healthy_dcgan():
    keras.utils.set_random_seed(0)
    return played(dcgan(), images=LARGE_DIGITS, steps=500)


def copied(network):
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy


def broken(network, change):
    """A copy whose weights are changed."""
    copy = copied(network)
    copy.set_weights([change(each.copy()) for each in copy.get_weights()])
    return copy


@pytest.fixture(autouse=True)
def same_weights():
    keras.utils.set_random_seed(0)


# ---------------------------------------------------------------- the sick


def zero_to_one():
    images = (DIGITS + 1) / 2
    return played((dense_generator(), dense_discriminator()), images=images), images, {}


def zero_to_255():
    images = np.uint8(127.5 * (DIGITS + 1))
    networks = dense_generator(), dense_discriminator()
    return played(networks, images=images.astype("float32"), steps=60), images, {}


def sigmoid_of_dark():
    networks = dense_generator("sigmoid"), dense_discriminator()
    return played(networks, steps=100), DIGITS, {}


def ends_in_sigmoid():
    return played((dense_generator(), dense_discriminator(last="sigmoid"))), DIGITS, {}


def frozen():
    networks = dense_generator(), dense_discriminator()
    networks[1].trainable = False
    return played(networks), DIGITS, {}


def forgotten():
    return played((dense_generator(), dense_discriminator()), rates=(1e-3, 0.0)), DIGITS, {}


def disconnected():
    latents = keras.Input((8,))
    hidden = layers.Dense(16)(latents)
    cut = layers.Lambda(keras.ops.stop_gradient, output_shape=(16,))(hidden)
    image = layers.Reshape((8, 8, 1))(layers.Dense(64, activation="tanh")(cut))
    return played((keras.Model(latents, image), dense_discriminator())), DIGITS, {}


def without_training():
    networks = dense_generator(normalized=True), dense_discriminator()
    return played(networks, training=False), DIGITS, {}


def sampled_too_soon():
    return played(dcgan(), images=LARGE_DIGITS, steps=150), LARGE_DIGITS, {}


def one_batch():
    networks = dense_generator(), dense_discriminator(normalized=True, dropout=0.0)
    return played(networks, mixed=True), DIGITS, {}


def vanishing():
    networks = copied(healthy()[0][0]), dense_discriminator(dropout=0.0)
    return played(networks, rates=(0.0, 1e-2), loss=MINIMAX), DIGITS, {"loss": "minimax"}


def too_strong():
    networks = dense_generator(), dense_discriminator(dropout=0.0)
    return played(networks, rates=(1e-4, 1e-2)), DIGITS, {}


def dead():
    networks = dense_generator(hidden="relu"), dense_discriminator()
    train(networks, steps=50)
    bias = networks[0].layers[0].bias  # as one step with a huge learning rate leaves it
    bias.assign(bias - 100)
    return played(networks, steps=100), DIGITS, {}


def runs_about():
    networks = dense_generator(), dense_discriminator()
    return played(networks, rates=(1e-2, 1e-4)), DIGITS, {}


def knows_four():
    generator, discriminator = healthy()[0]
    anchors = keras.random.normal((4, 8), seed=5)

    def nearest(latents):  # as if all latents had become one of four
        chosen = keras.ops.argmax(keras.ops.matmul(latents, anchors.numpy().T), axis=-1)
        return keras.ops.take(anchors, chosen, axis=0) + 0.02 * latents

    latents = keras.Input((8,))
    images = generator(layers.Lambda(nearest, output_shape=(8,))(latents))
    return (keras.Model(latents, images), discriminator), DIGITS, {}


def black():
    networks = dense_generator(), dense_discriminator()
    networks[0].layers[-2].bias.assign(-20 * np.ones(64))  # where a huge step leaves it
    return played(networks, steps=100), DIGITS, {}


def hurried():
    return played((dense_generator(), dense_discriminator()), rates=(0.3, 1e-3)), DIGITS, {}


def swapped():
    return played((dense_generator(), dense_discriminator()), swapped=True), DIGITS, {}


def swapped_losses():
    right = losses.discriminator_loss
    wrong = (losses.non_saturating_generator_loss, lambda real, fake: right(fake, real))
    return healthy()[0], DIGITS, {"loss": wrong}


def blind():
    networks = dense_generator(normalized=True), dense_discriminator(normalized=True)
    return played(networks, steps=500), DIGITS, {}


def not_a_number():
    generator, discriminator = healthy()[0]
    return (broken(generator, lambda each: each * np.nan), discriminator), DIGITS, {}


def exploded():
    generator, discriminator = healthy()[0]
    return (generator, broken(discriminator, lambda each: 100 * each)), DIGITS, {}


SICK = {
    zero_to_one: "value range",
    zero_to_255: "value range",
    sigmoid_of_dark: "value range",
    ends_in_sigmoid: "sigmoid discriminator",
    frozen: "frozen network",
    forgotten: "one network untrained",
    disconnected: "variables without gradient",
    without_training: "moving statistics unused",
    sampled_too_soon: "moving statistics behind",
    one_batch: "real and fake in one batch",
    vanishing: "vanishing gradient",
    too_strong: "discriminator saturated",
    dead: "ignores its latents",
    runs_about: "collapse",
    knows_four: "few kinds",
    black: "constant images",
    hurried: "saturated pixels",
    swapped: "labels swapped",
    swapped_losses: "labels swapped",
    blind: "discriminator blind",
    not_a_number: "not finite",
    exploded: "exploded",
}
# What else is true of them.
BESIDES = {
    "vanishing gradient": {"discriminator saturated"},
    "ignores its latents": {"variables without gradient", "discriminator saturated"},
    "constant images": {"ignores its latents", "saturated pixels", "vanishing gradient"}
    | {"discriminator saturated", "variables without gradient"},
}


@pytest.mark.parametrize("make", SICK, ids=lambda make: make.__name__)
def test_a_sick_gan_is_found_and_for_the_right_reason(make):
    networks, images, options = make()
    report = examine(networks, images, **options)
    assert SICK[make] in report.names, report
    assert set(report.names) <= {SICK[make]} | BESIDES.get(SICK[make], set()), report

"""A GAN of digits that collapses on demand, and how varied its digits are.

Images that are no floats, labels that are no numbers, and networks that are none raise a
``TypeError``; other shapes, and numbers out of range, a ``ValueError``.
"""

from collections.abc import Callable

from gan_helpers.checks import (
    check_class_numbers,
    check_number,
    check_training_images,
    check_whole,
    describe,
)
from gan_helpers.clinic.game import Game, losses_of_both
from gan_helpers.clinic.remedy import Remedy, update_discriminator, update_generator
from gan_helpers.clinic.trial import check_remedy, check_updates
from gan_helpers.models import build_dense_discriminator, build_dense_generator
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import numpy as np
import tensorflow as tf

__all__ = ["count_digits", "train_digits", "train_namer"]

BATCH_SIZE = 64
DIGITS = 10
IMAGE_SHAPE = (28, 28, 1)
LARGEST_SEED = 2**32 - 1  # of NumPy's and Keras's generators


def train_namer(
    images: np.ndarray, labels: np.ndarray, epochs: int = 6, seed: int = 0
) -> keras.Model:
    """A small classifier that names digits; about 95 % right after six passes over 10,000.

    Args:
        images: digits in [-1, 1], ``(count, 28, 28, 1)``.
        labels: whole numbers from 0 to 9.
        epochs: passes over the images.
        seed: of the first weights and the order.
    """
    images = check_training_images(images, shape=IMAGE_SHAPE)
    labels = check_class_numbers(labels, len(images), DIGITS)
    check_whole("epochs", epochs)
    check_whole("seed", seed, 0, LARGEST_SEED)
    keras.utils.set_random_seed(seed)
    namer = keras.Sequential(
        [
            keras.Input(IMAGE_SHAPE),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(DIGITS),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    namer.compile("adam", loss, metrics=["accuracy"])
    namer.fit(images, labels, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    return namer


def train_digits(
    images: np.ndarray,
    remedy: Remedy | None = None,
    steps: int = 900,
    seed: int = 0,
    *,
    updates: tuple[Callable, Callable] = (update_discriminator, update_generator),
    generator_rate: float = 2e-3,
    discriminator_rate: float = 1e-4,
    beta_1: float = 0.5,
) -> keras.Model:
    """Train the dense networks of lesson 3 by the updates of the clinic; return the generator.

    With the rates it comes with G learns twenty times as fast as D, and collapses.

    Args:
        images: digits in [-1, 1], ``(count, 28, 28, 1)``.
        remedy: what to try, as in ``try_on``; None for nothing. Its ``changes`` are not used.
        steps: updates of both, of 64 images each.
        seed: of weights, latents and batches.
        updates: an update of D and one of G, as in ``try_on``.
        generator_rate: learning rate of the generator, with Adam.
        discriminator_rate: learning rate of the discriminator.
        beta_1: of Adam, for both; with 0.9 and equal rates of 2e-3 the digits collapse too.
    """
    images = check_training_images(images, shape=IMAGE_SHAPE).astype(np.float32)
    remedy = check_remedy(remedy)
    check_whole("steps", steps, 0)
    check_whole("seed", seed, 0, LARGEST_SEED)
    updates = check_updates(updates)
    check_number("generator_rate", generator_rate, above=0)
    check_number("discriminator_rate", discriminator_rate, above=0)
    check_number("beta_1", beta_1, 0, below=1)
    keras.utils.set_random_seed(seed)
    build = build_dense_discriminator if remedy.build is None else remedy.build
    networks = build_dense_generator(), build()
    rates = generator_rate, discriminator_rate
    optimizers = tuple(keras.optimizers.Adam(rate, beta_1=beta_1) for rate in rates)
    for optimizer, network in zip(optimizers, networks, strict=True):
        optimizer.build(network.trainable_variables)
    pool = tf.Variable(images, trainable=False)
    losses = losses_of_both("non-saturating")
    game = Game(*networks, optimizers, losses, pool, BATCH_SIZE, remedy, updates, steps)
    game.reset_chance(seed)
    if steps:
        game.train(steps)
    return game.generator


def count_digits(
    namer: keras.Model, generator: keras.Model, count: int = 1000, seed: int = 0
) -> tuple[np.ndarray, float]:
    """How often each digit is generated, and how many equally frequent ones that would be.

    Args:
        namer: a classifier of digits, such as that of ``train_namer``.
        generator: model from latents to digits.
        count: digits to generate.
        seed: of their latents.

    Returns:
        The counts ``(10,)`` and the exponential of their entropy, from 1 to 10.
    """
    for name, network in (("namer", namer), ("generator", generator)):
        if not isinstance(network, keras.Model):
            raise TypeError(f"The {name} is {describe(network)}; give a Keras model.")
    check_whole("count", count)
    check_whole("seed", seed, 0)
    latents = keras.random.normal((count, generator.input_shape[-1]), seed=seed)
    images = generator(latents, training=False)
    if tuple(images.shape) != (count, *IMAGE_SHAPE):
        raise ValueError(
            f"The generator makes {tuple(images.shape)} of {count} latents; give one that makes "
            f"digits, {(count, *IMAGE_SHAPE)}."
        )
    named = namer.predict(images, verbose=0).argmax(axis=1)
    counts = np.bincount(named, minlength=DIGITS)
    shares = counts[counts > 0] / count
    return counts, float(np.exp(-(shares * np.log(shares)).sum()))

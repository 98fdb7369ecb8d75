"""A GAN of digits that collapses on demand, and how varied its digits are.

Images that are no floats, labels that are no numbers, and networks that are none raise a
``TypeError``; other shapes, and numbers out of range, a ``ValueError``.
"""

from gan_helpers.checks import (
    check_class_numbers,
    check_number,
    check_training_images,
    check_whole,
    describe,
)
from gan_helpers.models import build_dense_discriminator, build_dense_generator
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow
from gan_helpers.training import GAN

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
    generator_rate: float,
    discriminator_rate: float,
    steps: int,
    seed: int = 0,
) -> keras.Model:
    """Train the dense GAN of lesson 3 with two learning rates, and return its generator.

    Args:
        images: digits in [-1, 1], ``(count, 28, 28, 1)``.
        generator_rate: learning rate of the generator, with Adam.
        discriminator_rate: learning rate of the discriminator.
        steps: updates of both, of 64 images each.
        seed: of weights, latents and batches.
    """
    images = check_training_images(images, shape=IMAGE_SHAPE).astype(np.float32)
    check_number("generator_rate", generator_rate, above=0)
    check_number("discriminator_rate", discriminator_rate, above=0)
    check_whole("steps", steps, 0)
    check_whole("seed", seed, 0, LARGEST_SEED)
    keras.utils.set_random_seed(seed)
    gan = GAN(build_dense_generator(), build_dense_discriminator(), ema_decay=0, seed=seed)
    gan.compile(
        keras.optimizers.Adam(generator_rate, beta_1=0.5),
        keras.optimizers.Adam(discriminator_rate, beta_1=0.5),
    )
    batches = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images), seed).repeat()
    if steps:
        gan.fit(batches.batch(BATCH_SIZE).take(steps), verbose=0)
    return gan.generator


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

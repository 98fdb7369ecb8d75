"""Answers to the exercises of lesson 3, right and wrong, as students might write them."""

SETUP = """
import keras
import numpy as np
import tensorflow as tf
from gan_helpers.data import to_pixels

draw_normal = lambda count: tf.random.normal((count, 64))
softplus, mean = tf.nn.softplus, tf.reduce_mean
cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
of_scores = keras.losses.BinaryCrossentropy()
"""


def losses(discriminator: str, generator: str = "mean(softplus(-fake))") -> str:
    return (
        f"labelled_discriminator_loss = lambda real, fake: {discriminator}\n"
        f"labelled_generator_loss = lambda fake: {generator}"
    )


RIGHT = "mean(softplus(-real)) + mean(softplus(fake))"
PIXELS = "to_pixels(generator(draw_normal(count), training=False))"


def samples(images: str) -> str:
    return f"repaired_samples = lambda generator, count: {images}"


def smoothed(loss: str) -> str:
    return f"smoothed_discriminator_loss = lambda real, fake: {loss}"


ANSWERS = {
    "q1": {
        "starter": (
            "def labelled_discriminator_loss(real_logits, fake_logits):\n    return ...\n"
            "def labelled_generator_loss(fake_logits):\n    return ..."
        ),
        "correct": [
            losses(RIGHT),
            losses(
                "of_scores(tf.ones((4, 1)), tf.sigmoid(real))"
                " + of_scores(tf.zeros((3, 1)), tf.sigmoid(fake))",
                "of_scores(tf.ones((3, 1)), tf.sigmoid(fake))",
            ),
        ],
        "wrong": {
            losses(
                "cross_entropy(tf.zeros_like(real), real) + cross_entropy(tf.ones_like(fake), fake)"
            ): "swapped in labelled_discriminator_loss",
            losses("mean(softplus(-real)) + mean(softplus(-fake))"): "the generator's wish",
            losses(
                "of_scores(tf.ones_like(real), real) + of_scores(tf.zeros_like(fake), fake)"
            ): "as if they were probabilities",
            losses(
                "cross_entropy(tf.ones_like(real), tf.sigmoid(real))"
                " + cross_entropy(tf.zeros_like(fake), tf.sigmoid(fake))"
            ): "took a sigmoid again",
            losses(f"({RIGHT}) / 2"): "without dividing by two",
            losses(
                "mean(tf.concat([softplus(-real), softplus(fake)], axis=0))"
            ): "each has its own",
            losses("mean(softplus(-real))"): "fakes are missing",
            losses("mean(softplus(fake))"): "real images are missing",
            losses("softplus(-real)"): "labelled_discriminator_loss has shape (4, 1)",
            losses("tf.constant(1.0)"): "expected",
            losses(RIGHT, "-mean(softplus(fake))"): "minimax",
            losses(RIGHT, "-cross_entropy(tf.zeros_like(fake), fake)"): "minimax",
            losses(RIGHT, "cross_entropy(tf.zeros_like(fake), fake)"): (
                "swapped in labelled_generator_loss"
            ),
            losses(RIGHT, "of_scores(tf.ones_like(fake), fake)"): "as if they were probabilities",
            losses(RIGHT, "cross_entropy(tf.ones_like(fake), tf.sigmoid(fake))"): "sigmoid again",
            losses(RIGHT, "np.logaddexp(0, -fake.numpy()).mean()"): "cuts the gradient off",
        },
    },
    "q2": {
        "starter": "def smoothed_discriminator_loss(real_logits, fake_logits):\n    return ...",
        "correct": [
            smoothed(
                "cross_entropy(0.9 * tf.ones_like(real), real)"
                " + cross_entropy(tf.zeros_like(fake), fake)"
            ),
            smoothed("mean(softplus(-real) + 0.1 * real) + mean(softplus(fake))"),
        ],
        "wrong": {
            smoothed(RIGHT): "without smoothing",
            smoothed("0.9 * mean(softplus(-real)) + mean(softplus(fake))"): "has two parts",
            smoothed(
                "cross_entropy(0.9 * tf.ones_like(real), real)"
                " + cross_entropy(0.1 * tf.ones_like(fake), fake)"
            ): "One-sided",
            smoothed(
                "mean(softplus(-real)) + cross_entropy(0.1 * tf.ones_like(fake), fake)"
            ): "the wrong side",
            smoothed("mean(0.1 * softplus(-real) + 0.9 * softplus(real)) + mean(softplus(fake))"): (
                "0.9 and 0.1 are swapped"
            ),
            smoothed("mean(softplus(-0.9 * real)) + mean(softplus(fake))"): (
                "the label that shrinks"
            ),
            smoothed(f"0.9 * ({RIGHT})"): "nothing but its scale",
            smoothed("softplus(-real) + softplus(fake)[0]"): "shape (4, 1)",
            smoothed("tf.constant(0.0)"): "expected",
            # The right number, whatever goes in.
            smoothed(
                "tf.constant(float(0.9 * np.logaddexp(0, [-2, -0.5, 1, -4]).mean()"
                " + 0.1 * np.logaddexp(0, [2, 0.5, -1, 4]).mean()"
                " + np.logaddexp(0, [-3, 1.5, 0.2]).mean()))"
            ): "log 4",
        },
    },
    "q3": {
        "starter": "def repaired_samples(generator, count):\n    return ...",
        "correct": [
            samples("to_pixels(generator(np.random.normal(size=(count, 64))))"),
            samples("np.uint8(127.5 * (np.asarray(generator(draw_normal(count))) + 1))"),
        ],
        "wrong": {
            samples("to_pixels(generator(draw_normal(64)))"): "must follow `count`",
            samples("to_pixels(generator(tf.random.uniform((count, 64))))"): "all positive",
            samples("to_pixels(generator(tf.random.uniform((count, 64), -1, 1)))"): (
                "standard normal"
            ),
            # The right mean and spread, but another shape of distribution.
            samples("to_pixels(generator(tf.random.uniform((count, 64), -1.732, 1.732)))"): (
                "largest value 1.7"
            ),
            samples("to_pixels(generator(tf.repeat(draw_normal(1), count, axis=0)))"): "are equal",
            samples("to_pixels(generator(tf.random.normal((count, 32))))"): "32 numbers each",
            samples(
                "(255 * generator(draw_normal(count)).numpy()).astype(int).astype('uint8')"
            ): "wrap around",
            samples("np.uint8(255 * np.clip(generator(draw_normal(count)), 0, 1))"): (
                "loses half of the picture"
            ),
            samples("np.uint8(100 * (generator(draw_normal(count)).numpy() + 1))"): "Map -1 to 0",
            samples("generator(draw_normal(count)).numpy()"): "float32",
            samples("to_pixels(generator(draw_normal(count)))[0]"): "(28, 28, 1)",
            samples("to_pixels(generator(draw_normal(count), training=True))"): "training mode",
            samples("np.zeros((count, 28, 28, 1), 'uint8')"): "never calls the generator",
        },
    },
}

"""Answers to the exercises of lesson 1, right and wrong, as students might write them."""

SETUP = """
import numpy as np
import tensorflow as tf
"""

ANSWERS = {
    "q1": {
        "starter": "def value(real_scores, fake_scores):\n    return ...",
        "correct": [
            "value = lambda real, fake: np.mean(np.log(real)) + np.mean(np.log1p(-fake))",
            "value = lambda real, fake: sum(map(np.log, real)) / len(real)"
            " + sum(map(np.log, 1 - fake)) / len(fake)",
        ],
        "wrong": {
            "value = lambda real, fake: np.log(real).mean() + np.log(fake).mean()": "fake scores",
            "value = lambda real, fake: np.log(real).sum() + np.log(1 - fake).sum()": "added up",
            "value = lambda real, fake: -np.log(real).mean() - np.log(1 - fake).mean()": "sign",
            "value = lambda real, fake: np.log(real).mean() - np.log(1 - fake).mean()": (
                "subtracted"
            ),
            "value = lambda real, fake: np.log(real.mean()) + np.log(1 - fake.mean())": (
                "logarithm of a mean"
            ),
            "value = lambda real, fake: np.append(np.log(real), np.log(1 - fake)).mean()": (
                "a mean of their own"
            ),
            "value = lambda real, fake: np.log2(real).mean() + np.log2(1 - fake).mean()": "natural",
            "value = lambda real, fake: np.log10(real).mean() + np.log10(1 - fake).mean()": (
                "natural"
            ),
            "value = lambda real, fake: np.log(real)": "shape (3,)",
            # The right number for one set of scores, whatever goes in.
            "value = lambda real, fake: np.log([0.9, 0.8, 0.6]).mean()"
            " + np.log([0.9, 0.65]).mean()": "1/2 to everything",
            "value = lambda real, fake: real.mean()": "expected",
            "value = lambda real, fake: np.log(real) + np.log(1 - fake)": "raised ValueError",
        },
    },
    "q2": {
        "starter": "def best_discriminator(data_density, generator_density):\n    return ...",
        "correct": [
            "best_discriminator = lambda data, fake: 1 - fake / (data + fake)",
            "best_discriminator = lambda data, fake: 1 / (1 + fake / data)",
        ],
        "wrong": {
            "best_discriminator = lambda data, fake: fake / (data + fake)": "on top",
            "best_discriminator = lambda data, fake: data / fake": "exceeds 1",
            "best_discriminator = lambda data, fake: data": "alone",
            "best_discriminator = lambda data, fake: data - fake": "can be negative",
            "best_discriminator = lambda data, fake: (data - fake) / (data + fake)": (
                "belongs on top"
            ),
            "best_discriminator = lambda data, fake: np.full(len(data), 0.5)": "one half",
            "best_discriminator = lambda data, fake: 0.5": "one score for every position",
            "best_discriminator = lambda data, fake: data * fake": "expected",
        },
    },
    "q3": {
        "starter": (
            "def repaired_loss(fake_logits):\n    return ...\n"
            "def repaired_variables(generator, discriminator):\n    return ..."
        ),
        "correct": [
            # The loss of the value function itself points the same way.
            "repaired_loss = lambda logits: -tf.reduce_mean(tf.nn.softplus(logits))\n"
            "repaired_variables = lambda generator, discriminator: generator.trainable_weights",
            "repaired_loss = lambda logits: -tf.reduce_mean(tf.math.log(tf.sigmoid(logits)))\n"
            "repaired_variables = lambda generator, discriminator: generator.trainable_variables",
        ],
        "wrong": {
            # The colleague's own two lines.
            "repaired_loss = lambda logits: tf.reduce_mean(tf.nn.softplus(logits))\n"
            "repaired_variables = lambda generator, discriminator:"
            " generator.trainable_variables + discriminator.trainable_variables": "moved too",
            "repaired_loss = lambda logits: tf.reduce_mean(tf.nn.softplus(logits))\n"
            "repaired_variables = lambda generator, discriminator:"
            " generator.trainable_variables": "the wrong way",
            "repaired_loss = lambda logits: tf.reduce_mean(tf.nn.softplus(-logits))\n"
            "repaired_variables = lambda generator, discriminator:"
            " discriminator.trainable_variables": "only the discriminator",
            "repaired_loss = lambda logits: tf.nn.softplus(-logits)\n"
            "repaired_variables = lambda generator, discriminator:"
            " generator.trainable_variables": "shape (4, 1)",
            "repaired_loss = lambda logits: np.logaddexp(0, -logits).mean()\n"
            "repaired_variables = lambda generator, discriminator:"
            " generator.trainable_variables": "cuts the gradient off",
            "repaired_loss = lambda logits: tf.reduce_mean(tf.nn.softplus(-logits))\n"
            "repaired_variables = lambda generator, discriminator: []": "empty",
        },
    },
}

"""Answers to the exercises of lesson 1, right and wrong, as students might write them."""

SETUP = """
import keras
import numpy as np
import tensorflow as tf
from keras import layers


def slope_of(judge, images):
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = judge(images)
    return tape.gradient(logits, images)


def edged(images):
    return tf.clip_by_value(images, -1.0, 1.0)


def climbing(step):
    return lambda judge, images: edged(images + step(slope_of(judge, images)))


class Humps(keras.Model):
    input_shape = (None, 1)

    def __init__(self, left, right, spread=0.4):
        super().__init__()
        self.left, self.right, self.spread = left, right, spread

    def call(self, latents):
        count = tf.shape(latents)[0]
        place = tf.cast(tf.range(count), "float32")[:, None] / tf.cast(count, "float32")
        noise = self.spread * latents
        middle = 2.0 + 0.2 * latents
        outer = tf.where(place > 1 - self.right, 4.0 + noise, middle)
        return tf.where(place < self.left, noise, outer)
"""

ANSWERS = {
    "q1": {
        "starter": "def climb(judge, images):\n    return ...",
        "correct": [
            "climb = climbing(lambda slope: 0.02 * tf.sign(slope))",
            "climb = climbing(lambda slope: 0.02 * np.sign(slope))",
        ],
        "wrong": {
            "climb = climbing(lambda slope: -0.02 * tf.sign(slope))": "downhill",
            "climb = lambda judge, images: images + 0.02 * tf.sign(slope_of(judge, images))": (
                "clip_by_value"
            ),
            "climb = climbing(lambda slope: 0.02 * slope)": "only its sign",
            "climb = lambda judge, images: images + slope_of(judge, images)": "whole gradient",
            "climb = lambda judge, images: images + tf.sign(slope_of(judge, images))": (
                "from gray to white"
            ),
            "climb = climbing(lambda slope: 0.05 * tf.sign(slope))": "expected was",
            "climb = lambda judge, images: edged(images + 0.02)": "brighter",
            "climb = lambda judge, images: images": "no pixel has moved",
            "climb = lambda judge, images: "
            "tf.clip_by_value(images + 0.02 * tf.sign(slope_of(judge, images)), 0.0, 1.0)": (
                "images may run from -1 to 1"
            ),
            "def climb(network, images):\n"
            "    with tf.GradientTape() as tape:\n"
            "        tape.watch(images)\n"
            "        logits = network.predict(images, verbose=0)\n"
            "    return images + 0.02 * tf.sign(tape.gradient(logits, images))": (
                "not network.predict"
            ),
            "climb = lambda judge, images: None": "returns nothing",
            "def climb(network, images):\n"
            "    with tf.GradientTape() as tape:\n"
            "        logits = network(images)\n"
            "    return edged(images + 0.02 * tf.sign(tape.gradient(logits, images)))": (
                "has not watched"
            ),
            "climb = lambda judge, images: judge(images)": "out. Each pixel",
            "def climb(judge, images):\n"
            "    judge.set_weights([w + 1 for w in judge.get_weights()])\n"
            "    return images + 0.02": "judge has changed",
        },
    },
    "q2": {
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
            "value = lambda real, fake: (np.log(real).mean() + np.log(1 - fake).mean()) / 2": (
                "half of V"
            ),
            "value = lambda fake, real: np.log(real).mean() + np.log(1 - fake).mean()": (
                "are swapped"
            ),
            "value = lambda real, fake: np.log(real).mean() + np.median(np.log(1 - fake))": (
                "expected"
            ),
            "value = lambda real, fake: None": "returns nothing",
            "value = lambda real, fake: np.log(real)": "shape (3,)",
            # The right number for one set of scores, whatever goes in.
            "value = lambda real, fake: np.log([0.9, 0.8, 0.6]).mean()"
            " + np.log([0.9, 0.85, 0.8, 0.35]).mean()": "1/2 to everything",
            "value = lambda real, fake: real.mean()": "expected",
            "value = lambda real, fake: np.log(real) + np.log(1 - fake)": "mean of each term",
            "value = lambda real, fake: real.reshape(4)": "raised ValueError",
        },
    },
    "q3": {
        "starter": "my_slope = ...\nmy_midpoint = ...",
        "correct": [
            "my_slope, my_midpoint = 2.34, 1.25",
            "my_slope, my_midpoint = np.float32(2.2), 1.22",
        ],
        "wrong": {
            "my_slope, my_midpoint = -2.34, 1.25": "slope > 0",
            "my_slope, my_midpoint = 2.34, 0.0": "midpoint belongs",
            "my_slope, my_midpoint = 2.34, 1.15": "midpoint belongs",
            "my_slope, my_midpoint = 1.0, 1.25": "larger",
            "my_slope, my_midpoint = 6.0, 1.25": "smaller",
            "my_slope, my_midpoint = 'steep', 1.25": "two numbers",
            "my_slope, my_midpoint = float('inf'), 1.25": "sliders can reach",
        },
    },
    "q4": {
        "starter": "my_generator = ...",
        "correct": ["my_generator = Humps(0.5, 0.5)", "my_generator = Humps(0.43, 0.55)"],
        "wrong": {
            "my_generator = Humps(1.0, 0.0)": "collapsed",
            "my_generator = Humps(0.45, 0.45)": "lie between them",
            "my_generator = Humps(0.3, 0.7)": "about half each",
            "my_generator = Humps(0.5, 0.5, spread=0.0)": "single spike",
            "my_generator = Humps(0.5, 0.5, spread=0.68)": "too wide",
            "my_generator = lambda latents: latents": "the generator itself",
            "class Own(keras.Model):\n    pass\nmy_generator = Own()": "no fixed input",
        },
    },
}

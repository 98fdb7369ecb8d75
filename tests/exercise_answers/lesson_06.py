"""Answers to the exercises of lesson 6, right and wrong, as students might write them."""

SETUP = """
import keras
import numpy as np
import tensorflow as tf
from keras import layers
"""


def doubling(layer: str) -> str:
    return f"def build_doubling_block(channels):\n    return keras.Sequential([{layer}])"


ANSWERS = {
    "q1": {
        "starter": "def build_doubling_block(channels):\n    return ...",
        "correct": [
            doubling("layers.Conv2DTranspose(channels, 2, strides=2)"),
            doubling(
                "layers.UpSampling2D(), layers.Conv2D(channels, 3, padding='same'), layers.ReLU()"
            ),
        ],
        "wrong": {
            doubling("layers.Conv2DTranspose(channels, 4, padding='same')"): "keep their size",
            doubling("layers.Conv2DTranspose(channels, 4, strides=2)"): "Look at the padding",
            doubling("layers.Conv2DTranspose(3, 4, strides=2, padding='same')"): "asked for 12",
            doubling(
                "layers.Conv2DTranspose(channels, 3, strides=2, padding='same')"
            ): "checkerboard",
            "build_doubling_block = lambda channels: layers.Conv2DTranspose(channels, 4)": (
                "Return a keras.Sequential"
            ),
            "build_doubling_block = lambda: None": "raised TypeError",
        },
    },
    "q2": {
        "starter": "def judge(discriminator, real_images, fake_images):\n    return ...",
        "correct": [
            "judge = lambda d, real, fake: tuple(d(x, training=True) for x in (real, fake))"
        ],
        "wrong": {
            """
def judge(discriminator, real_images, fake_images):
    together = tf.concat([real_images, fake_images], axis=0)
    return tuple(tf.split(discriminator(together, training=True), 2))
""": "call the discriminator twice",
            "judge = lambda d, real, fake: (d(real), d(fake))": "inference mode",
            "judge = lambda d, real, fake: (d(fake, training=True), d(real, training=True))": (
                "swapped"
            ),
            "judge = lambda d, real, fake: d(real, training=True)": "return two things",
        },
    },
    "q3": {
        "starter": "def update_average(average, value, decay):\n    return ...",
        "correct": ["update_average = lambda a, v, decay: a + (1 - decay) * (v - a)"],
        "wrong": {
            "update_average = lambda a, v, decay: (1 - decay) * a + decay * v": "swapped",
            "update_average = lambda a, v, decay: (a + v) / 2": "plain mean",
            "update_average = lambda a, v, decay: decay * a + v": "add up to 1",
            "update_average = lambda a, v, decay: decay * (a + v)": "expected 1.2",
            "update_average = lambda a, v, decay: float((decay * a).sum())": "shape ()",
        },
    },
}

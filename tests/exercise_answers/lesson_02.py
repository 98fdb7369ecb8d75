"""Answers to the exercises of lesson 2, right and wrong, as students might write them."""

SETUP = """
import numpy as np
from keras import ops

square, mean = ops.square, ops.mean
"""

FAKE = "0.5 * mean(square(fake - 1))"
BOTH = "0.5 * mean(square(real - 1)) + 0.5 * mean(square(fake))"


def losses(generator: str = FAKE, discriminator: str = BOTH) -> str:
    return (
        f"my_generator_loss = lambda fake: {generator}\n"
        f"my_discriminator_loss = lambda real, fake: {discriminator}"
    )


ANSWERS = {
    "q1": {
        "starter": "cure = ...",
        "correct": ['cure = {"discriminator_rate": 0.001, "discriminator_steps": 2}'],
        "wrong": {
            "cure = {}": "at least one setting",
            'cure = {"speed": 3}': "no setting 'speed'",
            'cure = {"seed": 3}': "must stay",
            'cure = {"discriminator_steps": 100_000}': "too long",
            'cure = {"loss": "no such loss"}': "raised ValueError",
            'cure = {"loss": "hinge"}': "modes are covered",
        },
    },
    "q2": {
        "starter": (
            "def my_discriminator_loss(real_logits, fake_logits):\n    return ...\n"
            "def my_generator_loss(fake_logits):\n    return ..."
        ),
        "correct": [
            losses(),
            losses("mean((fake - 1) ** 2) / 2", "(mean((real - 1) ** 2) + mean(fake**2)) / 2"),
        ],
        "wrong": {
            losses("0.5 * square(fake - 1)"): "one number",
            losses("mean(square(fake - 1))"): "twice as large",
            losses("0.5 * mean(square(fake))"): "D's wish",
            losses("0.5 * mean(square(ops.sigmoid(fake) - 1))"): "took a sigmoid",
            losses("0.5 * mean(ops.abs(fake - 1))"): "not its square",
            losses("mean(fake)"): "term by term",
            losses(FAKE, "mean(square(real - 1)) + mean(square(fake))"): "both terms begin",
            losses(FAKE, "0.5 * mean(square(real - 1))"): "leaves out the fakes",
            losses(FAKE, "0.5 * mean(square(fake))"): "leaves out the real",
            losses(FAKE, "0.5 * mean(square(real)) + 0.5 * mean(square(fake - 1))"): "swapped",
            losses(FAKE, "0.5 * mean(square(real - 1)) - 0.5 * mean(square(fake))"): "subtracted",
        },
    },
}

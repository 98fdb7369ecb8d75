"""Answers to the exercises of lesson 3, right and wrong, as students might write them."""

SETUP = """
import functools
import keras
import numpy as np
import tensorflow as tf
from gan_helpers.data import load_mnist, to_model_range
from keras import layers

softplus, mean = tf.nn.softplus, tf.reduce_mean
cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
of_scores = keras.losses.BinaryCrossentropy()

def discriminator_loss(real_logits, fake_logits):
    return mean(softplus(-real_logits)) + mean(softplus(fake_logits))

def generator_loss(fake_logits):
    return mean(softplus(-fake_logits))

@functools.cache
def directions_of(digit):
    images = to_model_range(load_mnist(classes=digit, limit=300)[0]).reshape(-1, 784).astype(float)
    center = images.mean(axis=0)
    _, spread, vectors = np.linalg.svd(images - center, full_matrices=False)
    return center, spread[:, None] / np.sqrt(len(images)) * vectors

def linear(digit, directions=40, strength=1.0):
    # A generator without training: the average digit, and normal moves along its directions.
    center, moves = directions_of(digit)
    network = keras.Sequential([keras.Input((directions,)), layers.Dense(784)])
    network.set_weights([strength * moves[:directions], center])
    return network

class Copies(keras.Model):
    # A generator that has learned nothing: it shows training images.
    input_shape = (None, 1)

    def __init__(self, digit):
        super().__init__()
        self.images = to_model_range(load_mnist(classes=digit)[0])

    def call(self, latents):
        return self.images[: len(latents)]

def image_of(network, change=lambda pixels: tf.clip_by_value(pixels, -1.0, 1.0)):
    return keras.Sequential([network, layers.Lambda(change), layers.Reshape((28, 28, 1))])
"""


def losses(discriminator: str, generator: str = "mean(softplus(-fake))") -> str:
    return (
        f"labelled_discriminator_loss = lambda real, fake: {discriminator}\n"
        f"labelled_generator_loss = lambda fake: {generator}"
    )


RIGHT = "mean(softplus(-real)) + mean(softplus(fake))"
STEP = """
def train_step(generator, discriminator, generator_optimizer, discriminator_optimizer,
               real, latents):
    with tf.GradientTape(persistent=True) as tape:
        fakes = generator(latents, training=True)
        real_logits = discriminator(real, training=True)
        fake_logits = discriminator(fakes, training=True)
        loss_of_g = generator_loss(fake_logits)
        loss_of_d = discriminator_loss(real_logits, fake_logits)
    of_g, of_d = generator.trainable_variables, discriminator.trainable_variables
    gradients_of_g = tape.gradient(loss_of_g, of_g)
    gradients_of_d = tape.gradient(loss_of_d, of_d)
    generator_optimizer.apply(gradients_of_g, of_g)
    discriminator_optimizer.apply(gradients_of_d, of_d)
    return loss_of_g, loss_of_d
"""


def step(*changes: tuple[str, str]) -> str:
    """The right step with some of its text exchanged."""
    code = STEP
    for old, new in changes:
        assert old in code, old
        code = code.replace(old, new)
    return code


APPLY_G = "    generator_optimizer.apply(gradients_of_g, of_g)\n"
APPLY_D = "    discriminator_optimizer.apply(gradients_of_d, of_d)\n"
BOTH = "loss_of_g, loss_of_d"
RETURN = f"    return {BOTH}\n"
D_LOSS = "discriminator_loss(real_logits, fake_logits)"
AGAIN = "discriminator(generator(latents, training=True), training=True)"


def blank(generator: str, digit: object = 3) -> str:
    return f"my_digit = {digit}\nmy_generator = {generator}"


ANSWERS = {
    "q1": {
        "starter": (
            "def labelled_discriminator_loss(real_logits, fake_logits):\n    return ...\n"
            "def labelled_generator_loss(fake_logits):\n    return ..."
        ),
        "correct": [
            losses(RIGHT),
            losses("mean(softplus(-real)) + mean(softplus(fake))", "mean(softplus(-fake))"),
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
            losses(
                "of_scores(tf.ones((4, 1)), tf.sigmoid(real))"
                " + of_scores(tf.zeros((3, 1)), tf.sigmoid(fake))",
                "of_scores(tf.ones((3, 1)), tf.sigmoid(fake))",
            ): "A sigmoid comes in between",
            losses(
                "of_scores(tf.ones((4, 1)), tf.sigmoid(real))"
                " + of_scores(tf.zeros((3, 1)), tf.sigmoid(fake))"
            ): "A sigmoid comes in between",
            losses(
                "cross_entropy(real, tf.ones_like(real)) + cross_entropy(fake, tf.zeros_like(fake))"
            ): "the labels first",
            losses(RIGHT, "cross_entropy(fake, tf.ones_like(fake))"): "the labels first",
            losses("4 * mean(softplus(-real)) + 3 * mean(softplus(fake))"): "added up",
            losses(RIGHT, "3 * mean(softplus(-fake))"): "added up",
            losses("softplus(-real) + softplus(fake)"): "one mean over the batch",
            losses("cross_entropy(1.0, real)"): "of the same shape as the logits",
            losses("None"): "begin with return",
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
        "starter": (
            "def train_step(generator, discriminator, generator_optimizer, discriminator_optimizer,"
            " real_images, latents):\n    return ..."
        ),
        "correct": [
            STEP,
            # One loss after the other, the optimizers in the other order, a list.
            step((APPLY_G + APPLY_D, APPLY_D + APPLY_G), (RETURN, f"    return [{BOTH}]\n")),
            step(("apply(gradients_of_g, of_g)", "apply_gradients(zip(gradients_of_g, of_g))")),
            step(("apply(gradients_of_g, of_g)", "apply(gradients_of_g)")),
            "@tf.function" + STEP,
            step((RETURN, f"    return tf.stack([{BOTH}])\n")),
        ],
        "wrong": {
            step((RETURN, "")): "returns nothing",
            step(
                (
                    "        fakes = generator(",
                    "        fakes = keras.Sequential([keras.Input((9,)), layers.Dense(4)])(",
                )
            ): ("not others from outside"),
            step(("(gradients_of_g, of_g)", "(of_g, gradients_of_g)")): "gradients first",
            step(("apply(gradients_of_g, of_g)", "apply(zip(gradients_of_g, of_g))")): "two lists",
            step(("generator_loss(fake_logits)", "mean(softplus(-fake_logits))")): (
                "generator_loss is never called"
            ),
            step(
                ("discriminator(fakes,", "discriminator(tf.stop_gradient(fakes),")
            ): "stop_gradient",
            step((RETURN, "    return loss_of_d, loss_of_g\n")): "losses are swapped",
            step((RETURN, "    return loss_of_g + loss_of_d\n")): "two numbers",
            step((RETURN, "    return 0.0, 1.0\n")): "not the two losses",
            step((RETURN, "    return fake_logits, loss_of_d\n")): "shape (6, 1)",
            step(
                (
                    RETURN,
                    f"    fake_logits = {AGAIN}\n"
                    "    real_logits = discriminator(real, training=True)\n"
                    "    return generator_loss(fake_logits),"
                    " discriminator_loss(real_logits, fake_logits)\n",
                )
            ): "again after the updates",
            step((RETURN, "    return float(loss_of_g), float(loss_of_d)\n")): "cannot compile",
            step((APPLY_G, ""), (APPLY_D, "")): "neither network moved",
            step((APPLY_G, "")): "the generator did not move",
            step((APPLY_D, "")): "the discriminator did not move",
            step(("tape.gradient(loss_of_g, of_g)", "tape.gradient(loss_of_d, of_g)")): (
                "learns to be caught"
            ),
            step(("tape.gradient(loss_of_d, of_d)", "tape.gradient(loss_of_g, of_d)")): (
                "helps the forger"
            ),
            step(
                ("tape.gradient(loss_of_g, of_g)", "tape.gradient(loss_of_g, of_d)"),
                ("apply(gradients_of_g, of_g)", "apply(gradients_of_g, of_d)"),
            ): "moved twice",
            step((APPLY_G + APPLY_D, APPLY_G + APPLY_D.replace("discriminator", "generator"))): (
                "optimizers are swapped"
            ),
            step(("generator_loss(fake_logits)", "-mean(softplus(fake_logits))")): "minimax",
            step(("loss_of_d = discriminator_loss", "loss_of_d = -discriminator_loss")): "climbed",
            step((D_LOSS, "mean(softplus(fake_logits))")): "lacks the real images",
            step((D_LOSS, "mean(softplus(-real_logits))")): "lacks the fakes",
            step((D_LOSS, "discriminator_loss(fake_logits, real_logits)")): "real ones come first",
            step((D_LOSS, D_LOSS + " / 2")): "do not halve",
            step((D_LOSS, "tf.reduce_sum(softplus(-real_logits) + softplus(fake_logits))")): (
                "added up over the batch"
            ),
            step(("generator_loss(fake_logits)", "tf.reduce_sum(softplus(-fake_logits))")): (
                "added up over the batch"
            ),
            step(("generator_loss(fake_logits)", "-mean(tf.math.log(tf.sigmoid(fake_logits)))")): (
                "logarithm of a score"
            ),
            step(
                ("apply(gradients_of_g, of_g)", "apply(gradients_of_d[:2], of_g)"),
                ("apply(gradients_of_d, of_d)", "apply(gradients_of_d, of_d)"),
            ): "crossed",
            step(("generator(latents, training=True)", "generator(latents)")): (
                "generator was called without training=True"
            ),
            step(("discriminator(fakes, training=True)", "discriminator(fakes)")): (
                "discriminator was called without training=True"
            ),
            step(("generator(latents,", "generator(tf.random.normal((6, 5)),")): (
                "did not get the latents"
            ),
            step(("(persistent=True)", "()")): "one tape was asked for two",
            step(
                (
                    "        real_logits = discriminator(real, training=True)\n"
                    "        fake_logits = discriminator(fakes, training=True)\n",
                    "        logits = discriminator(tf.concat([real, fakes], 0), training=True)\n"
                    "        real_logits, fake_logits = logits[:6], logits[6:]\n",
                )
            ): "as one batch",
            step(
                ("        loss_of_g =", "    loss_of_g ="),
                ("        loss_of_d =", "    loss_of_d ="),
            ): "inside the `with` block",
            step(
                ("    of_g, of_d", "    discriminator.trainable = False\n    of_g, of_d")
            ): "trainable = False",
            # Alternating: D first, then G against the D that has moved.
            step(
                ("    gradients_of_g = tape.gradient(loss_of_g, of_g)\n", ""),
                (APPLY_D, ""),
                (
                    APPLY_G,
                    APPLY_D + "    with tf.GradientTape() as tape:\n"
                    f"        again = {AGAIN}\n"
                    "        loss_of_g = generator_loss(again)\n"
                    "    gradients_of_g = tape.gradient(loss_of_g, of_g)\n" + APPLY_G,
                ),
            ): "already moved",
        },
    },
    "q3": {
        "starter": "my_digit = 3\nmy_generator = ...",
        "correct": [blank("image_of(linear(3))"), blank("image_of(linear(0))", 0)],
        "wrong": {
            blank("image_of(linear(3))", "'three'"): "no whole number",
            blank("image_of(linear(3))", 12): "from 0 to 9",
            blank("linear"): "no Keras model",
            blank("linear(3)"): "shape (784,)",
            blank("keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten()])"): "latents have",
            blank("image_of(linear(3), lambda pixels: 3 * pixels)"): "Which activation",
            blank("image_of(linear(3), tf.sigmoid)"): "no value is below 0",
            blank("image_of(linear(3), lambda pixels: pixels / 0.0)"): "diverged",
            blank("image_of(linear(3, strength=0.2))"): "look alike",
            blank("image_of(linear(8))"): "nearer to the digit 8",
            blank("image_of(linear(3), lambda x: tf.clip_by_value(x + 0.6, -1.0, 1.0))"): (
                "far too bright"
            ),
            blank(
                "image_of(linear(3, directions=4), lambda x: tf.clip_by_value(x + 0.15, -1.0, 1.0))"
            ): ("Train longer"),
            blank("Copies(3)"): "most of the images are training images",
        },
    },
}

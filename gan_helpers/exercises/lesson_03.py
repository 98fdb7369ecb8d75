"""Exercises of lesson 3: losses from labels, label smoothing, a faulty sampling function."""

from collections.abc import Callable
from typing import Any

from gan_helpers.exercises.core import Exercise, NotYet, compare_number, one_number
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import numpy as np
import tensorflow as tf

__all__ = ["q1", "q2", "q3"]

# More real than fake logits, large and small ones: no slip gives the right number by chance.
REAL_LOGITS = np.array([[2.0], [0.5], [-1.0], [4.0]], "float32")
FAKE_LOGITS = np.array([[-3.0], [1.5], [0.2]], "float32")


def _softplus(logits: Any) -> np.ndarray:
    return np.logaddexp(0.0, np.asarray(logits, float))


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def _compare(answer: float, correct: float, slips: list[tuple[float, str]]) -> None:
    otherwise = f"the check got {answer:.4f} where it expected {correct:.4f}."
    compare_number(answer, correct, slips, otherwise)


def _check_losses_from_labels(discriminator_loss: Callable, generator_loss: Callable) -> str:
    real_logits, fake_logits = tf.constant(REAL_LOGITS), tf.constant(FAKE_LOGITS)
    name = "labelled_discriminator_loss"
    answer = one_number(discriminator_loss(real_logits, fake_logits), name)
    real_term, fake_term = _softplus(-REAL_LOGITS).mean(), _softplus(FAKE_LOGITS).mean()
    swapped_real, swapped_fake = _softplus(REAL_LOGITS).mean(), _softplus(-FAKE_LOGITS).mean()
    # Without from_logits=True Keras takes a logit for a probability and cuts it off at 0 and 1.
    of_scores = keras.losses.BinaryCrossentropy()
    misread_real = float(of_scores(np.ones_like(REAL_LOGITS), REAL_LOGITS))
    misread_fake = float(of_scores(np.zeros_like(FAKE_LOGITS), FAKE_LOGITS))
    misread_wish = float(of_scores(np.ones_like(FAKE_LOGITS), FAKE_LOGITS))
    everything = np.concatenate([_softplus(-REAL_LOGITS), _softplus(FAKE_LOGITS)])
    not_logits = (
        "the logits went in as if they were probabilities. "
        "BinaryCrossentropy has an argument that says what it gets."
    )
    twice = (
        "the logits went through a sigmoid, and then the cross-entropy took a sigmoid again. "
        "Hand it the logits as they are, or say from_logits=False."
    )
    _compare(
        answer,
        real_term + fake_term,
        [
            (
                swapped_real + swapped_fake,
                "the labels are swapped in labelled_discriminator_loss: real is 1, fake is 0. "
                "As it stands D learns to take fakes for real.",
            ),
            (
                real_term + swapped_fake,
                "the fakes are labelled 1 in labelled_discriminator_loss. "
                "That is the generator's wish, not the discriminator's.",
            ),
            (misread_real + misread_fake, not_logits),
            (
                _softplus(-_sigmoid(REAL_LOGITS)).mean() + _softplus(_sigmoid(FAKE_LOGITS)).mean(),
                twice,
            ),
            (
                (real_term + fake_term) / 2,
                "half the expected loss: add the mean over the real and the mean over the fake "
                "logits, without dividing by two.",
            ),
            (
                everything.mean(),
                "real and fake went into one mean. In the value function each has its own.",
            ),
            (real_term, "the fakes are missing from labelled_discriminator_loss."),
            (fake_term, "the real images are missing from labelled_discriminator_loss."),
        ],
    )
    answer = one_number(generator_loss(fake_logits), "labelled_generator_loss")
    _compare(
        answer,
        swapped_fake,
        [
            (
                -fake_term,
                "that is the minimax loss, log(1 - D(G(z))), which is flat while D wins. "
                "Call the fakes real instead of negating D's loss.",
            ),
            (
                fake_term,
                "the labels are swapped in labelled_generator_loss: with label 0 G would learn to "
                "be caught. Which label does G want for its fakes?",
            ),
            (misread_wish, not_logits),
            (_softplus(-_sigmoid(FAKE_LOGITS)).mean(), twice),
        ],
    )
    _check_gradient(generator_loss, fake_logits)
    return "both agree with the formulas, for D and for G, to five digits."


def _check_gradient(generator_loss: Callable, fake_logits: tf.Tensor) -> None:
    with tf.GradientTape() as tape:
        tape.watch(fake_logits)
        loss = tf.convert_to_tensor(generator_loss(fake_logits))
    if tape.gradient(loss, fake_logits) is None:
        raise NotYet(
            "the numbers are right, but no gradient comes back. "
            "Stay with functions of Keras or TensorFlow; NumPy cuts the gradient off."
        )


q1 = Exercise(
    lesson=3,
    number=1,
    names=("labelled_discriminator_loss", "labelled_generator_loss"),
    check_answer=_check_losses_from_labels,
    hints=(
        "Make the labels with tf.ones_like(logits) and tf.zeros_like(logits).",
        "Call cross_entropy(labels, logits) once for real and once for fake, and add the two.",
        "The generator's loss is the cross-entropy of its fakes with the label it wishes for: 1.",
    ),
    code="""
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


    def labelled_discriminator_loss(real_logits, fake_logits):
        real_part = cross_entropy(tf.ones_like(real_logits), real_logits)
        return real_part + cross_entropy(tf.zeros_like(fake_logits), fake_logits)


    def labelled_generator_loss(fake_logits):
        return cross_entropy(tf.ones_like(fake_logits), fake_logits)
    """,
    why=(
        "With label 1 the cross-entropy is $-\\log\\sigma(\\ell)$, with label 0 it is "
        "$-\\log(1-\\sigma(\\ell))$. The generator's trick is the label: it takes the "
        "discriminator's loss and calls its own fakes real."
    ),
)


def _check_smoothing(smoothed_discriminator_loss: Callable) -> str:
    real_logits, fake_logits = tf.constant(REAL_LOGITS), tf.constant(FAKE_LOGITS)
    name = "smoothed_discriminator_loss"
    answer = one_number(smoothed_discriminator_loss(real_logits, fake_logits), name)
    real_one, real_zero = _softplus(-REAL_LOGITS).mean(), _softplus(REAL_LOGITS).mean()
    fake_one, fake_zero = _softplus(-FAKE_LOGITS).mean(), _softplus(FAKE_LOGITS).mean()
    smooth_real = 0.9 * real_one + 0.1 * real_zero
    _compare(
        answer,
        smooth_real + fake_zero,
        [
            (
                real_one + fake_zero,
                "that is the loss without smoothing. The label of the real images is 0.9 now.",
            ),
            (
                0.9 * real_one + fake_zero,
                "a label of 0.9 has two parts: 0.9 of the loss for real, and 0.1 of the loss for "
                "fake. The second is missing, so D may still grow as sure as it likes.",
            ),
            (
                smooth_real + 0.9 * fake_zero + 0.1 * fake_one,
                "the fakes are smoothed too. One-sided means that their label stays 0; otherwise D "
                "would reward fakes a little.",
            ),
            (
                real_one + 0.9 * fake_zero + 0.1 * fake_one,
                "the wrong side is smoothed: the fakes. Smooth the label of the real images.",
            ),
            (
                0.1 * real_one + 0.9 * real_zero + fake_zero,
                "0.9 and 0.1 are swapped: nearly all of the label belongs to real.",
            ),
            (
                _softplus(-0.9 * REAL_LOGITS).mean() + fake_zero,
                "the logits are multiplied by 0.9. It is the label that shrinks, not the logit.",
            ),
            (
                0.9 * (real_one + fake_zero),
                "the whole loss is 0.9 times as large, which changes nothing but its scale.",
            ),
        ],
    )
    # Balanced logits of another size and number, so that a number found by hand does not pass.
    balanced = one_number(smoothed_discriminator_loss(tf.zeros((5, 1)), tf.zeros((2, 1))), name)
    if not np.isclose(balanced, np.log(4), atol=1e-5):
        raise NotYet("right for one set of logits, but if D says 1/2 to everything it is log 4.")
    _check_gradient(lambda logits: smoothed_discriminator_loss(logits, fake_logits), real_logits)
    return "its smallest value lies at a score of 0.9 for real, that is a logit of log 9 = 2.2."


q2 = Exercise(
    lesson=3,
    number=2,
    names=("smoothed_discriminator_loss",),
    check_answer=_check_smoothing,
    hints=(
        "Cross-entropy with label t is t times the loss for real plus 1 - t times that for fake.",
        "For a logit the loss for real is softplus(-logit), the loss for fake softplus(logit).",
        "Real images: 0.9 * softplus(-real_logits) + 0.1 * softplus(real_logits), then the mean. "
        "Fake images: as before.",
    ),
    code="""
    def smoothed_discriminator_loss(real_logits, fake_logits):
        real_part = 0.9 * tf.nn.softplus(-real_logits) + 0.1 * tf.nn.softplus(real_logits)
        return tf.reduce_mean(real_part) + tf.reduce_mean(tf.nn.softplus(fake_logits))
    """,
    why=(
        "The derivative of the real part is $\\sigma(\\ell) - 0.9$: zero at a score of 0.9, so D "
        "gains nothing by being surer. Smoothing the fakes as well would make the best "
        "discriminator $(0.9\\,p_\\text{data} + 0.1\\,p_g)/(p_\\text{data} + p_g)$, which rewards "
        "fakes where no data is (Salimans et al. 2016, section 3.4)."
    ),
)


class _ShowsLatents(keras.Model):
    """Stands in for a generator: remembers its latents, paints brightness from black to white."""

    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.latents: list[np.ndarray] = []
        self.calls_in_training: list[bool] = []

    @property
    def input_shape(self) -> tuple[None, int]:
        return None, self.latent_dim

    def call(self, latents: Any, training: bool = False) -> Any:
        self.latents.append(np.asarray(latents, dtype=float))
        self.calls_in_training.append(bool(training))
        ramp = tf.reshape(tf.linspace(-1.0, 1.0, 28 * 28), (1, 28, 28, 1))
        return tf.repeat(ramp, tf.shape(latents)[0], axis=0)


def _check_sampling(repaired_samples: Callable) -> str:
    generator = _ShowsLatents(64)
    images = np.asarray(repaired_samples(generator, 500))
    if not generator.latents:
        raise NotYet("the function never calls the generator it is given.")
    if images.ndim != 4 or images.shape[1:] != (28, 28, 1):
        raise NotYet(f"the images have shape {images.shape}; expected (500, 28, 28, 1).")
    if len(images) != 500:
        raise NotYet(
            f"asked for 500 images, got {len(images)}. "
            "The number of latents must follow `count`, not the batch of the training."
        )
    if images.dtype != np.uint8:
        raise NotYet(f"the images are {images.dtype}; pixels are uint8, 0 to 255.")
    ramp = images[0].ravel().astype(int)
    if np.any(np.diff(ramp) < 0):
        raise NotYet(
            "where the generator paints from black to white, the pixels jump: values below 0 wrap "
            "around. The generator's range is -1 to 1, that of pixels 0 to 255."
        )
    if ramp[0] > 1 or ramp[-1] < 254:
        raise NotYet(
            f"the generator paints black to white, the pixels run from {ramp[0]} to {ramp[-1]}. "
            "Map -1 to 0 and 1 to 255."
        )
    if abs(ramp[len(ramp) // 2] - 127.5) > 2:
        raise NotYet(
            f"the generator's middle grey, 0, becomes {ramp[len(ramp) // 2]}; it should be "
            "about 127. Cutting off everything below 0 loses half of the picture."
        )
    latents = np.concatenate(generator.latents)
    if latents.shape[1] != 64:
        raise NotYet(f"the latents have {latents.shape[1]} numbers each; the generator takes 64.")
    if np.allclose(latents[0], latents[1:]):
        raise NotYet("all the latents are equal, and so are the images. Draw each of them anew.")
    mean, spread = latents.mean(), latents.std()
    if latents.min() >= 0:
        raise NotYet(
            "the latents are all positive, so most of what the generator has learned is never "
            "visited. Draw them as the training does."
        )
    if abs(mean) > 0.05 or abs(spread - 1) > 0.05 or np.abs(latents).max() < 2.5:
        raise NotYet(
            f"the latents have mean {mean:.2f}, spread {spread:.2f} and largest value "
            f"{np.abs(latents).max():.1f}. In training they came from a standard normal "
            "distribution."
        )
    if any(generator.calls_in_training):
        raise NotYet(
            "the generator runs in training mode. Samples for people are made without it: layers "
            "such as BatchNormalization would let the images depend on each other."
        )
    return "as many images as asked for, from the latents of the training, in the right range."


q3 = Exercise(
    lesson=3,
    number=3,
    names=("repaired_samples",),
    check_answer=_check_sampling,
    hints=(
        "There are three faults: one in the latents' distribution, one in their number, one in "
        "the pixels.",
        "draw_normal(count) draws the latents as the training does. What is -1 times 255, as "
        "uint8?",
        "to_pixels(generator(latents, training=False)) maps -1..1 to 0..255.",
    ),
    code="""
    def repaired_samples(generator, count):
        latents = draw_normal(count)
        return to_pixels(generator(latents, training=False))
    """,
    why=(
        "The latents were uniform on [0, 1), but the generator was trained on normal ones; their "
        "number was the training's batch size; and `255 * images` leaves -1..1 at -255..255, which "
        "wraps around in uint8."
    ),
)

"""Exercises of lesson 4: name the disease, write R1, count classes, treat a patient of your own."""

from collections.abc import Callable
from typing import Any

from gan_helpers.clinic import MYSTERIES, PATIENTS, Trial
from gan_helpers.exercises.core import Exercise, NotYet, compare_number
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import numpy as np
import tensorflow as tf

__all__ = ["q1", "q2", "q3", "q4"]

# What speaks against each wrong name, by the charts of the patient.
AGAINST = {
    ("A", "vanishing gradients"): "its points jump about all the time, and G's gradient stays "
    "above 0.01. Where gradients vanish, nothing moves",
    ("A", "stuck"): "its points do not stay anywhere: no two of the four pictures have them at the "
    "same place. Who is stuck stays at some modes",
    ("A", "no convergence"): "no picture shows the whole ring, so there was nothing to lose. And "
    "the points stay together: that is a collapse. Who is too fast here?",
    ("A", "D too weak"): "both scores are near one half, but they swing: D drives the points from "
    "one side to another, only too late each time. Its size is not the trouble: it has 32 units "
    "per layer. Look at its learning rate",
    ("B", "running crowd"): "its points hardly move at all. A running crowd rushes about",
    ("B", "stuck"): "its points are at no mode. Who is stuck has found some of the data; and the "
    "last column, 0.007, lies far below all others",
    ("B", "no convergence"): "nothing is found and nothing lost here: the points hardly move. "
    "Compare the last column with that of the others",
    ("B", "D too weak"): "D is sure from the start: 1 for real and 0 for generated points. A weak "
    "D says one half to both",
    ("C", "vanishing gradients"): "G's gradient is about 10 all the time. It has a direction to "
    "go, but only towards modes that it has already",
    ("C", "running crowd"): "its points sit at the same three modes in the last two pictures. A "
    "crowd that runs is elsewhere in each",
    ("C", "no convergence"): "the last two pictures have the points at the same three modes: this "
    "game has come to rest, at the wrong place",
    ("C", "D too weak"): "D scores real points near 0.75 and generated ones near 0.25, so it sees "
    "a difference",
    ("D", "vanishing gradients"): "its points did reach the data, and G's gradient stays near 1",
    ("D", "running crowd"): "look at the third picture: the points lie all around the ring, and "
    "are then lost. A crowd never spreads",
    ("D", "stuck"): "the last picture covers nothing of what the third has. Who is stuck keeps "
    "its modes",
    ("D", "D too weak"): "at the end D scores real points near 0.9 and generated ones near 0: it "
    "tells them apart",
}


def _check_diagnoses(*diagnoses: Any) -> str:
    for (letter, disease), name in zip(MYSTERIES.items(), diagnoses, strict=True):
        if not isinstance(name, str) or name.strip() not in PATIENTS:
            known = ", ".join(PATIENTS)
            raise NotYet(f"patient_{letter.lower()} is no name of the table; it has: {known}.")
        if name.strip() != disease:
            raise NotYet(f"patient {letter} is not {name!r}: {AGAINST[letter, name.strip()]}.")
    return "all four are named as they were made."


q1 = Exercise(
    lesson=4,
    number=1,
    names=("patient_a", "patient_b", "patient_c", "patient_d"),
    check_answer=_check_diagnoses,
    hints=(
        "First the points: do they stay, move together, or come and go? Then the scores.",
        "One patient has a gradient far smaller than the others. Two stand still in the end: one "
        "of them at some of the modes.",
        "The one whose third picture is better than its last has not converged.",
    ),
    code="""
    patient_a = "running crowd"
    patient_b = "vanishing gradients"
    patient_c = "stuck"
    patient_d = "no convergence"
    """,
    why=(
        "A's points are one heap that is elsewhere each time. B stands still and has no gradient. "
        "C stands still as well, but at some modes, and with a gradient. D had found the ring and "
        "lost it. The losses alone would not have told any of them apart."
    ),
)


class _Bent(keras.Model):
    """A discriminator of known slopes, a (x_1^2 + 3 x_2), which notes how it is called."""

    def __init__(self) -> None:
        super().__init__(name="bent")  # TensorFlow takes no name that begins with _
        self.factor = self.add_weight(initializer="ones", name="factor")
        self.in_training = True

    def call(self, points: Any, training: bool = False) -> Any:
        self.in_training = self.in_training and training is True
        flat = tf.reshape(points, (tf.shape(points)[0], -1))
        return self.factor * (flat[:, :1] ** 2 + 3 * flat[:, 1:2])


REAL = np.array([[0.5, 1.0], [-1.0, 0.2], [2.0, -0.3]], "float32")
FAKE = np.array([[1.5, 0.0], [0.1, 0.4], [-0.7, 1.0]], "float32")


def _slopes(points: np.ndarray) -> np.ndarray:
    return np.stack([2 * points[:, 0], np.full(len(points), 3.0)], axis=1)


def _check_r1(r1: Callable) -> str:
    discriminator = _Bent()
    answer = _number(r1, discriminator, REAL, FAKE)
    squares, at_fake = (_slopes(REAL) ** 2).sum(1), (_slopes(FAKE) ** 2).sum(1)
    logits = REAL[:, 0] ** 2 + 3 * REAL[:, 1]
    slips = [
        (at_fake.mean(), "that is the slope at the generated points. R1 looks at the real ones."),
        ((squares + at_fake).mean(), "R1 takes the real points alone; with both it is R1 and R2."),
        (
            np.sqrt(squares).mean(),
            "that is the length of the slope. R1 squares it: add up the squares, take no root.",
        ),
        (_slopes(REAL).sum(1).mean(), "the slopes are not squared."),
        (
            (_slopes(REAL) ** 2).mean(),
            "the mean went over both coordinates as well. The square of a slope is the sum over "
            "its coordinates (axis 1); the mean is over the points.",
        ),
        (squares.sum(), "the squares were added up over the points. Take their mean."),
        (
            (_slopes(REAL).sum(0) ** 2).sum(),
            "the slopes were added up before they were squared. Each point has its own slope.",
        ),
        (
            ((_slopes(REAL) / len(REAL)) ** 2).sum(1).mean(),
            "the slopes are those of the mean logit, so they are too small by the number of "
            "points. Take the gradient of the logits themselves or of their sum.",
        ),
        (
            (np.sqrt(squares) - 1).__pow__(2).mean(),
            "that is the gradient penalty of Gulrajani: "
            "the slope should be 1. R1 wants it to be 0.",
        ),
        (
            (logits**2).mean(),
            "that is the square of the logits. Ask for their slope by the points.",
        ),
    ]
    otherwise = f"for a D with known slopes the check got {answer:.4f}, not {squares.mean():.4f}."
    compare_number(answer, squares.mean(), slips, otherwise)
    if not discriminator.in_training:
        raise NotYet(
            "right, but D was called without training=True: with BatchNormalization or "
            "dropout it would be another D than the one that learns."
        )
    with tf.GradientTape() as tape:
        value = tf.convert_to_tensor(r1(discriminator, tf.constant(REAL), tf.constant(FAKE)))
    if tape.gradient(value, discriminator.factor.value) is None:
        raise NotYet(
            "the number is right, but D gets no gradient of it. Stay with TensorFlow, "
            "and do not turn the slopes into NumPy arrays."
        )
    images = np.linspace(-1, 1, 16, dtype="float32").reshape(2, 2, 2, 2)
    flat = images.reshape(2, -1)
    wanted = (4 * flat[:, 0] ** 2 + 9).mean()
    found = _number(r1, _Bent(), images, images)
    if not np.isclose(found, wanted, atol=1e-4):
        raise NotYet(
            "right for points in the plane, but not for images: there the square of a "
            "slope is the sum over all axes but the first. Reshape the slopes to "
            "(batch, -1) first, or name the axes."
        )
    compiled = tf.function(lambda points: r1(discriminator, points, points), autograph=False)
    try:
        compiled(tf.constant(REAL))
    except Exception as error:
        raise NotYet(
            f"right, but the clinic compiles it, and then it raised {type(error).__name__}. A "
            "compiled function knows no len(real) and no numpy(): use real.shape[0] and TensorFlow."
        ) from error
    return "the mean squared slope at real points, for points and for images."


def _number(r1: Callable, discriminator: keras.Model, real: np.ndarray, fake: np.ndarray) -> float:
    try:
        value = r1(discriminator, tf.constant(real), tf.constant(fake))
    except (TypeError, ValueError, AttributeError, tf.errors.InvalidArgumentError) as error:
        message = (
            f"r1 raised {type(error).__name__}: {error}. If a gradient is None, tape.watch(real) "
            "is missing, or D was called outside the tape."
        )
        raise NotYet(message) from error
    if value is None:
        raise NotYet("r1 returns nothing. Does its last line begin with return?")
    value = np.asarray(value, dtype=float)
    if value.shape != ():
        raise NotYet(f"r1 returns shape {value.shape}; a penalty is one number, the mean.")
    return float(value)


q2 = Exercise(
    lesson=4,
    number=2,
    names=("r1",),
    check_answer=_check_r1,
    hints=(
        "Open a tf.GradientTape, call tape.watch(real) in it, then logits = discriminator(real, "
        "training=True).",
        "slopes = tape.gradient(logits, real) has the shape of real: each logit depends on its own "
        "point alone.",
        "Square the slopes, add up over all axes but the first, and take the mean over the points.",
    ),
    code="""
    def r1(discriminator, real, fake):
        with tf.GradientTape() as tape:
            tape.watch(real)
            logits = discriminator(real, training=True)
        slopes = tf.reshape(tape.gradient(logits, real), (real.shape[0], -1))
        return tf.reduce_mean(tf.reduce_sum(slopes**2, axis=1))
    """,
    why=(
        "The tape inside gives the slope of D at each real point. The tape of the step, outside, "
        "then takes the gradient of this penalty by D's weights: a derivative of a derivative. "
        "`gan_helpers.remedies.r1_penalty` is the same function."
    ),
)


def _check_classes(effective_classes: Callable) -> str:
    cases = [
        ([5, 5], 2.0, "two classes, equally frequent, are 2"),
        ([3, 3, 3, 3, 3, 3, 3, 3, 3, 3], 10.0, "ten classes, equally frequent, are 10"),
        ([40, 0, 0], 1.0, "one class alone is 1; leave empty classes out, for 0 log 0 counts as 0"),
        ([9, 1], 1.3843, "nine to one is little more than one class"),
    ]
    for counts, correct, nudge in cases:
        found = np.asarray(effective_classes(np.array(counts)), dtype=float)
        if found.shape != ():
            raise NotYet(f"the answer has shape {found.shape}; it is one number.")
        if np.isnan(found):
            raise NotYet(f"the answer for {counts} is not a number: 0 log 0 should count as 0.")
        shares = np.array(counts)[np.array(counts) > 0] / sum(counts)
        entropy = -(shares * np.log(shares)).sum()
        if np.isclose(found, entropy, atol=1e-3) and entropy > 0:
            raise NotYet("this is the entropy itself; take its exponential.")
        if entropy > 0 and np.isclose(found, np.exp(-entropy), atol=1e-3):
            raise NotYet("the sign is wrong: entropy is minus the sum of p log p.")
        if not np.isclose(found, correct, atol=1e-3):
            raise NotYet(f"{nudge}. {correct:g} is right for {counts}, yours is {found:.4g}.")
    return "1 if all are alike, the number of classes if all are equally frequent."


q3 = Exercise(
    lesson=4,
    number=3,
    names=("effective_classes",),
    check_answer=_check_classes,
    hints=(
        "Divide the counts by their sum; the results are shares that add up to 1.",
        "The entropy is minus the sum of share times logarithm of share, over shares above 0.",
        "np.exp of that is the answer.",
    ),
    code="""
    def effective_classes(counts):
        shares = counts[counts > 0] / counts.sum()
        return np.exp(-(shares * np.log(shares)).sum())
    """,
    why=(
        "The entropy of k equal shares is log k, so its exponential is k. Unequal shares give "
        "less: the number of equally frequent classes that would be as varied."
    ),
)


CASE, SEEDS = "D too weak", 3


def _check_trial(my_trial: Any) -> str:
    if not isinstance(my_trial, Trial):
        raise NotYet("my_trial is no trial; it is what try_on returns.")
    patient = my_trial.patient
    if patient.disease != CASE:
        raise NotYet(f"this trial treats {patient.disease!r}; the patient here is {CASE!r}.")
    if len(set(my_trial.seeds)) < SEEDS:
        raise NotYet(f"{len(set(my_trial.seeds))} seeds prove little; play at least {SEEDS}.")
    if any(looks[-1].step < patient.steps for looks in my_trial.looks):
        raise NotYet(f"the game was cut short; leave out steps, and it has {patient.steps:,}.")
    numbers = ", ".join(f"{number:.1f}" for number in my_trial.numbers)
    if not all(my_trial.healthy):
        raise NotYet(
            f"the median of the modes covered is {numbers}, and {patient.ruler.told}: "
            f"{my_trial.verdict}. Both scores of this patient are soon near one half: "
            "what would let D see more?"
        )
    return f"{numbers} modes; {my_trial.verdict}."


q4 = Exercise(
    lesson=4,
    number=4,
    names=("my_trial",),
    check_answer=_check_trial,
    hints=(
        "First look: print(try_on('D too weak')). A D of four units per layer cannot bend enough.",
        "build=build_point_discriminator, from gan_helpers.playground, brings a D of 32 units; a "
        "function that returns a Keras model of your own does as well.",
        "my_trial = try_on('D too weak', Remedy('larger D', build=build_point_discriminator), "
        "updates=UPDATES)",
    ),
    code="""
    from gan_helpers.playground import build_point_discriminator

    my_remedy = Remedy("larger D", build=build_point_discriminator)
    my_trial = try_on("D too weak", my_remedy, updates=UPDATES)
    """,
    why=(
        "No loss and no penalty gives four units the shape that eight modes need: a penalty makes "
        "D smoother still. With 32 units per layer D sees what is missing, and G learns it."
    ),
)

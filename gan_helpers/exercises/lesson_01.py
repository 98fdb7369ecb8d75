"""Exercises of lesson 1: the value of the game, the best discriminator, a broken update."""

from collections.abc import Callable
from typing import Any

from gan_helpers.exercises.core import Exercise, NotYet, compare_array

import numpy as np

# Keras is imported inside the one check that needs it: the lesson's first picture must not wait.

__all__ = ["q1", "q2", "q3"]


def _check_value(value: Callable) -> str:
    # Different lengths, as the number of real and of fake pictures may differ.
    real_scores, fake_scores = np.array([0.9, 0.8, 0.6]), np.array([0.1, 0.35])
    answer = np.asarray(value(real_scores, fake_scores), dtype=float)
    if answer.shape != ():
        raise NotYet(
            f"the answer has shape {answer.shape}; V is one number. Each E is a mean over scores."
        )
    real_term, fake_term = np.log(real_scores), np.log(1 - fake_scores)
    correct = real_term.mean() + fake_term.mean()
    slips = [
        (
            real_term.mean() + np.log(fake_scores).mean(),
            "the second term takes the logarithm of the fake scores themselves. "
            "D should call a fake 0, so it is 1 - score that should be large.",
        ),
        (
            real_term.sum() + fake_term.sum(),
            "the logarithms are added up. E is a mean, so that V does not depend on how many "
            "pictures there are.",
        ),
        (
            np.concatenate([real_term, fake_term]).mean(),
            "all the logarithms went into one mean. Real and fake each have a mean of their own.",
        ),
        (
            -correct,
            "right size, wrong sign. That is the loss that D minimises; V itself is never above 0.",
        ),
        (
            real_term.mean() - fake_term.mean(),
            "the second term is subtracted. Both terms reward D, so they are added.",
        ),
        (
            np.log(real_scores.mean()) + np.log(1 - fake_scores.mean()),
            "the logarithm of a mean is not the mean of the logarithms. "
            "Take the logarithm of every score first.",
        ),
        (
            correct / np.log(2),
            "use the natural logarithm, np.log; another base stretches V.",
        ),
        (
            correct / np.log(10),
            "use the natural logarithm, np.log; another base stretches V.",
        ),
    ]
    _compare(answer, correct, slips)
    # A second set of scores, so that a number found by hand does not pass.
    if not np.isclose(value(np.full(4, 0.5), np.full(7, 0.5)), -np.log(4)):
        raise NotYet("right for one set of scores, but if D says 1/2 to everything V is -log 4.")
    return "a mean of logarithms for the real pictures, plus one for the fakes."


q1 = Exercise(
    lesson=1,
    number=1,
    names=("value",),
    check_answer=_check_value,
    hints=(
        "V has two terms. Each is the mean of a logarithm over all scores of one kind.",
        "np.log works on a whole array, and so does .mean().",
        "The first term is np.log(real_scores).mean(). The second looks like it, with 1 - score.",
    ),
    code="""
    def value(real_scores, fake_scores):
        return np.log(real_scores).mean() + np.log(1 - fake_scores).mean()
    """,
    why=(
        "$\\mathbb{E}$ is a mean over samples. Both terms are at most 0, and D wants both as large "
        "as possible: scores near 1 on real pictures, near 0 on fakes."
    ),
)


def _check_best_discriminator(best_discriminator: Callable) -> str:
    data_density = np.array([0.1, 0.5, 0.4, 0.2, 0.3, 0.0])
    generator_density = np.array([0.3, 0.5, 0.1, 0.8, 0.0, 0.6])
    total = data_density + generator_density
    with np.errstate(divide="ignore", invalid="ignore"):
        answer = np.asarray(best_discriminator(data_density, generator_density), dtype=float)
        ratio = data_density / generator_density
    if answer.shape != data_density.shape:
        raise NotYet(
            f"two arrays of {len(total)} densities went in, shape {answer.shape} came out. "
            "There is one score for every position."
        )
    slips = [
        (
            generator_density / total,
            "the generator's density is on top. Then D would answer 1 where only fakes are, "
            "but 1 stands for real.",
        ),
        (
            ratio,
            "data over generator is not yet a score: it exceeds 1 wherever real data is more "
            "frequent. Divide by the sum of both densities.",
        ),
        (
            data_density,
            "this is the density of the data alone. How sure D can be depends on the fakes too.",
        ),
        (
            data_density - generator_density,
            "a difference can be negative; a score lies between 0 and 1. Divide instead.",
        ),
        (
            (data_density - generator_density) / total,
            "a difference can be negative; a score lies between 0 and 1. "
            "Only the data's density belongs on top.",
        ),
        (
            np.full(len(total), 0.5),
            "one half everywhere is right only when both densities are equal everywhere.",
        ),
    ]
    _compare(answer, data_density / total, slips)
    return "D* is the share of the data in everything that turns up at a position."


q2 = Exercise(
    lesson=1,
    number=2,
    names=("best_discriminator",),
    check_answer=_check_best_discriminator,
    hints=(
        "Imagine 100 samples at one position, 30 of them real. What score is fair?",
        "The share of the real ones: real divided by real plus fake.",
        "D* = p_data / (p_data + p_g). Mind the brackets around the sum.",
    ),
    code="""
    def best_discriminator(data_density, generator_density):
        return data_density / (data_density + generator_density)
    """,
    why=(
        "With $a = p_\\text{data}(x)$ and $b = p_g(x)$ the derivative of $a\\log y + b\\log(1-y)$ "
        "is $a/y - b/(1-y)$. It is 0 at $y = a/(a+b)$, and the second derivative is negative."
    ),
)


def _compare(answer: np.ndarray, correct: Any, slips: list[tuple[Any, str]]) -> None:
    shown, wanted = (np.array2string(np.asarray(v), precision=3) for v in (answer, correct))
    otherwise = f"the check got {shown} where it expected {wanted}."
    compare_array(answer, correct, slips, otherwise)


def _check_repaired_update(repaired_loss: Callable, repaired_variables: Callable) -> str:
    import keras
    import tensorflow as tf

    generator, discriminator = _small_players()
    latents = tf.constant([[-1.0], [-0.2], [0.4], [1.1]])
    variables = list(repaired_variables(generator, discriminator))
    if not variables:
        raise NotYet("the list of variables is empty, so nothing can learn.")
    before = [[v.numpy() for v in player.weights] for player in (generator, discriminator)]
    scores_before = tf.sigmoid(discriminator(generator(latents))).numpy().mean()

    with tf.GradientTape() as tape:
        loss = tf.convert_to_tensor(repaired_loss(discriminator(generator(latents))))
    if loss.shape != ():
        raise NotYet(f"the loss has shape {tuple(loss.shape)}; return one number, the mean.")
    gradients = tape.gradient(loss, variables)
    if any(gradient is None for gradient in gradients):
        raise NotYet(
            "the loss does not depend on the variables. Compute it from fake_logits with "
            "functions of TensorFlow or Keras; NumPy cuts the gradient off."
        )
    keras.optimizers.SGD(0.1).apply(gradients, variables)

    generator_moved, discriminator_moved = (
        any(not np.array_equal(v.numpy(), old) for v, old in zip(player.weights, kept, strict=True))
        for player, kept in zip((generator, discriminator), before, strict=True)
    )
    if discriminator_moved and not generator_moved:
        raise NotYet(
            "the generator did not move at all, only the discriminator. Whose update is this?"
        )
    if discriminator_moved:
        raise NotYet(
            "the discriminator moved too. It must not help to be fooled: in this update only the "
            "generator's variables change."
        )
    scores_after = tf.sigmoid(discriminator(generator(latents))).numpy().mean()
    if scores_after <= scores_before:
        raise NotYet(
            "the right network moves, but the wrong way: its fakes score lower than before. "
            "softplus(logit) is large when a fake passes for real, softplus(-logit) when it is "
            "caught. Which of the two should the generator make small?"
        )
    return "one update raises the score of the fakes and leaves the discriminator alone."


def _small_players() -> tuple[Any, Any]:
    """A generator and a discriminator of fixed weights, one number in and one out."""
    import keras

    def build(bias: float) -> keras.Sequential:
        start = keras.initializers.Constant
        return keras.Sequential(
            [
                keras.Input((1,)),
                keras.layers.Dense(1, kernel_initializer=start(0.7), bias_initializer=start(bias)),
            ]
        )

    return build(0.3), build(-0.5)


q3 = Exercise(
    lesson=1,
    number=3,
    names=("repaired_loss", "repaired_variables"),
    check_answer=_check_repaired_update,
    hints=(
        "Two things are wrong: which way the loss pulls, and on whom.",
        "The generator wants its fakes to score 1, so its loss is the mean of -log D(G(z)). "
        "In logits -log D is softplus with a minus sign inside.",
        "tf.reduce_mean(tf.nn.softplus(-fake_logits)) and generator.trainable_variables.",
    ),
    code="""
    def repaired_loss(fake_logits):
        return tf.reduce_mean(tf.nn.softplus(-fake_logits))


    def repaired_variables(generator, discriminator):
        return generator.trainable_variables
    """,
    why=(
        "The gradient passes through the discriminator to reach the generator, but only the "
        "generator's variables are handed to the optimizer. Nothing has to be frozen."
    ),
)

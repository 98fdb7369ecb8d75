"""Exercises of lesson 4: variety as one number, a test that finds swapped labels."""

from collections.abc import Callable

from gan_helpers import losses
from gan_helpers.exercises.core import Exercise, NotYet

import numpy as np

__all__ = ["q1", "q2"]


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


q1 = Exercise(
    lesson=4,
    number=1,
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


def _check_labels(labels_are_right: Callable) -> str:
    right = {
        "cross-entropy": losses.discriminator_loss,
        "hinge": losses.hinge_discriminator_loss,
        "least squares": losses.least_squares_discriminator_loss,
        "Wasserstein": losses.wasserstein_discriminator_loss,
    }
    for name, loss in right.items():
        if not _says(labels_are_right, loss):
            raise NotYet(
                f"{name} is called wrong. Compare the loss of a D that is right with that of one "
                "that is wrong; do not ask for a small value."
            )
        if _says(labels_are_right, lambda real, fake, loss=loss: loss(fake, real)):
            raise NotYet(f"{name} with real and fake swapped is called right.")
    return "four losses told from their swapped twins."


def _says(labels_are_right: Callable, loss: Callable) -> bool:
    answer = np.asarray(labels_are_right(loss))
    if answer.shape != ():
        raise NotYet(f"the answer has shape {answer.shape}; it is True or False.")
    return bool(answer)


q2 = Exercise(
    lesson=4,
    number=2,
    names=("labels_are_right",),
    check_answer=_check_labels,
    hints=(
        "Invent logits: an array of ones for one kind, of minus ones for the other.",
        "A right loss is smaller for loss(high, low) than for loss(low, high).",
        "high = np.ones((4, 1), 'float32'); low = -high.",
    ),
    code="""
    def labels_are_right(loss):
        high = np.ones((4, 1), "float32")
        return bool(loss(high, -high) < loss(-high, high))
    """,
    why=(
        "Only the order counts, so the test works for losses of any scale, also for those that "
        "can be negative."
    ),
)

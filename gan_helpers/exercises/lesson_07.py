"""Exercises of lesson 7: the distance of two curves, an unbiased mean, a search for copies."""

from collections.abc import Callable

from gan_helpers.exercises.core import Exercise, NotYet, compare_number, one_number

import numpy as np

__all__ = ["q1", "q2", "q3"]


def _check_frechet_1d(frechet_1d: Callable) -> str:
    random = np.random.default_rng(0)
    first, second = random.normal(1, 2, 500), random.normal(-2, 0.5, 400)
    answer = one_number(frechet_1d(first, second), "the distance")
    means, deviations = first.mean() - second.mean(), first.std() - second.std()
    corrected = first.std(ddof=1) - second.std(ddof=1)
    if np.isclose(answer, means**2 + corrected**2):  # a deviation divided by n - 1 is right too
        answer = means**2 + deviations**2
    variances = first.var() - second.var()
    compare_number(
        answer,
        means**2 + deviations**2,
        [
            (
                np.hypot(means, deviations),
                "that is the distance itself. As is usual, return its square: no root at the end.",
            ),
            (means**2, "two curves with one mean but different spreads are not equal: add them."),
            (
                means**2 + variances**2,
                "np.var is the square of the deviation. Compare deviations: np.std.",
            ),
            (
                means**2 + abs(variances),
                "the second part is a difference of deviations, squared; not one of variances.",
            ),
            (abs(means) + abs(deviations), "square each difference before you add them."),
            (
                (means + deviations) ** 2,
                "square each difference by itself; otherwise a wrong mean could make up for a "
                "wrong spread.",
            ),
        ],
        f"for two arrays it gives {answer:.3f}, expected is {means**2 + deviations**2:.3f}. "
        "Add the squared difference of the means to that of the deviations.",
    )
    return "means and deviations each add the square of their difference."


q1 = Exercise(
    lesson=7,
    number=1,
    names=("frechet_1d",),
    check_answer=_check_frechet_1d,
    hints=(
        "The formula stands above the sliders. Which two numbers describe an array?",
        "first.mean() and first.std(); the same for second.",
        "return (first.mean() - second.mean()) ** 2 + ... with the deviations in the second part.",
    ),
    code="""
    def frechet_1d(first, second):
        means = first.mean() - second.mean()
        deviations = first.std() - second.std()
        return means**2 + deviations**2
    """,
    why=(
        "With one number a picture, mean and standard deviation are all that a bell curve has. "
        "With many numbers the same two parts become $|m_1 - m_2|^2$ and the trace."
    ),
)


def _check_unbiased_mean(unbiased_mean: Callable) -> str:
    random = np.random.default_rng(1)
    points = random.normal(size=(6, 3))
    similarities = (points @ points.T + 1) ** 3
    before = similarities.copy()
    answer = one_number(unbiased_mean(similarities), "the mean")
    if not np.array_equal(similarities, before):
        raise NotYet("your function changes the matrix it is given. Leave it as it is.")
    count = len(points)
    diagonal = np.trace(similarities)
    expected = (similarities.sum() - diagonal) / (count * (count - 1))
    compare_number(
        answer,
        expected,
        [
            (
                similarities.mean(),
                "the diagonal is still in it: each picture is compared with itself, which makes "
                "every set look more alike than it is.",
            ),
            (
                (similarities.sum() - diagonal) / count**2,
                "the diagonal is out of the sum but still counted: how many pairs are left?",
            ),
            (
                similarities.sum() / (count * (count - 1)),
                "you divide by the pairs without the diagonal, but the sum still holds it.",
            ),
            (
                np.triu(similarities, 1).sum() / (count * (count - 1)),
                "each pair stands in the matrix twice. Who adds it once must count it once.",
            ),
        ],
        f"for a 6 by 6 matrix it gives {answer:.3f}, expected is {expected:.3f}, the mean of all "
        "entries beside the diagonal.",
    )
    return "only pairs of different pictures are left, so more pictures change nothing on average."


q2 = Exercise(
    lesson=7,
    number=2,
    names=("unbiased_mean",),
    check_answer=_check_unbiased_mean,
    hints=(
        "Where in the matrix is a picture compared with itself?",
        "On the diagonal: np.trace adds it up. How many entries are beside it?",
        "(similarities.sum() - np.trace(similarities)) divided by n (n - 1), for n rows.",
    ),
    code="""
    def unbiased_mean(similarities):
        count = len(similarities)
        return (similarities.sum() - np.trace(similarities)) / (count * (count - 1))
    """,
    why=(
        "A picture is as similar to itself as anything can be. Among n² pairs there are n of them, "
        "a share of 1/n: what they add to the plain mean shrinks with more pictures, and with it "
        "the colleague's distance."
    ),
)


def _check_share_of_copies(share_of_copies: Callable) -> str:
    random = np.random.default_rng(2)
    training, unseen = random.normal(size=(2, 40, 5))
    fake = np.concatenate(
        [training[:12] + random.normal(0, 0.01, (12, 5)), random.normal(size=(18, 5))]
    )
    answer = one_number(share_of_copies(fake, training, unseen), "the share")
    to_training, to_unseen = (
        np.linalg.norm(fake[:, None] - images, axis=2) for images in (training, unseen)
    )
    expected = (to_training.min(axis=1) < to_unseen.min(axis=1)).mean()
    compare_number(
        answer,
        expected,
        [
            (1 - expected, "you count the fakes that are nearer to an unseen image."),
            (expected * len(fake), "that is how many; a share is divided by the number of fakes."),
            (100 * expected, "that is per cent; return a share from 0 to 1."),
            (
                (to_training.mean(axis=1) < to_unseen.mean(axis=1)).mean(),
                "you compare mean distances. A copy is near to one image, not to all.",
            ),
            (
                (to_training < to_unseen).mean(),
                "you compare the images pair by pair. First find the nearest of each kind.",
            ),
            (
                (to_training.min(axis=0) < to_unseen.min(axis=0)).mean(),
                "you look for the nearest fake of each image. It is the fakes that are judged: "
                "search among the images for each fake.",
            ),
        ],
        f"for 30 fakes it gives {answer:.3f}, expected is {expected:.3f}.",
    )
    return "copies are nearer to what the generator was trained on than to anything new."


q3 = Exercise(
    lesson=7,
    number=3,
    names=("share_of_copies",),
    check_answer=_check_share_of_copies,
    hints=(
        "metrics.nearest_neighbours(fake, training) gives indices and distances, nearest first.",
        "Do it once with training and once with unseen, and compare the distances fake by fake.",
        "The mean of (to_training < to_unseen) is the share.",
    ),
    code="""
    def share_of_copies(fake, training, unseen):
        _, to_training = metrics.nearest_neighbours(fake, training)
        _, to_unseen = metrics.nearest_neighbours(fake, unseen)
        return (to_training < to_unseen).mean()
    """,
    why=(
        "Training and unseen images come from one source. A generator that has learned that source "
        "and not the single images is as often nearer to the one as to the other, if both sets are "
        "of one size (a test after Meehan et al. 2020)."
    ),
)

"""Right and wrong answers to the exercises of lesson 7."""

SETUP = """
import numpy as np
import scipy

from gan_helpers import metrics
"""


def frechet(expression: str) -> str:
    return f"frechet_1d = lambda a, b: {expression}"


def unbiased(expression: str) -> str:
    return f"unbiased_mean = lambda s: {expression}"


def copies(compared: str) -> str:
    return f"""
def share_of_copies(fake, training, unseen):
    to_training = scipy.spatial.distance.cdist(fake, training)
    to_unseen = scipy.spatial.distance.cdist(fake, unseen)
    return {compared}
"""


ANSWERS = {
    "q1": {
        "starter": "def frechet_1d(first, second):\n    return ...",
        "correct": [
            frechet("np.hypot(a.mean() - b.mean(), a.std() - b.std()) ** 2"),
            frechet("(a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2"),
            frechet("(np.mean(a) - np.mean(b)) ** 2 + a.var() + b.var() - 2 * a.std() * b.std()"),
        ],
        "wrong": {
            frechet("np.hypot(a.mean() - b.mean(), a.std() - b.std())"): "no root at the end",
            frechet("(a.mean() - b.mean()) ** 2"): "different spreads",
            frechet(
                "(a.mean() - b.mean()) ** 2 + (a.var() - b.var()) ** 2"
            ): "np.var is the square",
            frechet("(a.mean() - b.mean()) ** 2 + abs(a.var() - b.var())"): "not one of variances",
            frechet("abs(a.mean() - b.mean()) + abs(a.std() - b.std())"): "square each",
            frechet("(a.mean() - b.mean() + a.std() - b.std()) ** 2"): "make up for",
            frechet("a.mean() - b.mean()"): "Add the squared difference",
            frechet("(a[:400] - b) ** 2"): "shape (400,)",
        },
    },
    "q2": {
        "starter": "def unbiased_mean(similarities):\n    return ...",
        "correct": [
            unbiased("s[~np.eye(len(s), dtype=bool)].mean()"),
            unbiased("np.triu(s, 1).sum() / (len(s) * (len(s) - 1) / 2)"),
        ],
        "wrong": {
            unbiased("s.mean()"): "diagonal is still in it",
            unbiased("(s - np.diag(np.diag(s))).mean()"): "still counted",
            unbiased("s.sum() / (len(s) * (len(s) - 1))"): "the sum still holds it",
            unbiased("np.triu(s, 1).sum() / (len(s) * (len(s) - 1))"): "must count it once",
            unbiased("s.sum()"): "the mean of all entries beside the diagonal",
            """
def unbiased_mean(similarities):
    np.fill_diagonal(similarities, 0)
    return similarities.sum() / (len(similarities) * (len(similarities) - 1))
""": "changes the matrix",
        },
    },
    "q3": {
        "starter": "def share_of_copies(fake, training, unseen):\n    return ...",
        "correct": [copies("(to_training.min(axis=1) < to_unseen.min(axis=1)).mean()")],
        "wrong": {
            copies("(to_training.min(axis=1) > to_unseen.min(axis=1)).mean()"): "an unseen image",
            copies("(to_training.min(axis=1) < to_unseen.min(axis=1)).sum()"): "that is how many",
            copies("100 * (to_training.min(axis=1) < to_unseen.min(axis=1)).mean()"): "per cent",
            copies("(to_training.mean(axis=1) < to_unseen.mean(axis=1)).mean()"): "near to one",
            copies("(to_training < to_unseen).mean()"): "pair by pair",
            copies("(to_training.min(axis=0) < to_unseen.min(axis=0)).mean()"): "for each fake",
            copies("to_training.min(axis=1)"): "shape (30,)",
            copies("0.123"): "for 30 fakes it gives",
        },
    },
}

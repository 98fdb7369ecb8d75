"""Answers to the exercises of lesson 4, right and wrong, as students might write them."""

SETUP = """
import numpy as np
from keras import ops
"""


def classes(answer: str) -> str:
    return f"def effective_classes(counts):\n    p = counts / counts.sum()\n    return {answer}"


def labels(answer: str) -> str:
    return f"def labels_are_right(loss):\n    one = np.ones((4, 1), 'float32')\n    return {answer}"


ANSWERS = {
    "q1": {
        "starter": "def effective_classes(counts):\n    return ...",
        "correct": [
            classes("np.exp(-sum(share * np.log(share) for share in p if share > 0))"),
            classes("1 / np.prod([share**share for share in p])"),
        ],
        "wrong": {
            classes("-(p[p > 0] * np.log(p[p > 0])).sum()"): "exponential",
            classes("np.exp((p[p > 0] * np.log(p[p > 0])).sum())"): "sign is wrong",
            classes("(p > 0).sum()"): "little more than one class",
            classes("np.exp(-(p * np.log(np.where(p > 0, p, np.nan))).sum())"): "0 log 0",
            classes("p"): "shape",
        },
    },
    "q2": {
        "starter": "def labels_are_right(loss):\n    return ...",
        "correct": [labels("loss(2 * one, -3 * one) < loss(-3 * one, 2 * one)")],
        "wrong": {
            labels("loss(9 * one, -9 * one) < 0.01"): "do not ask for a small value",
            labels("True"): "swapped is called right",
            labels("loss(-one, one) < loss(one, -one)"): "is called wrong",
            labels("np.array([True, False])"): "shape",
        },
    },
}

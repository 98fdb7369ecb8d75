"""Answers to the exercises of lesson 5, right and wrong, as students might write them."""

SETUP = """
import numpy as np
"""


def follow(step: str) -> str:
    return f"""
def final_size(n, layers):
    for kernel, stride, padding in layers:
        n = {step}
    return n
"""


def stroke(line: str, length: str = "stride * (len(values) - 1) + len(kernel)") -> str:
    return f"""
def paint(values, kernel, stride):
    kernel = np.array(kernel)
    canvas = np.zeros({length})
    for i, value in enumerate(values):
        {line}
    return canvas
"""


PLACE = "canvas[stride * i : stride * i + len(kernel)]"


def balanced(found: str, passed: str) -> str:
    return f"""
def balanced_accuracy(labels, logits):
    yes, no = logits[labels == 1], logits[labels == 0]
    return ({found} + {passed}) / 2
"""


ANSWERS = {
    "q1": {
        "starter": "def final_size(n, layers):\n    return ...",
        "correct": [
            follow("int((n + 2 * padding - kernel) / stride) + 1"),
            """
def final_size(n, layers):
    if not layers:
        return n
    kernel, stride, padding = layers[0]
    return final_size(len(range(0, n + 2 * padding - kernel + 1, stride)), layers[1:])
""",
        ],
        "wrong": {
            follow("(n + 2 * padding - kernel) // stride"): "What does + 1 count",
            follow("(n + padding - kernel) // stride + 1"): "both",
            follow("(n - kernel) // stride + 1"): "makes no difference",
            follow("(n + 2 * padding - kernel) / stride + 1"): "Round down",
            follow("round((n + 2 * padding - kernel) / stride + 1.01)"): "Round down",
            """
def final_size(n, layers):
    result = n
    for kernel, stride, padding in layers:
        result = (n + 2 * padding - kernel) // stride + 1
    return result
""": "only one layer",
            """
def final_size(n, layers):
    for _ in layers:
        kernel, stride, padding = layers[0]
        n = (n + 2 * padding - kernel) // stride + 1
    return n
""": "like the first of the list",
            """
def final_size(n, layers):
    for kernel, stride, padding in reversed(layers):
        n = (n + 2 * padding - kernel) // stride + 1
    return n
""": "from the last to the first",
            """
def final_size(n, layers):
    for _ in layers:
        kernel, stride, padding = layers[-1]
        n = (n + 2 * padding - kernel) // stride + 1
    return n
""": "expected 14",
            "final_size = lambda n, layers: [n]": "whole number",
            "final_size = lambda n, layers: n // 2": "stays as it is",
            follow("(n + 2 * padding - kernel) + 1"): "expected 3",
        },
    },
    "q2": {
        "starter": "def paint(values, kernel, stride):\n    return ...",
        "correct": [
            stroke(f"{PLACE} += value * kernel"),
            """
def paint(values, kernel, stride):
    spread = np.zeros(stride * (len(values) - 1) + 1)
    spread[::stride] = values
    return np.convolve(spread, kernel).tolist()
""",
        ],
        "wrong": {
            stroke(f"{PLACE} = value * kernel"): "Add them",
            stroke(f"{PLACE} += value * kernel[::-1]"): "backwards",
            stroke(f"{PLACE} += kernel"): "Multiply",
            stroke(
                "canvas[stride * i : stride * i + stride] += value * kernel[:stride]",
                length="stride * len(values)",
            ): "The last stroke begins",
            "paint = lambda values, kernel, stride: np.convolve(values, kernel)": "shape (6,)",
            stroke(f"{PLACE} += value + kernel"): "expected [2.0",
            stroke(f"{PLACE} += value * kernel", length="len(values)"): "raised ValueError",
            stroke("canvas[stride * i : stride * i + 3] += value * kernel"): "kernel of 4",
            stroke(f"{PLACE} += value * kernel", length="3 * stride + len(kernel)"): "2 values",
            """
def paint(values, kernel, stride):
    canvas = np.zeros(stride * (len(values) - 1) + len(kernel))
    for i in range(len(values)):
        for j in range(3):
            canvas[stride * i + j] += values[i] * kernel[j]
    return canvas
""": "kernel of 4",
            """
def paint(values, kernel, stride):
    canvas = np.zeros(stride * (len(values) - 1) + len(kernel))
    for i in range(4):
        for j in range(len(kernel)):
            canvas[stride * i + j] += values[i] * kernel[j]
    return canvas
""": "2 values",
        },
    },
    "q3": {
        "starter": "def balanced_accuracy(labels, logits):\n    return ...",
        "correct": [
            balanced("np.mean(yes >= 0)", "np.mean(no < 0)"),
            """
def balanced_accuracy(labels, logits):
    right = (logits > 0) == (labels == 1)
    return np.mean([right[labels == k].mean() for k in (0, 1)])
""",
        ],
        "wrong": {
            balanced("np.mean(yes > 0.5)", "np.mean(no < 0.5)"): "a logit of 0",
            "balanced_accuracy = lambda t, x: np.mean((x > 0) == t)": "plain share",
            balanced("np.mean(yes > 0)", "np.mean(yes > 0)"): "the dogs alone",
            balanced("np.mean(no < 0)", "np.mean(no < 0)"): "the others alone",
            balanced("2 * np.mean(yes > 0)", "2 * np.mean(no < 0)"): "are added",
            balanced("np.mean(yes < 0)", "np.mean(no > 0)"): "expected 0.792",
            "balanced_accuracy = lambda t, x: (x > 0) == t": "average of two shares",
            "balanced_accuracy = lambda t, x: (np.mean(x[t == 1] > 0), 1)": "shape (2,)",
        },
    },
}

"""Answers to the exercises of lesson 8, right and wrong, as students might write them."""

SETUP = """
import keras
import numpy as np
import tensorflow as tf
from gan_helpers.latents import spherical_interpolation
"""


def walk(
    cosine: str = "start @ end / (np.linalg.norm(start) * np.linalg.norm(end))",
    position: str = "np.linspace(0, 1, count)[:, None]",
) -> str:
    return f"""
def repaired_walk(start, end, count):
    angle = np.arccos({cosine})
    position = {position}
    weights = np.sin((1 - position) * angle), np.sin(position * angle)
    return (weights[0] * start + weights[1] * end) / np.sin(angle)
"""


def redrawn(body: str) -> str:
    return f"""
def truncated_latents(random, count, limit):
    latents = random.standard_normal((count, 64))
    {body}
    return latents
"""


def swapped(moved: str, length: str = "np.linalg.norm(moved, axis=1, keepdims=True)") -> str:
    return f"""
def swap_class(latents, labels, source, target):
    own, other = (latents[labels == label].mean(axis=0) for label in (source, target))
    moved = {moved}
    return 8 * moved / {length}
"""


CHOSEN = "latents[labels == source]"

ANSWERS = {
    "q1": {
        "starter": "def repaired_walk(start, end, count):\n    return ...",
        "correct": [
            walk(cosine="start @ end / (start @ start * (end @ end)) ** 0.5"),
            """
def repaired_walk(start, end, count):
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    position = np.linspace(0, 1, count)
    way = spherical_interpolation(start / lengths[0], end / lengths[1], position)
    return way * ((1 - position) * lengths[0] + position * lengths[1])[:, None]
""",
            """
def repaired_walk(start, end, count):
    return spherical_interpolation(start, end, np.linspace(0, 1, count))
""",
        ],
        "wrong": {
            walk(cosine="start @ end"): "holds NaN",
            walk(cosine="start @ end / 64"): "not for lengths 6 and 9",
            """
def repaired_walk(start, end, count):
    start, end = 8 * start / np.linalg.norm(start), 8 * end / np.linalg.norm(end)
    return spherical_interpolation(start, end, np.linspace(0, 1, count))
""": "Do not change the lengths of the ends",
            walk(cosine="np.clip(start @ end, -0.999, 0.999)"): "falls to",
            walk(position="np.arange(count)[:, None] / count"): "stops before the end",
            walk(position="(1 + np.arange(count)[:, None]) / count"): "not the start",
            """
def repaired_walk(start, end, count):
    position = np.linspace(0, 1, count)[:, None]
    return (1 - position) * start + position * end
""": "straight line",
            """
def repaired_walk(start, end, count):
    position = np.linspace(0, 1, count)[:, None]
    line = (1 - position) * start + position * end
    return 8 * line / np.linalg.norm(line, axis=1, keepdims=True)
""": "hurries in the middle",
            "def repaired_walk(start, end, count):\n    return start": "expected (6, 64)",
            "def repaired_walk(start, end, count):\n    start @ end": "returns nothing",
        },
    },
    "q2": {
        "starter": "def truncated_latents(random, count, limit):\n    return ...",
        "correct": [
            """
def truncated_latents(random, count, limit):
    kept = np.empty(0)
    while len(kept) < count * 64:
        numbers = random.normal(size=count * 64)
        kept = np.concatenate([kept, numbers[np.abs(numbers) <= limit]])
    return kept[: count * 64].reshape(count, 64)
""",
            """
def truncated_latents(random, count, limit):
    latents = random.standard_normal((count, 64))
    while np.any(np.abs(latents) > limit):
        again = random.standard_normal((count, 64))
        latents = np.where(np.abs(latents) > limit, again, latents)
    return latents
""",
        ],
        "wrong": {
            redrawn("latents = np.clip(latents, -limit, limit)"): "Clipping piles them up",
            redrawn("latents = limit * latents"): "still lie outside",
            redrawn(
                "outside = np.abs(latents) > limit\n"
                "    latents[outside] = random.standard_normal(outside.sum())"
            ): "may fall outside again",
            redrawn("latents[np.abs(latents) > limit] = 0"): "exactly 0",
            redrawn("latents = limit * latents / np.abs(latents).max()"): "do not shrink",
            redrawn("latents = np.random.uniform(-limit, limit, (count, 64))"): "uniform",
            """
def truncated_latents(random, count, limit):
    rows = []
    while len(rows) < count:
        row = random.standard_normal(64)
        if np.abs(row).max() <= limit:
            rows.append(row)
    return np.stack(rows)
""": "the loop goes on and on",
            redrawn(
                "while (outside := np.abs(latents) > 1).any():\n"
                "        latents[outside] = random.standard_normal(outside.sum())"
            ): "Does the code use `limit`",
            redrawn(
                "random = np.random.default_rng(1)\n"
                "    latents = random.standard_normal((count, 64))\n"
                "    while (outside := np.abs(latents) > limit).any():\n"
                "        latents[outside] = random.standard_normal(outside.sum())"
            ).replace("    latents = random", "    latents = np.random", 1): "nothing was drawn",
            redrawn(
                "while (outside := np.abs(latents) > limit).any():\n"
                "        latents[outside] = np.random.standard_normal(outside.sum())"
            ): "two calls with the same seed",
            "truncated_latents = lambda random, count, limit: np.zeros(64)": "expected (200",
        },
    },
    "q3": {
        "starter": "def swap_class(latents, labels, source, target):\n    return ...",
        "correct": [
            swapped(f"{CHOSEN} + (other - own)"),
            """
def swap_class(latents, labels, source, target):
    rows = [z for z, label in zip(latents, labels) if label == source]
    shift = latents[labels == target].mean(0) - np.mean(rows, axis=0)
    return [8 * (z + shift) / np.linalg.norm(z + shift) for z in rows]
""",
        ],
        "wrong": {
            swapped("latents - own + other"): "Move only those",
            swapped(f"{CHOSEN} - other + own"): "signs are swapped",
            swapped(f"{CHOSEN} + other"): "not taken away",
            swapped(f"{CHOSEN} - own"): "`target` is not added",
            swapped(f"{CHOSEN} - latents.mean(axis=0) + other"): "the mean of all is taken away",
            swapped(CHOSEN): "nothing has moved",
            swapped(f"{CHOSEN} - own + other", length="8"): "the arithmetic is right",
            swapped(f"{CHOSEN} - own + other", length="np.linalg.norm(moved)"): "keepdims=True",
            swapped(
                f"{CHOSEN} - own + other", length="np.linalg.norm(moved, axis=1)"
            ): "with keepdims=True they have shape (40, 1)",
            swapped(
                "latents[labels == 0] - latents[labels == 0].mean(axis=0)"
                " + latents[labels == 2].mean(axis=0)"
            ): "not for source 1 and target 0",
            swapped(f"{CHOSEN} - own.mean() + other.mean()"): "these are not latents",
            swapped(f"({CHOSEN} - own + other)[0]", length="1"): "expected (40, 64)",
        },
    },
}

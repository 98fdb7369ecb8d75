"""Exercises of lesson 8: a walk on the shell, truncation by redrawing, a class put for another."""

from collections.abc import Callable
from typing import Any

from gan_helpers.exercises.core import Exercise, NotYet, compare_array
from gan_helpers.latents import spherical_interpolation

import numpy as np

__all__ = ["q1", "q2", "q3"]

MOST_DRAWS = 6000  # numbers drawn for each latent of 64; redrawing whole vectors takes far more


def _check_walk(repaired_walk: Callable) -> str:
    random = np.random.default_rng(0)
    # Random latents stand almost at right angles, where `start @ end` may look like a cosine.
    start, end = random.normal(size=(2, 64))
    start, end = (8 * latents / np.linalg.norm(latents) for latents in (start, start + end))
    with np.errstate(invalid="ignore"):  # NaN gets a nudge of its own
        way = _as_array(repaired_walk(start.copy(), end.copy(), 6), "walk")
    if way.shape != (6, 64):
        raise NotYet(f"for count 6 the walk has shape {way.shape}; expected (6, 64).")
    if not np.isfinite(way).all():
        raise NotYet(
            "the walk holds NaN. np.arccos takes numbers from -1 to 1; what has start @ end to be "
            "divided by?"
        )
    if not np.allclose(way[0], start, atol=1e-3):
        raise NotYet("the first row is not the start. Which position gives exactly the start?")
    if not np.allclose(way[-1], end, atol=1e-3):
        raise NotYet("the walk stops before the end. Which position belongs to the last row?")
    lengths = np.linalg.norm(way, axis=1)
    if lengths.min() < 7.5:
        raise NotYet(
            f"the ends have length 8, but on the way it falls to {lengths.min():.1f}: that is the "
            "straight line, or the angle is wrong."
        )
    cosines = (way[1:] * way[:-1]).sum(axis=1) / (lengths[1:] * lengths[:-1])
    angles = np.degrees(np.arccos(cosines.clip(-1, 1)))
    if angles.max() > 1.01 * angles.min():
        raise NotYet(
            f"it stays on the shell, but the steps turn by {angles.min():.0f} to "
            f"{angles.max():.0f} degrees. Stretching the straight line hurries in the middle."
        )
    if not np.allclose(lengths, 8, atol=1e-2):
        raise NotYet(f"the lengths run from {lengths.min():.2f} to {lengths.max():.2f}, not 8.")
    _check_other_lengths(repaired_walk, 0.75 * start, 1.125 * end)
    return f"all lengths are 8, and each step turns by {angles.mean():.1f} degrees."


def _check_other_lengths(repaired_walk: Callable, start: np.ndarray, end: np.ndarray) -> None:
    """Where ``start @ end / 64`` is not the cosine."""
    positions = np.linspace(0, 1, 6)
    lengths = [np.linalg.norm(latents) for latents in (start, end)]
    with np.errstate(invalid="ignore"):
        way = _as_array(repaired_walk(start.copy(), end.copy(), 6), "walk")
    if way.shape != (6, 64) or not np.allclose(way[[0, -1]], [start, end], atol=1e-3):
        raise NotYet(
            "right for two latents of length 8; but a walk from length 6 to length 9 does not "
            "begin and end there. Do not change the lengths of the ends."
        )
    # Either the weights act on the vectors, or on their directions while the length grows evenly.
    directions = spherical_interpolation(start / lengths[0], end / lengths[1], positions)
    grown = directions * (lengths[0] + positions * (lengths[1] - lengths[0]))[:, None]
    expected = spherical_interpolation(start, end, positions), grown
    if not any(np.allclose(way, other, atol=1e-3) for other in expected):
        raise NotYet(
            "right for two latents of length 8, but not for lengths 6 and 9: there the angle is "
            "wrong. Divide start @ end by the lengths of these two, whatever they are."
        )


q1 = Exercise(
    lesson=8,
    number=1,
    names=("repaired_walk",),
    check_answer=_check_walk,
    hints=(
        "Call walk on two latents and look at the result: what is in it, and is its last row "
        "the end?",
        "The cosine of the angle is the product of the two vectors of length 1. And "
        "np.arange(4) / 4 is 0, 0.25, 0.5, 0.75.",
        "Divide start @ end by both lengths, np.linalg.norm(start) and np.linalg.norm(end); take "
        "positions from np.linspace(0, 1, count).",
    ),
    code="""
    def repaired_walk(start, end, count):
        cosine = start @ end / (np.linalg.norm(start) * np.linalg.norm(end))
        angle = np.arccos(cosine)
        position = np.linspace(0, 1, count)[:, None]
        weights = np.sin((1 - position) * angle), np.sin(position * angle)
        return (weights[0] * start + weights[1] * end) / np.sin(angle)
    """,
    why=(
        "`start @ end` is the cosine times both lengths, about 64 times too large; beyond 1 no "
        "angle has such a cosine, and NumPy answers NaN. `np.arange(count) / count` leaves out 1, "
        "right for a loop that closes and wrong for a walk with an end."
    ),
)


class _CountingGenerator(np.random.Generator):
    """Normal numbers, with an end: a loop that redraws for ever would hang the notebook."""

    def __init__(self, seed: int, most: int) -> None:
        super().__init__(np.random.PCG64(seed))
        self.left = most

    def standard_normal(self, *arguments: Any, **options: Any) -> Any:
        return self._counted(super().standard_normal(*arguments, **options))

    def normal(self, *arguments: Any, **options: Any) -> Any:
        return self._counted(super().normal(*arguments, **options))

    def _counted(self, numbers: Any) -> Any:
        # A call counts as at least ten numbers: it takes as long, even for none at all.
        self.left -= max(10, np.size(numbers))
        if self.left < 0:
            raise NotYet(
                "the loop goes on and on. Redraw only the numbers that lie outside: a whole vector "
                "hardly ever has all 64 inside."
            )
        return numbers


def _check_truncated(truncated_latents: Callable) -> str:
    count, limit = 200, 1.0
    random = _CountingGenerator(0, MOST_DRAWS * count)
    before = random.bit_generator.state
    latents = _as_array(truncated_latents(random, count, limit), "latents")
    if latents.shape != (count, 64):
        raise NotYet(f"the result has shape {latents.shape}; expected ({count}, 64).")
    sizes = np.abs(latents)
    outside = (sizes > limit + 1e-6).mean()
    if outside > 0.2:
        raise NotYet(
            f"{outside:.0%} of the numbers still lie outside the limit, as in normal latents."
        )
    if outside > 0:
        raise NotYet(
            f"{outside:.1%} of the numbers lie outside the limit: redrawn ones may fall outside "
            "again. Repeat until none does."
        )
    if (sizes > limit - 1e-6).mean() > 0.05:
        raise NotYet(
            f"{(sizes > limit - 1e-6).mean():.0%} of the numbers sit exactly on the limit. "
            "Clipping piles them up there; draw new ones instead."
        )
    if (sizes < 1e-9).mean() > 0.05:
        raise NotYet("many numbers are exactly 0. Draw new ones instead of setting them.")
    deviation, expected = latents.std(), _deviation(limit)
    if abs(deviation - limit / 3**0.5) < 0.012:
        raise NotYet("these numbers are spread evenly: uniform. They must stay normal inside.")
    if abs(deviation - expected) > 0.012:
        raise NotYet(
            f"the deviation is {deviation:.3f}; normal numbers cut off at {limit:g} have "
            f"{expected:.3f}. Redraw; do not shrink."
        )
    if random.bit_generator.state == before:
        raise NotYet(
            "nothing was drawn from `random`. Take the numbers from it, or the same seed will not "
            "give the same latents."
        )
    again = truncated_latents(_CountingGenerator(0, MOST_DRAWS * count), count, limit)
    if not np.array_equal(latents, _as_array(again, "latents")):
        raise NotYet(
            "two calls with the same seed give different latents: some numbers come from elsewhere "
            "than `random`."
        )
    _check_other_limit(truncated_latents, count, 0.5)
    return f"none beyond the limit, none piled up on it; deviation {expected:.2f} instead of 1."


def _check_other_limit(truncated_latents: Callable, count: int, limit: float) -> None:
    random = _CountingGenerator(1, MOST_DRAWS * count)
    latents = _as_array(truncated_latents(random, count, limit), "latents")
    outside = (np.abs(latents) > limit + 1e-6).mean()
    if outside > 0 or abs(latents.std() - _deviation(limit)) > 0.012:
        raise NotYet(
            f"right for a limit of 1; for a limit of {limit:g}, {outside:.0%} of the numbers lie "
            f"outside, and the deviation is {latents.std():.2f} instead of "
            f"{_deviation(limit):.2f}. Does the code use `limit` everywhere?"
        )


def _deviation(limit: float) -> float:
    """Of normal numbers of which those beyond ``limit`` are redrawn, by a fine sum."""
    values = np.linspace(-limit, limit, 2001)
    density = np.exp(-(values**2) / 2)
    return float(np.sqrt((values**2 * density).sum() / density.sum()))


q2 = Exercise(
    lesson=8,
    number=2,
    names=("truncated_latents",),
    check_answer=_check_truncated,
    hints=(
        "np.clip moves what is outside onto the limit. You want other numbers in its place.",
        "outside = np.abs(latents) > limit is a mask; latents[outside] = ... fills in new numbers. "
        "How many? outside.sum(). And they may lie outside again.",
        "while (outside := np.abs(latents) > limit).any(): latents[outside] = "
        "random.standard_normal(outside.sum())",
    ),
    code="""
    def truncated_latents(random, count, limit):
        latents = random.standard_normal((count, 64))
        while (outside := np.abs(latents) > limit).any():
            latents[outside] = random.standard_normal(outside.sum())
        return latents
    """,
    why=(
        "The loop ends because each round leaves only a part outside. Clipping would put a third "
        "of the numbers (for a limit of 1) on the limit itself, at corners where hardly any latent "
        "of the training lay."
    ),
)


def _check_swap(swap_class: Callable) -> str:
    random = np.random.default_rng(0)
    labels = np.arange(120) % 3
    latents = random.normal(size=(120, 64)) + 1.5 * np.eye(3, 64)[labels] + 0.3
    try:
        result = _as_array(swap_class(latents.copy(), labels.copy(), 0, 2), "latents")
    except ValueError as error:
        if "broadcast" not in str(error):
            raise
        raise NotYet(
            f"{error}: two shapes do not fit. Lengths of shape (40,) cannot divide latents of "
            "shape (40, 64); with keepdims=True they have shape (40, 1)."
        ) from error
    if result.shape == latents.shape:
        raise NotYet("all 120 latents come back. Move only those whose label is `source`.")
    if result.shape != (40, 64):
        raise NotYet(f"the result has shape {result.shape}; expected (40, 64) in this test.")
    chosen, means = latents[labels == 0], [latents[labels == k].mean(axis=0) for k in range(3)]
    moved = chosen - means[0] + means[2]
    slips = (
        (chosen, "nothing has moved."),
        (chosen + means[0] - means[2], "the signs are swapped: take `source` away, add `target`."),
        (chosen + means[2], "`target` is added, but the mean of `source` is not taken away."),
        (chosen - means[0], "the mean of `source` is taken away, but `target` is not added."),
        (
            chosen - latents.mean(axis=0) + means[2],
            "the mean of all is taken away; take that of `source`.",
        ),
    )
    compare_array(
        _direction(result),
        _direction(moved),
        [(_direction(slip), nudge) for slip, nudge in slips],
        "these are not latents of `source`, minus their mean, plus that of `target`.",
        tolerance=1e-4,
    )
    lengths = np.linalg.norm(result, axis=1)
    if np.allclose(result, moved, atol=1e-4):
        raise NotYet(
            f"the arithmetic is right, but the lengths run from {lengths.min():.1f} to "
            f"{lengths.max():.1f}. Bring each row back to length 8."
        )
    if not np.allclose(lengths, 8, atol=1e-3):
        raise NotYet(
            f"the directions are right, the lengths run from {lengths.min():.2f} to "
            f"{lengths.max():.2f} instead of 8. Divide each row by its own length: axis=1, "
            "keepdims=True."
        )
    moved = latents[labels == 1] - means[1] + means[0]
    other = _as_array(swap_class(latents.copy(), labels.copy(), 1, 0), "latents")
    if other.shape != (40, 64) or not np.allclose(other, 8 * _direction(moved), atol=1e-2):
        raise NotYet(
            "right for source 0 and target 2, but not for source 1 and target 0. Does the code "
            "use `source` and `target` everywhere?"
        )
    return "source taken away, target added, and every row back on the shell."


q3 = Exercise(
    lesson=8,
    number=3,
    names=("swap_class",),
    check_answer=_check_swap,
    hints=(
        "labels == source is a mask: latents[labels == source] are the rows to move.",
        "Take the mean over axis=0 of the rows of each class; subtract one, add the other.",
        "moved / np.linalg.norm(moved, axis=1, keepdims=True) has rows of length 1; multiply by 8.",
    ),
    code="""
    def swap_class(latents, labels, source, target):
        moved = latents[labels == source] - latents[labels == source].mean(axis=0)
        moved = moved + latents[labels == target].mean(axis=0)
        return 8 * moved / np.linalg.norm(moved, axis=1, keepdims=True)
    """,
    why=(
        "Both means are small vectors, so a latent keeps most of what is its own: pose, colours, "
        "background. Only the part that its class has in common is exchanged."
    ),
)


def _direction(latents: np.ndarray) -> np.ndarray:
    return latents / np.linalg.norm(latents, axis=1, keepdims=True).clip(1e-9)


def _as_array(result: Any, what: str) -> np.ndarray:
    if result is None:
        raise NotYet(f"the function returns nothing. End it with `return` and the {what}.")
    return np.asarray(result, dtype=float)

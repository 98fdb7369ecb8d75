"""The signs of a sick GAN that the curves of its training show, each with its limit."""

import re
from collections.abc import Mapping
from typing import Any

from gan_helpers.clinic.findings import (
    BUGS,
    CAUTION,
    CERTAIN,
    LIKELY,
    NO_REST,
    TABLE,
    VANISHING,
    WEAK,
    Sign,
    sign,
)
from gan_helpers.clinic.measures import blind_level, losses_of

import numpy as np

__all__ = ["CURVE_SIGNS", "Curves"]

CURVE_SIGNS: list[Sign] = []

NAMES = {
    "generator": r"g|gen|generator",
    "discriminator": r"d|disc|dis|discriminator|critic",
    "real": r"real",
    "fake": r"fake|generated",
    "distance": r"distances?|fid|kid",
}
FEWEST_POINTS = 5  # a trend needs some


class Curves:
    """The curves of a training, by what they are, as far as they are there."""

    def __init__(self, curves: Mapping[str, np.ndarray], loss: Any) -> None:
        self.all = curves
        self.level = blind_level(losses_of(loss))
        self.losses = {
            name: curves[found]
            for name in ("generator", "discriminator")
            if (found := _find(curves, NAMES[name], losses_only=True))
        }
        self.generator = self.losses.get("generator")
        self.discriminator = self.losses.get("discriminator")
        self.real, self.fake, self.distance = (
            curves[found] if (found := _find(curves, NAMES[name])) else None
            for name in ("real", "fake", "distance")
        )


def _find(curves: Mapping[str, np.ndarray], pattern: str, losses_only: bool = False) -> str | None:
    """The first curve with such a word in its name."""
    for name in curves:
        apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()  # lossG
        words = [word for word in re.split(r"[^a-z]+", apart) if word]
        is_loss = "loss" in words or "losses" in words or len(words) == 1
        others = {"real", "fake"} & set(words)
        if any(re.fullmatch(pattern, word) for word in words) and (
            (is_loss and not others) if losses_only else "loss" not in words
        ):
            return name
    return None


@sign(
    CURVE_SIGNS,
    "not finite",
    CERTAIN,
    TABLE,
    "Training has diverged; what came after is of no use.",
    "Start anew from before that point, with a lower learning rate and losses of logits; check the "
    "range of the data. callbacks.StopOnNaN stops in time.",
)
def _curve_not_finite(curves: Curves) -> str | None:
    for name, values in curves.all.items():
        broken = np.flatnonzero(~np.isfinite(values))
        if len(broken):
            return f"{name} is {values[broken[0]]} at point {broken[0] + 1} of {len(values)}"
    return None


@sign(
    CURVE_SIGNS,
    "losses explode",
    CERTAIN,
    TABLE,
    "A loss grows without limit: logits do.",
    "A lower learning rate; with Wasserstein losses a gradient penalty or spectral normalization.",
    explains="discriminator saturated, circles",
)
def _curve_explodes(curves: Curves) -> str | None:
    for name, values in curves.losses.items():
        size = np.abs(values)
        first, last = np.median(size[: len(size) // 2 + 1]), np.median(size[-len(size) // 10 :])
        # A cross-entropy of 100 is a logit of 100. A D far too strong brings G's loss to some 30.
        if len(size) >= FEWEST_POINTS and last > 100 and last > 10 * first:
            return f"the loss of the {name} grows from {first:.3g} to {last:.3g}"
    return None


@sign(
    CURVE_SIGNS,
    "nothing changes",
    CERTAIN,
    BUGS,
    "A loss that stands still to a thousandth does not even show the noise of different batches: "
    "no update reaches the networks, or the loss does not depend on them.",
    "Does the networks' trainable flag, the list of variables or a missing gradient stop it? "
    "examine(gan, real_images) says which.",
    explains="discriminator blind",
)
def _curve_flat(curves: Curves) -> str | None:
    flat = [
        f"the loss of the {name} stays from {values.min():.4g} to {values.max():.4g}"
        for name, values in curves.losses.items()
        if len(values) >= FEWEST_POINTS and np.ptp(values) <= 1e-3 * max(np.abs(values).max(), 1e-3)
    ]
    return "; ".join(flat) or None


@sign(
    CURVE_SIGNS,
    "discriminator saturated",
    LIKELY,
    VANISHING,
    "D's loss stays near 0: it is sure of every image, and the images are usually noise.",
    "A lower learning rate or fewer updates for D; R1 or gradient penalty; fading noise on its "
    "input. With the minimax loss change to the non-saturating one.",
)
def _curve_saturated(curves: Curves) -> str | None:
    late = _late(curves.discriminator)
    # The lowest of the course's own runs that went well: 0.6 of the level; one that learned its few
    # images by heart: 0.07.
    if late is None or not curves.level or (late < 0.05 * curves.level).mean() < 0.8:
        return None
    return f"D's loss is {np.median(late):.2g} in the second half ({curves.level:.3g}: it guesses)"


@sign(
    CURVE_SIGNS,
    "discriminator blind",
    LIKELY,
    WEAK,
    "D does not tell real from fake. A perfect generator would look the same, so look at images or "
    "a distance: if they are bad, D has gone blind and G wanders.",
    "A larger D, a higher learning rate for it, less noise, dropout or penalty. Go back to the "
    "best checkpoint.",
)
def _curve_blind(curves: Curves) -> str | None:
    found = []
    values = curves.discriminator
    if values is not None and len(values) >= FEWEST_POINTS and curves.level:
        # D's loss as a sum or as a mean. Healthy games were this near in a third of the steps.
        for level in (curves.level, curves.level / 2):
            share = (np.abs(values / level - 1) < 0.03).mean()
            if share >= 0.8:
                found.append(f"D's loss is {level:.3g}, as if it guessed, at {share:.0%} of points")
    real, fake = curves.real, curves.fake
    if real is not None and fake is not None and FEWEST_POINTS <= len(real) == len(fake):
        # In the runs of the course these differ by 0.1 at least, after the first epochs.
        share = (np.abs(real - fake) < 0.05).mean()
        if share >= 0.8:
            found.append(f"real and fake scores differ by less than 0.05 at {share:.0%} of points")
    return "; ".join(found) or None


@sign(
    CURVE_SIGNS,
    "good, then lost",
    LIKELY,
    NO_REST,
    "The distance was far better before.",
    "Keep the best checkpoint, not the last (lesson 7); R1; noise on D's input; an averaged "
    "generator; augmentation if the data are few.",
)
def _curve_lost(curves: Curves) -> str | None:
    values = curves.distance
    if values is None or len(values) < FEWEST_POINTS:
        return None
    best, last = values.min(), np.median(values[-3:])
    # Twice: measured again with other latents, a distance moves by some percent.
    if last < 2 * best:
        return None
    return f"distance {best:.3g} at point {values.argmin() + 1}, {last:.3g} at the end"


@sign(
    CURVE_SIGNS,
    "circles",
    CAUTION,
    NO_REST,
    "Both players chase each other, and the swings do not get smaller.",
    "R1, noise on D's input or a weight penalty; lower learning rates; an averaged generator.",
)
def _curve_circles(curves: Curves) -> str | None:
    for name, values in curves.losses.items():
        swings = _swings(values)
        if swings is not None:
            times, early, late = swings
            return (
                f"the loss of the {name} crosses its median {times} times in waves, with swings of "
                f"{early:.2g} in the first half and {late:.2g} in the second"
            )
    return None


def _late(values: np.ndarray | None) -> np.ndarray | None:
    """The second half, if there are enough points."""
    return None if values is None or len(values) < FEWEST_POINTS else values[len(values) // 2 :]


def _swings(values: np.ndarray) -> tuple[int, float, float] | None:
    """How often a curve swings, and how far in either half; None if it rests or is noise."""
    if len(values) < 40:
        return None
    window = len(values) // 40
    smooth = values[: window * 40].reshape(40, window).mean(axis=1)
    above = smooth > np.median(smooth)
    crossings = int((above[1:] != above[:-1]).sum())
    early, late = (np.ptp(np.quantile(half, (0.1, 0.9))) for half in np.split(smooth, 2))
    # Noise crosses 20 of 40 times, a trend once; a swing of half the median is seen by eye.
    if not 4 <= crossings <= 13 or late < 0.5 * abs(np.median(smooth)) or late < 0.8 * early:
        return None
    return crossings, float(early), float(late)

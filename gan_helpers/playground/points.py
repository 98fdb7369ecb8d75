"""Distributions of points in the plane, and how well generated points fit them.

Two numbers a point can be drawn on paper, so everything a GAN does to them can be seen. All the
distributions here fit into the square from -1.5 to 1.5.

Points that are no numbers raise a ``TypeError``; none at all, another shape, or values that are not
finite or out of range a ``ValueError``.
"""

from dataclasses import dataclass

from gan_helpers.checks import as_array, check_number, check_whole, describe

import numpy as np

__all__ = [
    "DISTRIBUTIONS",
    "EDGE",
    "PointDistribution",
    "as_distribution",
    "divergences",
    "from_points",
    "quality",
]

EDGE = 1.5  # the plane is shown, and counted, from -EDGE to EDGE
BINS = 30  # cells along each axis when densities are compared
NEAR = 3.0  # standard deviations within which a point counts as good
MOST_CENTRES = 2000  # of points of your own
FAIR_SHARE = 0.1  # of its share of the points that a covered mode gets at least


def _check_points(name: str, points: np.ndarray) -> np.ndarray:
    points = as_array(name, points)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(
            f"{name} has shape {points.shape}; it must be (k, 2): one row for each of k points, "
            "and at least one."
        )
    if not np.isfinite(points).all():
        raise ValueError(f"{name} holds NaN or infinity; every coordinate must be finite.")
    return points if points.dtype.kind == "f" else points.astype(np.float64)


@dataclass(frozen=True, eq=False)
class PointDistribution:
    """Something to learn: points scattered by normal noise around a set of centres.

    Attributes:
        name: shown to people.
        centres: shape (k, 2): the modes, or points close together along a curve.
        spread: standard deviation of the noise.
        separate: whether the centres are separate modes that can be counted.
    """

    name: str
    centres: np.ndarray
    spread: float
    separate: bool = True

    def __post_init__(self) -> None:
        # A list of pairs will do; the class is frozen, so that nobody changes it later.
        object.__setattr__(self, "centres", _check_points("centres", self.centres))
        check_number("spread", self.spread, 0)

    def sample(self, count: int, random: np.random.Generator) -> np.ndarray:
        """``count`` points, float32, shape ``(count, 2)``; every centre is equally likely."""
        check_whole("count", count, 0)
        chosen = self.centres[random.integers(len(self.centres), size=count)]
        return (chosen + self.spread * random.normal(size=chosen.shape)).astype(np.float32)


def _ring(count: int = 8) -> np.ndarray:
    angles = 2 * np.pi * np.arange(count) / count
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _grid() -> np.ndarray:
    ticks = np.linspace(-1.1, 1.1, 5)
    return np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)


def _line() -> np.ndarray:
    ticks = np.linspace(-1, 1, 201)
    return np.stack([ticks, 0.6 * ticks], axis=1)


def _moons() -> np.ndarray:
    angles = np.linspace(0, np.pi, 101)
    upper = np.stack([np.cos(angles) - 0.5, np.sin(angles) - 0.25], axis=1)
    return 0.8 * np.concatenate([upper, -upper])


def _discs() -> np.ndarray:
    # A sunflower's seeds: evenly spread over a disc without chance.
    seeds = np.arange(200) + 0.5
    angles, radii = seeds * np.pi * (3 - np.sqrt(5)), 0.3 * np.sqrt(seeds / 200)
    disc = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    place = np.array([0.8, -0.6])
    return np.concatenate([disc - place, disc + place])


DISTRIBUTIONS = {
    distribution.name: distribution
    for distribution in (
        PointDistribution("line", _line(), 0.04, separate=False),
        PointDistribution("Gaussians", 0.8 * _ring(3), 0.2),
        PointDistribution("ring of 8", _ring(), 0.05),
        PointDistribution("grid of 25", _grid(), 0.05),
        PointDistribution("two moons", _moons(), 0.06, separate=False),
        PointDistribution("disjoint blobs", _discs(), 0.03, separate=False),
    )
}


def from_points(points: np.ndarray, spread: float = 0.05) -> PointDistribution:
    """A distribution around points of your own, for example some that you drew.

    Args:
        points: numbers, shape (k, 2), between -1.5 and 1.5; at most 2,000 of them.
        spread: standard deviation of the noise around each of them.
    """
    points = _check_points("points", points).astype(np.float64)
    if len(points) > MOST_CENTRES:
        raise ValueError(
            f"There are {len(points):,} points; at most {MOST_CENTRES:,} can be judged quickly. "
            "Take some of them at random."
        )
    if not (np.abs(points) <= EDGE).all():
        raise ValueError(
            f"Some points lie outside the square from -{EDGE} to {EDGE}. Move and scale them into "
            "it, for example with points / abs(points).max()."
        )
    check_number("spread", spread, above=0)
    return PointDistribution("your points", points, spread, separate=False)


def as_distribution(data: np.ndarray | PointDistribution) -> PointDistribution:
    """A distribution as it is; points make one with ``from_points``."""
    return data if isinstance(data, PointDistribution) else from_points(data)


def divergences(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """How far two sets of points are apart: KL and JS divergence of their counts in a grid.

    The plane is cut into 30 x 30 cells; points outside count in the cells at the edge. The
    Kullback-Leibler divergence KL(real, fake) sums p log(p / q) over the cells, with half a point
    added to every cell of both, because an empty cell would make it infinite. The Jensen-Shannon
    divergence, of the counts themselves, is the mean KL of both to their average; it is 0 for equal
    counts and log 2 if no cell has both. Two finite samples of one distribution differ a
    little by chance, so neither reaches 0.

    Args:
        real: points ``(count, 2)``.
        fake: points ``(count, 2)``; the counts may differ.

    Returns:
        ``{"KL": ..., "JS": ...}`` in nats.

    Source: Lin 1991, "Divergence Measures Based on the Shannon Entropy".

    Example:
        >>> left, right = np.full((100, 2), -1.0), np.full((100, 2), 1.0)
        >>> round(divergences(left, left)["JS"], 3), round(divergences(left, right)["JS"], 3)
        (0.0, 0.693)
    """
    real, fake = _check_points("real", real), _check_points("fake", fake)
    counts = [_count_cells(points) for points in (real, fake)]
    smooth_real, smooth_fake = ((c + 0.5) / (c + 0.5).sum() for c in counts)
    p, q = (c / c.sum() for c in counts)
    middle = (p + q) / 2
    return {
        "KL": _kl_divergence(smooth_real, smooth_fake),
        "JS": (_kl_divergence(p, middle) + _kl_divergence(q, middle)) / 2,
    }


def quality(fake: np.ndarray, distribution: PointDistribution) -> dict[str, float]:
    """Whether generated points lie where real ones lie, and everywhere where they lie.

    Args:
        fake: points ``(count, 2)``.
        distribution: the one they should follow.

    Returns:
        ``"good"``: share of the points within three spreads of a centre. ``"covered"``: number of
        modes that get at least a tenth of their fair share as good points; 0 if the distribution
        has no separate modes.

    Source: Srivastava et al. 2017, "VEEGAN", section 4.1, for the three standard deviations.

    Example:
        >>> quality(np.zeros((10, 2)), from_points(np.array([[0.0, 0.0], [1.0, 1.0]])))
        {'good': 1.0, 'covered': 0}
    """
    fake = _check_points("fake", fake)
    if not isinstance(distribution, PointDistribution):
        raise TypeError(
            f"distribution is {describe(distribution)}; give one of playground.DISTRIBUTIONS, or "
            "what playground.from_points makes."
        )
    differences = fake[:, None, :] - distribution.centres[None].astype(fake.dtype)
    with np.errstate(over="ignore"):  # a point that far away is not good
        squares = np.square(differences).sum(axis=-1)
    nearest = squares.argmin(axis=1)
    good = squares.min(axis=1) <= (NEAR * distribution.spread) ** 2
    modes = len(distribution.centres)
    hits = np.bincount(nearest[good], minlength=modes)
    covered = (hits >= FAIR_SHARE * len(fake) / modes).sum() if distribution.separate else 0
    return {"good": float(good.mean()), "covered": int(covered)}


def _count_cells(points: np.ndarray) -> np.ndarray:
    shares = (np.clip(points, -EDGE, EDGE) + EDGE) / (2 * EDGE)
    cells = np.clip(shares * BINS, 0, BINS - 1).astype(int)
    return np.bincount(cells[:, 0] * BINS + cells[:, 1], minlength=BINS**2).astype(float)


def _kl_divergence(p: np.ndarray, q: np.ndarray) -> float:
    used = p > 0
    return float((p[used] * np.log(p[used] / q[used])).sum())

"""How near a set of generated images comes to a set of real ones.

Every measure compares features, rows of numbers that a network makes of images: those of
``extractors``, or of any other network. They rank generators within this course and are not
comparable with published Inception scores (FID): other features, other numbers.

Features that are no numbers raise a ``TypeError``; other shapes, too few rows, and values that are
not finite a ``ValueError``.
"""

from typing import NamedTuple

from gan_helpers.checks import as_array, check_whole
from gan_helpers.extractors import (
    FeatureExtractor,
    InceptionExtractor,
    PhotoExtractor,
    RotationExtractor,
    UntrainedExtractor,
    build_classifier,
    inception_weights,
)

import numpy as np
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors

__all__ = [
    "FeatureExtractor",
    "InceptionExtractor",
    "KernelDistance",
    "PhotoExtractor",
    "PrecisionAndRecall",
    "RotationExtractor",
    "UntrainedExtractor",
    "build_classifier",
    "frechet_distance",
    "inception_weights",
    "kernel_distance",
    "nearest_neighbours",
    "precision_and_recall",
]

ROWS_AT_ONCE = 250

# Squares and cubes of such features still fit in float64; no sane network makes larger ones.
LARGEST_FEATURE = 1e30

# Rounding may put a point just outside a ball on whose edge it lies.
ROUNDING = 1 + 1e-9


class KernelDistance(NamedTuple):
    """What ``kernel_distance`` measures; prints like a pair of numbers.

    Attributes:
        estimate: the squared distance, unbiased, so it may fall a little below 0.
        spread: how far the estimate is off for such counts, one standard deviation.
    """

    estimate: float
    spread: float


class PrecisionAndRecall(NamedTuple):
    """What ``precision_and_recall`` measures, two shares from 0 to 1.

    Attributes:
        precision: share of the fake images that lie among the real ones: quality.
        recall: share of the real images that lie among the fake ones: variety.
    """

    precision: float
    recall: float


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Fréchet distance of two sets of features, each described by its mean and covariance.

    |m1 - m2|^2 + trace(C1 + C2 - 2 (C1 C2)^(1/2)), zero for equal means and covariances. Small
    sets make it too large: compare sets of equal size.

    Source: Dowson and Landau 1982; Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update
    Rule", equation 6.

    Args:
        first: features ``(count, dimensions)``.
        second: features with as many dimensions; the count may differ.

    Returns:
        The squared distance, 0 or more, in squared units of the features.

    Example:
        >>> features = np.array([[0.0, 1.0], [2.0, 1.0], [1.0, 4.0]])
        >>> round(frechet_distance(features, features + [3.0, 0.0]), 6)  # only the means differ
        9.0
    """
    first, second = _check_pair(("first", first), ("second", second), fewest=2)
    difference = first.mean(axis=0) - second.mean(axis=0)
    first_covariance, second_covariance = (
        np.atleast_2d(np.cov(features.T)) for features in (first, second)
    )
    root = _symmetric_root(first_covariance)
    # The eigenvalues of C1 C2 are those of the symmetric R C2 R with R R = C1, which rounding
    # cannot make complex; below 0 they are rounding.
    eigenvalues = np.linalg.eigvalsh(root @ second_covariance @ root)
    trace_of_root = np.sqrt(eigenvalues.clip(min=0)).sum()
    traces = np.trace(first_covariance) + np.trace(second_covariance)
    return max(0.0, float(difference @ difference + traces - 2 * trace_of_root))


def kernel_distance(
    first: np.ndarray, second: np.ndarray, subsets: int = 50, seed: int = 0
) -> KernelDistance:
    """Kernel distance of two sets of features: the squared maximum mean discrepancy.

    mean k(x, x') + mean k(y, y') - 2 mean k(x, y) with k(x, y) = (x . y / dimensions + 1)^3. No
    point is paired with itself, so the expected value does not depend on the counts.

    The spread is the standard deviation over random halves of both sets, which for half of a set
    has about the size of the error of the whole (the jackknife that leaves half out).

    Source: Gretton et al. 2012, "A Kernel Two-Sample Test", equation 3; Binkowski et al. 2018,
    "Demystifying MMD GANs"; Shao and Wu 1989, "A General Theory for Jackknife Variance Estimation".

    Args:
        first: features ``(count, dimensions)``, at least 4 rows.
        second: features with as many dimensions; the count may differ.
        subsets: number of random halves, at least 2.
        seed: of the choice of halves.

    Returns:
        Estimate and spread, in units of the kernel.
    """
    first, second = _check_pair(("first", first), ("second", second), fewest=4)
    check_whole("subsets", subsets, 2)
    check_whole("seed", seed, 0)
    random = np.random.default_rng(seed)
    # Column 0 chooses all rows, each other column a random half.
    chosen = [_random_halves(len(features), subsets, random) for features in (first, second)]
    within = [
        _sum_of_kernel(features, features, choice, choice)
        - choice.T @ _kernel_with_itself(features)
        for features, choice in zip((first, second), chosen, strict=True)
    ]
    between = _sum_of_kernel(first, second, *chosen)
    counts = [choice.sum(axis=0) for choice in chosen]
    means = [total / (count * (count - 1)) for total, count in zip(within, counts, strict=True)]
    estimates = sum(means) - 2 * between / (counts[0] * counts[1])
    return KernelDistance(float(estimates[0]), float(estimates[1:].std(ddof=1)))


def precision_and_recall(
    real: np.ndarray, fake: np.ndarray, neighbours: int = 3
) -> PrecisionAndRecall:
    """How many fakes lie among the real images, and how many real images among the fakes.

    Around each point of a set stands a ball that reaches to its ``neighbours``-th nearest
    neighbour in the set. A point lies among them if it is in at least one of the balls.

    Source: Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric for Assessing
    Generative Models", equations 1 and 2.

    Args:
        real: features of real images ``(count, dimensions)``.
        fake: features of fakes, from the same network; best as many as there are real ones.
        neighbours: size of the balls, at least 1 and below both counts.

    Returns:
        Precision and recall.

    Example:
        >>> real, fake = np.array([[0.0], [1.0], [10.0], [11.0]]), np.array([[0.2], [0.9]])
        >>> precision_and_recall(real, fake, neighbours=1)  # nothing near 10 was generated
        PrecisionAndRecall(precision=1.0, recall=0.5)
    """
    check_whole("neighbours", neighbours)
    real, fake = _check_pair(("real", real), ("fake", fake), fewest=neighbours + 1)
    return PrecisionAndRecall(
        precision=_share_inside(fake, real, neighbours),
        recall=_share_inside(real, fake, neighbours),
    )


def nearest_neighbours(
    queries: np.ndarray, references: np.ndarray, count: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """For each query the nearest references by Euclidean distance, the nearest one first.

    Args:
        queries: features, or flattened images, ``(queries, dimensions)``.
        references: what is searched, ``(references, dimensions)``.
        count: neighbours of each query, at most as many as there are references.

    Returns:
        Indices into ``references`` and distances, both ``(queries, count)``.

    Example:
        >>> indices, distances = nearest_neighbours([[1.0, 0.0]], [[9.0, 0.0], [1.0, 2.0]])
        >>> indices.tolist(), distances.tolist()
        ([[1]], [[2.0]])
    """
    queries, references = _check_pair(("queries", queries), ("references", references), fewest=1)
    check_whole("count", count, most=len(references))
    search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(references)
    distances, indices = search.kneighbors(queries)
    return indices, distances


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return (first @ second.T / first.shape[1] + 1) ** 3


def _kernel_with_itself(features: np.ndarray) -> np.ndarray:
    return ((features**2).sum(axis=1) / features.shape[1] + 1) ** 3


def _sum_of_kernel(
    first: np.ndarray, second: np.ndarray, chosen_first: np.ndarray, chosen_second: np.ndarray
) -> np.ndarray:
    """For each column of the choices the sum of the kernel over all chosen pairs."""
    total = np.zeros(chosen_first.shape[1])
    for start in range(0, len(first), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        kernel = _kernel(first[rows], second)
        total += (chosen_first[rows] * (kernel @ chosen_second)).sum(axis=0)
    return total


def _random_halves(count: int, subsets: int, random: np.random.Generator) -> np.ndarray:
    """A column of ones, then ``subsets`` columns with ones in a random half of the rows."""
    order = random.random((count, subsets)).argsort(axis=0)
    return np.column_stack([np.ones(count), order < count // 2]).astype(float)


def _share_inside(points: np.ndarray, centres: np.ndarray, neighbours: int) -> float:
    """Share of the points that lie in at least one ball around the centres."""
    search = NearestNeighbors(n_neighbors=neighbours, algorithm="brute").fit(centres)
    # Without an argument no point counts as its own neighbour.
    radii = search.kneighbors()[0][:, -1] * ROUNDING

    def inside(distances: np.ndarray, start: int) -> np.ndarray:
        return (distances <= radii).any(axis=1)

    return float(
        np.concatenate(list(pairwise_distances_chunked(points, centres, reduce_func=inside))).mean()
    )


def _symmetric_root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric matrix R with R R = covariance."""
    eigenvalues, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(eigenvalues.clip(min=0))) @ vectors.T


def _check_pair(*named: tuple[str, np.ndarray], fewest: int) -> list[np.ndarray]:
    """Both sets as float64, if they are features of one network with enough rows."""
    first, second = (_check_features(name, features, fewest) for name, features in named)
    if first.shape[1] != second.shape[1]:
        (first_name, _), (second_name, _) = named
        raise ValueError(
            f"{first_name} has {first.shape[1]} dimensions and {second_name} {second.shape[1]}. "
            "Take both sets of features from the same network."
        )
    return [first, second]


def _check_features(name: str, features: np.ndarray, fewest: int) -> np.ndarray:
    features = as_array(name, features).astype(np.float64)
    if features.ndim != 2 or len(features) < fewest or features.shape[1] < 1:
        raise ValueError(
            f"{name} has shape {features.shape}; it must be (count, dimensions) with a count of "
            f"at least {fewest}. Flatten images first, or give more of them."
        )
    # NaN fails this comparison too.
    if not (np.abs(features) <= LARGEST_FEATURE).all():
        raise ValueError(
            f"{name} holds NaN or infinity, or numbers beyond {LARGEST_FEATURE:g}. Look at "
            "the network that made it."
        )
    return features

"""Distances between sets of images, measured on features of the course's own classifier.

They rank generators within this course and are not comparable with published Inception scores
(FID): other features, other numbers.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gan_helpers.quiet  # noqa: F401 - before Keras loads TensorFlow
from gan_helpers.data import to_model_range
from gan_helpers.models import build_classifier, load_weights, shipped_weights
from gan_helpers.precision import dtype_policy

import keras
import numpy as np

__all__ = ["FeatureExtractor", "frechet_distance"]

CLASSIFIER = "cifar10_classifier.npz"


class FeatureExtractor:
    """Features of images: the last hidden layer of a small CIFAR-10 classifier.

    Args:
        weights: file of the classifier; default the one that comes with the course, whose
            SHA-256 is checked.

    Raises:
        DatasetError: if the file of the course is missing or damaged.
        FileNotFoundError: if another file is given and missing.
        ValueError: if it does not fit the classifier.
    """

    def __init__(self, weights: str | Path | None = None) -> None:
        if weights is None:
            weights = shipped_weights(CLASSIFIER)
        with dtype_policy("float32"):  # a measure has full precision, whatever is trained
            self.classifier = load_weights(build_classifier(), weights)
        hidden = self.classifier.get_layer("features").output
        self.network = keras.Model(self.classifier.inputs[0], hidden)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features ``(count, 192)``, float32, of uint8 images ``(count, 32, 32, 3)``.

        Raises:
            TypeError: if the images are not uint8.
            ValueError: if their shape is another.
        """
        if images.shape[1:] != (32, 32, 3):
            raise ValueError(
                f"images have shape {images.shape}; the classifier takes (count, 32, 32, 3)."
            )
        # In parts, so that 50,000 images fit in a laptop's memory; two at a time, because one
        # operation may use half of the cores (see the package's __init__).
        parts = [images[i : i + 250] for i in range(0, len(images), 250)] or [images]
        with ThreadPoolExecutor(2) as pool:
            return np.concatenate(list(pool.map(self._features_of, parts)))

    def _features_of(self, images: np.ndarray) -> np.ndarray:
        return keras.ops.convert_to_numpy(self.network(to_model_range(images)))


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

    Raises:
        ValueError: if a set has another shape, fewer than two rows, or a value that is not finite.
    """
    first, second = _check_features("first", first), _check_features("second", second)
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"first has {first.shape[1]} dimensions and second {second.shape[1]}. "
            "Take both sets of features from the same network."
        )
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


def _symmetric_root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric matrix R with R R = covariance."""
    eigenvalues, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(eigenvalues.clip(min=0))) @ vectors.T


def _check_features(name: str, features: np.ndarray) -> np.ndarray:
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or len(features) < 2 or features.shape[1] < 1:
        raise ValueError(
            f"{name} has shape {features.shape}; it must be (count, dimensions) with a count of "
            "at least 2, for a covariance needs two points."
        )
    if not np.isfinite(features).all():
        raise ValueError(f"{name} holds NaN or infinity. Look at the network that made it.")
    return features

"""Networks that turn images into features, rows of numbers that the measures compare.

Each has its friends: a generator that learned from the same labels, or through the same network,
looks better to it than to others. So there are four, and a verdict asks at least two that share
nothing with how a generator was trained.

======================  ===========================  =========================================
extractor               trained on                   flatters
======================  ===========================  =========================================
``FeatureExtractor``    CIFAR-10 and its labels      generators that were told the class
``RotationExtractor``   CIFAR-10 turned, no labels   none of this course; it sees shapes
``PhotoExtractor``      ImageNet and its labels      generators under a projected discriminator
``UntrainedExtractor``  nothing                      none; it sees colors and textures
======================  ===========================  =========================================

Whoever has the weights of InceptionV3 can ask it too. Images that are not uint8 raise a
``TypeError``, other shapes a ``ValueError``.
"""

import hashlib
import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gan_helpers.checks import (
    check_image_shape,
    check_path,
    check_pixels,
    check_sizes,
    check_whole,
)
from gan_helpers.data import to_model_range
from gan_helpers.photo_features import build_photo_features
from gan_helpers.runtime import (
    dtype_policy,
    keras_home,
    quiet,  # noqa: F401 - before Keras loads TensorFlow
)
from gan_helpers.weights import load_weights, shipped_weights

import keras
import numpy as np
from keras import layers

__all__ = [
    "FeatureExtractor",
    "InceptionExtractor",
    "PhotoExtractor",
    "RotationExtractor",
    "UntrainedExtractor",
    "build_classifier",
    "inception_weights",
]

# What a classifier was trained to tell -> its file, and the sizes of the network.
CLASSIFIERS: dict[str, tuple[str, dict[str, Any]]] = {
    "classes": ("cifar10_classifier.npz", {"classes": 10, "width": 32}),
    "rotations": ("cifar10_rotations.npz", {"classes": 4, "width": 16}),
}
IMAGES_AT_ONCE = 250  # 50,000 images fit in a laptop's memory when they come in parts
PHOTO_SIDE = 96  # pixels; at its own 224 it costs five times as much

# Where and as what Keras keeps the weights; the MD5 is the one by which Keras checks its download.
INCEPTION_FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
INCEPTION_MD5 = "bcbd6486424b2319ff4ef7d526e38f63"
INCEPTION_SIDE = 299  # pixels
INCEPTION_IMAGES_AT_ONCE = 16


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

    task = "classes"

    def __init__(self, weights: str | Path | None = None) -> None:
        file, sizes = CLASSIFIERS[self.task]
        if weights is None:
            weights = shipped_weights(file)
        with dtype_policy("float32"):  # a measure has full precision, whatever is trained
            self.classifier = load_weights(build_classifier(**sizes), weights)
        hidden = self.classifier.get_layer("features").output
        self.network = keras.Model(self.classifier.inputs[0], hidden)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features, one row an image, float32, of uint8 images ``(count, 32, 32, 3)``."""
        images = check_pixels(images, channels=(3,))
        if images.shape[1:] != (32, 32, 3):
            raise ValueError(
                f"images have shape {images.shape}; the classifier takes (count, 32, 32, 3)."
            )
        # Two parts at a time, because one operation may use half of the cores (see the package's
        # __init__).
        return _in_parts(self._features_of, images, IMAGES_AT_ONCE, threads=2)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Probabilities of what it tells apart ``(count, 10)``, float32, rows that add up to 1.

        Args:
            images: uint8 ``(count, 32, 32, 3)``.
        """
        # The classifier ends in features, a factor and one matrix of weights.
        maps = keras.ops.convert_to_tensor(self(images))
        for layer in self.classifier.layers[-2:]:
            maps = layer(maps)
        return keras.ops.convert_to_numpy(keras.ops.softmax(maps))

    def _features_of(self, images: np.ndarray) -> np.ndarray:
        return keras.ops.convert_to_numpy(self.network(to_model_range(images)))


class RotationExtractor(FeatureExtractor):
    """Features of a network that learned how far an image is turned: 0, 90, 180 or 270 degrees.

    No label went into it, so it flatters no generator that was told the class; to tell which way
    is up it must know what things look like.
    Source: Gidaris et al. 2018, "Unsupervised Representation Learning by Predicting Image
    Rotations".

    Args:
        weights: as for ``FeatureExtractor``.
    """

    task = "rotations"


class PhotoExtractor:
    """Features of images by the frozen network of ``photo_features``, trained on ImageNet.

    Raises:
        DatasetError: if its file is missing or damaged.
    """

    def __init__(self) -> None:
        self.network = build_photo_features((PHOTO_SIDE, PHOTO_SIDE, 3))

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features ``(count, 1280)``, float32, of uint8 images of any size, gray or in color."""
        return _in_parts(self._features_of, check_pixels(images), IMAGES_AT_ONCE, threads=2)

    def _features_of(self, images: np.ndarray) -> np.ndarray:
        images = np.broadcast_to(to_model_range(images), (*images.shape[:3], 3))
        large = keras.ops.image.resize(images, (PHOTO_SIDE, PHOTO_SIDE), "bilinear")
        return keras.ops.convert_to_numpy(self.network(large))


class UntrainedExtractor:
    """Features of a convolutional network with random weights: means and maxima of its maps.

    It knows nothing of classes and nothing was chosen by it, so it checks the other judges.

    Args:
        channels: of the images, 3 or 1.
        seed: of its weights.
    """

    def __init__(self, channels: int = 3, seed: int = 123) -> None:
        maps = images = keras.Input((None, None, check_whole("channels", channels)))
        seeds, statistics = random.Random(check_whole("seed", seed, 0)), []
        with dtype_policy("float32"):
            for width in (32, 64, 96):
                start = keras.initializers.HeNormal(seeds.randint(1, 10**9))
                maps = layers.Conv2D(width, 3, 2, padding="same", kernel_initializer=start)(maps)
                maps = layers.ReLU()(maps)
                statistics += [
                    layers.GlobalAveragePooling2D()(maps),
                    layers.GlobalMaxPooling2D()(maps),
                ]
            self.network = keras.Model(images, layers.Concatenate()(statistics))

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features ``(count, 384)``, float32, of uint8 images of any size."""
        images = check_pixels(images, channels=(self.network.input_shape[-1],))
        return _in_parts(self._features_of, images, IMAGES_AT_ONCE, threads=2)

    def _features_of(self, images: np.ndarray) -> np.ndarray:
        return keras.ops.convert_to_numpy(self.network(to_model_range(images)))


class InceptionExtractor:
    """Features of images by Keras's InceptionV3, trained on ImageNet, for those who have it.

    Fréchet distances on them are near published FIDs, but not equal: those use another port of
    the network and another way of enlarging images.

    Args:
        weights: file with InceptionV3 without its top layer; default the one Keras has fetched
            (see ``inception_weights``). Nothing is downloaded here.

    Raises:
        FileNotFoundError: if it is not on this machine.
        ValueError: if it does not fit the network, or Keras's file is damaged.
    """

    def __init__(self, weights: str | Path | None = None) -> None:
        path = inception_weights() if weights is None else check_path("weights", weights)
        if path is None or not os.access(path, os.R_OK):
            raise FileNotFoundError(
                f"The weights of InceptionV3 are not at {path or _inception_path()}. Fetch them "
                'once, 88 MB: keras.applications.InceptionV3(include_top=False, weights="imagenet")'
            )
        with dtype_policy("float32"):
            self.network = keras.applications.InceptionV3(
                include_top=False, pooling="avg", weights=str(path)
            )

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features ``(count, 2048)``, float32, of uint8 images; some seconds for a hundred.

        Args:
            images: uint8 ``(count, height, width, 3)``, enlarged to 299 x 299.
        """
        images = check_pixels(images, channels=(3,))
        return _in_parts(self._features_of, images, INCEPTION_IMAGES_AT_ONCE, threads=1)

    def _features_of(self, images: np.ndarray) -> np.ndarray:
        side = (INCEPTION_SIDE, INCEPTION_SIDE)
        large = keras.ops.image.resize(to_model_range(images), side, interpolation="bilinear")
        return keras.ops.convert_to_numpy(self.network(large, training=False))


def inception_weights() -> Path | None:
    """The file of InceptionV3's weights that Keras has fetched on this machine, or None."""
    path = _inception_path()
    if not os.access(path, os.R_OK):
        return None
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "md5").hexdigest()
    if found != INCEPTION_MD5:
        raise ValueError(
            f"{path} is damaged: its MD5 is {found}, expected is {INCEPTION_MD5}. Delete it and "
            "let Keras fetch it again."
        )
    return path


def build_classifier(
    image_shape: tuple[int, int, int] = (32, 32, 3), classes: int = 10, width: int = 32
) -> keras.Sequential:
    """A small convolutional classifier; ``FeatureExtractor`` takes its features.

    Convolutions of kernel 3, three halvings by the maximum, then the maximum over what is left.

    Args:
        image_shape: (height, width, channels); height and width divisible by 8.
        classes: number of logits.
        width: channels of the first block; later ones have 2, 4 and 6 times as many.

    Returns:
        A built model from images in [-1, 1] to logits ``(batch, classes)``. The output of its
        layer ``"features"`` has shape ``(batch, 6 * width)``.
    """
    classes, width = check_sizes(classes=classes, width=width)
    image_shape = check_image_shape(image_shape, divisible_by=8)
    return keras.Sequential(
        [
            keras.Input(image_shape),
            *_normalized_convolution(width),
            *_halving_stage(2 * width),
            *_halving_stage(4 * width),
            *_halving_stage(6 * width),
            layers.GlobalMaxPooling2D(name="features", dtype="float32"),
            # Small logits at the start keep the first steps calm.
            layers.Rescaling(0.125, dtype="float32"),
            layers.Dense(classes, use_bias=False, dtype="float32"),
        ],
        name="classifier",
    )


def _normalized_convolution(channels: int, pool: bool = False) -> list[layers.Layer]:
    return [
        layers.Conv2D(channels, 3, padding="same", use_bias=False),
        *([layers.MaxPooling2D()] if pool else []),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
    ]


def _halving_stage(channels: int) -> list[layers.Layer]:
    return [*_normalized_convolution(channels, pool=True), *_normalized_convolution(channels)]


def _in_parts(
    features_of: Callable[[np.ndarray], np.ndarray], images: np.ndarray, size: int, threads: int
) -> np.ndarray:
    parts = [images[i : i + size] for i in range(0, len(images), size)]
    with ThreadPoolExecutor(threads) as pool:
        return np.concatenate(list(pool.map(features_of, parts)))


def _inception_path() -> Path:
    return keras_home() / "models" / INCEPTION_FILE

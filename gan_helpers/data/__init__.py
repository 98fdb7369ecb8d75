"""Real images: CIFAR-10 and MNIST as arrays and as batches, and how complete sets are installed."""

from gan_helpers.data.images import (
    CIFAR10_CLASSES,
    image_batches,
    load_cifar10,
    load_mnist,
    to_model_range,
    to_pixels,
)
from gan_helpers.data.sets import CIFAR10, MNIST, SAMPLE_COLUMNS, Dataset
from gan_helpers.data.sources import read_complete

__all__ = [
    "CIFAR10",
    "CIFAR10_CLASSES",
    "MNIST",
    "SAMPLE_COLUMNS",
    "Dataset",
    "image_batches",
    "load_cifar10",
    "load_mnist",
    "read_complete",
    "to_model_range",
    "to_pixels",
]

"""Real images: CIFAR-10 and MNIST as arrays and as batches, and how complete sets are installed."""

from gan_helpers.data.images import (
    CIFAR10_CLASSES,
    image_batches,
    load_cifar10,
    load_mnist,
    to_model_range,
    to_pixels,
)

__all__ = [
    "CIFAR10_CLASSES",
    "image_batches",
    "load_cifar10",
    "load_mnist",
    "to_model_range",
    "to_pixels",
]

"""Parts that several networks share: the blocks of the DCGAN, and the checks of their sizes."""

from collections.abc import Iterable

import gan_helpers.quiet  # noqa: F401 - before Keras loads TensorFlow
from gan_helpers.checks import check_number, check_sizes, describe

import keras
from keras import layers

__all__ = [
    "check_dropout",
    "check_image_shape",
    "check_model",
    "downsampling_block",
    "small_normal",
    "upsampling_block",
]


def small_normal() -> keras.initializers.Initializer:
    """N(0, 0.02) for the kernels of a DCGAN. Source: Radford et al. 2016."""
    # A new object for each layer: one object repeats its values for equal shapes.
    return keras.initializers.RandomNormal(stddev=0.02)


def upsampling_block(channels: int) -> list[layers.Layer]:
    """Layers that double height and width."""
    return [
        # BatchNormalization adds its own offset, so a bias here would do nothing.
        layers.Conv2DTranspose(
            channels,
            kernel_size=4,
            strides=2,
            padding="same",
            use_bias=False,
            kernel_initializer=small_normal(),
        ),
        layers.BatchNormalization(),
        layers.ReLU(),
    ]


def downsampling_block(channels: int, dropout: float, normalize: bool = True) -> list[layers.Layer]:
    """Layers that halve height and width."""
    return [
        layers.Conv2D(
            channels,
            kernel_size=4,
            strides=2,
            padding="same",
            use_bias=not normalize,
            kernel_initializer=small_normal(),
        ),
        *([layers.BatchNormalization()] if normalize else []),
        layers.LeakyReLU(negative_slope=0.2),
        *([layers.Dropout(dropout)] if dropout else []),
    ]


def check_image_shape(
    image_shape: tuple[int, int, int], divisible_by: int = 1
) -> tuple[int, int, int]:
    """The shape of an image, (height, width, channels), as three whole numbers.

    Raises:
        ValueError: if it is no such shape, or height or width is not divisible.
    """
    sizes = tuple(image_shape) if isinstance(image_shape, Iterable) else ()
    if len(sizes) != 3:
        raise ValueError(
            f"image_shape must be (height, width, channels), for example (32, 32, 3), "
            f"but is {describe(image_shape)}."
        )
    height, width, channels = sizes
    height, width, channels = check_sizes(
        image_height=height, image_width=width, image_channels=channels
    )
    if height % divisible_by or width % divisible_by:
        raise ValueError(
            f"image_shape is {image_shape!r}, but height and width must be divisible by "
            f"{divisible_by}: the network halves or doubles them three times. "
            f"Resize or pad the images first."
        )
    return height, width, channels


def check_dropout(dropout: float) -> float:
    """A share of features to switch off, in [0, 1).

    Raises:
        ValueError: if it is another number, or none.
    """
    return check_number("dropout", dropout, 0, below=1)


def check_model(name: str, model: keras.Model) -> keras.Model:
    """A Keras model whose shapes are known.

    Raises:
        TypeError: if it is no Keras model.
        ValueError: if it is not built yet.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"The {name} is {describe(model)}; give a Keras model, such as the builders in "
            "gan_helpers.models make."
        )
    if not model.built:
        raise ValueError(
            f"The {name} is not built yet. Give it a keras.Input as its first layer, "
            "or call it once on a batch."
        )
    return model

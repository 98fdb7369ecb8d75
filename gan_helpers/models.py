"""Builders of the course's networks: plain Keras layers, nothing hidden.

Every generator maps latents ``(batch, latent_dim)`` to images in [-1, 1], shape
``(batch, *image_shape)``. Every discriminator maps images in [-1, 1] to logits ``(batch, 1)``:
a score before the sigmoid, positive for "real".
"""

import math
from pathlib import Path

import gan_helpers.quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import numpy as np
from keras import layers, ops

__all__ = [
    "build_classifier",
    "build_dcgan_discriminator",
    "build_dcgan_generator",
    "build_dense_discriminator",
    "build_dense_generator",
    "load_weights",
    "save_weights",
]


def build_dense_generator(
    latent_dim: int = 64, image_shape: tuple[int, int, int] = (28, 28, 1), width: int = 128
) -> keras.Sequential:
    """A generator of dense layers: latents -> width -> 2 width -> pixels.

    Args:
        latent_dim: length of one latent vector.
        image_shape: (height, width, channels) of the images.
        width: units of the first hidden layer; the second has twice as many.

    Returns:
        A built model from ``(batch, latent_dim)`` to ``(batch, *image_shape)`` in [-1, 1].

    Raises:
        ValueError: if a size is not a positive whole number.
    """
    _check_sizes(latent_dim=latent_dim, width=width)
    _check_image_shape(image_shape)
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(width),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dense(2 * width),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dense(math.prod(image_shape), activation="tanh"),
            layers.Reshape(image_shape),
        ],
        name="generator",
    )


def build_dense_discriminator(
    image_shape: tuple[int, int, int] = (28, 28, 1), width: int = 128
) -> keras.Sequential:
    """A discriminator of dense layers: pixels -> 2 width -> width -> one logit.

    Dropout keeps it from learning the training images by heart.

    Args:
        image_shape: (height, width, channels) of the images.
        width: units of the second hidden layer; the first has twice as many.

    Returns:
        A built model from ``(batch, *image_shape)`` in [-1, 1] to logits ``(batch, 1)``.

    Raises:
        ValueError: if a size is not a positive whole number.
    """
    _check_sizes(width=width)
    _check_image_shape(image_shape)
    return keras.Sequential(
        [
            keras.Input(image_shape),
            layers.Flatten(),
            layers.Dense(2 * width),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dropout(0.3),
            layers.Dense(width),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dropout(0.3),
            layers.Dense(1),
        ],
        name="discriminator",
    )


def build_dcgan_generator(
    latent_dim: int = 64, image_shape: tuple[int, int, int] = (32, 32, 3), width: int = 64
) -> keras.Sequential:
    """The DCGAN generator: latents -> a small stack of maps -> three doublings -> an image.

    Kernel 4 with stride 2 is divisible, so the transposed convolutions overlap evenly.
    Source: Radford et al. 2016, "Unsupervised Representation Learning with DCGANs".

    Args:
        latent_dim: length of one latent vector.
        image_shape: (height, width, channels); height and width divisible by 8.
        width: channels of the last hidden block; earlier blocks have 2 and 4 times as many.

    Returns:
        A built model from ``(batch, latent_dim)`` to ``(batch, *image_shape)`` in [-1, 1].

    Raises:
        ValueError: if a size is not a positive whole number or not divisible by 8.
    """
    _check_sizes(latent_dim=latent_dim, width=width)
    _check_image_shape(image_shape, divisible_by=8)
    height, columns, channels = image_shape
    first_shape = (height // 8, columns // 8, 4 * width)
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(math.prod(first_shape), use_bias=False, kernel_initializer=_normal()),
            layers.Reshape(first_shape),
            layers.BatchNormalization(),
            layers.ReLU(),
            *_upsampling_block(2 * width),
            *_upsampling_block(width),
            layers.Conv2DTranspose(
                channels,
                kernel_size=4,
                strides=2,
                padding="same",
                activation="tanh",
                kernel_initializer=_normal(),
            ),
        ],
        name="generator",
    )


def build_dcgan_discriminator(
    image_shape: tuple[int, int, int] = (32, 32, 3), width: int = 32
) -> keras.Sequential:
    """The DCGAN discriminator: three halvings of the image, then one logit.

    The first block has no BatchNormalization, so the discriminator sees the image's own
    brightness. Call it separately on real and on fake images: in one batch the shared
    statistics would tell which is which.
    Source: Radford et al. 2016.

    Args:
        image_shape: (height, width, channels); height and width divisible by 8.
        width: channels of the first block; later blocks have 2 and 4 times as many.

    Returns:
        A built model from ``(batch, *image_shape)`` in [-1, 1] to logits ``(batch, 1)``.

    Raises:
        ValueError: if a size is not a positive whole number or not divisible by 8.
    """
    _check_sizes(width=width)
    _check_image_shape(image_shape, divisible_by=8)
    return keras.Sequential(
        [
            keras.Input(image_shape),
            *_downsampling_block(width, normalize=False),
            *_downsampling_block(2 * width),
            *_downsampling_block(4 * width),
            layers.Flatten(),
            layers.Dense(1, kernel_initializer=_normal()),
        ],
        name="discriminator",
    )


def build_classifier(
    image_shape: tuple[int, int, int] = (32, 32, 3), classes: int = 10, width: int = 32
) -> keras.Sequential:
    """A small convolutional classifier; its features serve ``gan_helpers.metrics``.

    Convolutions of kernel 3, three halvings by the maximum, then the maximum over what is left.

    Args:
        image_shape: (height, width, channels); height and width divisible by 8.
        classes: number of logits.
        width: channels of the first block; later ones have 2, 4 and 6 times as many.

    Returns:
        A built model from images in [-1, 1] to logits ``(batch, classes)``. The output of its
        layer ``"features"`` has shape ``(batch, 6 * width)``.

    Raises:
        ValueError: if a size is not a positive whole number or not divisible by 8.
    """
    _check_sizes(classes=classes, width=width)
    _check_image_shape(image_shape, divisible_by=8)
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


def save_weights(model: keras.Model, path: str | Path) -> Path:
    """Store a model's weights as float16 arrays, for shipping; half the size of float32.

    Returns:
        The path, which must end in ``.npz``.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = [np.asarray(ops.convert_to_numpy(weight.value)) for weight in model.weights]
    np.savez_compressed(
        path, **{f"weight_{i:03d}": array.astype("float16") for i, array in enumerate(arrays)}
    )
    return path


def load_weights(model: keras.Model, path: str | Path) -> keras.Model:
    """Load what ``save_weights`` stored into a model of the same architecture; return the model.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the arrays do not fit the model.
    """
    if not Path(path).exists():
        raise FileNotFoundError(
            f"There are no weights at {path}. Restore the file with `git checkout -- data`, or "
            "train it with the scripts named in data/README.md."
        )
    with np.load(path, allow_pickle=False) as archive:
        arrays = [archive[name].astype("float32") for name in sorted(archive.files)]
    expected = [tuple(weight.shape) for weight in model.weights]
    if [array.shape for array in arrays] != expected:
        raise ValueError(
            f"{path} does not fit this model: {len(arrays)} arrays against {len(expected)} "
            "weights, or other shapes. Build the model with the arguments it was trained with."
        )
    model.set_weights(arrays)
    return model


def _normalized_convolution(channels: int, pool: bool = False) -> list[layers.Layer]:
    return [
        layers.Conv2D(channels, 3, padding="same", use_bias=False),
        *([layers.MaxPooling2D()] if pool else []),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
    ]


def _halving_stage(channels: int) -> list[layers.Layer]:
    return [*_normalized_convolution(channels, pool=True), *_normalized_convolution(channels)]


def _upsampling_block(channels: int) -> list[layers.Layer]:
    return [
        # BatchNormalization adds its own offset, so a bias here would do nothing.
        layers.Conv2DTranspose(
            channels,
            kernel_size=4,
            strides=2,
            padding="same",
            use_bias=False,
            kernel_initializer=_normal(),
        ),
        layers.BatchNormalization(),
        layers.ReLU(),
    ]


def _downsampling_block(channels: int, normalize: bool = True) -> list[layers.Layer]:
    return [
        layers.Conv2D(
            channels,
            kernel_size=4,
            strides=2,
            padding="same",
            use_bias=not normalize,
            kernel_initializer=_normal(),
        ),
        *([layers.BatchNormalization()] if normalize else []),
        layers.LeakyReLU(negative_slope=0.2),
        layers.Dropout(0.3),
    ]


def _normal() -> keras.initializers.Initializer:
    # A new object for each layer: one object repeats its values for equal shapes.
    return keras.initializers.RandomNormal(stddev=0.02)


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, but is {size!r}.")


def _check_image_shape(image_shape: tuple[int, int, int], divisible_by: int = 1) -> None:
    if len(image_shape) != 3:
        raise ValueError(
            f"image_shape must be (height, width, channels), for example (32, 32, 3), "
            f"but is {image_shape!r}."
        )
    height, width, channels = image_shape
    _check_sizes(image_height=height, image_width=width, image_channels=channels)
    if height % divisible_by or width % divisible_by:
        raise ValueError(
            f"image_shape is {image_shape!r}, but height and width must be divisible by "
            f"{divisible_by}: the network halves or doubles them three times. "
            f"Resize or pad the images first."
        )

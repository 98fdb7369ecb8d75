"""Builders of the course's networks: plain Keras layers, nothing hidden.

Every generator maps latents ``(batch, latent_dim)`` to images in [-1, 1], shape
``(batch, *image_shape)``. Every discriminator maps images in [-1, 1] to logits ``(batch, 1)``:
a score before the sigmoid, positive for "real".

A builder refuses with a ``ValueError`` a size that is no whole number of at least 1, a height or
width that is not divisible by 8 where the network halves it, a dropout outside [0, 1), and an
encoder that does not make one vector of each caption; with a ``TypeError`` one that is no model.
"""

import math
from collections.abc import Callable
from typing import Any

from gan_helpers.checks import check_dropout, check_image_shape, check_sizes, check_whole
from gan_helpers.contracts import check_model
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import tensorflow as tf
from keras import layers, ops

__all__ = [
    "RandomShift",
    "build_caption_discriminator",
    "build_caption_generator",
    "build_conditional_generator",
    "build_dcgan_discriminator",
    "build_dcgan_generator",
    "build_dense_discriminator",
    "build_dense_generator",
    "build_projection_discriminator",
    "build_text_encoder",
    "downsampling_block",
    "small_normal",
    "upsampling_block",
]


@keras.saving.register_keras_serializable("gan_helpers")
class RandomShift(layers.Layer):
    """Shifts each image by whole pixels, up to ``pixels`` either way.

    For ``GAN(augment=...)``. Keras's ``RandomTranslation`` does the same, but cannot be compiled by
    XLA, with which a GAN trains faster on a GPU; two products of matrices can.

    Source: Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training".

    Args:
        pixels: the farthest shift, at least 1.
        seed: seed of the shifts.
        reflect: whether the image's own mirror image moves in, or 0, mid-gray.
        options: of every Keras layer, such as ``dtype``.

    Raises:
        ValueError: if ``pixels`` is no whole number of at least 1.
    """

    def __init__(
        self, pixels: int = 4, seed: int | None = None, reflect: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        self.pixels = check_whole("pixels", pixels)
        self.seed, self.reflect = seed, reflect
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Images ``(batch, height, width, channels)``; in training each at a place of its own."""
        if not training:
            return images
        count, height, width, _ = ops.shape(images)
        shifts = keras.random.randint(
            (2, count), -self.pixels, self.pixels + 1, seed=self.seed_generator
        )
        rows, columns = (
            # Row i of what comes out is row i + shift of what went in, if there is one.
            ops.one_hot(self._sources(size, shift), size, dtype=images.dtype)
            for size, shift in ((height, shifts[0]), (width, shifts[1]))
        )
        return ops.einsum("bij,bkl,bjlc->bikc", rows, columns, images)

    def _sources(self, size: int, shift: tf.Tensor) -> tf.Tensor:
        places = ops.arange(size) + shift[:, None]
        last = size - 1
        return last - ops.abs(last - ops.abs(places)) if self.reflect else places

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("pixels", "seed", "reflect")}
        return super().get_config() | own


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
    """
    latent_dim, width = check_sizes(latent_dim=latent_dim, width=width)
    image_shape = check_image_shape(image_shape)
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
    """
    (width,) = check_sizes(width=width)
    image_shape = check_image_shape(image_shape)
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
    """
    latent_dim, width = check_sizes(latent_dim=latent_dim, width=width)
    height, columns, channels = check_image_shape(image_shape, divisible_by=8)
    first_shape = (height // 8, columns // 8, 4 * width)
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(math.prod(first_shape), use_bias=False, kernel_initializer=small_normal()),
            layers.Reshape(first_shape),
            layers.BatchNormalization(),
            layers.ReLU(),
            *upsampling_block(2 * width),
            *upsampling_block(width),
            layers.Conv2DTranspose(
                channels,
                kernel_size=4,
                strides=2,
                padding="same",
                kernel_initializer=small_normal(),
            ),
            # Pixels and logits in full precision, also where the policy is mixed_bfloat16.
            layers.Activation("tanh", dtype="float32"),
        ],
        name="generator",
    )


def build_dcgan_discriminator(
    image_shape: tuple[int, int, int] = (32, 32, 3),
    width: int = 32,
    dropout: float = 0.0,
    classes: int = 1,
) -> keras.Sequential:
    """The DCGAN discriminator: three halvings of the image, then one logit, or one a class.

    The first block has no BatchNormalization, so the discriminator sees the image's own
    brightness. Call it separately on real and on fake images: in one batch the shared
    statistics would tell which is which.
    Source: Radford et al. 2016.

    Args:
        image_shape: (height, width, channels); height and width divisible by 8.
        width: channels of the first block; later blocks have 2 and 4 times as many.
        dropout: share of the features that is switched off after each block while training, in
            [0, 1). It helps against learning a few thousand images by heart, and costs speed.
        classes: number of logits. With more than one, ``GAN`` has the discriminator learn the
            classes of the real images too.

    Returns:
        A built model from ``(batch, *image_shape)`` in [-1, 1] to logits ``(batch, classes)``.
    """
    width, classes = check_sizes(width=width, classes=classes)
    image_shape = check_image_shape(image_shape, divisible_by=8)
    check_dropout(dropout)
    return keras.Sequential(
        [
            keras.Input(image_shape),
            *downsampling_block(width, dropout, normalize=False),
            *downsampling_block(2 * width, dropout),
            *downsampling_block(4 * width, dropout),
            layers.Flatten(),
            layers.Dense(classes, kernel_initializer=small_normal(), dtype="float32"),
        ],
        name="discriminator",
    )


def build_conditional_generator(
    latent_dim: int = 64,
    classes: int = 10,
    image_shape: tuple[int, int, int] = (32, 32, 3),
    width: int = 64,
) -> keras.Model:
    """The DCGAN generator that is told which class to make.

    After each normalization the class sets the spread and the mean of every map. Appended to the
    latents instead, it drowns them: all images of a class become one.
    Source: de Vries et al. 2017, "Modulating Early Visual Processing by Language"; in a GAN,
    Miyato and Koyama 2018.

    Args:
        latent_dim: length of one latent vector.
        classes: number of classes.
        image_shape: (height, width, channels); height and width divisible by 8.
        width: channels of the last hidden block; earlier blocks have 2 and 4 times as many.

    Returns:
        A built model from ``[latents, labels]``, shapes ``(batch, latent_dim)`` and ``(batch,)``,
        to ``(batch, *image_shape)`` in [-1, 1].
    """
    latent_dim, classes = check_sizes(latent_dim=latent_dim, classes=classes)
    labels = keras.Input((), dtype="int32", name="labels")
    plain = build_dcgan_generator(latent_dim, image_shape, width)
    return _tell_generator(
        plain,
        labels,
        lambda channels, start: layers.Embedding(classes, channels, start)(labels),
    )


def build_projection_discriminator(
    image_shape: tuple[int, int, int] = (32, 32, 3),
    classes: int = 10,
    width: int = 32,
    dropout: float = 0.0,
) -> keras.Model:
    """The DCGAN discriminator that judges an image and its class together.

    The logit is w . h + e(class) . h for the features h of the image: one sum says whether the
    image looks real, the other whether it looks like this class.
    Source: Miyato and Koyama 2018, "cGANs with Projection Discriminator", equation 3; there the
    features are summed over the places of the map, here each place has its own weights.

    Args:
        image_shape: (height, width, channels); height and width divisible by 8.
        classes: number of classes.
        width: channels of the first block; later blocks have 2 and 4 times as many.
        dropout: as for ``build_dcgan_discriminator``.

    Returns:
        A built model from ``[images, labels]``, shapes ``(batch, *image_shape)`` and ``(batch,)``,
        to logits ``(batch, 1)``.
    """
    (classes,) = check_sizes(classes=classes)
    labels = keras.Input((), dtype="int32", name="labels")
    plain = build_dcgan_discriminator(image_shape, width, dropout)
    return _tell_discriminator(
        plain, labels, lambda size: layers.Embedding(classes, size, small_normal())(labels)
    )


def build_text_encoder(vocabulary: int, words: int = 5, size: int = 64) -> keras.Model:
    """A small reader: numbers of words -> one vector each -> one vector for the caption.

    A GRU reads the words in their order, so "a blue seven on yellow" and "a yellow seven on blue"
    differ; a mean of the words' vectors would not.
    Source: Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder".

    Args:
        vocabulary: number of different words.
        words: words of a caption.
        size: length of the vectors.

    Returns:
        A built model from int32 ``(batch, words)`` to ``(batch, size)``, each number in (-1, 1).
    """
    vocabulary, words, size = check_sizes(vocabulary=vocabulary, words=words, size=size)
    return keras.Sequential(
        [
            keras.Input((words,), dtype="int32"),
            # Keras starts such vectors near 0. All captions would begin as nearly the same code,
            # and the networks would need long to hear a word.
            layers.Embedding(vocabulary, size, keras.initializers.RandomNormal(stddev=1.0)),
            # Unrolled: a few words cost less as plain steps than as a loop.
            layers.GRU(size, unroll=True),
        ],
        name="text_encoder",
    )


def build_caption_generator(
    latent_dim: int,
    encoder: keras.Model,
    image_shape: tuple[int, int, int] = (32, 32, 3),
    width: int = 64,
) -> keras.Model:
    """The DCGAN generator that is told what to make in words.

    As in ``build_conditional_generator``, but spread and mean of each map are linear functions of
    the encoded caption instead of rows of a table.

    Args:
        latent_dim: length of one latent vector.
        encoder: such as ``build_text_encoder`` makes; it becomes part of the generator and learns
            with it, so give each network one of its own.
        image_shape: (height, width, channels); height and width divisible by 8.
        width: channels of the last hidden block; earlier blocks have 2 and 4 times as many.

    Returns:
        A built model from ``[latents, captions]``, shapes ``(batch, latent_dim)`` and ``(batch,
        words)``, to ``(batch, *image_shape)`` in [-1, 1].
    """
    _check_encoder(encoder)
    captions = keras.Input(encoder.input_shape[1:], dtype="int32", name="captions")
    code = encoder(captions)
    plain = build_dcgan_generator(latent_dim, image_shape, width)
    return _tell_generator(
        plain,
        captions,
        lambda channels, start: layers.Dense(
            channels, kernel_initializer=small_normal(), bias_initializer=start
        )(code),
    )


def build_caption_discriminator(
    encoder: keras.Model,
    image_shape: tuple[int, int, int] = (32, 32, 3),
    width: int = 32,
    dropout: float = 0.0,
) -> keras.Model:
    """The DCGAN discriminator that judges an image and its caption together.

    As in ``build_projection_discriminator``, with a linear function of the encoded caption in the
    place of the class's vector.

    Args:
        encoder: such as ``build_text_encoder`` makes; another one than the generator's.
        image_shape: (height, width, channels); height and width divisible by 8.
        width: channels of the first block; later blocks have 2 and 4 times as many.
        dropout: as for ``build_dcgan_discriminator``.

    Returns:
        A built model from ``[images, captions]`` to logits ``(batch, 1)``.
    """
    _check_encoder(encoder)
    captions = keras.Input(encoder.input_shape[1:], dtype="int32", name="captions")
    code = encoder(captions)
    plain = build_dcgan_discriminator(image_shape, width, dropout)
    return _tell_discriminator(
        plain,
        captions,
        lambda size: layers.Dense(size, use_bias=False, kernel_initializer=small_normal())(code),
    )


def _tell_generator(
    plain: keras.Sequential,
    condition: keras.KerasTensor,
    factor: Callable[[int, str], keras.KerasTensor],
) -> keras.Model:
    """The plain generator, but a condition sets spread and mean after each normalization.

    ``factor(channels, start)`` makes of the condition ``(batch, channels)`` numbers that are all
    "ones" or "zeros" at the start.
    """
    latents = maps = plain.inputs[0]
    for layer in plain.layers:
        if isinstance(layer, layers.BatchNormalization):
            maps = _normalize_by_condition(maps, factor)
        else:
            maps = layer(maps)
    return keras.Model([latents, condition], maps, name="generator")


def _normalize_by_condition(
    maps: keras.KerasTensor, factor: Callable[[int, str], keras.KerasTensor]
) -> keras.KerasTensor:
    channels = maps.shape[-1]
    scale, offset = (
        layers.Reshape((1, 1, channels))(factor(channels, start)) for start in ("ones", "zeros")
    )
    maps = layers.BatchNormalization(center=False, scale=False)(maps)
    return layers.Add()([layers.Multiply()([maps, scale]), offset])


def _tell_discriminator(
    plain: keras.Sequential,
    condition: keras.KerasTensor,
    direction: Callable[[int], keras.KerasTensor],
) -> keras.Model:
    """The plain discriminator, plus the product of its features with the condition's direction."""
    images = features = plain.inputs[0]
    *hidden, last = plain.layers
    for layer in hidden:
        features = layer(features)
    match = layers.Dot(axes=1, dtype="float32")([features, direction(features.shape[-1])])
    logits = layers.Add(dtype="float32")([last(features), match])
    return keras.Model([images, condition], logits, name="discriminator")


def _check_encoder(encoder: keras.Model) -> None:
    check_model("encoder", encoder)
    if len(encoder.inputs) != 1 or [
        len(shape) for shape in (encoder.input_shape, encoder.output_shape)
    ] != [2, 2]:
        raise ValueError(
            f"The encoder goes from {encoder.input_shape} to {encoder.output_shape}; it must make "
            "(batch, size) of (batch, words), as those of build_text_encoder do."
        )

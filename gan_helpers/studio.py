"""The studio: a generator with styles, and a discriminator that sees through a frozen network.

Both take class shares, rows of numbers that add up to 1: all on one class, or mixed. The generator
has two parts, each a model of its own. ``generator.get_layer("mapping")`` turns latents and class
shares into one style a block, ``(batch, blocks, size)``, and ``generator.get_layer("synthesis")``
turns styles into images. So styles can be mixed block by block, moved, or pulled to their mean.

The discriminator never sees a pixel: small heads look at the maps that ``photo_features`` makes of
an image. It needs a fifth of the images that one on pixels needs, and more time for each.
"""

from collections.abc import Sequence
from typing import Any

from gan_helpers.checks import check_image_shape, check_sizes, check_whole, describe
from gan_helpers.models import RandomShift
from gan_helpers.photo_features import PhotoFeatures
from gan_helpers.runtime import (
    dtype_policy,
    quiet,  # noqa: F401 - before Keras loads TensorFlow
)

import keras
import tensorflow as tf
from keras import layers, ops

__all__ = ["SpectralConvolution", "build_projected_discriminator", "build_studio_generator"]

SMALLEST, LARGEST = 28, 64  # pixels, of what the discriminator takes
SHARES = "class_shares"


def build_studio_generator(
    latent_dim: int = 128,
    classes: int | None = 10,
    image_shape: tuple[int, int, int] = (32, 32, 3),
    widths: Sequence[int] = (128, 128, 64, 32),
    style_size: int = 128,
) -> keras.Model:
    """A generator whose blocks take their spread and mean from a style.

    The latents are mapped to a style, normalized over the batch so that it cannot shrink to one
    and the same; the class shares stand beside it, so that no class can drown it.
    Source: Karras et al. 2019, "A Style-Based Generator Architecture"; Chen et al. 2019, "On Self
    Modulation for Generative Adversarial Networks".

    Args:
        latent_dim: length of one latent vector.
        classes: number of classes; None for a generator that is not told any.
        image_shape: (height, width, channels), divisible by 2 for every block after the first.
        widths: channels of each block; all but the first double height and width.
        style_size: length of the mapped latents.

    Returns:
        A built model from ``[latents, class shares]``, shapes ``(batch, latent_dim)`` and
        ``(batch, classes)``, or from latents alone, to ``(batch, *image_shape)`` in [-1, 1].

    Raises:
        ValueError: if a size is no whole number of at least 1, or the blocks do not fit the images.
    """
    latent_dim, style_size = check_sizes(latent_dim=latent_dim, style_size=style_size)
    classes = None if classes is None else check_whole("classes", classes)
    image_shape, widths = _check_blocks(image_shape, widths)
    mapping = _build_mapping(latent_dim, classes, style_size, len(widths))
    synthesis = _build_synthesis(mapping.output_shape[1:], style_size, image_shape, widths)
    inputs = [keras.Input(each.shape[1:], name=each.name) for each in mapping.inputs]
    inputs = inputs[0] if classes is None else inputs
    return keras.Model(inputs, synthesis(mapping(inputs)), name="generator")


def build_projected_discriminator(
    image_shape: tuple[int, int, int] = (32, 32, 3),
    classes: int | None = None,
    blocks: Sequence[int] = (2, 4, 10),
    width: int = 64,
    seen_size: int = 64,
) -> keras.Model:
    """A discriminator that looks at what a frozen network makes of an image.

    Each image is moved by up to two pixels and enlarged. The frozen network makes maps of it, and a
    small head judges those of each block. Told the class, a head adds the product of its features
    with a direction of the class. The spread of the features over the batch is one more map, so
    that a generator that repeats itself shows.
    Source: Sauer et al. 2021, "Projected GANs Converge Faster"; Miyato et al. 2018, "Spectral
    Normalization", and Miyato and Koyama 2018 for the class; Karras et al. 2018 for the spread.

    Args:
        image_shape: (height, width, channels), 28 to 64 pixels high and wide, gray or in color.
        classes: number of classes; None for a discriminator that is not told any.
        blocks: blocks of the frozen network, each of which gets a head; see ``photo_features``.
        width: channels of the heads.
        seen_size: pixels to which an image is enlarged, at least as many as it has; 48 instead of
            64 is a fifth faster.

    Returns:
        A built model in float32 from images in [-1, 1], or ``[images, class shares]``, to one
        logit a head, ``(batch, heads, 1)``.

    Raises:
        TypeError: if ``blocks`` are no numbers.
        ValueError: if a size is no whole number of at least 1, or the images are too small or
            large, or neither gray nor in color.
        DatasetError: if the weights of the frozen network are missing or damaged.
    """
    (width,) = check_sizes(width=width)
    check_whole("seen_size", seen_size, least=SMALLEST)
    height, columns, channels = image_shape = check_image_shape(image_shape)
    if not all(SMALLEST <= side <= LARGEST for side in (height, columns)) or channels not in (1, 3):
        raise ValueError(
            f"image_shape is {image_shape}; the frozen network is shown images of {SMALLEST} to "
            f"{LARGEST} pixels with 1 or 3 channels. Resize or pad the images first."
        )
    with dtype_policy("float32"):
        images = keras.Input(image_shape, name="images")
        shares = None if classes is None else _shares(check_whole("classes", classes))
        colored = layers.Concatenate()([images] * 3) if channels == 1 else images
        moved = RandomShift(2, reflect=True)(colored)
        enlarged = layers.Resizing(seen_size, seen_size)(moved)
        seen = PhotoFeatures(blocks, name="photo_features")(enlarged)
        logits = [_judge(maps, shares, width) for maps in seen]
        logits = layers.Concatenate(axis=1)([layers.Reshape((1, 1))(logit) for logit in logits])
        inputs = images if shares is None else [images, shares]
        return keras.Model(inputs, logits, name="discriminator")


def _check_blocks(
    image_shape: tuple[int, int, int], widths: Any
) -> tuple[tuple[int, int, int], list[int]]:
    image_shape = check_image_shape(image_shape)
    if not isinstance(widths, Sequence) or isinstance(widths, str) or not widths:
        raise ValueError(f"widths are {describe(widths)}; give the channels of each block.")
    widths = [check_whole("each of widths", width) for width in widths]
    times = 2 ** (len(widths) - 1)
    if image_shape[0] % times or image_shape[1] % times:
        raise ValueError(
            f"{len(widths)} blocks double an image {len(widths) - 1} times, so height and width "
            f"must be divisible by {times}, but image_shape is {image_shape}."
        )
    return image_shape, widths


def _shares(classes: int) -> keras.KerasTensor:
    return keras.Input((classes,), name=SHARES)


def _build_mapping(
    latent_dim: int, classes: int | None, style_size: int, blocks: int
) -> keras.Model:
    latents = keras.Input((latent_dim,), name="latents")
    style = layers.Dense(style_size, kernel_initializer="orthogonal")(latents)
    style = layers.Dense(style_size, kernel_initializer="orthogonal")(_leaky(style))
    style = _normalized(style)
    inputs = latents
    if classes is not None:
        inputs = [latents, _shares(classes)]
        style = layers.Concatenate()([style, inputs[1]])
    return keras.Model(inputs, layers.RepeatVector(blocks)(style), name="mapping")


def _build_synthesis(
    styles_shape: tuple[int, int],
    style_size: int,
    image_shape: tuple[int, int, int],
    widths: list[int],
) -> keras.Model:
    height, columns, channels = image_shape
    styles = keras.Input(styles_shape, name="styles")
    first, *rest = (styles[:, block] for block in range(len(widths)))
    times = 2 ** len(rest)
    shape = (height // times, columns // times, widths[0])
    # Where things lie comes from the latents; the class has its say in each block.
    maps = layers.Dense(shape[0] * shape[1] * shape[2])(first[:, :style_size])
    maps = _leaky(_styled(layers.Reshape(shape)(maps), first))
    for width, style in zip(widths[1:], rest, strict=True):
        maps = _leaky(_styled(_convolution(width)(layers.UpSampling2D(2)(maps)), style))
        if style is not rest[-1]:  # at full size a second convolution costs too much
            maps = layers.Add()([maps, _leaky(_styled(_convolution(width)(maps), style))])
    maps = layers.Conv2D(channels, 3, padding="same")(maps)
    # Pixels in full precision, also where the policy is mixed_bfloat16.
    images = layers.Activation("tanh", dtype="float32")(maps)
    return keras.Model(styles, images, name="synthesis")


def _convolution(width: int) -> layers.Layer:
    return layers.Conv2D(width, 3, padding="same", use_bias=False)


def _normalized(maps: keras.KerasTensor) -> keras.KerasTensor:
    return layers.BatchNormalization(center=False, scale=False, momentum=0.9, epsilon=1e-5)(maps)


def _styled(maps: keras.KerasTensor, style: keras.KerasTensor) -> keras.KerasTensor:
    """Normalized maps, each with the spread and the mean that the style gives it."""
    channels = maps.shape[-1]
    change, mean = (
        layers.Reshape((1, 1, channels))(
            layers.Dense(channels, use_bias=False, kernel_initializer="zeros")(style)
        )
        for _ in range(2)
    )
    maps = _normalized(maps)
    return layers.Add()([maps, layers.Multiply()([maps, change]), mean])


def _leaky(maps: keras.KerasTensor) -> keras.KerasTensor:
    return layers.LeakyReLU(negative_slope=0.2)(maps)


def _judge(
    maps: keras.KerasTensor, shares: keras.KerasTensor | None, width: int
) -> keras.KerasTensor:
    """One logit ``(batch, 1)`` of the maps of one block."""
    maps = _leaky(SpectralConvolution(width, 1)(maps))
    while max(maps.shape[1:3]) > 4:
        maps = _leaky(SpectralConvolution(width, 4, strides=2)(maps))
    maps = layers.Concatenate()([maps, SpreadOfBatch()(maps)])
    features = layers.GlobalAveragePooling2D()(_leaky(SpectralConvolution(width, 3)(maps)))
    features = layers.Rescaling(4.0)(features)
    logit = SpectralConvolution(1)(features)
    if shares is None:
        return logit
    direction = SpectralConvolution(width, use_bias=False)(shares)
    return layers.Add()([logit, layers.Dot(axes=1)([features, direction])])


@keras.saving.register_keras_serializable("gan_helpers")
class SpreadOfBatch(layers.Layer):
    """One more map that says how much the images of the batch differ, the same for all of them."""

    def call(self, maps: tf.Tensor) -> tf.Tensor:
        """``(batch, rows, columns, 1)`` of maps ``(batch, rows, columns, channels)``."""
        spread = ops.mean(ops.sqrt(ops.var(maps, axis=0) + 1e-8))
        return ops.ones_like(maps[..., :1]) * spread


@keras.saving.register_keras_serializable("gan_helpers")
class SpectralConvolution(layers.Layer):
    """A convolution, or dense layer, divided by its largest singular value.

    So its output changes at most as fast as its input, and a discriminator built of it cannot grow
    steep. One step of the power method a training pass keeps the singular vector up to date; the
    kernel itself stays as it is, which Keras's ``SpectralNormalization`` overwrites.
    Source: Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks".

    Args:
        channels: of what comes out.
        size: height and width of the kernel; None for a dense layer.
        strides: step of the kernel.
        use_bias: whether to add a bias.
        options: of every Keras layer, such as ``name``.

    Raises:
        ValueError: if a size is no whole number of at least 1.
    """

    def __init__(
        self,
        channels: int,
        size: int | None = None,
        strides: int = 1,
        use_bias: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.channels, self.strides = check_sizes(channels=channels, strides=strides)
        self.size = None if size is None else check_whole("size", size)
        self.use_bias = use_bias

    def build(self, input_shape: tuple) -> None:
        size = () if self.size is None else (self.size, self.size)
        shape = (*size, input_shape[-1], self.channels)
        self.kernel = self.add_weight(shape, "he_uniform", name="kernel")
        self.vector = self.add_weight(
            (1, self.channels), "random_normal", trainable=False, name="vector"
        )
        self.bias = self.add_weight((self.channels,), "zeros", name="bias") if self.use_bias else 0

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """The maps, or vectors, that come out."""
        matrix = ops.reshape(self.kernel, (-1, self.channels))
        left = _unit(ops.stop_gradient(ops.matmul(self.vector, ops.transpose(matrix))))
        right = _unit(ops.stop_gradient(ops.matmul(left, matrix)))
        if training:
            self.vector.assign(right)
        kernel = self.kernel / ops.sum(ops.matmul(left, matrix) * right)
        if self.size is None:
            return ops.matmul(inputs, kernel) + self.bias
        return ops.conv(inputs, kernel, strides=self.strides, padding="same") + self.bias

    def get_config(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("channels", "size", "strides", "use_bias")}
        return super().get_config() | own


def _unit(vector: tf.Tensor) -> tf.Tensor:
    return vector / (ops.norm(vector) + 1e-12)

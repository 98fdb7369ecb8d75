"""A frozen network that has seen a million photographs: eyes to borrow.

EfficientNet-Lite0, trained to name the thousand classes of ImageNet, in plain Keras layers. Its
maps of an image tell edges and colors in the early blocks, textures and parts in the later ones. A
discriminator can look at them instead of pixels, a distance can compare them, a loss or an
inversion can ask that two images have the same ones. A generator trained through them looks good
to every measure that uses them too: judge it by another one.

Source: Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks";
the "Lite" variant by the TensorFlow authors. Weights: see ``data/README.md``, Apache License 2.0.
"""

from collections.abc import Sequence
from typing import Any

from gan_helpers.checks import check_image_shape, describe
from gan_helpers.runtime import (
    BOX,
    BOX_REMEDY,
    dtype_policy,
    quiet,  # noqa: F401 - before Keras loads TensorFlow
    read_arrays,
    read_sums,
    verified_path,
)

import keras
import tensorflow as tf
from keras import layers

__all__ = ["PhotoFeatures", "build_photo_features"]

FILE = "photo_features.npz"
# (kernel, stride, expansion, channels) of each inverted residual block.
BLOCKS = (
    (3, 1, 1, 16),
    *[(3, 2, 6, 24), (3, 1, 6, 24)],
    *[(5, 2, 6, 40), (5, 1, 6, 40)],
    *[(3, 2, 6, 80), (3, 1, 6, 80), (3, 1, 6, 80)],
    *[(5, 1, 6, 112), (5, 1, 6, 112), (5, 1, 6, 112)],
    *[(5, 2, 6, 192), (5, 1, 6, 192), (5, 1, 6, 192), (5, 1, 6, 192)],
    (3, 1, 6, 320),
)
POOLED = "pooled"


def build_photo_features(
    image_shape: tuple[int, int, int] = (64, 64, 3), blocks: Sequence[int] | str = POOLED
) -> keras.Model:
    """The frozen network, up to the last block that is asked for; nothing in it can be trained.

    Args:
        image_shape: (height, width, 3); at 64 x 64 the maps of the blocks 2, 4, 10 and 15 have
            sides of 16, 8, 4 and 2, of 224 x 224, on which it was trained, 56 to 7.
        blocks: numbers from 0 to 15 of the blocks whose maps to return, or "pooled" for the 1,280
            numbers behind the last one.

    Returns:
        A built model in float32 from images in [-1, 1], ``(batch, *image_shape)``, to maps
        ``(batch, rows, columns, channels)``, a list of them if several blocks are asked for, or to
        features ``(batch, 1280)``.

    Raises:
        TypeError: if ``blocks`` are neither numbers nor "pooled".
        ValueError: if there is no such block, or the images have other than three channels.
        DatasetError: if the weights are missing or damaged.
    """
    image_shape = check_image_shape(image_shape)
    if image_shape[-1] != 3:
        raise ValueError(
            f"image_shape is {image_shape}; these eyes see color: three channels. Repeat a gray "
            "one three times."
        )
    wanted = _check_blocks(blocks)
    images = keras.Input(image_shape)
    with dtype_policy("float32"):
        outputs = _see(images, wanted)
        network = keras.Model(images, outputs, name="photo_features")
    weights = BOX / "weights"
    stored = read_arrays(verified_path(weights, FILE, read_sums(weights, BOX_REMEDY), BOX_REMEDY))
    for layer in network.layers:
        if layer.weights:
            arrays = [stored[f"{layer.name}_{part}"] for part in ("kernel", "bias")]
            layer.set_weights([array.astype("float32") for array in arrays])
    network.trainable = False
    return network


@keras.saving.register_keras_serializable("gan_helpers")
class PhotoFeatures(layers.Layer):
    """The frozen network as a layer that owns no weights: nothing thaws or saves them.

    Args:
        blocks: as for ``build_photo_features``.
        options: of every Keras layer, such as ``name``.

    Raises:
        TypeError, ValueError: as ``build_photo_features``.
    """

    def __init__(self, blocks: Sequence[int] | str = POOLED, **options: Any) -> None:
        super().__init__(**{**options, "dtype": "float32"})
        self.blocks = _check_blocks(blocks)

    def build(self, input_shape: tuple) -> None:
        network = build_photo_features(input_shape[1:], self.blocks)
        # Keras does not look into a function, so these weights are no part of what it saves.
        self.see = lambda images: network(images, training=False)

    def call(self, images: tf.Tensor) -> tf.Tensor | list[tf.Tensor]:
        """A list of maps, or the pooled features, of images in [-1, 1]."""
        seen = self.see(images)
        return seen if self.blocks == POOLED or isinstance(seen, list) else [seen]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"blocks": self.blocks}


def _check_blocks(blocks: Any) -> list[int] | str:
    if isinstance(blocks, str) and blocks == POOLED:
        return POOLED
    if isinstance(blocks, str) or not isinstance(blocks, Sequence) or not blocks:
        raise TypeError(
            f'blocks are {describe(blocks)}; give numbers such as (2, 4, 10), or "{POOLED}".'
        )
    if unknown := [block for block in blocks if block not in range(len(BLOCKS))]:
        raise ValueError(f"There is no block {unknown[0]!r}, only 0 to {len(BLOCKS) - 1}.")
    return [int(block) for block in blocks]


def _see(images: keras.KerasTensor, blocks: list[int] | str) -> Any:
    # The network was trained on (pixel - 127) / 128.
    maps = layers.Rescaling(127.5 / 128, offset=0.5 / 128)(images)
    maps = _rectified(layers.Conv2D(32, 3, strides=2, padding="same", name="stem")(maps))
    seen = {}
    last = len(BLOCKS) - 1 if isinstance(blocks, str) else max(blocks)
    for number, settings in enumerate(BLOCKS[: last + 1]):
        maps = seen[number] = _inverted_residual(maps, f"block_{number:02d}", *settings)
    if not isinstance(blocks, str):
        return [seen[block] for block in blocks]
    maps = _rectified(layers.Conv2D(1280, 1, name="head")(maps))
    return layers.GlobalAveragePooling2D()(maps)


def _inverted_residual(
    maps: keras.KerasTensor, name: str, kernel: int, stride: int, expansion: int, channels: int
) -> keras.KerasTensor:
    """Widen, look at each map alone, narrow; what came in is added where it fits.

    The normalization of the original is folded into kernels and biases.
    """
    wide, narrow = maps, maps.shape[-1]
    if expansion > 1:
        wide = _rectified(layers.Conv2D(narrow * expansion, 1, name=f"{name}_expand")(wide))
    wide = layers.DepthwiseConv2D(kernel, strides=stride, padding="same", name=f"{name}_depthwise")(
        wide
    )
    thin = layers.Conv2D(channels, 1, name=f"{name}_project")(_rectified(wide))
    return layers.Add()([maps, thin]) if stride == 1 and narrow == channels else thin


def _rectified(maps: keras.KerasTensor) -> keras.KerasTensor:
    return layers.ReLU(max_value=6.0)(maps)

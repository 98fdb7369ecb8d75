"""From image to image: one network that repairs, sharpens or colours, and one that judges patches.

Taught in lesson 10. ``cut_hole``, ``shrink`` and ``to_grey`` spoil images, ``build_translator``
learns the way back, alone or in a ``GAN`` against ``build_patch_discriminator``.

Images that are not uint8 raise a ``TypeError``; other shapes, and sizes that do not fit, a
``ValueError``.
"""

from gan_helpers.checks import check_image_shape, check_pixels, check_sizes
from gan_helpers.models import downsampling_block, small_normal, upsampling_block
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import numpy as np
from keras import layers
from PIL import Image

__all__ = [
    "build_patch_discriminator",
    "build_translator",
    "cut_hole",
    "enlarge",
    "paste_hole",
    "shrink",
    "to_grey",
]

HALVINGS = 3
MEAN_GREY = 128
# What each channel adds to brightness. Source: ITU-R BT.601.
BRIGHTNESS = np.array([0.299, 0.587, 0.114])


def build_translator(
    image_shape: tuple[int, int, int] = (32, 32, 3), latent_dim: int = 16, width: int = 32
) -> keras.Model:
    """A small U-Net from an image, the condition, to another one of the same size.

    Three halvings, three doublings, and at each size a bridge that hands the maps of the way down
    to the way up, so that edges need not pass through the narrow middle. The latents join there.
    Source: Ronneberger et al. 2015, "U-Net"; as a generator Isola et al. 2017, "Image-to-Image
    Translation with Conditional Adversarial Networks".

    Args:
        image_shape: (height, width, channels) of condition and result; height and width divisible
            by 8.
        latent_dim: length of one latent vector.
        width: channels of the first block; later ones have 2 and 4 times as many.

    Returns:
        A built model from ``[latents, condition]``, shapes ``(batch, latent_dim)`` and
        ``(batch, *image_shape)`` in [-1, 1], to ``(batch, *image_shape)`` in [-1, 1].
    """
    latent_dim, width = check_sizes(latent_dim=latent_dim, width=width)
    image_shape = check_image_shape(image_shape, divisible_by=2**HALVINGS)
    latents = keras.Input((latent_dim,), name="latents")
    condition = keras.Input(image_shape, name="condition")
    way_down = [condition]
    for level in range(HALVINGS):
        channels = width * 2**level
        way_down.append(
            _stack(downsampling_block(channels, dropout=0, normalize=level > 0), way_down[-1])
        )
    *bridges, maps = way_down
    maps = layers.Concatenate()([maps, _as_maps(latents, maps.shape[1:3], width)])
    for level in reversed(range(HALVINGS)):
        maps = _stack(upsampling_block(width * 2 ** max(level - 1, 0)), maps)
        maps = layers.Concatenate()([maps, bridges[level]])
    last = layers.Conv2D(image_shape[-1], 3, padding="same", kernel_initializer=small_normal())
    change = last(maps)
    # The network starts from the condition and learns what to change.
    # Pixels in full precision, also where the policy is mixed_bfloat16.
    images = layers.Add(dtype="float32")([condition, change])
    images = layers.Activation("hard_tanh", dtype="float32")(images)
    return keras.Model([latents, condition], images, name="translator")


def build_patch_discriminator(
    image_shape: tuple[int, int, int] = (32, 32, 3), width: int = 32
) -> keras.Model:
    """A discriminator of pairs that gives one logit for each patch instead of one for the image.

    Each logit sees 22 by 22 pixels of the image and of its condition: enough for sharpness and
    texture, while the pixel loss looks after the whole.
    Source: Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks".

    Args:
        image_shape: (height, width, channels) of image and condition; height and width divisible
            by 8.
        width: channels of the first block; the second has twice as many.

    Returns:
        A built model from ``[images, condition]``, both ``(batch, *image_shape)`` in [-1, 1], to
        logits ``(batch, height / 4, width / 4, 1)``.
    """
    (width,) = check_sizes(width=width)
    image_shape = check_image_shape(image_shape, divisible_by=2**HALVINGS)
    images = keras.Input(image_shape, name="images")
    condition = keras.Input(image_shape, name="condition")
    maps = layers.Concatenate()([images, condition])
    maps = _stack(downsampling_block(width, dropout=0, normalize=False), maps)
    maps = _stack(downsampling_block(2 * width, dropout=0), maps)
    last = layers.Conv2D(1, 4, padding="same", kernel_initializer=small_normal(), dtype="float32")
    return keras.Model([images, condition], last(maps), name="patch_discriminator")


def cut_hole(images: np.ndarray, side: int = 16) -> np.ndarray:
    """Images with a grey square in the middle, ``side`` pixels wide; uint8 in and out."""
    cut = check_pixels(images).copy()
    cut[hole(cut, side)] = MEAN_GREY
    return cut


def paste_hole(known: np.ndarray, filled: np.ndarray, side: int = 16) -> np.ndarray:
    """``known`` with its middle square taken from ``filled``; uint8 in and out, one shape."""
    pasted, filled = check_pixels(known, name="known").copy(), check_pixels(filled, name="filled")
    if pasted.shape != filled.shape:
        raise ValueError(
            f"known has shape {pasted.shape} and filled {filled.shape}. Give one filling an image."
        )
    square = hole(pasted, side)
    pasted[square] = filled[square]
    return pasted


def hole(images: np.ndarray, side: int = 16) -> tuple[slice, ...]:
    """The index of the middle square: ``images[hole(images)]`` is ``(count, side, side, ...)``."""
    (side,) = check_sizes(side=side)
    starts = [length - side for length in images.shape[1:3]]
    if min(starts) < 2 or any(start % 2 for start in starts):
        raise ValueError(
            f"A square of {side} pixels does not lie in the middle of {images.shape[1]} by "
            f"{images.shape[2]} with known pixels around it. Choose a smaller, even side."
        )
    return (slice(None), *(slice(start // 2, start // 2 + side) for start in starts))


def shrink(images: np.ndarray, factor: int = 4) -> np.ndarray:
    """Images ``factor`` times smaller: each pixel is the mean of a square; uint8 in and out.

    Example:
        >>> shrink(np.zeros((5, 32, 32, 3), np.uint8)).shape
        (5, 8, 8, 3)
    """
    images = check_pixels(images)
    (factor,) = check_sizes(factor=factor)
    count, height, width, channels = images.shape
    if height % factor or width % factor:
        raise ValueError(f"The factor {factor} does not divide {height} by {width} pixels.")
    squares = images.reshape(
        count, height // factor, factor, width // factor, factor, channels
    ).astype(np.float32)
    return np.rint(squares.mean(axis=(2, 4))).astype(np.uint8)


def enlarge(images: np.ndarray, factor: int = 4) -> np.ndarray:
    """Images ``factor`` times larger by bicubic interpolation; uint8 RGB in and out."""
    images = check_pixels(images, channels=(3,))
    (factor,) = check_sizes(factor=factor)
    size = factor * images.shape[2], factor * images.shape[1]
    method = Image.Resampling.BICUBIC
    return np.stack([np.asarray(Image.fromarray(image).resize(size, method)) for image in images])


def to_grey(images: np.ndarray) -> np.ndarray:
    """The brightness of colour images, in three equal channels; uint8 in and out, one shape.

    Example:
        >>> to_grey(np.array([[[[0, 0, 255]]]], np.uint8)).tolist()
        [[[[29, 29, 29]]]]
    """
    images = check_pixels(images, channels=(3,))
    brightness = np.rint(images @ BRIGHTNESS).astype(np.uint8)
    return np.repeat(brightness[..., None], 3, axis=-1)


def _stack(blocks: list[layers.Layer], maps: keras.KerasTensor) -> keras.KerasTensor:
    for layer in blocks:
        maps = layer(maps)
    return maps


def _as_maps(latents: keras.KerasTensor, size: tuple[int, int], channels: int) -> keras.KerasTensor:
    dense = layers.Dense(size[0] * size[1] * channels, kernel_initializer=small_normal())
    return layers.Reshape((*size, channels))(dense(latents))

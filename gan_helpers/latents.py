"""Ways through the latent space: walk on its shell, and search the latents of a given image.

Taught in lesson 8. Latents are rows of ``latent_dim`` normal numbers; their length is close to the
root of ``latent_dim``, so they lie near a sphere: the shell.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gan_helpers.checks import (
    as_array,
    check_function,
    check_model_range,
    check_number,
    check_sizes,
    check_whole,
)
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import numpy as np
import tensorflow as tf

__all__ = ["Inversion", "invert", "spherical_interpolation"]


@dataclass(frozen=True, eq=False)
class Inversion:
    """What ``invert`` found, for each of ``count`` images the best of all starts.

    Attributes:
        latents: float32 ``(count, latent_dim)``.
        errors: mean squared difference of the pixels in [-1, 1], float32 ``(count,)``; where
            a mask was given, of the known pixels alone.
        history: the errors before each step and after the last, for each start, float32
            ``(steps + 1, count, starts)``. NaN where a start has diverged.
    """

    latents: np.ndarray
    errors: np.ndarray
    history: np.ndarray


def spherical_interpolation(start: Any, end: Any, position: Any) -> np.ndarray:
    """Latents on the way from ``start`` to ``end`` that turns steadily, as on a great circle.

    Two vectors of one length keep that length all the way; of two lengths, it changes smoothly.
    Source: Shoemake 1985, "Animating Rotation with Quaternion Curves"; for latents White 2016,
    "Sampling Generative Networks".

    Args:
        start: latents ``(..., latent_dim)``.
        end: latents of the same shape.
        position: 0 is the start, 1 the end; one number or an array of any shape.

    Returns:
        float32, the shape of ``position`` followed by that of ``start``: two vectors and ten
        positions give ``(10, latent_dim)``.

    Raises:
        TypeError: if latents or positions are no numbers.
        ValueError: if the shapes differ, a value or a position is not finite, a vector is zero
            (it has no direction), or two vectors are opposite (then no way is the shortest).

    Example:
        >>> way = spherical_interpolation([3.0, 0.0], [0.0, 3.0], position=[0.0, 0.5, 1.0])
        >>> np.linalg.norm(way, axis=1).round(3).tolist()
        [3.0, 3.0, 3.0]
    """
    start, end = _as_latents("start", start), _as_latents("end", end)
    if start.shape != end.shape:
        raise ValueError(
            f"start has shape {start.shape} and end {end.shape}; they must be equal. "
            "Give as many starts as ends."
        )
    position = as_array("position", position).astype(np.float64)
    if not np.isfinite(position).all():
        raise ValueError("position holds NaN or infinity; 0 is the start, and 1 the end.")
    position = position.reshape(position.shape + (1,) * start.ndim)
    lengths = [np.linalg.norm(latents, axis=-1, keepdims=True) for latents in (start, end)]
    if min(length.min(initial=1) for length in lengths) == 0:
        raise ValueError("A vector of zeros has no direction. Draw another one.")
    cosine = (start * end).sum(axis=-1, keepdims=True) / (lengths[0] * lengths[1])
    angle = np.arccos(cosine.clip(-1, 1))
    if (angle > np.pi - 1e-6).any():
        raise ValueError(
            "Two vectors point in opposite directions: every half circle between them is equally "
            "short. Walk over a third vector."
        )
    # Between parallel vectors the weights below become 0 / 0; their limit is the straight line.
    parallel = angle < 1e-6
    sine = np.where(parallel, 1, np.sin(angle))
    weights = [
        np.where(parallel, share, np.sin(share * angle) / sine)
        for share in (1 - position, position)
    ]
    return (weights[0] * start + weights[1] * end).astype(np.float32)


def invert(
    generator: Callable[[tf.Tensor], tf.Tensor],
    images: np.ndarray,
    *,
    mask: np.ndarray | None = None,
    latent_dim: int = 64,
    starts: int = 4,
    steps: int = 200,
    learning_rate: float = 0.5,
    prior: float = 0.01,
    seed: int = 0,
) -> Inversion:
    """Search for latents from which the generator makes the given images.

    Adam moves random latents down the mean squared difference of the pixels, several starts for
    each image at once, and each image keeps its best; one that diverges loses. All
    ``count * starts`` rows run as one batch. The prior, ``(|z|^2 / latent_dim - 1)^2``
    times ``prior``, holds the latents near the shell on which the generator was trained.
    Source: Zhu et al. 2016, "Generative Visual Manipulation on the Natural Image Manifold"; with a
    mask, Yeh et al. 2017, "Semantic Image Inpainting with Deep Generative Models".

    Args:
        generator: from latents ``(batch, latent_dim)`` to images in [-1, 1]. Of a conditional
            one, close over the labels: image 0 with all its starts comes first, then image 1.
        images: float, ``(count, height, width, channels)`` in [-1, 1].
        mask: 1 where a pixel is known and 0 where it is not, a shape that broadcasts to that of
            ``images``, such as ``(height, width, 1)``. Default: all are known.
        latent_dim: length of a latent vector.
        starts: random starts for each image.
        steps: steps of Adam.
        learning_rate: its first learning rate; it falls to 0 along half a cosine.
        prior: weight of the prior, 0 for none.
        seed: of the random starts.

    Returns:
        Latents, errors and history; see ``Inversion``.

    Raises:
        TypeError: if the images are not floating point, or the generator is no function.
        ValueError: if they have another shape than the generator's or leave [-1, 1], a number is
            out of its range, the mask does not fit or hides everything in an image, or all
            starts of an image diverge.
    """
    check_function("generator", generator, "from latents to images, such as a Keras model")
    targets = check_model_range(images).astype(np.float32)
    latent_dim, starts, steps = check_sizes(latent_dim=latent_dim, starts=starts, steps=steps)
    check_number("learning_rate", learning_rate, above=0)
    check_number("prior", prior, 0)
    check_whole("seed", seed, 0)
    _check_latent_dim(generator, latent_dim)
    weights = _pixel_weights(mask, targets.shape)
    count = len(targets)
    # The starts of one image lie in neighbouring rows.
    targets, weights = (tf.constant(array.repeat(starts, axis=0)) for array in (targets, weights))
    random = np.random.default_rng(seed)
    latents = tf.Variable(random.standard_normal((count * starts, latent_dim), dtype=np.float32))
    made = tuple(generator(tf.convert_to_tensor(latents)).shape)
    if made != tuple(targets.shape):  # other shapes might be stretched to fit, unnoticed
        raise ValueError(
            f"The generator makes images of shape {made[1:]} ({made[0]} of {len(targets)} latents)"
            f", but these have {tuple(targets.shape[1:])}. Give images of the generator's size."
        )
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps))
    optimizer.build([latents])

    def errors_of() -> tf.Tensor:
        return tf.reduce_sum(weights * (generator(latents) - targets) ** 2, axis=(1, 2, 3))

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(latents)
            errors = errors_of()
            stretch = tf.reduce_mean(latents**2, axis=1) - 1
            # The sum, not the mean: no image slows the search for another.
            loss = tf.reduce_sum(errors + prior * stretch**2)
        optimizer.apply_gradients([(tape.gradient(loss, latents), latents)])
        return errors

    # Concrete, because TensorFlow warns of functions that are made again and again.
    run_step = step.get_concrete_function()
    found_errors = [run_step().numpy() for _ in range(steps)]
    history = np.stack([*found_errors, errors_of().numpy()]).reshape(steps + 1, count, starts)
    last = np.where(np.isfinite(history[-1]), history[-1], np.inf)  # argmin would choose NaN
    if (diverged := np.isinf(last).all(axis=1)).any():
        raise ValueError(
            f"All {starts} starts of image {diverged.argmax()} diverged. Try a smaller "
            f"learning_rate than {learning_rate}."
        )
    best = last.argmin(axis=1)
    rows = np.arange(count)
    found = latents.numpy().reshape(count, starts, latent_dim)[rows, best]
    return Inversion(found, history[-1][rows, best], history)


def _as_latents(name: str, latents: Any) -> np.ndarray:
    latents = as_array(name, latents).astype(np.float64)
    if latents.ndim < 1:
        raise ValueError(f"{name} is one number; give latents of shape (..., latent_dim).")
    if not np.isfinite(latents).all():
        raise ValueError(f"{name} holds NaN or infinity. Look at what made these latents.")
    return latents


def _check_latent_dim(generator: Callable, latent_dim: int) -> None:
    if not isinstance(generator, keras.Model) or not generator.built:
        return
    if (takes := generator.inputs[0].shape[-1]) != latent_dim:
        raise ValueError(
            f"latent_dim is {latent_dim}, but the generator takes latents of length {takes}. Give "
            f"latent_dim={takes}."
        )


def _pixel_weights(mask: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    """What each pixel counts in its image's mean: equal parts of the known ones, in sum 1."""
    mask = as_array("mask", 1 if mask is None else mask).astype(np.float32)
    try:
        mask = np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(
            f"The mask has shape {mask.shape} and the images {shape}. Give (height, width, 1) for "
            "one mask, or (count, height, width, 1) for one an image."
        ) from None
    if not np.isin(mask, (0, 1)).all():
        raise ValueError("The mask must hold 1 where a pixel is known and 0 elsewhere.")
    known = mask.sum(axis=(1, 2, 3), keepdims=True)
    if (known == 0).any():
        raise ValueError("The mask hides an image completely; leave some pixels known (1).")
    return mask / known

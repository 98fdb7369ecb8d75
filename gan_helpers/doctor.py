"""What is wrong with a GAN: its two networks are measured, or its curves read, and it is said.

Nothing is trained and nothing is changed: the networks are called without their state. What is
looked for, and from which limit on, stands in the clinic: ``network_signs`` and ``curve_signs``.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gan_helpers.checks import as_array, check_whole, describe
from gan_helpers.clinic import (
    CURVE_SIGNS,
    NETWORK_SIGNS,
    Curves,
    Finding,
    Patient,
    Report,
    diagnose,
)
from gan_helpers.contracts import check_model
from gan_helpers.training import GAN

import keras
import numpy as np

__all__ = ["Finding", "Report", "examine", "examine_history"]

FEWEST, MOST = 16, 128  # images that are looked at: fewer say nothing, more take long


def examine(
    gan: Any,
    real_images: Any,
    loss: str | tuple[Callable, Callable] | None = None,
    *,
    latents: Any = None,
    conditions: Any = None,
    real_label: int = 1,
    seed: int = 0,
    history: Any = None,
) -> Report:
    """Measure the two networks of a GAN and say what is wrong with them, without changing them.

    Up to 128 real images are compared with as many generated ones. Both losses and their gradients
    are computed once, in training mode, as a training step would.

    Args:
        gan: an object with a ``generator`` and a ``discriminator``, such as a ``training.GAN``, or
            the pair ``(generator, discriminator)``; any built Keras models.
        real_images: at least 16 real images ``(count, ...)``, exactly as D is given them.
        loss: "non-saturating", "minimax", "least squares", "hinge" or "wasserstein", all of logits;
            "probabilities" for cross-entropy of a D that ends in a sigmoid; or the functions
            ``(generator_loss, discriminator_loss)`` as ``GAN.compile`` takes them. Without it the
            losses of a compiled GAN, else "non-saturating".
        latents: the generator's input ``(count, ...)``, as many as there are real images;
            without them standard normal, of the shape that the generator takes.
        conditions: for networks with two inputs, or with one logit a class: the class or other
            condition of each real image.
        real_label: 1 if D should give real images the higher output, 0 for the fake ones, as in
            tutorials that call a fake 1.
        seed: seed of the latents.
        history: curves to read too; see ``examine_history``.

    Returns:
        The findings.

    Raises:
        TypeError: if ``gan`` holds no two Keras models, or arrays are no numbers.
        ValueError: if shapes or counts do not fit, the networks are not built or fail on the
            images, or real images are not finite or all alike.

    Example:
        >>> from gan_helpers.models import build_dense_discriminator, build_dense_generator
        >>> shape = (8, 8, 1)
        >>> networks = build_dense_generator(4, shape, 4), build_dense_discriminator(shape, 4)
        >>> pixels = np.random.default_rng(0).integers(0, 256, (32, *shape))
        >>> examine(networks, pixels)[0].name
        'value range'
    """
    generator, discriminator = _networks(gan)
    real, chosen = _real_images(real_images)
    if loss is None and isinstance(gan, GAN) and gan.compiled:
        loss = (gan.generator_loss, gan.discriminator_loss)
    check_whole("real_label", real_label, 0, 1)
    check_whole("seed", seed, 0)
    told = None if conditions is None else _rows("conditions", conditions, len(real_images), chosen)
    if latents is None:
        taken = _latents(generator, len(real), seed)
    else:
        taken = _rows("latents", latents, len(real_images), chosen).astype("float32")
    patient = Patient(generator, discriminator, real, taken, told, loss, real_label == 0)
    read = None if history is None else examine_history(history, loss)
    found = diagnose(NETWORK_SIGNS, patient)
    return Report([*found, *(read or [])], [*patient.describe(), *(read.checked if read else [])])


def _networks(gan: Any) -> tuple[keras.Model, keras.Model]:
    if isinstance(gan, tuple | list) and len(gan) == 2:
        pair = tuple(gan)
    elif hasattr(gan, "generator") and hasattr(gan, "discriminator"):
        pair = gan.generator, gan.discriminator
    else:
        raise TypeError(
            f"gan is {describe(gan)}; give an object with a generator and a discriminator, or the "
            "pair (generator, discriminator)."
        )
    for name, network in zip(("generator", "discriminator"), pair, strict=True):
        check_model(name, network)
    return pair


def _real_images(images: Any) -> tuple[np.ndarray, np.ndarray]:
    """At most ``MOST`` of them as float32, taken evenly, and their numbers."""
    images = as_array("real_images", images)
    if images.ndim < 2 or len(images) < FEWEST or 0 in images.shape:
        raise ValueError(
            f"real_images have shape {images.shape}; it must be (count, ...), with at least "
            f"{FEWEST} images."
        )
    chosen = np.linspace(0, len(images) - 1, min(len(images), MOST)).astype(int)
    images = images[chosen].astype("float32")
    if not np.isfinite(images).all():
        raise ValueError(
            "real_images hold NaN or infinity, and would spoil every weight. Look at what made "
            "them, such as a division by a maximum of 0."
        )
    if (images == images[0]).all():
        raise ValueError("real_images are all alike; give different ones, as D sees in training.")
    return images, chosen


def _rows(name: str, values: Any, count: int, chosen: np.ndarray) -> np.ndarray:
    values = as_array(name, values)
    if values.ndim < 1 or len(values) != count or not np.isfinite(values).all():
        raise ValueError(
            f"{name} are {describe(values)}; give finite numbers, one row for each of the {count} "
            "real images."
        )
    return values[chosen]


def _latents(generator: keras.Model, count: int, seed: int) -> Any:
    inputs = getattr(generator, "inputs", None)
    shape = tuple(inputs[0].shape[1:]) if inputs else (None,)
    if None in shape:
        raise ValueError(
            "The shape of the generator's latents is not known; give latents=..., an array with a "
            "row for each real image."
        )
    return keras.random.normal((count, *shape), seed=seed)


def examine_history(losses: Any, loss: str | tuple[Callable, Callable] | None = None) -> Report:
    """Read the curves of a training and say what is wrong with them.

    Args:
        losses: a mapping of curves, such as ``history.history``, or a Keras ``History``. The names
            say what they are: losses of "generator" or "g", "discriminator" or "d"; besides, if
            there, mean scores of "real" and "fake" images, and a "distance" or "fid". One number
            an epoch or a step, at least one.
        loss: as for ``examine``; it says which loss a D has that knows nothing. D's loss may be
            the sum over real and fake images or their mean.

    Returns:
        The findings. Trends are looked for from five points on.

    Raises:
        TypeError: if this is no mapping of lists of numbers.
        ValueError: if there is no loss of either network, or a curve is empty or no list.

    Example:
        >>> examine_history({"g_loss": [0.7, 0.9, float("nan")], "d_loss": [1.3, 1.1, 1.2]}).names
        ['not finite']
    """
    given = getattr(losses, "history", losses)
    if not isinstance(given, Mapping):
        raise TypeError(
            f"losses are {describe(losses)}; give a mapping of curves, such as history.history or "
            "{'generator_loss': [...], 'discriminator_loss': [...]}."
        )
    curves = {str(name): check_curve(str(name), values) for name, values in given.items()}
    read = Curves(curves, loss)
    if not read.losses:
        raise ValueError(
            f"There is no loss of a network among the curves {', '.join(curves) or '(none)'}. Call "
            "them generator_loss and discriminator_loss."
        )
    checked = [
        f"{name}: {len(values)} points, {values[0]:.3g} to {values[-1]:.3g}, median "
        f"{np.median(values):.3g}"
        for name, values in curves.items()
    ]
    return Report(diagnose(CURVE_SIGNS, read), checked)


def check_curve(name: str, values: Any) -> np.ndarray:
    values = as_array(name, values).astype("float64")
    if values.ndim != 1 or not len(values):
        raise ValueError(
            f"The curve {name} is {describe(values)}; give a list of numbers, one an epoch or step."
        )
    return values

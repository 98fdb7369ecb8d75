"""The two networks of a game over points: hidden dense layers, first weights by a seed."""

from typing import Any

from gan_helpers.checks import check_dropout, check_number, check_sizes, check_whole
from gan_helpers.remedies import MinibatchDeviation
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import numpy as np
from keras import layers

__all__ = [
    "build_point_discriminator",
    "build_point_generator",
]


def build_point_generator(
    latent_dim: int = 2, width: int = 32, hidden_layers: int = 2, seed: int = 0
) -> keras.Sequential:
    """A generator of points in the plane: latents -> hidden dense layers -> two coordinates.

    Args:
        latent_dim: length of one latent vector.
        width: units of each hidden layer.
        hidden_layers: number of hidden layers.
        seed: seed of the first weights.

    Returns:
        A built model from ``(batch, latent_dim)`` to ``(batch, 2)``, without limits.

    Raises:
        ValueError: if a size is not a positive whole number.
    """
    latent_dim, width, hidden_layers = check_sizes(
        latent_dim=latent_dim, width=width, hidden_layers=hidden_layers
    )
    parts = _dense_layers(width, hidden_layers, 2, seed)
    return keras.Sequential([keras.Input((latent_dim,)), *parts], name="generator")


def build_point_discriminator(
    width: int = 32,
    hidden_layers: int = 2,
    seed: int = 0,
    *,
    packed: int = 1,
    dropout: float = 0.0,
    weight_penalty: float = 0.0,
    minibatch_statistics: bool = False,
) -> keras.Sequential:
    """A discriminator of points in the plane: coordinates -> hidden dense layers -> one logit.

    Args:
        width: units of each hidden layer.
        hidden_layers: number of hidden layers.
        seed: seed of the first weights.
        packed: points that are judged together, see ``remedies.pack``.
        dropout: share of the hidden units that each training step leaves out.
        weight_penalty: factor of the sum of squared kernel weights, an L2 regularizer.
        minibatch_statistics: whether the last layer is told how much the points of the batch
            differ, see ``remedies.MinibatchDeviation``.

    Returns:
        A built model from ``(batch, 2 * packed)`` to logits ``(batch, 1)``.

    Raises:
        ValueError: if a size is not a positive whole number, dropout is outside [0, 1), or the
            penalty is negative.
    """
    width, hidden_layers, packed = check_sizes(
        width=width, hidden_layers=hidden_layers, packed=packed
    )
    check_dropout(dropout)
    check_number("weight_penalty", weight_penalty, 0)
    regularizer = keras.regularizers.L2(weight_penalty) if weight_penalty else None
    *hidden, last = _dense_layers(width, hidden_layers, 1, seed, regularizer)
    parts = [keras.Input((2 * packed,))]
    for layer in hidden:
        parts += [layer, layers.Dropout(dropout, seed=seed)] if dropout else [layer]
    if minibatch_statistics:
        parts.append(MinibatchDeviation())
    return keras.Sequential([*parts, last], name="discriminator")


def _dense_layers(
    width: int, hidden_layers: int, outputs: int, seed: int, regularizer: Any = None
) -> list[layers.Layer]:
    """Rectified dense layers whose first weights depend on the seed alone, not on other models."""
    check_whole("seed", seed, 0)
    # Generator and discriminator of one seed must not start with the same numbers.
    seeds = np.random.SeedSequence([seed, outputs]).generate_state(hidden_layers + 1)
    made = [
        layers.Dense(
            width,
            "relu",
            kernel_initializer=keras.initializers.HeNormal(int(number)),
            kernel_regularizer=regularizer,
        )
        for number in seeds[:-1]
    ]
    last = keras.initializers.GlorotUniform(int(seeds[-1]))
    return [
        *made,
        layers.Dense(outputs, kernel_initializer=last, kernel_regularizer=regularizer),
    ]

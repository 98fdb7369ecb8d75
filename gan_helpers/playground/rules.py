"""What a game over points is played by: the losses and the optimizers that have a name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gan_helpers import losses
from gan_helpers.remedies import smoothed_discriminator_loss
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras

__all__ = ["LOSSES", "OPTIMIZERS", "GameError", "Loss"]


class GameError(Exception):
    """The game cannot go on as it is set; the message says why and what to do."""


@dataclass(frozen=True)
class Loss:
    """The losses of both players, as functions of logits; see ``gan_helpers.losses``.

    Attributes:
        discriminator: function of ``(real_logits, fake_logits)`` that returns a scalar.
        generator: function of ``fake_logits`` likewise.
        clip: largest size of the discriminator's weights; None for no limit.
    """

    discriminator: Callable[[Any, Any], Any]
    generator: Callable[[Any], Any]
    clip: float | None = None


LOSSES = {
    "non-saturating": Loss(losses.discriminator_loss, losses.non_saturating_generator_loss),
    "minimax": Loss(losses.discriminator_loss, losses.minimax_generator_loss),
    "least squares": Loss(
        losses.least_squares_discriminator_loss, losses.least_squares_generator_loss
    ),
    "hinge": Loss(losses.hinge_discriminator_loss, losses.hinge_generator_loss),
    # Clipping keeps the critic's slope limited: Arjovsky et al. 2017, algorithm 1.
    "Wasserstein, clipped": Loss(
        losses.wasserstein_discriminator_loss, losses.wasserstein_generator_loss, clip=0.2
    ),
    "smoothed labels": Loss(smoothed_discriminator_loss, losses.non_saturating_generator_loss),
    # For use with the gradient penalty, which keeps the slope near 1 instead.
    "Wasserstein": Loss(losses.wasserstein_discriminator_loss, losses.wasserstein_generator_loss),
}
OPTIMIZERS = {
    "Adam": lambda: keras.optimizers.Adam(beta_1=0.5),
    "SGD": lambda: keras.optimizers.SGD(),
}

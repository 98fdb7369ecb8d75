"""A remedy as the places of a training step that it fills, and the ones that lesson 4 writes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gan_helpers.losses import wasserstein_discriminator_loss
from gan_helpers.playground import build_point_discriminator
from gan_helpers.remedies import (
    gradient_penalty,
    r1_penalty,
    relativistic_discriminator_loss,
    relativistic_generator_loss,
    smoothed_discriminator_loss,
    unroll,
)
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import tensorflow as tf

__all__ = ["REMEDIES", "Remedy", "update_discriminator", "update_generator"]


def _as_they_are(points: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    return points


def _nothing(discriminator: keras.Model, real: tf.Tensor, fake: tf.Tensor) -> float:
    return 0.0


def _as_it_is(game: Any, real: tf.Tensor, fake: tf.Tensor) -> Callable:
    return game.discriminator


@dataclass(frozen=True, eq=False)
class Remedy:
    """What a training step does differently; whatever is left out stays as it was.

    Attributes:
        name: for tables and figures, with the strength.
        see: function of ``(points, share)``: the points as D sees them; share is how much of the
            game has been played, from 0 to 1.
        penalty: function of ``(discriminator, real, fake)``: a number added to D's loss.
        discriminator_loss: function of ``(real_logits, fake_logits)``; None keeps the patient's.
        generator_loss: likewise, of both logits.
        ahead: function of ``(game, real, fake)`` that returns the judge that G asks, itself a
            function from points to logits.
        build: function without arguments that makes another discriminator; None keeps the
            patient's.
        changes: settings of the game that differ, such as learning rates.
        source: the paper that proposes it.
    """

    name: str
    see: Callable = _as_they_are
    penalty: Callable = _nothing
    discriminator_loss: Callable | None = None
    generator_loss: Callable | None = None
    ahead: Callable = _as_it_is
    build: Callable[[], keras.Model] | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""

    def losses(self, game: Any) -> tuple[Callable, Callable]:
        """The losses of D and of G in this game."""
        of_d, of_g = game.losses
        return self.discriminator_loss or of_d, self.generator_loss or of_g


def update_discriminator(game: Any, remedy: Remedy) -> None:
    """One update of D, as the notebook writes it."""
    discriminator_loss, _ = remedy.losses(game)
    real = remedy.see(game.draw_real(), game.share)
    fake = remedy.see(game.generator(game.draw_latents(), training=True), game.share)
    with tf.GradientTape() as tape:
        real_logits = game.discriminator(real, training=True)
        fake_logits = game.discriminator(fake, training=True)
        loss = discriminator_loss(real_logits, fake_logits)
        loss += remedy.penalty(game.discriminator, real, fake)
    variables = game.discriminator.trainable_variables
    game.discriminator_optimizer.apply(tape.gradient(loss, variables), variables)


def update_generator(game: Any, remedy: Remedy) -> None:
    """One update of G, which asks the D that has just moved."""
    _, generator_loss = remedy.losses(game)
    real = remedy.see(game.draw_real(), game.share)
    with tf.GradientTape() as tape:
        fake = remedy.see(game.generator(game.draw_latents(), training=True), game.share)
        judge = remedy.ahead(game, real, fake)
        loss = generator_loss(judge(real), judge(fake))
    variables = game.generator.trainable_variables
    game.generator_optimizer.apply(tape.gradient(loss, variables), variables)


# The remedies of the stored table. Each makes its Remedy of one strength, and the strength stands
# in the name.


def _r1(strength: float) -> Remedy:
    def penalty(discriminator: keras.Model, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return strength * r1_penalty(discriminator, real)

    return Remedy(f"R1, {strength:g}", penalty=penalty, source="Mescheder et al. 2018")


def _between(strength: float, wasserstein: bool = False) -> Remedy:
    def penalty(discriminator: keras.Model, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        shares = tf.random.uniform((real.shape[0], 1))
        return strength * gradient_penalty(discriminator, real, fake, shares)

    source = "Gulrajani et al. 2017"
    if not wasserstein:
        return Remedy(f"gradient penalty, {strength:g}", penalty=penalty, source=source)
    return Remedy(
        f"Wasserstein, gradient penalty, {strength:g}",
        penalty=penalty,
        discriminator_loss=wasserstein_discriminator_loss,
        generator_loss=lambda real_logits, fake_logits: -tf.reduce_mean(fake_logits),
        source=source,
    )


def _noise(strength: float, fading: bool = False) -> Remedy:
    def see(points: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
        left = 1.0 - share if fading else 1.0
        return points + strength * left * tf.random.normal(tf.shape(points))

    name = f"{'fading ' if fading else ''}instance noise, {strength:g}"
    return Remedy(name, see=see, source="Sønderby et al. 2017; Arjovsky & Bottou 2017")


def _weights(strength: float) -> Remedy:
    def penalty(discriminator: keras.Model, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        kernels = [w for w in discriminator.trainable_variables if len(w.shape) == 2]
        return strength * sum(tf.reduce_sum(tf.square(kernel)) for kernel in kernels)

    return Remedy(f"weight penalty, {strength:g}", penalty=penalty, source="Krogh & Hertz 1992")


def _unrolled(steps: int, rate: float = 0.1) -> Remedy:
    def ahead(game: Any, real: tf.Tensor, fake: tf.Tensor) -> Callable:
        return unroll(game.discriminator, game.losses[0], real, fake, steps, rate)

    name = f"unrolling, {steps} step{'s' if steps > 1 else ''}"
    return Remedy(name, ahead=ahead, source="Metz et al. 2017")


def _r3gan(strength: float) -> Remedy:
    def penalty(discriminator: keras.Model, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return strength * (r1_penalty(discriminator, real) + r1_penalty(discriminator, fake))

    return Remedy(
        f"R3GAN, {strength:g}",
        penalty=penalty,
        discriminator_loss=relativistic_discriminator_loss,
        generator_loss=relativistic_generator_loss,
        source="Huang et al. 2024",
    )


def _spectral() -> keras.Model:
    layers = [keras.Input((2,))]
    for size, activation in ((32, "relu"), (32, "relu"), (1, None)):
        dense = keras.layers.Dense(size, activation)
        layers.append(keras.layers.SpectralNormalization(dense))
    return keras.Sequential(layers)


REMEDIES: dict[str, Remedy] = {
    remedy.name: remedy
    for remedy in (
        Remedy("as it is"),
        Remedy("non-saturating loss", changes={"loss": "non-saturating"}, source="Goodfellow 2014"),
        Remedy("least squares", changes={"loss": "least squares"}, source="Mao et al. 2017"),
        Remedy("equal rates", changes={"discriminator_rate": 0.01}),
        Remedy("one D step", changes={"discriminator_steps": 1}),
        Remedy("five D steps", changes={"discriminator_steps": 5}),
        Remedy("a larger D", changes={"discriminator_width": None}),
        Remedy("slower G", changes={"generator_rate": 0.02}),
        Remedy("slower D", changes={"discriminator_rate": 0.02}),
        Remedy(
            "one-sided labels, 0.9",
            discriminator_loss=smoothed_discriminator_loss,
            source="Salimans et al. 2016",
        ),
        Remedy(
            "minibatch statistics",
            build=lambda: build_point_discriminator(minibatch_statistics=True),
            source="Salimans et al. 2016; Karras et al. 2018",
        ),
        Remedy("spectral normalization", build=_spectral, source="Miyato et al. 2018"),
        _r1(0.1),
        _between(0.1),
        _between(1.0, wasserstein=True),
        _noise(0.2),
        _noise(0.5),
        _noise(0.3, fading=True),
        _weights(0.001),
        _weights(0.01),
        _unrolled(1),
        _unrolled(5),
        _r3gan(0.1),
    )
}

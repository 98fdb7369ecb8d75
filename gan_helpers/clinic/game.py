"""A game over points whose two updates are given from outside: what a student wrote is played.

The networks, the data and the optimizers are those of ``playground``; the step is not. It is
compiled once for each remedy, and every further seed begins with what is compiled.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gan_helpers.clinic.remedy import Remedy
from gan_helpers.playground import (
    BATCH_SIZE,
    DISTRIBUTIONS,
    EDGE,
    JUDGED,
    LOSSES,
    OPTIMIZERS,
    POOL,
    SHOWN,
    SURFACE,
    PointDistribution,
    Settings,
    build_point_discriminator,
    build_point_generator,
    divergences,
    quality,
)
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import numpy as np
import tensorflow as tf

__all__ = ["Game", "Look", "PlaneGame", "build_optimizer", "losses_of_both"]

WORTH_COMPILING = 20  # steps; compiling takes as long as about a hundred updates
Update = Callable[["Game", Remedy], Any]


class Look:
    """What was seen and measured at one moment of a game.

    Attributes:
        step: updates of the generator so far.
        fake: generated points ``(256, 2)``, always of the same latents.
        surface: D's score on a grid ``(40, 40)``, rows from below.
        values: measurements by name: covered, JS, distance (mean distance of the points to the
            nearest mode), gradient (norm of G's), real_score, fake_score, both losses.
    """

    def __init__(
        self, step: int, fake: np.ndarray, surface: np.ndarray, values: dict[str, float]
    ) -> None:
        self.step, self.fake, self.surface, self.values = step, fake, surface, values


class Game:
    """Two networks, and what an update needs of them: the places where a step takes its parts.

    Args:
        generator, discriminator: Keras models; from latents to samples, from samples to logits.
        optimizers: of G and of D, built.
        losses: of D and of G, functions of ``(real_logits, fake_logits)`` both.
        pool: variable with the real samples that batches are drawn from.
        batch_size: samples in a batch.
        remedy: what is tried.
        updates: an update of D and one of G, functions of ``(game, remedy)``.
        steps: updates of the generator that the game has in all.
        discriminator_steps: updates of D before each of G.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        optimizers: tuple[keras.optimizers.Optimizer, keras.optimizers.Optimizer],
        losses: tuple[Callable, Callable],
        pool: tf.Variable,
        batch_size: int,
        remedy: Remedy,
        updates: tuple[Update, Update],
        steps: int,
        discriminator_steps: int = 1,
    ) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.generator_optimizer, self.discriminator_optimizer = optimizers
        self.losses, self.remedy, self.steps = losses, remedy, steps
        self._discriminator_steps = discriminator_steps
        self._pool, self._batch_size, self._updates = pool, batch_size, updates
        self._random = tf.random.Generator.from_seed(0)
        self._played = tf.Variable(0.0, trainable=False)
        self._compiled: dict[str, Callable] = {}
        self._seed = 0

    def draw_real(self) -> tf.Tensor:
        """A batch of real samples."""
        chosen = self._random.uniform((self._batch_size,), 0, self._pool.shape[0], dtype=tf.int32)
        return tf.gather(self._pool, chosen)

    def draw_latents(self) -> tf.Tensor:
        """As many latent vectors, ``(batch, latent_dim)``."""
        return self._random.normal((self._batch_size, self.generator.input_shape[-1]))

    @property
    def share(self) -> tf.Tensor:
        """How much of the game has been played, from 0 to 1."""
        return self._played / float(max(1, self.steps))

    def reset_chance(self, seed: int) -> None:
        """Draw from here on what a game of this seed draws."""
        self._seed = seed
        self._random.reset_from_seed(seed)
        self._played.assign(0.0)
        tf.random.set_seed(seed)  # for the noise that a remedy draws itself

    def train_discriminator(self, count: int) -> None:
        """So many updates of D alone."""
        self._run("head start", lambda: self._updates[0](self, self.remedy), count)

    def train(self, count: int) -> None:
        """So many rounds: the updates of D, then one of G."""

        def one_round() -> None:
            _repeat(self._discriminator_steps, lambda: self._updates[0](self, self.remedy))
            self._updates[1](self, self.remedy)
            self._played.assign_add(1.0)

        self._run("rounds", one_round, count)

    def _run(self, name: str, action: Callable[[], Any], count: int) -> None:
        if self.steps < WORTH_COMPILING:
            _repeat(count, action)
            return
        if name not in self._compiled:
            # Without AutoGraph, so that an error in a student's update keeps its own message.
            graph = tf.function(lambda times: _repeat(times, action), autograph=False)
            tf.random.set_seed(0)  # it goes into the graph, so it must not depend on who is first
            self._compiled[name] = graph.get_concrete_function(tf.TensorSpec((), tf.int32))
            tf.random.set_seed(self._seed)
        self._compiled[name](tf.constant(count, tf.int32))


class PlaneGame(Game):
    """A game over points in the plane that can begin anew with another seed.

    Args:
        settings: of the playground; those that are remedies there are not used here.
        remedy: what is tried; it may bring its own discriminator and other settings.
        updates: an update of D and one of G, functions of ``(game, remedy)``.
        distribution: what is learned, if not the data of the settings.
        steps: updates of the generator that the game has in all.
    """

    def __init__(
        self,
        settings: Settings,
        remedy: Remedy,
        updates: tuple[Update, Update],
        distribution: PointDistribution | None,
        steps: int,
    ) -> None:
        self.settings = settings = replace(settings, **remedy.changes)
        self.distribution = distribution or DISTRIBUTIONS[settings.data]
        self.remedy = remedy
        networks = self._build(0)
        names = settings.optimizer, settings.of_discriminator("optimizer")
        rates = settings.generator_rate, settings.discriminator_rate
        super().__init__(
            *networks,
            tuple(map(build_optimizer, names, rates, networks)),
            losses_of_both(settings.loss),
            tf.Variable(tf.zeros((POOL, 2)), trainable=False),
            BATCH_SIZE,
            remedy,
            updates,
            steps,
            settings.discriminator_steps,
        )
        self._latents = tf.Variable(tf.zeros((JUDGED, settings.latent_dim)), trainable=False)
        ticks = (np.arange(SURFACE) + 0.5) / SURFACE * 2 * EDGE - EDGE
        places = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
        self._places = tf.constant(places, tf.float32)

    def _build(self, seed: int) -> tuple[keras.Model, keras.Model]:
        chosen = self.settings
        generator = build_point_generator(
            chosen.latent_dim, chosen.width, chosen.hidden_layers, seed
        )
        if self.remedy.build is not None:
            keras.utils.set_random_seed(seed)  # its first weights may depend on it
            return generator, self.remedy.build()
        width = chosen.of_discriminator("width")
        layers = chosen.of_discriminator("hidden_layers")
        return generator, build_point_discriminator(width, layers, seed)

    def begin(self, seed: int) -> None:
        """Everything as at the beginning of the game of this seed."""
        networks = self.generator, self.discriminator
        for network, fresh in zip(networks, self._build(seed), strict=True):
            for variable, value in zip(network.weights, fresh.weights, strict=True):
                variable.assign(value)
        for optimizer in (self.generator_optimizer, self.discriminator_optimizer):
            rate = float(optimizer.learning_rate)
            for variable in optimizer.variables:
                variable.assign(tf.zeros_like(variable))
            optimizer.learning_rate = rate
        random = np.random.default_rng(seed)
        self._pool.assign(self.distribution.sample(POOL, random))
        self._judged = self.distribution.sample(JUDGED, random)  # never trained on
        latents = np.random.default_rng(seed + 1).normal(size=self._latents.shape)
        self._latents.assign(latents.astype(np.float32))
        self.reset_chance(seed)

    def look(self) -> Look:
        """Measure the game as it stands."""
        measure = self._measure
        if self.steps >= WORTH_COMPILING:
            if "look" not in self._compiled:
                graph = tf.function(measure, autograph=False)
                self._compiled["look"] = graph.get_concrete_function()
            measure = self._compiled["look"]
        found = {name: value.numpy() for name, value in measure().items()}
        judged = found.pop("judged")
        surface = found.pop("surface")
        values = {name: float(value) for name, value in found.items()}
        values["distance"] = float("nan")
        if np.isfinite(judged).all():
            away = judged[:, None] - self.distribution.centres[None]
            values["distance"] = float(np.linalg.norm(away, axis=-1).min(axis=1).mean())
            values |= divergences(self._judged, judged) | quality(judged, self.distribution)
        else:  # it has exploded, which no number may call healthy
            values |= {"JS": float(np.log(2)), "covered": 0.0, "distance": float("inf")}
        fake = judged[:SHOWN].copy()
        return Look(int(self._played.numpy()), fake, surface, values)

    @property
    def shown_real(self) -> np.ndarray:
        """The real points of a picture, ``(256, 2)``."""
        return self._pool.numpy()[:SHOWN]

    def _measure(self) -> dict[str, tf.Tensor]:
        generator, discriminator = self.generator, self.discriminator
        discriminator_loss, generator_loss = self.remedy.losses(self)
        real_logits = discriminator(self._pool[:SHOWN], training=False)
        with tf.GradientTape() as tape:
            fake_logits = discriminator(generator(self._latents[:SHOWN]), training=False)
            loss = generator_loss(real_logits, fake_logits)
        gradients = tape.gradient(loss, generator.trainable_variables)
        scores = tf.sigmoid(discriminator(self._places, training=False))
        return {
            "judged": generator(self._latents, training=False),
            "surface": tf.reshape(scores, (SURFACE, SURFACE)),
            "generator_loss": loss,
            "discriminator_loss": discriminator_loss(real_logits, fake_logits),
            "gradient": tf.linalg.global_norm([each for each in gradients if each is not None]),
            "real_score": tf.reduce_mean(tf.sigmoid(real_logits)),
            "fake_score": tf.reduce_mean(tf.sigmoid(fake_logits)),
        }


def _repeat(times: int | tf.Tensor, action: Callable[[], Any]) -> None:
    """A compiled loop."""

    def body(index: tf.Tensor) -> tuple[tf.Tensor]:
        action()
        return (index + 1,)

    tf.while_loop(lambda index: index < times, body, (tf.constant(0),))


def losses_of_both(name: str) -> tuple[Callable, Callable]:
    """The losses of D and of G with this name in ``LOSSES``, both of real and fake logits."""
    usual = LOSSES[name]
    return usual.discriminator, lambda real_logits, fake_logits: usual.generator(fake_logits)


def build_optimizer(name: str, rate: float, network: keras.Model) -> keras.optimizers.Optimizer:
    """One of the playground's, ready for this network: a compiled step may make no variables."""
    optimizer = OPTIMIZERS[name]()
    optimizer.learning_rate = rate
    optimizer.build(network.trainable_variables)
    return optimizer

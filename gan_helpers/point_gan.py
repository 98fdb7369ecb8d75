"""A GAN over points in the plane that can be driven step by step and changed while it learns.

The game behind ``gan_helpers.playground``, without any picture: two small Keras networks, both
updates as in lesson 3, and a measurement of everything a picture needs.
"""

import functools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from statistics import NormalDist
from typing import Any, NamedTuple

import gan_helpers.quiet  # noqa: F401 - before Keras loads TensorFlow
from gan_helpers import losses
from gan_helpers.blocks import check_model
from gan_helpers.checks import check_function, check_name, check_number, check_whole, describe
from gan_helpers.models import build_point_discriminator, build_point_generator
from gan_helpers.points import DISTRIBUTIONS, EDGE, PointDistribution, divergences, quality
from gan_helpers.remedies import (
    gradient_penalty,
    pack,
    r1_penalty,
    smoothed_discriminator_loss,
    unroll,
)

import keras
import numpy as np
import tensorflow as tf
from keras import ops

__all__ = [
    "ARROWS",
    "LOSSES",
    "SIZES",
    "SURFACE",
    "GameError",
    "Loss",
    "Moment",
    "PointGAN",
    "Settings",
]

BATCH_SIZE = 128
POOL = 4096  # real points that batches are drawn from
SHOWN = 256  # points in the picture
ARROWS = 48  # of them, those with an arrow
JUDGED = 2000  # points that are counted
SURFACE = 40  # places along each axis where the discriminator is asked
LINES = 11  # lines of the latent grid in each direction
LINE_POINTS = 33  # points along each line


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


@dataclass(frozen=True)
class Settings:
    """Everything about a game that can be chosen from a list or a slider.

    Attributes:
        data: name of a distribution in ``points.DISTRIBUTIONS``.
        latents: "normal" (standard) or "uniform" (from -1 to 1).
        latent_dim: numbers in a latent vector, 1 or 2.
        hidden_layers: hidden layers of both networks.
        width: units in each of them.
        loss: name in ``LOSSES``.
        optimizer: "Adam" (with beta_1 = 0.5) or "SGD".
        generator_rate: learning rate of the generator.
        discriminator_rate: learning rate of the discriminator.
        discriminator_steps: updates of the discriminator for one of the generator.
        seed: of the first weights, the latents and the batches.

    Remedies, all off at first; see ``gan_helpers.remedies`` and lesson 4:

        noise: standard deviation of the normal noise on everything that D sees.
        noise_steps: updates of the generator after which it has faded away; 0 to keep it.
        gradient_penalty: weight of ``remedies.gradient_penalty``.
        r1_penalty: weight of ``remedies.r1_penalty``.
        weight_penalty: L2 penalty on the discriminator's kernels.
        dropout: share of the discriminator's hidden units left out in training.
        minibatch_statistics: tell the discriminator how much the points of a batch differ.
        packed: points that the discriminator judges together.
        unrolled: steps of the discriminator that the generator looks ahead.
        unrolled_rate: learning rate of these steps.
        average: decay of the averaged generator that is shown and measured; 0 for none.
        discriminator_width: units of each hidden layer of D, if not ``width``.
    """

    data: str = "ring of 8"
    latents: str = "normal"
    latent_dim: int = 2
    hidden_layers: int = 2
    width: int = 32
    loss: str = "non-saturating"
    optimizer: str = "Adam"
    generator_rate: float = 0.002
    discriminator_rate: float = 0.002
    discriminator_steps: int = 1
    seed: int = 0
    noise: float = 0.0
    noise_steps: int = 0
    gradient_penalty: float = 0.0
    r1_penalty: float = 0.0
    weight_penalty: float = 0.0
    dropout: float = 0.0
    minibatch_statistics: bool = False
    packed: int = 1
    unrolled: int = 0
    unrolled_rate: float = 0.1
    average: float = 0.0
    discriminator_width: int | None = None


PENALTIES = ("noise", "gradient_penalty", "r1_penalty", "weight_penalty")
# A change of these starts the game again, with new networks, which takes a moment. All the others
# are numbers inside the compiled step and count from the next one.
SIZES = {
    "latent_dim",
    "hidden_layers",
    "width",
    "noise",
    "noise_steps",
    "gradient_penalty",
    "r1_penalty",
    "weight_penalty",
    "dropout",
    "minibatch_statistics",
    "packed",
    "unrolled",
    "unrolled_rate",
    "discriminator_width",
}


@dataclass(frozen=True)
class Moment:
    """What can be seen and measured at one step; small, because hundreds are kept.

    Attributes:
        step: updates of the generator so far.
        discriminator_steps: updates of the discriminator so far.
        fake: generated points ``(256, 2)``, always of the same latents.
        push: minus the gradient of the generator's loss at the first 48 of them, ``(48, 2)``,
            a point at a time: where each would move if it could.
        surface: the discriminator's score on a grid, ``(40, 40)``, 0 to 255 for 0 to 1; rows from
            below.
        warped: where lines of a grid of latents land, ``(lines, points, 2)``.
        values: the measurements by name: generator_loss, discriminator_loss, real_score,
            fake_score, gradient_norm (of the generator's loss by its weights), KL, JS, good,
            covered.
    """

    step: int
    discriminator_steps: int
    fake: np.ndarray
    push: np.ndarray
    surface: np.ndarray
    warped: np.ndarray
    values: dict[str, float]


class Compiled:
    """A function that is compiled when it is first needed.

    Not a ``tf.function`` that is called itself: TensorFlow warns of those that are made anew for
    each of many games, which is what a comparison of games does.
    """

    def __init__(self, function: Callable, *signature: tf.TensorSpec) -> None:
        # Without AutoGraph, so that an error in a loss keeps its own short message.
        self._function = tf.function(function, autograph=False)
        self._signature = signature
        self._concrete: Callable | None = None

    def compile(self) -> None:
        if self._concrete is None:
            self._concrete = self._function.get_concrete_function(*self._signature)

    def __call__(self, *arguments: tf.Tensor) -> Any:
        self.compile()
        return self._concrete(*arguments)


class Functions(NamedTuple):
    """The compiled parts of a game."""

    discriminator: Compiled
    generator: Compiled
    rounds: Compiled
    measure: Compiled


def _one_at_a_time(method: Callable) -> Callable:
    """While one thread compiles the game, a cell that touches it waits."""

    @functools.wraps(method)
    def locked(self: "PointGAN", *arguments: Any, **settings: Any) -> Any:
        with self._lock:
            return method(self, *arguments, **settings)

    return locked


class PointGAN:
    """Two networks that play over points in the plane.

    Args:
        settings: how the game starts. Default: ``Settings()``.
        distribution: what to learn instead of ``settings.data``, such as ``points.from_points``
            makes.
        generator: a built Keras model from latents ``(batch, latent_dim)`` to points
            ``(batch, 2)``, instead of the one that the settings describe.
        discriminator: a built Keras model from points to logits ``(batch, 1)``.
        generator_loss: function of ``fake_logits``, instead of that of ``settings.loss``.
        discriminator_loss: function of ``(real_logits, fake_logits)`` likewise.

    Attributes:
        settings: how the game is set now.
        distribution: what the generator should learn.
        step: updates of the generator so far.
        discriminator_steps: updates of the discriminator so far.

    Raises:
        TypeError: if an argument is of another kind than described.
        ValueError: if a setting is unknown or a network does not fit.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        distribution: PointDistribution | None = None,
        generator: keras.Model | None = None,
        discriminator: keras.Model | None = None,
        generator_loss: Callable[[Any], Any] | None = None,
        discriminator_loss: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        self._lock = threading.RLock()
        self.settings = Settings() if settings is None else settings
        _check_settings(self.settings)
        if distribution is None:
            distribution = DISTRIBUTIONS[self.settings.data]
        _check_distribution(distribution)
        _check_network("generator", generator, None, 2)
        _check_network("discriminator", discriminator, 2, 1)
        if generator is not None:
            self.settings = replace(self.settings, latent_dim=generator.input_shape[-1])
        # With their weights, to begin again with those that were given.
        self._given = {
            name: (network, network.get_weights())
            for name, network in (("generator", generator), ("discriminator", discriminator))
            if network is not None
        }
        self.own_loss = self.complete_loss(generator_loss, discriminator_loss)
        self._make_switches()
        self._set_distribution(distribution)
        self._build()

    def complete_loss(self, generator_loss: Any, discriminator_loss: Any) -> Loss | None:
        """Your losses, with that of the settings where one is None; None if both are."""
        for name, loss, logits in (
            ("generator_loss", generator_loss, "fake_logits"),
            ("discriminator_loss", discriminator_loss, "(real_logits, fake_logits)"),
        ):
            if loss is not None:
                check_function(name, loss, f"of {logits} that returns one number")
        if generator_loss is None and discriminator_loss is None:
            return None
        usual = LOSSES[self.settings.loss]
        return Loss(
            discriminator_loss or usual.discriminator,
            generator_loss or usual.generator,
            usual.clip if discriminator_loss is None else None,
        )

    def _make_switches(self) -> None:
        """Variables that the compiled functions read, so that a change compiles nothing."""

        def switch(value: Any, dtype: tf.DType) -> tf.Variable:
            return tf.Variable(value, trainable=False, dtype=dtype)

        self._pool = switch(np.zeros((POOL, 2)), tf.float32)
        self._discriminator_rounds = switch(1, tf.int32)
        self._loss_index = switch(0, tf.int32)
        self._clip = switch(np.inf, tf.float32)
        self._normal_latents = switch(True, tf.bool)
        self._adam = switch(True, tf.bool)
        self._decay = switch(0.0, tf.float32)
        self._rounds = switch(0.0, tf.float32)
        self._random = tf.random.Generator.from_seed(self.settings.seed)

    @property
    def loss(self) -> Loss:
        """The losses played with: your own, or those that the settings name."""
        return self.own_loss or LOSSES[self.settings.loss]

    @_one_at_a_time
    def reset(self) -> None:
        """Begin again with the first weights of the same seed."""
        for name, network in self._networks().items():
            network.set_weights(self._first_weights[name])
            for optimizer in self._optimizers[name].values():
                for variable in optimizer.variables:
                    variable.assign(ops.zeros_like(variable))
        self._average.set_weights(self._first_weights["generator"])
        self._random.reset_from_seed(self.settings.seed)
        self._rounds.assign(0.0)
        self.step = self.discriminator_steps = 0
        self._apply_settings()

    @_one_at_a_time
    def change(self, **settings: Any) -> None:
        """Change settings by name; the networks stay unless their size or the seed changes.

        A generator that was given keeps its latents.

        Raises:
            ValueError: if a setting is unknown; then nothing changes.
        """
        check_setting_names(settings)
        if "generator" in self._given:
            settings.pop("latent_dim", None)
        before, after = self.settings, replace(self.settings, **settings)
        _check_settings(after)
        changed = {name for name, value in settings.items() if value != getattr(before, name)}
        self.settings = after
        if "data" in settings:
            self._set_distribution(DISTRIBUTIONS[after.data])
        elif "seed" in changed:
            self._set_distribution(self.distribution)
        if "loss" in settings:
            self.own_loss = None
        if changed & SIZES:
            self._build()
        elif "seed" in changed:
            for name in self._first_weights.keys() - self._given.keys():
                self._first_weights[name] = self._build_network(name).get_weights()
            self.reset()
        else:
            self._apply_settings()

    @_one_at_a_time
    def use_points(self, distribution: PointDistribution) -> None:
        """Learn another distribution from now on; the networks stay."""
        _check_distribution(distribution)
        self._set_distribution(distribution)

    def use_loss(
        self,
        generator_loss: Callable[[Any], Any] | None = None,
        discriminator_loss: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        """Play with losses of your own from now on; the networks stay."""
        self.play_for(self.complete_loss(generator_loss, discriminator_loss))

    @_one_at_a_time
    def play_for(self, loss: Loss | None) -> None:
        """Play with a whole ``Loss`` from now on; None is that of the settings."""
        if loss is not None and not isinstance(loss, Loss):
            raise TypeError(f"loss is {describe(loss)}; give a point_gan.Loss, or None.")
        self.own_loss = loss
        self._apply_settings()

    @_one_at_a_time
    def update_discriminator(self) -> None:
        """One update of the discriminator; the generator stays as it is."""
        self._run(self._functions().discriminator)
        self.discriminator_steps += 1

    @_one_at_a_time
    def update_generator(self) -> None:
        """One update of the generator; the discriminator stays as it is."""
        self._run(self._functions().generator)
        self.step += 1

    @_one_at_a_time
    def train(self, steps: int) -> None:
        """So many updates of the generator, each after ``discriminator_steps`` of the other.

        Raises:
            GameError: if the game cannot go on.
            ValueError: if the number of steps is no whole number, or negative.
        """
        steps = check_whole("steps", steps, 0)
        self._run(self._functions().rounds, tf.constant(steps, tf.int32))
        self.step += steps
        self.discriminator_steps += steps * self.settings.discriminator_steps

    @_one_at_a_time
    def compile(self) -> None:
        """Compile what ``train`` needs now, which takes some tenths of a second, and not later."""
        self._run(self._functions().rounds.compile)

    @_one_at_a_time
    def look(self) -> Moment:
        """Measure the game as it stands, without changing it.

        Raises:
            GameError: if a loss cannot be computed or is no longer a number.
        """
        found = {
            name: value.numpy() for name, value in self._run(self._functions().measure).items()
        }
        if not all(np.isfinite(value).all() for value in found.values()):
            raise GameError(
                f"At step {self.step} a loss or a point is no longer a finite number. Lower the "
                "learning rates or change the loss, then press Reset."
            )
        judged = found.pop("judged")
        pictures = {name: found.pop(name) for name in ("fake", "push", "surface", "warped")}
        values = {name: float(value) for name, value in found.items()}
        values |= divergences(self._judged_real, judged) | quality(judged, self.distribution)
        surface = np.round(255 * pictures.pop("surface")).astype(np.uint8)
        # Half precision: a picture shows no more.
        small = {name: value.astype(np.float16) for name, value in pictures.items()}
        return Moment(self.step, self.discriminator_steps, surface=surface, values=values, **small)

    def _run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a compiled function; what a loss of your own raises becomes a GameError."""
        try:
            return function(*arguments)
        except GameError:
            raise
        except Exception as error:
            raise GameError(
                f"The step failed: {type(error).__name__}: {error}. "
                "If the loss is your own, try it on a few logits in a cell first."
            ) from error

    def _set_distribution(self, distribution: PointDistribution) -> None:
        self.distribution = distribution
        random = np.random.default_rng(self.settings.seed)
        self._pool.assign(distribution.sample(POOL, random))
        # Never trained on, so that they judge.
        self._judged_real = distribution.sample(JUDGED, random)
        self.floor = divergences(self._judged_real, distribution.sample(JUDGED, random))["JS"]

    @property
    def shown_real(self) -> np.ndarray:
        """The real points of the picture, ``(256, 2)``."""
        return self._pool.numpy()[:SHOWN]

    def _networks(self) -> dict[str, keras.Model]:
        return {"generator": self.generator, "discriminator": self.discriminator}

    def _build_network(self, name: str) -> keras.Model:
        chosen = self.settings
        sizes = {"width": chosen.width, "hidden_layers": chosen.hidden_layers, "seed": chosen.seed}
        if name == "generator":
            return build_point_generator(chosen.latent_dim, **sizes)
        sizes["width"] = chosen.discriminator_width or chosen.width
        return build_point_discriminator(
            **sizes,
            packed=chosen.packed,
            dropout=chosen.dropout,
            weight_penalty=chosen.weight_penalty,
            minibatch_statistics=chosen.minibatch_statistics,
        )

    def _build(self) -> None:
        """New networks and optimizers, and with them everything that is compiled for them."""
        self.generator, self.discriminator = (
            self._given[name][0] if name in self._given else self._build_network(name)
            for name in ("generator", "discriminator")
        )
        self._average = keras.models.clone_model(self.generator)
        self._optimizers = {}
        for name, network in self._networks().items():
            self._optimizers[name] = {kind: make() for kind, make in OPTIMIZERS.items()}
            for optimizer in self._optimizers[name].values():
                optimizer.build(network.trainable_variables)
        ticks = (np.arange(SURFACE) + 0.5) / SURFACE * 2 * EDGE - EDGE
        places = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
        self._places = tf.constant(places, tf.float32)
        shape = (JUDGED, self.settings.latent_dim)
        self._fixed_latents = tf.Variable(tf.zeros(shape), trainable=False)
        lines = _latent_lines(self.settings.latents, self.settings.latent_dim)
        self._latent_lines = tf.Variable(lines, trainable=False)
        self._compiled: dict[Loss | None, Functions] = {}
        self._first_weights = {
            name: self._given[name][1] if name in self._given else network.get_weights()
            for name, network in self._networks().items()
        }
        self.reset()

    def _functions(self) -> "Functions":
        """The compiled functions: one set for all losses of the course, one for each own loss."""
        if self.own_loss not in self._compiled:
            # Of your own losses only the newest is kept: each edit makes another.
            self._compiled = {key: kept for key, kept in self._compiled.items() if key is None}
            self._compiled[self.own_loss] = Functions(
                Compiled(self._train_discriminator),
                Compiled(self._train_generator),
                Compiled(self._train_rounds, tf.TensorSpec((), tf.int32)),
                Compiled(self._measure_all),
            )
        return self._compiled[self.own_loss]

    def _apply_settings(self) -> None:
        chosen = self.settings
        for name, rate in (
            ("generator", chosen.generator_rate),
            ("discriminator", chosen.discriminator_rate),
        ):
            for optimizer in self._optimizers[name].values():
                optimizer.learning_rate = rate
        self._discriminator_rounds.assign(chosen.discriminator_steps)
        self._loss_index.assign(list(LOSSES).index(chosen.loss))
        self._clip.assign(np.inf if self.loss.clip is None else self.loss.clip)
        self._adam.assign(chosen.optimizer == "Adam")
        self._decay.assign(chosen.average)
        normal = chosen.latents == "normal"
        self._normal_latents.assign(normal)
        random = np.random.default_rng(chosen.seed + 1)
        shape = self._fixed_latents.shape
        self._fixed_latents.assign(
            random.normal(size=shape) if normal else random.uniform(-1, 1, shape)
        )
        self._latent_lines.assign(_latent_lines(chosen.latents, chosen.latent_dim))

    def _losses(self) -> list[Loss]:
        return list(LOSSES.values()) if self.own_loss is None else [self.own_loss]

    def _pick(self, values: list[tf.Tensor]) -> tf.Tensor:
        """The loss that is played with, of those that were computed from a handful of logits."""
        return values[0] if len(values) == 1 else tf.stack(values)[self._loss_index]

    def _draw_latents(self) -> tf.Tensor:
        shape = (BATCH_SIZE, self.settings.latent_dim)
        normal, uniform = self._random.normal(shape), self._random.uniform(shape, -1.0, 1.0)
        return tf.where(self._normal_latents, normal, uniform)

    def _draw_real(self) -> tf.Tensor:
        chosen = self._random.uniform((BATCH_SIZE,), 0, POOL, dtype=tf.int32)
        return tf.gather(self._pool, chosen)

    def _as_seen(self, points: tf.Tensor) -> tf.Tensor:
        """Points as the discriminator gets them in training: noisy, in packs."""
        chosen = self.settings
        if chosen.noise:
            fading = tf.maximum(0.0, 1.0 - self._rounds / (chosen.noise_steps or np.inf))
            points += chosen.noise * fading * self._random.normal(points.shape)
        return pack(points, chosen.packed)

    def _judge(self, samples: tf.Tensor) -> tf.Tensor:
        return self.discriminator(samples, training=True)

    def _discriminator_loss(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
        return self._pick(
            [
                _check_loss("discriminator", loss.discriminator(real_logits, fake_logits))
                for loss in self._losses()
            ]
        )

    def _generator_loss(self, fake_logits: tf.Tensor) -> tf.Tensor:
        return self._pick(
            [_check_loss("generator", loss.generator(fake_logits)) for loss in self._losses()]
        )

    def _train_discriminator(self) -> None:
        chosen = self.settings
        real = self._as_seen(self._draw_real())
        fake = self._as_seen(self.generator(self._draw_latents(), training=True))
        with tf.GradientTape() as tape:
            loss = self._discriminator_loss(self._judge(real), self._judge(fake))
            loss += sum(self.discriminator.losses)
            if chosen.gradient_penalty:
                shares = self._random.uniform((BATCH_SIZE // chosen.packed, 1))
                penalty = gradient_penalty(self._judge, real, fake, shares)
                loss += chosen.gradient_penalty * penalty
            if chosen.r1_penalty:
                loss += chosen.r1_penalty * r1_penalty(self._judge, real)
        self._update("discriminator", tape, loss)
        for variable in self.discriminator.trainable_variables:
            variable.assign(tf.clip_by_value(variable, -self._clip, self._clip))

    def _train_generator(self) -> None:
        chosen = self.settings
        with tf.GradientTape() as tape:
            fake = self._as_seen(self.generator(self._draw_latents(), training=True))
            judge = self._judge
            if chosen.unrolled:
                real = self._as_seen(self._draw_real())
                judge = unroll(
                    self.discriminator,
                    self._discriminator_loss,
                    real,
                    fake,
                    chosen.unrolled,
                    chosen.unrolled_rate,
                )
            loss = self._generator_loss(judge(fake))
        self._update("generator", tape, loss)
        for average, weight in zip(self._average.weights, self.generator.weights, strict=True):
            average.assign(weight + self._decay * (average - weight))
        self._rounds.assign_add(1.0)

    def _update(self, name: str, tape: tf.GradientTape, loss: tf.Tensor) -> None:
        variables = self._networks()[name].trainable_variables
        gradients = _check_gradients(name, tape.gradient(loss, variables))

        def apply(kind: str) -> tf.Tensor:
            self._optimizers[name][kind].apply(gradients, variables)
            return tf.constant(0)  # both branches return something of one kind

        tf.cond(self._adam, lambda: apply("Adam"), lambda: apply("SGD"))

    def _train_rounds(self, count: tf.Tensor) -> None:
        def repeat(times: tf.Tensor, action: Callable[[], None]) -> None:
            def body(index: tf.Tensor) -> tuple[tf.Tensor]:
                action()
                return (index + 1,)

            tf.while_loop(lambda index: index < times, body, (tf.constant(0),))

        def one_round() -> None:
            repeat(self._discriminator_rounds, self._train_discriminator)
            self._train_generator()

        repeat(count, one_round)

    def _measure_all(self) -> dict[str, tf.Tensor]:
        packed = self.settings.packed
        judged = self._average(self._fixed_latents, training=False)
        fake = judged[:SHOWN]
        with tf.GradientTape() as tape:
            tape.watch(fake)
            fake_logits = self.discriminator(pack(fake, packed), training=False)
            generator_loss = self._generator_loss(fake_logits)
        push = tape.gradient(generator_loss, fake, unconnected_gradients="zero")
        real_logits = self.discriminator(pack(self._pool[:SHOWN], packed), training=False)
        # A place is judged as a pack of points that all lie there.
        places = tf.tile(self._places, (1, packed))
        surface = tf.sigmoid(self.discriminator(places, training=False))
        lines = self._latent_lines
        warped = self._average(tf.reshape(lines, (-1, lines.shape[-1])), training=False)
        return {
            "judged": judged,
            "fake": fake,
            # The loss is a mean over the points; times their number, it is that of one point.
            "push": -SHOWN / packed * push[:ARROWS],
            "surface": tf.reshape(surface, (SURFACE, SURFACE)),
            "warped": tf.reshape(warped, (*lines.shape[:2], 2)),
            "generator_loss": generator_loss,
            "discriminator_loss": self._discriminator_loss(real_logits, fake_logits),
            "real_score": tf.reduce_mean(tf.sigmoid(real_logits)),
            "fake_score": tf.reduce_mean(tf.sigmoid(fake_logits)),
            "gradient_norm": self._measure_gradient(),
        }

    def _measure_gradient(self) -> tf.Tensor:
        with tf.GradientTape() as tape:
            fake = self.generator(self._fixed_latents[:SHOWN], training=False)
            loss = self._generator_loss(
                self.discriminator(pack(fake, self.settings.packed), training=False)
            )
        gradients = tape.gradient(loss, self.generator.trainable_variables)
        # A loss that does not depend on G has no gradient; training says so.
        return tf.linalg.global_norm([each for each in gradients if each is not None] or [0.0])


def _latent_lines(latents: str, latent_dim: int) -> np.ndarray:
    """Lines that cut the latents into cells of equal probability, (lines, points, latent_dim)."""
    normal = latents == "normal"
    if latent_dim > 2:
        return np.zeros((0, LINE_POINTS, latent_dim), np.float32)
    if latent_dim == 1:
        shares = np.linspace(0.01, 0.99, LINES * LINE_POINTS)
        return _quantiles(shares, normal).reshape(1, -1, 1)
    across = _quantiles(np.linspace(0.03, 0.97, LINES), normal)
    along = _quantiles(np.linspace(0.03, 0.97, LINE_POINTS), normal)
    horizontal = np.stack(np.meshgrid(along, across), axis=-1)
    return np.concatenate([horizontal, horizontal[..., ::-1]])


def _quantiles(shares: np.ndarray, normal: bool) -> np.ndarray:
    values = [NormalDist().inv_cdf(share) for share in shares] if normal else 2 * shares - 1
    return np.asarray(values, np.float32)


def check_setting_names(settings: Mapping[str, Any]) -> None:
    """Raise a ValueError if a key names no field of ``Settings``."""
    for name in settings:
        check_name("setting", name, [field.name for field in fields(Settings)])


def _check_distribution(distribution: PointDistribution) -> None:
    if not isinstance(distribution, PointDistribution):
        raise TypeError(
            f"distribution is {describe(distribution)}; give what points.from_points makes."
        )


def _check_settings(settings: Settings) -> None:
    if not isinstance(settings, Settings):
        raise TypeError(f"settings is {describe(settings)}; give a point_gan.Settings.")
    for name, known in (
        ("data", DISTRIBUTIONS),
        ("latents", ("normal", "uniform")),
        ("loss", LOSSES),
        ("optimizer", OPTIMIZERS),
    ):
        check_name(name, getattr(settings, name), known)
    for name, least in (
        ("latent_dim", 1),
        ("hidden_layers", 1),
        ("width", 1),
        ("discriminator_steps", 1),
        ("packed", 1),
        ("seed", 0),
        ("noise_steps", 0),
        ("unrolled", 0),
    ):
        check_whole(name, getattr(settings, name), least)
    if settings.discriminator_width is not None:
        check_whole("discriminator_width", settings.discriminator_width)
    if not isinstance(settings.minibatch_statistics, bool):
        value = describe(settings.minibatch_statistics)
        raise ValueError(f"minibatch_statistics is {value}; it must be True or False.")
    for name in PENALTIES:
        check_number(name, getattr(settings, name), 0)
    for name in ("dropout", "average"):
        check_number(name, getattr(settings, name), 0, below=1)
    if BATCH_SIZE % settings.packed:  # and with it SHOWN, its double
        raise ValueError(f"packed is {settings.packed}; it must divide {BATCH_SIZE}.")
    for name in ("generator_rate", "discriminator_rate", "unrolled_rate"):
        check_number(name, getattr(settings, name), above=0)


def _check_network(
    name: str, network: keras.Model | None, inputs: int | None, outputs: int
) -> None:
    if network is None:
        return
    check_model(name, network)
    shapes = network.input_shape, network.output_shape
    fits = len(shapes[0]) == len(shapes[1]) == 2 and shapes[1][-1] == outputs
    if not fits or inputs not in (None, shapes[0][-1]):
        wanted = "latents (batch, latent_dim) to points (batch, 2)"
        if name == "discriminator":
            wanted = "points (batch, 2) to logits (batch, 1)"
        raise ValueError(
            f"The {name} goes from {shapes[0]} to {shapes[1]}; it must go from {wanted}."
        )


def _check_loss(name: str, loss: Any) -> tf.Tensor:
    loss = tf.convert_to_tensor(loss)
    if loss.shape.rank != 0:
        raise GameError(
            f"The loss of the {name} has shape {tuple(loss.shape)}, but must be one number. "
            "Take the mean over the batch, for example with keras.ops.mean."
        )
    return loss


def _check_gradients(name: str, gradients: list) -> list:
    if all(gradient is None for gradient in gradients):
        raise GameError(
            f"The loss of the {name} does not depend on its network, so there is nothing to "
            "learn from. Compute it from the logits that it is given."
        )
    return gradients

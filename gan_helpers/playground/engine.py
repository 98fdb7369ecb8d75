"""The machinery of a game over points: its networks and the steps that are compiled for them.

Compiling takes seconds. So an engine outlives its game: the next game of the same sizes begins with
it, and nothing is compiled.
"""

import threading
from collections.abc import Callable
from functools import partial
from statistics import NormalDist
from typing import Any, NamedTuple

from gan_helpers.playground.networks import build_point_discriminator, build_point_generator
from gan_helpers.playground.points import EDGE
from gan_helpers.playground.rules import LOSSES, OPTIMIZERS, GameError, Loss
from gan_helpers.remedies import gradient_penalty, pack, r1_penalty, unroll
from gan_helpers.runtime import copied, quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import numpy as np
import tensorflow as tf
from keras import ops

__all__ = [
    "ARROWS",
    "BATCH_SIZE",
    "JUDGED",
    "POOL",
    "SHOWN",
    "SIZES",
    "SURFACE",
    "Engine",
    "give_back",
    "take",
]

BATCH_SIZE = 128
POOL = 4096  # real points that batches are drawn from
SHOWN = 256  # points in the picture
ARROWS = 48  # of them, those with an arrow
JUDGED = 2000  # points that are counted
SURFACE = 40  # places along each axis where the discriminator is asked
LINES = 11  # lines of the latent grid in each direction
LINE_POINTS = 33  # points along each line
MOST_WAITING = 3  # engines, of 26 MB and more each


Judged = tuple[tf.Tensor, tf.Tensor]  # the loss before an update, and the logits of its fakes

# The settings that an engine is built for. All the others are numbers inside the compiled steps.
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
    "discriminator_layers",
}


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

    def compile(self) -> Callable:
        if self._concrete is None:
            self._concrete = self._function.get_concrete_function(*self._signature)
        return self._concrete

    def __call__(self, *arguments: tf.Tensor) -> Any:
        return self.compile()(*arguments)


class Functions(NamedTuple):
    """The compiled parts of a game."""

    discriminator: Compiled
    generator: Compiled
    rounds: Compiled
    long_rounds: Compiled  # with several updates of the generator
    measure: Compiled


class Engine:
    """Networks, optimizers and compiled steps of one game at a time.

    Everything that a game can change without new networks is a variable that the compiled steps
    read, so that a change compiles nothing.

    Args:
        settings: a ``game.Settings``; the engine fits all games with the same ``SIZES``.
        given: networks to play with instead of those that the settings describe, by name.
    """

    def __init__(self, settings: Any, given: dict[str, keras.Model]) -> None:
        self.settings = settings
        self.networks = {
            name: given[name] if name in given else self._build_network(name, settings.seed)
            for name in ("generator", "discriminator")
        }
        self.generator, self.discriminator = self.networks.values()
        self.average = copied(self.generator)
        self.optimizers = {}
        for name, network in self.networks.items():
            self.optimizers[name] = {kind: make() for kind, make in OPTIMIZERS.items()}
            for optimizer in self.optimizers[name].values():
                optimizer.build(network.trainable_variables)
        self._make_switches()
        ticks = (np.arange(SURFACE) + 0.5) / SURFACE * 2 * EDGE - EDGE
        places = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
        self._places = tf.constant(places, tf.float32)
        values = {name: _values_of(network) for name, network in self.networks.items()}
        self._given = {name: values[name] for name in given}
        self._first = {settings.seed: values}  # by the seed
        self.own_loss: Loss | None = None
        self._compiled: dict[Loss | None, Functions] = {}

    def _build_network(self, name: str, seed: int) -> keras.Model:
        chosen = self.settings
        if name == "generator":
            return build_point_generator(
                chosen.latent_dim, chosen.width, chosen.hidden_layers, seed
            )
        return build_point_discriminator(
            chosen.of_discriminator("width"),
            chosen.of_discriminator("hidden_layers"),
            seed,
            packed=chosen.packed,
            dropout=chosen.dropout,
            weight_penalty=chosen.weight_penalty,
            minibatch_statistics=chosen.minibatch_statistics,
        )

    def _make_switches(self) -> None:
        def switch(value: Any, dtype: tf.DType = tf.float32) -> tf.Variable:
            return tf.Variable(value, trainable=False, dtype=dtype)

        latent_dim = self.settings.latent_dim
        self.pool = switch(np.zeros((POOL, 2)))
        self.discriminator_steps = switch(1, tf.int32)  # of each round
        self.generator_steps = switch(1, tf.int32)
        self.loss_index = switch(0, tf.int32)
        self.clip = switch(np.inf)
        self.normal_latents = switch(True, tf.bool)
        self.generator_adam = switch(True, tf.bool)
        self.discriminator_adam = switch(True, tf.bool)
        self.decay = switch(0.0)
        self.rounds = switch(0.0)
        self.random = tf.random.Generator.from_seed(self.settings.seed)
        self.fixed_latents = switch(np.zeros((JUDGED, latent_dim)))
        self.latent_lines = switch(latent_lines(self.settings.latents, latent_dim))

    def reset(self, seed: int) -> None:
        """Everything that training changes is as it was when the game of this seed began."""
        if seed not in self._first:
            self._first[seed] = {
                name: self._given[name]
                if name in self._given
                else _values_of(self._build_network(name, seed))
                for name in self.networks
            }
        for name, network in self.networks.items():
            for variable, value in zip(network.variables, self._first[seed][name], strict=True):
                variable.assign(value)
            for optimizer in self.optimizers[name].values():
                for variable in optimizer.variables:
                    variable.assign(ops.zeros_like(variable))
        self.average.set_weights(self.generator.get_weights())
        self.random.reset_from_seed(seed)
        self.rounds.assign(0.0)

    def choose(self, settings: Any, clip: float | None) -> None:
        """Let the compiled steps read these settings, all but the sizes, from now on."""
        for name in self.networks:
            for optimizer in self.optimizers[name].values():
                optimizer.learning_rate = getattr(settings, f"{name}_rate")
        self.discriminator_steps.assign(settings.discriminator_steps)
        self.generator_steps.assign(settings.generator_steps)
        self.loss_index.assign(list(LOSSES).index(settings.loss))
        self.clip.assign(np.inf if clip is None else clip)
        self.generator_adam.assign(settings.optimizer == "Adam")
        self.discriminator_adam.assign(settings.of_discriminator("optimizer") == "Adam")
        self.decay.assign(settings.average)
        normal = settings.latents == "normal"
        self.normal_latents.assign(normal)
        random, shape = np.random.default_rng(settings.seed + 1), self.fixed_latents.shape
        drawn = random.normal(size=shape) if normal else random.uniform(-1, 1, shape)
        self.fixed_latents.assign(drawn)
        self.latent_lines.assign(latent_lines(settings.latents, settings.latent_dim))

    def state(self, whole: bool = True) -> list[np.ndarray]:
        """Where the game stands, for ``restore``.

        Args:
            whole: with the real points and all switches, a few hundred kilobytes, for an engine
                that played another game; else only what training changes.
        """
        return [variable.numpy() for variable in self._variables(whole)]

    def restore(self, state: list[np.ndarray], whole: bool = True) -> None:
        """Go on with a game that an engine of the same sizes has played so far."""
        for variable, value in zip(self._variables(whole), state, strict=True):
            variable.assign(value)

    def _variables(self, whole: bool) -> list[Any]:
        optimizers = [each for kinds in self.optimizers.values() for each in kinds.values()]
        owners = [*self.networks.values(), self.average, *optimizers]
        switches = [self.rounds]
        if whole:
            switches = [value for value in vars(self).values() if isinstance(value, tf.Variable)]
        parts = [variable for owner in owners for variable in owner.variables]
        return [*parts, *switches, self.random.state]

    def functions(self, own_loss: Loss | None) -> Functions:
        """The compiled functions: one set for all losses of the course, one for each own loss."""
        if own_loss not in self._compiled:
            # Of own losses only the newest is kept: each edit makes another.
            self.forget_own_loss()
            self._compiled[own_loss] = Functions(
                Compiled(partial(_one_step, self.discriminator, self._train_discriminator)),
                Compiled(partial(_one_step, self.generator, self._train_generator)),
                Compiled(self._train_rounds, tf.TensorSpec((), tf.int32)),
                Compiled(self._train_long_rounds, tf.TensorSpec((), tf.int32)),
                Compiled(self._measure_all),
            )
        self.own_loss = own_loss  # what is not compiled yet will be compiled for this one
        return self._compiled[own_loss]

    def forget_own_loss(self) -> None:
        """Keep only what is compiled for the losses of the course."""
        self.own_loss = None
        self._compiled = {key: kept for key, kept in self._compiled.items() if key is None}

    def _losses(self) -> list[Loss]:
        return list(LOSSES.values()) if self.own_loss is None else [self.own_loss]

    def _pick(self, values: list[tf.Tensor]) -> tf.Tensor:
        """The loss that is played with, of those that were computed from a handful of logits."""
        return values[0] if len(values) == 1 else tf.stack(values)[self.loss_index]

    def _draw_latents(self) -> tf.Tensor:
        shape = (BATCH_SIZE, self.settings.latent_dim)
        normal, uniform = self.random.normal(shape), self.random.uniform(shape, -1.0, 1.0)
        return tf.where(self.normal_latents, normal, uniform)

    def _draw_real(self) -> tf.Tensor:
        chosen = self.random.uniform((BATCH_SIZE,), 0, POOL, dtype=tf.int32)
        return tf.gather(self.pool, chosen)

    def _as_seen(self, points: tf.Tensor) -> tf.Tensor:
        """Points as the discriminator gets them in training: noisy, in packs."""
        chosen = self.settings
        if chosen.noise:
            fading = tf.maximum(0.0, 1.0 - self.rounds / (chosen.noise_steps or np.inf))
            points += chosen.noise * fading * self.random.normal(points.shape)
        return pack(points, chosen.packed)

    def _judge(self, samples: tf.Tensor) -> tf.Tensor:
        return self.discriminator(samples, training=True)

    def _discriminator_loss(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
        return self._pick([loss.discriminator(real_logits, fake_logits) for loss in self._losses()])

    def _generator_loss(self, fake_logits: tf.Tensor) -> tf.Tensor:
        return self._pick([loss.generator(fake_logits) for loss in self._losses()])

    def _train_discriminator(self) -> Judged:
        chosen = self.settings
        real = self._as_seen(self._draw_real())
        fake = self._as_seen(self.generator(self._draw_latents(), training=True))
        with tf.GradientTape() as tape:
            real_logits, fake_logits = self._judge(real), self._judge(fake)
            loss = self._discriminator_loss(real_logits, fake_logits)
            loss += sum(self.discriminator.losses)
            if chosen.gradient_penalty:
                shares = self.random.uniform((BATCH_SIZE // chosen.packed, 1))
                penalty = gradient_penalty(self._judge, real, fake, shares)
                loss += chosen.gradient_penalty * penalty
            if chosen.r1_penalty:
                loss += chosen.r1_penalty * r1_penalty(self._judge, real)
        self._update("discriminator", tape, loss)
        for variable in self.discriminator.trainable_variables:
            variable.assign(tf.clip_by_value(variable, -self.clip, self.clip))
        return loss, fake_logits

    def _train_generator(self) -> Judged:
        chosen = self.settings
        with tf.GradientTape() as tape:
            fake = self._as_seen(self.generator(self._draw_latents(), training=True))
            judge: Callable = self._judge
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
            fake_logits = judge(fake)
            loss = self._generator_loss(fake_logits)
        self._update("generator", tape, loss)
        for average, weight in zip(self.average.weights, self.generator.weights, strict=True):
            average.assign(weight + self.decay * (average - weight))
        self.rounds.assign_add(1.0)
        return loss, fake_logits

    def _update(self, name: str, tape: tf.GradientTape, loss: tf.Tensor) -> None:
        variables = self.networks[name].trainable_variables
        gradients = _check_gradients(name, tape.gradient(loss, variables))

        def apply(kind: str) -> tf.Tensor:
            self.optimizers[name][kind].apply(gradients, variables)
            return tf.constant(0)  # both branches return something of one kind

        adam = getattr(self, f"{name}_adam")
        tf.cond(adam, lambda: apply("Adam"), lambda: apply("SGD"))

    def _train_rounds(self, count: tf.Tensor) -> None:
        def one_round() -> None:
            _repeat(self.discriminator_steps, self._train_discriminator)
            self._train_generator()

        _repeat(count, one_round)

    def _train_long_rounds(self, count: tf.Tensor) -> None:
        # Not for all: this loop takes a tenth of a round, and the usual game has no need of it.
        def one_round() -> None:
            _repeat(self.discriminator_steps, self._train_discriminator)
            _repeat(self.generator_steps, self._train_generator)

        _repeat(count, one_round)

    def _measure_all(self) -> dict[str, tf.Tensor]:
        packed = self.settings.packed
        judged = self.average(self.fixed_latents, training=False)
        fake = judged[:SHOWN]
        with tf.GradientTape() as tape:
            tape.watch(fake)
            fake_logits = self.discriminator(pack(fake, packed), training=False)
            generator_loss = self._generator_loss(fake_logits)
        push = tape.gradient(generator_loss, fake, unconnected_gradients="zero")
        real_logits = self.discriminator(pack(self.pool[:SHOWN], packed), training=False)
        # A place is judged as a pack of points that all lie there.
        places = tf.tile(self._places, (1, packed))
        surface = tf.sigmoid(self.discriminator(places, training=False))
        lines = self.latent_lines
        warped = self.average(tf.reshape(lines, (-1, lines.shape[-1])), training=False)
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
            fake = self.generator(self.fixed_latents[:SHOWN], training=False)
            loss = self._generator_loss(
                self.discriminator(pack(fake, self.settings.packed), training=False)
            )
        gradients = tape.gradient(loss, self.generator.trainable_variables)
        # A loss that does not depend on G has no gradient; training says so.
        return tf.linalg.global_norm([each for each in gradients if each is not None] or [0.0])


def _one_step(network: keras.Model, train: Callable[[], Judged]) -> dict[str, tf.Tensor]:
    """One update of this network alone, and what it did; see ``update.Update``."""
    variables = network.trainable_variables
    before = [tf.identity(ops.convert_to_tensor(variable)) for variable in variables]
    loss, fake_logits = train()
    moved = [
        tf.reshape(tf.abs(variable - old), (-1,))
        for variable, old in zip(variables, before, strict=True)
    ]
    called_real = tf.cast(fake_logits > 0, tf.int32)  # a score above one half
    return {
        "loss": loss,
        "moved": tf.reduce_mean(tf.concat(moved, 0)),
        "called_real": tf.reduce_sum(called_real),
        "judged": tf.size(fake_logits),
    }


def _repeat(times: tf.Tensor, action: Callable[[], Any]) -> None:
    """A compiled loop."""

    def body(index: tf.Tensor) -> tuple[tf.Tensor]:
        action()
        return (index + 1,)

    tf.while_loop(lambda index: index < times, body, (tf.constant(0),))


def _values_of(network: keras.Model) -> list[np.ndarray]:
    """Weights, and the random states of dropout."""
    return [variable.numpy() for variable in network.variables]


_waiting: list[Engine] = []
# Games are built in threads. A thread may have the lock twice: the garbage collector ends games,
# which then give back their engines, where it likes, also in the middle of take.
_lock = threading.RLock()


def take(settings: Any) -> Engine:
    """An engine for a game with these settings: one that waits, or a new one."""
    with _lock:
        for engine in reversed(_waiting.copy()):
            if _key(engine.settings) == _key(settings):
                if engine in _waiting:  # a game that ended just now may have pushed it out
                    _waiting.remove(engine)
                return engine
    return Engine(settings, {})


def give_back(engine: Engine) -> None:
    """The game of this engine is over; the next of the same sizes may have it."""
    engine.forget_own_loss()
    with _lock:
        _waiting.append(engine)
        del _waiting[:-MOST_WAITING]


def _key(settings: Any) -> tuple:
    settings = settings.resolved()
    return tuple(getattr(settings, name) for name in sorted(SIZES))


def latent_lines(latents: str, latent_dim: int) -> np.ndarray:
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


def _check_gradients(name: str, gradients: list) -> list:
    if all(gradient is None for gradient in gradients):
        raise GameError(
            f"The loss of the {name} does not depend on its network, so there is nothing to "
            "learn from. Compute it from the logits that it is given."
        )
    return gradients

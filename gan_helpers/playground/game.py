"""A GAN over points in the plane that can be driven step by step and changed while it learns.

The game behind ``Playground``, without any picture: two small Keras networks, both
updates as in lesson 3, and a measurement of everything a picture needs.
"""

import functools
import threading
import weakref
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from gan_helpers.checks import check_whole, describe
from gan_helpers.losses import check_loss
from gan_helpers.playground.engine import (
    ARROWS,
    JUDGED,
    POOL,
    SHOWN,
    SIZES,
    SURFACE,
    Compiled,
    Engine,
    Functions,
    give_back,
    take,
)
from gan_helpers.playground.points import DISTRIBUTIONS, PointDistribution, divergences, quality
from gan_helpers.playground.rules import LOSSES, GameError, Loss
from gan_helpers.playground.settings import Settings, change_settings, fit_settings
from gan_helpers.playground.update import Update
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import numpy as np
import tensorflow as tf

__all__ = [
    "ARROWS",
    "SIZES",
    "SURFACE",
    "Moment",
    "PointGAN",
    "Standing",
]

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
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


@dataclass(frozen=True, eq=False)
class Standing:
    """Everything that a game needs to go on from one of its moments exactly as it went on then.

    Attributes:
        chapter, step, discriminator_steps, settings, own_loss: those of the game.
        values: all that training changes: weights, optimizers, random states.
    """

    chapter: int
    step: int
    discriminator_steps: int
    settings: Settings
    own_loss: Loss | None
    values: list[np.ndarray]

    @functools.cached_property
    def nbytes(self) -> int:
        return sum(value.nbytes for value in self.values)


def _one_at_a_time(
    method: Callable[Concatenate["PointGAN", Arguments], Result],
) -> Callable[Concatenate["PointGAN", Arguments], Result]:
    """While one thread compiles the game, a cell that touches it waits."""

    @functools.wraps(method)
    def locked(
        self: "PointGAN", *arguments: Arguments.args, **settings: Arguments.kwargs
    ) -> Result:
        with self._lock:
            return method(self, *arguments, **settings)

    return locked


class PointGAN:
    """Two networks that play over points in the plane.

    Args:
        settings: how the game starts. Default: ``Settings()``.
        distribution: what to learn instead of ``settings.data``, such as ``from_points``
            makes.
        generator: a built Keras model from latents ``(batch, latent_dim)`` to points
            ``(batch, 2)``, instead of the one that the settings describe.
        discriminator: a built Keras model from points, or packs of them, to logits ``(batch, 1)``.
        generator_loss: function of ``fake_logits``, instead of that of ``settings.loss``.
        discriminator_loss: function of ``(real_logits, fake_logits)`` likewise.

    Attributes:
        settings: how the game is set now.
        distribution: what the generator should learn.
        step: updates of the generator so far.
        discriminator_steps: updates of the discriminator so far.
        chapter: counts; another one begins with ``reset``, and with other data, networks or seed.

    Raises:
        TypeError: if an argument is of another kind than described.
        ValueError: if a setting is unknown, or nothing would use it, or a network does not fit.
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
        self.chapter = 0
        self._given = {
            name: network
            for name, network in (("generator", generator), ("discriminator", discriminator))
            if network is not None
        }
        self.settings = fit_settings(Settings() if settings is None else settings, self._given)
        if distribution is None:
            distribution = DISTRIBUTIONS[self.settings.data]
        _check_distribution(distribution)
        self.own_loss = self.complete_loss(generator_loss, discriminator_loss)
        self._choose_distribution(distribution)
        self._held: Engine | None = None
        self._state: list[np.ndarray] = []  # of the game, while it rests
        self._build()

    def complete_loss(self, generator_loss: Any, discriminator_loss: Any) -> Loss | None:
        """Your losses, with that of the settings where one is None; None if both are."""
        if generator_loss is not None:
            check_loss("generator_loss", generator_loss, 1)
        if discriminator_loss is not None:
            check_loss("discriminator_loss", discriminator_loss, 2)
        if generator_loss is None and discriminator_loss is None:
            return None
        usual = LOSSES[self.settings.loss]
        return Loss(
            discriminator_loss or usual.discriminator,
            generator_loss or usual.generator,
            usual.clip if discriminator_loss is None else None,
        )

    @property
    def loss(self) -> Loss:
        """The losses played with: your own, or those that the settings name."""
        return self.own_loss or LOSSES[self.settings.loss]

    @_one_at_a_time
    def reset(self) -> None:
        """Begin again with the first weights of the same seed."""
        self._engine.reset(self.settings.seed)
        self.step = self.discriminator_steps = 0
        self.chapter += 1
        self._engine.choose(self.settings, self.loss.clip)

    @_one_at_a_time
    def change(self, **settings: Any) -> None:
        """Change settings by name; the networks stay unless their size or the seed changes.

        Raises:
            ValueError: if a setting is unknown, or nothing would use it; then nothing changes.
        """
        self._wake()  # while the sizes are still those it rested with
        before, after = self.settings, change_settings(self.settings, settings, self._given)
        old, new = asdict(before.resolved()), asdict(after.resolved())
        changed = {name for name, value in new.items() if value != old[name]}
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
            self.reset()
        else:
            self._engine.choose(self.settings, self.loss.clip)

    @_one_at_a_time
    def restart(self, settings: Settings) -> None:
        """Begin a new game, set like this; on the same networks, where these were given."""
        self.change(**asdict(fit_settings(settings, self._given)))
        self.reset()

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
            raise TypeError(f"loss is {describe(loss)}; give a playground.Loss, or None.")
        self.own_loss = loss
        self._engine.choose(self.settings, self.loss.clip)

    @_one_at_a_time
    def update_discriminator(self) -> Update:
        """One update of the discriminator; the generator stays as it is."""
        found = _run(self._functions().discriminator)
        self.discriminator_steps += 1
        return self._told("D", found)

    @_one_at_a_time
    def update_generator(self) -> Update:
        """One update of the generator; the discriminator stays as it is."""
        found = _run(self._functions().generator)
        self.step += 1
        return self._told("G", found)

    def _told(self, player: str, found: dict[str, tf.Tensor]) -> Update:
        numbers = {name: value.numpy().item() for name, value in found.items()}
        return Update(player, packed=self.settings.packed, **numbers)

    @_one_at_a_time
    def train(self, steps: int) -> None:
        """So many rounds: ``discriminator_steps`` of the one player, then one step of the other.

        Where ``generator_steps`` is not 1, a round has that many updates of the generator.

        Raises:
            GameError: if the game cannot go on.
            ValueError: if the number of steps is no whole number, or negative.
        """
        steps = check_whole("steps", steps, 0)
        _run(self._rounds, tf.constant(steps, tf.int32))
        self.step += steps * self.settings.generator_steps
        self.discriminator_steps += steps * self.settings.discriminator_steps

    @_one_at_a_time
    def compile(self) -> None:
        """Compile what ``train`` needs now, which takes some tenths of a second, and not later."""
        _run(self._rounds.compile)

    @_one_at_a_time
    def look(self) -> Moment:
        """Measure the game as it stands, without changing it.

        Raises:
            GameError: if a loss cannot be computed or is no longer a number.
        """
        found = {name: value.numpy() for name, value in _run(self._functions().measure).items()}
        return _as_moment(self, found, self._judged_real)

    @_one_at_a_time
    def standing(self) -> Standing:
        """Where the game stands, for ``go_back``; tens of kilobytes for the usual networks."""
        values = self._engine.state(whole=False)
        counts = self.chapter, self.step, self.discriminator_steps
        return Standing(*counts, self.settings, self.own_loss, values)

    @_one_at_a_time
    def go_back(self, standing: Standing) -> None:
        """Go on from where this game stood, with the settings and the loss of then.

        Raises:
            ValueError: if it was another game, with other data, sizes or seed.
        """
        if standing.chapter != self.chapter:
            raise ValueError("That game is over: its data, its sizes or its seed were others.")
        self.settings, self.own_loss = standing.settings, standing.own_loss
        self._engine.choose(self.settings, self.loss.clip)
        self._engine.restore(standing.values, whole=False)
        self.step, self.discriminator_steps = standing.step, standing.discriminator_steps

    def _set_distribution(self, distribution: PointDistribution) -> None:
        if distribution is not self.distribution:
            self.chapter += 1
        self._choose_distribution(distribution)
        self._engine.pool.assign(self._real)

    def _choose_distribution(self, distribution: PointDistribution) -> None:
        self.distribution = distribution
        random = np.random.default_rng(self.settings.seed)
        self._real = distribution.sample(POOL, random)
        # Never trained on, so that they judge.
        self._judged_real = distribution.sample(JUDGED, random)
        self.floor = divergences(self._judged_real, distribution.sample(JUDGED, random))["JS"]

    @property
    def shown_real(self) -> np.ndarray:
        """The real points of the picture, ``(256, 2)``."""
        return self._real[:SHOWN].astype(np.float32)

    @property
    def shown_latents(self) -> np.ndarray:
        """The latents of the generated points of the picture, ``(256, latent_dim)``."""
        return self._engine.fixed_latents[:SHOWN].numpy()

    @property
    def generator(self) -> keras.Model:
        """The network that makes points; another game has it when this one is no more."""
        return self._engine.generator

    @property
    def discriminator(self) -> keras.Model:
        """The network that judges them; likewise."""
        return self._engine.discriminator

    @_one_at_a_time
    def rest(self) -> None:
        """Let the next game have what is compiled for this one, which goes on when it is touched.

        Nothing is lost. Then the networks are other objects, though: ask for them anew. A game on
        networks that were given keeps its own.
        """
        if self._held is not None and not self._given:
            self._state = self._held.state()
            self._leave()

    @property
    def _engine(self) -> Engine:
        return self._wake()

    @_one_at_a_time
    def _wake(self) -> Engine:
        """Go on where the game rested."""
        if (held := self._held) is None:
            held = self._take()
            held.restore(self._state)
            self._state = []
        return held

    def _take(self) -> Engine:
        self._held = held = take(self.settings)
        self._give_back = weakref.finalize(self, give_back, held)
        self._give_back.atexit = False
        return held

    def _leave(self) -> None:
        self._give_back()
        self._held = None

    def _build(self) -> None:
        """An engine for the sizes of the settings, and on it the game from its beginning."""
        if self._given:
            if self._held is not None:
                self._held.reset(self.settings.seed)  # the given networks begin with what they had
            self._held = Engine(self.settings, self._given)
        else:
            if self._held is not None:
                self._leave()
            self._take()
        self._engine.pool.assign(self._real)
        self.reset()

    @property
    def _rounds(self) -> Compiled:
        functions = self._functions()
        return functions.rounds if self.settings.generator_steps == 1 else functions.long_rounds

    def _functions(self) -> "Functions":
        return self._engine.functions(self.own_loss)


def _run(function: Callable[..., Any], *arguments: Any) -> Any:
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


def _as_moment(game: PointGAN, found: dict[str, np.ndarray], judged_real: np.ndarray) -> Moment:
    """What ``Engine`` measured, with how far the points are from real ones never trained on."""
    if not all(np.isfinite(value).all() for value in found.values()):
        raise GameError(
            f"At step {game.step} a loss or a point is no longer a finite number. Lower the "
            "learning rates or change the loss, then press Reset."
        )
    judged = found.pop("judged")
    pictures = {name: found.pop(name) for name in ("fake", "push", "surface", "warped")}
    values = {name: float(value) for name, value in found.items()}
    values |= divergences(judged_real, judged) | quality(judged, game.distribution)
    surface = np.round(255 * pictures.pop("surface")).astype(np.uint8)
    # Half precision: a picture shows no more.
    small = {name: value.astype(np.float16) for name, value in pictures.items()}
    return Moment(game.step, game.discriminator_steps, surface=surface, values=values, **small)


def _check_distribution(distribution: PointDistribution) -> None:
    if not isinstance(distribution, PointDistribution):
        raise TypeError(
            f"distribution is {describe(distribution)}; give what playground.from_points makes."
        )

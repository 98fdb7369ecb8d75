"""A live GAN over points in the plane, to be played, stepped, changed and broken in a notebook."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from gan_helpers import checks
from gan_helpers.playground.choices import Choices
from gan_helpers.playground.controls import Controls
from gan_helpers.playground.game import Moment, PointGAN
from gan_helpers.playground.missions import MISSIONS, MissionWatch, check_alone
from gan_helpers.playground.picture import BAND_COLORS
from gan_helpers.playground.player import Player
from gan_helpers.playground.points import PointDistribution, as_distribution
from gan_helpers.playground.presets import PRESETS
from gan_helpers.playground.record import MomentRecord
from gan_helpers.playground.screen import Screen
from gan_helpers.playground.settings import Settings, check_setting_names, check_settings
from gan_helpers.playground.update import Update
from gan_helpers.plots import LessonFigure, few_colours_png
from gan_helpers.widgets import WidgetWithStill

import keras
import numpy as np
from PIL import Image

__all__ = ["Playground"]


class Playground(WidgetWithStill):
    """A GAN over points in the plane with its controls. Put it on the last line of a cell.

    Without a live front end (a page on a code host, slides, an exported notebook) the picture as
    it is now remains, with its alt text.

    Args:
        data: name of a distribution ("line", "Gaussians", "ring of 8", "grid of 25", "two moons",
            "disjoint blobs"), or points of your own, shape (k, 2), between -1.5 and 1.5.
        generator: a built Keras model from latents to points, instead of the usual one.
        discriminator: a built Keras model from points to one logit.
        generator_loss: function of ``fake_logits`` that returns a scalar.
        discriminator_loss: function of ``(real_logits, fake_logits)`` likewise.
        preset: name of a run in ``PRESETS`` to begin with, instead of ``data``.
        mission: name of a goal in ``MISSIONS``, which brings data, networks and settings.
        **settings: other fields of ``Settings``, such as ``seed=3``; with a preset, what
            differs from it.

    Attributes:
        game: the ``PointGAN`` that is played.
        moments: what was seen so far; the newest is the last.
        playing: whether it trains at the moment.
        mission: watches over the goal, None without one.
        run: name of the preset that is played, None once something else is chosen.
        picture: the ``Sheet`` that holds the picture, and takes data drawn on it.
        problem: the message of what went wrong last, empty if all is well.
        record, player, controls, choices, screen, drawing: its parts, each with a module of its
            own.

    Raises:
        TypeError: if an argument is of another kind than described.
        ValueError: if the data, the preset, a setting or a network does not fit.

    Example:
        ``Playground("ring of 8", generator_loss=my_loss, seed=1)``
    """

    def __init__(
        self,
        data: str | np.ndarray | PointDistribution = "ring of 8",
        generator: keras.Model | None = None,
        discriminator: keras.Model | None = None,
        generator_loss: Callable[[Any], Any] | None = None,
        discriminator_loss: Callable[[Any, Any], Any] | None = None,
        *,
        preset: str | None = None,
        mission: str | None = None,
        **settings: Any,
    ) -> None:
        check_setting_names(settings)
        networks = {"generator": generator, "discriminator": discriminator}
        self.mission = _watch(mission, data=data, preset=preset, **networks)
        chosen, distribution = _first_game(data, preset, mission, settings)
        self.game = PointGAN(
            chosen,
            distribution=distribution,
            generator=generator,
            discriminator=discriminator,
            generator_loss=generator_loss,
            discriminator_loss=discriminator_loss,
        )
        self.record, self._chapter = MomentRecord(), 0  # of the game's chapters; none yet
        self.screen = Screen(self)
        self.drawing = self.screen.drawing
        self.player = Player(self.screen.make_frame, self.screen.tell)
        self.controls = Controls(self.player.do)
        self.picture, self.problem = self.controls.picture, self.controls.problem
        self.picture.plane = self.drawing.plane_shares
        self.look()
        super().__init__(self.controls.rows())
        self.choices = Choices(self, generator is not None or discriminator is not None)
        self.choices.show(None if settings else preset)

    @classmethod
    def from_settings(
        cls, settings: Settings, distribution: PointDistribution | None = None
    ) -> "Playground":
        """A playground set like this, with data of your own if given."""
        check_settings(settings)
        own_data = {} if distribution is None else {"data": distribution}
        return cls(**asdict(settings) | own_data)

    @property
    def moments(self) -> list[Moment]:
        return self.record.moments

    @property
    def playing(self) -> bool:
        return self.player.playing

    @property
    def frames_per_second(self) -> float:
        """Pictures a second over the last thirty; 0 before the second one."""
        return self.player.frames_per_second

    def play(self) -> None:
        """Train and draw until ``pause``; the notebook stays usable meanwhile.

        Raises:
            RuntimeError: outside a notebook, where nothing would draw; use ``advance`` there.
        """
        self.record.look_at(self.record.last)
        self.show()
        self.player.play()
        if not self.player.building:
            self.player.build(self.game.compile)

    def pause(self) -> None:
        """Stop training after the frame that is being made."""
        self.player.pause()

    def close(self) -> None:
        """Stop training and take the widget away; what is compiled is free for the next game."""
        if self.comm is not None:  # neither closed before nor left half made
            self.pause()
            self.player.end_turns()
            self.rest()
        super().close()

    def rest(self) -> None:
        """Let the next game have what is compiled for this one, which goes on when touched."""
        self.game.rest()

    def advance(self, steps: int, every: int | None = None) -> "Playground":
        """Train so many steps at once, recording a moment after every few of them.

        Args:
            steps: updates of the generator.
            every: steps between two moments, at least 1. Default: fifty moments in all.

        Returns:
            The playground itself, so that a cell can end with the call.

        Raises:
            GameError: if the game cannot go on, for example because of a faulty loss.
            ValueError: if ``every`` is below 1, or ``steps`` negative.
        """
        checks.check_whole("steps", steps, 0)
        every = checks.check_whole("every", max(1, steps // 50) if every is None else every)
        while steps > 0:
            self.game.train(min(every, steps))
            steps -= every
            self.look(show=False)
        self.show()
        self._hand_on()
        return self

    def step_discriminator(self, times: int = 1) -> "Playground":
        """Update the discriminator alone; return the playground itself."""
        return self._repeat(self.game.update_discriminator, times)

    def step_generator(self, times: int = 1) -> "Playground":
        """Update the generator alone; return the playground itself."""
        return self._repeat(self.game.update_generator, times)

    def step_both(self) -> "Playground":
        """One round: the discriminator's updates, then one of the generator."""
        return self._repeat(lambda: self.game.train(1), 1)

    def _repeat(self, update: Callable[[], Update | None], times: int) -> "Playground":
        checks.check_whole("times", times, 0)
        self.pause()
        told = None
        for _ in range(times):
            told = update()
        self.look(told=told)
        if times > 1:  # not a button, which is likely to be pressed again
            self._hand_on()
        return self

    def _hand_on(self) -> None:
        """Lessons play one game after another, and compiling takes seconds."""
        if not self.playing and self.game.own_loss is None:
            self.rest()

    def reset(self) -> None:
        """Begin again with the same seed."""
        self.pause()
        self.game.reset()
        self.look()

    def change(self, **settings: Any) -> None:
        """Change fields of ``Settings`` while it plays or not.

        Raises:
            ValueError: if a setting is unknown, or nothing would use it; then nothing changes.
        """
        self.game.change(**settings)
        self.choices.show()
        if not self.playing or self._chapter != self.game.chapter:  # else it comes by itself
            self.look()

    def start_preset(self, name: str) -> None:
        """Begin the run of this name in ``PRESETS``, paused."""
        preset = checks.find_named(PRESETS, name, "run")
        self.pause()
        self.game.restart(preset.settings)
        self.choices.show(name)
        self.look()

    def use_points(self, points: np.ndarray | PointDistribution) -> None:
        """Learn points of your own, shape (k, 2), from now on."""
        self.game.use_points(as_distribution(points))
        self.choices.show()
        self.look()

    def use_loss(
        self,
        generator_loss: Callable[[Any], Any] | None = None,
        discriminator_loss: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        """Play with losses of your own from now on."""
        self.game.use_loss(generator_loss, discriminator_loss)
        self.choices.show()

    def continue_from(self, step: int) -> "Playground":
        """Go back to a recorded step and play on from there; return the playground itself.

        The networks, their optimizers, the random numbers, the settings and the loss are those of
        then, so that the game goes the same way again if nothing is changed. Later moments are
        forgotten.

        Args:
            step: updates of the generator, at a moment on record.

        Raises:
            ValueError: if it is no whole number, or the game cannot go on from there; the message
                names the steps that it can go on from.
        """
        index = self.record.at_step(checks.check_whole("step", step, 0))
        self.go_back(index)
        return self

    def go_back(self, index: int) -> int:
        """Go on from the moment with this index, or the nearest earlier one; return which."""
        self.pause()
        index, standing = self.record.before(index)
        self.game.go_back(standing)
        self.record.go_back(index)
        if self.mission is not None:
            self.mission.go_back(self.moments[-1])
        self.screen.told = None
        self.screen.begin(False)
        self.choices.show(self.run)
        self.show()
        return index

    def filmstrip(self, count: int = 5, steps: Sequence[int] | None = None) -> LessonFigure:
        """The plane at some moments of the record, side by side.

        Args:
            count: number of evenly spaced moments, the first and the newest among them; at least 2.
            steps: updates of the generator; the moments nearest to them are shown instead.

        Raises:
            TypeError: if ``steps`` is no list.
            ValueError: if a number is no whole one or too small, or ``steps`` is empty.
        """
        return self.screen.filmstrip(count, steps)

    def draw(self) -> Image.Image:
        """The picture as it is now, 1000 x 720 pixels."""
        return self.screen.draw()

    @property
    def still(self) -> bytes:
        """The picture as it is now, a small PNG file."""
        return few_colours_png(self.draw(), "drawing", keep=BAND_COLORS)

    @property
    def alt(self) -> str:
        """The moment that is shown, in words."""
        return self.screen.alt

    def look(self, show: bool = True, told: Update | None = None) -> None:
        """Put the game as it stands on record, and show it.

        Args:
            show: whether to draw it.
            told: the single update that led here, if one did.
        """
        moment = self.game.look()  # which may fail: until it succeeds the old record stays
        self.screen.told = told
        begins = self._chapter != self.game.chapter
        if begins:
            self.record, self._chapter = MomentRecord(), self.game.chapter
        self.screen.begin(begins)
        self.record.add(moment, self.game.standing())
        if self.mission is not None:
            self.mission.see(self.game, moment)
        if show:
            self.show()

    def show(self) -> None:
        """Draw the moment that is looked at."""
        self.screen.show()


def _first_game(
    data: Any, preset: str | None, mission: str | None, settings: dict[str, Any]
) -> tuple[Settings, PointDistribution | None]:
    """How a game begins, and data of one's own."""
    if mission is not None:
        return replace(MISSIONS[mission].start, **settings), None
    if preset is not None:
        return replace(checks.find_named(PRESETS, preset, "run").settings, **settings), None
    if isinstance(data, str):
        return Settings(data=data, **settings), None
    return Settings(**settings), as_distribution(data)


def _watch(name: str | None, data: Any, **given: Any) -> MissionWatch | None:
    """The one who watches over this mission, which brings all else itself."""
    if name is None:
        return None
    checks.find_named(MISSIONS, name, "mission")
    usual = isinstance(data, str) and data == "ring of 8"
    check_alone(data=None if usual else data, **given)
    return MissionWatch(name)

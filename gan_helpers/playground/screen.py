"""What a playground shows: the picture, where the game stands, and both in words."""

import time
from collections.abc import Sequence
from typing import Any

from gan_helpers import checks
from gan_helpers.playground.controls import SLOW_MOTION
from gan_helpers.playground.glass import lights
from gan_helpers.playground.picture import PointPicture, in_words, to_jpeg
from gan_helpers.playground.player import FRAMES_PER_SECOND
from gan_helpers.playground.stages import STAGE_SECONDS, Stages
from gan_helpers.playground.update import Update
from gan_helpers.plots import LessonFigure

import numpy as np
from PIL import Image

__all__ = ["Screen"]

TRAINING_SHARE = 0.025  # seconds of a frame for training; the rest is for drawing


class Screen:
    """Shows the moments of a playground, and makes its frames while it plays.

    Args:
        lab: the ``Playground``.

    Attributes:
        drawing: the ``PointPicture``.
        stages: shows single updates stage by stage.
        told: the single update that was the last to be made, None after anything else.
        frames_shown: pictures shown so far.
        seconds_per_step: duration of a round, a running mean.
    """

    def __init__(self, lab: Any) -> None:
        self._lab = lab
        self._latents = ""
        self.drawing, self.stages = PointPicture(), Stages(lab)
        self.told: Update | None = None
        self.frames_shown = 0
        self.seconds_per_step = TRAINING_SHARE  # until it is measured

    def begin(self, anew: bool) -> None:
        """Prepare for the next moment, the first of its game or one with other latents."""
        game = self._lab.game
        if anew or self._latents != game.settings.latents:
            self._latents = game.settings.latents
            self.drawing.begin(game.shown_real, game.distribution, game.floor, game.shown_latents)

    @property
    def _told_here(self) -> Update | None:
        """The single update that led to the moment that is shown."""
        record = self._lab.record
        return self.told if record.shown == record.last else None

    @property
    def alt(self) -> str:
        """The moment that is shown, in words."""
        words = in_words(self._lab.record.now, self._lab.game.distribution)
        return f"{words} {self._told_here}" if self._told_here else words

    def draw(self) -> Image.Image:
        """The picture as it is now, with the whole way of an update if one led here."""
        told = self._told_here
        record = self._lab.record
        return self.drawing.draw(record.moments, record.shown, lights(told)[-1] if told else None)

    def filmstrip(self, count: int, steps: Sequence[int] | None) -> LessonFigure:
        """See ``Playground.filmstrip``."""
        lab, drawing = self._lab, self.drawing
        checks.check_whole("count", count, 2)
        if steps is None:
            moments = lab.record.spread(count)
        else:
            moments = lab.record.nearest(_check_steps(steps))
        game = f"the run “{lab.run}”" if lab.run else "a game"
        alt = f"{game}, the last: {in_words(moments[-1], lab.game.distribution)}"
        return lab.record.filmstrip(moments, drawing.plane_of, drawing.key(), lab.run, alt)

    def show(self) -> None:
        """Draw the moment that is looked at."""
        self._lab.player.end_turns()
        self._lab.controls.note.value = ""
        self.show_picture(self.draw())
        self.tell()

    def show_picture(self, picture: Image.Image) -> None:
        """Put this picture in its place."""
        self.frames_shown += 1
        self._lab.picture.value = to_jpeg(picture)

    def tell(self) -> None:
        """Say beside the picture what it shows, and whether it plays."""
        lab, player, record = self._lab, self._lab.player, self._lab.record
        text = "building the networks ..." if player.building else record.position
        slow = lab.controls.speed.value == SLOW_MOTION
        if player.playing and player.frames_per_second and not slow:
            text += f", {player.frames_per_second:.0f} pictures/s"
        lab.controls.show_state(text, player.playing, player.problem)
        if lab.mission is not None:
            lab.controls.show_mission(lab.mission.html)
        if player.problem:
            lab.choices.show(lab.run)  # what was refused is not set
        # Not with every picture: each is a message to the front end.
        if not player.playing or record.seen % FRAMES_PER_SECOND == 1:
            lab.picture.words = self.alt
            lab.controls.show_history(record.shown, record.last)

    def make_frame(self) -> None:
        """Play on: one stage of an update in slow motion, else as many rounds as are wanted."""
        lab = self._lab
        wanted = lab.controls.speed.value
        lab.player.pace = STAGE_SECONDS if wanted == SLOW_MOTION else 1 / FRAMES_PER_SECOND
        if wanted == SLOW_MOTION:
            self.stages.show_next()
            return
        steps = min(wanted, max(1, int(TRAINING_SHARE / self.seconds_per_step)))
        start = time.perf_counter()
        lab.game.train(steps)
        seconds = (time.perf_counter() - start) / steps
        # The first call compiles; the smaller of the two forgets that at once.
        self.seconds_per_step = min(seconds, 0.9 * self.seconds_per_step + 0.1 * seconds)
        lab.look()


def _check_steps(steps: Any) -> list[int]:
    if not isinstance(steps, list | tuple | range | np.ndarray):
        raise TypeError(f"steps is {checks.describe(steps)}; give a list such as [0, 500, 2000].")
    numbers = [checks.check_whole("Each of steps", step, 0) for step in steps]
    if not numbers:
        raise ValueError("steps is empty; give at least one number, such as [0, 500, 2000].")
    return numbers

"""Single updates shown stage by stage: after a button is pressed, and in slow motion."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from gan_helpers.playground.game import Moment
from gan_helpers.playground.glass import Light, lights
from gan_helpers.playground.update import Update

__all__ = ["STAGE_SECONDS", "Stages"]

WHOLE_SECONDS = 1.2  # of all stages after a button
STAGE_SECONDS = 0.3  # of each in slow motion, where somebody explains


class Stages:
    """Lets the picture of a playground show an update on its way.

    The game makes the update at once and puts it on record. Only the pictures take their time: they
    show the moment before it until the weights move.

    Args:
        lab: the ``Playground``.
    """

    def __init__(self, lab: Any) -> None:
        self._lab = lab
        self._frames: Iterator[Callable[[], None]] = iter(())
        self._newest: Moment | None = None

    def step(self, update: Callable[[], Update]) -> None:
        """Make one update and show its stages; without an event loop only the last."""
        self._lab.pause()
        frames = list(self._make(update))
        self._lab.player.take_in_turn(frames, WHOLE_SECONDS / len(frames))

    def show_next(self) -> None:
        """Show the next stage of a game in slow motion."""
        # After a reset or a jump the stages that were left belong to another game.
        if self._newest is not self._lab.moments[-1]:
            self._frames = iter(())
        frame = next(self._frames, None)
        if frame is None:
            self._frames = self._make_round()
            frame = next(self._frames)
        frame()

    def _make_round(self) -> Iterator[Callable[[], None]]:
        game = self._lab.game
        for _ in range(game.settings.discriminator_steps):
            yield from self._make(game.update_discriminator)
        for _ in range(game.settings.generator_steps):
            yield from self._make(game.update_generator)

    def _make(self, update: Callable[[], Update]) -> Iterator[Callable[[], None]]:
        """Make the update; then what shows each of its stages, the last of them as it is now."""
        lab, before = self._lab, list(self._lab.moments)
        lab.look(show=False, told=update())
        self._newest = lab.moments[-1]
        for light in lights(lab.screen.told)[:-1]:
            yield partial(self._show, before, light)
        yield lab.show

    def _show(self, before: Sequence[Moment], light: Light) -> None:
        self._lab.screen.show_picture(self._lab.drawing.draw(before, len(before) - 1, light))

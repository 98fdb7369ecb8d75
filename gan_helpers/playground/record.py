"""The record of a game: the moments that were seen, few enough to be kept and drawn."""

from collections.abc import Callable

from gan_helpers.pictures import picture_figure
from gan_helpers.playground.game import Moment
from gan_helpers.plots import LessonFigure

import numpy as np

__all__ = ["MomentRecord"]

MOST_MOMENTS = 600


class MomentRecord:
    """The moments of one game in their order, thinned evenly once there are many.

    Attributes:
        moments: what was seen so far; the newest is the last.
        seen: how many were added.
        shown: index of the moment that is looked at.
    """

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self.seen = self.shown = 0
        self._stride = 1
        self._temporary = False

    @property
    def last(self) -> int:
        """Index of the newest moment."""
        return len(self.moments) - 1

    def add(self, moment: Moment) -> None:
        """Add the newest moment, and look at it."""
        if self._temporary:
            self.moments.pop()
        self.moments.append(moment)
        # When there are many, only every second, fourth, eighth ... stays; the newest always does.
        self._temporary = self.seen % self._stride != 0
        self.seen += 1
        if len(self.moments) > MOST_MOMENTS:
            del self.moments[1:-1:2]
            self._stride *= 2
        self.shown = self.last

    def look_at(self, index: int) -> None:
        """Look at this moment; a slider may know of more than there are."""
        self.shown = min(index, self.last)

    @property
    def now(self) -> Moment:
        """The moment that is looked at."""
        return self.moments[self.shown]

    @property
    def position(self) -> str:
        """Where in the game this moment is, in words."""
        text = f"step {self.now.step:,} (D: {self.now.discriminator_steps:,} updates)"
        if self.shown < self.last:
            text += f", looking back; the game stands at {self.moments[-1].step:,}"
        return text

    def filmstrip(
        self, count: int, draw: Callable[[Moment], np.ndarray], title: str | None, alt: str
    ) -> LessonFigure:
        """Evenly spaced moments side by side, the first and the newest among them.

        Args:
            count: how many, at least 2.
            draw: makes the picture of one.
            title: stands above them; None for nothing.
            alt: what they show.
        """
        chosen = sorted({round(self.last * k / (count - 1)) for k in range(count)})
        moments = [self.moments[index] for index in chosen]
        figure = picture_figure(
            [draw(moment) for moment in moments],
            _label(moments),
            len(moments),
            1,
            alt=f"{len(moments)} moments of {alt}",
            title=title,
            below=True,
            widest=1200,
        )
        figure.few_colours = "drawing"  # a stored notebook stays small
        return figure


def _label(moments: list[Moment]) -> list[str]:
    steps = [f"step {moment.step:,}" for moment in moments]
    if len(set(steps)) == len(steps):
        return steps
    return [f"G {moment.step:,}, D {moment.discriminator_steps:,} steps" for moment in moments]

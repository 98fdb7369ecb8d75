"""What of a game is kept: as many moments as can be drawn, and where it can go on from."""

from collections.abc import Callable, Sequence

from gan_helpers.pictures import picture_figure
from gan_helpers.playground.game import Moment, Standing
from gan_helpers.plots import LessonFigure

import numpy as np

__all__ = ["MomentRecord"]

MOST_MOMENTS = 600
MOST_BYTES = 64 * 2**20  # of what is kept to go on from
MOST_NAMED = 12  # steps in a message
PANELS_IN_A_ROW = 4


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
        # For each moment how many came before it, and where the game stood, if that is kept.
        self._standings: list[tuple[int, Standing | None]] = []
        self._standing_stride = 1

    @property
    def last(self) -> int:
        """Index of the newest moment."""
        return len(self.moments) - 1

    def add(self, moment: Moment, standing: Standing) -> None:
        """Add the newest moment and where the game stands there, and look at it."""
        if self._temporary:
            self.moments.pop()
            self._standings.pop()
        self.moments.append(moment)
        self._standings.append((self.seen, standing))
        # When there are many, only every second, fourth, eighth ... stays; the newest always does.
        self._temporary = self.seen % self._stride != 0
        self.seen += 1
        if len(self.moments) > MOST_MOMENTS:
            del self.moments[1:-1:2], self._standings[1:-1:2]
            self._stride *= 2
        self._forget_some()
        self.shown = self.last

    def _forget_some(self) -> None:
        """Keep where the game stood at evenly spaced moments, as many as there is memory for."""
        while True:
            for index, (number, standing) in enumerate(self._standings[:-1]):
                if standing is not None and number % self._standing_stride:
                    self._standings[index] = number, None
            kept = [standing.nbytes for _, standing in self._standings if standing is not None]
            if sum(kept) <= MOST_BYTES or len(kept) <= 2:
                return
            self._standing_stride *= 2

    def before(self, index: int) -> tuple[int, Standing]:
        """The nearest moment, this one or an earlier one, that the game can go on from."""
        for earlier in range(index, -1, -1):
            standing = self._standings[earlier][1]
            if standing is not None:
                return earlier, standing
        raise ValueError("Nothing is kept of this game.")  # the first always is

    def at_step(self, step: int) -> int:
        """The index of the moment at this step, the last of several, if the game can go on there.

        Raises:
            ValueError: if there is none; it names the steps that are possible.
        """
        possible = {
            moment.step: index
            for index, (moment, (_, standing)) in enumerate(
                zip(self.moments, self._standings, strict=True)
            )
            if standing is not None
        }
        if step not in possible:
            steps = list(possible)
            nearest = sorted(sorted(steps, key=lambda each: abs(each - step))[:2])
            some = steps[:: -(-len(steps) // MOST_NAMED)]
            raise ValueError(
                f"The game cannot go on from step {step:,}. The nearest steps that it can go on "
                f"from: {_listed(nearest)}; there are {len(steps)} in all, such as {_listed(some)}."
            )
        return possible[step]

    def go_back(self, index: int) -> None:
        """Forget all moments after this one."""
        del self.moments[index + 1 :], self._standings[index + 1 :]
        number = self._standings[index][0]
        self.seen, self._temporary = number + 1, number % self._stride != 0
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

    def spread(self, count: int) -> list[Moment]:
        """Evenly spaced moments, the first and the newest among them; ``count`` is at least 2."""
        chosen = {round(self.last * k / (count - 1)) for k in range(count)}
        return [self.moments[index] for index in sorted(chosen)]

    def nearest(self, steps: Sequence[int]) -> list[Moment]:
        """The moments nearest to these steps, in the order of the game and each of them once."""
        recorded = np.array([moment.step for moment in self.moments])
        # Of several moments at one step, which are updates of D alone, the last.
        chosen = {self.last - int(np.abs(recorded[::-1] - step).argmin()) for step in steps}
        return [self.moments[index] for index in sorted(chosen)]

    def filmstrip(
        self,
        moments: Sequence[Moment],
        draw: Callable[[Moment], np.ndarray],
        key: np.ndarray,
        title: str | None,
        alt: str,
    ) -> LessonFigure:
        """Moments side by side, at most four in a row.

        Args:
            moments: some of the record.
            draw: makes the picture of one.
            key: the picture that says what the marks mean.
            title: stands above them; None for nothing.
            alt: what they show.
        """
        panels = [draw(moment) for moment in moments]
        rows = -(-len(panels) // PANELS_IN_A_ROW)
        figure = picture_figure(
            panels,
            _label(moments),
            -(-len(panels) // rows),
            1,
            alt=f"{len(moments)} moments of {alt}",
            title=title,
            widest=PANELS_IN_A_ROW * (panels[0].shape[1] + 10),
            footer=key,
        )
        figure.few_colours = "drawing"  # a stored notebook stays small
        return figure


def _listed(steps: Sequence[int]) -> str:
    return ", ".join(f"{step:,}" for step in steps)


def _label(moments: Sequence[Moment]) -> list[str]:
    steps = [f"step {moment.step:,}" for moment in moments]
    if len(set(steps)) == len(steps):
        return steps
    return [f"G {moment.step:,}, D {moment.discriminator_steps:,} steps" for moment in moments]

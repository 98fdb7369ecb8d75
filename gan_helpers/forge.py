"""The forger's bench of lesson 1: tools as sliders, a judge's score as a meter, rounds as a table.

The lesson writes what matters: how a digit is forged, how the judge scores, how it learns. The
bench only puts sliders and buttons on them, and keeps the rounds. Everything it does by hand can be
said in code too, with ``set``, ``learn`` and ``begin_again``.
"""

import contextlib
import html
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from gan_helpers.checks import check_function, check_pixels
from gan_helpers.plots import DISCRIMINATOR, FAKE, INK, NEUTRAL, LessonFigure, new_figure
from gan_helpers.widgets import FigureWithSliders, Range, WidgetWithStill, make_sliders

import ipywidgets
import numpy as np

__all__ = ["Forge", "Judge", "Round"]

SHOWN = 5  # forgeries beside each other
JUDGED = 200  # forgeries behind the mean score
ROUNDS, FOOLED, CHANGED = 3, 0.8, 0.3  # the goal: rounds, mean score, share of the ink
CELL = "style='padding: 2px 14px'"


class Judge(Protocol):
    """What a bench asks of its judge."""

    def score(self, images: np.ndarray) -> np.ndarray:
        """Scores in [0, 1], shape ``(count,)``, of uint8 ``(count, height, width, 1)``."""

    def learn(self, fakes: np.ndarray) -> Any:
        """Learn from such images that they are fakes."""


class Round(NamedTuple):
    """What one round of the game came to.

    Attributes:
        tools: those in use and their settings, in words.
        changed: the share of the digits' ink that the tools took away, added or moved.
        before: the mean score of such forgeries before the judge learned from them.
        after: the mean score of others made the same way, afterwards.
        real: the mean score of real digits, afterwards.
    """

    tools: str
    changed: float
    before: float
    after: float
    real: float

    @property
    def fooled(self) -> bool:
        """Whether forgeries that differ clearly from real digits passed for real ones."""
        return round(self.before, 2) >= FOOLED and round(self.changed, 2) >= CHANGED


class Forge(WidgetWithStill):
    """A bench at which a person is the generator. Put it on the last line of a cell.

    Tab reaches every slider and button, the arrow keys move a slider. Without a front end the
    picture and the table stay as they are.

    The goal is three rounds that fool the judge: a mean score of at least 0.8 although at least 0.3
    of the ink has changed (half the sum of the differences, per sum of the real digits).

    Args:
        forge: function of digits, uint8 ``(count, height, width, 1)``, and one keyword argument
            for each tool; returns as many forgeries, uint8.
        teach: function without arguments that returns a judge; called again to begin again.
        digits: real digits to work on, uint8, at least six.
        others: more of them, of which the forgeries are made that the judge learns from.
        tools: for each tool a range ``(lowest, highest, start, step)``.

    Attributes:
        judge: the one who is to be fooled; the bench's own.
        rounds: the ``Round`` of each time the judge has learned.
        alt: what is to be seen, in words.

    Raises:
        TypeError: if a function or the judge is none, or the digits are not uint8.
        ValueError: if there are fewer than six digits, or a range does not fit.
    """

    def __init__(
        self,
        forge: Callable[..., np.ndarray],
        teach: Callable[[], Judge],
        digits: np.ndarray,
        others: np.ndarray,
        **tools: Range,
    ) -> None:
        check_function("forge", forge, "of digits and the tools that returns forgeries")
        check_function("teach", teach, "without arguments that returns a judge")
        digits = check_pixels(digits, channels=(1,), name="digits")
        if len(digits) <= SHOWN:
            raise ValueError(f"There are {len(digits)} digits; give at least {SHOWN + 1}.")
        self._forge, self._teach = forge, teach
        self._own, self._others = digits, check_pixels(others, channels=(1,), name="others")
        self._first = 0
        self.judge = self._taught()
        self.rounds: list[Round] = []
        self.figure = FigureWithSliders(
            self._draw, make_sliders(tools, False), layout={"overflow": "visible"}
        )
        self._learn_button = self._button("D learns from your fakes", self.learn, "success")
        self._buttons = [
            self._learn_button,
            self._button("Other digits", self.other_digits),
            self._button("Begin again", self.begin_again),
        ]
        for slider in self.figure.sliders.values():
            slider.observe(self._allow_learning, names="value")
        self._allow_learning()
        self._table = ipywidgets.HTML(self._rows())
        buttons = ipywidgets.HBox(self._buttons, layout={"flex_flow": "row wrap"})
        super().__init__([self.figure, buttons, self._table])

    def _button(self, words: str, act: Callable[[], Any], style: str = "") -> ipywidgets.Button:
        button = ipywidgets.Button(description=words, button_style=style, layout={"width": "16em"})
        button.on_click(lambda _: act())
        return button

    def _taught(self) -> Judge:
        judge = self._teach()
        for name in ("score", "learn"):
            check_function(f"judge.{name}", getattr(judge, name, None), "of images")
        return judge

    @property
    def tools(self) -> dict[str, float]:
        """The setting of each slider."""
        return {name: slider.value for name, slider in self.figure.sliders.items()}

    @property
    def alt(self) -> str:
        """The picture and the rounds in words."""
        told = "".join(f" Round {number}: {line}." for number, line in enumerate(self._told(), 1))
        return f"{self.figure.alt}{told} {self._goal()}"

    @property
    def still(self) -> bytes:
        """The picture as it is now, a PNG file."""
        return self.figure.still

    def set(self, **tools: float) -> None:
        """Move the sliders, as a hand would; those not named go to 0.

        Raises:
            ValueError: if there is no such tool, or no such setting of it.
        """
        sliders = self.figure.sliders
        if unknown := tools.keys() - sliders.keys():
            raise ValueError(f"There is no tool {min(unknown)!r}, only {', '.join(sliders)}.")
        for name, slider in sliders.items():
            slider.value = tools.get(name, 0)
            if name in tools and slider.value != tools[name]:
                raise ValueError(
                    f"{name} runs from {slider.min} to {slider.max}, in steps of {slider.step}."
                )

    def other_digits(self) -> None:
        """Go on to the next digits."""
        self._first = (self._first + SHOWN) % (len(self._own) - SHOWN)
        self.figure.redraw()

    def begin_again(self) -> None:
        """A new judge, no rounds, and the sliders back at 0."""
        with self._busy():
            self.judge = self._taught()
            self.rounds.clear()
            self.set()

    def learn(self) -> Round:
        """The judge learns from forgeries made with the present tools; return the round.

        Raises:
            ValueError: if no tool is in use. D would learn that real digits are fakes.
        """
        if not any(self.tools.values()):
            raise ValueError("Move a slider first: without a tool these are real digits.")
        with self._busy():
            tools, sample = self.tools, self._own[:JUDGED]
            forged = self._forge(sample, **tools)
            before = self._mean(forged)
            self.judge.learn(self._forge(self._others, **tools))
            numbers = _changed(sample, forged), before, self._mean(forged), self._mean(sample)
            self.rounds.append(Round(_named(tools), *numbers))
        return self.rounds[-1]

    @contextlib.contextmanager
    def _busy(self) -> Iterator[None]:
        """No button works meanwhile; afterwards picture and table are as things stand."""
        for button in self._buttons:
            button.disabled = True
        try:
            yield
            self._table.value = self._rows()
            self.figure.redraw()
        finally:
            for button in self._buttons:
                button.disabled = False
            self._allow_learning()

    def _allow_learning(self, change: Any = None) -> None:
        self._learn_button.disabled = not any(self.tools.values())

    def _mean(self, images: np.ndarray) -> float:
        return float(np.mean(self.judge.score(images)))

    def _goal(self) -> str:
        done = sum(r.fooled for r in self.rounds)
        goal = f"Goal: {ROUNDS} tricks that fool D, with a mean score of at least {FOOLED} "
        goal += f"while at least {CHANGED} of the ink has changed."
        return (
            f"{goal} So far: {done}." if done < ROUNDS else f"{goal} You win, with {done} tricks."
        )

    def _told(self) -> list[str]:
        return [
            f"{r.tools}, changed {r.changed:.2f}, mean score {r.before:.2f}, after D has learned "
            f"{r.after:.2f}, real digits {r.real:.2f}"
            for r in self.rounds
        ]

    def _rows(self) -> str:
        cells: list[tuple[str, ...]] = [
            ("round", "tools", "changed", "mean score", "after D has learned", "real", "fooled D")
        ]
        for number, r in enumerate(self.rounds, 1):
            numbers = [f"{value:.2f}" for value in (r.changed, r.before, r.after, r.real)]
            cells.append((str(number), r.tools, *numbers, "yes" if r.fooled else "no"))
        rows = ("".join(f"<td {CELL}>{html.escape(cell)}</td>" for cell in row) for row in cells)
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        size = "style='font-size: 16px'"
        goal = html.escape(self._goal())
        goal = goal.replace("You win", "<b>You win</b>")
        return f"<p {size}>{goal}</p><table {size}>{body}</table>"

    def _draw(self, **tools: float) -> LessonFigure:
        forged = self._forge(self._own, **tools)
        shown = forged[self._first : self._first + SHOWN]
        scores, mean = self.judge.score(shown), self._mean(forged[:JUDGED])
        changed = _changed(self._own[:JUDGED], forged[:JUDGED])
        alt = (
            f"Forgeries made with {_named(tools)}, scores "
            f"{', '.join(f'{score:.2f}' for score in scores)}. The mean of {JUDGED} is {mean:.2f}, "
            f"{changed:.2f} of the ink has changed."
        )
        figure, panels = new_figure(1, SHOWN + 1, alt=alt, height=2.2, width=11)
        for axes, image, score in zip(panels, shown, scores, strict=False):
            axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=255)
            axes.set_title(f"{score:.2f}", color=FAKE)
            axes.set_axis_off()
        _draw_meters(panels[-1], mean, changed)
        return figure


def _draw_meters(axes: Any, mean: float, changed: float) -> None:
    """The mean score and the share of changed ink, each with a line at what the goal asks."""
    for place, (value, goal, color) in enumerate(
        [(mean, FOOLED, DISCRIMINATOR), (changed, CHANGED, NEUTRAL)]
    ):
        axes.bar(place, min(value, 1), color=color, width=0.7)
        axes.plot([place - 0.45, place + 0.45], [goal, goal], color=INK, linewidth=3)
        axes.text(place, 1.06, f"{value:.2f}", ha="center", color=color)
    names = ["mean\nscore", "ink\nchanged"]
    ticks = [0, CHANGED, FOOLED, 1]
    axes.set(xlim=(-0.55, 1.55), ylim=(0, 1), xticks=[0, 1], xticklabels=names, yticks=ticks)


def _changed(real: np.ndarray, forged: np.ndarray) -> float:
    """Half the sum of differences, per sum of the real digits: 1 if all ink stands elsewhere."""
    difference = np.abs(forged.astype(float) - real)
    return float(difference.sum() / (2 * max(real.sum(dtype=float), 1)))


def _named(tools: dict[str, float]) -> str:
    """The tools in use, in words."""
    used = [f"{name.replace('_', ' ')} {value:g}" for name, value in tools.items() if value]
    return ", ".join(used) or "no tool"

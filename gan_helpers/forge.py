"""The forger's bench of lesson 1: tools as sliders, a judge's score as a meter, rounds as a table.

The lesson writes what matters: how a digit is forged, how the judge scores, how it learns. The
bench only puts sliders and buttons on these three functions, and keeps the rounds. Everything it
does by hand can be said in code too, with ``set`` and ``learn``.
"""

import html
from collections.abc import Callable
from typing import Any, NamedTuple

from gan_helpers.checks import check_function, check_pixels
from gan_helpers.plots import DISCRIMINATOR, FAKE, NEUTRAL, LessonFigure, new_figure
from gan_helpers.widgets import FigureWithSliders, Range, WidgetWithStill, make_sliders

import ipywidgets
import numpy as np

__all__ = ["Forge", "Round"]

SHOWN = 5  # forgeries beside each other
JUDGED = 200  # forgeries behind the mean score


class Round(NamedTuple):
    """What one round of the game came to.

    Attributes:
        tools: those in use and their settings, in words.
        before: the mean score of such forgeries before the judge learned from them.
        after: the mean score of others made the same way, afterwards.
        real: the mean score of real digits, afterwards.
    """

    tools: str
    before: float
    after: float
    real: float


class Forge(WidgetWithStill):
    """A bench at which a person is the generator. Put it on the last line of a cell.

    Tab reaches every slider and button, the arrow keys move a slider. Without a front end the
    picture and the table stay as they are.

    Args:
        forge: function of digits, uint8 ``(count, height, width, 1)``, and one keyword argument
            for each tool; returns as many forgeries, uint8.
        score: function of such images that returns the judge's scores ``(count,)`` in [0, 1].
        learn: function of forgeries; the judge learns from them.
        digits: real digits to work on, uint8, at least six.
        lesson: others, of which the forgeries are made that the judge learns from.
        tools: for each tool a range ``(lowest, highest, start, step)``.

    Attributes:
        rounds: the ``Round`` of each time the judge has learned.
        alt: what is to be seen, in words.

    Raises:
        TypeError: if one of the functions is none, or the digits are not uint8.
        ValueError: if there are fewer than six digits, or a range does not fit.
    """

    def __init__(
        self,
        forge: Callable[..., np.ndarray],
        score: Callable[[np.ndarray], np.ndarray],
        learn: Callable[[np.ndarray], Any],
        digits: np.ndarray,
        lesson: np.ndarray,
        **tools: Range,
    ) -> None:
        check_function("forge", forge, "of digits and the tools that returns forgeries")
        check_function("score", score, "of images that returns their scores")
        check_function("learn", learn, "of forgeries from which the judge learns")
        digits = check_pixels(digits, channels=(1,), name="digits")
        if len(digits) <= SHOWN:
            raise ValueError(f"There are {len(digits)} digits; give at least {SHOWN + 1}.")
        self._forge, self._score, self._learn = forge, score, learn
        self._own, self._others = digits, check_pixels(lesson, channels=(1,), name="lesson")
        self._first = 0
        self.rounds: list[Round] = []
        self.figure = FigureWithSliders(
            self._draw, make_sliders(tools, False), layout={"overflow": "visible"}
        )
        self._learn_button = self._button("D learns from your fakes", self.learn, "success")
        self._digit_button = self._button("Other digits", self.other_digits)
        self._table = ipywidgets.HTML(self._rows())
        buttons = ipywidgets.HBox([self._learn_button, self._digit_button])
        super().__init__([self.figure, buttons, self._table])

    def _button(self, words: str, act: Callable[[], Any], style: str = "") -> ipywidgets.Button:
        button = ipywidgets.Button(description=words, button_style=style, layout={"width": "16em"})
        button.on_click(lambda _: act())
        return button

    @property
    def tools(self) -> dict[str, float]:
        """The setting of each slider."""
        return {name: slider.value for name, slider in self.figure.sliders.items()}

    @property
    def alt(self) -> str:
        """The picture and the rounds in words."""
        told = "".join(f" Round {number}: {line}." for number, line in enumerate(self._told(), 1))
        return self.figure.alt + told

    @property
    def still(self) -> bytes:
        """The picture as it is now, a PNG file."""
        return self.figure.still

    def set(self, **tools: float) -> None:
        """Move the sliders, as a hand would; those not named go to 0.

        Raises:
            ValueError: if there is no such tool.
        """
        sliders = self.figure.sliders
        if unknown := tools.keys() - sliders.keys():
            raise ValueError(f"There is no tool {min(unknown)!r}, only {', '.join(sliders)}.")
        for name, slider in sliders.items():
            slider.value = tools.get(name, 0)

    def other_digits(self) -> None:
        """Go on to the next digits."""
        self._first = (self._first + SHOWN) % (len(self._own) - SHOWN)
        self.figure.redraw()

    def learn(self) -> Round:
        """The judge learns from forgeries made with the present tools; return the round."""
        self._learn_button.disabled = True
        try:
            tools, sample = self.tools, self._own[:JUDGED]
            before = self._mean(self._forge(sample, **tools))
            self._learn(self._forge(self._others, **tools))
            after, real = self._mean(self._forge(sample, **tools)), self._mean(sample)
            self.rounds.append(Round(_named(tools), before, after, real))
            self._table.value = self._rows()
            self.figure.redraw()
        finally:
            self._learn_button.disabled = False
        return self.rounds[-1]

    def _mean(self, images: np.ndarray) -> float:
        return float(np.mean(self._score(images)))

    def _told(self) -> list[str]:
        return [
            f"{r.tools}, mean score {r.before:.2f}, after D has learned {r.after:.2f}, "
            f"real digits {r.real:.2f}"
            for r in self.rounds
        ]

    def _rows(self) -> str:
        cells = [("round", "your tools", "mean score", "after D has learned", "real digits")]
        cells += [
            (str(n), r.tools, f"{r.before:.2f}", f"{r.after:.2f}", f"{r.real:.2f}")
            for n, r in enumerate(self.rounds, 1)
        ]
        rows = (
            "".join(f"<td style='padding: 2px 14px'>{html.escape(cell)}</td>" for cell in row)
            for row in cells
        )
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table style='font-size: 16px'>{body}</table>"

    def _draw(self, **tools: float) -> LessonFigure:
        forged = self._forge(self._own, **tools)
        shown = forged[self._first : self._first + SHOWN]
        scores, mean = self._score(shown), self._mean(forged[:JUDGED])
        alt = (
            f"Forgeries made with {_named(tools)}, scores "
            f"{', '.join(f'{score:.2f}' for score in scores)}. The mean of {JUDGED} is {mean:.2f}."
        )
        figure, panels = new_figure(1, SHOWN + 1, alt=alt, height=2.2, width=11)
        for axes, image, score in zip(panels, shown, scores, strict=False):
            axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=255)
            axes.set_title(f"{score:.2f}", color=FAKE)
            axes.set_axis_off()
        _draw_meter(panels[-1], mean)
        return figure


def _draw_meter(axes: Any, mean: float) -> None:
    axes.bar(0, mean, color=DISCRIMINATOR, width=0.6)
    axes.axhline(0.5, color=NEUTRAL, linestyle=":", linewidth=1.5)
    axes.set(xlim=(-0.6, 0.6), ylim=(0, 1), xticks=[], yticks=[0, 0.5, 1])
    axes.set_title(f"mean {mean:.2f}", color=DISCRIMINATOR)


def _named(tools: dict[str, float]) -> str:
    """The tools in use, in words."""
    used = [f"{name.replace('_', ' ')} {value:g}" for name, value in tools.items() if value]
    return ", ".join(used) or "no tool"

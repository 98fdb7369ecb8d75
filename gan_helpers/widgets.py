"""Live figures for the lessons: move a slider or choose a word, and the picture is drawn again."""

import html
import threading
from collections.abc import Callable
from typing import Any

from gan_helpers.animation import TitledImage, WidgetWithStill
from gan_helpers.checks import check_function, check_number, describe
from gan_helpers.plots import LessonFigure

import ipywidgets

__all__ = ["FigureWithSliders", "figure_with_sliders"]

Number = int | float
Range = tuple[Number, Number, Number, Number]
Choices = tuple[str, ...]


LABELLED = {
    "style": {"description_width": "12em"},
    "layout": {"width": "32em", "max_width": "100%"},
}


class FigureWithSliders(WidgetWithStill):
    """A figure below its sliders. See ``figure_with_sliders``, which makes one.

    Attributes:
        sliders: the sliders and drop-down lists by name.
        picture: the ``TitledImage`` that holds the PNG. It alone is updated: swapping the
            content of an ``Output`` widget would flicker.
        problem: the message of an error raised while drawing, empty if all is well.
    """

    def __init__(
        self,
        draw: Callable[..., LessonFigure],
        sliders: dict[str, ipywidgets.Widget],
        **kwargs: Any,
    ) -> None:
        self._draw = draw
        self._drawing = threading.Lock()
        self._stale = False
        self.sliders = sliders
        # A first picture that cannot be drawn is an error of the cell, with a traceback.
        figure = self._draw_figure()
        # Without its own width the picture would be stretched, and blurred, to that of the page.
        width = round(figure.get_figwidth() * figure.dpi)
        self.picture = TitledImage(
            value=figure.to_png(),
            format="png",
            tooltip=figure.alt,
            layout={
                "width": f"{width}px",
                "max_width": "100%",
                "height": "auto",
                "align_self": "flex-start",
            },
        )
        self.problem = ipywidgets.HTML()
        self.alt = figure.alt
        for slider in sliders.values():
            slider.observe(self._redraw, names="value")
        super().__init__([*sliders.values(), self.picture, self.problem], **kwargs)

    def _draw_figure(self) -> LessonFigure:
        figure = self._draw(**{name: slider.value for name, slider in self.sliders.items()})
        if not isinstance(figure, LessonFigure):
            raise TypeError(
                f"The drawing function returned a {type(figure).__name__}; "
                "return the figure that gan_helpers.plots.new_figure made."
            )
        return figure

    def _redraw(self, change: Any = None) -> None:
        """Draw for the newest values; a move made meanwhile is drawn once, by whoever draws."""
        self._stale = True
        # JupyterLab may call from several threads, and a drawing function may move a slider.
        while self._stale and self._drawing.acquire(blocking=False):
            try:
                self._stale = False
                figure = self._draw_figure()
                self.picture.value = figure.to_png()
                self.picture.tooltip = self.alt = figure.alt
                self.problem.value = ""
            except Exception as error:
                # An error in a callback would vanish into a log that no student opens.
                message = html.escape(f"{type(error).__name__}: {error}")
                self.problem.value = f"<b>Not drawn.</b> {message}"
            finally:
                self._drawing.release()

    @property
    def still(self) -> bytes:
        """The picture as it is now, a PNG file."""
        return self.picture.value


def figure_with_sliders(
    draw: Callable[..., LessonFigure],
    /,
    *,
    continuous_update: bool = True,
    **ranges: Range | Choices,
) -> FigureWithSliders:
    """Show a figure that is drawn again whenever one of its sliders or choices changes.

    Without a live front end (a page on a code host, slides, an exported notebook) the picture for
    the starting values remains, with its alt text.

    Args:
        draw: called with one keyword argument for each slider; returns a ``LessonFigure``, such as
            ``plots.new_figure`` makes. The figure's alt text becomes the picture's.
        continuous_update: draw while a slider is being dragged. Set it to False if drawing takes
            longer than about a fifth of a second: then the picture follows when it is let go.
        **ranges: for each slider ``(lowest, highest, start, step)``. Four whole numbers make a
            slider over integers. A tuple of texts makes a drop-down list instead, which starts with
            the first. The name is shown, with spaces for underscores.

    Returns:
        The widget; put it on the last line of a cell.

    Raises:
        TypeError: if a range is neither four numbers nor texts, or ``draw`` is no function or
            returns no ``LessonFigure``.
        ValueError: if there is no range, a number is not finite, the start lies outside its range,
            a step is not positive, or two choices are equal.

    Example:
        ``figure_with_sliders(draw, mean=(-4.0, 4.0, 1.0, 0.1), spread=(0.2, 2.0, 0.5, 0.1))``
    """
    check_function("draw", draw, "that returns a figure made by plots.new_figure")
    if not ranges:
        raise ValueError(
            "There is no slider. Give at least one as name=(lowest, highest, start, step)."
        )
    sliders = {name: _make_slider(name, ends, continuous_update) for name, ends in ranges.items()}
    return FigureWithSliders(draw, sliders)


def _make_slider(name: str, ends: Range | Choices, continuous_update: bool) -> ipywidgets.Widget:
    if isinstance(ends, tuple) and ends and all(isinstance(end, str) for end in ends):
        return _make_list(name, ends)
    kinds = {type(end) for end in ends} if isinstance(ends, tuple) and len(ends) == 4 else set()
    if not kinds or not kinds <= {int, float}:
        raise TypeError(
            f"{name} is {describe(ends)}; give four numbers (lowest, highest, start, step), or "
            "a tuple of texts to choose from."
        )
    lowest, highest, start, step = (check_number(f"Each number of {name}", end) for end in ends)
    if not lowest <= start <= highest or lowest == highest:
        raise ValueError(
            f"{name} starts at {start} between {lowest} and {highest}; "
            "they must obey lowest <= start <= highest and lowest < highest."
        )
    if step <= 0:
        raise ValueError(f"{name} has the step {step}; give a positive one.")
    make_slider = ipywidgets.IntSlider if kinds == {int} else ipywidgets.FloatSlider
    return make_slider(
        value=start,
        min=lowest,
        max=highest,
        step=step,
        description=name.replace("_", " "),
        continuous_update=continuous_update,
        **LABELLED,
    )


def _make_list(name: str, choices: Choices) -> ipywidgets.Dropdown:
    if len(set(choices)) < len(choices):
        raise ValueError(f"{name} has the choices {choices!r}; each may stand there once.")
    return ipywidgets.Dropdown(
        options=choices, value=choices[0], description=name.replace("_", " "), **LABELLED
    )

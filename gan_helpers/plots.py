"""Figures for the lessons: over 500 lines, for one style and all curves drawn in it stay together.

Each figure has a text alternative.

A figure here is made without pyplot. Nothing has to be closed, nothing piles up in memory, and
drawing works in any thread. Put the figure on the last line of a cell and it shows itself.
"""

import base64
import io
import itertools
import math
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gan_helpers.checks import (
    as_array,
    check_alt,
    check_number,
    check_text,
    check_whole,
    describe,
)

import numpy as np
from matplotlib import rcParamsDefault
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from PIL import Image

__all__ = [
    "CURVE_STYLES",
    "DISCRIMINATOR",
    "DISCRIMINATOR_STYLE",
    "DPI",
    "FAKE",
    "FAKE_STYLE",
    "FONT_SIZE",
    "GENERATOR",
    "GENERATOR_STYLE",
    "INK",
    "NEUTRAL",
    "REAL",
    "REAL_STYLE",
    "LessonAxes",
    "LessonFigure",
    "few_colours_png",
    "new_figure",
    "plot_distances",
    "plot_losses",
    "plot_score_histogram",
    "plot_scores",
]

# The palette of Okabe and Ito, which most colour-blind people can tell apart.
# https://jfly.uni-koeln.de/color/
REAL = "#0072B2"
FAKE = "#D55E00"
DISCRIMINATOR = "#009E73"
GENERATOR = "#9C3587"  # its purple, darker, so that thin letters can be read on white
NEUTRAL = "#555555"
INK = "black"
# Colour alone must never carry the meaning: each role has a line style and a marker too.
REAL_STYLE = {"color": REAL, "linestyle": "-", "marker": "o"}
FAKE_STYLE = {"color": FAKE, "linestyle": "--", "marker": "s"}
DISCRIMINATOR_STYLE = {"color": DISCRIMINATOR, "linestyle": "-.", "marker": "^"}
GENERATOR_STYLE = {"color": GENERATOR, "linestyle": "-", "marker": "v"}
CURVE_STYLES = [
    FAKE_STYLE,
    REAL_STYLE,
    DISCRIMINATOR_STYLE,
    {"color": NEUTRAL, "linestyle": ":", "marker": "d"},
]
DPI = 100
FONT_SIZE = 13
LINE_WIDTH = 2.5
# What the losses are when the discriminator answers one half to everything.
LOSSES_AT_BALANCE = [
    (math.log(2), "log 2: generator if D = ½"),
    (math.log(4), "log 4: discriminator if D = ½"),
]
# Above this many points a line is drawn as its running mean over a pale line of the raw values.
MOST_POINTS_UNSMOOTHED = 200
# Matplotlib shares font and layout caches between figures: one drawing at a time.
_DRAWING = threading.Lock()


class LessonAxes(Axes):
    """Axes with fonts and lines that can be read from the last row of a lecture hall."""

    def clear(self) -> None:
        """Empty the axes and restore the lesson style."""
        super().clear()
        self.title.set_fontsize(FONT_SIZE + 1)
        self.xaxis.label.set_fontsize(FONT_SIZE)
        self.yaxis.label.set_fontsize(FONT_SIZE)
        self.tick_params(labelsize=FONT_SIZE - 1)
        self.spines[["top", "right"]].set_visible(False)
        black_on_white(self)
        self.grid(True, color="#DDDDDD", linewidth=0.8)
        self.set_axisbelow(True)

    def plot(self, *args: Any, **kwargs: Any) -> list:
        """Like ``Axes.plot``, with thicker lines."""
        if "lw" not in kwargs:
            kwargs.setdefault("linewidth", LINE_WIDTH)
        return super().plot(*args, **kwargs)

    def text(self, *args: Any, **kwargs: Any) -> Any:
        """Like ``Axes.text``, with larger letters."""
        return super().text(*args, **_letters(kwargs))

    def annotate(self, *args: Any, **kwargs: Any) -> Any:
        """Like ``Axes.annotate``, with larger letters."""
        if kwargs.get("arrowprops") and not kwargs["arrowprops"].keys() & {"color", "ec"}:
            kwargs["arrowprops"] = {"edgecolor": INK} | kwargs["arrowprops"]
        return super().annotate(*args, **_letters(kwargs))

    def legend(self, *args: Any, **kwargs: Any) -> Any:
        """Like ``Axes.legend``, with larger letters and lines long enough to tell styles apart."""
        if "prop" not in kwargs:
            kwargs.setdefault("fontsize", FONT_SIZE)
        kwargs.setdefault("handlelength", 2.6)
        kwargs.setdefault("frameon", False)
        kwargs.setdefault("labelcolor", INK)
        legend = super().legend(*args, **kwargs)
        legend.get_title().set_color(INK)
        return legend


class LessonFigure(Figure):
    """A figure that shows itself as a PNG and says in words what it shows.

    Args:
        alt: one or two sentences for those who cannot see the picture. Required.
        **kwargs: as for ``matplotlib.figure.Figure``.

    Attributes:
        alt: the text.
        few_colours: "photographs" or "drawing" to keep only few colours, for a smaller PNG; None
            for all. See ``few_colours_png``.

    Raises:
        TypeError: if ``alt`` is no text.
        ValueError: if ``alt`` is empty.
    """

    def __init__(self, *args: Any, alt: str, **kwargs: Any) -> None:
        self.alt = check_alt(alt)
        self.few_colours: str | None = None
        kwargs.setdefault("dpi", DPI)
        # White behind the axes: a dark theme would swallow black labels.
        kwargs.setdefault("facecolor", "white")
        super().__init__(*args, **kwargs)
        _claim_display()

    def add_subplot(self, *args: Any, **kwargs: Any) -> Axes:
        """Like ``Figure.add_subplot``; flat axes get the lesson style."""
        if not kwargs.keys() & {"projection", "polar", "axes_class"}:
            kwargs["axes_class"] = LessonAxes
        return super().add_subplot(*args, **kwargs)

    def add_axes(self, *args: Any, **kwargs: Any) -> Axes:
        """Like ``Figure.add_axes``, in black on white."""
        axes = super().add_axes(*args, **kwargs)
        black_on_white(axes)
        return axes

    def suptitle(self, t: str, **kwargs: Any) -> Any:
        """Like ``Figure.suptitle``, with larger letters."""
        if "size" not in kwargs:
            kwargs.setdefault("fontsize", FONT_SIZE + 2)
        if "c" not in kwargs:
            kwargs.setdefault("color", INK)
        return super().suptitle(t, **kwargs)

    def to_png(self) -> bytes:
        """Draw the figure and return it as the bytes of a PNG file."""
        buffer = io.BytesIO()
        with _DRAWING:
            # "Software" would store the matplotlib version, so equal pictures would differ.
            # Not ``savefig``, which does what a user's matplotlibrc says of dpi, color, margins.
            FigureCanvasAgg(self).print_png(buffer, metadata={"Software": None})
        if self.few_colours:
            return few_colours_png(Image.open(buffer).convert("RGB"), self.few_colours)
        return buffer.getvalue()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        png = base64.b64encode(self.to_png()).decode("ascii")
        return {"image/png": png, "text/plain": self.alt}, {"image/png": {"alt": self.alt}}


def few_colours_png(
    picture: Image.Image, kind: str = "photographs", keep: Iterable[Sequence[int]] = ()
) -> bytes:
    """The bytes of a PNG file with a table of few colours, without dithering.

    Args:
        picture: an RGB picture.
        kind: "photographs", of 256 colours, makes frequent colours exact; a thin line may change
            its colour. In a "drawing", of 96, the 48 most frequent ones are exact and none of the
            others is far from its own.
        keep: colours of a drawing that stay exact however seldom they are.
    """
    options: dict[str, dict[str, Any]] = {
        "photographs": {"colors": 256, "method": Image.Quantize.MEDIANCUT},
        "drawing": {"colors": 48, "method": Image.Quantize.MAXCOVERAGE, "kmeans": 2},
    }
    small = picture.quantize(dither=Image.Dither.NONE, **options[kind])
    if kind == "drawing":
        counts: list[Any] = picture.getcolors(picture.width * picture.height) or []
        frequent = [color for _, color in sorted(counts, reverse=True)[:48]]
        table = [*keep, *frequent, *np.reshape(small.getpalette() or [], (-1, 3))]
        small.putpalette(_apart(np.array(table, int)).astype(np.uint8).tobytes())
        small = picture.quantize(palette=small, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    small.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _apart(colors: np.ndarray) -> np.ndarray:
    """Those that are not close to an earlier one, which Pillow would not tell apart."""
    distances = np.abs(colors[:, None] - colors).max(axis=2)
    return colors[[row[:k].min(initial=255) > 6 for k, row in enumerate(distances)]]


def new_figure(
    rows: int = 1,
    columns: int = 1,
    *,
    alt: str,
    height: float = 3.2,
    width: float | None = None,
    **subplots: Any,
) -> tuple[LessonFigure, Any]:
    """Make a figure with ``rows`` by ``columns`` axes, in the style of the lessons.

    Args:
        rows: rows of axes.
        columns: columns of axes.
        alt: what the figure shows, in one or two sentences. Required.
        height: height of one row of axes, in inches (100 pixels an inch).
        width: width of the whole figure in inches. Default: 7 for one column, 10 for two, else 12.
        **subplots: passed on to ``Figure.subplots``, such as ``sharey=True``.

    Returns:
        The figure and its axes: one ``Axes``, or an array of them as ``Figure.subplots`` gives.

    Raises:
        TypeError: if ``alt`` is no text.
        ValueError: if ``alt`` is empty, there are no rows or columns, or a length is not above 0.
    """
    rows, columns = check_whole("rows", rows), check_whole("columns", columns)
    if width is None:
        width = {1: 7.0, 2: 10.0}.get(columns, 12.0)
    check_number("height", height, above=0)
    check_number("width", width, above=0)
    figure = LessonFigure(figsize=(width, height * rows), layout="constrained", alt=alt)
    return figure, figure.subplots(rows, columns, **subplots)


def plot_losses(
    history: Mapping[str, Sequence[float]],
    *,
    alt: str,
    cross_entropy: bool = True,
    step_label: str = "epoch",
) -> LessonFigure:
    """Draw both players' losses.

    Args:
        history: holds ``generator_loss`` and ``discriminator_loss``, one number for each epoch or
            step; what ``fit()`` returns will do too. More than 200 numbers are drawn as a running
            mean over a pale line of the raw values.
        alt: what the curves do. Required.
        cross_entropy: mark the losses of a discriminator that always answers one half: log 2 for
            the non-saturating generator loss and log 4 = 2 log 2 for the discriminator's
            (Goodfellow et al., Generative Adversarial Nets, 2014). Set it to False for any other
            loss.
        step_label: the horizontal axis, such as "epoch" or "step".

    Raises:
        TypeError: if ``history`` is neither, or ``step_label`` no text.
        ValueError: if a loss is missing or empty, has other than one axis, holds NaN or infinity,
            or the two differ in length.
    """
    check_alt(alt)
    check_text("step_label", step_label)
    losses = _history_series(history, ("generator_loss", "discriminator_loss"))
    figure, axes = new_figure(alt=alt, width=8.0)
    _draw_series(
        axes,
        [
            ("generator", losses["generator_loss"], GENERATOR_STYLE),
            ("discriminator", losses["discriminator_loss"], DISCRIMINATOR_STYLE),
        ],
        step_label,
        references=LOSSES_AT_BALANCE if cross_entropy else [],
        lowest_top=1.6 if cross_entropy else None,
    )
    axes.set_ylabel("loss")
    return figure


def plot_scores(
    history: Mapping[str, Sequence[float]], *, alt: str, step_label: str = "epoch"
) -> LessonFigure:
    """Draw the discriminator's mean score on real and on fake images.

    Args:
        history: holds ``real_score`` and ``fake_score``, numbers in [0, 1], one for each epoch or
            step; what ``fit()`` returns will do too.
        alt: what the curves do. Required.
        step_label: the horizontal axis, such as "epoch" or "step".

    Raises:
        TypeError: if ``history`` is neither, or ``step_label`` no text.
        ValueError: if a score is missing or empty, has other than one axis, leaves [0, 1] (logits
            need a sigmoid first), holds NaN, or the two differ in length.
    """
    check_alt(alt)
    check_text("step_label", step_label)
    scores = _history_series(history, ("real_score", "fake_score"))
    for name, values in scores.items():
        _check_scores(name, values)
    figure, axes = new_figure(alt=alt, width=8.0)
    axes.set_ylim(-0.04, 1.04)
    _draw_series(
        axes,
        [
            ("on real", scores["real_score"], REAL_STYLE),
            ("on fake", scores["fake_score"], FAKE_STYLE),
        ],
        step_label,
        references=[(0.5, "½: D cannot tell")],
    )
    axes.set_yticks([0, 0.5, 1])
    axes.set_ylabel("mean score of D")
    return figure


def plot_distances(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    alt: str,
    references: Mapping[str, float] | None = None,
    step_label: str = "minutes of training",
) -> LessonFigure:
    """Draw distances to real images against training time, on a logarithmic vertical axis.

    Args:
        curves: legend -> (times, distances), two sequences of one length; at most four curves.
        alt: what the curves do. Required.
        references: label -> a distance to mark with a horizontal line, such as that of real
            images nobody trained on.
        step_label: the horizontal axis.

    Raises:
        TypeError: if the curves or references are no dict, or ``step_label`` no text.
        ValueError: if there is no curve or more than four, a curve is empty, its two sequences
            differ in length, or a distance is not above 0.
    """
    check_alt(alt)
    check_text("step_label", step_label)
    references = {} if references is None else references
    for name, given in (("curves", curves), ("references", references)):
        if not isinstance(given, Mapping):
            raise TypeError(f"{name} is {describe(given)}; give a dict with labels as keys.")
    for label, height in references.items():
        check_number(f"The reference {label!r}", height, above=0)
    if not 1 <= len(curves) <= len(CURVE_STYLES):
        raise ValueError(f"Give 1 to {len(CURVE_STYLES)} curves, not {len(curves)}.")
    figure, axes = new_figure(alt=alt, width=8.0)
    series = {label: _check_curve(label, curve) for label, curve in curves.items()}
    for (label, (times, distances)), style in zip(series.items(), CURVE_STYLES, strict=False):
        axes.plot(times, distances, label=label, linewidth=LINE_WIDTH, **style)
    for label, height in references.items():
        axes.axhline(height, color=NEUTRAL, linewidth=1, linestyle=":")
        axes.annotate(
            label, (0.99, height), xycoords=("axes fraction", "data"), ha="right", va="bottom"
        )
    axes.set_yscale("log")
    # Plain numbers: 50 and 100 read better than powers of ten.
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set(xlabel=step_label, ylabel="distance (lower is better)")
    if len(curves) > 1:
        axes.legend()
    return figure


def plot_score_histogram(
    real_scores: np.ndarray, fake_scores: np.ndarray, *, alt: str, bins: int = 20
) -> LessonFigure:
    """Draw how the discriminator's scores spread over real and over fake images.

    Args:
        real_scores: scores in [0, 1] of real images, any shape.
        fake_scores: scores in [0, 1] of fake images, any shape; the number may differ.
        alt: what the two histograms show. Required.
        bins: number of bars between 0 and 1.

    Raises:
        ValueError: if there are no scores, or one is NaN or outside [0, 1] (logits need a sigmoid
            first), or ``bins`` is below 1.
    """
    check_alt(alt)
    check_whole("bins", bins)
    real_scores = _check_scores("real_scores", _as_numbers("real_scores", real_scores).ravel())
    fake_scores = _check_scores("fake_scores", _as_numbers("fake_scores", fake_scores).ravel())
    figure, axes = new_figure(alt=alt, width=8.0)
    edges = np.linspace(0, 1, bins + 1)
    for name, values, style, hatch in (
        ("real", real_scores, REAL_STYLE, None),
        ("fake", fake_scores, FAKE_STYLE, "//"),
    ):
        shares = 100 * np.histogram(values, edges)[0] / values.size
        axes.stairs(
            shares,
            edges,
            fill=True,
            facecolor=(style["color"], 0.25),
            edgecolor=style["color"],
            linestyle=style["linestyle"],
            linewidth=LINE_WIDTH,
            hatch=hatch,
            label=f"{name} images, mean {values.mean():.2f}",
        )
    axes.axvline(0.5, color=NEUTRAL, linewidth=1.5, linestyle=":", zorder=1)
    axes.set(xlim=(0, 1), xlabel="score of D: 0 = fake, 1 = real", ylabel="% of images")
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure


def black_on_white(axes: Axes) -> None:
    """Give axes their colors; those of the user's style may be made for a dark page."""
    axes.set_facecolor("white")
    axes.spines[:].set_edgecolor(INK)
    axes.tick_params(which="both", color=INK, labelcolor=INK)
    for name in ("title", "_left_title", "_right_title"):  # the public names have no colors
        getattr(axes, name).set_color(INK)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    axes.set_prop_cycle(rcParamsDefault["axes.prop_cycle"])


def _letters(kwargs: dict) -> dict:
    if not kwargs.keys() & {"size", "fontproperties", "font", "font_properties"}:
        kwargs.setdefault("fontsize", FONT_SIZE)
    if "c" not in kwargs:
        kwargs.setdefault("color", INK)
    return kwargs


def _claim_display() -> None:
    """Make IPython show a LessonFigure our way, also after ``%matplotlib inline``.

    That command registers its own formatters for Figure and all its subclasses, and IPython
    prefers a registered formatter to ``_repr_mimebundle_``: the alt text would be lost. A formatter
    registered for the subclass itself wins over both.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return
    formatter = shell.display_formatter
    for mime_type in formatter.formatters:
        if mime_type not in ("image/png", "text/plain"):
            formatter.formatters[mime_type].for_type(LessonFigure, _show_nothing)
    formatter.formatters["image/png"].for_type(LessonFigure, _show_png)
    # Text only: the registered formatter above draws the picture, and once is enough.
    formatter.mimebundle_formatter.for_type(LessonFigure, _show_text)


def _show_nothing(figure: LessonFigure) -> None:
    return None


def _show_png(figure: LessonFigure) -> tuple[str, dict]:
    return base64.b64encode(figure.to_png()).decode("ascii"), {"alt": figure.alt}


def _show_text(figure: LessonFigure) -> tuple[dict, dict]:
    return {"text/plain": figure.alt}, {}


def _check_curve(label: str, curve: Any) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(curve, Sequence | np.ndarray) or len(curve) != 2:
        raise ValueError(
            f"The curve {label!r} is {describe(curve)}; give a pair (times, distances)."
        )
    times, distances = (
        _as_numbers(f"{name} of {label!r}", values)
        for name, values in zip(("times", "distances"), curve, strict=True)
    )
    if times.ndim != 1 or times.shape != distances.shape:
        raise ValueError(f"{label!r} has {times.size} times but {distances.size} distances.")
    if not times.size:
        raise ValueError(f"The curve {label!r} is empty; give at least one time and distance.")
    if (distances <= 0).any():
        raise ValueError(f"{label!r} holds a distance of 0 or less, which has no logarithm.")
    return times, distances


def _as_numbers(name: str, values: Any) -> np.ndarray:
    try:
        values = as_array(name, values).astype(np.float64)
    except TypeError as error:
        raise ValueError(f"{name} must hold numbers only. {error}") from error
    if not np.isfinite(values).all():
        position = int(np.flatnonzero(~np.isfinite(values.ravel()))[0])
        raise ValueError(
            f"{name} holds {values.ravel()[position]} at position {position}: the training has "
            "diverged there. Draw the values before it, or train again with smaller steps."
        )
    return values


def _check_scores(name: str, values: np.ndarray) -> np.ndarray:
    if values.size == 0:
        raise ValueError(f"{name} is empty; give at least one score.")
    if values.min() < 0 or values.max() > 1:
        raise ValueError(
            f"{name} runs from {values.min():.3g} to {values.max():.3g}; scores lie in [0, 1]. "
            "Put logits through keras.ops.sigmoid first."
        )
    return values


def _history_series(history: Any, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    # fit() returns an object that carries the dict.
    history = getattr(history, "history", history)
    if not isinstance(history, Mapping):
        raise TypeError(
            f"history is a {type(history).__name__}; give a dict with "
            f"{' and '.join(names)}, or what fit() returned."
        )
    series = {}
    for name in names:
        if name not in history:
            raise ValueError(f"history has no {name!r}; it holds {sorted(map(str, history))}.")
        series[name] = _as_numbers(name, history[name])
        if series[name].ndim != 1 or series[name].size == 0:
            raise ValueError(
                f"{name} has shape {series[name].shape}; give a list with one number for each "
                "epoch or step, at least one."
            )
    lengths = {name: len(values) for name, values in series.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"The series differ in length: {lengths}. Record all at the same steps.")
    return series


def _draw_series(
    axes: LessonAxes,
    series: list[tuple[str, np.ndarray, dict]],
    step_label: str,
    references: list[tuple[float, str]],
    lowest_top: float | None = None,
) -> None:
    """Draw curves with their names at their right ends, and named horizontal reference lines."""
    count = len(series[0][1])
    steps = np.arange(1, count + 1)
    window = max(1, count // 50) if count > MOST_POINTS_UNSMOOTHED else 1
    curves = []
    for _, values, style in series:
        style = dict(style)
        marker = style.pop("marker")
        if window > 1:
            axes.plot(steps, values, color=style["color"], linewidth=0.8, alpha=0.3, zorder=1.8)
            values = np.convolve(values, np.full(window, 1 / window), "valid")
        curves.append((steps[count - len(values) :], values))
        # Markers keep one or two points visible and would drown a long curve.
        few = count <= 20
        axes.plot(
            *curves[-1],
            **style,
            marker=marker if few else None,
            markersize=8,
            clip_on=not few,
            zorder=2.5,
        )
    if lowest_top is not None:
        axes.set_ylim(0, max(lowest_top, axes.get_ylim()[1]))
    axes.set_xlim((0.5, 1.5) if count == 1 else (1, count))
    if count == 1:
        axes.set_xticks([1])
    else:
        axes.locator_params(axis="x", integer=True)
    axes.set_xlabel(step_label if window == 1 else f"{step_label} (line: mean of {window})")

    # The name beside its line needs no legend to look up.
    low, high = axes.get_ylim()
    beside = axes.get_yaxis_transform()
    heights = _spread([values[-1] for _, values in curves], 0.11 * (high - low), low, high)
    for (name, _, style), height in zip(series, heights, strict=True):
        axes.text(
            1.025,
            height,
            name,
            color=style["color"],
            weight="bold",
            va="center",
            transform=beside,
        )
    for value, name in references:
        axes.axhline(value, color=NEUTRAL, linewidth=1.5, linestyle=":", zorder=1.7)
        place, height = _free_place(curves, value, axes.get_xlim(), (low, high))
        axes.text(
            place,
            height,
            name,
            color=NEUTRAL,
            fontsize=FONT_SIZE - 1,
            va="center",
            ha="center",
            transform=beside,
            zorder=2.2,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0},
        )


def _free_place(
    curves: list[tuple[np.ndarray, np.ndarray]],
    value: float,
    x_limits: tuple[float, float],
    y_limits: tuple[float, float],
) -> tuple[float, float]:
    """Where a label just above or below a horizontal line lies farthest from every curve.

    Returns the label's centre: the part of the axes' width to its left, and its height as data.
    """
    tallness = y_limits[1] - y_limits[0]
    free = {}
    for height in (value + 0.07 * tallness, value - 0.07 * tallness):
        if not y_limits[0] + 0.05 * tallness <= height <= y_limits[1] - 0.05 * tallness:
            continue
        for place in np.linspace(0.24, 0.76, 9):
            # The label is about half as wide as the axes.
            around = place + np.linspace(-0.22, 0.22, 25)
            around = x_limits[0] + around * (x_limits[1] - x_limits[0])
            free[float(place), height] = min(
                np.abs(np.interp(around, steps, values) - height).min() for steps, values in curves
            )
    return max(free, key=free.__getitem__)


def _spread(heights: list[float], distance: float, low: float, high: float) -> list[float]:
    """Move labels apart, keeping their order, so that neighbours are ``distance`` apart."""
    order = np.argsort(heights, kind="stable")
    spread = np.clip(np.asarray(heights, dtype=float), low, high)
    for below, above in itertools.pairwise(order):
        missing = distance - (spread[above] - spread[below])
        if missing > 0:
            spread[below] -= missing / 2
            spread[above] += missing / 2
    return spread.tolist()

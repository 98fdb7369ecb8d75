"""Live parts of a lesson: a figure with sliders, a slider through frames; each brings a still."""

import base64
import hashlib
import html
import io
import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gan_helpers.checks import check_alt, check_function, check_number, check_whole, describe
from gan_helpers.pictures import (
    SHOWN_WIDTH,
    check_labels,
    checked_frames,
    magnify,
    shown_scale,
    still_png,
    to_png,
)
from gan_helpers.plots import LessonFigure

import anywidget
import ipywidgets
import numpy as np
from PIL import Image
from traitlets import Unicode

__all__ = [
    "AccessibleNames",
    "FigureWithSliders",
    "Flipbook",
    "Scrubber",
    "TitledImage",
    "WidgetWithStill",
    "figure_with_sliders",
    "flipbook",
    "make_sliders",
    "scrubber",
    "with_still",
]

Number = int | float
Range = tuple[Number, Number, Number, Number]
Choices = tuple[str, ...]
LABELLED = {
    "style": {"description_width": "12em"},
    "layout": {"width": "32em", "max_width": "100%"},
}


class AccessibleNames(anywidget.AnyWidget):
    """Unseen part of a box that names its sliders and players for screen readers.

    ipywidgets 8.1 writes a slider's description beside it, but does not name its handle, and the
    buttons of its player carry an icon alone.
    """

    # As text: of a file, anywidget keeps every widget that was made from it.
    _esm = (Path(__file__).parent / "accessible_names.js").read_text(encoding="utf-8")


class TitledImage(ipywidgets.Image):
    """An image whose tooltip becomes the title that screen readers read; Image has no alt.

    The browser side of ipywidgets 8.1 fails on a tooltip for a widget without ``description``,
    and Image has none.
    """

    description = Unicode("").tag(sync=True)


def with_still(data: dict, still: bytes, alt: str) -> tuple[dict, dict]:
    """What a widget shows, with a PNG file and its words for places without a live front end."""
    png = base64.b64encode(still).decode("ascii")
    return {**data, "image/png": png, "text/plain": alt}, {"image/png": {"alt": alt}}


class WidgetWithStill(ipywidgets.VBox):
    """A widget that brings a still picture with alt text for places without a live front end.

    Attributes:
        alt: what the still shows; a subclass has it, and the still.
        still: the bytes of its PNG file.
    """

    def __init__(self, children: Sequence[ipywidgets.Widget] = (), **kwargs: Any) -> None:
        super().__init__([*children, AccessibleNames()], **kwargs)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        return with_still(super()._repr_mimebundle_(**kwargs) or {}, self.still, self.alt)

    def close(self) -> None:
        """Take the widget away with its parts, which ipywidgets else keeps for good."""
        parts = [] if self.comm is None else [self]
        for part in parts:  # grows on the way
            for name in {"children", "layout", "style"} & set(part.keys):
                value = getattr(part, name)
                parts += value if name == "children" else [value]
        for part in parts[1:]:
            part.close()
        super().close()


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
            slider.observe(self.redraw, names="value")
        super().__init__([*sliders.values(), self.picture, self.problem], **kwargs)

    def _draw_figure(self) -> LessonFigure:
        figure = self._draw(**{name: slider.value for name, slider in self.sliders.items()})
        if not isinstance(figure, LessonFigure):
            raise TypeError(
                f"The drawing function returned a {type(figure).__name__}; "
                "return the figure that gan_helpers.plots.new_figure made."
            )
        return figure

    def redraw(self, change: Any = None) -> None:
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
    return FigureWithSliders(draw, make_sliders(ranges, continuous_update))


def make_sliders(
    ranges: Mapping[str, Range | Choices], continuous_update: bool = True
) -> dict[str, ipywidgets.Widget]:
    """A slider or drop-down list for each name; see ``figure_with_sliders``."""
    return {name: _make_slider(name, ends, continuous_update) for name, ends in ranges.items()}


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


def _make_list(name: str, choices: tuple) -> ipywidgets.Dropdown:
    if len(set(choices)) < len(choices):
        raise ValueError(f"{name} has the choices {choices!r}; each may stand there once.")
    return ipywidgets.Dropdown(
        options=choices, value=choices[0], description=name.replace("_", " "), **LABELLED
    )


class Scrubber(WidgetWithStill):
    """A slider and a play button that run through frames.

    Tab reaches the buttons and the slider; the arrow keys move it. Without a front end the last
    frame is shown as a still picture.

    Args:
        frames: uint8 pictures of one shape, (H, W) or (H, W, 3). Only their PNG files are kept.
        labels: one short text for each frame. Default: "frame 0", "frame 1", ...
        alt: what the frames show. Required.
        scale: screen pixels along one pixel of a frame. Default: a whole number that makes the
            frames about 460 pixels wide.
        interval: milliseconds between frames while playing.

    Attributes:
        slider: the ``IntSlider``; its ``value`` is the number of the frame shown.
        play: the ``Play`` button, linked to the slider in the browser.
        image: the ``Image`` that shows the frame.
        label: the text beside the frame.

    Raises:
        TypeError: if a frame is not uint8, or the labels are no list of texts.
        ValueError: if there are no frames, their shapes or the number of labels do not fit, or
            a number is out of range.
    """

    def __init__(
        self,
        frames: Iterable[np.ndarray],
        labels: Sequence[str] | None = None,
        *,
        alt: str,
        scale: int | None = None,
        interval: int = 150,
    ) -> None:
        self.alt = check_alt(alt)
        check_whole("interval", interval)
        scale = 0 if scale is None else check_whole("scale", scale)
        self._pictures = []
        for frame in checked_frames(frames):
            scale = scale or shown_scale(frame.shape[1])
            # Level 3 of 9 is three times as fast for files a tenth larger.
            self._pictures.append(to_png(magnify(frame, scale), level=3))
        self.still = still_png(magnify(frame, scale))
        self._labels = check_labels(labels, len(self._pictures))
        last = len(self._pictures) - 1
        self.play = ipywidgets.Play(max=last, interval=interval, tooltip="Play the frames")
        self.slider = ipywidgets.IntSlider(
            max=last,
            description="frame",
            tooltip="Choose a frame",
            layout={"width": f"{SHOWN_WIDTH - 120}px"},
        )
        self.label = ipywidgets.Label(style={"font_size": "18px"})
        # Without its own width the image would be stretched, and blurred, to the width of the page.
        self.image = TitledImage(
            format="png",
            layout={"width": f"{scale * frame.shape[1]}px", "align_self": "flex-start"},
        )
        # In the browser, so that playing does not wait for the kernel.
        ipywidgets.jslink((self.play, "value"), (self.slider, "value"))
        self.slider.observe(self._show, "value")
        self._show()
        super().__init__([ipywidgets.HBox([self.play, self.slider]), self.label, self.image])

    def _show(self, change: Any = None) -> None:
        label = self._labels[self.slider.value]
        self.image.value = self._pictures[self.slider.value]
        self.image.tooltip = f"{self.alt} ({label})"
        self.label.value = label


scrubber = Scrubber  # the name that lessons call


# Without scripts a page keeps the picture alone: the row of the slider is hidden until one runs.
FLIPBOOK = """<div id="{name}" style="max-width: {width}px">
<div style="display: none; gap: 1em; align-items: center; padding: 4px 0">
<input type="range" min="0" max="{last}" value="{last}" style="flex: 1" aria-label="Moment">
<output style="min-width: 7em">{label}</output>
</div>
<img src="{still}" alt="{alt}" width="{width}" style="max-width: 100%; height: auto">
<script>
(() => {{
  const book = document.getElementById("{name}");
  const [slider, label, picture] = ["input", "output", "img"].map(tag => book.querySelector(tag));
  const labels = {labels};
  const start = "data:image/webp;base64,";
  const frames = {frames}.map(frame => start + frame).concat(picture.src);
  const show = () => {{
    picture.src = frames[slider.value];
    label.value = labels[slider.value];
    slider.setAttribute("aria-valuetext", labels[slider.value]);
  }};
  slider.addEventListener("input", show);
  // A deck turns its page by the arrow keys, which here move the slider.
  slider.addEventListener("keydown", event => event.stopPropagation());
  slider.parentElement.style.display = "flex";
  slider.value = 0;
  show();
}})();
</script>
</div>"""


class Flipbook:
    """A recorded run as a slider through its frames, which needs no kernel and no widget.

    It works on every page that runs scripts: a site, a deck of slides, a notebook that is only
    read. Where scripts are taken out, the last frame remains with its alt text.

    Args:
        frames: uint8 pictures of one shape, (H, W) or (H, W, 3), shown at their size.
        labels: one short text for each frame. Default: "frame 0", "frame 1", ...
        alt: what the last frame, and with it the run, shows. Required.

    Raises:
        TypeError: if a frame is not uint8, or the labels are no list of texts.
        ValueError: if there are no frames, or their shapes or the number of labels do not fit.

    Example:
        >>> book = Flipbook(np.zeros((3, 8, 8), np.uint8), alt="Three black squares, all alike.")
        >>> '<input type="range" min="0" max="2"' in book._repr_html_()
        True
    """

    def __init__(
        self,
        frames: Iterable[np.ndarray],
        labels: Sequence[str] | None = None,
        *,
        alt: str,
    ) -> None:
        self.alt = check_alt(alt)
        kept = list(checked_frames(frames))
        self._width = kept[-1].shape[1]
        self._files = [_to_webp(frame) for frame in kept]
        self._labels = check_labels(labels, len(kept))

    def _repr_html_(self) -> str:
        # The same run has the same name, so that a stored notebook changes with its pictures only.
        digest = hashlib.sha256("".join([*self._files, *self._labels]).encode()).hexdigest()
        return FLIPBOOK.format(
            name=f"flipbook-{digest[:12]}",
            width=self._width,
            last=len(self._files) - 1,
            label=html.escape(self._labels[-1]),
            labels=_to_script(self._labels),
            alt=html.escape(self.alt),
            still=f"data:image/webp;base64,{self._files[-1]}",
            frames=_to_script(self._files[:-1]),
        )

    def __repr__(self) -> str:
        return self.alt


def _to_webp(frame: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "WEBP", quality=60, method=6)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _to_script(values: Sequence[str]) -> str:
    """A list that may stand in a script: nothing in it can end the script."""
    return json.dumps(list(values)).replace("<", "\\u003c")


flipbook = Flipbook  # the name that lessons call

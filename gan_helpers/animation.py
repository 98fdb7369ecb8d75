"""Frames of a training run as an animation, a filmstrip, or a slider to drag."""

import base64
import html
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gan_helpers.animated_files import (
    check_frame,
    checked_frames,
    evenly_spaced,
    save_gif,
    save_webp,
)
from gan_helpers.checks import (
    check_path,
    check_texts,
    check_whole,
)
from gan_helpers.plots import (
    LessonFigure,
    check_alt,
    check_images,
    few_colours_png,
    magnify,
    picture_figure,
)

import anywidget
import ipywidgets
import numpy as np
from PIL import Image
from traitlets import Unicode

__all__ = [
    "AccessibleNames",
    "Animation",
    "Scrubber",
    "TitledImage",
    "WidgetWithStill",
    "filmstrip",
    "image_grid",
    "save_gif",
    "save_webp",
    "scrubber",
    "show_animation",
    "with_still",
]

# A picture narrower than this many pixels is magnified by a whole number before it is shown.
SHOWN_WIDTH = 460

WHITE = 255


def image_grid(
    images: np.ndarray, columns: int | None = None, padding: int = 1, scale: int = 1
) -> np.ndarray:
    """Put pictures into one picture, row by row, without touching their brightness.

    Args:
        images: uint8, shape (n, height, width, channels) with 1 or 3 channels.
        columns: pictures in a row. Default: about square.
        padding: white pixels between neighbours.
        scale: every pixel, padding included, becomes a square of this many pixels a side.

    Returns:
        uint8, shape (H, W) for one channel and (H, W, 3) for three, where
        H = scale * (rows * height + (rows - 1) * padding) and W likewise. Places that are left
        over in the last row are white.

    Raises:
        TypeError: if ``images`` is not uint8.
        ValueError: if the shape does not fit, or another argument is too small.
    """
    images = check_images(images)
    count, height, width, channels = images.shape
    if columns is None:
        columns = math.ceil(math.sqrt(count))
    padding, scale = check_whole("padding", padding, 0), check_whole("scale", scale)
    columns = min(check_whole("columns", columns), count)
    rows = math.ceil(count / columns)
    grid = np.full(
        (rows * (height + padding) - padding, columns * (width + padding) - padding, channels),
        WHITE,
        np.uint8,
    )
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        top, left = row * (height + padding), column * (width + padding)
        grid[top : top + height, left : left + width] = image
    return magnify(grid[..., 0] if channels == 1 else grid, scale)


class Animation:
    """An animated picture that a notebook shows, with a text alternative and a still.

    Args:
        path: a GIF or WebP file. It is read now, so it may change later.
        alt: what the animation shows. Required.
        still: the picture for places that cannot move: uint8 (H, W) or (H, W, 3), or the path
            of a picture file. Default: the last frame.
        scale: screen pixels along one pixel of the animation. Default: a whole number that
            makes it about 460 pixels wide.

    Raises:
        FileNotFoundError: if there is no such file.
        TypeError: if ``alt`` is no text, ``path`` no path or ``still`` is not uint8.
        ValueError: if ``alt`` is empty, the file is damaged or neither GIF nor WebP, the still is
            no picture, or the scale is no whole number.
    """

    def __init__(
        self,
        path: str | Path,
        alt: str,
        still: np.ndarray | str | Path | None = None,
        scale: int | None = None,
    ) -> None:
        self.alt = check_alt(alt)
        self.path = check_path("path", path)
        self._file = self.path.read_bytes()
        try:
            animation = Image.open(io.BytesIO(self._file), formats=("GIF", "WEBP"))
            animation.seek(animation.n_frames - 1)
            last = np.asarray(animation.convert("RGB"))
        except Exception as error:  # a file can be damaged in more ways than anyone can list
            raise ValueError(
                f"{self.path} is neither GIF nor WebP, or damaged; write it with save_gif or "
                "save_webp."
            ) from error
        self._mime_type = Image.MIME[animation.format]
        self._scale = (
            _shown_scale(animation.width) if scale is None else check_whole("scale", scale)
        )
        self._width = animation.width * self._scale
        if still is None:
            self._still = last
        elif isinstance(still, (str, Path)):
            # Not of every format: Pillow has programs run for some.
            with Image.open(still, formats=("PNG", "JPEG", "GIF", "WEBP")) as picture:
                self._still = np.asarray(picture.convert("RGB"))
        else:
            self._still = check_frame(still, 0)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        moving = f"data:{self._mime_type};base64,{_base64(self._file)}"
        still = f"data:image/png;base64,{_base64(_still_png(self._still))}"
        # People who ask their system for less motion get the still.
        markup = (
            f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="{still}">'
            f'<img src="{moving}" alt="{html.escape(self.alt)}" width="{self._width}" '
            'style="image-rendering: pixelated"></picture>'
        )
        return (
            {
                "text/html": markup,
                "image/png": _base64(_still_png(magnify(self._still, self._scale))),
                "text/plain": self.alt,
            },
            {"image/png": {"alt": self.alt}},
        )


def show_animation(
    path: str | Path,
    alt: str,
    still: np.ndarray | str | Path | None = None,
    scale: int | None = None,
) -> Animation:
    """Show a GIF or WebP file: put the call on the last line of a cell. See ``Animation``."""
    return Animation(path, alt, still, scale)


def filmstrip(
    frames: Iterable[np.ndarray],
    count: int = 6,
    labels: Sequence[str] | None = None,
    *,
    alt: str,
    scale: int | None = None,
) -> LessonFigure:
    """Show evenly spaced frames side by side, the first and the last among them.

    Args:
        frames: uint8 pictures of one shape, (H, W) or (H, W, 3).
        count: how many to show; all of them if there are fewer.
        labels: one short text for each of ``frames``, such as "step 400"; those of the chosen
            frames are written below them. Default: "frame 0", "frame 1", ...
        alt: how the frames change. Required.
        scale: screen pixels along one pixel of a frame. Default: about 180 pixels a frame.

    Returns:
        The figure, drawn with 256 colours.

    Raises:
        TypeError: if a frame is not uint8.
        ValueError: if there are no frames, their shapes or the number of labels do not fit, or
            ``count`` is below 1.
    """
    check_alt(alt)
    check_whole("count", count)
    if scale is not None:
        check_whole("scale", scale)
    frames = list(checked_frames(frames))
    labels = _check_labels(labels, len(frames))
    # A strip of one frame shows the result.
    chosen = evenly_spaced(len(frames), count) if count > 1 else [len(frames) - 1]
    pictures = [frames[index] for index in chosen]
    width = pictures[0].shape[1]
    scale = max(1, round(180 / width)) if scale is None else scale
    # As many rows as needed, all about equally long.
    widest = 1200
    rows = math.ceil(len(pictures) / max(1, widest // (scale * width + 6)))
    figure = picture_figure(
        pictures,
        [labels[index] for index in chosen],
        math.ceil(len(pictures) / rows),
        scale,
        alt=alt,
        below=True,
        widest=widest,
    )
    # Frames in full colour would make the stored notebook several times larger.
    figure.few_colours = "photographs"
    return figure


class TitledImage(ipywidgets.Image):
    """An image whose tooltip becomes the title that screen readers read; Image has no alt.

    The browser side of ipywidgets 8.1 fails on a tooltip for a widget without ``description``,
    and Image has none.
    """

    description = Unicode("").tag(sync=True)


def with_still(data: dict, still: bytes, alt: str) -> tuple[dict, dict]:
    """What a widget shows, with a PNG file and its words for places without a live front end."""
    return {**data, "image/png": _base64(still), "text/plain": alt}, {"image/png": {"alt": alt}}


class AccessibleNames(anywidget.AnyWidget):
    """Unseen part of a box that names its sliders and players for screen readers.

    ipywidgets 8.1 writes a slider's description beside it, but does not name its handle, and the
    buttons of its player carry an icon alone.
    """

    # As text: of a file, anywidget keeps every widget that was made from it.
    _esm = (Path(__file__).parent / "accessible_names.js").read_text(encoding="utf-8")


class WidgetWithStill(ipywidgets.VBox):
    """A widget that brings a still picture with alt text for places without a live front end.

    Attributes:
        alt: what the still shows.
        still: the bytes of its PNG file.
    """

    alt: str
    still: bytes

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
        if scale is not None:
            check_whole("scale", scale)
        self._pictures = []
        for frame in checked_frames(frames):
            if scale is None:
                scale = _shown_scale(frame.shape[1])
            # Level 3 of 9 is three times as fast for files a tenth larger.
            self._pictures.append(_to_png(magnify(frame, scale), level=3))
        self.still = _still_png(magnify(frame, scale))
        self._labels = _check_labels(labels, len(self._pictures))
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


def scrubber(
    frames: Iterable[np.ndarray],
    labels: Sequence[str] | None = None,
    *,
    alt: str,
    scale: int | None = None,
    interval: int = 150,
) -> Scrubber:
    """Show frames with a slider: put the call on the last line of a cell. See ``Scrubber``."""
    return Scrubber(frames, labels, alt=alt, scale=scale, interval=interval)


def _check_labels(labels: Sequence[str] | None, count: int) -> list[str]:
    if labels is None:
        return [f"frame {index}" for index in range(count)]
    return check_texts("labels", labels, count, "frames")


def _shown_scale(width: int) -> int:
    return max(1, round(SHOWN_WIDTH / width))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _to_png(picture: np.ndarray, level: int = 9) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=level)
    return buffer.getvalue()


def _still_png(picture: np.ndarray) -> bytes:
    """The bytes of a PNG file; colour pictures in 256 colours, a third of the size."""
    return _to_png(picture) if picture.ndim == 2 else few_colours_png(Image.fromarray(picture))

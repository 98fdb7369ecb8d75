"""Frames of a training run as an animation, a filmstrip, or a slider to drag.

Pillow compresses each frame; the files around the frames are written here, one frame after
another. Pillow's and imageio's own writers keep all frames of a GIF in memory, and give each
frame its own colours, which makes constant areas flicker.
"""

import base64
import html
import io
import math
import os
import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from gan_helpers.plots import LessonFigure, check_alt, check_images, magnify, picture_figure

import ipywidgets
import numpy as np
from PIL import Image

__all__ = [
    "Animation",
    "Scrubber",
    "filmstrip",
    "image_grid",
    "save_gif",
    "save_webp",
    "scrubber",
    "show_animation",
]

# Browsers slow a frame of 10 ms or less down to 100 ms, so faster animations would crawl.
MOST_FRAMES_PER_SECOND = 50

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
    for name, value, least in (("columns", columns, 1), ("padding", padding, 0)):
        if value < least:
            raise ValueError(f"{name} is {value}; it must be at least {least}.")
    _check_scale(scale)
    columns = min(columns, count)
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


def save_gif(
    frames: Iterable[np.ndarray],
    path: str | Path,
    seconds: float = 6.0,
    hold: float = 1.0,
    *,
    colours: int = 256,
) -> Path:
    """Write frames as a GIF that loops for ever.

    All frames share one table of colours and each colour always becomes the same table entry,
    without dithering, so what stays the same in the frames stays the same on the screen. Grey
    frames are stored exactly.

    Args:
        frames: uint8 pictures of one shape, (H, W) or (H, W, 3). An iterator is copied to a
            temporary file first; at no time are all frames in memory.
        path: where to write; must end in ".gif". Missing folders are made. The file appears
            only when it is complete.
        seconds: playing time of all frames together. Above 50 frames a second, evenly spaced
            frames are left out, because browsers cannot keep up.
        hold: seconds for which the last frame stays in addition.
        colours: size of the colour table, 2 to 256. Fewer make a smaller file.

    Returns:
        The path of the file.

    Raises:
        TypeError: if a frame is not uint8.
        ValueError: if there are no frames, their shapes differ, or an argument is out of range.
    """
    if not 2 <= colours <= 256:
        raise ValueError(f"colours is {colours}; it must be from 2 to 256.")
    path = _check_target(path, ".gif", seconds, hold)
    with _reread(frames) as source:
        table = _ColourTable(colours)
        for frame in source:
            table.count(frame)
        table.choose()
        kept, delays = _timing(table.frames, seconds, hold, unit=0.01)
        if delays.max() > 0xFFFF:
            raise ValueError(
                f"A frame would stay for {delays.max() / 100:.0f} s; a GIF allows 655 s at most."
            )
        with _replacing(path) as file:
            _write_gif(file, _at(source, kept), delays, table)
    return path


def save_webp(
    frames: Iterable[np.ndarray],
    path: str | Path,
    seconds: float = 6.0,
    hold: float = 1.0,
    *,
    quality: int | None = None,
) -> Path:
    """Write frames as an animated WebP that loops for ever.

    Args:
        frames: uint8 pictures of one shape, (H, W) or (H, W, 3). An iterator is copied to a
            temporary file first; at no time are all frames in memory.
        path: where to write; must end in ".webp". Missing folders are made. The file appears
            only when it is complete.
        seconds: playing time of all frames together. Above 50 frames a second, evenly spaced
            frames are left out, because browsers cannot keep up.
        hold: seconds for which the last frame stays in addition.
        quality: None stores every pixel exactly; colour pictures become about four times as
            large as a GIF. 0 to 100 makes smaller files, which blur colours across the edges of
            small pictures, and where constant areas waver by a few grey values.

    Returns:
        The path of the file.

    Raises:
        TypeError: if a frame is not uint8.
        ValueError: if there are no frames, their shapes differ, or an argument is out of range.
    """
    if quality is not None and not 0 <= quality <= 100:
        raise ValueError(f"quality is {quality}; it must be None or from 0 to 100.")
    path = _check_target(path, ".webp", seconds, hold)
    with _reread(frames) as source:
        count = sum(1 for _ in source)
        kept, delays = _timing(count, seconds, hold, unit=0.001)
        with _replacing(path) as file:
            _write_webp(file, _at(source, kept), delays, quality)
    return path


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
        TypeError: if ``alt`` is no text or ``still`` is not uint8.
        ValueError: if ``alt`` is empty or the file is neither GIF nor WebP.
    """

    def __init__(
        self,
        path: str | Path,
        alt: str,
        still: np.ndarray | str | Path | None = None,
        scale: int | None = None,
    ) -> None:
        self.alt = check_alt(alt)
        self.path = Path(path)
        self._file = self.path.read_bytes()
        try:
            animation = Image.open(io.BytesIO(self._file), formats=("GIF", "WEBP"))
        except OSError as error:
            raise ValueError(
                f"{self.path} is neither GIF nor WebP; write it with save_gif or save_webp."
            ) from error
        self._mime_type = Image.MIME[animation.format]
        self._scale = _shown_scale(animation.width) if scale is None else _check_scale(scale)
        self._width = animation.width * self._scale
        if still is None:
            animation.seek(animation.n_frames - 1)
            self._still = np.asarray(animation.convert("RGB"))
        elif isinstance(still, (str, Path)):
            with Image.open(still) as picture:
                self._still = np.asarray(picture.convert("RGB"))
        else:
            self._still = _check_frame(np.asarray(still), 0)

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
    if count < 1:
        raise ValueError(f"count is {count}; it must be at least 1.")
    with _reread(frames) as source:
        total = sum(1 for _ in source)
        labels = _check_labels(labels, total)
        # A strip of one frame shows the result.
        chosen = _evenly_spaced(total, count) if count > 1 else [total - 1]
        pictures = list(_at(source, chosen))
    width = pictures[0].shape[1]
    scale = max(1, round(180 / width)) if scale is None else _check_scale(scale)
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
    figure.few_colours = True
    return figure


class Scrubber(ipywidgets.VBox):
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
        TypeError: if a frame is not uint8.
        ValueError: if there are no frames, or their shapes or the number of labels do not fit.
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
        self._pictures = []
        for frame in _checked(frames):
            if scale is None:
                scale = _shown_scale(frame.shape[1])
            # Level 3 of 9 is three times as fast for files a tenth larger.
            self._pictures.append(_to_png(magnify(frame, _check_scale(scale)), level=3))
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
        self.image = ipywidgets.Image(format="png")
        # In the browser, so that playing does not wait for the kernel.
        ipywidgets.jslink((self.play, "value"), (self.slider, "value"))
        self.slider.observe(self._show, "value")
        self._show()
        super().__init__([ipywidgets.HBox([self.play, self.slider]), self.label, self.image])

    def _show(self, change: Any = None) -> None:
        label = self._labels[self.slider.value]
        self.image.value = self._pictures[self.slider.value]
        # ipywidgets' Image has no alt; its tooltip becomes the title, which screen readers read.
        self.image.tooltip = f"{self.alt} ({label})"
        self.label.value = label

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        data = super()._repr_mimebundle_(**kwargs) or {}
        data["image/png"] = _base64(self._pictures[-1])
        data["text/plain"] = self.alt
        return data, {"image/png": {"alt": self.alt}}


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


def _check_frame(frame: np.ndarray, index: int) -> np.ndarray:
    if frame.dtype != np.uint8:
        raise TypeError(
            f"Frame {index} is {frame.dtype}; frames must be uint8 from 0 to 255. Turn pictures "
            "in [-1, 1] into uint8 with gan_helpers.data.to_pixels."
        )
    if frame.ndim not in (2, 3) or frame.shape[2:] not in ((), (3,)) or 0 in frame.shape:
        raise ValueError(
            f"Frame {index} has shape {frame.shape}; it must be (H, W) or (H, W, 3). "
            "image_grid turns several pictures into one frame."
        )
    return frame


def _checked(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the frames, one at a time, after making sure that they fit together."""
    shape = None
    for index, frame in enumerate(frames):
        frame = _check_frame(np.asarray(frame), index)
        if shape is None:
            shape = frame.shape
        elif frame.shape != shape:
            raise ValueError(f"Frame {index} has shape {frame.shape}, but frame 0 has {shape}.")
        yield frame
    if shape is None:
        raise ValueError("There are no frames; record at least one first.")


class _Frames:
    """Frames that can be gone through again and again, checked each time."""

    def __init__(self, frames: Iterable[np.ndarray]) -> None:
        self._frames = frames

    def __iter__(self) -> Iterator[np.ndarray]:
        return _checked(self._frames)


class _Spool:
    """Frames of an iterator, kept compressed in a temporary file."""

    def __init__(self, frames: Iterable[np.ndarray], file: BinaryIO) -> None:
        self._file = file
        self._sizes = []
        for frame in _checked(frames):
            self._shape = frame.shape
            # Level 1 of 9: the file lives for seconds only.
            self._sizes.append(file.write(zlib.compress(frame.tobytes(), 1)))

    def __iter__(self) -> Iterator[np.ndarray]:
        self._file.seek(0)
        for size in self._sizes:
            pixels = np.frombuffer(zlib.decompress(self._file.read(size)), np.uint8)
            yield pixels.reshape(self._shape)


@contextmanager
def _reread(frames: Iterable[np.ndarray]) -> Iterator[Iterable[np.ndarray]]:
    """Frames that can be gone through twice: first to count them, then to write them."""
    if iter(frames) is not frames:
        yield _Frames(frames)
        return
    with tempfile.TemporaryFile() as file:
        yield _Spool(frames, file)


def _at(frames: Iterable[np.ndarray], indices: Sequence[int]) -> Iterator[np.ndarray]:
    wanted = set(indices)
    return (frame for index, frame in enumerate(frames) if index in wanted)


def _evenly_spaced(total: int, count: int) -> list[int]:
    """At most ``count`` indices below ``total``, with the first and the last among them."""
    return np.linspace(0, total - 1, min(count, total)).round().astype(int).tolist()


def _timing(
    count: int, seconds: float, hold: float, unit: float
) -> tuple[Sequence[int], np.ndarray]:
    """Which frames to write and how long each stays, in whole ``unit`` seconds."""
    most = max(2, int(seconds * MOST_FRAMES_PER_SECOND))
    kept = range(count) if count <= most else _evenly_spaced(count, most)
    # Rounding the moments rather than the delays keeps the total right.
    moments = np.round(np.arange(len(kept) + 1) * seconds / len(kept) / unit).astype(int)
    delays = np.diff(moments)
    delays[-1] += round(hold / unit)
    return kept, delays


def _check_target(path: str | Path, suffix: str, seconds: float, hold: float) -> Path:
    path = Path(path)
    if path.suffix.lower() != suffix:
        raise ValueError(f"The path {str(path)!r} must end in {suffix!r}.")
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(f"seconds is {seconds}; it must be above 0.")
    if not (math.isfinite(hold) and hold >= 0):
        raise ValueError(f"hold is {hold}; it must be 0 or more.")
    return path


def _check_scale(scale: int) -> int:
    if isinstance(scale, bool) or not isinstance(scale, (int, np.integer)) or scale < 1:
        raise ValueError(f"scale is {scale!r}; it must be a whole number of at least 1.")
    return int(scale)


def _check_labels(labels: Sequence[str] | None, count: int) -> list[str]:
    if labels is None:
        return [f"frame {index}" for index in range(count)]
    if len(labels) != count:
        raise ValueError(f"labels has {len(labels)} texts for {count} frames; give one for each.")
    return [str(label) for label in labels]


def _shown_scale(width: int) -> int:
    return max(1, round(SHOWN_WIDTH / width))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _to_png(picture: np.ndarray, level: int = 9) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=level)
    return buffer.getvalue()


def _still_png(picture: np.ndarray) -> bytes:
    """The bytes of a PNG file, with a table of colours where 256 suffice: a third of the size."""
    if picture.ndim == 2:
        return _to_png(picture)
    colours, entries = np.unique(picture.reshape(-1, 3), axis=0, return_inverse=True)
    if len(colours) > 256:
        return _to_png(picture)
    image = Image.frombytes("P", picture.shape[1::-1], entries.astype(np.uint8).tobytes())
    image.putpalette(colours.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=9)
    return buffer.getvalue()


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of ``path`` once it is complete, and leaves nothing if not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as file:
            yield file
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


class _ColourTable:
    """One table of colours for all frames of a GIF, and which colour becomes which entry."""

    def __init__(self, size: int) -> None:
        self.frames = 0
        self._size = size
        self._weights = np.zeros(0)
        self._sums = np.zeros((0, 3))

    def count(self, frame: np.ndarray) -> None:
        """Note how often each colour occurs in a frame."""
        keys = _colour_keys(frame)
        possible = 256 if frame.ndim == 2 else 64**3
        if self.frames == 0:
            self._weights = np.zeros(possible)
            self._sums = np.zeros((possible, 3))
        self._weights += np.bincount(keys, minlength=possible)
        for channel in range(3):
            values = frame if frame.ndim == 2 else frame[..., channel]
            self._sums[:, channel] += np.bincount(keys, values.ravel(), possible)
        self.frames += 1

    def choose(self) -> None:
        """Choose the table from the colours counted."""
        used = np.flatnonzero(self._weights)
        colours = self._sums[used] / self._weights[used, None]
        # One entry stays free, where possible, to mean "as in the frame before".
        if len(used) <= self._size:
            self.colours = np.round(colours).astype(np.uint8)
            entries = np.arange(len(used))
        else:
            self.colours = _fewer_colours(colours, self._weights[used], min(self._size, 255))
            table = self.colours.astype(np.float64)
            # Nearest entry; the squared length of the colour itself is the same for all.
            distances = (table**2).sum(1) - 2 * colours @ table.T
            entries = distances.argmin(1)
        self._entry = np.zeros(len(self._weights), np.uint8)
        self._entry[used] = entries
        self.unchanged = len(self.colours) if len(self.colours) < 256 else None

    def entries(self, frame: np.ndarray) -> np.ndarray:
        """The table entry of each pixel, uint8 (H, W)."""
        return self._entry[_colour_keys(frame)].reshape(frame.shape[:2])


def _colour_keys(frame: np.ndarray) -> np.ndarray:
    """A number for each pixel: the grey value, or 64 steps of red, green and blue."""
    if frame.ndim == 2:
        return frame.ravel()
    red, green, blue = (frame >> 2).reshape(-1, 3).T.astype(np.int32)
    return (red << 12) | (green << 6) | blue


def _fewer_colours(colours: np.ndarray, weights: np.ndarray, size: int) -> np.ndarray:
    """At most ``size`` colours that stand for many, found by Pillow's median cut and k-means."""
    # Pillow counts pixels, so make a picture where frequent colours have more of them.
    copies = np.maximum(1, np.round(weights * (1 << 17) / weights.sum())).astype(int)
    pixels = np.repeat(np.round(colours).astype(np.uint8), copies, axis=0)
    picture = Image.fromarray(pixels[None]).quantize(
        size, Image.Quantize.MEDIANCUT, kmeans=3, dither=Image.Dither.NONE
    )
    return np.array(picture.getpalette("RGB"), np.uint8).reshape(-1, 3)[:size]


def _write_gif(
    file: BinaryIO, frames: Iterable[np.ndarray], delays: np.ndarray, table: _ColourTable
) -> None:
    """Write a GIF89a file: https://www.w3.org/Graphics/GIF/spec-gif89a.txt"""
    previous = None
    for frame, delay in zip(frames, delays.tolist(), strict=True):
        entries = table.entries(frame)
        if previous is None:
            height, width = entries.shape
            file.write(b"GIF89a" + struct.pack("<HHBBB", width, height, 0b1_111_0_111, 0, 0))
            file.write(table.colours.tobytes().ljust(3 * 256, b"\0"))
            # Netscape's extension; 0 repetitions mean for ever.
            file.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", 0, 0))
            left = top = 0
            data, transparent = _compress_gif(entries), False
        else:
            left, top, data, transparent = _changes(previous, entries, table.unchanged)
        # The frame stays in place under the next one, which covers only what changes.
        flags = 1 << 2 | transparent
        file.write(b"\x21\xf9\x04")
        file.write(struct.pack("<BHBB", flags, delay, table.unchanged if transparent else 0, 0))
        file.write(struct.pack("<BHH", 0x2C, left, top) + data)
        previous = entries
    file.write(b"\x3b")


def _changes(
    previous: np.ndarray, entries: np.ndarray, unchanged: int | None
) -> tuple[int, int, bytes, bool]:
    """The smallest rectangle that holds all changes: left, top, GIF data, has unchanged pixels."""
    changed = previous != entries
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    # A frame without changes is one pixel, painted again in its own colour.
    top, bottom = (rows[0], rows[-1] + 1) if rows.size else (0, 1)
    left, right = (columns[0], columns[-1] + 1) if columns.size else (0, 1)
    place = np.s_[top:bottom, left:right]
    data, transparent = _compress_gif(entries[place]), False
    if unchanged is not None:
        holes = _compress_gif(np.where(changed[place], entries[place], np.uint8(unchanged)))
        if len(holes) < len(data):
            data, transparent = holes, True
    return int(left), int(top), data, transparent


def _compress_gif(entries: np.ndarray) -> bytes:
    """A GIF image block without its position: size, flags and compressed table entries."""
    buffer = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(entries)).convert("L")
    picture = Image.frombytes("P", picture.size, picture.tobytes())
    picture.putpalette(bytes(3 * 256))
    # With optimize Pillow would renumber the entries.
    picture.save(buffer, "GIF", optimize=False, interlace=False)
    encoded = buffer.getvalue()
    position = 13 + (3 << (encoded[10] & 7) + 1)
    while encoded[position] == 0x21:
        # An extension: two bytes, then blocks that each begin with their length, 0 at the end.
        position += 2
        while encoded[position]:
            position += 1 + encoded[position]
        position += 1
    descriptor = encoded[position : position + 10]
    position += 10
    if descriptor[9] & 0x80:
        position += 3 << (descriptor[9] & 7) + 1
    return descriptor[5:9] + b"\0" + encoded[position:-1]


def _write_webp(
    file: BinaryIO, frames: Iterable[np.ndarray], delays: np.ndarray, quality: int | None
) -> None:
    """Write an animated WebP: https://developers.google.com/speed/webp/docs/riff_container"""
    started = False
    for frame, delay in zip(frames, delays.tolist(), strict=True):
        height, width = frame.shape[:2]
        if not started:
            started = True
            # The length of the file comes at the end.
            file.write(b"RIFF\0\0\0\0WEBP")
            animated = 1 << 1
            canvas = bytes([animated, 0, 0, 0]) + _three_bytes(width - 1, height - 1)
            file.write(_chunk(b"VP8X", canvas))
            # A white background; 0 repetitions mean for ever.
            file.write(_chunk(b"ANIM", b"\xff\xff\xff\xff\0\0"))
        buffer = io.BytesIO()
        picture = Image.fromarray(frame).convert("RGB")
        if quality is None:
            picture.save(buffer, "WEBP", lossless=True, quality=70, method=2)
        else:
            picture.save(buffer, "WEBP", quality=quality, method=4)
        # Do not blend with the frame before: every frame is whole.
        place = _three_bytes(0, 0, width - 1, height - 1, delay) + b"\x02"
        # What Pillow writes for one picture is a RIFF header of 12 bytes and the image chunk.
        file.write(_chunk(b"ANMF", place + buffer.getvalue()[12:]))
    length = file.tell()
    file.seek(4)
    file.write(struct.pack("<I", length - 8))


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _three_bytes(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(3, "little") for number in numbers)

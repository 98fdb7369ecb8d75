"""Frames of a training run as an animated file, and how a notebook shows one."""

import base64
import html
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gan_helpers.checks import check_alt, check_number, check_path, check_whole
from gan_helpers.pictures import (
    check_frame,
    checked_frames,
    evenly_spaced,
    magnify,
    shown_scale,
    still_png,
)
from gan_helpers.runtime import replacing

import imageio.v3 as iio
import numpy as np
from PIL import Image

__all__ = [
    "Animation",
    "save_gif",
    "save_webp",
    "show_animation",
]

LONGEST = 3600.0  # seconds; a film of an hour is no animation for a page
LONGEST_GIF = 655.0  # seconds; the format has 16 bits for the hundredths of a frame
# Browsers slow a frame of 10 ms or less down to 100 ms, so faster animations would crawl.
MOST_FRAMES_PER_SECOND = 50
# Shades of red, green and blue that are told apart when there are too many colors; to choose
# among the millions of 256 shades would take Pillow minutes.
STEPS = 64


def save_gif(
    frames: Iterable[np.ndarray],
    path: str | Path,
    seconds: float = 6.0,
    hold: float = 1.0,
    *,
    colours: int = 256,
) -> Path:
    """Write frames as a GIF that loops for ever.

    All frames share one table of colors and each color always becomes the same table entry,
    without dithering, so what stays the same in the frames stays the same on the screen. Frames
    that have no more colors than the table, such as grey ones, are stored exactly.

    Args:
        frames: uint8 pictures of one shape, (H, W) or (H, W, 3). All of them are held in memory.
        path: where to write; must end in ".gif". Missing folders are made. The file appears
            only when it is complete.
        seconds: playing time of all frames together. Above 50 frames a second, evenly spaced
            frames are left out, because browsers cannot keep up.
        hold: seconds for which the last frame stays in addition.
        colours: size of the color table, 2 to 256. Fewer make a smaller file.

    Returns:
        The path of the file.

    Raises:
        TypeError: if a frame is not uint8, or the path is none.
        ValueError: if there are no frames, their shapes differ, or an argument is out of range.
    """
    check_whole("colours", colours, 2, 256)
    path = _check_target(path, ".gif", seconds, hold)
    if seconds + hold > LONGEST_GIF:
        raise ValueError(
            f"seconds and hold are {seconds + hold:.0f} s together; a GIF allows "
            f"{LONGEST_GIF:.0f} s at most."
        )
    chosen, delays = _timed(frames, seconds, hold, unit=10)
    table, entries = _one_table([_three_channels(frame) for frame in chosen], colours)
    # Where little changes, Pillow repaints only that. For "as before" it takes the entry behind
    # the last one, so fill up the table until that lies within the power of two that is stored.
    size = min(2 ** len(table).bit_length() - 1, 256)
    palette = table.tobytes().ljust(3 * size, b"\0")
    _write(path, entries, mode="P", palette=palette, optimize=True, duration=delays)
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
        frames: uint8 pictures of one shape, (H, W) or (H, W, 3). All of them are held in memory.
        path: where to write; must end in ".webp". Missing folders are made. The file appears
            only when it is complete.
        seconds: playing time of all frames together. Above 50 frames a second, evenly spaced
            frames are left out, because browsers cannot keep up.
        hold: seconds for which the last frame stays in addition.
        quality: None stores every pixel exactly; color pictures become about four times as
            large as a GIF. 0 to 100 makes smaller files, which blur colors across the edges of
            small pictures, and where constant areas waver by a few grey values.

    Returns:
        The path of the file. If nothing ever changes, it holds one picture without a duration.

    Raises:
        TypeError: if a frame is not uint8, or the path is none.
        ValueError: if there are no frames, their shapes differ, or an argument is out of range.
    """
    if quality is not None:
        check_whole("quality", quality, 0, 100)
    path = _check_target(path, ".webp", seconds, hold)
    chosen, delays = _timed(frames, seconds, hold, unit=1)
    if quality is None:
        # Here quality and method say how long to look for a small file: not long.
        options = {"lossless": True, "quality": 20, "method": 1}
    else:
        # Whole frames: repainting only what has changed much leaves blocks of earlier frames.
        options = {"quality": quality, "method": 4, "kmax": 1}
    _write(path, chosen, duration=delays, **options)
    return path


def _check_target(path: str | Path, suffix: str, seconds: float, hold: float) -> Path:
    path = check_path("path", path)
    if path.suffix.lower() != suffix:
        raise ValueError(f"The path {str(path)!r} must end in {suffix!r}.")
    check_number("seconds", seconds, above=0, most=LONGEST)
    check_number("hold", hold, 0, LONGEST)
    return path


def _timed(
    frames: Iterable[np.ndarray], seconds: float, hold: float, unit: int
) -> tuple[list[np.ndarray], list[int]]:
    """The frames to write and the milliseconds for which each stays, multiples of ``unit``."""
    # Copies, because some iterators fill the same array again and again.
    frames = [frame.copy() for frame in checked_frames(frames)]
    most = max(2, int(seconds * MOST_FRAMES_PER_SECOND))
    kept = evenly_spaced(len(frames), most)
    # Rounding the moments rather than the delays keeps the total right.
    moments = np.linspace(0, 1000 * seconds / unit, len(kept) + 1).round()
    delays = np.diff(moments)
    delays[-1] += round(1000 * hold / unit)
    return [frames[index] for index in kept], [unit * int(delay) for delay in delays]


def _write(path: Path, frames: Iterable[np.ndarray], **options: Any) -> None:
    with (
        replacing(path) as unfinished,
        unfinished.open("wb") as stream,
        iio.imopen(stream, "w", plugin="pillow", extension=path.suffix.lower()) as file,
    ):
        # The delays are a list, which Pillow takes only with save_all, even for one frame.
        options |= {"is_batch": False, "save_all": True, "loop": 0}
        for frame in frames:
            file.write(frame, **options)


def _one_table(frames: list[np.ndarray], size: int) -> tuple[np.ndarray, Iterator[np.ndarray]]:
    """At most ``size`` colors for all frames, and which of them each pixel of a frame gets."""
    colors = np.empty(0, int)
    for frame in frames:
        colors = np.union1d(colors, _color_numbers(frame, 256))
        if len(colors) > size:
            return _reduced_table(frames, size)
    table = np.stack([colors >> 16, colors >> 8, colors], axis=-1).astype(np.uint8)
    numbers = (_color_numbers(frame, 256) for frame in frames)
    return table, (np.searchsorted(colors, number).astype(np.uint8) for number in numbers)


def _reduced_table(frames: list[np.ndarray], size: int) -> tuple[np.ndarray, Iterator[np.ndarray]]:
    """Like ``_one_table`` for more colors: the mean of similar ones gets the nearest entry."""
    weights, sums = np.zeros(STEPS**3), np.zeros((STEPS**3, 3))
    for frame in frames:
        cells = _color_numbers(frame, STEPS).ravel()
        weights += np.bincount(cells, minlength=STEPS**3)
        for channel in range(3):
            sums[:, channel] += np.bincount(cells, frame[..., channel].ravel(), STEPS**3)
    used = np.flatnonzero(weights)
    means = np.round(sums[used] / weights[used, None]).astype(np.uint8)
    # Pillow counts pixels, so make a picture where frequent colors have more of them. 255, because
    # a table without a free entry makes the file a third larger: see save_gif.
    copies = np.ceil(weights[used] * (2**17 / weights.sum())).astype(int)
    picture = Image.fromarray(means.repeat(copies, axis=0)[None]).quantize(
        min(size, 255), Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE
    )
    table = np.array(picture.getpalette("RGB"), np.uint8).reshape(-1, 3)
    entries = np.zeros(STEPS**3, np.uint8)
    entries[used] = np.asarray(picture)[0, copies.cumsum() - 1]
    return table, (entries[_color_numbers(frame, STEPS)] for frame in frames)


def _color_numbers(frame: np.ndarray, steps: int) -> np.ndarray:
    """A number for each pixel's color, (H, W), with ``steps`` shades of red, green and blue."""
    red, green, blue = np.moveaxis(frame.astype(np.int32) * steps // 256, -1, 0)
    return (red * steps + green) * steps + blue


def _three_channels(frame: np.ndarray) -> np.ndarray:
    return frame if frame.ndim == 3 else np.broadcast_to(frame[..., None], (*frame.shape, 3))


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
            # Any, because a picture of another format has no n_frames.
            animation: Any = Image.open(io.BytesIO(self._file), formats=("GIF", "WEBP"))
            animation.seek(animation.n_frames - 1)
            last = np.asarray(animation.convert("RGB"))
        except Exception as error:  # a file can be damaged in more ways than anyone can list
            raise ValueError(
                f"{self.path} is neither GIF nor WebP, or damaged; write it with save_gif or "
                "save_webp."
            ) from error
        self._mime_type = Image.MIME[animation.format]
        self._scale = shown_scale(animation.width) if scale is None else check_whole("scale", scale)
        self._width = animation.width * self._scale
        if still is None:
            self._still = last
        elif isinstance(still, (str, Path)):
            # Not of every format: Pillow has programs run for some.
            still = check_path("still", still)
            with Image.open(still, formats=("PNG", "JPEG", "GIF", "WEBP")) as picture:
                self._still = np.asarray(picture.convert("RGB"))
        else:
            self._still = check_frame(still, 0)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        moving = f"data:{self._mime_type};base64,{_base64(self._file)}"
        still = f"data:image/png;base64,{_base64(still_png(self._still))}"
        # People who ask their system for less motion get the still.
        markup = (
            f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="{still}">'
            f'<img src="{moving}" alt="{html.escape(self.alt)}" width="{self._width}" '
            'style="image-rendering: pixelated"></picture>'
        )
        return (
            {
                "text/html": markup,
                "image/png": _base64(still_png(magnify(self._still, self._scale))),
                "text/plain": self.alt,
            },
            {"image/png": {"alt": self.alt}},
        )


show_animation = Animation  # the name that lessons call


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

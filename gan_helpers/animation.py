"""Frames of a training run as an animated file, and how a notebook shows one."""

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

from gan_helpers.checks import check_alt, check_number, check_path, check_whole
from gan_helpers.pictures import (
    check_frame,
    checked_frames,
    evenly_spaced,
    magnify,
    shown_scale,
    still_png,
)

import numpy as np
from PIL import Image

__all__ = [
    "Animation",
    "save_gif",
    "save_webp",
    "show_animation",
]

LONGEST = 3600.0  # seconds; a film of an hour is no animation for a page
# Browsers slow a frame of 10 ms or less down to 100 ms, so faster animations would crawl.
MOST_FRAMES_PER_SECOND = 50


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
        TypeError: if a frame is not uint8, or the path is none.
        ValueError: if there are no frames, their shapes differ, or an argument is out of range.
    """
    check_whole("colours", colours, 2, 256)
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
        TypeError: if a frame is not uint8, or the path is none.
        ValueError: if there are no frames, their shapes differ, or an argument is out of range.
    """
    if quality is not None:
        check_whole("quality", quality, 0, 100)
    path = _check_target(path, ".webp", seconds, hold)
    with _reread(frames) as source:
        count = sum(1 for _ in source)
        kept, delays = _timing(count, seconds, hold, unit=0.001)
        with _replacing(path) as file:
            _write_webp(file, _at(source, kept), delays, quality)
    return path


class _Frames:
    """Frames that can be gone through again and again, checked each time."""

    def __init__(self, frames: Iterable[np.ndarray]) -> None:
        self._frames = frames

    def __iter__(self) -> Iterator[np.ndarray]:
        return checked_frames(self._frames)


class _Spool:
    """Frames of an iterator, kept compressed in a temporary file."""

    def __init__(self, frames: Iterable[np.ndarray], file: BinaryIO) -> None:
        self._file = file
        self._sizes = []
        for frame in checked_frames(frames):
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
    if not isinstance(frames, Iterator):
        yield _Frames(frames)
        return
    with tempfile.TemporaryFile() as file:
        yield _Spool(frames, file)


def _at(frames: Iterable[np.ndarray], indices: Sequence[int]) -> Iterator[np.ndarray]:
    wanted = set(indices)
    return (frame for index, frame in enumerate(frames) if index in wanted)


def _timing(
    count: int, seconds: float, hold: float, unit: float
) -> tuple[Sequence[int], np.ndarray]:
    """Which frames to write and how long each stays, in whole ``unit`` seconds."""
    most = max(2, int(seconds * MOST_FRAMES_PER_SECOND))
    kept = range(count) if count <= most else evenly_spaced(count, most)
    # Rounding the moments rather than the delays keeps the total right.
    moments = np.round(np.arange(len(kept) + 1) * seconds / len(kept) / unit).astype(int)
    delays = np.diff(moments)
    delays[-1] += round(hold / unit)
    return kept, delays


def _check_target(path: str | Path, suffix: str, seconds: float, hold: float) -> Path:
    path = check_path("path", path)
    if path.suffix.lower() != suffix:
        raise ValueError(f"The path {str(path)!r} must end in {suffix!r}.")
    check_number("seconds", seconds, above=0, most=LONGEST)
    check_number("hold", hold, 0, LONGEST)
    return path


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
            entries = _nearest(colours, self.colours.astype(np.float64))
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


def _nearest(colours: np.ndarray, table: np.ndarray) -> np.ndarray:
    """The entry of ``table`` nearest to each colour."""
    nearest = []
    # In parts, because all distances at once may need half a gigabyte.
    for part in np.array_split(colours, math.ceil(len(colours) / 4096)):
        # The squared length of the colour itself is the same for all entries.
        nearest.append(((table**2).sum(1) - 2 * part @ table.T).argmin(1))
    return np.concatenate(nearest)


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
        self._scale = shown_scale(animation.width) if scale is None else check_whole("scale", scale)
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


def show_animation(
    path: str | Path,
    alt: str,
    still: np.ndarray | str | Path | None = None,
    scale: int | None = None,
) -> Animation:
    """Show a GIF or WebP file: put the call on the last line of a cell. See ``Animation``."""
    return Animation(path, alt, still, scale)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

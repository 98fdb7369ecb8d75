"""Pictures side by side: as a figure with texts, as one grid, as a strip of frames.

Brightness is never touched: 0 is black and 255 is white, whatever a picture holds.
"""

import io
import math
from collections.abc import Iterable, Iterator, Sequence

from gan_helpers.checks import (
    as_array,
    check_alt,
    check_pixels,
    check_text,
    check_texts,
    check_whole,
    describe,
    pixel_remedy,
)
from gan_helpers.plots import DPI, FONT_SIZE, INK, LessonFigure, few_colours_png

import numpy as np
from PIL import Image

__all__ = [
    "check_frame",
    "check_labels",
    "checked_frames",
    "evenly_spaced",
    "filmstrip",
    "image_grid",
    "magnify",
    "picture_figure",
    "plot_images",
    "shown_scale",
    "still_png",
    "to_png",
]

WHITE = 255
# A picture narrower than this many pixels is magnified by a whole number before it is shown.
SHOWN_WIDTH = 460
LARGEST_SIDE = 16383  # pixels, that of a WebP file


def plot_images(
    images: np.ndarray,
    columns: int | None = None,
    titles: Sequence[str] | None = None,
    title: str | None = None,
    *,
    alt: str,
) -> LessonFigure:
    """Show pictures side by side, magnified, without touching their brightness.

    Args:
        images: uint8, shape (n, height, width, channels) with 1 or 3 channels. 0 is always shown
            as black and 255 as white, whatever the pictures hold.
        columns: pictures in a row. Default: one row up to eight pictures, else about square, with
            full rows where that is possible.
        titles: one short text for each picture, written above it.
        title: one line above all the pictures.
        alt: what the pictures show. Required.

    Returns:
        The figure. Every pixel of a picture is a square of whole pixels.

    Raises:
        TypeError: if ``images`` is not uint8, or a title no text.
        ValueError: if the shape, ``columns`` or the number of titles does not fit.
    """
    check_alt(alt)
    images = check_pixels(images, channels=(1, 3))
    count, _, picture_width, _ = images.shape
    if titles is not None:
        titles = check_texts("titles", titles, count, "pictures")
    if columns is not None:
        check_whole("columns", columns)
    check_text("title", title)

    scale = max(1, round((150 if count <= 6 else 96) / picture_width))
    return picture_figure(
        list(images), titles, columns or _pleasing_columns(count), scale, title=title, alt=alt
    )


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
    labels = check_labels(labels, len(frames))
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

    Example:
        >>> image_grid(np.zeros((6, 28, 28, 1), np.uint8), columns=3).shape
        (57, 86)
    """
    images = check_pixels(images, channels=(1, 3))
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


def picture_figure(
    images: Sequence[np.ndarray],
    texts: Sequence[str] | None,
    columns: int,
    scale: int,
    *,
    alt: str,
    title: str | None = None,
    below: bool = False,
    widest: int = 1000,
) -> LessonFigure:
    """Lay out pictures of one size, each magnified ``scale`` times, with a text at each.

    Args:
        images: uint8 pictures, (height, width), (height, width, 1) or (height, width, 3).
        texts: one for each picture, or None.
        columns: pictures in a row, if ``widest`` allows.
        scale: pixels of the figure along one pixel of a picture.
        alt: what the pictures show.
        title: one line above all of them.
        below: write the texts below their pictures, not above.
        widest: the most pixels that the figure may be wide, unless one picture needs more.
    """
    count = len(images)
    picture_height, picture_width = (scale * side for side in images[0].shape[:2])
    # All lengths are in pixels of the figure, so that no picture is resampled unevenly.
    letter_width, line_height, margin, gap = 10, 24, 8, 6
    text_height, text_width = 0, 0
    if texts is not None:
        text_height, text_width = line_height, letter_width * max(len(text) for text in texts)
    cell_width = max(picture_width, text_width) + gap
    cell_height = picture_height + gap + text_height
    columns = max(1, min(columns, count, (widest - 2 * margin) // cell_width))
    rows = math.ceil(count / columns)
    heading = line_height + margin if title else 0
    total_width = max(columns * cell_width, letter_width * len(title or "")) + 2 * margin
    total_height = rows * cell_height + heading + 2 * margin

    figure = LessonFigure(figsize=(total_width / DPI, total_height / DPI), alt=alt)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    canvas = np.full((total_height, total_width, 3), 255, np.uint8)
    left_edge = (total_width - columns * cell_width + gap) // 2
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        # Centre the picture beside its text.
        left = left_edge + column * cell_width + (cell_width - gap - picture_width) // 2
        top = margin + heading + row * cell_height + (0 if below else text_height)
        bottom = top + picture_height
        magnified = magnify(image, scale).reshape(picture_height, picture_width, -1)
        canvas[top:bottom, left : left + picture_width] = magnified
        if texts is not None:
            axes.text(
                left + picture_width / 2,
                bottom + 4 if below else top - 4,
                texts[index],
                ha="center",
                va="top" if below else "bottom",
                fontsize=FONT_SIZE - 1,
                color=INK,
            )
    if title:
        size = FONT_SIZE + 1
        axes.text(total_width / 2, margin, title, ha="center", va="top", fontsize=size, color=INK)
    # The axes' units are the figure's pixels, with the origin at the top left.
    axes.imshow(
        canvas,
        extent=(0, total_width, total_height, 0),
        interpolation="nearest",
        aspect="auto",
        origin="upper",
    )
    return figure


def magnify(image: np.ndarray, scale: int) -> np.ndarray:
    """Repeat every pixel of a picture ``scale`` times along both axes."""
    return image.repeat(scale, axis=0).repeat(scale, axis=1)


def check_frame(frame: np.ndarray, index: int) -> np.ndarray:
    """Return the frame, or raise ``TypeError`` or ``ValueError`` if it is no uint8 picture."""
    frame = as_array(f"Frame {index}", frame)
    if frame.dtype != np.uint8:
        raise TypeError(
            f"Frame {index} is {frame.dtype}; frames must be uint8 pixels from 0 to 255."
            + pixel_remedy(frame.dtype)
        )
    if frame.shape[2:] == (1,):
        frame = frame[..., 0]
    if frame.ndim not in (2, 3) or frame.shape[2:] not in ((), (3,)) or 0 in frame.shape:
        remedy = (
            "Drop the alpha channel with frame[..., :3]."
            if frame.shape[2:] == (4,)
            else "image_grid turns several pictures into one frame."
        )
        raise ValueError(
            f"Frame {index} has shape {frame.shape}; it must be (H, W) or (H, W, 3). {remedy}"
        )
    if max(frame.shape) > LARGEST_SIDE:
        raise ValueError(
            f"Frame {index} has shape {frame.shape}; a side may have {LARGEST_SIDE} pixels at "
            "most. Show fewer or smaller pictures in one frame."
        )
    return frame


def checked_frames(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the frames, one at a time, after making sure that they fit together."""
    shape = None
    if not isinstance(frames, Iterable):
        raise TypeError(f"frames is {describe(frames)}; give a list of uint8 pictures.")
    for index, frame in enumerate(frames):
        frame = check_frame(frame, index)
        if shape is None:
            shape = frame.shape
        elif frame.shape != shape:
            raise ValueError(f"Frame {index} has shape {frame.shape}, but frame 0 has {shape}.")
        yield frame
    if shape is None:
        raise ValueError("There are no frames; record at least one first.")


def evenly_spaced(total: int, count: int) -> list[int]:
    """At most ``count`` indices below ``total``, with the first and the last among them.

    Raises:
        ValueError: if ``total`` is below 1, or ``count`` too small for the first and the last.

    Example:
        >>> evenly_spaced(total=100, count=4)
        [0, 33, 66, 99]
    """
    check_whole("total", total)
    check_whole("count", count, min(2, total))
    return np.linspace(0, total - 1, min(count, total)).round().astype(int).tolist()


def check_labels(labels: Sequence[str] | None, count: int) -> list[str]:
    if labels is None:
        return [f"frame {index}" for index in range(count)]
    return check_texts("labels", labels, count, "frames")


def to_png(picture: np.ndarray, level: int = 9) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=level)
    return buffer.getvalue()


def still_png(picture: np.ndarray) -> bytes:
    """The bytes of a PNG file; colour pictures in 256 colours, a third of the size."""
    return to_png(picture) if picture.ndim == 2 else few_colours_png(Image.fromarray(picture))


def _pleasing_columns(count: int) -> int:
    if count <= 8:
        return count
    square = math.ceil(math.sqrt(count))
    return next((c for c in range(square, 11) if count % c == 0), square)


def shown_scale(width: int) -> int:
    return max(1, round(SHOWN_WIDTH / width))

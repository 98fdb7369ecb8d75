"""Pictures side by side: as a figure with texts, as one grid, as a strip of frames.

Brightness is never touched: 0 is black and 255 is white, whatever a picture holds.
"""

import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

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
from gan_helpers.plots import (
    DISCRIMINATOR_STYLE,
    DPI,
    FAKE,
    FONT_SIZE,
    GENERATOR_STYLE,
    INK,
    LessonFigure,
    few_colours_png,
)

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
    "plot_rows",
    "plot_training",
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


def _show_canvas(axes: Any, canvas: np.ndarray) -> None:
    """The axes' units are then the canvas's pixels, with the origin at the top left."""
    height, width, _ = canvas.shape
    axes.imshow(
        canvas,
        extent=(0, width, height, 0),
        interpolation="nearest",
        aspect="auto",
        origin="upper",
    )


def plot_rows(rows: Mapping[str, np.ndarray], *, alt: str) -> LessonFigure:
    """Show rows of pictures, each with its name at its left.

    Args:
        rows: name, of one or more lines -> uint8 pictures (n, height, width, channels) with 1 or 3
            channels, the same number and shape in each row. 0 is shown as black and 255 as white.
        alt: what the rows show. Required.

    Returns:
        The figure. Every pixel of a picture is a square of whole pixels, and a picture at least
        64 of them wide.

    Raises:
        TypeError: if the pictures are not uint8.
        ValueError: if there are no rows, or they differ in shape.
    """
    check_alt(alt)
    names = check_texts("rows", list(rows), len(rows), "rows")
    pictures = [check_pixels(images, channels=(1, 3)) for images in rows.values()]
    if not pictures or len({images.shape for images in pictures}) > 1:
        raise ValueError(
            f"The rows have the shapes {[images.shape for images in pictures]}; "
            "give at least one row, and rows of equally many pictures of one shape."
        )
    count, _, width, _ = pictures[0].shape
    scale = math.ceil(64 / width)
    grids = [image_grid(images, columns=count, padding=2, scale=scale) for images in pictures]
    margin, gap = 10 * max(len(line) for name in names for line in name.splitlines()) + 16, 8
    row_height = grids[0].shape[0] + gap
    total_width = margin + grids[0].shape[1] + gap
    total_height = len(grids) * row_height + gap
    figure = LessonFigure(figsize=(total_width / DPI, total_height / DPI), alt=alt)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    canvas = np.full((total_height, total_width, 3), WHITE, np.uint8)
    for row, (name, grid) in enumerate(zip(names, grids, strict=True)):
        top = gap + row * row_height
        canvas[top : top + len(grid), margin : margin + grid.shape[1]] = np.atleast_3d(grid)
        middle = top + len(grid) / 2
        axes.text(margin - 10, middle, name, ha="right", va="center", fontsize=FONT_SIZE, color=INK)
    _show_canvas(axes, canvas)
    return figure


def plot_training(
    images: np.ndarray,
    history: Mapping[str, Sequence[float]],
    epochs: int,
    *,
    title: str,
    alt: str,
    columns: int = 10,
) -> LessonFigure:
    """Draw one moment of a training: samples above, both losses and the distance below.

    Args:
        images: uint8 samples (n, height, width, channels), from the same latents every time.
        history: ``generator_loss`` and ``discriminator_loss``, one mean per epoch, may be empty
            so far; ``distance``, one per epoch and one for the untrained generator at its start.
        epochs: epochs that the training has in all; the axes are that long from the beginning.
        title: the moment, such as "epoch 3 of 12".
        alt: what the picture shows. Required.
        columns: samples per row.

    Returns:
        The figure, drawn in about a sixth of a second.
    """
    check_alt(alt)
    check_text("title", title)
    check_whole("epochs", epochs)
    grid = image_grid(images, columns, padding=2, scale=math.ceil(64 / images.shape[2]))
    tall, wide = grid.shape[0], max(grid.shape[1], 900)
    margin, heading, curves = 16, 34, 330
    height = heading + tall + curves
    figure = LessonFigure(figsize=((wide + 2 * margin) / DPI, height / DPI), alt=alt)
    width = wide + 2 * margin
    figure.text(
        0.5, 1 - 8 / height, title, ha="center", va="top", fontsize=FONT_SIZE + 2, color=INK
    )
    left = (width - grid.shape[1]) // 2
    place = (left / width, curves / height, grid.shape[1] / width, tall / height)
    samples = figure.add_axes(place)
    samples.set_axis_off()
    samples.imshow(
        grid,
        cmap="gray",
        vmin=0,
        vmax=WHITE,
        interpolation="nearest",
        aspect="auto",
        origin="upper",
    )
    bottom, top = 62 / height, (curves - 62 - 48) / height
    losses, distance = (
        figure.add_subplot(position=(start, bottom, 0.4, top)) for start in (0.075, 0.575)
    )
    beside = losses.get_yaxis_transform()
    for name, style, level, told in (
        ("discriminator", DISCRIMINATOR_STYLE, math.log(4), "log 4"),
        ("generator", GENERATOR_STYLE, math.log(2), "log 2"),
    ):
        values, color = history[f"{name}_loss"], style["color"]
        losses.plot(range(1, len(values) + 1), values, label=name, **_few_markers(style, values))
        # Its loss if D says one half to everything.
        losses.axhline(level, color=color, linewidth=1.5, linestyle=":", zorder=1.7)
        losses.text(1.01, level, told, color=color, va="center", transform=beside)
    losses.set(ylim=(0, 2.2), title="losses", xlabel="epoch")
    losses.legend(loc="lower center", ncols=2, columnspacing=1, handlelength=2.2)
    values = history["distance"]
    line = {"color": FAKE, "linestyle": "--", "marker": "s"}
    distance.plot(range(len(values)), values, **_few_markers(line, values))
    distance.set_yscale("log")
    distance.set_yticks([1, 3, 10, 30, 100, 300], ["1", "3", "10", "30", "100", "300"])
    distance.minorticks_off()
    distance.set(ylim=(1, 400), title="distance to real digits (log scale)", xlabel="epoch")
    for axes in (losses, distance):
        axes.set_xlim(0, epochs + 0.5)
        axes.locator_params(axis="x", integer=True)
    return figure


def _few_markers(style: Mapping[str, Any], values: Sequence[float]) -> dict[str, Any]:
    """The style without its marker where there are so many points that it would hide the line."""
    return {**style, "marker": style["marker"] if len(values) <= 20 else ""}


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
    footer: np.ndarray | None = None,
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
        footer: a color picture, such as a key, that stands once below all of them.
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
    foot_height, foot_width = (0, 0) if footer is None else footer.shape[:2]
    total_width = max(columns * cell_width, letter_width * len(title or ""), foot_width)
    total_width += 2 * margin
    total_height = rows * cell_height + heading + foot_height + 2 * margin

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
    if footer is not None:
        left = (total_width - foot_width) // 2
        canvas[-foot_height - margin : -margin, left : left + foot_width] = footer
    if title:
        size = FONT_SIZE + 1
        axes.text(total_width / 2, margin, title, ha="center", va="top", fontsize=size, color=INK)
    _show_canvas(axes, canvas)
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

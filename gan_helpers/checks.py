"""What functions ask of their arguments: a wrong one is refused before anything is done.

Each check returns the argument in the form in which it is used, or raises an error that says what
was given, what is expected and what to do. A number that is none or out of range makes a
``ValueError``, and so does an array of the wrong shape; one of the wrong kind a ``TypeError``.
"""

import math
import operator
import os
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "as_array",
    "check_alt",
    "check_class_numbers",
    "check_dropout",
    "check_extremes",
    "check_flag",
    "check_function",
    "check_image_shape",
    "check_model_range",
    "check_name",
    "check_number",
    "check_path",
    "check_pixels",
    "check_shares",
    "check_sizes",
    "check_some_dark",
    "check_text",
    "check_texts",
    "check_training_images",
    "check_whole",
    "check_whole_numbers",
    "describe",
    "find_named",
    "pixel_remedy",
    "shape_remedy",
]

# Rounding may lead a little out of [-1, 1]; pixels from 0 to 255 lie far outside.
FARTHEST_IN_MODEL_RANGE = 1.001
# So many images without a dark pixel are no photographs, and no digits, in [-1, 1].
ENOUGH_TO_TELL = 32
LARGEST_CLASS = 2**31 - 1  # batches hold int32


def describe(value: Any) -> str:
    """What a wrong argument is, in a few words that fit in a message.

    Example:
        >>> describe(np.zeros((2, 3)))
        'an array of float64 with shape (2, 3)'
    """
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"an array of {getattr(value, 'dtype', 'unknown type')} with shape {shape}"
    text = repr(str(value) if isinstance(value, str) else value)  # NumPy's texts name their type
    return text if len(text) <= 60 else f"a {type(value).__name__}"


def check_whole(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """The whole number, such as a size, a count or a seed.

    Example:
        >>> check_whole("columns", 0)
        Traceback (most recent call last):
        ValueError: columns must be a whole number of at least 1, but is 0.
    """
    limits = f"of at least {least}" if most is None else f"from {least} to {most}"
    try:
        number = None if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least or (most is not None and number > most):
        raise ValueError(f"{name} must be a whole number {limits}, but is {describe(value)}.")
    return number


def check_sizes(**sizes: int) -> list[int]:
    """Whole numbers of at least 1, in the order given."""
    return [check_whole(name, size) for name, size in sizes.items()]


def check_number(
    name: str,
    value: Any,
    least: float = -math.inf,
    most: float = math.inf,
    *,
    above: float = -math.inf,
    below: float = math.inf,
) -> float:
    """The number, such as a rate or a share; finite, and from ``least`` to ``most``.

    Args:
        name: of the argument.
        value: what was given.
        least: smallest allowed number.
        most: largest allowed number.
        above: number that it must exceed.
        below: number that it must stay under.
    """
    fits = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    # NaN fails every comparison.
    if not (fits and least <= value <= most and above < value < below and math.isfinite(value)):
        limits = [
            f"{words} {limit:g}"
            for words, limit in (
                ("of at least", least),
                ("above", above),
                ("at most", most),
                ("below", below),
            )
            if math.isfinite(limit)
        ]
        wanted = " ".join(["a finite number", " and ".join(limits)]).strip()
        raise ValueError(f"{name} must be {wanted}, but is {describe(value)}.")
    return value


def check_flag(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} is {describe(value)}; give True or False.")
    return bool(value)


def check_name(kind: str, name: Any, known: Iterable[str]) -> str:
    """The name, if it is one of those known.

    Args:
        kind: what is named, such as "failure".
        name: what was given.
        known: the names there are, for example the keys of a dict.
    """
    if not isinstance(name, str) or name not in list(known):
        names = ", ".join(map(repr, known))
        raise ValueError(f"There is no {kind} {describe(name)}; there are {names}.")
    return name


def find_named(known: Mapping[str, Any], name: str, kind: str) -> Any:
    """The entry of this name, or a ValueError that lists the names there are."""
    return known[check_name(kind, name, known)]


def check_texts(name: str, texts: Any, count: int, things: str) -> list[str]:
    """A list of one text for each of ``count`` things, such as "frames"."""
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        raise TypeError(f"{name} is {describe(texts)}; give a list of texts, one for each.")
    texts = [str(text) for text in texts]
    if len(texts) != count:
        raise ValueError(f"{name} has {len(texts)} texts for {count} {things}; give one for each.")
    return texts


def check_path(name: str, path: Any) -> Path:
    """The path of a file or folder; a ``~`` at its beginning is the home folder."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{name} is {describe(path)}; give a path, as a text or a pathlib.Path.")
    # That of pathlib raises where there is no such user; then it is the name of a folder.
    return Path(os.path.expanduser(path))


def check_function(name: str, function: Any, purpose: str) -> Callable:
    """The function.

    Args:
        name: of the argument.
        function: what was given.
        purpose: what it does, such as "of fake_logits that returns a scalar".
    """
    if not callable(function):
        raise TypeError(f"{name} is {describe(function)}; give a function {purpose}.")
    return function


def as_array(name: str, values: Any) -> np.ndarray:
    """An array of numbers or truth values, of whatever NumPy can read."""
    mode = getattr(values, "mode", None)
    if isinstance(mode, str) and mode not in ("1", "L", "LA", "RGB", "RGBA"):  # of a Pillow image
        raise TypeError(
            f"{name} is a picture of mode {mode!r}, whose numbers are no brightness of "
            "red, green and blue: convert it with image.convert('RGB')."
        )
    try:
        array = np.asarray(values)
    except Exception as error:  # each library has its own kind of error for its own arrays
        raise TypeError(
            f"{name} is a {type(values).__name__} that NumPy cannot read ({error}). Give an array "
            "of numbers; convert those of other libraries first."
        ) from error
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
        raise TypeError(f"{name} is {describe(values)}; give an array of real numbers.")
    return array


def check_pixels(images: Any, channels: tuple[int, ...] = (), name: str = "images") -> np.ndarray:
    """Pixels, uint8 ``(count, height, width, channels)``, at least one of them.

    Args:
        images: what was given.
        channels: numbers of channels that are allowed; empty for any.
        name: of the argument.
    """
    images = as_array(name, images)
    if images.dtype != np.uint8:
        raise TypeError(
            f"{name} are {images.dtype}; they must be uint8 pixels from 0 to 255."
            + pixel_remedy(images.dtype)
        )
    if images.ndim != 4 or (channels and images.shape[3] not in channels):
        last = " or ".join(map(str, channels)) or "channels"
        raise ValueError(
            f"{name} have shape {images.shape}; it must be (count, height, width, {last})."
            + shape_remedy(images.shape, channels)
        )
    if 0 in images.shape:
        raise ValueError(f"{name} have shape {images.shape}: there is none. Give at least one.")
    return images


def check_model_range(
    images: Any, name: str = "images", shape: tuple[int, ...] | None = None
) -> np.ndarray:
    """Images as models take them: floats in [-1, 1], ``(count, height, width, channels)``.

    Images in [0, 1] pass: a few could not be told from bright ones in [-1, 1].

    Args:
        images: what was given.
        name: of the argument.
        shape: ``(height, width, channels)`` if only one is allowed.
    """
    images = as_array(name, images)
    if images.dtype.kind in "biu":
        raise TypeError(
            f"{name} are {images.dtype}; they must be floats in [-1, 1]. Turn pixels into them "
            "with gan_helpers.data.to_model_range."
        )
    wanted = "height, width, channels" if shape is None else ", ".join(map(str, shape))
    if images.ndim != 4 or (shape is not None and images.shape[1:] != tuple(shape)):
        raise ValueError(
            f"{name} have shape {images.shape}; it must be (count, {wanted})."
            + shape_remedy(images.shape, () if shape is None else shape[-1:])
        )
    if 0 in images.shape:
        raise ValueError(f"{name} have shape {images.shape}: there is none. Give at least one.")
    check_extremes(float(images.min()), float(images.max()), name)
    return images


def check_training_images(
    images: Any, name: str = "images", shape: tuple[int, ...] | None = None
) -> np.ndarray:
    """Images as ``check_model_range`` takes them; of many, some must be darker than mid-grey."""
    images = check_model_range(images, name, shape)
    check_some_dark(len(images), float(images.min()), float(images.max()), name.lower())
    return images


def check_extremes(lowest: float, highest: float, name: str) -> None:
    """Raise a ValueError if images from ``lowest`` to ``highest`` do not lie in [-1, 1]."""
    if math.isnan(lowest):
        raise ValueError(f"{name} hold NaN. Look at what made them.")
    if not -FARTHEST_IN_MODEL_RANGE <= lowest <= highest <= FARTHEST_IN_MODEL_RANGE:
        raise ValueError(
            f"{name} run from {lowest:g} to {highest:g}; they must lie in [-1, 1]. Use "
            "gan_helpers.data.to_model_range on uint8 pixels."
        )


def check_some_dark(count: int, lowest: float, highest: float, name: str) -> None:
    """Raise a ValueError if many images have no value below 0, and so seem to lie in [0, 1]."""
    if count >= ENOUGH_TO_TELL and lowest >= 0 and highest > 0:
        raise ValueError(
            f"Not one of {count} {name} has a value below 0, so they seem to lie in [0, 1]; "
            "they must lie in [-1, 1]. Use gan_helpers.data.to_model_range on uint8 pixels, or "
            "2 * images - 1."
        )


def check_class_numbers(
    labels: Any, count: int, classes: int | None = None, name: str = "labels"
) -> np.ndarray:
    """Numbers of classes, one an image: whole numbers from 0, shape ``(count,)``.

    Args:
        labels: what was given; True and False are two classes, and 2.0 is class 2.
        count: number of images.
        classes: number of classes, if it is known.
        name: of the argument.

    Returns:
        int64, shape ``(count,)``.
    """
    labels = as_array(name, labels)
    if labels.shape != (count,):
        raise ValueError(
            f"{name} have shape {labels.shape}; it must be ({count},): one class for each image."
        )
    return check_whole_numbers(name, labels, classes)


def check_whole_numbers(name: str, values: np.ndarray, known: int | None = None) -> np.ndarray:
    """Numbers of classes or words, int64: 0, 1 and so on, at most ``known`` of them."""
    most = LARGEST_CLASS if known is None else known - 1
    # NaN fails these comparisons too.
    if values.size and not (0 <= values.min() <= values.max() <= most):
        limits = "0 upwards" if known is None else f"0 to {most}"
        one_on = known is not None and (values.min(), values.max()) == (1, known)
        raise ValueError(
            f"{name} run from {values.min()} to {values.max()}, but are numbered from {limits}."
            f"{' Subtract 1 from each.' if one_on else ''}"
        )
    whole = values.astype(np.int64)
    if (whole != values).any():
        raise ValueError(f"{name} hold fractions; they must be whole numbers.")
    return whole


def check_image_shape(
    image_shape: tuple[int, int, int], divisible_by: int = 1
) -> tuple[int, int, int]:
    """The shape of an image, (height, width, channels), as three whole numbers."""
    sizes = tuple(image_shape) if isinstance(image_shape, Iterable) else ()
    if len(sizes) != 3:
        raise ValueError(
            f"image_shape must be (height, width, channels), for example (32, 32, 3), "
            f"but is {describe(image_shape)}."
        )
    height, width, channels = sizes
    height, width, channels = check_sizes(
        image_height=height, image_width=width, image_channels=channels
    )
    if height % divisible_by or width % divisible_by:
        raise ValueError(
            f"image_shape is {image_shape!r}, but height and width must be divisible by "
            f"{divisible_by}: the network halves or doubles them three times. "
            f"Resize or pad the images first."
        )
    return height, width, channels


def check_shares(shares: np.ndarray) -> np.ndarray:
    """Class shares ``(count, classes)``: rows of numbers from 0 that add up to 1."""
    if shares.dtype.kind not in "fiu":
        raise TypeError(f"Class shares are {shares.dtype}; give floats that add up to 1.")
    sums = shares.sum(axis=1)
    # NaN fails this comparison too.
    if not (np.abs(sums - 1) < 1e-3).all() or shares.min() < 0:
        raise ValueError(
            f"Class shares lie in [{shares.min():.3g}, {shares.max():.3g}] and their rows add up "
            f"to {sums.min():.3g} to {sums.max():.3g}; each row must have no number below 0 and "
            "add up to 1. Divide it by its sum."
        )
    return shares


def check_dropout(dropout: float) -> float:
    """A share of features to switch off, in [0, 1)."""
    return check_number("dropout", dropout, 0, below=1)


def check_alt(alt: str) -> str:
    """Return ``alt`` if it is a text with something in it, else raise."""
    if not isinstance(alt, str):
        raise TypeError(
            f"alt is {describe(alt)}; give a text that says what the picture shows, "
            "for those who cannot see it."
        )
    if not alt.strip():
        raise ValueError("alt is empty; say in one or two sentences what the picture shows.")
    return alt.strip()


def check_text(name: str, text: str | None) -> None:
    if text is not None and not isinstance(text, str):
        raise TypeError(f"{name} is {describe(text)}; give a text.")


def pixel_remedy(dtype: np.dtype) -> str:
    """A sentence, after a space, on how an array of this type becomes uint8 pixels."""
    if dtype.kind == "b":
        return " Of truth values make them with numpy.uint8(255) * images."
    if dtype.kind in "iu":
        return " If they run from 0 to 255, say images.astype('uint8')."
    return " Turn images in [-1, 1] into pixels with gan_helpers.data.to_pixels."


def shape_remedy(shape: tuple[int, ...], channels: tuple[int, ...]) -> str:
    """A sentence, after a space, on how images of this shape get four axes and these channels."""
    if len(shape) > 4:
        return ""
    if len(shape) < 4:
        return " Add a missing axis with images[..., None] (channel) or images[None] (one image)."
    given = shape[3]
    if not channels or given in channels:
        return ""
    if shape[1] in channels:
        return " Put the channels last with numpy.moveaxis(images, 1, -1)."
    return {
        1: " Make three channels of one with numpy.repeat(images, 3, axis=-1).",
        2: " Drop the alpha channel with images[..., :1].",
        3: " Make colors grey with images.mean(axis=-1, keepdims=True).astype(images.dtype).",
        4: " Drop the alpha channel with images[..., :3].",
    }.get(given, "")

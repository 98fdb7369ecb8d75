"""Coloured digits and captions such as "a blue seven on yellow": text to image in small.

A caption has five words, ``a INK DIGIT on PAPER``, from a fixed vocabulary of 18. Its code is the
five positions in that list.

What is no text, no uint8 image or no number raises a ``TypeError``; unknown words and colors, other
shapes and other lengths a ``ValueError``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gan_helpers.checks import (
    as_array,
    check_class_numbers,
    check_name,
    check_pixels,
    check_whole,
    check_whole_numbers,
    describe,
)

import numpy as np

__all__ = [
    "COLOURS",
    "DIGITS",
    "VOCABULARY",
    "Reading",
    "caption_digits",
    "decode",
    "encode",
    "paint_digits",
    "read_images",
]

# After Okabe and Ito 2008, "Color Universal Design": told apart by colour-blind readers too.
COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "blue": (0, 114, 178),
    "red": (213, 94, 0),
    "yellow": (240, 228, 66),
    "green": (0, 158, 115),
}
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
VOCABULARY = ("a", "on", *DIGITS, *COLOURS)
WORDS = 5
INK_SHARE = 0.04  # of the pixels, those farthest from the paper: the heart of the strokes


@dataclass(frozen=True, eq=False)
class Reading:
    """What ``read_images`` finds.

    Attributes:
        inks: names of the colours of the strokes, shape (n,).
        papers: names of the colours of the background, shape (n,).
        digits: uint8, shape (n, height, width, 1), white strokes on black as in MNIST.
    """

    inks: np.ndarray
    papers: np.ndarray
    digits: np.ndarray


def encode(captions: str | Sequence[str]) -> np.ndarray:
    """The numbers of the words: int32, shape (n, 5), one row for each caption.

    Args:
        captions: one caption, which makes one row, or several.

    Example:
        >>> encode("a blue seven on yellow").tolist()
        [[0, 14, 9, 1, 16]]
    """
    if not isinstance(captions, Iterable):
        raise TypeError(f"captions is {describe(captions)}; give a text, or a list of texts.")
    rows = [captions] if isinstance(captions, str) else list(captions)
    return np.array([_numbers(row) for row in rows], np.int32).reshape(-1, WORDS)


def decode(codes: np.ndarray) -> list[str]:
    """The captions of int codes, shape (n, 5): the inverse of ``encode``.

    Example:
        >>> decode(encode(["a blue seven on yellow", "a red two on white"]))
        ['a blue seven on yellow', 'a red two on white']
    """
    codes = as_array("codes", codes)
    if codes.ndim != 2 or codes.shape[1] != WORDS:
        raise ValueError(f"codes have shape {codes.shape}, expected (n, {WORDS}).")
    codes = check_whole_numbers("codes", codes, len(VOCABULARY))
    return [" ".join(VOCABULARY[number] for number in row) for row in codes]


def paint_digits(
    images: np.ndarray,
    inks: str | Sequence[str] | np.ndarray,
    papers: str | Sequence[str] | np.ndarray,
) -> np.ndarray:
    """Colour white digits on black: 255 becomes the ink, 0 the paper, grey a mixture.

    Args:
        images: uint8, shape (n, height, width, 1).
        inks: a colour's name, for all images, or n of them.
        papers: likewise.

    Returns:
        uint8, shape (n, height, width, 3).

    Example:
        >>> two_pixels = np.array([[[[0], [255]]]], np.uint8)
        >>> paint_digits(two_pixels, inks="blue", papers="white").tolist()
        [[[[255, 255, 255], [0, 114, 178]]]]
    """
    images = check_pixels(images, channels=(1,))
    ink, paper = (
        _rgb(name, names, len(images))[:, None, None]
        for name, names in (("inks", inks), ("papers", papers))
    )
    share = images / 255.0
    return np.rint(share * ink + (1 - share) * paper).astype(np.uint8)


def caption_digits(
    images: np.ndarray, labels: np.ndarray, seed: int
) -> tuple[np.ndarray, list[str]]:
    """Paint each digit in two different colours chosen at random, and say so in a caption.

    Args:
        images: uint8, shape (n, height, width, 1).
        labels: whole numbers from 0 to 9, shape (n,).
        seed: of the colours.

    Returns:
        The coloured images, uint8, shape (n, height, width, 3), and n captions.
    """
    images = check_pixels(images, channels=(1,))
    labels = check_class_numbers(labels, len(images), len(DIGITS))
    check_whole("seed", seed, 0)
    random, names = np.random.default_rng(seed), np.array(list(COLOURS))
    ink = random.integers(len(names), size=len(images))
    # 1 to 5 further in the list, round its end: another colour, each as likely.
    paper = (ink + random.integers(1, len(names), size=len(images))) % len(names)
    inks, papers = names[ink], names[paper]
    captions = [
        f"a {its_ink} {DIGITS[digit]} on {its_paper}"
        for its_ink, digit, its_paper in zip(inks, labels, papers, strict=True)
    ]
    return paint_digits(images, inks, papers), captions


def read_images(images: np.ndarray) -> Reading:
    """Name ink and paper of coloured digits, and give the digits back in white on black.

    The paper is the median of the outermost pixels; the ink the mean of the 4 % of all pixels
    that are farthest from it. Each is named after the nearest colour of the vocabulary.

    Args:
        images: uint8, shape (n, height, width, 3), such as a generator makes.
    """
    images = check_pixels(images, channels=(3,))
    count, height, width, _ = images.shape
    inside = np.zeros((height, width), bool)
    inside[1:-1, 1:-1] = True
    pixels = images.reshape(count, -1, 3).astype(float)
    paper = np.median(pixels[:, ~inside.ravel()], axis=1)
    distances = np.linalg.norm(pixels - paper[:, None], axis=2)
    farthest = distances.argsort(axis=1)[:, -max(1, round(INK_SHARE * height * width)) :]
    ink = np.take_along_axis(pixels, farthest[..., None], axis=1).mean(axis=1)
    # How far each pixel lies on the way from paper to ink.
    way = ink - paper
    length = np.maximum((way**2).sum(axis=1), 1e-9)
    share = ((pixels - paper[:, None]) * way[:, None]).sum(axis=2) / length[:, None]
    digits = np.rint(255 * share.clip(0, 1)).astype(np.uint8).reshape(count, height, width, 1)
    return Reading(_name_colours(ink), _name_colours(paper), digits)


def _numbers(caption: str) -> list[int]:
    if not isinstance(caption, str):
        raise TypeError(f"A caption is {describe(caption)}; give texts of {WORDS} words.")
    words = caption.lower().split()
    unknown = [word for word in words if word not in VOCABULARY]
    if unknown:
        raise ValueError(
            f"{unknown[0]!r} in {caption!r} is not in the vocabulary: {', '.join(VOCABULARY)}."
        )
    if len(words) != WORDS:
        raise ValueError(
            f"{caption!r} has {len(words)} words; a caption has {WORDS}, as in "
            "'a blue seven on yellow'."
        )
    return [VOCABULARY.index(word) for word in words]


def _rgb(argument: str, names: str | Sequence[str] | np.ndarray, count: int) -> np.ndarray:
    if not isinstance(names, Iterable):
        raise TypeError(f"{argument} is {describe(names)}; give a colour's name, or {count}.")
    names = [names] * count if isinstance(names, str) else list(names)
    if len(names) != count:
        raise ValueError(f"There are {len(names)} colours for {count} images; give one for each.")
    for name in names:
        check_name("colour", name, COLOURS)
    return np.array([COLOURS[name] for name in names], float).reshape(count, 3)


def _name_colours(colours: np.ndarray) -> np.ndarray:
    known = np.array(list(COLOURS.values()), float)
    nearest = np.linalg.norm(colours[:, None] - known, axis=2).argmin(axis=1)
    return np.array(list(COLOURS))[nearest]

"""Real images for the lessons: CIFAR-10 and MNIST, as arrays and as batches.

A sample of each set lies in the course's ``data`` folder. Install a complete set once with
``python -m gan_helpers.data cifar10`` (or ``mnist``), from the network or with ``--from PATH``.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_helpers.checks import (
    as_array,
    check_flag,
    check_name,
    check_pixels,
    check_whole,
    check_whole_numbers,
)
from gan_helpers.data.sets import (
    CIFAR10,
    MNIST,
    SAMPLE_COLUMNS,
    SPLITS,
    Dataset,
    cache_folder,
    is_installed,
)
from gan_helpers.runtime import BOX, BOX_REMEDY, DatasetError, read_sums, verified_path

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = [
    "CIFAR10_CLASSES",
    "image_batches",
    "load_cifar10",
    "load_mnist",
    "to_model_range",
    "to_pixels",
]

Classes = str | int | Iterable[str | int] | None

CIFAR10_CLASSES = CIFAR10.class_names

# A network's output may leave [-1, 1] a little; beyond this it was never meant as model range.
_FARTHEST_MODEL_VALUE = 10.0
LARGEST_SEED = 2**63 - 1


def load_cifar10(
    split: str = "train", classes: Classes = None, limit: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Load CIFAR-10 (A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009).

    The complete set (50,000 training and 10,000 test images) is used if this machine has it,
    otherwise the sample (5,000 and 1,000). One printed line says which. ``GAN_DATA=sample`` in the
    environment forces the sample. Classes are mixed, so the first images are a fair selection;
    in the sample every ten images in a row hold each class once.

    Args:
        split: ``"train"`` or ``"test"``.
        classes: one class or several, by name (see ``CIFAR10_CLASSES``) or number; ``None`` = all.
            Labels keep their original numbers.
        limit: the most images to return, counted after ``classes``; ``None`` = all.

    Returns:
        images: uint8, shape (n, 32, 32, 3), 0 to 255.
        labels: int64, shape (n,), 0 to 9.

    Raises:
        ValueError, TypeError: for an unknown split or class, a limit below 1, an unknown GAN_DATA.
        DatasetError: if a file is missing or damaged; the message names it.
    """
    return _load(CIFAR10, split, classes, limit)


def load_mnist(
    split: str = "train", classes: Classes = None, limit: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Load MNIST, handwritten digits (Y. LeCun, C. Cortes, C. Burges).

    The complete set (60,000 training and 10,000 test images) is used if this machine has it,
    otherwise the sample (10,000 and 1,000); everything else is as in ``load_cifar10``.

    Args:
        split: ``"train"`` or ``"test"``.
        classes: one digit or several, 7 or ``"7"``; ``None`` = all.
        limit: the most images to return, counted after ``classes``; ``None`` = all.

    Returns:
        images: uint8, shape (n, 28, 28, 1), 0 (paper) to 255 (ink).
        labels: int64, shape (n,), 0 to 9.

    Raises:
        ValueError, TypeError: for an unknown split or class, a limit below 1, an unknown GAN_DATA.
        DatasetError: if a file is missing or damaged; the message names it.
    """
    return _load(MNIST, split, classes, limit)


def to_model_range(images: np.ndarray) -> np.ndarray:
    """Map pixels to the range inside models: uint8 0..255 to float32 -1..1, same shape.

    Raises:
        TypeError: if the images are not uint8.

    Example:
        >>> to_model_range(np.array([0, 255], np.uint8)).tolist()
        [-1.0, 1.0]
    """
    images = as_array("images", images)
    if images.dtype != np.uint8:
        raise TypeError(
            f"to_model_range expects uint8 pixels from 0 to 255, got {images.dtype}. "
            "Images from load_cifar10 and load_mnist fit as they are."
        )
    return images.astype(np.float32) / np.float32(127.5) - np.float32(1)


def to_pixels(images: Any) -> np.ndarray:
    """Map model range to pixels: float -1..1 to uint8 0..255, rounded, same shape.

    Values a little outside -1..1 are clipped. ``to_pixels(to_model_range(images))`` is exact.

    Args:
        images: a float array or tensor of any shape.

    Raises:
        TypeError: if the images are not floating point.
        ValueError: for NaN, infinity, or values beyond 10, which are no model range.

    Example:
        >>> to_pixels(np.array([-1.0, 0.0, 1.0, 1.2])).tolist()
        [0, 128, 255, 255]
    """
    images = as_array("images", images)
    # bfloat16 is no NumPy type, so NumPy does not count it among the floating ones.
    if not np.issubdtype(images.dtype, np.floating) and images.dtype.name != "bfloat16":
        raise TypeError(
            f"to_pixels expects floats from -1 to 1, got {images.dtype}. "
            "Images that are uint8 already are pixels and need no conversion."
        )
    images = images.astype(np.float32)
    if not np.isfinite(images).all():
        raise ValueError(
            "to_pixels got NaN or infinity, expected values from -1 to 1. "
            "The network that made these images has diverged: look at its losses."
        )
    farthest = float(np.abs(images).max(initial=0.0))
    if farthest > _FARTHEST_MODEL_VALUE:
        raise ValueError(
            f"to_pixels expects values from -1 to 1, got values as far out as {farthest:g}. "
            "Pixels from 0 to 255 need .astype('uint8') and no conversion."
        )
    return np.clip(np.rint((images + 1) * 127.5), 0, 255).astype(np.uint8)


def image_batches(
    images: np.ndarray,
    batch_size: int,
    seed: int,
    flip: bool = False,
    labels: np.ndarray | None = None,
) -> "tf.data.Dataset":
    """Serve shuffled batches for training, in model range.

    Every pass over the data set has a new order. Orders and flips depend on ``seed`` and on the
    number of the pass alone. Passes are counted from 0; ``GAN.fit`` counts by epochs instead, so
    that a run which stopped goes on with the order it would have had. The last images that fill no
    whole batch sit a pass out.

    Args:
        images: uint8, shape (n, height, width, channels).
        batch_size: images in a batch, from 1 to n.
        seed: the integer that fixes orders and flips.
        flip: mirror a random half of the images left to right. Not for digits.
        labels: what the batches pair the images with: classes, shape (n,), captions as numbers of
            words, (n, words), or images to translate, uint8 (n, height, width, channels), which are
            mirrored together with the first.

    Returns:
        A ``tf.data.Dataset`` of float32 batches (batch_size, height, width, channels), -1 to 1,
        or of pairs with int32 labels (batch_size, ...), or with a second batch of images. Its
        function ``begin_pass(number)`` chooses the order of the next pass, and ``labels`` are the
        classes or captions; a data set made from this one, by ``.repeat()`` for example, has
        neither.

    Raises:
        TypeError: if images are not uint8, labels are neither whole numbers nor images, or flip
            is neither True nor False.
        ValueError: if images have not four axes, batch_size is no whole number from 1 to n, seed
            none of at least 0, there is not one label per image, or one is negative.

    Example:
        >>> images = np.zeros((10, 32, 32, 3), np.uint8)
        >>> [tuple(batch.shape) for batch in image_batches(images, batch_size=4, seed=0)]
        [(4, 32, 32, 3), (4, 32, 32, 3)]
    """
    images = check_pixels(images)
    check_whole("seed", seed, 0, LARGEST_SEED)
    check_flag("flip", flip)
    # At most one batch of all the images.
    check_whole("batch_size", batch_size, most=len(images))
    if labels is not None:
        labels = as_array("labels", labels)
        _check_conditions(labels, len(images))
    import tensorflow as tf  # here, because loading pictures should not wait for TensorFlow

    count = len(images)
    with tf.device("/cpu:0"):  # the pictures wait in main memory, a batch at a time goes on
        pixels = tf.constant(images)
        conditions = None if labels is None else tf.constant(labels)
        passes = tf.random.Generator.from_seed(seed)

    def begin_pass(number: int) -> None:
        passes.reset_from_seed(seed)
        passes.skip(4 * number)  # every pass draws four numbers

    def choose(_: Any) -> "tf.data.Dataset":
        order_seed, flip_seed = tf.unstack(passes.uniform_full_int((2, 2), dtype=tf.int32))
        order = tf.argsort(tf.random.stateless_uniform((count,), order_seed), stable=True)
        mirrored = tf.random.stateless_uniform((count,), flip_seed) < 0.5
        return tf.data.Dataset.from_tensor_slices((order, mirrored))

    def fetch_images(source: "tf.Tensor", order: "tf.Tensor", mirrored: "tf.Tensor") -> "tf.Tensor":
        batch = tf.gather(source, order)
        if flip:
            mask = mirrored[:, tf.newaxis, tf.newaxis, tf.newaxis]
            batch = tf.where(mask, tf.reverse(batch, axis=[2]), batch)
        return tf.cast(batch, tf.float32) / 127.5 - 1.0

    def fetch(order: "tf.Tensor", mirrored: "tf.Tensor") -> "tf.Tensor | tuple":
        batch = fetch_images(pixels, order, mirrored)
        if labels is None:
            return batch
        if labels.ndim == 4:
            return batch, fetch_images(conditions, order, mirrored)
        return batch, tf.cast(tf.gather(conditions, order), tf.int32)

    batches = tf.data.Dataset.range(1).flat_map(choose).batch(batch_size, drop_remainder=True)
    batches = batches.apply(tf.data.experimental.assert_cardinality(count // batch_size))
    # One thread fetches ahead, which is enough. TensorFlow's own tuning would let the end of a pass
    # wait for the tuner's next turn, up to twice as long as the pass.
    options = tf.data.Options()
    options.autotune.enabled = False
    batches = batches.map(fetch).prefetch(2).with_options(options)
    batches.begin_pass = begin_pass
    batches.labels = None if labels is None or labels.ndim == 4 else labels
    return batches


def _load(
    dataset: Dataset, split: str, classes: Classes, limit: int | None
) -> tuple[np.ndarray, np.ndarray]:
    check_name("split", split, SPLITS)
    wanted = _class_numbers(dataset, classes)
    if limit is not None:
        check_whole("limit", limit)
    complete = not _sample_is_forced() and is_installed(dataset)
    images, labels = (_read_complete if complete else _read_sample)(dataset, split)
    available = len(images)
    if wanted is not None:
        keep = np.isin(labels, wanted)
        images, labels = images[keep], labels[keep]
    if limit is not None and limit < len(images):
        images, labels = images[:limit].copy(), labels[:limit].copy()  # frees the rest
    print(_which_data(dataset, split, complete, len(images), available))
    return images, labels


def _which_data(dataset: Dataset, split: str, complete: bool, count: int, available: int) -> str:
    if complete:
        return (
            f"{dataset.title} {split}: {count:,} of the {available:,} images of the complete set. "
            "For the small sample set GAN_DATA=sample in the environment."
        )
    return (
        f"{dataset.title} {split}: {count:,} of the {available:,} images of the sample. "
        f"For the complete set ({dataset.counts[split]:,} images) run "
        f"`python -m gan_helpers.data {dataset.name}` once."
    )


def _sample_is_forced() -> bool:
    choice = os.environ.get("GAN_DATA", "")
    if choice not in ("", "sample"):
        raise ValueError(
            f"GAN_DATA is {choice!r}, expected 'sample'. "
            "Unset it to use the complete set where this machine has it."
        )
    return choice == "sample"


def _read_complete(dataset: Dataset, split: str) -> tuple[np.ndarray, np.ndarray]:
    folder = cache_folder() / dataset.name
    remedy = (
        f"Install the set again with `python -m gan_helpers.data {dataset.name}`, "
        "or set GAN_DATA=sample in the environment to use the sample."
    )
    sums = read_sums(folder, remedy)
    paths = [
        verified_path(folder, f"{split}_{part}.npy", sums, remedy) for part in ("images", "labels")
    ]
    try:
        images, labels = (np.load(path, allow_pickle=False) for path in paths)
    except Exception as error:  # whoever gave the files may have given fitting hashes too
        raise DatasetError(f"{folder} holds no arrays ({error}). {remedy}") from error
    count = dataset.counts[split]
    expected = [("uint8", (count, *dataset.image_shape)), ("int64", (count,))]
    if [(array.dtype.name, array.shape) for array in (images, labels)] != expected:
        raise DatasetError(f"{folder} holds arrays of other types or shapes. {remedy}")
    if not 0 <= labels.min() <= labels.max() < len(dataset.class_names):
        raise DatasetError(f"{folder} holds labels of no class. {remedy}")
    return images, labels


def _read_sample(dataset: Dataset, split: str) -> tuple[np.ndarray, np.ndarray]:
    sums = read_sums(BOX, BOX_REMEDY)
    names = [f"{dataset.name}_sample/{split}/{name}.png" for name in dataset.class_names]
    sheets = [
        _cut_sheet(verified_path(BOX, name, sums, BOX_REMEDY), dataset.image_shape)
        for name in names
    ]
    # One image of each class in a random order, then the next ones: any prefix mixes the classes.
    # RandomState, because its numbers are promised never to change.
    rounds = np.random.RandomState(0).random_sample((len(sheets[0]), len(sheets)))
    labels = np.argsort(rounds, axis=1, kind="stable").astype(np.int64)
    positions = np.repeat(np.arange(len(sheets[0])), len(sheets))
    images = np.stack(sheets)[labels.ravel(), positions]
    return images, labels.ravel()


def _cut_sheet(path: Path, image_shape: tuple[int, int, int]) -> np.ndarray:
    """Cut one picture of the sample into its images: uint8, shape (n, height, width, channels)."""
    height, width, channels = image_shape
    with Image.open(path, formats=("PNG",)) as picture:
        sheet = np.asarray(picture)
    grid = sheet.reshape(-1, height, SAMPLE_COLUMNS, width, channels)
    return grid.swapaxes(1, 2).reshape(-1, *image_shape)


def _class_numbers(dataset: Dataset, classes: Classes) -> list[int] | None:
    if classes is None:
        return None
    if isinstance(classes, str) or not isinstance(classes, Iterable):
        classes = [classes]
    numbers = [_class_number(dataset, item) for item in classes]
    if not numbers:
        raise ValueError("classes is empty, expected at least one class, or None for all.")
    return numbers


def _class_number(dataset: Dataset, item: str | int) -> int:
    names = dataset.class_names
    if isinstance(item, str) and item in names:
        return names.index(item)
    if not isinstance(item, str):
        return check_whole(f"A class of {dataset.title}", item, 0, len(names) - 1)
    raise ValueError(
        f"{item!r} is no class of {dataset.title}. Its classes are {', '.join(names)}, "
        f"or the numbers 0 to {len(names) - 1} in that order."
    )


def _check_conditions(labels: np.ndarray, count: int) -> None:
    if labels.ndim not in (1, 2, 4) or len(labels) != count or 0 in labels.shape:
        raise ValueError(
            f"labels have shape {labels.shape}, expected ({count},): one an image. Captions have "
            f"shape ({count}, words), images to translate four axes."
        )
    if labels.ndim == 4 and labels.dtype != np.uint8:
        raise TypeError(
            f"Images to translate are {labels.dtype}; give uint8 pixels, which are mapped to model "
            "range here."
        )
    # True and False are classes too: one kind or all others.
    if labels.dtype != bool and not np.issubdtype(labels.dtype, np.integer):
        raise TypeError(f"labels are {labels.dtype}; classes and words are whole numbers.")
    check_whole_numbers("labels", labels)

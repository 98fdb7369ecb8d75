"""Read complete CIFAR-10 and MNIST in the forms they are handed round in, and prove them real.

Nothing here trusts a file: pickles may rebuild plain arrays and nothing else (``untrusted``),
archives are read in memory by exact member names, and the content must have the fingerprint of the
published set.
"""

import gzip
import hashlib
import json
import math
import struct
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from gan_helpers.data.sets import SPLITS, Dataset
from gan_helpers.data.untrusted import LimitedStream, safe_unpickle
from gan_helpers.runtime import DatasetError, read_arrays

import numpy as np
from PIL import Image

__all__ = ["SplitArrays", "check_complete", "content_digest", "read_complete"]

SplitArrays = dict[str, tuple[np.ndarray, np.ndarray]]

_TRAIN_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
_TEST_BATCH = "test_batch"
_CIFAR10_FOLDER = "cifar-10-batches-py"
_IDX_NAMES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
# The largest honest file is 220 MB once unpacked; a file that unpacks to more is refused.
_MOST_BYTES = 300_000_000
_MOST_BATCH_BYTES = 40_000_000
_MOST_LABEL_BYTES = 1_000_000
_MOST_MEMBERS = 1000


def read_complete(dataset: Dataset, path: Path) -> SplitArrays:
    """Read a complete data set from files.

    Args:
        dataset: ``CIFAR10`` or ``MNIST``.
        path: for CIFAR-10 the official ``cifar-10-python.tar.gz``, its extracted folder, or a
            folder of PNG batches; for MNIST ``mnist.npz``, ``mnist.pkl.gz``, or a folder with the
            four IDX files.

    Returns:
        For each split (images uint8 (n, height, width, channels), labels int64 (n,)), in the
        order of the files. Not yet checked: see ``check_complete``.

    Raises:
        DatasetError: if the path is missing, unreadable, in no known form, or hostile.
    """
    if not path.exists():
        raise DatasetError(f"{path} does not exist. Give the path of a file or folder that does.")
    reader = {"cifar10": _read_cifar10, "mnist": _read_mnist}[dataset.name]
    try:
        return {split: _plain(dataset, split, *arrays) for split, arrays in reader(path).items()}
    except DatasetError:
        raise
    except FileNotFoundError as error:
        raise DatasetError(
            f"{error.filename} is missing. {path} must hold all files of the set."
        ) from None
    except PermissionError as error:
        raise DatasetError(f"{error.filename} may not be read by you.") from None
    except Exception as error:  # a file can be damaged in more ways than anyone can list
        raise DatasetError(
            f"{path} cannot be read as {dataset.title}: {error or type(error).__name__}. "
            "It may be damaged or another kind of file: get it again."
        ) from error


def _plain(
    dataset: Dataset, split: str, images: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels in the types of the lessons, if they can be those of the set at all."""
    most = dataset.count(split) * math.prod(dataset.image_shape)
    if images.size > most or labels.size > dataset.count(split):
        raise DatasetError(f"The {split} split holds more than complete {dataset.title}.")
    if images.dtype != np.uint8 or labels.dtype.kind not in "iu":
        raise DatasetError(
            f"The {split} split holds {images.dtype} images and {labels.dtype} labels, "
            f"{dataset.title} has pixels and whole numbers."
        )
    images = np.ascontiguousarray(images, np.uint8).reshape(-1, *dataset.image_shape)
    return images, np.asarray(labels, np.int64).reshape(-1)


def check_complete(dataset: Dataset, splits: SplitArrays) -> None:
    """Prove that the arrays are the complete published set, whatever its order.

    Raises:
        DatasetError: if a count or the fingerprint of the content is not the published set's.
    """
    for split in SPLITS:
        images, labels = splits[split]
        expected = dataset.class_counts[split]
        if len(images) != len(labels) or len(images) != sum(expected):
            raise DatasetError(
                f"The {split} split holds {len(images):,} images and {len(labels):,} labels, "
                f"complete {dataset.title} has {sum(expected):,} of each."
            )
        found = [int(np.sum(labels == number)) for number in range(len(expected))]
        if found != list(expected):
            raise DatasetError(
                f"The {split} split holds {found} images of its classes, "
                f"complete {dataset.title} has {list(expected)}."
            )
        if content_digest(images, labels) != dataset.digests[split]:
            raise DatasetError(
                f"The {split} split has the right number of images, but at least one image or "
                f"label is not the one in {dataset.title}. The file was changed: get it again."
            )


def content_digest(images: np.ndarray, labels: np.ndarray) -> str:
    """Fingerprint of labelled images that does not depend on their order.

    The SHA-256 of each image's bytes followed by its label as one byte; these sorted, joined, and
    hashed again. In hexadecimal.
    """
    hashes = [
        hashlib.sha256(image.tobytes() + bytes([label])).digest()
        for image, label in zip(images, labels.tolist(), strict=True)
    ]
    return hashlib.sha256(b"".join(sorted(hashes))).hexdigest()


# CIFAR-10


def _read_cifar10(path: Path) -> SplitArrays:
    if not path.is_dir():
        return _cifar10_splits(_batches_of_archive(path))
    for folder in (path, path / _CIFAR10_FOLDER):
        if (folder / _TRAIN_BATCHES[0]).is_file():
            return _cifar10_splits(
                {name: _read_file(folder / name) for name in (*_TRAIN_BATCHES, _TEST_BATCH)}
            )
    if (path / f"{_TRAIN_BATCHES[0]}.png").is_file():
        return _read_png_batches(path)
    raise DatasetError(
        f"{path} holds neither data_batch_1 nor data_batch_1.png. Give the official archive, "
        f"its extracted folder {_CIFAR10_FOLDER}, or the folder of PNG batches."
    )


def _batches_of_archive(path: Path) -> dict[str, bytes]:
    wanted = {f"{_CIFAR10_FOLDER}/{name}": name for name in (*_TRAIN_BATCHES, _TEST_BATCH)}
    batches: dict[str, bytes] = {}
    with gzip.open(path) as unpacked:
        # Read as a stream, whose length is limited, whatever the members say of themselves.
        limited = LimitedStream(unpacked, _MOST_BYTES)
        with tarfile.open(fileobj=limited, mode="r|") as archive:
            for number, member in enumerate(archive):
                if number == _MOST_MEMBERS:
                    raise DatasetError(f"{path} holds far too many files. Get it again.")
                name = wanted.get(member.name.removeprefix("./"))
                # Only plain files under the expected names are looked at: no link, device, sparse
                # file, and none reaches the disk.
                if name is None or not member.isreg() or member.issparse():
                    continue
                if member.size > _MOST_BATCH_BYTES:
                    raise DatasetError(f"{member.name} in {path} is far too large. Get it again.")
                batches[name] = archive.extractfile(member).read()
    missing = [name for name in wanted.values() if name not in batches]
    if missing:
        raise DatasetError(f"{path} lacks {', '.join(missing)}. It is not the official archive.")
    return batches


def _cifar10_splits(batches: Mapping[str, bytes]) -> SplitArrays:
    train = [_read_batch(batches[name], name) for name in _TRAIN_BATCHES]
    images, labels = (np.concatenate(parts) for parts in zip(*train, strict=True))
    return {"train": (images, labels), "test": _read_batch(batches[_TEST_BATCH], _TEST_BATCH)}


def _read_batch(content: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
    batch = safe_unpickle(content)
    if not isinstance(batch, dict):
        raise DatasetError(f"{name} holds no dictionary. It is no batch of CIFAR-10.")
    batch = {key.decode() if isinstance(key, bytes) else key: batch[key] for key in batch}
    rows, labels = _array(batch["data"]), batch["labels"]
    # A list that holds itself, or one list many times, would become an array without end.
    if not isinstance(labels, list) or not all(type(label) is int for label in labels):
        raise DatasetError(f"{name} holds no list of labels. It is no batch of CIFAR-10.")
    # A row holds the red plane, then green, then blue; lessons want the channels last.
    return rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), np.asarray(labels)


def _read_png_batches(folder: Path) -> SplitArrays:
    train = np.concatenate([_read_png_batch(folder / f"{name}.png") for name in _TRAIN_BATCHES])
    return {
        # The published package spells the names of its label files this way.
        "train": (train, _read_json_labels(folder / "train_lables.json")),
        "test": (
            _read_png_batch(folder / f"{_TEST_BATCH}.png"),
            _read_json_labels(folder / "test_lables.json"),
        ),
    }


def _read_png_batch(path: Path) -> np.ndarray:
    # Of one format, because some others are programs that Pillow would have run.
    with Image.open(path, formats=("PNG",)) as picture:
        if picture.mode != "RGB" or picture.width != 32 * 32 or picture.height > 10_000:
            raise DatasetError(
                f"{path} is a {picture.mode} picture of {picture.width} by {picture.height} "
                "pixels, expected RGB and 1024 by 10000: one image of 32 by 32 in each row."
            )
        return np.asarray(picture)


def _read_json_labels(path: Path) -> np.ndarray:
    return np.asarray(json.loads(_read_file(path, _MOST_LABEL_BYTES)))


# MNIST


def _read_mnist(path: Path) -> SplitArrays:
    if path.is_dir():
        return {
            split: tuple(_read_idx(path, name) for name in names)
            for split, names in _IDX_NAMES.items()
        }
    with path.open("rb") as stream:
        start = stream.read(2)
    if start == b"PK":
        return _read_mnist_npz(path)
    if start == b"\x1f\x8b":
        return _read_mnist_pickle(path)
    raise DatasetError(
        f"{path} is neither mnist.npz nor mnist.pkl.gz. Give one of these, "
        "or a folder with the four IDX files."
    )


def _read_mnist_npz(path: Path) -> SplitArrays:
    names = [f"{axis}_{split}" for split in SPLITS for axis in "xy"]
    arrays = read_arrays(path, names, _MOST_BYTES)
    return {split: (arrays[f"x_{split}"], arrays[f"y_{split}"]) for split in SPLITS}


def _read_mnist_pickle(path: Path) -> SplitArrays:
    parts = [(_from_fractions(_array(x)), _array(y)) for x, y in safe_unpickle(_read_file(path))]
    train, validation, test = parts
    images, labels = (np.concatenate(both) for both in zip(train, validation, strict=True))
    return {"train": (images, labels), "test": test}


def _from_fractions(images: np.ndarray) -> np.ndarray:
    """Pixels from the pickle's fractions, which are pixels divided by 256, not 255."""
    if images.dtype != np.float32:
        raise DatasetError(f"The pickle holds {images.dtype} and no fractions. It is another file.")
    pixels = images * np.float32(256)
    if not (np.all(pixels == np.rint(pixels)) and pixels.min() >= 0 and pixels.max() <= 255):
        raise DatasetError("The pickle holds no pixels divided by 256. It is another file.")
    return pixels.astype(np.uint8)


def _array(value: object) -> np.ndarray:
    if not isinstance(value, np.ndarray):
        raise DatasetError(f"The pickle holds a {type(value).__name__} where an array should be.")
    return np.asarray(value)


def _read_idx(folder: Path, name: str) -> np.ndarray:
    """Read one IDX file: two zero bytes, type 8 (uint8), axes, their lengths, the values."""
    spellings = (name, name.replace("-idx", ".idx"))
    found = [folder / f"{each}{end}" for each in spellings for end in ("", ".gz")]
    path = next((path for path in found if path.is_file()), None)
    if path is None:
        raise DatasetError(f"{folder / name} is missing (with or without .gz).")
    content = _read_file(path)
    zeros, kind, axes = struct.unpack_from(">HBB", content)
    if (zeros, kind) != (0, 8) or axes != (3 if "images" in name else 1):
        raise DatasetError(f"{path} does not begin like an IDX file of MNIST. Get it again.")
    shape = struct.unpack_from(f">{axes}I", content, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


# Files


def _read_file(path: Path, most_bytes: int | None = None) -> bytes:
    """Content of a file, unpacked if it is gzip, refused if it is far too large."""
    most_bytes = _MOST_BYTES if most_bytes is None else most_bytes
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    opener: Callable[..., BinaryIO] = gzip.open if packed else open
    with opener(path, "rb") as stream:
        content = stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise DatasetError(f"{path} is far too large for a file of the set. Get it again.")
    return content

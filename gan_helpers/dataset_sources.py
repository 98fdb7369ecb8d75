"""Read complete CIFAR-10 and MNIST in the forms they are handed round in, and prove them real.

Nothing here trusts a file: pickles may rebuild plain arrays and nothing else, archives are read in
memory by exact member names, and the content must have the fingerprint of the published set.
"""

import gzip
import hashlib
import io
import json
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from gan_helpers.dataset_files import SPLITS, Dataset, DatasetError

import numpy as np
from PIL import Image

__all__ = ["SplitArrays", "check_complete", "content_digest", "read_complete", "safe_unpickle"]

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
_UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    ImportError,
    MemoryError,
    OverflowError,
    struct.error,
    zlib.error,
    pickle.UnpicklingError,
    tarfile.TarError,
    zipfile.BadZipFile,
    Image.DecompressionBombError,
)


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
        splits = reader(path)
        return {
            split: (
                np.ascontiguousarray(images, np.uint8).reshape(-1, *dataset.image_shape),
                np.asarray(labels, np.int64).reshape(-1),
            )
            for split, (images, labels) in splits.items()
        }
    except DatasetError:
        raise
    except FileNotFoundError as error:
        raise DatasetError(
            f"{error.filename} is missing. {path} must hold all files of the set."
        ) from None
    except PermissionError as error:
        raise DatasetError(f"{error.filename} may not be read by you.") from None
    except _UNREADABLE as error:
        raise DatasetError(
            f"{path} cannot be read as {dataset.title}: {error or type(error).__name__}. "
            "It may be damaged or another kind of file: get it again."
        ) from error


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
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            name = wanted.get(member.name.removeprefix("./"))
            # Only plain files under the expected names are looked at, and none reaches the disk.
            if name is None or not member.isfile():
                continue
            if member.size > _MOST_BYTES:
                raise DatasetError(f"{member.name} in {path} is far too large. Get the file again.")
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
    rows, labels = batch["data"], batch["labels"]
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
    with Image.open(path) as picture:
        if picture.mode != "RGB" or picture.width != 32 * 32:
            raise DatasetError(
                f"{path} is a {picture.mode} picture {picture.width} pixels wide, expected RGB "
                "and 1024: one image of 32 by 32 in each row."
            )
        return np.asarray(picture)


def _read_json_labels(path: Path) -> np.ndarray:
    return np.asarray(json.loads(path.read_text(encoding="utf-8")))


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
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        return {split: (arrays[f"x_{split}"], arrays[f"y_{split}"]) for split in SPLITS}


def _read_mnist_pickle(path: Path) -> SplitArrays:
    train, validation, test = safe_unpickle(_read_file(path))
    images, labels = (np.concatenate(parts) for parts in zip(train, validation, strict=True))
    return {"train": (_from_fractions(images), labels), "test": (_from_fractions(test[0]), test[1])}


def _from_fractions(images: np.ndarray) -> np.ndarray:
    """Pixels from the pickle's fractions, which are pixels divided by 256, not 255."""
    pixels = images * np.float32(256)
    if not (np.all(pixels == np.rint(pixels)) and pixels.min() >= 0 and pixels.max() <= 255):
        raise DatasetError("The pickle holds no pixels divided by 256. It is another file.")
    return pixels.astype(np.uint8)


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


# Files and pickles


def _read_file(path: Path) -> bytes:
    """Content of a file, unpacked if it is gzip, refused if it is far too large."""
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    opener: Callable[..., BinaryIO] = gzip.open if packed else open
    with opener(path, "rb") as stream:
        content = stream.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise DatasetError(f"{path} is far too large for a file of the set. Get it again.")
    return content


def _numeric_dtype(code: str, align: int = 0, copy: int = 0) -> np.dtype:
    # The flags are ignored: old pickles write them as numbers, which NumPy is giving up. A copy,
    # because the pickle goes on to set the byte order of what it gets, which others share.
    dtype = np.dtype(code, copy=True)
    if dtype.kind not in "buif":
        raise pickle.UnpicklingError(f"arrays of {dtype} are not allowed in it")
    return dtype


def _latin1_bytes(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"the encoding {encoding!r} is not allowed in it")
    return text.encode("latin1")


_RECONSTRUCT = np.zeros(1).__reduce__()[0]
_FROM_BUFFER = np.zeros(1).__reduce_ex__(5)[0]
# NumPy 2 moved its core; pickles of both ages are in use.
_ALLOWED_IN_PICKLES: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _numeric_dtype,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy.core.numeric", "_frombuffer"): _FROM_BUFFER,
    ("numpy._core.numeric", "_frombuffer"): _FROM_BUFFER,
    ("_codecs", "encode"): _latin1_bytes,
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED_IN_PICKLES[module, name]
        except KeyError:
            raise DatasetError(
                f"The pickle asks for {module}.{name}, which no data set needs. It may be hostile: "
                "nothing was run. Get the file from a source you trust."
            ) from None


def safe_unpickle(content: bytes) -> Any:
    """Unpickle numbers, strings, containers and numeric arrays, and nothing else.

    Raises:
        DatasetError: if the pickle names any other class or function; nothing of it is called.
    """
    return _ArrayUnpickler(io.BytesIO(content), encoding="latin1").load()

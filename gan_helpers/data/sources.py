"""Read complete CIFAR-10 and MNIST in the forms they are handed round in: first prove, then read.

A file may come from anyone, and a pickle can run what it likes. So the SHA-256 of each file must
stand in the table of its ``Dataset``: then it is the published file, and plain reading is safe.
Before that a file is at most unpacked, in memory.
"""

import gzip
import hashlib
import io
import json
import pickle
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from gan_helpers.data.sets import SPLITS, Dataset
from gan_helpers.runtime import DatasetError

import numpy as np
from PIL import Image

__all__ = ["SplitArrays", "read_complete"]

SplitArrays = dict[str, tuple[np.ndarray, np.ndarray]]

_BATCHES = {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]}
_BATCH_NAMES = _BATCHES["train"] + _BATCHES["test"]
_CIFAR10_FOLDER = "cifar-10-batches-py"
# The published package spells the names of its label files this way.
_PNG_LABELS = {"train": "train_lables.json", "test": "test_lables.json"}
_IDX_NAMES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
# The longest published file, mnist.pkl, has 220 MB: this much of a longer one proves it another.
_MOST_BYTES = 230_000_000


def read_complete(dataset: Dataset, path: Path) -> SplitArrays:
    """Read a complete data set from its published files.

    Args:
        dataset: ``CIFAR10`` or ``MNIST``.
        path: for CIFAR-10 the official ``cifar-10-python.tar.gz``, the same unpacked to ``.tar``,
            its extracted folder, or a folder of PNG batches; for MNIST ``mnist.npz``,
            ``mnist.pkl.gz``, or a folder with the four IDX files.

    Returns:
        For each split (images uint8 (n, height, width, channels), labels int64 (n,)), in the
        order of the files.

    Raises:
        DatasetError: if a file is missing, unreadable, damaged, or not the published one.
    """
    read = {"cifar10": _read_cifar10, "mnist": _read_mnist}[dataset.name]
    try:
        if not path.exists():
            raise DatasetError(f"{path} does not exist. Give the path of a file or folder.")
        splits = read(dataset, path)
    except FileNotFoundError as error:
        raise DatasetError(f"{error.filename} is missing. {_remedy(dataset)}") from None
    except PermissionError as error:
        raise DatasetError(f"{error.filename} may not be read by you: allow it.") from None
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise DatasetError(
            f"{path} cannot be unpacked: {error}. It is damaged or another kind of file. "
            + _remedy(dataset)
        ) from error
    for split, (images, labels) in splits.items():
        images = np.ascontiguousarray(images).reshape(-1, *dataset.image_shape)
        splits[split] = images, np.asarray(labels, np.int64)
    return splits


def _read_cifar10(dataset: Dataset, path: Path) -> SplitArrays:
    if not path.is_dir():
        return _join_batches(_read_archive(dataset, path))
    if (path / "data_batch_1.png").is_file():
        return _read_png_batches(dataset, path)
    folder = path / _CIFAR10_FOLDER if (path / _CIFAR10_FOLDER).is_dir() else path
    return _join_batches({name: _read_file(dataset, name, folder / name) for name in _BATCH_NAMES})


def _read_archive(dataset: Dataset, path: Path) -> dict[str, bytes]:
    """The six batches in an archive.

    They are proved one by one, since an archive that a browser unpacked has another SHA-256.
    """
    batches = {}
    with _open(path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            folder, _, name = member.name.removeprefix("./").partition("/")
            wanted = folder == _CIFAR10_FOLDER and name in _BATCH_NAMES and member.isreg()
            if wanted and (file := archive.extractfile(member)):
                content = file.read(_MOST_BYTES)
                batches[name] = _proved(dataset, name, content, f"{member.name} in {path}")
    if missing := [name for name in _BATCH_NAMES if name not in batches]:
        raise DatasetError(f"{path} lacks {', '.join(missing)}. {_remedy(dataset)}")
    return batches


def _join_batches(contents: Mapping[str, bytes]) -> SplitArrays:
    splits = {}
    for split, names in _BATCHES.items():
        # Python 2 wrote them, whose strings are bytes.
        batches = [pickle.loads(contents[name], encoding="latin1") for name in names]
        rows, labels = (
            np.concatenate([batch[key] for batch in batches]) for key in ("data", "labels")
        )
        # A row holds the red plane, then green, then blue; lessons want the channels last.
        splits[split] = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels
    return splits


def _read_png_batches(dataset: Dataset, folder: Path) -> SplitArrays:
    splits = {}
    for split, names in _BATCHES.items():
        files = [*(f"{name}.png" for name in names), _PNG_LABELS[split]]
        *pictures, labels = (_read_file(dataset, name, folder / name) for name in files)
        images = [np.asarray(Image.open(io.BytesIO(picture))) for picture in pictures]
        splits[split] = np.concatenate(images), json.loads(labels)
    return splits


def _read_mnist(dataset: Dataset, path: Path) -> SplitArrays:
    if path.is_dir():
        return {
            split: (_read_idx(dataset, images, path), _read_idx(dataset, labels, path))
            for split, (images, labels) in _IDX_NAMES.items()
        }
    if path.suffix == ".npz":
        arrays = np.load(io.BytesIO(_read_file(dataset, "mnist.npz", path)), allow_pickle=False)
        return {split: (arrays[f"x_{split}"], arrays[f"y_{split}"]) for split in SPLITS}
    parts = pickle.loads(_read_file(dataset, "mnist.pkl", path), encoding="latin1")
    # Its fractions are pixels divided by 256, not 255.
    train, validation, test = (((x * 256).astype(np.uint8), y) for x, y in parts)
    images, labels = (np.concatenate(both) for both in zip(train, validation, strict=True))
    return {"train": (images, labels), "test": test}


def _read_idx(dataset: Dataset, name: str, folder: Path) -> np.ndarray:
    spellings = (name, name.replace("-idx", ".idx"))
    paths = [folder / f"{each}{end}" for each in spellings for end in ("", ".gz")]
    path = next((path for path in paths if path.is_file()), paths[0])
    content = _read_file(dataset, name, path)
    # Four bytes, the last of which counts the axes; four for the length of each axis; the values.
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3])


def _read_file(dataset: Dataset, name: str, path: Path) -> bytes:
    """Content of a file, unpacked if it is gzip, if it is that of the published ``name``."""
    with _open(path) as stream:
        return _proved(dataset, name, stream.read(_MOST_BYTES), path)


def _open(path: Path) -> io.BufferedIOBase:
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")


def _proved(dataset: Dataset, name: str, content: bytes, place: str | Path) -> bytes:
    found, expected = hashlib.sha256(content).hexdigest(), dataset.files[name]
    if found != expected:
        raise DatasetError(
            f"{place} is not the published {name}, and was not opened: the SHA-256 of its content "
            f"begins with {found[:12]}, expected is {expected[:12]}. {_remedy(dataset)}"
        )
    return content


def _remedy(dataset: Dataset) -> str:
    return (
        f"Run `python -m gan_helpers.data {dataset.name}` to fetch the official file, or choose "
        "one of the forms in data/README.md."
    )

"""Read complete CIFAR-10 and MNIST in the forms they are handed round in: first prove, then read.

A file may come from anyone, under any name, and a pickle can run what it likes. So a file is known
by the SHA-256 of its content, which must stand in the table of its ``Dataset``: then it is the
published file, and plain reading is safe. Before that a file is at most unpacked, in memory.
"""

import gzip
import hashlib
import io
import itertools
import json
import pickle
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO

from gan_helpers.data.sets import SPLITS, Dataset
from gan_helpers.runtime import DatasetError

import numpy as np
from PIL import Image

__all__ = ["ACCEPTED", "SplitArrays", "read_complete"]

SplitArrays = dict[str, tuple[np.ndarray, np.ndarray]]
Contents = Mapping[str, bytes]

ACCEPTED = {
    "cifar10": "cifar-10-python.tar.gz, the same as .tar or .zip, its unpacked folder, or the "
    "folder of PNG batches",
    "mnist": "mnist.npz, mnist.pkl.gz, or a folder or archive with the four IDX files, packed or "
    "not",
}
_BATCHES = {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]}
_BATCH_NAMES = _BATCHES["train"] + _BATCHES["test"]
# The published package spells the names of its label files this way.
_PNG_LABELS = {"train": "train_lables.json", "test": "test_lables.json"}
_IDX = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
# The longest published file, mnist.pkl, has 220 MB: this much of a longer one proves it another.
_MOST_BYTES = 230_000_000
_MOST_FILES = 1000  # of a folder: one that holds more is another folder
# RuntimeError: a zip with a password, or packed in another way.
_UNPACKING = (OSError, EOFError, RuntimeError, tarfile.TarError, zipfile.BadZipFile, zlib.error)


def read_complete(dataset: Dataset, path: Path) -> SplitArrays:
    """Read a complete data set from its published files, whatever they are called.

    Args:
        dataset: ``CIFAR10`` or ``MNIST``.
        path: a published file; or a folder or an archive (.tar, .tar.gz or .zip) in which the
            files lie, at any depth, as they are or packed by gzip. ``ACCEPTED`` names them.

    Returns:
        For each split (images uint8 (n, height, width, channels), labels int64 (n,)), in the
        order of the files.

    Raises:
        DatasetError: if a file is missing, unreadable, damaged, or not the published one.
    """
    published = {sha256: name for name, sha256 in dataset.files.items()}
    found: dict[str, bytes] = {}
    others: list[tuple[str, str, str]] = []
    problems = []
    for file in _files(path):
        try:
            for name, place, content in _contents(file):
                sha256 = hashlib.sha256(content).hexdigest()
                if sha256 not in published:
                    others.append((name, place, sha256))
                    continue
                found[published[sha256]] = content
                for names, read in _FORMS[dataset.name].items():
                    if found.keys() >= set(names):
                        return _in_shape(dataset, read(found))
        except PermissionError:
            problems.append(f"{file} may not be read by you: allow it.")
        except _UNPACKING as error:
            problems.append(
                f"{file} cannot be unpacked: {error}. It is damaged or another kind of file."
            )
    problem, *_ = [*problems, *_changed(dataset, others), _lacking(dataset, found, others, path)]
    raise DatasetError(
        f"{problem} Give {ACCEPTED[dataset.name]}; or run "
        f"`python -m gan_helpers.data {dataset.name}` to fetch the official file."
    )


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise DatasetError(f"{path} does not exist. Give the path of a file or folder.")
    if not path.is_dir():
        return [path]
    files = list(itertools.islice(filter(Path.is_file, path.rglob("*")), _MOST_FILES + 1))
    if len(files) > _MOST_FILES:
        raise DatasetError(
            f"{path} holds more than {_MOST_FILES:,} files. Give the folder of the set alone."
        )
    return sorted(files)


def _contents(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """(name, place, content) of a file, and of the files in it if it is an archive."""
    with path.open("rb") as stream:
        yield from _unpacked(path.name, str(path), stream, archives=2)


def _unpacked(
    name: str, place: str, stream: IO[bytes], archives: int
) -> Iterator[tuple[str, str, bytes]]:
    """``archives`` is how many may lie in each other: some zip the .tar.gz, others do worse."""
    content = stream.read(_MOST_BYTES)
    if content.startswith(b"\x1f\x8b"):
        with gzip.open(io.BytesIO(content)) as packed:
            content = packed.read(_MOST_BYTES)
    yield name, place, content
    if archives:
        for member, opened in _members(name, io.BytesIO(content)):
            inside = f"{member} in {place}"
            yield from _unpacked(PurePosixPath(member).name, inside, opened, archives - 1)


def _members(name: str, content: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    # An .npz is a zip too, but is known as a whole.
    if zipfile.is_zipfile(content) and not name.endswith(".npz"):
        with zipfile.ZipFile(content) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    with archive.open(member) as opened:
                        yield member.filename, opened
        return
    content.seek(0)
    if tarfile.is_tarfile(content):
        with tarfile.open(fileobj=content) as archive:
            for entry in archive:
                if entry.isreg() and (file := archive.extractfile(entry)):
                    yield entry.name, file


def _changed(dataset: Dataset, others: list[tuple[str, str, str]]) -> Iterator[str]:
    """A sentence on each file that has the name of a published one, but not its content."""
    for name, place, sha256 in others:
        # Browsers number copies, and some downloads write a dot for the first hyphen.
        plain = re.sub(r" ?\(\d+\)|\.gz$", "", name).replace(".idx", "-idx")
        if plain in dataset.files:
            yield (
                f"{place} is not the published {plain}, and was not opened: the SHA-256 of its "
                f"content begins with {sha256[:12]}, expected is {dataset.files[plain][:12]}."
            )


def _lacking(
    dataset: Dataset, found: Contents, others: list[tuple[str, str, str]], path: Path
) -> str:
    if not found and len(others) == 1:
        _, place, sha256 = others[0]
        return (
            f"{place} is no published file of {dataset.title}, and was not opened: the SHA-256 of "
            f"its content begins with {sha256[:12]}."
        )
    names = max(_FORMS[dataset.name], key=lambda names: len(found.keys() & set(names)))
    return f"{path} lacks {', '.join(name for name in names if name not in found)}."


def _in_shape(dataset: Dataset, splits: SplitArrays) -> SplitArrays:
    for split, (images, labels) in splits.items():
        images = np.ascontiguousarray(images).reshape(-1, *dataset.image_shape)
        splits[split] = images, np.asarray(labels, np.int64)
    return splits


def _join_batches(contents: Contents) -> SplitArrays:
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


def _join_pictures(contents: Contents) -> SplitArrays:
    splits = {}
    for split, names in _BATCHES.items():
        images = [np.asarray(Image.open(io.BytesIO(contents[f"{name}.png"]))) for name in names]
        splits[split] = np.concatenate(images), json.loads(contents[_PNG_LABELS[split]])
    return splits


def _read_npz(contents: Contents) -> SplitArrays:
    arrays = np.load(io.BytesIO(contents["mnist.npz"]), allow_pickle=False)
    return {split: (arrays[f"x_{split}"], arrays[f"y_{split}"]) for split in SPLITS}


def _read_pickle(contents: Contents) -> SplitArrays:
    parts = pickle.loads(contents["mnist.pkl"], encoding="latin1")
    # Its fractions are pixels divided by 256, not 255.
    train, validation, test = (((x * 256).astype(np.uint8), y) for x, y in parts)
    images, labels = (np.concatenate(both) for both in zip(train, validation, strict=True))
    return {"train": (images, labels), "test": test}


def _read_idx(contents: Contents) -> SplitArrays:
    def values(name: str) -> np.ndarray:
        # Four bytes, the last of which counts the axes; four for the length of each; the values.
        return np.frombuffer(contents[name], np.uint8, offset=4 + 4 * contents[name][3])

    return {split: (values(images), values(labels)) for split, (images, labels) in _IDX.items()}


# The published files that make a whole set -> what reads them.
_FORMS: dict[str, dict[tuple[str, ...], Callable[[Contents], SplitArrays]]] = {
    "cifar10": {
        tuple(_BATCH_NAMES): _join_batches,
        (*(f"{name}.png" for name in _BATCH_NAMES), *_PNG_LABELS.values()): _join_pictures,
    },
    "mnist": {
        ("mnist.npz",): _read_npz,
        ("mnist.pkl",): _read_pickle,
        tuple(itertools.chain(*_IDX.values())): _read_idx,
    },
}

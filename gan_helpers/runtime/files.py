"""Files that prove to be whole: hashes beside them, and arrays read without running anything."""

import hashlib
import os
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

__all__ = [
    "BOX",
    "BOX_REMEDY",
    "SUMS_NAME",
    "DatasetError",
    "file_sha256",
    "read_arrays",
    "read_sums",
    "replacing",
    "verified_path",
    "write_sums",
]

SUMS_NAME = "SHA256SUMS"

# What comes with the course, sample pictures and weights: a wheel carries it inside the package,
# in the sources it lies beside.
_PACKAGE = Path(__file__).resolve().parents[1]
BOX = _PACKAGE / "box" if (_PACKAGE / "box").is_dir() else _PACKAGE.parent / "data"
BOX_REMEDY = (
    "It comes with the course: restore it with `git checkout -- data`, or without the sources "
    "install the course again."
)


class DatasetError(RuntimeError):
    """A data file is missing, damaged, or not what it should be. The message says what to do."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write a file so that it appears whole or not at all.

    Args:
        path: where the file shall lie. Missing folders are made.

    Yields:
        A path beside it, with the same ending, to write to. When the block ends, that file takes
        the place of ``path``; when it fails, ``path`` stays as it was and nothing is left beside.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two that write the same file at once, be it threads, must not mix; the later one wins.
    unfinished = path.with_name(f".{secrets.token_hex(8)}{path.suffix}")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_sums(folder: Path, remedy: str) -> dict[str, str]:
    """Read ``SHA256SUMS`` of a folder.

    Args:
        folder: where the list lies.
        remedy: the sentence that tells a reader how to get a file back.

    Returns:
        SHA-256 by file name, relative to the folder, with forward slashes.

    Raises:
        DatasetError: if the list is missing or unreadable.
    """
    path = folder / SUMS_NAME
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        pairs = [line.split("  ", maxsplit=1) for line in lines]
        return {name: sha256 for sha256, name in pairs}
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing. {remedy}") from None
    except PermissionError:
        raise DatasetError(f"{path} may not be read by you: allow it.") from None
    except ValueError:
        raise DatasetError(f"{path} is damaged: it is no list of SHA-256 sums. {remedy}") from None


def write_sums(folder: Path, names: Iterable[str]) -> None:
    """Write ``SHA256SUMS`` in the format of ``sha256sum -c``; the list appears whole or not."""
    lines = [f"{file_sha256(folder / name)}  {name}\n" for name in sorted(names)]
    with replacing(folder / SUMS_NAME) as unfinished:
        unfinished.write_text("".join(lines), encoding="utf-8", newline="\n")


def verified_path(folder: Path, name: str, sums: Mapping[str, str], remedy: str) -> Path:
    """Path of a file whose SHA-256 is the listed one.

    Raises:
        DatasetError: if the file is missing, not listed or damaged; names the file.
    """
    path = folder / name
    if not os.path.isfile(path):
        raise DatasetError(f"{path} is missing. {remedy}")
    if name not in sums:
        raise DatasetError(f"{folder / SUMS_NAME} does not list {name}. {remedy}")
    try:
        found = file_sha256(path)
    except PermissionError:
        raise DatasetError(f"{path} may not be read by you: allow it.") from None
    if found != sums[name]:
        raise DatasetError(
            f"{path} is damaged: its SHA-256 begins {found[:12]}, "
            f"expected is {sums[name][:12]}. {remedy}"
        )
    return path


def read_arrays(path: Path, names: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """Read arrays of numbers from a ``.npz`` file.

    Args:
        path: the file.
        names: which arrays; ``None`` = all.

    Returns:
        Name -> array of booleans, whole numbers or floats.

    Raises:
        OSError: if the file cannot be opened.
        ValueError: if it is no such file, lacks an array, or holds anything but numbers.
    """
    with path.open("rb") as stream:
        try:
            with np.load(stream, allow_pickle=False) as archive:
                arrays = {name: np.asarray(archive[name]) for name in archive.files}
        except Exception as error:  # a file can be damaged in more ways than anyone can list
            raise ValueError(
                f"{path} cannot be read as arrays of numbers. It is damaged or another kind of "
                "file: get it again."
            ) from error
    names = list(arrays) if names is None else names
    for name in names:
        if name not in arrays or arrays[name].dtype.kind not in "buif":
            problem = "holds no numbers" if name in arrays else "is missing"
            raise ValueError(f"{path} cannot be read: {name} in it {problem}. Get the file again.")
    return {name: arrays[name] for name in names}

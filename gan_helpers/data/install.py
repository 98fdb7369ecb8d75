"""Install a complete data set in the cache: ``python -m gan_helpers.data cifar10 [--from PATH]``.

Downloads go to a ``.part`` file, continue where they stopped, and must have the published SHA-256.
"""

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from gan_helpers.checks import check_path
from gan_helpers.data.sets import DATASETS, SPLITS, Dataset, cache_folder, is_installed
from gan_helpers.data.sources import ACCEPTED, SplitArrays, read_complete
from gan_helpers.runtime import (
    SUMS_NAME,
    DatasetError,
    file_sha256,
    print_any_character,
    read_sums,
    replacing,
    verified_path,
    write_sums,
)

import numpy as np
import requests
import urllib3
from tqdm import tqdm

__all__ = ["download", "install", "main"]

_CHUNK_BYTES = 1 << 16
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit status: 0 installed, 1 not, 130 interrupted."""
    print_any_character()
    arguments = _parse(argv)
    dataset = DATASETS[arguments.dataset]
    try:
        if _is_whole(dataset):
            print(f"Complete {dataset.title} is already in {cache_folder() / dataset.name}.")
        else:
            source = arguments.source or download(dataset, arguments.url, arguments.timeout)
            install(dataset, source)
            if arguments.source is None:
                source.unlink()  # the cache now holds the same pictures, ready to load
    except DatasetError as error:
        print(f"Not installed. {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Not installed. {_explain(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. A started download continues at the next run.", file=sys.stderr)
        return 130
    if os.environ.get("GAN_DATA") == "sample":
        print("GAN_DATA=sample is set: unset it, or the lessons go on using the sample.")
    return 0


def install(dataset: Dataset, source: Path) -> Path:
    """Read, check and store a complete data set.

    Args:
        dataset: which one.
        source: a file or folder, see ``read_complete``.

    Returns:
        The folder in the cache.

    Raises:
        DatasetError: if the source is not the complete published set; the cache is then untouched.
        OSError: if the cache cannot be written.
    """
    print(f"Reading {source}")
    splits = read_complete(dataset, source)
    folder = cache_folder() / dataset.name
    _store(folder, splits)
    counts = " and ".join(f"{len(splits[split][0]):,} {split}" for split in SPLITS)
    print(f"Installed complete {dataset.title} ({counts} images) in {folder}.")
    return folder


def download(dataset: Dataset, url: str | None = None, timeout: float = 60.0) -> Path:
    """Fetch the published file of a data set into the cache, or continue fetching it.

    Args:
        dataset: which one.
        url: another address of the same file; HTTPS, or HTTP on this machine.
        timeout: seconds the host may take to answer, and may fall silent.

    Returns:
        Path of the file, whose SHA-256 is the published one.

    Raises:
        DatasetError: if the address is not allowed, the host fails, or the SHA-256 is wrong.
        OSError: if the cache cannot be written.
    """
    url = url or dataset.url
    _check_address(url)
    finished = cache_folder() / "downloads" / dataset.archive_name
    if finished.is_file() and file_sha256(finished) == dataset.archive_sha256:
        return finished
    finished.parent.mkdir(parents=True, exist_ok=True)
    part = finished.with_name(finished.name + ".part")
    _fetch(url, part, timeout, dataset)
    if file_sha256(part) != dataset.archive_sha256:
        part.unlink()
        raise DatasetError(
            f"What {urlsplit(url).hostname} sent is not {dataset.archive_name}: its SHA-256 is "
            "wrong. The partial file was deleted; run the command again to start afresh."
        )
    os.replace(part, finished)
    return finished


def _fetch(url: str, part: Path, timeout: float, dataset: Dataset) -> None:
    """Append to the partial file what it lacks, or begin it anew."""
    have = part.stat().st_size if part.is_file() else 0
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        with requests.get(url, headers=headers, stream=True, timeout=timeout) as response:
            _check_address(response.url)  # a redirect must not lead off HTTPS
            if have and response.status_code == requests.codes.requested_range_not_satisfiable:
                return  # nothing is lacking, or the file is wrong: its SHA-256 will tell
            response.raise_for_status()
            have = _continue_from(response, have)
            _receive(response, part, have, dataset)
    except (requests.Timeout, urllib3.exceptions.TimeoutError):
        problem = f"sent nothing for {timeout:g} seconds. This host can be very slow"
    except requests.HTTPError as error:
        problem = f"answered {error.response.status_code} {error.response.reason}"
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        problem = f"could not be reached, or broke off ({type(error).__name__})"
    else:
        return
    kept = part.stat().st_size if part.is_file() else 0
    raise DatasetError(
        f"{urlsplit(url).hostname} {problem}. "
        + (
            f"The {kept:,} bytes received so far are kept: the same command continues. "
            * (kept > 0)
        )
        + "Try again later, or take the file from somebody who has it: "
        f"python -m gan_helpers.data {dataset.name} --from PATH"
    )


def _continue_from(response: requests.Response, have: int) -> int:
    """Number of bytes already here that the answer continues: ``have``, or 0 for a new start."""
    if response.status_code != requests.codes.partial_content:
        if have:
            print("The host cannot continue a download: starting afresh.")
        return 0
    if not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        raise requests.ConnectionError("the host sent another part than the one asked for")
    return have


def _receive(response: requests.Response, part: Path, have: int, dataset: Dataset) -> None:
    length = response.headers.get("Content-Length", "")
    total = have + int(length) if length.isdigit() else None
    bar = tqdm(
        total=total, initial=have, desc=dataset.archive_name, unit="B", unit_scale=True, leave=False
    )
    with part.open("ab" if have else "wb") as stream, bar:
        # Raw, because the .gz itself is wanted, even where a host declares it an encoding.
        for chunk in response.raw.stream(_CHUNK_BYTES, decode_content=False):
            stream.write(chunk)
            bar.update(len(chunk))


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE):
        return
    raise DatasetError(f"{url} is no HTTPS address. Only this machine may be asked without HTTPS.")


def _store(folder: Path, splits: SplitArrays) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # Without its list of hashes a set counts as not installed: first to go, last to come.
    (folder / SUMS_NAME).unlink(missing_ok=True)
    names = []
    for split, arrays in splits.items():
        for part, array in zip(("images", "labels"), arrays, strict=True):
            names.append(f"{split}_{part}.npy")
            _save_array(folder / names[-1], array)
    write_sums(folder, names)


def _save_array(path: Path, array: np.ndarray) -> None:
    """Write a .npy file that appears whole or not at all."""
    with replacing(path) as unfinished, unfinished.open("wb") as stream:
        # Not np.save: on a full disk its error does not say that the disk is full.
        header = np.lib.format.header_data_from_array_1_0(array)
        np.lib.format.write_array_header_1_0(stream, header)
        stream.write(np.ascontiguousarray(array).data)


def _is_whole(dataset: Dataset) -> bool:
    if not is_installed(dataset):
        return False
    folder = cache_folder() / dataset.name
    try:
        sums = read_sums(folder, "")
        for name in (f"{split}_{part}.npy" for split in SPLITS for part in ("images", "labels")):
            verified_path(folder, name, sums, "")
    except DatasetError as error:
        print(f"{error}Installing it again.")
        return False
    return True


def _explain(error: OSError) -> str:
    elsewhere = "or choose another folder with the environment variable GAN_DATA_HOME."
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return f"The disk of {cache_folder()} is full. Free about 400 MB, {elsewhere}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        place = Path(error.filename or cache_folder())
        if cache_folder() not in (place, *place.parents, *cache_folder().parents):
            return f"{place} may not be read by this account. Allow it, or copy what you need."
        return f"{place} may not be written. Allow it, {elsewhere}"
    return f"The cache {cache_folder()} cannot be used ({error}). Repair it, {elsewhere}"


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m gan_helpers.data",
        description="Install a complete data set once, for all lessons.",
    )
    parser.add_argument("dataset", choices=sorted(DATASETS))
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--from",
        dest="source",
        metavar="PATH",
        type=partial(check_path, "source"),
        help=f"what you have already, under any name: {'; or '.join(ACCEPTED.values())}",
    )
    source.add_argument("--url", help="another address of the official file")
    parser.add_argument(
        "--timeout", type=float, default=60.0, metavar="SECONDS", help="patience with the host"
    )
    return parser.parse_args(argv)

"""What the two data sets are, and where their files lie."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gan_helpers.runtime import SUMS_NAME

import platformdirs

__all__ = [
    "CIFAR10",
    "DATASETS",
    "MNIST",
    "SAMPLE_COLUMNS",
    "SPLITS",
    "Dataset",
    "cache_folder",
    "is_installed",
]

SPLITS = ("train", "test")
SAMPLE_COLUMNS = 25  # images side by side in one picture of the sample


@dataclass(frozen=True, eq=False)
class Dataset:
    """The facts about one data set.

    Attributes:
        name: the name on the command line and in the cache.
        title: the name in sentences.
        class_names: one name a class; a label is an index into it.
        image_shape: (height, width, channels).
        class_counts: images of each class in the complete set, for each split.
        sample_counts: images of every class in the sample, for each split.
        digests: fingerprint of the complete set, for each split (see ``content_digest``).
        url, archive_name, archive_sha256: where the complete set is published, as which file.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    class_counts: Mapping[str, tuple[int, ...]]
    sample_counts: Mapping[str, int]
    digests: Mapping[str, str]
    url: str
    archive_name: str
    archive_sha256: str

    def count(self, split: str) -> int:
        """Number of images in one split of the complete set."""
        return sum(self.class_counts[split])


CIFAR10 = Dataset(
    name="cifar10",
    title="CIFAR-10",
    class_names=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    image_shape=(32, 32, 3),
    class_counts={"train": (5000,) * 10, "test": (1000,) * 10},
    sample_counts={"train": 500, "test": 100},
    digests={
        "train": "6a3b2c04d0a79ce272dcdacaf0bc440275db5a8cbe3717521a28fada2ea0d2ed",
        "test": "65a6ffe079453e514083f99356b35e02cbfd581b4951e3937fae188974b79f39",
    },
    url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    archive_name="cifar-10-python.tar.gz",
    archive_sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9320329d7fe0b5c001ce",
)
MNIST = Dataset(
    name="mnist",
    title="MNIST",
    class_names=tuple(str(digit) for digit in range(10)),
    image_shape=(28, 28, 1),
    class_counts={
        "train": (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
        "test": (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
    },
    sample_counts={"train": 1000, "test": 100},
    digests={
        "train": "54e1ab866c9484947dd4821c52bb7a43938f555d6b046be6af55247f8e6ffc64",
        "test": "97b756d55950f1841ebd48df7379b9b2fc87a10d63e08d6213dad41d564e8508",
    },
    url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    archive_name="mnist.npz",
    archive_sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
)
DATASETS = {dataset.name: dataset for dataset in (CIFAR10, MNIST)}


def cache_folder() -> Path:
    """Folder of the complete sets: ``GAN_DATA_HOME`` if set, else the user's cache folder."""
    chosen = os.environ.get("GAN_DATA_HOME", "")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("gan_helpers"))


def is_installed(dataset: Dataset) -> bool:
    """Whether the complete set is in the cache. Its list of hashes is written last of all."""
    return (cache_folder() / dataset.name / SUMS_NAME).is_file()

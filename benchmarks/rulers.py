"""Four rulers on every generator in the box, and on any images: whose friend is which?

Each ruler compares images with as many photographs of the test set, by the features of a network
of its own (``gan_helpers.extractors``). Two numbers each: the Fréchet distance, and the kernel
distance times 1000 with its standard error. A generator that was told the class shares its labels
with the first ruler; one under a projected discriminator shares its features with the third.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from gan_helpers.data import load_cifar10
from gan_helpers.metrics import (
    FeatureExtractor,
    PhotoExtractor,
    RotationExtractor,
    UntrainedExtractor,
    frechet_distance,
    kernel_distance,
)
from gan_helpers.runtime import read_arrays
from gan_helpers.training import GAN
from gan_helpers.weights import load_pretrained

import distance
import numpy as np

RULERS = {
    "classes": FeatureExtractor,
    "rotations": RotationExtractor,
    "ImageNet": PhotoExtractor,
    "untrained": UntrainedExtractor,
}
SHIPPED = ("dcgan", "conditional")
JUDGED = 5000


def measure(given: Iterable[str] = (), save: Path | None = None) -> None:
    """Print a row for photographs, for each shipped generator, and for files NAME=FILE.npz.

    A folder to save gets what was judged, for ``scripts/blind_test.py``.
    """
    files = dict(pair.split("=", 1) for pair in given)
    if distance.load_complete_set() is None:
        return
    judges = {name: build() for name, build in RULERS.items()}
    photographs, _ = load_cifar10("test")
    real = {name: judge(photographs[:JUDGED]) for name, judge in judges.items()}
    print(f"Up to {JUDGED} images against {JUDGED} photographs of the test set, one seed.\n")
    print(f"{'':28}" + "".join(f"{name:>31}" for name in judges))
    print(f"{'':28}" + f"{'Fréchet':>11}{'kernel x 1000':>20}" * len(judges))
    for name, images, labels in candidates(files):
        if save is not None:
            save.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(save / f"{name}.npz", images=images, labels=labels)
        cells = [score(judge(images), real[ruler]) for ruler, judge in judges.items()]
        print(f"{name:28}" + "".join(cells), flush=True)


def candidates(files: dict[str, str]) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, images, and the class of each that was meant, -1 for none."""
    photographs, labels = load_cifar10("test")
    yield "photographs", photographs[JUDGED : 2 * JUDGED], labels[JUDGED : 2 * JUDGED]
    for name in SHIPPED:
        gan = GAN(load_pretrained(f"{name}_generator"), load_pretrained(f"{name}_discriminator"))
        labels = np.arange(JUDGED) % 10 if gan.conditional else np.full(JUDGED, -1)
        yield name, distance.sample_evenly(gan, JUDGED), labels
    for name, path in files.items():
        stored = read_arrays(Path(path))
        yield name, stored["images"][:JUDGED], stored["labels"][:JUDGED]


def score(fake: np.ndarray, real: np.ndarray) -> str:
    found = kernel_distance(real, fake)
    kernel = f"{1000 * found.estimate:.1f} ± {1000 * found.spread:.1f}"
    return f"{frechet_distance(real, fake):11.2f}{kernel:>20}"

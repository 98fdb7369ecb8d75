"""Four rulers on every generator in the box, and on any images: whose friend is which?

Each ruler compares images with as many photographs of the test set, by the features of a network
of its own (``gan_helpers.extractors``). Two numbers each: the Fréchet distance, and the kernel
distance times 1000 with its standard error. A generator that was told the class shares its labels
with the first ruler; one under a projected discriminator shares its features with the third.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from gan_helpers.data import load_cifar10, to_pixels
from gan_helpers.metrics import (
    FeatureExtractor,
    PhotoExtractor,
    RotationExtractor,
    UntrainedExtractor,
    frechet_distance,
    kernel_distance,
)
from gan_helpers.runtime import read_arrays
from gan_helpers.studio import build_studio_generator
from gan_helpers.training import GAN
from gan_helpers.weights import (
    build_pretrained,
    load_pretrained,
    load_training_stages,
    load_weights,
)

import distance
import keras
import numpy as np

RULERS = {
    "classes": FeatureExtractor,
    "rotations": RotationExtractor,
    "ImageNet": PhotoExtractor,
    "untrained": UntrainedExtractor,
}
SHIPPED = ("dcgan", "conditional", "studio")
TRUNCATIONS = (0.85, 0.7)
JUDGED = 5000


def measure(given: Iterable[str] = (), save: Path | None = None) -> None:
    """Print a row for photographs, each shipped generator, and files NAME=FILE.npz.

    The studio's generator has rows for its stages too, and for styles pulled to their mean. A file
    holds images and labels, or is the generator.npz of a run of ``scripts/train_studio.py``.

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
            np.savez_compressed(save / f"{name.strip()}.npz", images=images, labels=labels)
        cells = [score(judge(images), real[ruler]) for ruler, judge in judges.items()]
        print(f"{name:28}" + "".join(cells), flush=True)


def candidates(files: dict[str, str]) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, images, and the class of each that was meant, -1 for none."""
    photographs, labels = load_cifar10("test")
    yield "photographs", photographs[JUDGED : 2 * JUDGED], labels[JUDGED : 2 * JUDGED]
    for name in SHIPPED:
        # A generator is sampled by its GAN, in which an untrained discriminator has no part.
        gan = GAN(load_pretrained(f"{name}_generator"), build_pretrained(f"{name}_discriminator"))
        labels = np.arange(JUDGED) % 10 if gan.conditional else np.full(JUDGED, -1)
        yield name, distance.sample_evenly(gan, JUDGED), labels
    generator = load_pretrained("studio_generator")
    for share in TRUNCATIONS:
        yield f"  styles times {share}", *draw(generator, share)
    for seen, stage in load_training_stages("studio").items():
        yield f"  after {seen:,} images", *draw(stage)
    for name, path in files.items():
        stored, notes = read_arrays(Path(path)), Path(path).with_name("settings.json")
        if "images" in stored:
            yield name, stored["images"][:JUDGED], stored["labels"][:JUDGED]
        else:
            widths = json.loads(notes.read_text(encoding="utf-8"))["widths"]
            yield name, *draw(load_weights(build_studio_generator(widths=widths), path))


def draw(generator: keras.Model, share: float = 1) -> tuple[np.ndarray, np.ndarray]:
    """Images of the studio's generator and their classes; its mapped latents, of mean 0, scaled."""
    labels = np.arange(JUDGED) % 10
    mapping, synthesis = generator.get_layer("mapping"), generator.get_layer("synthesis")
    latents = np.random.default_rng(1).normal(size=(JUDGED, generator.inputs[0].shape[-1]))
    shares = np.eye(10, dtype="float32")[labels]
    styles = mapping.predict([latents.astype("float32"), shares], verbose=0)
    styles = np.concatenate([share * styles[..., :-10], styles[..., -10:]], axis=-1)
    return to_pixels(synthesis.predict(styles, batch_size=100, verbose=0)), labels


def score(fake: np.ndarray, real: np.ndarray) -> str:
    found = kernel_distance(real, fake)
    kernel = f"{1000 * found.estimate:.1f} ± {1000 * found.spread:.1f}"
    return f"{frechet_distance(real, fake):11.2f}{kernel:>20}"

"""What six minutes give on three classes: lesson 6's recipe, a projected discriminator, and both.

    python benchmarks/three_classes.py rates                  images a second, nothing else running
    python benchmarks/three_classes.py train OUT --seeds 3    six minutes' worth of each, by images
    python benchmarks/three_classes.py judge OUT              the table, and OUT/picture.png

The first is lesson 6's GAN with a generator that is told the class. The second is the studio's
generator under ``build_projected_discriminator``, the third the same with a cheap discriminator on
pixels beside it, which also names classes. Each trains for as many images as it sees in six
minutes on two cores that do nothing else, so what else runs meanwhile does not matter.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from gan_helpers.data import CIFAR10_CLASSES, image_batches, load_cifar10
from gan_helpers.metrics import kernel_distance
from gan_helpers.pictures import image_grid
from gan_helpers.runtime import read_arrays

import distance
import keras
import numpy as np
import rulers
import train_studio
from matplotlib.figure import Figure

TRIOS = (("automobile", "horse", "ship"), ("bird", "cat", "deer"))
RECIPES = ("lesson", "projected", "both")
# Images a second, measured by "rates" on two cores of a server processor with AVX-512.
RATES = {"lesson": 1258, "projected": 215, "both": 211}
SECONDS = 360
DRAWN = 3000
SHOWN = 8  # tiles of each class in the picture
STUDIO = ["--batch", "24", "--seen-size", "48", "--average", "0.99"]


class LessonRun:
    """Lesson 6's recipe; the generator is told the class."""

    batch = distance.BATCH_SIZE

    def __init__(self, trio: tuple[str, ...], seed: int) -> None:
        keras.utils.set_random_seed(seed)
        images, labels = train_studio.load_classes(trio)
        self.gan = distance.build_lesson_gan(seed, conditional=True, classes=len(trio))
        self.batches = image_batches(images, self.batch, seed, flip=True, labels=labels)
        self.gan.fit(self.batches.take(distance.STEPS_AT_ONCE), verbose=0)  # builds the graph

    def train(self, images: int) -> None:
        steps = images // self.batch
        whole, rest = divmod(steps, len(self.batches))
        self.gan.fit(self.batches, epochs=whole, verbose=0)
        if rest:
            self.gan.fit(self.batches.take(rest), verbose=0)

    def sample(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(count) % self.gan.contract.condition_values
        return self.gan.sample(count, seed=1, labels=labels), labels


class StudioRun:
    """The studio's generator under the projected discriminator, alone or joined."""

    def __init__(self, trio: tuple[str, ...], seed: int, pixels: float) -> None:
        given = ["-", *STUDIO, "--seed", str(seed), "--pixels", str(pixels), "--classes", *trio]
        settings = train_studio.parse_arguments(given)
        self.batch = settings.batch
        self.images, self.labels = train_studio.load_classes(trio)
        self.studio = train_studio.Studio(settings)
        self.train(self.batch)  # builds the graph

    def train(self, images: int) -> None:
        steps = self.studio.steps + images // self.batch
        for _ in self.studio.train(self.images, self.labels, steps):
            pass

    def sample(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        return self.studio.sample(count, seed=1)


def begin(recipe: str, trio: tuple[str, ...], seed: int) -> LessonRun | StudioRun:
    if recipe == "lesson":
        return LessonRun(trio, seed)
    return StudioRun(trio, seed, pixels=1.0 if recipe == "both" else 0.0)


def measure_rates() -> None:
    """Images a second of each recipe, the median of three turns."""
    runs = {recipe: begin(recipe, TRIOS[0], 0) for recipe in RECIPES}
    rates: dict[str, list[float]] = {recipe: [] for recipe in RECIPES}
    for _ in range(3):
        for recipe, run in runs.items():
            images = 15_000 if recipe == "lesson" else 2400
            start = time.perf_counter()
            run.train(images)
            rates[recipe].append(images / (time.perf_counter() - start))
            print(f"{recipe:10} {rates[recipe][-1]:6.0f} images a second", flush=True)
    for recipe in RECIPES:
        print(f"{recipe:10} {np.median(rates[recipe]):6.0f} images a second, median")


def train(folder: Path, seeds: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(seeds):
        for trio in TRIOS:
            for recipe in RECIPES:
                path = folder / f"{'_'.join(trio)}-{recipe}-{seed}.npz"
                if path.exists():
                    continue
                start = time.perf_counter()
                run = begin(recipe, trio, seed)
                run.train(RATES[recipe] * SECONDS)
                images, labels = run.sample(DRAWN)
                numbers = np.array([CIFAR10_CLASSES.index(name) for name in trio])
                np.savez_compressed(path, images=images, labels=numbers[labels])
                print(f"{path.name}: {time.perf_counter() - start:.0f} s", flush=True)
                keras.utils.clear_session()


def judge(folder: Path) -> None:
    """Print mean and standard deviation over the seeds, for every ruler, and draw the picture."""
    judges = {name: build() for name, build in rulers.RULERS.items()}
    photographs, labels = load_cifar10("test")
    print(
        "Kernel distance x 1000 to the test photographs of the classes, mean ± deviation of seeds"
    )
    print(f"{'':36}{'seeds':>6}" + "".join(f"{name:>18}" for name in judges))
    rows = {}
    for trio in TRIOS:
        real = photographs[np.isin(labels, [CIFAR10_CLASSES.index(name) for name in trio])]
        seen = {name: extract(real) for name, extract in judges.items()}
        for recipe in RECIPES:
            paths = sorted(folder.glob(f"{'_'.join(trio)}-{recipe}-*.npz"))
            drawn = [read_arrays(path)["images"] for path in paths]
            cells = []
            for name, extract in judges.items():
                found = [kernel_distance(seen[name], extract(images)) for images in drawn]
                values = [1000 * each.estimate for each in found]
                cells.append(f"{np.mean(values):.1f} ± {np.std(values, ddof=1):.1f}")
            title = f"{', '.join(trio)}: {recipe}"
            print(
                f"{title:36}{len(drawn):6}" + "".join(f"{cell:>18}" for cell in cells), flush=True
            )
            rows[title] = np.concatenate([drawn[0][place::3][:SHOWN] for place in range(3)])
        rows[f"{', '.join(trio)}: photographs"] = np.concatenate(
            [photographs[labels == CIFAR10_CLASSES.index(name)][:SHOWN] for name in trio]
        )
    draw(rows, folder / "picture.png")


def draw(rows: dict[str, np.ndarray], path: Path) -> None:
    """A row of tiles for each name, three pixels for one."""
    grids = {name: image_grid(images, columns=len(images)) for name, images in rows.items()}
    height, width, _ = next(iter(grids.values())).shape
    figure = Figure(figsize=(3 * width / 100, len(rows) * (3 * height + 40) / 100), dpi=100)
    for number, (name, grid) in enumerate(grids.items()):
        axes = figure.add_axes((0, 1 - (number + 1) / len(rows), 1, 0.7 / len(rows)))
        axes.imshow(grid, interpolation="nearest")
        axes.set_title(name, loc="left")
        axes.set_axis_off()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=["rates", "train", "judge"])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.task == "rates":
        measure_rates()
    elif arguments.task == "train":
        train(arguments.folder, arguments.seeds)
    else:
        judge(arguments.folder)


if __name__ == "__main__":
    main()

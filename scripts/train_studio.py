"""Train the generator of the studio on CIFAR-10, in the background, for as long as it helps.

    nohup nice -n 10 python scripts/train_studio.py RUN > RUN.log &   begins, or goes on, with RUN
    python scripts/train_studio.py COOL --from RUN --cool 40000       a branch: rates fall to 0
    python scripts/train_studio.py COOL --ship                        trains nothing

Two discriminators judge each image. One looks through a frozen network that has seen a million
photographs (``gan_helpers.studio``). With --pixels, a cheap one looks at the pixels and names
the classes of the real images (``gan_helpers.models``). The rates stay as they are, so "longer" is
never a new run; a branch cools down from any state, or goes on with a wider generator. A resumed
run is the same run, bit for bit.

Every ten minutes RUN gets state.npz, the averaged generator as generator.npz, and grid.png; every
minute a line in log.csv. When the steps have grown by an eighth, the generator is kept as a stage.
``--ship`` copies generator and heads to data/weights, with stages and log of RUN and of the runs
from which it branched, and makes the picture above the README. Training needs the complete set
(``python -m gan_helpers.data cifar10``).
"""

import argparse
import csv
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "0")

from gan_helpers import losses, models
from gan_helpers.animation import save_gif
from gan_helpers.data import CIFAR10_CLASSES, load_cifar10, to_pixels
from gan_helpers.pictures import image_grid
from gan_helpers.runtime import replacing
from gan_helpers.studio import build_projected_discriminator, build_studio_generator
from gan_helpers.weights import WEIGHTS, load_weights, save_weights

import keras
import numpy as np
import tensorflow as tf
import training_run
from PIL import Image

COLUMNS = ("seconds", "steps", "heads_loss", "pixels_loss", "generator_loss")
SHIPPED = [name for name in COLUMNS if name != "steps"]
LATENT_DIM = 128
GRID = 10  # images of each class
NAMING = 2.0  # weight of naming the classes, as in GAN.compile
STAGE_RATIO = 1.125  # steps at one stage against the one before
STAGES = 4  # that are shipped, besides the finished generator: of widths that fit in the box
STAGE_WIDTHS = [128, 128, 64, 32]
HERO = Path(__file__).resolve().parent.parent / "notebooks" / "images" / "studio_cifar10.gif"
HERO_ROWS = 5
HERO_FRAMES = 24  # keeps the GIF under 3 MB


class Studio:
    """Generator, discriminators, average and optimizers, and one training step for all of them.

    Args:
        settings: what ``parse_arguments`` gives.
    """

    def __init__(self, settings: argparse.Namespace) -> None:
        keras.utils.set_random_seed(settings.seed)
        self.settings, self.classes = settings, len(settings.classes)
        self.generator = build_studio_generator(LATENT_DIM, self.classes, widths=settings.widths)
        self.average = keras.models.clone_model(self.generator)
        self.average.set_weights(self.generator.get_weights())
        self.heads = build_projected_discriminator(
            classes=self.classes, blocks=settings.blocks, seen_size=settings.seen_size
        )
        self.pixels = models.build_dcgan_discriminator(classes=self.classes)
        rates = {"generator": settings.rate, "heads": settings.heads_rate}
        self.optimizers = {
            name: keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.9)
            for name, rate in rates.items()
        }
        self.optimizers["pixels"] = keras.optimizers.Adam(settings.pixels_rate, beta_1=0.5)
        for name, optimizer in self.optimizers.items():
            optimizer.build(getattr(self, name).trainable_variables)
        self.random = keras.random.SeedGenerator(settings.seed)
        self.steps, self.seconds = 0, 0.0

    @tf.function
    def step(
        self, images: tf.Tensor, labels: tf.Tensor, cooled: tf.Tensor, keep: tf.Tensor
    ) -> tuple:
        """One update of every network on uint8 images and their labels; three losses."""
        batch = self.settings.batch
        latents = keras.random.normal((batch, LATENT_DIM), seed=self.random)
        asked = keras.random.randint((batch,), 0, self.classes, seed=self.random)
        flipped = keras.random.uniform((batch, 1, 1, 1), seed=self.random) < 0.5
        real = tf.cast(images, tf.float32) / 127.5 - 1
        real = tf.where(flipped, real[:, :, ::-1], real)
        shares, asked_shares = tf.one_hot(labels, self.classes), tf.one_hot(asked, self.classes)
        pixels_loss = 0.0
        with tf.GradientTape(persistent=True) as tape:
            fake = self.generator([latents, asked_shares], training=True)
            real_logits = self.heads([real, shares], training=True)
            fake_logits = self.heads([fake, asked_shares], training=True)
            heads_loss = losses.hinge_discriminator_loss(real_logits, fake_logits)
            generator_loss = losses.hinge_generator_loss(fake_logits)
            if self.settings.pixels:
                real_names = self.pixels(real, training=True)
                fake_logits = losses.asked_logit(self.pixels(fake, training=True), asked)
                pixels_loss = losses.discriminator_loss(
                    losses.asked_logit(real_names, labels), fake_logits
                ) + NAMING * losses.class_loss(real_names, labels)
                generator_loss += self.settings.pixels * losses.non_saturating_generator_loss(
                    fake_logits
                )
        goals = {"generator": generator_loss, "heads": heads_loss, "pixels": pixels_loss}
        for name, goal in goals.items():
            if name == "pixels" and not self.settings.pixels:
                continue
            variables = getattr(self, name).trainable_variables
            self.optimizers[name].learning_rate.assign(self.rates[name] * cooled)
            self.optimizers[name].apply(tape.gradient(goal, variables), variables)
        for average, weight in zip(self.average.weights, self.generator.weights, strict=True):
            average.assign(keep * average + (1 - keep) * weight)
        return heads_loss, pixels_loss, generator_loss

    @property
    def rates(self) -> dict[str, float]:
        chosen = self.settings
        return {
            "generator": chosen.rate,
            "heads": chosen.heads_rate,
            "pixels": chosen.pixels_rate,
        }

    def train(self, images: np.ndarray, labels: np.ndarray, steps: int) -> Iterator[tuple]:
        """Train until there were so many steps; yields the losses after each."""
        batch = self.settings.batch
        per_pass = len(images) // batch
        known = -1
        while self.steps < steps:
            number, place = divmod(self.steps, per_pass)
            if number != known:
                known = number
                order = np.random.default_rng([self.settings.seed, number]).permutation(len(images))
            chosen = order[place * batch : (place + 1) * batch]
            cooled = 1.0
            if self.settings.cool:
                cooled = (steps - self.steps) / self.settings.cool
            keep = min(self.settings.average, (1 + self.steps) / (10 + self.steps))
            measured = self.step(
                tf.constant(images[chosen]),
                tf.constant(labels[chosen]),
                tf.constant(cooled, tf.float32),
                tf.constant(keep, tf.float32),
            )
            self.steps += 1
            yield measured

    def variables(self) -> list[keras.Variable]:
        """All that training changes, random states too."""
        networks = [self.generator, self.average, self.heads, self.pixels]
        variables = [variable for network in networks for variable in network.variables]
        for optimizer in self.optimizers.values():
            variables += optimizer.variables
        return [*variables, self.random.state]

    def save(self, path: Path) -> None:
        arrays = {f"v{i}": np.asarray(variable) for i, variable in enumerate(self.variables())}
        with replacing(path) as unfinished:
            np.savez(unfinished, steps=self.steps, seconds=self.seconds, **arrays)

    def load(self, path: Path) -> None:
        """Go on from a state, also from that of a narrower generator."""
        with np.load(path) as stored:
            for index, variable in enumerate(self.variables()):
                variable.assign(self._widened(stored[f"v{index}"], np.asarray(variable)))
            self.steps, self.seconds = int(stored["steps"]), float(stored["seconds"])

    def _widened(self, stored: np.ndarray, fresh: np.ndarray) -> np.ndarray:
        """The stored array, in a corner of the fresh one where that is larger.

        New channels look at the old ones, and no old one at them: the generator draws what it drew
        before, until they have learned. Chen et al. 2016, "Net2Net", do it by doubling channels.
        """
        if stored.shape == fresh.shape:
            return stored
        # The first maps come out of a dense layer: there their channels stand side by side.
        side = self.generator.output_shape[1] // 2 ** (len(self.settings.widths) - 1)
        apart = fresh.shape
        if fresh.shape[-1] == side**2 * self.settings.widths[0]:
            stored = stored.reshape(*stored.shape[:-1], side**2, -1)
            apart = (*fresh.shape[:-1], side**2, self.settings.widths[0])
        widened = fresh.reshape(apart).copy()
        if len(fresh.shape) == 4:
            widened[:, :, :, : stored.shape[-1]] = 0
        widened[tuple(slice(size) for size in stored.shape)] = stored
        return widened.reshape(fresh.shape)

    def sample(self, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Images of the average, as many of each class, and the classes asked for."""
        labels = np.arange(count) % self.classes
        latents = np.random.default_rng(seed).normal(size=(count, LATENT_DIM)).astype("float32")
        shares = np.eye(self.classes, dtype="float32")[labels]
        return to_pixels(self.average.predict([latents, shares], 100, verbose=0)), labels


def main() -> None:
    settings = parse_arguments()
    if settings.ship:
        ship(Studio(settings))
        return
    images, labels = load_classes(settings.classes)
    studio = Studio(settings)
    begin(studio)
    run(studio, images, labels)


def begin(studio: Studio) -> None:
    """Load the run, or the one that it branches from, and note the settings."""
    settings = studio.settings
    settings.run.mkdir(parents=True, exist_ok=True)
    state, notes = settings.run / "state.npz", settings.run / "settings.json"
    if state.exists():
        studio.load(state)
        settings.begins = json.loads(notes.read_text(encoding="utf-8"))["begins"]
    else:
        if settings.from_:
            studio.load(settings.from_ / "state.npz")
        settings.begins = studio.steps
    if settings.cool:
        settings.steps = settings.begins + settings.cool
    notes.write_text(json.dumps(vars(settings), indent=1, default=str), encoding="utf-8")


def run(studio: Studio, images: np.ndarray, labels: np.ndarray) -> None:
    settings = studio.settings
    first, before, began = studio.steps, studio.seconds, time.monotonic()
    next_line = next_save = before
    for measured in studio.train(images, labels, settings.steps):
        studio.seconds = before + time.monotonic() - began
        last = studio.steps == settings.steps
        if studio.seconds >= next_line or last:
            next_line = studio.seconds + 60
            pace = (studio.seconds - before) / (studio.steps - first)
            numbers = [round(float(value), 3) for value in measured]
            log(settings.run / "log.csv", [round(studio.seconds), studio.steps, *numbers])
            minutes = (settings.steps - studio.steps) * pace / 60
            print(f"step {studio.steps}: {numbers}, {minutes:.0f} minutes left", flush=True)
        if studio.seconds >= next_save + 600 or last:
            next_save = studio.seconds
            keep(studio)


def keep(studio: Studio) -> None:
    """Write the state, the averaged generator, and a grid of its images."""
    folder = studio.settings.run
    studio.save(folder / "state.npz")
    path = save_weights(studio.average, folder / "generator.npz")
    images, _ = studio.sample(GRID * studio.classes, seed=7)
    order = np.arange(len(images)).reshape(GRID, studio.classes).T.ravel()
    Image.fromarray(image_grid(images[order], columns=GRID)).save(folder / "grid.png")
    if studio.steps >= STAGE_RATIO * max(stages(folder), default=0):
        shutil.copy(path, folder / f"stage_{studio.steps:08d}.npz")


def ship(studio: Studio) -> None:
    """Copy what the run has made to data/weights, and make the picture above the README."""
    last = studio.settings.run
    untrained = save_weights(studio.average, last / "untrained.npz")
    studio.load(last / "state.npz")
    save_weights(studio.average, WEIGHTS / "studio_generator.npz")
    save_weights(studio.heads, WEIGHTS / "studio_discriminator.npz")
    snapshots, rows, seen = story(last, studio.steps)
    snapshots.pop(seen, None)  # what is shipped as the finished one
    narrow = [images for images, (_, widths) in snapshots.items() if widths == STAGE_WIDTHS]
    chosen = {images: snapshots[images][0] for images in training_run.spread(narrow, STAGES)}
    training_run.ship_stages(WEIGHTS, "studio", chosen)
    with (WEIGHTS / "studio_log.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["images_seen", *SHIPPED], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    training_run.renew_sums(WEIGHTS)
    finished = (last / "generator.npz", studio.settings.widths)
    make_hero([(untrained, studio.settings.widths), *snapshots.values(), finished], studio.classes)
    print(f"Shipped {last} after {seen:,} images, {studio.seconds / 3600:.1f} hours, in {WEIGHTS}.")


def story(folder: Path, end: int) -> tuple[dict[int, tuple[Path, list]], list[dict], int]:
    """Stages and their widths by images seen, rows of the log, and images seen, up to this step.

    What happened in the run that it branched from comes first.
    """
    notes = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    begin, before, snapshots, rows = notes["begins"], 0, {}, []
    if notes["from_"]:
        snapshots, rows, before = story(Path(notes["from_"]), begin)

    def images_seen(steps: int) -> int:
        return before + (steps - begin) * notes["batch"]

    rows += [
        {"images_seen": images_seen(int(row["steps"]))} | {name: row[name] for name in SHIPPED}
        for row in read_log(folder)
        if begin < int(row["steps"]) <= end
    ]
    known = {steps: path for steps, path in stages(folder).items() if begin < steps <= end}
    snapshots |= {images_seen(steps): (path, notes["widths"]) for steps, path in known.items()}
    return snapshots, rows, images_seen(end)


def stages(folder: Path) -> dict[int, Path]:
    """Steps -> the averaged generator after them."""
    return {int(path.stem.split("_")[1]): path for path in sorted(folder.glob("stage_*.npz"))}


def make_hero(snapshots: list[tuple[Path, list]], classes: int) -> None:
    """One frame a snapshot: a column for each class, a row for each of five latent vectors."""
    latents = np.random.default_rng(3).normal(size=(HERO_ROWS, LATENT_DIM)).astype("float32")
    shares = np.tile(np.eye(classes, dtype="float32"), (HERO_ROWS, 1))
    frames = []
    for path, widths in training_run.spread(snapshots, HERO_FRAMES):
        generator = build_studio_generator(LATENT_DIM, classes, widths=widths)
        load_weights(generator, path)
        images = generator.predict([np.repeat(latents, classes, axis=0), shares], verbose=0)
        frames.append(image_grid(to_pixels(images), columns=classes, scale=2))
    save_gif(frames, HERO, seconds=8.0, hold=3.0)
    Image.fromarray(frames[-1]).save(HERO.with_suffix(".png"), optimize=True)
    print(f"{HERO}: {HERO.stat().st_size / 1e6:.2f} MB, {len(frames)} frames")


def read_log(folder: Path) -> list[dict[str, str]]:
    with (folder / "log.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def log(path: Path, row: list[float]) -> None:
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, row] if new else [row])


def load_classes(names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The training images of these classes, and their labels from 0."""
    images, labels = load_cifar10("train")
    numbers = [CIFAR10_CLASSES.index(name) for name in names]
    chosen = np.isin(labels, numbers)
    place = np.full(len(CIFAR10_CLASSES), -1, "int32")
    place[numbers] = np.arange(len(numbers))
    return images[chosen], place[labels[chosen]]


def parse_arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="the folder of the run")
    parser.add_argument("--steps", type=int, default=1_000_000, help="in all, earlier ones too")
    parser.add_argument("--from", dest="from_", type=Path, help="a run to branch from")
    parser.add_argument("--ship", action="store_true", help="train nothing, copy to data/weights")
    parser.add_argument("--cool", type=int, default=0, help="steps in which the rates fall to 0")
    parser.add_argument(
        "--classes", nargs="+", choices=CIFAR10_CLASSES, default=list(CIFAR10_CLASSES)
    )
    parser.add_argument("--widths", type=int, nargs="+", default=[128, 128, 64, 32])
    parser.add_argument("--blocks", type=int, nargs="+", default=[2, 4, 10])
    parser.add_argument("--seen-size", type=int, default=64)
    parser.add_argument("--pixels", type=float, default=0.0, help="weight of the D on pixels")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--heads-rate", type=float, default=5e-4)
    parser.add_argument("--pixels-rate", type=float, default=8e-4)
    parser.add_argument("--average", type=float, default=0.999, help="kept at each step")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(given)


if __name__ == "__main__":
    main()

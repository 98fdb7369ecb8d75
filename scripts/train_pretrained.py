"""Train the DCGANs whose weights come with the course.

    python scripts/train_pretrained.py dcgan --epochs 100
    python scripts/train_pretrained.py conditional --epochs 100
    python scripts/train_pretrained.py dcgan --ship

These two need the complete set (``python -m gan_helpers.data cifar10``). A third shows in lesson 7
what too few images do: "scarce" goes on for long with 1,000 of the sample, five times an epoch.

    python scripts/train_pretrained.py scarce --epochs 104

Everything of a run lies in
outputs/pretrained/NAME: a checkpoint after each epoch, log.csv, the best weights, and snapshots of
the averaged generator. A run that was stopped continues when the command is given again, also with
a larger number of epochs. On the complete set the learning rates fall over the last ten of them.
``--ship`` trains nothing: it copies the results to data/weights.

``--strategy mirrored`` trains on all GPUs of this machine, each with an equal part of every batch;
``--strategy multiworker`` on several machines, on each of which the same command is given with its
own TF_CONFIG (see https://www.tensorflow.org/guide/distributed_training). All of them read the
checkpoints, so the folder of the runs must be one that they share; only the first writes there.

The best epoch is the one with the smallest Fréchet distance between 5,000 generated images and the
first 5,000 test images; the other 5,000 test images play no part. The run on the sample compares
with its 1,000 test images.
"""

import argparse
import csv
import math
import os
import shutil
from pathlib import Path

from gan_helpers.callbacks import CheckpointSaver, DistanceRecorder, StopOnNaN
from gan_helpers.checkpoints import find_checkpoints
from gan_helpers.data import image_batches, load_cifar10
from gan_helpers.training import GAN
from gan_helpers.weights import WEIGHTS, build_pretrained, save_weights

import keras
import numpy as np
import training_run

BATCH_SIZE = 16
LEARNING_RATE = 4e-4
COOLING = 10  # last epochs, in which the learning rates fall evenly to a tenth
EMA_DECAY = 0.999
VALIDATION = 5_000  # generated images, and test images they are compared with
FIRST_SNAPSHOT = 1_000  # images seen
SNAPSHOT_RATIO = 1.25  # images seen at one snapshot against the one before
STAGES = 8
ROLES = ("generator", "discriminator")
NAMES = ("dcgan", "conditional", "scarce")
SCARCE = 1_000  # images of the third
SCARCE_PASSES = 5  # an epoch
FIRST_STAGE = 10_000  # images seen, of the third


class Validation(DistanceRecorder):
    """Measure the distance after each epoch, log it, and keep the best weights."""

    def __init__(self, folder: Path, conditional: bool) -> None:
        images, labels = load_cifar10("test")
        super().__init__(images[:VALIDATION], labels[:VALIDATION] if conditional else None, seed=1)
        self.folder = folder

    def on_train_begin(self, logs=None) -> None:
        rows = read_log(self.folder)
        self.best = min((float(row["distance"]) for row in rows), default=math.inf)
        self.seconds = float(rows[-1]["seconds"]) if rows else 0.0

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        super().on_epoch_end(epoch, logs)
        if self.epochs[-1:] != [epoch + 1]:
            return  # diverged: nothing was measured
        distance = self.distances[-1]
        if distance < self.best:
            self.best = distance
            save_weights(self.model.ema_generator, best_path(self.folder, epoch + 1))
        images_seen = int(self.model.steps.numpy()) * BATCH_SIZE
        row = {"epoch": epoch + 1, "images_seen": images_seen, "seconds": round(self.seconds)}
        row |= {name: round(float(value), 4) for name, value in logs.items()}
        append_to_log(self.folder, row | {"distance": round(distance, 2)})


class CoolDown(keras.callbacks.Callback):
    """Let both learning rates fall over the last epochs: smaller steps settle closer."""

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        share = min(1.0, (self.params["epochs"] - epoch) / COOLING)
        for optimizer in (self.model.generator_optimizer, self.model.discriminator_optimizer):
            optimizer.learning_rate = LEARNING_RATE * share


class Snapshots(keras.callbacks.Callback):
    """Keep the averaged generator at evenly spaced logarithms of the images seen."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def on_train_begin(self, logs=None) -> None:
        if int(self.model.steps.numpy()) == 0:
            self.save(0)
        self.next = next_snapshot(int(self.model.steps.numpy()) * BATCH_SIZE)

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        images_seen = int(self.model.steps.numpy()) * BATCH_SIZE
        if images_seen >= self.next:
            self.save(images_seen)
            self.next = next_snapshot(images_seen)

    def save(self, images_seen: int) -> None:
        save_weights(self.model.ema_generator, self.folder / f"snapshot_{images_seen:09d}.npz")


def main() -> None:
    arguments = parse_arguments()
    folder = arguments.runs / arguments.name
    if arguments.ship:
        ship(arguments.name, folder)
    else:
        train(arguments, folder)


def parse_arguments() -> argparse.Namespace:
    parser = training_run.make_parser(
        __doc__.splitlines()[0], epochs=100, runs="outputs/pretrained"
    )
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--strategy", choices=training_run.STRATEGIES, default="none")
    parser.add_argument("--ship", action="store_true", help="copy the results to data/weights")
    return parser.parse_args()


def train(arguments: argparse.Namespace, folder: Path) -> None:
    scarce = arguments.name == "scarce"
    if scarce:
        os.environ["GAN_DATA"] = "sample"
        arguments.sample = True
    # First of all: several machines must find each other before TensorFlow computes anything.
    strategy = training_run.choose_strategy(arguments.strategy)
    images, labels = training_run.begin(arguments)
    if scarce:
        images, labels = np.tile(images[:SCARCE], (SCARCE_PASSES, 1, 1, 1)), None
    with strategy.scope():
        networks = [build_pretrained(f"{arguments.name}_{role}") for role in ROLES]
        gan = GAN(*networks, ema_decay=EMA_DECAY, seed=arguments.seed)
        gan.compile(
            keras.optimizers.Adam(LEARNING_RATE, beta_1=0.5),
            keras.optimizers.Adam(LEARNING_RATE, beta_1=0.5),
        )
    folder.mkdir(parents=True, exist_ok=True)
    saver = CheckpointSaver(folder / "checkpoints")
    epoch = saver.restore(gan) if find_checkpoints(saver.folder) else 0
    training_run.check_agreement(strategy, epoch)
    writes = training_run.is_first(strategy)
    if writes:
        cut_log(folder, epoch)
    batches = image_batches(images, BATCH_SIZE, seed=arguments.seed, flip=True, labels=labels)
    gan.fit(
        batches,
        initial_epoch=epoch,
        epochs=arguments.epochs,
        verbose=2,
        callbacks=[
            StopOnNaN(),
            *([] if scarce else [CoolDown()]),
            # The checkpoint last: an epoch that is saved has been logged.
            *([Snapshots(folder), Validation(folder, gan.conditional), saver] if writes else []),
        ],
    )


def ship(name: str, folder: Path) -> None:
    """Copy the best weights and the log to data/weights, and stages."""
    best = min(read_log(folder), key=lambda row: float(row["distance"]))
    epoch, best_images = int(best["epoch"]), int(best["images_seen"])
    snapshots = {snapshot_images(path): path for path in sorted(folder.glob("snapshot_*.npz"))}
    until_best = [path for images, path in snapshots.items() if images <= best_images]
    if name == "scarce":
        # To the end of the run, the best among them; before FIRST_STAGE there is nothing to see.
        later = [images for images in snapshots if images >= FIRST_STAGE]
        chosen = {images: snapshots[images] for images in training_run.spread(later, STAGES - 1)}
        chosen |= {best_images: best_path(folder, epoch)}
        training_run.ship_stages(WEIGHTS, name, chosen)
    else:
        shutil.copy(best_path(folder, epoch), WEIGHTS / f"{name}_generator.npz")
    if name == "dcgan":
        chosen = training_run.spread(until_best, STAGES)
        training_run.ship_stages(WEIGHTS, name, {snapshot_images(path): path for path in chosen})
    shutil.copy(folder / "log.csv", WEIGHTS / f"{name}_log.csv")
    training_run.renew_sums(WEIGHTS)
    print(f"Shipped epoch {epoch} with distance {best['distance']} in {WEIGHTS}.")


def best_path(folder: Path, epoch: int) -> Path:
    return folder / f"generator_epoch_{epoch:04d}.npz"


def snapshot_images(path: Path) -> int:
    return int(path.stem.removeprefix("snapshot_"))


def next_snapshot(images_seen: int) -> int:
    """The first of FIRST_SNAPSHOT x SNAPSHOT_RATIO ** k that is above ``images_seen``."""
    k = 0
    while FIRST_SNAPSHOT * SNAPSHOT_RATIO**k <= images_seen:
        k += 1
    return math.ceil(FIRST_SNAPSHOT * SNAPSHOT_RATIO**k)


def read_log(folder: Path) -> list[dict[str, str]]:
    path = folder / "log.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def append_to_log(folder: Path, row: dict[str, float]) -> None:
    path = folder / "log.csv"
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(row), lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


def cut_log(folder: Path, epoch: int) -> None:
    """Drop the rows of epochs that no checkpoint holds: they are trained again."""
    rows = [row for row in read_log(folder) if int(row["epoch"]) <= epoch]
    (folder / "log.csv").unlink(missing_ok=True)
    for row in rows:
        append_to_log(folder, row)


if __name__ == "__main__":
    main()

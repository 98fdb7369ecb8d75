"""What the training scripts have in common: arguments, how a run begins, what is shipped."""

import argparse
import os
import shutil
from pathlib import Path

from gan_helpers.data import load_cifar10
from gan_helpers.runtime import write_sums

import keras
import numpy as np
import tensorflow as tf

COMPLETE_SET = 50_000
STRATEGIES = ("none", "mirrored", "multiworker")


def make_parser(description: str, epochs: int, runs: str) -> argparse.ArgumentParser:
    """A parser with the arguments of every training script and these defaults."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--epochs", type=int, default=epochs, help="in all, earlier ones included")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bfloat16", action="store_true", help="for processors that have it")
    parser.add_argument("--sample", action="store_true", help="a trial run on the sample")
    parser.add_argument("--runs", type=Path, default=Path(runs))
    return parser


def begin(arguments: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Set precision and seed; return the training images and labels.

    Raises:
        SystemExit: if only the sample is there and nobody asked for it.
    """
    if arguments.bfloat16:
        keras.config.set_dtype_policy("mixed_bfloat16")
    keras.utils.set_random_seed(arguments.seed)
    images, labels = load_cifar10("train")
    if len(images) < COMPLETE_SET and not arguments.sample:
        raise SystemExit(
            "The complete CIFAR-10 is not on this machine. Fetch it first: "
            "python -m gan_helpers.data cifar10"
        )
    return images, labels


def renew_sums(folder: Path) -> None:
    """Write the SHA-256 of all weights and logs in the folder."""
    write_sums(folder, [file.name for file in folder.iterdir() if file.suffix in (".npz", ".csv")])


def ship_stages(folder: Path, name: str, weights: dict[int, Path]) -> None:
    """Copy a generator for each number of images seen, in place of earlier ones."""
    for path in folder.glob(f"{name}_stage_*.npz"):
        path.unlink()
    for images, path in weights.items():
        shutil.copy(path, folder / f"{name}_stage_{images:09d}.npz")


def spread(snapshots: list, count: int) -> list:
    """So many of them, evenly spaced in the logarithm of the images seen, as all of them are."""
    count = min(count, len(snapshots))
    return [snapshots[i] for i in np.linspace(0, len(snapshots) - 1, count).round().astype(int)]


def choose_strategy(name: str) -> tf.distribute.Strategy:
    """How the work is shared: not at all, by the GPUs of this machine, or by several machines.

    Raises:
        SystemExit: if several machines are asked for and TF_CONFIG does not list them.
    """
    if name == "mirrored":
        return tf.distribute.MirroredStrategy()
    if name == "multiworker":
        if "TF_CONFIG" not in os.environ:
            raise SystemExit(
                "TF_CONFIG is not set. Give each machine the list of all and its own place in it, "
                'such as {"cluster": {"worker": ["first:2222", "second:2222"]}, '
                '"task": {"type": "worker", "index": 0}}.'
            )
        return tf.distribute.MultiWorkerMirroredStrategy()
    return tf.distribute.get_strategy()


def is_first(strategy: tf.distribute.Strategy) -> bool:
    """Whether this program is the only one, or the one of several machines that writes."""
    return strategy.cluster_resolver is None or strategy.cluster_resolver.task_id in (None, 0)


def check_agreement(strategy: tf.distribute.Strategy, epoch: int) -> None:
    """Make sure that all machines begin with the same epoch; otherwise they would wait for ever.

    Raises:
        SystemExit: on every machine, if one of them found another checkpoint than the others.
    """

    if strategy.cluster_resolver is None:
        return

    def add_up() -> tf.Tensor:
        replica = tf.distribute.get_replica_context()
        numbers = tf.constant([1, epoch, epoch**2], tf.int64)
        return replica.all_reduce(tf.distribute.ReduceOp.SUM, numbers)

    sums = tf.function(lambda: strategy.run(add_up))()
    count, total, squares = strategy.experimental_local_results(sums)[0].numpy()
    if count * squares != total**2:  # equal for equal numbers alone
        raise SystemExit(
            f"This machine would go on after epoch {epoch}, another one after another epoch. "
            "Give all of them the same folder with --runs, on a disk that they share."
        )

"""What the two training scripts have in common: their arguments and how a run begins."""

import argparse
from pathlib import Path

from gan_helpers.data import load_cifar10

import keras
import numpy as np

COMPLETE_SET = 50_000


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

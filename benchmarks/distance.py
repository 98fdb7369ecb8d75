"""Distance to real images against training time: our two recipes beside five public ones.

All of them train on the complete CIFAR-10 set and take turns of half a minute, so that a slow
moment of the machine hits all of them. The peers live in a process of their own, in which
TensorFlow uses its threads as it does by default: their larger networks run up to a fifth faster
so. Only training counts: the clock stands still while graphs are built and images are judged. Two
judges compare 10,000 generated images with the 50,000 training images: the features of the
course's classifier, and those of a convolutional network that was never trained and that no recipe
was chosen on.
"""

import contextlib
import csv
import io
import multiprocessing
import os
import time
from collections.abc import Iterator
from multiprocessing.managers import BaseManager
from pathlib import Path
from unittest import mock

from gan_helpers.callbacks import TimeBudget
from gan_helpers.data import image_batches, load_cifar10, to_pixels
from gan_helpers.metrics import FeatureExtractor, UntrainedExtractor, frechet_distance
from gan_helpers.models import (
    build_conditional_generator,
    build_dcgan_discriminator,
    build_dcgan_generator,
)
from gan_helpers.runtime import dtype_policy, fastest_dtype_policy
from gan_helpers.training import GAN

import keras
import numpy as np
import tensorflow as tf
from recipes import PEERS, Recipe, build_adams

TURN = 30  # seconds
JUDGED = 10_000  # generated images
STEPS_AT_ONCE = 10
COMPLETE_SET = 50_000
MARKS = (0.2, 0.5, 1.0)  # shares of the minutes at which the recipes are judged

# The recipe of lesson 6; with the complete set it needs neither dropout nor shifts.
WIDTH = 32
BATCH_SIZE = 16
LEARNING_RATE = 8e-4
EMA_DECAY = 0.995


class PeerTraining:
    """A peer's recipe, trained a number of seconds at a time."""

    def __init__(self, recipe: Recipe, images: np.ndarray, seed: int, steps_at_once: int) -> None:
        keras.utils.set_random_seed(seed)
        self.recipe = recipe
        self.steps_at_once = steps_at_once
        self.seen = 0
        self.networks = recipe.build()
        self.average = keras.models.clone_model(self.networks[0])
        self.average.set_weights(self.networks[0].get_weights())
        optimizers = build_adams(self.networks, recipe.learning_rate, recipe.beta_1)
        step = recipe.make_step(self.networks, optimizers)
        batches = image_batches(images, recipe.batch_size, seed).repeat().prefetch(2)
        self.iterator = iter(batches)

        @tf.function
        def several_steps():
            for _ in tf.range(steps_at_once):
                real_images = next(self.iterator)
                real_images.set_shape((recipe.batch_size, 32, 32, 3))
                # From [-1, 1] to the range of the recipe.
                step(real_images * (1 - recipe.lowest) / 2 + (1 + recipe.lowest) / 2)
                if recipe.ema_decay:
                    self.update_average()

        self.several_steps = several_steps
        self.several_steps()  # builds the graph

    def update_average(self) -> None:
        decay = self.recipe.ema_decay
        for average, value in zip(self.average.weights, self.networks[0].weights, strict=True):
            average.assign(decay * average + (1 - decay) * value)

    def train(self, seconds: float) -> float:
        """Train at least that long; return the seconds it took."""
        start = time.perf_counter()
        while time.perf_counter() - start < seconds:
            self.several_steps()
            self.seen += self.steps_at_once * self.recipe.batch_size
        return time.perf_counter() - start

    def images_seen(self) -> int:
        return self.seen

    def generate(self, count: int) -> np.ndarray:
        generator = self.average if self.recipe.ema_decay else self.networks[0]
        latents = np.random.default_rng(1).normal(size=(count, generator.input_shape[-1]))
        parts = [
            generator(latents[i : i + 250].astype("float32"), training=False).numpy()
            for i in range(0, count, 250)
        ]
        lowest = self.recipe.lowest
        return to_pixels((np.concatenate(parts) - lowest) * 2 / (1 - lowest) - 1)


class OurTraining:
    """The recipe of lesson 6, or the same with a generator that is told the class."""

    def __init__(
        self, images: np.ndarray, labels: np.ndarray, seed: int, conditional: bool
    ) -> None:
        keras.utils.set_random_seed(seed)
        self.gan = build_lesson_gan(seed, conditional)
        self.batches = image_batches(images, BATCH_SIZE, seed, flip=True, labels=labels)
        self.gan.fit(self.batches.take(1), verbose=0)  # builds the graph

    def images_seen(self) -> int:
        return int(self.gan.steps) * BATCH_SIZE

    def train(self, seconds: float) -> float:
        """Train at least that long; return the seconds it took."""
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):  # TimeBudget says when it stops
            self.gan.fit(self.batches, epochs=1000, verbose=0, callbacks=[TimeBudget(seconds / 60)])
        return time.perf_counter() - start

    def generate(self, count: int) -> np.ndarray:
        return sample_evenly(self.gan, count)


class PeerProcess(BaseManager):
    """A process in which the peers train; what it makes can be called from here."""


PeerProcess.register("PeerTraining", PeerTraining)


@contextlib.contextmanager
def peer_process() -> Iterator[PeerProcess]:
    process = PeerProcess(ctx=multiprocessing.get_context("spawn"))
    with mock.patch.dict(os.environ, TF_NUM_INTRAOP_THREADS="0"):  # 0: as TensorFlow would
        process.start()
    with process:
        yield process


def sample_evenly(gan: GAN, count: int) -> np.ndarray:
    """Generated images, equally many of each class if the generator is told the class."""
    classes = np.arange(count) % 10 if gan.conditional else None
    return gan.sample(count, seed=1, labels=classes)


def build_lesson_gan(seed: int, conditional: bool, classes: int = 10) -> GAN:
    """The GAN of lesson 6, compiled with the optimizers of lesson 6."""
    with dtype_policy(fastest_dtype_policy()):
        gan = GAN(
            build_conditional_generator(width=WIDTH, classes=classes)
            if conditional
            else build_dcgan_generator(width=WIDTH),
            build_dcgan_discriminator(width=WIDTH, classes=classes),
            EMA_DECAY,
            seed,
        )
    gan.compile(
        keras.optimizers.Adam(LEARNING_RATE, beta_1=0.5),
        keras.optimizers.Adam(LEARNING_RATE, beta_1=0.5),
        steps_per_execution=STEPS_AT_ONCE,
    )
    return gan


class Jury:
    """Both judges, with the features of the real images in memory."""

    def __init__(self, images: np.ndarray) -> None:
        self.judges = [FeatureExtractor(), UntrainedExtractor()]
        self.real = [judge(images) for judge in self.judges]
        floor = self.score(load_cifar10("test")[0])
        print(f"The 10,000 real test images score {floor[0]:.2f} and {floor[1]:.3f}.", flush=True)

    def score(self, images: np.ndarray) -> list[float]:
        pairs = zip(self.judges, self.real, strict=True)
        return [frechet_distance(judge(images), features) for judge, features in pairs]


def load_complete_set() -> tuple[np.ndarray, np.ndarray] | None:
    """The training images and labels, or a printed line and None where only the sample is."""
    images, labels = load_cifar10("train")
    if len(images) < COMPLETE_SET:
        print("Skipped: this part needs the complete set (python -m gan_helpers.data cifar10).")
        return None
    return images, labels


def measure(minutes: float, log: Path, seed: int = 0) -> None:
    """Train all recipes in turns, judge them at each mark, print a table and write a log."""
    if (loaded := load_complete_set()) is None:
        return
    images, labels = loaded
    jury = Jury(images)
    with peer_process() as process:
        trainings = {
            "this course, lesson 6": OurTraining(images, labels, seed, conditional=False),
            "this course, by class": OurTraining(images, labels, seed, conditional=True),
        }
        for peer in PEERS:
            trainings[peer.name] = process.PeerTraining(peer, images, seed, STEPS_AT_ONCE)
        compare(trainings, jury, minutes, log)


def compare(trainings: dict, jury: Jury, minutes: float, log: Path) -> None:
    seconds = dict.fromkeys(trainings, 0.0)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["recipe", "minutes", "images_per_second", "distance", "unseen_judge"])
        for mark in [share * minutes for share in MARKS]:
            train_in_turns(trainings, seconds, 60 * mark)
            for name, training in trainings.items():
                scores = jury.score(training.generate(JUDGED))
                rate = training.images_seen() / seconds[name]
                writer.writerow([name, round(mark, 3), round(rate), *(round(s, 3) for s in scores)])
                file.flush()
                print(
                    f"{name:28} {mark:5.1f} min {rate:7.0f} images/s "
                    f"{scores[0]:8.1f} {scores[1]:8.3f}",
                    flush=True,
                )


def train_in_turns(trainings: dict, seconds: dict[str, float], until: float) -> None:
    """Half a minute each, round after round, until each has trained that many seconds."""
    while min(seconds.values()) < until:
        for name, training in trainings.items():
            remaining = until - seconds[name]
            if remaining > 0:
                seconds[name] += training.train(min(TURN, remaining))

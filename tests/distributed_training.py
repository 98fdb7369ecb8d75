"""Train the same small GAN on one device, on several, or as one of several machines.

    python tests/distributed_training.py 2 FOLDER           (or another number of devices)
    python tests/distributed_training.py worker FOLDER      (with TF_CONFIG in the environment)

Each run stores its losses and weights in FOLDER. A program of its own, because the number of
devices must be known before TensorFlow starts, and cannot change.
"""

import json
import os
import sys
from pathlib import Path

from gan_helpers import callbacks, data
from gan_helpers.training import GAN

import keras
import numpy as np
import tensorflow as tf
from keras import layers

sys.path.append(str(Path(__file__).resolve().parent.parent / "scripts"))
import training_run

IMAGE_SHAPE = (8, 8, 1)
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (64, *IMAGE_SHAPE), dtype=np.uint8)
LABELS = RANDOM.integers(0, 10, 64)


def build_gan(synchronized: bool) -> GAN:
    keras.utils.set_random_seed(0)
    generator = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(32),
            layers.BatchNormalization(synchronized=synchronized),
            layers.ReLU(),
            layers.Dense(64, activation="tanh"),
            layers.Reshape(IMAGE_SHAPE),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input(IMAGE_SHAPE),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dense(10),
        ]
    )
    gan = GAN(generator, discriminator)
    # Several steps at a time as in lesson 6, which Keras alone cannot do under a strategy.
    gan.compile(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2), steps_per_execution=2)
    return gan


def train(strategy: tf.distribute.Strategy, path: Path, synchronized: bool = True) -> GAN:
    with strategy.scope():
        gan = build_gan(synchronized)
    batches = data.image_batches(IMAGES, batch_size=16, seed=0, flip=True, labels=LABELS)
    history = gan.fit(batches, epochs=2, verbose=0, callbacks=[callbacks.StopOnNaN()]).history
    weights = [*gan.ema_generator.weights, *gan.discriminator.weights]
    arrays = {f"weight {index}": weight.numpy() for index, weight in enumerate(weights)}
    np.savez(path, steps=gan.steps.numpy(), **history, **arrays)
    return gan


def go_on(gan: GAN, folder: Path, first: bool) -> None:
    """Train on, with the recorder and the checkpoints of lesson 6, which one worker alone has."""
    recorder = callbacks.SampleRecorder(np.zeros((4, 4), np.float32))
    saver = callbacks.CheckpointSaver(folder / "checkpoints", recorder)
    batches = data.image_batches(IMAGES, batch_size=16, seed=0, flip=True, labels=LABELS)
    watchers = [recorder, saver] if first else []
    gan.fit(batches, epochs=3, initial_epoch=2, verbose=0, callbacks=watchers)
    if first:
        stored = gan.generate(np.ones((4, 4), np.float32))
        gan.ema_generator.set_weights([0 * weight for weight in gan.ema_generator.get_weights()])
        assert saver.restore(gan) == 3
        assert np.array_equal(gan.generate(np.ones((4, 4), np.float32)), stored)


def main() -> None:
    mode, folder = sys.argv[1], Path(sys.argv[2])
    if mode == "worker":
        index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
        training_run.check_agreement(strategy, 3)
        try:
            training_run.check_agreement(strategy, index)
        except SystemExit as error:
            assert f"after epoch {index}, another one" in str(error)
        else:
            raise AssertionError("Two machines with different checkpoints went on.")
        assert training_run.is_first(strategy) == (index == 0)
        gan = train(strategy, folder / f"worker {index}.npz")
        go_on(gan, folder, first=index == 0)
        return
    count = int(mode)
    processor = tf.config.list_physical_devices("CPU")[0]
    logical = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(processor, logical)
    strategy = tf.distribute.MirroredStrategy([f"CPU:{index}" for index in range(count)])
    gan = train(strategy, folder / f"{count} devices.npz")
    if count > 2:
        return
    train(tf.distribute.get_strategy(), folder / "one device.npz")
    train(strategy, folder / "2 devices, each with its own statistics.npz", synchronized=False)
    go_on(gan, folder, first=True)
    for batches in (data.to_model_range(IMAGES), data.image_batches(IMAGES, 15, seed=0)):
        try:
            gan.fit(batches, verbose=0)
        except ValueError as error:
            assert "2 replicas must share every batch equally" in str(error)
        else:
            raise AssertionError("A batch that cannot be shared equally was trained on.")


if __name__ == "__main__":
    main()

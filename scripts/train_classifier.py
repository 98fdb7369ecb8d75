"""Train the small CIFAR-10 classifier whose features the distances of gan_helpers.metrics use.

    python scripts/train_classifier.py --epochs 24

Needs the complete set (``python -m gan_helpers.data cifar10``). Writes the weights as float16 to
data/weights/cifar10_classifier.npz and the log to the folder of the run. A run that was stopped
continues when the same command is given again. With --sample, a trial, the weights stay in the
folder of the run.
"""

import argparse
import os
from pathlib import Path

# One network's step is one chain of operations: each may use all cores.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "0")

from gan_helpers.data import load_cifar10, to_model_range
from gan_helpers.metrics import CLASSIFIER, build_classifier
from gan_helpers.runtime import write_sums
from gan_helpers.weights import WEIGHTS, load_weights, save_weights

import keras
import numpy as np
import tensorflow as tf
import training_run
from keras import layers

BATCH_SIZE = 128
PEAK_LEARNING_RATE = 0.2


def main() -> None:
    arguments = parse_arguments()
    images, labels = training_run.begin(arguments)
    test_images, test_labels = load_cifar10("test")

    classifier = build_classifier()
    steps = arguments.epochs * (len(images) // BATCH_SIZE)
    classifier.compile(
        keras.optimizers.SGD(
            learning_rate_schedule(steps), momentum=0.9, nesterov=True, weight_decay=5e-4
        ),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        metrics=["accuracy"],
        jit_compile=False,
    )
    arguments.runs.mkdir(parents=True, exist_ok=True)
    classifier.fit(
        training_batches(images, labels, arguments.seed),
        validation_data=(to_model_range(test_images), one_hot(test_labels)),
        validation_batch_size=500,
        epochs=arguments.epochs,
        verbose=2,
        shuffle=False,
        callbacks=[
            keras.callbacks.BackupAndRestore(str(arguments.runs / "backup")),
            keras.callbacks.CSVLogger(str(arguments.runs / "log.csv"), append=True),
        ],
    )
    folder = arguments.runs if arguments.sample else WEIGHTS
    path = save_weights(classifier, folder / CLASSIFIER)
    if folder == WEIGHTS:
        files = [file.name for kind in ("*.npz", "*.csv") for file in WEIGHTS.glob(kind)]
        write_sums(WEIGHTS, files)
    report(path, test_images, test_labels)


def parse_arguments() -> argparse.Namespace:
    return training_run.make_parser(
        __doc__.splitlines()[0], epochs=24, runs="outputs/classifier"
    ).parse_args()


def learning_rate_schedule(steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Up for a fifth of the training, then down to 0 along half a cosine."""
    warmup = steps // 5
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.01,
        decay_steps=steps - warmup,
        warmup_target=PEAK_LEARNING_RATE,
        warmup_steps=warmup,
    )


def training_batches(images: np.ndarray, labels: np.ndarray, seed: int) -> tf.data.Dataset:
    """Shuffled batches, mirrored at random and shifted by up to four pixels."""
    augment = keras.Sequential(
        [
            layers.RandomFlip("horizontal", seed=seed),
            layers.RandomTranslation(
                4 / 32, 4 / 32, fill_mode="reflect", interpolation="nearest", seed=seed + 1
            ),
        ]
    )

    def prepare(batch, batch_labels):
        return augment(tf.cast(batch, tf.float32) / 127.5 - 1.0, training=True), batch_labels

    return (
        tf.data.Dataset.from_tensor_slices((images, one_hot(labels)))
        .shuffle(len(images), seed=seed)
        .batch(BATCH_SIZE, drop_remainder=True)
        .map(prepare, num_parallel_calls=2)
        .prefetch(4)
    )


def one_hot(labels: np.ndarray) -> np.ndarray:
    return keras.utils.to_categorical(labels, 10)


def report(path: Path, test_images: np.ndarray, test_labels: np.ndarray) -> None:
    """Test what was written, in float32, as a lesson will load it."""
    keras.config.set_dtype_policy("float32")
    classifier = load_weights(build_classifier(), path)
    logits = classifier.predict(to_model_range(test_images), batch_size=500, verbose=0)
    accuracy = (logits.argmax(axis=1) == test_labels).mean()
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, test accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()

"""Train the small networks on CIFAR-10 whose features the measures of gan_helpers.metrics compare.

    python scripts/train_classifier.py classes      names the ten classes
    python scripts/train_classifier.py rotations    says how far an image is turned: no labels

Source of the second: Gidaris et al. 2018, "Unsupervised Representation Learning by Predicting Image
Rotations".

Needs the complete set (``python -m gan_helpers.data cifar10``). Writes the weights as float16 to
data/weights and the log to the folder of the run. A run that was stopped continues when the same
command is given again. With --sample, a trial, the weights stay in the folder of the run.
"""

import argparse
import os
from pathlib import Path

# One network's step is one chain of operations: each may use all cores.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "0")

from gan_helpers.data import load_cifar10, to_model_range
from gan_helpers.extractors import CLASSIFIERS, build_classifier
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
    runs = arguments.runs / arguments.task
    if arguments.task == "rotations":
        test_images, test_labels = all_turns(test_images)

    file, sizes = CLASSIFIERS[arguments.task]
    classifier = build_classifier(**sizes)
    steps = arguments.epochs * (len(images) // BATCH_SIZE)
    classifier.compile(
        keras.optimizers.SGD(
            learning_rate_schedule(steps), momentum=0.9, nesterov=True, weight_decay=5e-4
        ),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        metrics=["accuracy"],
        jit_compile=False,
    )
    runs.mkdir(parents=True, exist_ok=True)
    classifier.fit(
        training_batches(images, labels, arguments.task, arguments.seed),
        validation_data=(
            to_model_range(test_images),
            keras.utils.to_categorical(test_labels, sizes["classes"]),
        ),
        validation_batch_size=500,
        epochs=arguments.epochs,
        verbose=2,
        shuffle=False,
        callbacks=[
            keras.callbacks.BackupAndRestore(str(runs / "backup")),
            keras.callbacks.CSVLogger(str(runs / "log.csv"), append=True),
        ],
    )
    folder = runs if arguments.sample else WEIGHTS
    path = save_weights(classifier, folder / file)
    if folder == WEIGHTS:
        training_run.renew_sums(WEIGHTS)
    keras.config.set_dtype_policy("float32")
    report(path, build_classifier(**sizes), test_images, test_labels)


def parse_arguments() -> argparse.Namespace:
    parser = training_run.make_parser(__doc__.splitlines()[0], epochs=24, runs="outputs/classifier")
    parser.add_argument("task", choices=list(CLASSIFIERS))
    return parser.parse_args()


def all_turns(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each image upright and turned by 90, 180 and 270 degrees, and the number of quarter turns."""
    turned = [np.rot90(images, turns, axes=(1, 2)) for turns in range(4)]
    return np.concatenate(turned), np.repeat(np.arange(4), len(images))


def learning_rate_schedule(steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Up for a fifth of the training, then down to 0 along half a cosine."""
    warmup = steps // 5
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.01,
        decay_steps=steps - warmup,
        warmup_target=PEAK_LEARNING_RATE,
        warmup_steps=warmup,
    )


def training_batches(
    images: np.ndarray, labels: np.ndarray, task: str, seed: int
) -> tf.data.Dataset:
    """Shuffled batches, mirrored at random and shifted by up to four pixels."""
    augment = keras.Sequential(
        [
            layers.RandomFlip("horizontal", seed=seed),
            layers.RandomTranslation(
                4 / 32, 4 / 32, fill_mode="reflect", interpolation="nearest", seed=seed + 1
            ),
        ]
    )
    random = tf.random.Generator.from_seed(seed + 2)

    def prepare(batch, batch_labels):
        batch = augment(tf.cast(batch, tf.float32) / 127.5 - 1.0, training=True)
        if task == "rotations":
            batch_labels = random.uniform((BATCH_SIZE,), 0, 4, tf.int32)
            turned = tf.stack([tf.image.rot90(batch, turns) for turns in range(4)], axis=1)
            batch = tf.gather(turned, batch_labels, batch_dims=1)
        return batch, tf.one_hot(batch_labels, CLASSIFIERS[task][1]["classes"])

    return (
        tf.data.Dataset.from_tensor_slices((images, labels))
        .shuffle(len(images), seed=seed)
        .batch(BATCH_SIZE, drop_remainder=True)
        .map(prepare, num_parallel_calls=2)
        .prefetch(4)
    )


def report(
    path: Path, classifier: keras.Model, test_images: np.ndarray, test_labels: np.ndarray
) -> None:
    """Test what was written, in float32, as a lesson will load it."""
    load_weights(classifier, path)
    logits = classifier.predict(to_model_range(test_images), batch_size=500, verbose=0)
    accuracy = (logits.argmax(axis=1) == test_labels).mean()
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, test accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()

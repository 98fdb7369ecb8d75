"""Measure the package on this machine: training step, sampling, animation.

    make bench            (or: python benchmarks/run.py)

Every figure is the median of several repeats after a warm-up, and every rate stands beside a
baseline measured in the same run. Let nothing else run meanwhile.
"""

import statistics
import tempfile
import time
from pathlib import Path

from gan_helpers import animation, losses, models
from gan_helpers.training import GAN

import keras
import numpy as np
import tensorflow as tf

BATCH_SIZE = 32
STEPS = 40
REPEATS = 5


def main() -> None:
    print(f"{'training step':44} {'images/s':>9} {'against the plain loop':>23}")
    for name, build, shape in (
        ("dense GAN, 28 x 28 x 1", build_dense, (28, 28, 1)),
        ("DCGAN, 32 x 32 x 3", build_dcgan, (32, 32, 3)),
    ):
        images = random_images(BATCH_SIZE * STEPS, shape)
        runs = plain_loop(*build(), images), fit(*build(), images)
        plain, ours = (len(images) / seconds for seconds in median_seconds(*runs))
        print(f"{name + ', plain tf.function loop':44} {plain:9.0f} {1:23.2f}")
        print(f"{name + ', GAN.fit':44} {ours:9.0f} {ours / plain:23.2f}")

    gan = GAN(*build_dcgan())
    print(f"\n{'DCGAN sampling and animation':44} {'ms':>9}")
    for count in (1, 100):
        latents = keras.random.normal((count, gan.latent_dim), seed=0)
        (seconds,) = median_seconds(lambda latents=latents: gan.generate(latents))
        print(f"{f'generate {count} images':44} {1000 * seconds:9.1f}")
    frames = list(random_images(30, (200, 200, 3), dtype="uint8"))
    with tempfile.TemporaryDirectory() as folder:
        for save, suffix in ((animation.save_gif, "gif"), (animation.save_webp, "webp")):
            path = Path(folder) / f"bench.{suffix}"
            (seconds,) = median_seconds(lambda save=save, path=path: save(frames, path))
            print(f"{f'{save.__name__}, 30 frames of 200 x 200':44} {1000 * seconds:9.1f}")


def build_dense() -> tuple[keras.Model, keras.Model]:
    return models.build_dense_generator(), models.build_dense_discriminator()


def build_dcgan() -> tuple[keras.Model, keras.Model]:
    return models.build_dcgan_generator(), models.build_dcgan_discriminator()


def random_images(count: int, shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    random = np.random.default_rng(0)
    if dtype == "uint8":
        return random.integers(0, 256, (count, *shape), dtype="uint8")
    return random.uniform(-1, 1, (count, *shape)).astype(dtype)


def fit(generator: keras.Model, discriminator: keras.Model, images: np.ndarray):
    gan = GAN(generator, discriminator)
    gan.compile(keras.optimizers.Adam(2e-4), keras.optimizers.Adam(2e-4))
    batches = tf.data.Dataset.from_tensor_slices(images).batch(BATCH_SIZE)
    return lambda: gan.fit(batches, verbose=0)


def plain_loop(generator: keras.Model, discriminator: keras.Model, images: np.ndarray):
    """The step of lesson 3 in a bare loop: no metrics, no average, no callbacks."""
    latent_dim = generator.input_shape[-1]
    optimizers = keras.optimizers.Adam(2e-4), keras.optimizers.Adam(2e-4)
    for optimizer, network in zip(optimizers, (generator, discriminator), strict=True):
        optimizer.build(network.trainable_variables)
    batches = tf.data.Dataset.from_tensor_slices(images).batch(BATCH_SIZE)

    @tf.function
    def step(real_images):
        latents = tf.random.normal((tf.shape(real_images)[0], latent_dim))
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            fake_logits = discriminator(generator(latents, training=True), training=True)
            real_logits = discriminator(real_images, training=True)
            generator_loss = losses.non_saturating_generator_loss(fake_logits)
            discriminator_loss = losses.discriminator_loss(real_logits, fake_logits)
        for tape, loss, network, optimizer in (
            (generator_tape, generator_loss, generator, optimizers[0]),
            (discriminator_tape, discriminator_loss, discriminator, optimizers[1]),
        ):
            gradients = tape.gradient(loss, network.trainable_variables)
            optimizer.apply(gradients, network.trainable_variables)

    def run():
        for real_images in batches:
            step(real_images)

    return run


def median_seconds(*runs) -> list[float]:
    """Median duration of each; they take turns, so that a slow minute hits all of them."""
    for run in runs:
        run()  # builds graphs and fills caches
    durations = [[] for _ in runs]
    for _ in range(REPEATS):
        for run, seconds in zip(runs, durations, strict=True):
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in durations]


if __name__ == "__main__":
    main()

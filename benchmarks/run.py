"""Measure the course on this machine, beside a baseline in the same run.

    make bench                                   (or: python benchmarks/run.py)
    python benchmarks/run.py --minutes 10        distances after 2, 5 and 10 minutes of training
    python benchmarks/run.py throughput latency  only these parts

Parts: throughput (training step against TensorFlow's tutorial and PyTorch), overhead (``GAN.fit``
against a bare loop), latency (samples and animations), playground (its pictures a second, answers
and memory over the minutes), sliders (answers of those of lesson 8), clinic (failures and remedies
of lesson 4), studio (a step under a projected discriminator, an image), rerun (lessons whose cells
run again, and the memory), kill (a run that is killed 50 times loses nothing), tests (time and
memory of the test command's slowest files), shipped (four rulers on the generators in the box),
distance (quality against training time, seven recipes; seven times the minutes), seats (memory and
seconds of a class, a kernel for each student), fuzz (damaged files against every reader). Let
nothing else run meanwhile.
"""

import argparse
import tempfile
from pathlib import Path

from gan_helpers import animation, models
from gan_helpers.training import GAN

import clinic
import distance
import fuzz
import keras
import kill
import numpy as np
import playground
import recipes
import rerun
import rulers
import seats
import sliders
import studio
import tensorflow as tf
import test_costs
import throughput
from timing import median_seconds

BATCH_SIZE = 32
STEPS = 40
PARTS = (
    "throughput",
    "overhead",
    "latency",
    "playground",
    "sliders",
    "clinic",
    "studio",
    "rerun",
    "kill",
    "tests",
    "shipped",
    "distance",
    "seats",
    "fuzz",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument(
        "--minutes", type=float, default=2.0, help="of training each recipe, or of play"
    )
    parser.add_argument("--seeds", type=int, default=5, help="games for each remedy")
    parser.add_argument("--seats", type=int, default=10, help="kernels at work at once")
    parser.add_argument("--seconds", type=float, default=60.0, help="of damaging files")
    parser.add_argument("--seed", type=int, default=0, help="of the damage")
    parser.add_argument(
        "--images", nargs="*", default=[], metavar="NAME=FILE.npz", help="to judge with the shipped"
    )
    parser.add_argument("--save", type=Path, help="a folder for the images that were judged")
    parser.add_argument("--log", type=Path, default=Path("outputs/distances.csv"))
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    measurements = {
        "throughput": throughput.measure,
        "overhead": measure_overhead,
        "latency": measure_latency,
        "playground": lambda: playground.measure(arguments.minutes),
        "sliders": sliders.measure,
        "clinic": lambda: clinic.show(arguments.seeds),
        "studio": studio.measure,
        "rerun": rerun.measure,
        "kill": kill.measure,
        "tests": test_costs.measure,
        "shipped": lambda: rulers.measure(arguments.images, arguments.save),
        "distance": lambda: distance.measure(arguments.minutes, arguments.log),
        "seats": lambda: seats.measure(arguments.seats),
        "fuzz": lambda: fuzz.measure(arguments.seconds, arguments.seed),
    }
    for part in arguments.parts or PARTS:
        print(f"\n## {part}\n", flush=True)
        measurements[part]()


def measure_overhead() -> None:
    print(f"{'training step':44} {'images/s':>9} {'against the plain loop':>23}")
    for name, build, shape in (
        ("dense GAN, 28 x 28 x 1", build_dense, (28, 28, 1)),
        ("DCGAN, 32 x 32 x 3", build_dcgan, (32, 32, 3)),
    ):
        images = throughput.random_images(BATCH_SIZE * STEPS, shape)
        batches = tf.data.Dataset.from_tensor_slices(images).batch(BATCH_SIZE)
        gan = GAN(*build())
        gan.compile(keras.optimizers.Adam(2e-4), keras.optimizers.Adam(2e-4))
        runs = (
            recipes.bare_loop(build(), batches),
            lambda gan=gan, batches=batches: gan.fit(batches, verbose=0),
        )
        plain, ours = (len(images) / seconds for seconds in median_seconds(*runs))
        print(f"{name + ', plain tf.function loop':44} {plain:9.0f} {1:23.2f}")
        print(f"{name + ', GAN.fit':44} {ours:9.0f} {ours / plain:23.2f}")


def measure_latency() -> None:
    gan = GAN(*build_dcgan())
    print(f"{'sampling and animation':44} {'ms':>9}")
    for count in (1, 100):
        latents = keras.random.normal((count, gan.latent_dim), seed=0)
        (seconds,) = median_seconds(lambda latents=latents: gan.generate(latents))
        print(f"{f'DCGAN, generate {count} images':44} {1000 * seconds:9.1f}")
    frames = list(np.random.default_rng(0).integers(0, 256, (30, 200, 200, 3), dtype="uint8"))
    with tempfile.TemporaryDirectory() as folder:
        for save, suffix in ((animation.save_gif, "gif"), (animation.save_webp, "webp")):
            path = Path(folder) / f"bench.{suffix}"
            (seconds,) = median_seconds(lambda save=save, path=path: save(frames, path))
            print(f"{f'{save.__name__}, 30 frames of 200 x 200':44} {1000 * seconds:9.1f}")


def build_dense() -> tuple[keras.Model, keras.Model]:
    return models.build_dense_generator(), models.build_dense_discriminator()


def build_dcgan() -> tuple[keras.Model, keras.Model]:
    return models.build_dcgan_generator(), models.build_dcgan_discriminator()


if __name__ == "__main__":
    main()

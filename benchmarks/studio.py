"""The studio: what a step under a projected discriminator costs, and what an image costs.

The step of ``scripts/train_studio.py``, a loop without Keras around it, beside ``GAN.fit`` with the
same networks; and the studio's generator beside lesson 6's.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from gan_helpers import losses
from gan_helpers.data import image_batches
from gan_helpers.models import build_dcgan_generator
from gan_helpers.studio import build_projected_discriminator, build_studio_generator
from gan_helpers.training import GAN
from gan_helpers.weights import build_pretrained

import keras
import numpy as np
import train_studio
from timing import median_seconds

STEPS = 20


def measure() -> None:
    measure_step()
    print(f"\n{'one image':44} {'alone, ms':>10} {'of 100, ms':>10}")
    for name, generator in (
        ("studio", build_pretrained("studio_generator")),
        ("DCGAN, lesson 6", build_dcgan_generator(width=32)),
    ):
        one, hundred = (
            1000 * median_seconds(lambda g=generator, n=count: g.predict_on_batch(inputs(g, n)))[0]
            for count in (1, 100)
        )
        print(f"{name:44} {one:10.1f} {hundred / 100:10.2f}")


def inputs(generator: keras.Model, count: int) -> np.ndarray | list[np.ndarray]:
    """Random latents, and the first class for all of them where shares are asked for."""
    random = np.random.default_rng(0)
    latents = random.normal(size=(count, generator.inputs[0].shape[-1])).astype("float32")
    if len(generator.inputs) == 1:
        return latents
    return [latents, np.eye(10, dtype="float32")[np.zeros(count, int)]]


def measure_step() -> None:
    settings = train_studio.parse_arguments(["-"])
    studio = train_studio.Studio(settings)
    count = settings.batch * STEPS
    images = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), dtype="uint8")
    labels = np.arange(count, dtype="int32") % 10
    batches = image_batches(images, settings.batch, seed=0, flip=True, labels=labels)
    gan = GAN(build_studio_generator(), build_projected_discriminator(classes=10))
    gan.compile(
        *[keras.optimizers.Adam(5e-4, beta_1=0.0, beta_2=0.9) for _ in range(2)],
        losses.hinge_generator_loss,
        losses.hinge_discriminator_loss,
        steps_per_execution=10,
    )

    def plain_loop() -> None:
        for _ in studio.train(images, labels, studio.steps + STEPS):
            pass

    plain, fitted = median_seconds(plain_loop, lambda: gan.fit(batches, verbose=0))
    print(f"{'projected discriminator, 32 x 32 x 3':44} {'images/s':>10} {'of the loop':>12}")
    print(f"{'loop of train_studio.py':44} {count / plain:10.0f} {1:12.2f}")
    print(f"{'GAN.fit':44} {count / fitted:10.0f} {plain / fitted:12.2f}")

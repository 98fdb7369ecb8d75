"""Training throughput of one mid-size DCGAN: our step, the TensorFlow tutorial's, PyTorch's.

All train the same two networks (those of the PyTorch tutorial at 32 x 32 pixels) on the same
random images and take turns. PyTorch runs in a process of its own, because two libraries in one
process fight over the processor; without it (``pip install -e .[bench]``) its rows say so.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from timing import median_seconds

BATCH_SIZE = 64
STEPS = 10  # in one repeat
LATENT_DIM = 100
# Multiply-adds of one image, forwards: dense layer, transposed convolutions; convolutions, logit.
GENERATOR_PRODUCTS = 100 * 4096 + 16 * (4 * 4 * 256 * 128 + 8 * 8 * 128 * 64 + 16 * 16 * 64 * 3)
DISCRIMINATOR_PRODUCTS = (
    16 * (16 * 16 * 3 * 64 + 8 * 8 * 64 * 128 + 4 * 4 * 128 * 256) + 4 * 4 * 256
)
PYTORCH_STYLES = {
    "as the tutorial writes it": {},
    "channels last": {"channels_last": True},
    "channels last, bfloat16": {"channels_last": True, "bfloat16": True},
}


def measure() -> None:
    peak = matrix_product_rate()
    print(f"float32 matrix product, 2048 x 2048: {peak / 1e9:.0f} GFLOP/s\n")
    rates = tensorflow_rates()
    if importlib.util.find_spec("torch"):
        rates |= pytorch_rates()
    else:
        print("PyTorch is not installed (pip install -e .[bench]): its rows are missing.")
    tutorial = rates["TensorFlow tutorial's step"]
    print(f"{'training step, mid-size DCGAN':44} images/s  of the TF step  of the product rate")
    for name, rate in rates.items():
        fraction = rate * needed_operations(name) / peak
        print(f"{name:44} {rate:8.0f} {rate / tutorial:15.2f} {fraction:20.2f}")


def needed_operations(name: str) -> float:
    """Operations (two a multiply-add) that the step of this name needs for one image."""
    # Forwards and twice as much backwards: the generator once, the discriminator on real and on
    # fake images. Then once more through the discriminator for the generator's gradient;
    # PyTorch's tutorial also runs it forwards again.
    extra = 3 if name.startswith("PyTorch") else 1
    return 2 * (3 * GENERATOR_PRODUCTS + (6 + extra) * DISCRIMINATOR_PRODUCTS)


def matrix_product_rate() -> float:
    """Operations a second of a large float32 matrix product."""
    matrix = np.random.default_rng(0).normal(size=(2048, 2048)).astype("float32")
    (seconds,) = median_seconds(lambda: matrix @ matrix)
    return 2 * 2048**3 / seconds


def tensorflow_rates() -> dict[str, float]:
    from gan_helpers.runtime import dtype_policy, fastest_dtype_policy
    from gan_helpers.training import GAN

    import keras
    import recipes
    import tensorflow as tf

    images = random_images(BATCH_SIZE * STEPS, recipes.IMAGE_SHAPE)
    batches = tf.data.Dataset.from_tensor_slices(images).batch(BATCH_SIZE)

    def ours(policy: str) -> Callable[[], None]:
        with dtype_policy(policy):
            gan = GAN(*recipes.build_pytorch_tutorial())
        gan.compile(
            keras.optimizers.Adam(2e-4, beta_1=0.5),
            keras.optimizers.Adam(2e-4, beta_1=0.5),
            steps_per_execution=STEPS,
        )
        return lambda: gan.fit(batches, verbose=0)

    runs = {
        "TensorFlow tutorial's step": recipes.bare_loop(recipes.build_pytorch_tutorial(), batches),
        "GAN.fit, float32": ours("float32"),
    }
    if fastest_dtype_policy() == "mixed_bfloat16":
        runs["GAN.fit, mixed_bfloat16"] = ours("mixed_bfloat16")
    seconds = median_seconds(*runs.values())
    return {name: len(images) / value for name, value in zip(runs, seconds, strict=True)}


def pytorch_rates() -> dict[str, float]:
    command = [sys.executable, str(Path(__file__)), "--pytorch"]
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(result.stdout)


def pytorch_step(channels_last: bool = False, bfloat16: bool = False) -> Callable[[], None]:
    """The training loop of PyTorch's DCGAN tutorial, restated, on the same networks."""
    import torch
    from torch import nn

    def block(kind, inputs, outputs, *after):
        return [kind(inputs, outputs, 4, 2, 1, bias=False), *after]

    generator = nn.Sequential(
        nn.ConvTranspose2d(LATENT_DIM, 256, 4, 1, 0, bias=False),
        nn.BatchNorm2d(256),
        nn.ReLU(True),
        *block(nn.ConvTranspose2d, 256, 128, nn.BatchNorm2d(128), nn.ReLU(True)),
        *block(nn.ConvTranspose2d, 128, 64, nn.BatchNorm2d(64), nn.ReLU(True)),
        *block(nn.ConvTranspose2d, 64, 3, nn.Tanh()),
    )
    discriminator = nn.Sequential(
        *block(nn.Conv2d, 3, 64, nn.LeakyReLU(0.2, True)),
        *block(nn.Conv2d, 64, 128, nn.BatchNorm2d(128), nn.LeakyReLU(0.2, True)),
        *block(nn.Conv2d, 128, 256, nn.BatchNorm2d(256), nn.LeakyReLU(0.2, True)),
        nn.Conv2d(256, 1, 4, 1, 0, bias=False),
    )
    order = torch.channels_last if channels_last else torch.contiguous_format
    generator, discriminator = (net.to(memory_format=order) for net in (generator, discriminator))
    optimizers = [
        torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999)) for net in (generator, discriminator)
    ]
    loss_of = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(BATCH_SIZE), torch.zeros(BATCH_SIZE)
    images = torch.from_numpy(random_images(BATCH_SIZE * STEPS, (32, 32, 3)))
    images = images.permute(0, 3, 1, 2).contiguous(memory_format=order)

    def judge(batch, labels):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
            logits = discriminator(batch)
        loss = loss_of(logits.float().view(-1), labels)
        loss.backward()

    def run() -> None:
        for real_images in images.split(BATCH_SIZE):
            discriminator.zero_grad()
            judge(real_images, ones)
            latents = torch.randn(BATCH_SIZE, LATENT_DIM, 1, 1)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
                fake_images = generator(latents)
            judge(fake_images.detach(), zeros)
            optimizers[1].step()
            generator.zero_grad()
            judge(fake_images, ones)
            optimizers[0].step()

    return run


def random_images(count: int, shape: tuple[int, ...]) -> np.ndarray:
    """Noise in [-1, 1], float32: how long a step takes does not depend on the pixels."""
    return np.random.default_rng(0).uniform(-1, 1, (count, *shape)).astype("float32")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pytorch", action="store_true", help="print PyTorch's rates as JSON")
    if parser.parse_args().pytorch:
        seconds = median_seconds(*(pytorch_step(**style) for style in PYTORCH_STYLES.values()))
        count = BATCH_SIZE * STEPS
        names = [f"PyTorch, {style}" for style in PYTORCH_STYLES]
        print(json.dumps({n: count / s for n, s in zip(names, seconds, strict=True)}))
    else:
        measure()

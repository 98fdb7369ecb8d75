"""Five public DCGAN recipes, restated from their descriptions for 32 x 32 pixels, and ours.

Each peer keeps its own networks, initialisation, optimizers, batch size, order of updates, range
of the pixels and averaging; only the number of doublings and halvings follows the smaller image.
Sources:

- PyTorch DCGAN tutorial, https://docs.pytorch.org/tutorials/beginner/dcgan_faces_tutorial.html
- gan-flavours-keras, https://github.com/beresandras/gan-flavours-keras
- Machine Learning Mastery, "How to Develop a GAN to Generate CIFAR10 Small Color Photographs"
- TensorFlow DCGAN tutorial, https://www.tensorflow.org/tutorials/generative/dcgan
- keras.io, "DCGAN to generate face images", https://keras.io/examples/generative/dcgan_overriding_train_step/
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import tensorflow as tf
from keras import layers

IMAGE_SHAPE = (32, 32, 3)
Networks = tuple[keras.Model, keras.Model]
Optimizers = tuple[keras.optimizers.Optimizer, keras.optimizers.Optimizer]
Step = Callable[[tf.Tensor], None]


@dataclass(frozen=True)
class Recipe:
    """One way to train a GAN on batches of real images.

    Attributes:
        name: shown in the tables.
        build: makes the generator and the discriminator, which ends in logits.
        make_step: makes the function that trains both on one batch of real images.
        batch_size: real images in a batch.
        learning_rate: of both Adam optimizers.
        beta_1: decay of their first moment.
        lowest: lowest pixel value, -1 or 0; the highest is 1.
        ema_decay: decay of the averaged generator; 0 for none.
    """

    name: str
    build: Callable[[], Networks]
    make_step: Callable[[Networks, Optimizers], Step]
    batch_size: int
    learning_rate: float
    beta_1: float = 0.9
    lowest: float = -1.0
    ema_decay: float = 0.0


def draw_latents(count: int, generator: keras.Model) -> tf.Tensor:
    return tf.random.normal((count, generator.input_shape[-1]))


def cross_entropy(logits: tf.Tensor, label: float) -> tf.Tensor:
    return tf.reduce_mean(tf.nn.softplus(logits) - label * logits)


def update(tape: tf.GradientTape, loss: tf.Tensor, network: keras.Model, optimizer) -> None:
    variables = network.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)


def build_adams(networks: Networks, learning_rate: float, beta_1: float) -> Optimizers:
    """One Adam a network, with its moments made before the first step is traced."""
    optimizers = tuple(keras.optimizers.Adam(learning_rate, beta_1=beta_1) for _ in networks)
    for network, optimizer in zip(networks, optimizers, strict=True):
        optimizer.build(network.trainable_variables)
    return optimizers


def bare_loop(networks: Networks, batches: tf.data.Dataset) -> Callable[[], None]:
    """The step of the TensorFlow tutorial over all batches: no metrics, average or callbacks."""
    step = tf.function(one_pass(networks, build_adams(networks, 2e-4, beta_1=0.5)))

    def run() -> None:
        for real_images in batches:
            step(real_images)

    return run


def one_pass(networks: Networks, optimizers: Optimizers, real_label: float = 1.0) -> Step:
    """Both updates from the same pass, the order of the TensorFlow tutorial."""
    generator, discriminator = networks

    def step(real_images):
        latents = draw_latents(len(real_images), generator)
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            fake_logits = discriminator(generator(latents, training=True), training=True)
            real_logits = discriminator(real_images, training=True)
            generator_loss = cross_entropy(fake_logits, 1.0)
            discriminator_loss = cross_entropy(real_logits, real_label)
            discriminator_loss += cross_entropy(fake_logits, 0.0)
        update(generator_tape, generator_loss, generator, optimizers[0])
        update(discriminator_tape, discriminator_loss, discriminator, optimizers[1])

    return step


def same_fakes(networks: Networks, optimizers: Optimizers) -> Step:
    """D first; then G on the same fakes, judged again by the updated D (PyTorch tutorial)."""
    generator, discriminator = networks

    def step(real_images):
        latents = draw_latents(len(real_images), generator)
        with tf.GradientTape() as generator_tape:
            fake_images = generator(latents, training=True)
            with generator_tape.stop_recording(), tf.GradientTape() as tape:
                loss = cross_entropy(discriminator(real_images, training=True), 1.0)
                loss += cross_entropy(discriminator(fake_images, training=True), 0.0)
            with generator_tape.stop_recording():
                update(tape, loss, discriminator, optimizers[1])
            generator_loss = cross_entropy(discriminator(fake_images, training=True), 1.0)
        update(generator_tape, generator_loss, generator, optimizers[0])

    return step


def mixed_batch(networks: Networks, optimizers: Optimizers) -> Step:
    """D on fakes and reals in one batch with noisy labels, then G on new latents (keras.io)."""
    generator, discriminator = networks

    def step(real_images):
        count = len(real_images)
        fake_images = generator(draw_latents(count, generator), training=True)
        both = tf.concat([fake_images, real_images], axis=0)
        # There, 1 means fake, and both labels move up by at most 0.05.
        fakeness = tf.concat([tf.ones((count, 1)), tf.zeros((count, 1))], axis=0)
        fakeness += 0.05 * tf.random.uniform((2 * count, 1))
        with tf.GradientTape() as tape:
            loss = cross_entropy(discriminator(both, training=True), 1.0 - fakeness)
        update(tape, loss, discriminator, optimizers[1])
        train_generator(networks, optimizers, count)

    return step


def half_batches(networks: Networks, optimizers: Optimizers) -> Step:
    """D on half a batch of reals, D on half a batch of fakes, G on a whole one (ML Mastery)."""
    generator, discriminator = networks

    def step(real_images):
        half = len(real_images)
        fake_images = generator(draw_latents(half, generator))
        for images, label in ((real_images, 1.0), (fake_images, 0.0)):
            with tf.GradientTape() as tape:
                loss = cross_entropy(discriminator(images, training=True), label)
            update(tape, loss, discriminator, optimizers[1])
        train_generator(networks, optimizers, 2 * half)

    return step


def train_generator(networks: Networks, optimizers: Optimizers, count: int) -> None:
    generator, discriminator = networks
    latents = draw_latents(count, generator)
    with tf.GradientTape() as tape:
        fake_logits = discriminator(generator(latents, training=True), training=True)
        loss = cross_entropy(fake_logits, 1.0)
    update(tape, loss, generator, optimizers[0])


def normal() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=0.02)


def batch_norm(**options) -> layers.Layer:
    # PyTorch's momentum of 0.1 is 0.9 here.
    gamma = keras.initializers.RandomNormal(mean=1.0, stddev=0.02)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, gamma_initializer=gamma, **options)


def leaky(slope: float = 0.2) -> layers.Layer:
    return layers.LeakyReLU(negative_slope=slope)


def sequential(inputs: int | tuple[int, ...], *parts: layers.Layer) -> keras.Sequential:
    shape = (inputs,) if isinstance(inputs, int) else inputs
    return keras.Sequential([keras.Input(shape), *parts])


def build_pytorch_tutorial() -> Networks:
    options = {"padding": "same", "use_bias": False, "kernel_initializer": normal}

    def conv(kind, channels):
        return kind(channels, 4, 2, **(options | {"kernel_initializer": normal()}))

    generator = [layers.Dense(4 * 4 * 256, use_bias=False, kernel_initializer=normal())]
    generator += [layers.Reshape((4, 4, 256)), batch_norm(), layers.ReLU()]
    for channels in (128, 64):
        generator += [conv(layers.Conv2DTranspose, channels), batch_norm(), layers.ReLU()]
    generator += [conv(layers.Conv2DTranspose, 3), layers.Activation("tanh")]
    discriminator = [conv(layers.Conv2D, 64), leaky()]
    for channels in (128, 256):
        discriminator += [conv(layers.Conv2D, channels), batch_norm(), leaky()]
    discriminator += [layers.Flatten()]
    discriminator += [layers.Dense(1, use_bias=False, kernel_initializer=normal())]
    return sequential(100, *generator), sequential(IMAGE_SHAPE, *discriminator)


def build_gan_flavours(width: int = 128) -> Networks:
    def conv(kind, channels, **options):
        return kind(channels, 4, 2, padding="same", kernel_initializer=normal(), **options)

    generator = [layers.Dense(4 * 4 * width, use_bias=False, kernel_initializer=normal())]
    generator += [layers.Reshape((4, 4, width))]
    for _ in range(2):
        generator += [layers.BatchNormalization(scale=False), layers.ReLU()]
        generator += [conv(layers.Conv2DTranspose, width, use_bias=False)]
    generator += [layers.BatchNormalization(scale=False), layers.ReLU()]
    generator += [conv(layers.Conv2DTranspose, 3, activation="sigmoid")]
    discriminator = []
    for _ in range(3):
        discriminator += [conv(layers.Conv2D, width, use_bias=False)]
        discriminator += [layers.BatchNormalization(scale=False), leaky()]
    discriminator += [layers.Dropout(0.4), layers.Flatten()]
    discriminator += [layers.Dense(1, kernel_initializer=normal())]
    return sequential(64, *generator), sequential(IMAGE_SHAPE, *discriminator)


def build_ml_mastery() -> Networks:
    generator = [layers.Dense(4 * 4 * 256), leaky(), layers.Reshape((4, 4, 256))]
    for _ in range(3):
        generator += [layers.Conv2DTranspose(128, 4, 2, padding="same"), leaky()]
    generator += [layers.Conv2D(3, 3, padding="same", activation="tanh")]
    discriminator = [layers.Conv2D(64, 3, padding="same"), leaky()]
    for channels in (128, 128, 256):
        discriminator += [layers.Conv2D(channels, 3, 2, padding="same"), leaky()]
    discriminator += [layers.Flatten(), layers.Dropout(0.4), layers.Dense(1)]
    return sequential(100, *generator), sequential(IMAGE_SHAPE, *discriminator)


def build_tensorflow_tutorial() -> Networks:
    # Keras 2's LeakyReLU, which that tutorial uses, has a default slope of 0.3.
    generator = [layers.Dense(8 * 8 * 256, use_bias=False), layers.BatchNormalization()]
    generator += [leaky(0.3), layers.Reshape((8, 8, 256))]
    for channels, strides in ((128, 1), (64, 2)):
        generator += [
            layers.Conv2DTranspose(channels, 5, strides, padding="same", use_bias=False),
            layers.BatchNormalization(),
            leaky(0.3),
        ]
    generator += [
        layers.Conv2DTranspose(3, 5, 2, padding="same", use_bias=False, activation="tanh")
    ]
    discriminator = []
    for channels in (64, 128):
        discriminator += [layers.Conv2D(channels, 5, 2, padding="same"), leaky(0.3)]
        discriminator += [layers.Dropout(0.3)]
    discriminator += [layers.Flatten(), layers.Dense(1)]
    return sequential(100, *generator), sequential(IMAGE_SHAPE, *discriminator)


def build_keras_io() -> Networks:
    generator = [layers.Dense(4 * 4 * 128), layers.Reshape((4, 4, 128))]
    for channels in (128, 256, 512):
        generator += [layers.Conv2DTranspose(channels, 4, 2, padding="same"), leaky()]
    generator += [layers.Conv2D(3, 5, padding="same", activation="sigmoid")]
    discriminator = []
    for channels in (64, 128, 128):
        discriminator += [layers.Conv2D(channels, 4, 2, padding="same"), leaky()]
    discriminator += [layers.Flatten(), layers.Dropout(0.2), layers.Dense(1)]
    return sequential(128, *generator), sequential(IMAGE_SHAPE, *discriminator)


def smoothed_one_pass(networks: Networks, optimizers: Optimizers) -> Step:
    return one_pass(networks, optimizers, real_label=0.9)


PEERS = [
    Recipe("PyTorch DCGAN tutorial", build_pytorch_tutorial, same_fakes, 128, 2e-4, beta_1=0.5),
    Recipe(
        "gan-flavours-keras",
        build_gan_flavours,
        smoothed_one_pass,
        128,
        2e-4,
        beta_1=0.5,
        lowest=0.0,
        ema_decay=0.99,
    ),
    Recipe("Machine Learning Mastery", build_ml_mastery, half_batches, 64, 2e-4, beta_1=0.5),
    Recipe("TensorFlow DCGAN tutorial", build_tensorflow_tutorial, one_pass, 256, 1e-4),
    Recipe("keras.io DCGAN", build_keras_io, mixed_batch, 32, 1e-4, lowest=0.0),
]

"""GANs so small that a test trains one in a second, and what tests ask of them."""

from types import SimpleNamespace

from gan_helpers.models import (
    build_conditional_generator,
    build_dcgan_discriminator,
    build_dcgan_generator,
)
from gan_helpers.training import GAN

import keras
import numpy as np
import tensorflow as tf

IMAGE_SHAPE = (8, 8, 1)


def make_gan(seed=0, ema_decay=0.9, **compile_options):
    keras.utils.set_random_seed(seed)
    gan = GAN(
        build_dcgan_generator(latent_dim=4, image_shape=IMAGE_SHAPE, width=4),
        build_dcgan_discriminator(image_shape=IMAGE_SHAPE, width=4, dropout=0.3),
        ema_decay=ema_decay,
        seed=seed,
    )
    gan.compile(
        keras.optimizers.Adam(1e-3, beta_1=0.5),
        keras.optimizers.Adam(1e-3, beta_1=0.5),
        **compile_options,
    )
    return gan


def make_dense_gan(seed=0, logits=1, rate=1e-3, augment=None, **compile_options):
    """As random and with as much memory as the others, but traced in a quarter of the time."""
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    pixels = [layers.Dense(64), layers.BatchNormalization(), layers.Activation("tanh")]
    judge = [layers.Flatten(), layers.Dropout(0.3), layers.Dense(logits)]
    gan = GAN(
        keras.Sequential([keras.Input((4,)), *pixels, layers.Reshape(IMAGE_SHAPE)]),
        keras.Sequential([keras.Input(IMAGE_SHAPE), *judge]),
        seed=seed,
        augment=augment,
    )
    gan.compile(keras.optimizers.Adam(rate), keras.optimizers.Adam(rate), **compile_options)
    return gan


def as_untrained(built):
    """The model of a pair of a model and its first state, which it has again."""
    gan, untrained = built
    gan.set_state(untrained)
    return gan


def make_conditional_gan(**compile_options):
    keras.utils.set_random_seed(0)
    gan = GAN(
        build_conditional_generator(4, 3, IMAGE_SHAPE, width=4),
        build_dcgan_discriminator(IMAGE_SHAPE, width=4, classes=3),
    )
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3), **compile_options)
    return gan


def make_class_naming_gan(generator, **compile_options):
    keras.utils.set_random_seed(0)
    gan = GAN(generator, build_dcgan_discriminator(IMAGE_SHAPE, width=4, classes=3))
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3), **compile_options)
    return gan


def make_augmented_gan(augment, **compile_options):
    keras.utils.set_random_seed(0)
    gan = GAN(
        build_dcgan_generator(4, IMAGE_SHAPE, width=4),
        build_dcgan_discriminator(IMAGE_SHAPE, width=4),
        augment=augment,
    )
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3), **compile_options)
    return gan


def judge_of_pairs(condition_shape, embed):
    """A tiny discriminator that takes images and conditions, one logit each."""
    images = keras.Input(IMAGE_SHAPE)
    conditions = keras.Input(condition_shape, dtype="float32")
    maps = keras.layers.Flatten()(images)
    features = keras.layers.Concatenate()([maps, embed(conditions)])
    return keras.Model([images, conditions], keras.layers.Dense(1)(features))


def translator():
    """A tiny generator from latents and an image to an image."""
    latents, images = keras.Input((4,)), keras.Input(IMAGE_SHAPE)
    shade = keras.layers.Reshape((1, 1, 4))(latents)
    maps = keras.layers.Conv2D(4, 3, padding="same")(images)
    maps = keras.layers.Add()([maps, shade])
    output = keras.layers.Conv2D(IMAGE_SHAPE[-1], 1, activation="tanh")(maps)
    return keras.Model([latents, images], output)


def make_images(count=32):
    random = np.random.default_rng(0)
    return random.uniform(-1, 1, (count, *IMAGE_SHAPE)).astype("float32")


def fit(gan, images, epochs=1, **options):
    guard = gan.guard
    if np.isnan(images).any():  # of a fault that nobody saw coming
        gan.guard = SimpleNamespace(look=lambda batch: None, begin=lambda: None, end=lambda: None)
    batches = tf.data.Dataset.from_tensor_slices(images).batch(8)
    try:
        return gan.fit(batches, epochs=epochs, verbose=0, **options)
    finally:
        gan.guard = guard


def weights_of(network):
    return [weight.numpy().copy() for weight in network.weights]


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def same_state(first, second):
    return first.keys() == second.keys() and all(
        np.array_equal(array, second[name]) for name, array in first.items()
    )

"""A model that is no more leaves nothing in memory, and several replicas still add up."""

import gc
import weakref

from gan_helpers.training import GAN

import keras
import pytest
import tensorflow as tf
from tiny_gan import IMAGE_SHAPE, fit, make_images


def count_graphs():
    gc.collect()
    return sum(isinstance(thing, tf.Graph) for thing in gc.get_objects())


def train_a_gan():
    generator = [keras.Input((4,)), keras.layers.Dense(64), keras.layers.Reshape(IMAGE_SHAPE)]
    discriminator = [keras.Input(IMAGE_SHAPE), keras.layers.Flatten(), keras.layers.Dense(1)]
    gan = GAN(keras.Sequential(generator), keras.Sequential(discriminator))
    gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam())
    fit(gan, make_images(16))


def train_by_hand():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam()
    optimizer.build(network.trainable_variables)

    @tf.function
    def step(points):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(network(points))
        optimizer.apply(tape.gradient(loss, network.trainable_variables))

    step(tf.ones((4, 2)))


@pytest.mark.parametrize("train", [train_a_gan, train_by_hand])
def test_what_was_trained_and_let_go_leaves_no_graph(train):
    train()  # Keras keeps a graph of its own to find shapes
    before = count_graphs()
    train()
    assert count_graphs() == before


def test_what_is_still_held_is_kept():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    function = tf.function(network.call).get_concrete_function(tf.TensorSpec((4, 2)))
    held = weakref.ref(function.graph)
    gc.collect()
    assert held() is function.graph

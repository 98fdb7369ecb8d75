"""The frozen network: the maps of its original, frozen for good, whole in a saved model."""

from pathlib import Path

from gan_helpers import photo_features
from gan_helpers.data import to_model_range
from gan_helpers.photo_features import PhotoFeatures, build_photo_features
from gan_helpers.runtime import DatasetError

import keras
import numpy as np
import pytest
import tensorflow as tf

# What the original network in PyTorch makes of two photographs of CIFAR-10, each pixel shown as a
# square of 2 x 2; scripts/make_photo_features.py says where it comes from.
MAPS = Path(__file__).with_name("photo_maps.npz")
BLOCKS = (2, 4, 10, 15)


@pytest.fixture(scope="module")
def stored():
    with np.load(MAPS) as arrays:
        return {name: arrays[name] for name in arrays.files}


@pytest.fixture(scope="module")
def images(stored):
    return to_model_range(stored["images"]).repeat(2, axis=1).repeat(2, axis=2)


def test_it_sees_what_the_original_sees(stored, images):
    maps = build_photo_features((64, 64, 3), BLOCKS)(images)
    features = build_photo_features((64, 64, 3))(images)
    wanted = [
        stored[name].astype("float32") for name in (*map("block_{}".format, BLOCKS), "pooled")
    ]
    for found, original in zip([*maps, features], wanted, strict=True):
        assert found.shape == original.shape
        error = np.sqrt(np.mean(np.square(found - original)))
        assert error < 0.01 * original.std()  # the weights are float16


def test_up_to_a_block_it_holds_no_more_than_it_needs():
    network = build_photo_features((64, 64, 3), (4, 2))
    assert [maps.shape[1:] for maps in network.outputs] == [(8, 8, 40), (16, 16, 24)]
    assert network.count_params() < 100_000 < build_photo_features((64, 64, 3)).count_params()
    assert not network.trainable_variables


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (((32, 32, 1),), ValueError, "three channels"),
        (((32, 32, 3), (2, 16)), ValueError, "no block 16"),
        (((32, 32, 3), (2, 1.5)), ValueError, "no block 1.5"),
        (((32, 32, 3), "last"), TypeError, "give numbers"),
        (((32, 32, 3), ()), TypeError, "give numbers"),
        (((32, 32, 3), 4), TypeError, "give numbers"),
    ],
)
def test_other_images_and_blocks_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        build_photo_features(*arguments)


def test_a_damaged_file_is_named(monkeypatch):
    monkeypatch.setattr(photo_features, "read_sums", lambda *_: {photo_features.FILE: "0" * 64})
    with pytest.raises(DatasetError, match=r"photo_features\.npz"):
        build_photo_features((32, 32, 3), (0,))


def test_as_a_layer_it_stays_frozen_and_passes_gradients():
    network = keras.Sequential([keras.Input((32, 32, 3)), PhotoFeatures([0]), keras.layers.ReLU()])
    network.trainable = True
    assert not network.weights
    images = keras.ops.zeros((1, 32, 32, 3))
    with tf.GradientTape() as tape:
        tape.watch(images)
        seen = network(images, training=True)
    assert np.abs(tape.gradient(seen, images)).max() > 0


def test_a_saved_network_holds_it_and_a_mixed_policy_does_not_reach_it(tmp_path, images):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = PhotoFeatures((2,))
    finally:
        keras.config.set_dtype_policy("float32")
    inputs = keras.Input((64, 64, 3))
    network = keras.Model(inputs, layer(inputs))
    network.save(tmp_path / "eyes.keras")
    again = keras.saving.load_model(tmp_path / "eyes.keras")
    assert again(images)[0].dtype == "float32"
    np.testing.assert_array_equal(again(images)[0], network(images)[0])

"""The studio: styles, class shares, and a discriminator that sees through a frozen network."""

import math

from gan_helpers import GAN, losses, models
from gan_helpers.studio import (
    SpectralConvolution,
    build_projected_discriminator,
    build_studio_generator,
)
from gan_helpers.weights import build_pretrained

import keras
import numpy as np
import pytest
import tensorflow as tf

SMALL = {"latent_dim": 8, "widths": (16, 8, 8), "style_size": 8}


def small_generator(classes=3, image_shape=(32, 32, 3)):
    return build_studio_generator(classes=classes, image_shape=image_shape, **SMALL)


def small_discriminator(classes=3, image_shape=(32, 32, 3)):
    return build_projected_discriminator(image_shape, classes, blocks=(0, 1), width=4)


def compiled(generator, discriminator, run_eagerly=True):
    # Tracing the frozen network takes seconds; once is enough to know that it can be done.
    gan = GAN(generator, discriminator)
    gan.compile(
        *[keras.optimizers.Adam(1e-3, beta_1=0.0) for _ in range(2)],
        generator_loss=losses.hinge_generator_loss,
        discriminator_loss=losses.hinge_discriminator_loss,
        run_eagerly=run_eagerly,
    )
    return gan


def images(count=8, shape=(32, 32, 3)):
    return np.random.default_rng(0).uniform(-1, 1, (count, *shape)).astype("float32")


def latents(count, size=8):
    return np.random.default_rng(1).normal(size=(count, size)).astype("float32")


def multiplications(network):
    """Of the convolutions and dense layers, for one image."""
    total = 0
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            total += multiplications(layer)
        elif isinstance(layer, keras.layers.Conv2D):
            total += math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])
        elif isinstance(layer, keras.layers.Dense):
            total += math.prod(layer.kernel.shape)
    return total


def test_the_generator_is_small_enough_for_a_web_page():
    assert 10e6 < multiplications(build_pretrained("studio_generator")) < 131e6


def test_mapping_and_synthesis_are_the_generator():
    generator = small_generator()
    mapping, synthesis = (generator.get_layer(name) for name in ("mapping", "synthesis"))
    shares = np.full((4, 3), 1 / 3, "float32")
    styles = mapping.predict([latents(4), shares], verbose=0)
    assert styles.shape == (4, 3, 8 + 3)
    np.testing.assert_array_equal(styles[:, 0], styles[:, 2])
    np.testing.assert_allclose(styles[:, :, 8:], 1 / 3)
    np.testing.assert_allclose(
        synthesis.predict(styles, verbose=0),
        generator.predict([latents(4), shares], verbose=0),
        rtol=1e-5,
        atol=1e-6,
    )


def test_each_block_listens_to_its_own_style():
    generator = small_generator()
    for layer in generator.get_layer("synthesis").layers:
        if isinstance(layer, keras.layers.Dense) and not layer.use_bias:  # zero at the start
            layer.set_weights([np.random.default_rng(2).normal(size=layer.kernel.shape)])
    synthesis = generator.get_layer("synthesis")
    styles = np.random.default_rng(3).normal(size=(1, 3, 11)).astype("float32")
    plain = synthesis.predict(styles, verbose=0)
    for block in range(3):
        changed = styles.copy()
        changed[:, block] += 1
        assert np.abs(synthesis.predict(changed, verbose=0) - plain).max() > 1e-3


@pytest.mark.parametrize(
    ("shape", "classes"), [((28, 28, 1), None), ((64, 64, 3), 3), ((32, 48, 3), None)]
)
def test_other_images_can_be_made_and_judged(shape, classes):
    generator, discriminator = small_generator(classes, shape), small_discriminator(classes, shape)
    labels = None if classes is None else np.arange(8) % classes
    gan = compiled(generator, discriminator)
    history = gan.fit(images(8, shape), labels, batch_size=4, epochs=1, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert gan.sample(2, seed=0, labels=None if classes is None else labels[:2]).shape[1:] == shape
    given = images(2, shape) if classes is None else [images(2, shape), np.eye(3)[:2]]
    assert discriminator.predict(given, verbose=0).shape == (2, 2, 1)


def test_only_the_heads_learn():
    discriminator = small_discriminator()
    eyes = discriminator.get_layer("photo_features")
    looked_at = keras.ops.ones((1, 64, 64, 3)) * 0.3
    before = [keras.ops.convert_to_numpy(maps) for maps in eyes(looked_at)]
    assert len(before) == 2 and not eyes.weights
    gan = compiled(small_generator(), discriminator, run_eagerly=False)
    # The gradient of a last offset is 0 as long as all logits are within the hinge's margin.
    kernels = [weight for weight in discriminator.trainable_variables if len(weight.shape) > 1]
    heads = [weight.numpy() for weight in kernels]
    gan.fit(images(), np.arange(8) % 3, batch_size=4, verbose=0)
    after = [keras.ops.convert_to_numpy(maps) for maps in eyes(looked_at)]
    assert all(map(np.array_equal, before, after))
    learned = [weight.numpy() for weight in kernels]
    assert not any(map(np.array_equal, heads, learned))


def test_swapping_the_discriminator_is_enough():
    generator = models.build_conditional_generator(8, classes=3, width=4)  # takes labels
    gan = compiled(generator, small_discriminator())
    gan.fit(images(), np.arange(8) % 3, batch_size=4, verbose=0)
    assert gan.generate(latents(3), [0, 1, 2]).shape == (3, 32, 32, 3)
    with pytest.raises(ValueError, match="one class for each row"):
        gan.generate(latents(3), np.eye(3, dtype="float32"))
    plain = compiled(models.build_dcgan_generator(8, width=4), small_discriminator(None))
    plain.fit(images(), batch_size=4, verbose=0)


def test_losses_of_one_logit_stay_what_they_are():
    logits = np.array([[[0.5], [-2.0]], [[1.5], [0.0]]], "float32")
    for loss in (losses.hinge_generator_loss, losses.non_saturating_generator_loss):
        of_each = [float(loss(logits[:, head])) for head in range(2)]
        assert float(loss(logits)) == pytest.approx(np.mean(of_each))


def test_labels_and_shares_that_say_the_same_give_the_same():
    def trained(conditions):
        keras.utils.set_random_seed(0)
        gan = compiled(small_generator(), small_discriminator())
        gan.fit(images(), conditions, batch_size=4, verbose=0, shuffle=False)
        return gan

    labels = np.arange(8) % 3
    by_label, by_share = trained(labels), trained(np.eye(3, dtype="float32")[labels])
    for one, other in zip(by_label.weights, by_share.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(
        by_label.generate(latents(3), [2, 0, 1]),
        by_label.generate(latents(3), np.eye(3, dtype="float32")[[2, 0, 1]]),
    )


def test_classes_can_be_mixed():
    gan = compiled(small_generator(), small_discriminator())
    half = np.tile(np.float32([0.5, 0.5, 0]), (2, 1))
    assert gan.generate(latents(2), half).shape == (2, 32, 32, 3)
    gan.fit(images(4), np.tile(half, (2, 1)), batch_size=4, verbose=0)


@pytest.mark.parametrize(
    "shares",
    [[[0.5, 0.4, 0.0]], [[1.5, -0.5, 0.0]], [[np.nan, 0.5, 0.5]], [[1.0, 0.0]], [["a", "b", "c"]]],
)
def test_shares_that_are_none_are_refused(shares):
    gan = compiled(small_generator(), small_discriminator())
    with pytest.raises((TypeError, ValueError), match=r"add up|one class for each|numbers"):
        gan.generate(latents(1), np.array(shares))
    with pytest.raises((TypeError, ValueError)):
        gan.fit(images(1), np.array(shares), batch_size=1, verbose=0)


def test_a_class_beyond_the_shares_is_refused():
    gan = compiled(small_generator(), small_discriminator())
    with pytest.raises(ValueError, match="3"):
        gan.fit(images(4), np.array([0, 1, 2, 3]), batch_size=4, verbose=0)


def test_a_run_in_two_parts_is_the_run_in_one():
    def begin():
        keras.utils.set_random_seed(0)
        return compiled(small_generator(), small_discriminator())

    def go_on(gan):
        batches = tf.data.Dataset.from_tensor_slices((images(), np.arange(8) % 3)).batch(8)
        gan.fit(batches, verbose=0)

    whole, first, second = begin(), begin(), begin()
    go_on(whole), go_on(whole)
    go_on(first)
    second.set_state(first.get_state())
    go_on(second)
    for name, value in whole.get_state().items():
        np.testing.assert_array_equal(value, second.get_state()[name], err_msg=name)


def test_a_saved_gan_comes_back(tmp_path):
    gan = compiled(small_generator(), small_discriminator())
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(
        again.generate(latents(2), [0, 1]), gan.generate(latents(2), [0, 1])
    )
    judged = [images(2), np.eye(3)[:2]]
    np.testing.assert_array_equal(again.discriminator(judged), gan.discriminator(judged))


def test_the_kernel_is_divided_by_its_largest_singular_value():
    for size, shape in ((3, (2, 8, 8, 5)), (None, (2, 5))):
        layer = SpectralConvolution(7, size)
        inputs = np.random.default_rng(0).normal(size=shape).astype("float32")
        for _ in range(60):  # the power method finds it step by step
            layer(inputs, training=True)
        matrix = layer.kernel.numpy().reshape(-1, 7)
        largest = np.linalg.svd(matrix, compute_uv=False)[0]
        divided = layer.kernel.numpy() / largest
        wanted = tf.nn.conv2d(inputs, divided, 1, "SAME") if size else inputs @ divided
        np.testing.assert_allclose(layer(inputs), wanted, rtol=1e-3, atol=1e-4)


def test_what_is_judged_is_moved_in_training_alone():
    discriminator = small_discriminator(None)
    given = images(1)
    still = [discriminator(given, training=False).numpy() for _ in range(2)]
    np.testing.assert_array_equal(*still)
    moved = {discriminator(given, training=True).numpy().tobytes() for _ in range(8)}
    assert len(moved) > 2


@pytest.mark.parametrize(
    ("build", "arguments", "message"),
    [
        (build_projected_discriminator, {"image_shape": (24, 24, 3)}, "28 to 64"),
        (build_projected_discriminator, {"image_shape": (32, 96, 3)}, "28 to 64"),
        (build_projected_discriminator, {"image_shape": (32, 32, 4)}, "1 or 3 channels"),
        (build_projected_discriminator, {"blocks": (99,)}, "no block 99"),
        (build_projected_discriminator, {"classes": 0}, "classes"),
        (build_projected_discriminator, {"seen_size": 8}, "seen_size"),
        (build_studio_generator, {"image_shape": (36, 36, 3)}, "divisible by 8"),
        (build_studio_generator, {"widths": ()}, "channels of each block"),
        (build_studio_generator, {"widths": (8, 0)}, "each of widths"),
        (build_studio_generator, {"classes": -1}, "classes"),
    ],
)
def test_what_cannot_be_built_is_refused(build, arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)

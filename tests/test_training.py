from gan_helpers import data, losses
from gan_helpers.models import (
    build_conditional_generator,
    build_dcgan_discriminator,
    build_dcgan_generator,
    build_dense_discriminator,
    build_dense_generator,
)
from gan_helpers.runtime import LARGEST_LOSS, dtype_policy
from gan_helpers.training import GAN

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_gan import (
    IMAGE_SHAPE,
    fit,
    judge_of_pairs,
    make_augmented_gan,
    make_class_naming_gan,
    make_conditional_gan,
    make_dense_gan,
    make_gan,
    make_images,
    same,
    same_state,
    translator,
    weights_of,
)


@pytest.fixture(scope="module")
def conditional_gan():
    return make_conditional_gan(run_eagerly=True)


def wrong_end():
    images = make_images()
    images[24:] *= 3
    return images


def test_a_step_moves_both_networks_and_the_average(gan):
    networks = (gan.generator, gan.discriminator, gan.ema_generator)
    before = [weights_of(network) for network in networks]
    fit(gan, make_images(8))
    for old, network in zip(before, networks, strict=True):
        assert not same(old, weights_of(network))


@pytest.mark.parametrize("frozen", ["generator", "discriminator"])
def test_each_optimizer_moves_only_its_own_network(frozen):
    gan = make_gan(run_eagerly=True)
    getattr(gan, f"{frozen}_optimizer").learning_rate = 0.0
    before = [v.numpy().copy() for v in getattr(gan, frozen).trainable_variables]
    fit(gan, make_images(8))
    assert same(before, [v.numpy() for v in getattr(gan, frozen).trainable_variables])


def test_the_step_equals_the_update_written_by_hand():
    """One step of plain gradient descent, checked against gradients taken outside the class."""

    def build():
        keras.utils.set_random_seed(3)
        generator = keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(4), keras.layers.Reshape((2, 2, 1))]
        )
        discriminator = keras.Sequential(
            [keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
        )
        return generator, discriminator

    images = np.random.default_rng(1).uniform(-1, 1, (6, 2, 2, 1)).astype("float32")
    gan = GAN(*build(), seed=5)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    gan.train_on_batch(images)

    generator, discriminator = build()
    latents = keras.random.normal((6, 2), seed=keras.random.SeedGenerator(5))
    with tf.GradientTape(persistent=True) as tape:
        fake_logits = discriminator(generator(latents))
        generator_loss = losses.non_saturating_generator_loss(fake_logits)
        discriminator_loss = losses.discriminator_loss(discriminator(images), fake_logits)
    for network, trained, loss in (
        (generator, gan.generator, generator_loss),
        (discriminator, gan.discriminator, discriminator_loss),
    ):
        gradients = tape.gradient(loss, network.trainable_variables)
        for old, gradient, new in zip(
            network.trainable_variables, gradients, trained.trainable_variables, strict=True
        ):
            np.testing.assert_allclose(new.numpy(), old - 0.1 * gradient, atol=1e-6)


def test_a_step_runs_the_generator_once_and_the_discriminator_twice(monkeypatch):
    gan = make_gan(run_eagerly=True)
    calls = []
    for network in (gan.generator, gan.discriminator):
        original = network.call

        def count(*arguments, original=original, name=network.name, **options):
            calls.append(name)
            return original(*arguments, **options)

        monkeypatch.setattr(network, "call", count)
    gan.train_on_batch(make_images(8))
    assert sorted(calls) == ["discriminator", "discriminator", "generator"]


def test_training_uses_training_mode():
    """BatchNormalization's moving statistics move only when called with training=True."""
    gan = make_gan(run_eagerly=True)
    statistics = [
        weight
        for network in (gan.generator, gan.discriminator)
        for weight in network.non_trainable_weights
        if "moving" in weight.path
    ]
    before = [weight.numpy().copy() for weight in statistics]
    fit(gan, make_images(8))
    assert len(statistics) == 10
    for old, weight in zip(before, statistics, strict=True):
        assert not np.array_equal(old, weight.numpy()), weight.path


def test_the_average_follows_its_formula_for_every_weight():
    gan = make_gan(ema_decay=0.25, run_eagerly=True)
    average = weights_of(gan.ema_generator)
    images = make_images(8)
    for step in range(1, 4):  # only the first step keeps less than 0.25
        gan.train_on_batch(images)
        decay = min(0.25, (1 + step) / (10 + step))
        average = [
            decay * old + (1 - decay) * new
            for old, new in zip(average, weights_of(gan.generator), strict=True)
        ]
    for expected, weight in zip(average, gan.ema_generator.weights, strict=True):
        np.testing.assert_allclose(weight.numpy(), expected, rtol=1e-4, atol=1e-6)


def test_no_averaging_means_the_generator_itself():
    gan = make_gan(ema_decay=0, run_eagerly=True)
    fit(gan, make_images(8))
    for average, weight in zip(gan.ema_generator.weights, gan.generator.weights, strict=True):
        np.testing.assert_allclose(average.numpy(), weight.numpy(), atol=1e-6)


def test_history_holds_the_four_measures_as_means_over_the_epoch():
    batches = []

    def spy(real_logits, fake_logits):
        loss = losses.discriminator_loss(real_logits, fake_logits)
        scores = [tf.reduce_mean(tf.sigmoid(logits)) for logits in (real_logits, fake_logits)]
        generator_loss = losses.non_saturating_generator_loss(fake_logits)
        batches.append([float(value) for value in (generator_loss, loss, *scores)])
        return loss

    gan = make_gan(discriminator_loss=spy, run_eagerly=True)
    history = fit(gan, make_images(16), epochs=2).history
    names = ("generator_loss", "discriminator_loss", "real_score", "fake_score")
    assert set(history) == set(names)
    # compile tries the loss on a few logits, before the four batches.
    by_epoch = np.reshape(batches[-4:], (2, 2, 4)).mean(axis=1)
    np.testing.assert_allclose(np.transpose([history[name] for name in names]), by_epoch, rtol=1e-5)


def test_the_same_seed_trains_the_same_model():
    first, second, other = (make_gan(seed, run_eagerly=True) for seed in (1, 1, 2))
    for gan in (first, second, other):
        fit(gan, make_images(8), epochs=2)
    assert same(weights_of(first), weights_of(second))
    assert not same(weights_of(first), weights_of(other))


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_a_dataset_that_does_not_know_its_length_trains_as_one_that_does():
    known = tf.data.Dataset.from_tensor_slices(make_images(20)).batch(8, drop_remainder=True)
    unknown = known.filter(lambda images: tf.size(images) > 0)
    results = []
    for batches in (known, unknown):
        gan = make_dense_gan()
        history = gan.fit(batches, epochs=2, verbose=0).history
        results.append((int(gan.steps), history, gan.get_state()))
    (steps, history, state), (other_steps, other_history, other_state) = results
    assert steps == other_steps == 4
    assert history == other_history
    assert same_state(state, other_state)


@pytest.mark.parametrize("of_arrays", [True, False])
def test_a_last_batch_that_is_smaller_is_trained_on_as_it_is(of_arrays):
    def counts(real_logits, fake_logits):
        """A number that tells how many images of each kind were judged, with a gradient."""
        judged = 100 * tf.shape(real_logits)[0] + tf.shape(fake_logits)[0]
        return tf.cast(judged, tf.float32) + 0 * losses.discriminator_loss(real_logits, fake_logits)

    gan, images = make_dense_gan(discriminator_loss=counts), make_images(20)
    if of_arrays:
        history = gan.fit(images, batch_size=8, verbose=0).history
    else:
        history = fit(gan, images).history
    assert int(gan.steps) == 3
    assert history["discriminator_loss"] == pytest.approx([(8 * 808 + 8 * 808 + 4 * 404) / 20])


def test_a_batch_may_be_a_single_image(gan):
    batches = tf.data.Dataset.from_tensor_slices(make_images(3)).batch(1)
    before = weights_of(gan.generator)
    history = gan.fit(batches, verbose=0).history
    assert int(gan.steps) == 3 and not gan.diverged
    assert np.isfinite(list(history.values())).all()
    assert not same(before, weights_of(gan.generator))
    assert gan.sample(1, seed=0).shape == (1, *IMAGE_SHAPE)


def test_no_size_has_to_be_even():
    shape = (7, 9, 3)
    generator = build_dense_generator(latent_dim=5, image_shape=shape, width=3)
    gan = GAN(generator, build_dense_discriminator(shape, width=3))
    gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam(), run_eagerly=True)
    pixels = np.random.default_rng(0).integers(0, 256, (11, *shape), dtype=np.uint8)
    gan.fit(data.image_batches(pixels, 5, seed=0, flip=True), verbose=0)
    gan.fit(data.to_model_range(pixels), batch_size=5, verbose=0)
    assert int(gan.steps) == 2 + 3 and not gan.diverged
    assert gan.sample(3, seed=0).shape == (3, *shape)


def test_any_pair_of_losses_can_be_compiled():
    gan = make_gan(
        generator_loss=losses.hinge_generator_loss,
        discriminator_loss=losses.hinge_discriminator_loss,
        run_eagerly=True,
    )
    history = fit(gan, make_images(8)).history
    assert np.isfinite(history["generator_loss"]).all()


def test_samples_are_uint8_and_repeat_with_their_seed(gan):
    images = gan.sample(300, seed=1)
    assert images.shape == (300, *IMAGE_SHAPE) and images.dtype == np.uint8
    assert np.array_equal(images, gan.sample(300, seed=1))
    assert not np.array_equal(images, gan.sample(300, seed=2))


def test_an_image_does_not_depend_on_its_neighbours(gan):
    fit(gan, make_images(), epochs=2)
    latents = keras.random.normal((16, 4), seed=0)
    alone = gan.generate(latents[:1])
    together = gan.generate(latents)[:1]
    assert np.abs(alone.astype(int) - together.astype(int)).max() <= 1


def test_a_state_that_is_put_back_trains_on_as_it_did(gan):
    images = make_images()
    fit(gan, images)
    state = gan.get_state()
    fit(gan, images)
    expected = gan.get_state()
    other = make_gan(seed=9)
    other.set_state(state)
    fit(other, images)
    assert other.get_state().keys() == expected.keys()
    for name, array in other.get_state().items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


def test_a_state_leaves_the_learning_rates_as_compiled(gan):
    other = make_gan()
    fit(gan, make_images())
    other.generator_optimizer.learning_rate = 1e-5
    other.set_state(gan.get_state())
    assert int(other.steps) == int(gan.steps)
    rates = [float(rate) for rate in other.compiled_rates().values()]
    assert rates == pytest.approx([1e-5, 1e-3])
    schedule = keras.optimizers.schedules.CosineDecay(1e-3, 100)
    other.compile(keras.optimizers.Adam(schedule), keras.optimizers.Adam(1e-3))
    assert list(other.compiled_rates()) == ["discriminator_optimizer_001"]


def test_a_state_is_a_copy(gan):
    state = gan.get_state()
    copies = {name: array.copy() for name, array in state.items()}
    fit(gan, make_images())
    assert all(np.array_equal(state[name], copies[name]) for name in state)


def test_a_state_holds_every_moment_and_every_random_state():
    translation = keras.layers.RandomTranslation(0.25, 0.25, fill_mode="constant", seed=0)
    gan = make_augmented_gan(translation, run_eagerly=True)
    before = gan.get_state()
    fit(gan, make_images(8))
    unchanged = [
        name for name, array in gan.get_state().items() if np.array_equal(array, before[name])
    ]
    rates = [f"{role}_optimizer_001" for role in ("discriminator", "generator")]
    assert sorted(unchanged) == rates
    assert "augment_000" in before
    assert any("seed_generator" in variable.path for variable in translation.variables)


def test_low_precision_numbers_keep_every_bit():
    with dtype_policy("bfloat16"):
        gan, other = make_gan(seed=1), make_gan(seed=2)
    assert gan.generator.weights[0].dtype == "bfloat16"
    other.set_state(gan.get_state())
    assert same(weights_of(gan.generator), weights_of(other.generator))


def change_shape(state):
    state["generator_000"] = state["generator_000"][:, :-1]


def change_type(state):
    state["generator_000"] = state["generator_000"].astype("float64")


def forget_an_array(state):
    del state["generator_000"]


def add_an_array(state):
    state["generator_999"] = np.zeros(3, "float32")


@pytest.mark.parametrize("change", [change_shape, change_type, forget_an_array, add_an_array])
def test_a_state_of_another_model_changes_nothing(gan, change):
    before = gan.get_state()
    state = {name: array + array.dtype.type(1) for name, array in before.items()}
    change(state)
    with pytest.raises(ValueError, match=r"of another model: generator_.* there, .* here"):
        gan.set_state(state)
    assert all(np.array_equal(array, before[name]) for name, array in gan.get_state().items())


def test_a_model_that_is_not_compiled_has_no_state_yet():
    gan = GAN(
        build_dcgan_generator(4, IMAGE_SHAPE, width=4),
        build_dcgan_discriminator(IMAGE_SHAPE, width=4),
    )
    with pytest.raises(ValueError, match="Compile the model first"):
        gan.get_state()


def test_the_step_at_which_a_loss_leaves_its_bounds_is_kept():
    images = make_images()
    gan = make_dense_gan(steps_per_execution=4)
    fit(gan, images)
    assert int(gan.diverged_at) == 0 and not gan.diverged
    images[8:16] = np.nan  # the second of four batches
    fit(gan, images)
    assert int(gan.diverged_at) == 6 and gan.diverged


def test_a_loss_that_is_finite_but_huge_is_out_of_bounds():
    def explode(fake_logits):
        return tf.reduce_mean(fake_logits) - 2 * LARGEST_LOSS

    gan = make_gan(generator_loss=explode, run_eagerly=True)
    fit(gan, make_images(8))
    assert int(gan.diverged_at) == 1


def test_a_weight_that_is_not_finite_is_divergence_too(gan):
    gan.ema_generator.weights[0].assign(gan.ema_generator.weights[0] * np.inf)
    assert gan.diverged


def test_each_epoch_has_its_order_whenever_it_is_trained():
    """The same epoch twice, with other passes over the batches in between."""
    images = data.to_pixels(make_images())
    batches = data.image_batches(images, 8, seed=1)
    gan, other = make_dense_gan(), make_dense_gan()
    gan.fit(batches, epochs=1, verbose=0)
    list(batches)
    other.fit(batches, epochs=1, verbose=0)
    assert same(weights_of(gan.generator), weights_of(other.generator))
    gan.fit(batches, initial_epoch=1, epochs=2, verbose=0)
    other.fit(batches, epochs=1, verbose=0)
    assert not same(weights_of(gan.generator), weights_of(other.generator))


def test_one_optimizer_for_two_networks_is_refused(gan):
    optimizer = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="an optimizer each"):
        gan.compile(optimizer, optimizer)


def test_networks_that_do_not_fit_are_refused():
    generator = build_dcgan_generator(image_shape=(8, 8, 3), width=4)
    with pytest.raises(ValueError, match="Build both with the same image_shape"):
        GAN(generator, build_dense_discriminator((8, 8, 1), width=4))


@pytest.mark.parametrize("decay", [-0.1, 1.0])
def test_an_impossible_decay_is_refused(decay):
    with pytest.raises(ValueError, match="ema_decay"):
        make_gan(ema_decay=decay)


def test_integer_images_are_refused_with_the_conversion_to_use(gan):
    with pytest.raises(ValueError, match="to_model_range"):
        gan.train_on_batch(np.zeros((8, *IMAGE_SHAPE), np.uint8))


def test_a_wrong_end_of_a_dataset_stops_before_its_step_and_what_was_learned_stays(gan):
    with pytest.raises(ValueError, match=r"Training images run from -[23]"):
        fit(gan, wrong_end(), epochs=3)
    assert int(gan.steps) == 3  # of four batches


def test_images_of_every_float_type_train_alike_and_float64_to_the_bit():
    gan, images = make_dense_gan(run_eagerly=True), make_images(8)
    begun = gan.get_state()

    def train(name, of_array):
        gan.set_state(begun)
        typed = images.astype(tf.as_dtype(name).as_numpy_dtype)
        trained = gan.fit(typed, shuffle=False, verbose=0) if of_array else fit(gan, typed)
        return trained.history, gan.get_state()

    for of_array in (True, False):
        expected, state = train("float32", of_array)
        found, same_weights = train("float64", of_array)
        assert found == expected and same_state(state, same_weights)
    for name, of_array in (("float16", True), ("bfloat16", False)):
        for measure, (value,) in train(name, of_array)[0].items():
            assert value == pytest.approx(expected[measure][0], rel=0.01), (name, measure)


@pytest.mark.parametrize("name", ["uint8", "int8", "int32", "int64", "bool", "complex64"])
def test_images_of_every_other_type_are_refused_before_the_first_step(gan, name):
    images = np.zeros((8, *IMAGE_SHAPE), name)
    for train in (gan.fit, lambda x, **options: fit(gan, x)):
        with pytest.raises((TypeError, ValueError), match=name):
            train(images, verbose=0)
    assert int(gan.steps) == 0


def test_labels_of_every_number_type_mean_the_same_classes(conditional_gan):
    naming = make_dense_gan(logits=3, run_eagerly=True)
    begun, images, labels = naming.get_state(), tf.constant(make_images(12)), np.arange(12) % 2

    def loss_of_naming(labels):
        naming.set_state(begun)
        naming.reset_metrics()
        naming.contract.check_arrays(images.numpy(), labels)
        return float(naming.train_step((images, tf.constant(labels)))["class_loss"])

    expected, samples = loss_of_naming(labels), conditional_gan.sample(12, seed=0, labels=labels)
    assert loss_of_naming(1 - labels) != expected
    for name in ("bool", "int8", "uint8", "int32", "int64", "uint64", "float32"):
        typed = labels.astype(name)
        assert loss_of_naming(typed) == expected, name
        assert np.array_equal(conditional_gan.sample(12, seed=0, labels=typed), samples), name


def in_a_column(labels):
    return labels[:, None]


def one_hot(labels):
    return np.eye(3, dtype=int)[labels]


def one_hot_floats(labels):
    return keras.utils.to_categorical(labels, 3)


@pytest.mark.parametrize("form", [in_a_column, one_hot, one_hot_floats])
def test_labels_in_the_forms_of_other_courses_are_refused_in_words(form, conditional_gan):
    """Taken as they are, they would be broadcast, and a step would learn something else."""
    right = np.arange(12) % 3
    labels, images = form(right), make_images(12)
    gan = make_dense_gan(logits=3, run_eagerly=True)
    words = r"from one class an image, of shape \(\)"
    with pytest.raises(ValueError, match=words):
        gan.fit(images, labels, verbose=0)
    with pytest.raises(ValueError, match=words):
        gan.fit(tf.data.Dataset.from_tensor_slices((images, labels)).batch(4), verbose=0)
    floats = form is one_hot_floats
    with pytest.raises(
        TypeError if floats else ValueError, match="whole numbers" if floats else words
    ):
        gan.fit(data.image_batches(data.to_pixels(images), 4, seed=0, labels=labels), verbose=0)
    with pytest.raises(ValueError, match=r"one class for each row .* of shape \(12,\)"):
        conditional_gan.sample(12, seed=0, labels=labels)
    for loss in (losses.class_loss, losses.asked_logit):
        with pytest.raises(ValueError, match="one class for each image"):
            loss(np.zeros((12, 3), "float32"), labels)
    assert int(gan.steps) == 0
    gan.fit(images, right, verbose=0)


def test_a_few_bright_images_of_a_dataset_are_trained_on(gan):
    history = fit(gan, np.abs(make_images(8)), epochs=2)
    assert history.epoch == [0, 1]


def test_images_of_another_shape_are_refused(gan):
    with pytest.raises(ValueError, match="Build both networks with that image_shape"):
        gan.train_on_batch(np.zeros((8, 16, 16, 1), np.float32))


def test_latents_of_float64_make_the_same_images(gan):
    latents = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    assert np.array_equal(gan.generate(latents.astype("float64")), gan.generate(latents))


def test_latents_of_another_length_are_refused(gan):
    with pytest.raises(ValueError, match=r"\(count, 4\)"):
        gan.generate(np.zeros((3, 5), np.float32))


def test_real_and_fake_images_are_judged_through_the_augmentation():
    black = make_augmented_gan(keras.layers.Rescaling(0.0, -1.0))
    measured = black.train_step(tf.constant(make_images(8)))
    assert float(measured["real_score"]) == float(measured["fake_score"])


def test_a_conditional_gan_trains_on_pairs_and_draws_a_class(conditional_gan):
    gan = conditional_gan
    before = weights_of(gan.generator)
    gan.fit(make_images(16), np.arange(16) % 3, batch_size=8, shuffle=False, verbose=0)
    assert not same(before, weights_of(gan.generator))
    assert gan.sample(300, seed=1, labels=np.zeros(300)).shape == (300, *IMAGE_SHAPE)
    latents = keras.random.normal((3, 4), seed=0)
    first, second = (gan([latents, keras.ops.array([label] * 3)]) for label in (0, 1))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("conditional", [False, True])
def test_a_discriminator_with_a_logit_a_class_adds_the_class_losses(conditional):
    build = build_conditional_generator if conditional else build_dcgan_generator
    sizes = (4, 3) if conditional else (4,)
    gan = make_class_naming_gan(build(*sizes, image_shape=IMAGE_SHAPE, width=4))
    images, labels = tf.constant(make_images(12)), tf.constant(np.arange(12) % 3, tf.int32)

    # The first latents the model will draw.
    latents = keras.random.normal((12, 4), seed=keras.random.SeedGenerator(0))
    fakes = gan.generator([latents, labels] if conditional else latents, training=True)
    class_logits = [gan.discriminator(x, training=True) for x in (images, fakes)]
    if conditional:
        real, fake = (losses.asked_logit(logits, labels) for logits in class_logits)
    else:
        real, fake = (losses.realness(logits) for logits in class_logits)
    generator_loss = losses.non_saturating_generator_loss(fake)
    naming_loss = losses.class_loss(class_logits[0], labels)
    discriminator_loss = losses.discriminator_loss(real, fake)

    measured = gan.train_step((images, labels))
    assert float(measured["generator_loss"]) == pytest.approx(float(generator_loss), rel=1e-4)
    assert float(measured["discriminator_loss"]) == pytest.approx(
        float(discriminator_loss), rel=1e-4
    )
    assert float(measured["class_loss"]) == pytest.approx(float(naming_loss), rel=1e-4)


def test_the_class_weight_says_how_much_naming_counts():
    data = tf.constant(make_images(12)), tf.constant(np.arange(12) % 3, tf.int32)
    moved = []
    for weight in (0.0, 0.0, 2.0):
        gan = make_dense_gan(logits=3, rate=0.1, class_loss_weight=weight)
        gan.train_step(data)
        moved.append(weights_of(gan.discriminator))
    assert same(moved[0], moved[1])
    assert not same(moved[0], moved[2])


def test_the_discriminator_learns_to_name_the_classes():
    images = np.concatenate([make_images(30) * 0.1 + shade for shade in (-0.8, 0.0, 0.8)])
    labels = np.repeat(np.arange(3), 30)
    gan = make_dense_gan(logits=3, rate=0.01)
    first, last = (
        gan.fit(images, labels, batch_size=15, epochs=epochs, verbose=0).history["class_loss"][-1]
        for epochs in (1, 4)
    )
    assert last < 0.7 * first


def test_an_unconditional_generator_is_sampled_without_labels_whatever_the_discriminator():
    generator = build_dcgan_generator(4, IMAGE_SHAPE, width=4)
    gan = make_class_naming_gan(generator, run_eagerly=True)
    gan.fit(make_images(8), np.arange(8) % 3, batch_size=8, verbose=0)
    assert gan.sample(5, seed=1).shape == (5, *IMAGE_SHAPE)
    with pytest.raises(ValueError, match="train on pairs"):
        gan.fit(make_images(16), batch_size=8, verbose=0)


def test_a_conditional_gan_needs_one_label_an_image(conditional_gan):
    for labels in (None, [0, 1], [[0, 1, 2]]):
        with pytest.raises(ValueError, match="one class for each row"):
            conditional_gan.sample(3, seed=0, labels=labels)
    with pytest.raises(ValueError, match="train on pairs"):
        conditional_gan.fit(make_images(8), verbose=0)


def test_a_gan_without_classes_refuses_labels_when_sampling(gan):
    with pytest.raises(ValueError, match="leave the labels out"):
        gan.sample(2, seed=0, labels=[0, 1])


def test_a_generator_that_takes_a_class_needs_a_discriminator_that_knows_classes():
    with pytest.raises(ValueError, match="needs one logit a class"):
        GAN(
            build_conditional_generator(4, 3, IMAGE_SHAPE, width=4),
            build_dcgan_discriminator(IMAGE_SHAPE, width=4),
        )


def test_a_condition_may_be_an_image_that_the_discriminator_sees_too():
    keras.utils.set_random_seed(0)
    gan = GAN(translator(), judge_of_pairs(IMAGE_SHAPE, keras.layers.Flatten()))
    adams = keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3)
    gan.compile(*adams, pixel_weight=10.0, run_eagerly=True)
    targets, conditions = make_images(16), make_images(16)[::-1].copy()
    before = weights_of(gan.generator), weights_of(gan.discriminator)
    history = gan.fit(targets, conditions, batch_size=8, verbose=0).history
    assert not same(before[0], weights_of(gan.generator))
    assert not same(before[1], weights_of(gan.discriminator))
    assert history["pixel_loss"][0] > 0
    assert gan.sample(3, seed=0, labels=conditions[:3]).shape == (3, *IMAGE_SHAPE)
    with pytest.raises(ValueError, match="one image for each row"):
        gan.sample(3, seed=0, labels=conditions[:3, :4])


def test_the_pixel_loss_leads_the_generator_to_the_real_image():
    keras.utils.set_random_seed(0)
    gan = GAN(translator(), judge_of_pairs(IMAGE_SHAPE, keras.layers.Flatten()))
    images = make_images(32)
    gan.compile(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-5), pixel_weight=100.0)
    losses_seen = gan.fit(images, images, batch_size=8, epochs=20, verbose=0).history["pixel_loss"]
    assert losses_seen[-1] < 0.5 * losses_seen[0]


@pytest.mark.parametrize("weight", [-1.0, 1.0])
def test_a_pixel_weight_needs_a_condition_and_is_not_negative(gan, weight):
    with pytest.raises(ValueError, match="0 for a generator"):
        gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam(), pixel_weight=weight)


def test_a_discriminator_of_pairs_makes_one_logit():
    images, labels = keras.Input(IMAGE_SHAPE), keras.Input(())
    logits = build_dcgan_discriminator(IMAGE_SHAPE, width=4, classes=3)(images)
    with pytest.raises(ValueError, match="makes one logit"):
        GAN(
            build_conditional_generator(4, 3, IMAGE_SHAPE, width=4),
            keras.Model([images, labels], keras.layers.Add()([logits, labels[:, None]])),
        )


def test_a_discriminator_of_pairs_does_not_train_without_conditions():
    gan = GAN(
        build_dcgan_generator(4, IMAGE_SHAPE, width=4),
        judge_of_pairs(IMAGE_SHAPE, keras.layers.Flatten()),
    )
    gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam())
    with pytest.raises(ValueError, match="train on pairs"):
        gan.fit(make_images(8), verbose=0)


# What Keras's fit takes, and a GAN has no use for, is refused before the first step.


@pytest.mark.parametrize(
    ("option", "remedy"),
    [
        ({"validation_data": make_images(8)}, "DistanceRecorder"),
        ({"validation_split": 0.5}, "DistanceRecorder"),
        ({"class_weight": {0: 1.0}}, "Choose the images"),
        ({"sample_weight": np.zeros(32)}, "Choose the images"),
    ],
)
def test_what_a_gan_cannot_use_is_refused_before_the_first_step(gan, option, remedy):
    with pytest.raises(ValueError, match=rf"fit\({next(iter(option))}=.*{remedy}"):
        gan.fit(make_images(), verbose=0, **option)
    assert int(gan.steps) == 0


def test_weights_of_images_in_a_dataset_are_refused_too(gan):
    triples = make_images(), np.zeros(32), np.ones(32)
    batches = tf.data.Dataset.from_tensor_slices(triples).batch(8)
    with pytest.raises(ValueError, match="cannot be weighed one by one"):
        gan.fit(batches, verbose=0)
    assert int(gan.steps) == 0


def test_a_gan_is_not_evaluated(gan):
    with pytest.raises(NotImplementedError, match="DistanceRecorder"):
        gan.evaluate(make_images())


def test_steps_of_an_epoch_do_not_break_the_order_of_the_passes(gan):
    batches = data.image_batches(data.to_pixels(make_images()), 8, seed=1)
    with pytest.raises(ValueError, match="steps_per_epoch would let one pass"):
        gan.fit(batches, steps_per_epoch=3, epochs=2, verbose=0)
    plain = tf.data.Dataset.from_tensor_slices(make_images()).batch(8).repeat()
    gan.fit(plain, steps_per_epoch=3, epochs=2, verbose=0)
    assert int(gan.steps) == 6


def test_a_condition_of_two_numbers_may_go_to_tables_of_two_lengths():
    """A digit of ten and a color of six."""
    latents, pair = keras.Input((4,)), keras.Input((2,), dtype="int32")
    told = [keras.layers.Embedding(known, 4)(pair[:, place]) for place, known in enumerate((10, 6))]
    pixels = keras.layers.Dense(64, activation="tanh")(keras.layers.Add()([latents, *told]))
    generator = keras.Model([latents, pair], keras.layers.Reshape(IMAGE_SHAPE)(pixels))
    gan = GAN(generator, judge_of_pairs((2,), keras.layers.Flatten()))
    gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam(), run_eagerly=True)
    gan.fit(make_images(4), np.array([[9, 5], [6, 0], [8, 1], [7, 2]]), verbose=0)
    assert gan.sample(1, seed=0, labels=[[9, 5]]).shape == (1, *IMAGE_SHAPE)
    with pytest.raises(ValueError, match="run from 5 to 10, but are numbered from 0 to 9"):
        gan.sample(1, seed=0, labels=[[10, 5]])


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_small_gradients_survive_in_half_precision(policy):
    def small(fake_logits):
        return 1e-6 * losses.non_saturating_generator_loss(fake_logits)

    with dtype_policy(policy):
        gan = make_dense_gan()
    gan.compile(keras.optimizers.SGD(1e4), keras.optimizers.SGD(0.0), generator_loss=small)
    first = gan.generator.trainable_variables[0]
    before = first.numpy().copy()
    gan.fit(make_images(8), batch_size=8, verbose=0)
    assert np.count_nonzero(first.numpy() - before) > 0.9 * before.size


def test_a_condition_that_is_an_image_moves_with_its_image():
    """D sees only how an image differs from its condition; real ones do not."""
    images, condition = keras.Input(IMAGE_SHAPE), keras.Input(IMAGE_SHAPE)
    difference = keras.layers.Flatten()(keras.layers.Subtract()([images, condition]))
    logits = keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)(difference)
    shift = keras.layers.RandomTranslation(0.5, 0.5, fill_mode="constant", seed=0)
    judge = keras.Model([images, condition], logits)
    gan = GAN(translator(), judge, augment=shift)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0), run_eagerly=True)
    pictures = make_images(16)
    history = gan.fit(pictures, pictures, batch_size=8, verbose=0).history
    assert history["real_score"] == [0.5]
    assert history["fake_score"] != [0.5]


def test_a_condition_of_another_size_cannot_move_with_its_image():
    shift = keras.layers.RandomTranslation(0.5, 0.5)
    judge = judge_of_pairs((4, 4, 1), keras.layers.Flatten())
    with pytest.raises(ValueError, match="augment would move images"):
        GAN(build_dcgan_generator(4, IMAGE_SHAPE, width=4), judge, augment=shift)


def test_keras_still_has_what_the_model_replaces():
    """A private method of Keras: if it goes, its stand-in here must go too."""
    from keras.src.backend.tensorflow.trainer import TensorFlowTrainer

    assert callable(TensorFlowTrainer._maybe_symbolic_build)
    assert GAN._maybe_symbolic_build is not TensorFlowTrainer._maybe_symbolic_build

"""Small GANs that are sick in a known way, and small healthy ones: which is which?"""

import functools
import json
import math
import re
from pathlib import Path
from types import SimpleNamespace

from gan_helpers import losses
from gan_helpers.clinic import CURVE_SIGNS, NETWORK_SIGNS
from gan_helpers.doctor import Finding, examine, examine_history
from gan_helpers.models import (
    build_conditional_generator,
    build_dcgan_discriminator,
    build_dcgan_generator,
    build_projection_discriminator,
)
from gan_helpers.remedies import gradient_penalty
from gan_helpers.training import GAN

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from sklearn.datasets import load_digits

ROOT = Path(__file__).resolve().parent.parent
DIGITS = (load_digits().images[..., None] / 8 - 1).astype("float32")  # 8 x 8, in [-1, 1]
LARGE_DIGITS = np.repeat(np.repeat(DIGITS, 2, axis=1), 2, axis=2)
CROSS_ENTROPY = (losses.non_saturating_generator_loss, losses.discriminator_loss)
MINIMAX = (losses.minimax_generator_loss, losses.discriminator_loss)
HINGE = (losses.hinge_generator_loss, losses.hinge_discriminator_loss)
WASSERSTEIN = (losses.wasserstein_generator_loss, losses.wasserstein_discriminator_loss)


def dense_generator(last="tanh", normalized=False, hidden="leaky_relu"):
    stack = [keras.Input((8,))]
    for width in (32, 64):
        stack.append(layers.Dense(width))
        stack += [layers.BatchNormalization()] if normalized else []
        stack.append(layers.Activation(hidden))
    return keras.Sequential([*stack, layers.Dense(64, activation=last), layers.Reshape((8, 8, 1))])


def dense_discriminator(width=32, last=None, normalized=False, dropout=0.3, spectral=False):
    bound = layers.SpectralNormalization if spectral else (lambda layer: layer)
    stack = [keras.Input((8, 8, 1)), layers.Flatten()]
    for size in (2 * width, width):
        stack.append(bound(layers.Dense(size)))
        stack += [layers.BatchNormalization()] if normalized else []
        stack += [layers.LeakyReLU(negative_slope=0.2), layers.Dropout(dropout)]
    return keras.Sequential([*stack, bound(layers.Dense(1, activation=last))])


def dcgan():
    shape = LARGE_DIGITS.shape[1:]
    return build_dcgan_generator(8, shape, 4), build_dcgan_discriminator(shape, 4)


def train(
    networks,
    images=DIGITS,
    steps=300,
    loss=CROSS_ENTROPY,
    rates=(1e-3, 1e-3),
    penalty=0.0,
    mixed=False,
    swapped=False,
    training=True,
    pauses=None,
):
    """A loop as people write it, with their mistakes; ``pauses`` are called at their steps."""
    generator, discriminator = networks
    generator_loss, discriminator_loss = loss
    optimizers = [keras.optimizers.Adam(rate, beta_1=0.5) for rate in rates]
    variables = [network.trainable_variables for network in networks]
    for optimizer, own in zip(optimizers, variables, strict=True):
        optimizer.build(own)
    random, seeds, count = np.random.default_rng(0), keras.random.SeedGenerator(0), 32

    @tf.function
    def step(real):
        latents = keras.random.normal((count, 8), seed=seeds)
        with tf.GradientTape() as first, tf.GradientTape() as second:
            fake = generator(latents, training=training)
            if mixed:
                logits = discriminator(tf.concat([real, fake], 0), training=training)
                real_logits, fake_logits = tf.split(logits, 2)
            else:
                real_logits = discriminator(real, training=training)
                fake_logits = discriminator(fake, training=training)
            pair = (fake_logits, real_logits) if swapped else (real_logits, fake_logits)
            goals = [generator_loss(fake_logits), discriminator_loss(*pair)]
            if penalty:
                shares = tf.random.uniform((count, 1, 1, 1), seed=0)
                goals[1] += penalty * gradient_penalty(discriminator, real, fake, shares)
        for tape, goal, own, optimizer in zip(
            (first, second), goals, variables, optimizers, strict=True
        ):
            found = zip(tape.gradient(goal, own), own, strict=True)
            moved = [pair for pair in found if pair[0] is not None]
            if moved and float(optimizer.learning_rate) > 0:
                optimizer.apply_gradients(moved)
        return goals

    goals = []
    for number in range(steps):
        (pauses or {}).get(number, int)()
        goals.append(step(images[random.integers(0, len(images), count)]))
    return curves(*np.array(goals, "float64").T)


def curves(generator, discriminator, **others):
    return {"generator_loss": generator, "discriminator_loss": discriminator, **others}


def played(networks, **options):
    train(networks, **options)
    return networks


@functools.cache
def healthy():
    keras.utils.set_random_seed(0)
    networks = dense_generator(), dense_discriminator()
    return networks, train(networks, steps=600)


@functools.cache
def healthy_dcgan():
    """Two networks, and copies of them after 150 steps."""
    keras.utils.set_random_seed(0)
    networks, early = dcgan(), []
    pauses = {150: lambda: early.extend(map(copied, networks))}
    train(networks, LARGE_DIGITS, steps=500, pauses=pauses)
    return networks, early


def copied(network):
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy


def broken(network, change):
    """A copy whose weights are changed."""
    copy = copied(network)
    copy.set_weights([change(each.copy()) for each in copy.get_weights()])
    return copy


@pytest.fixture(autouse=True)
def same_weights():
    keras.utils.set_random_seed(0)


# ---------------------------------------------------------------- the sick


def zero_to_one():
    images = (DIGITS + 1) / 2
    networks = dense_generator(), dense_discriminator()
    return played(networks, images=images, steps=150), images, {}


def zero_to_255():
    return healthy()[0], np.uint8(127.5 * (DIGITS + 1)), {}


def sigmoid_of_dark():
    generator, discriminator = healthy()[0]
    bright = keras.Sequential([generator, layers.Activation("sigmoid")])
    return (bright, discriminator), DIGITS, {}


def ends_in_sigmoid():
    networks = dense_generator(), dense_discriminator(last="sigmoid")
    return played(networks, steps=150), DIGITS, {}


def frozen():
    networks = dense_generator(), dense_discriminator()
    networks[1].trainable = False
    return played(networks, steps=50), DIGITS, {}


def forgotten():
    return (
        played((dense_generator(), dense_discriminator()), steps=50, rates=(1e-3, 0.0)),
        DIGITS,
        {},
    )


def disconnected():
    latents = keras.Input((8,))
    hidden = layers.Dense(16)(latents)
    cut = layers.Lambda(keras.ops.stop_gradient, output_shape=(16,))(hidden)
    image = layers.Reshape((8, 8, 1))(layers.Dense(64, activation="tanh")(cut))
    return played((keras.Model(latents, image), dense_discriminator()), steps=50), DIGITS, {}


def without_training():
    networks = dense_generator(normalized=True), dense_discriminator()
    return played(networks, training=False, steps=100), DIGITS, {}


def sampled_too_soon():
    return healthy_dcgan()[1], LARGE_DIGITS, {}


def one_batch():
    networks = dense_generator(), dense_discriminator(normalized=True, dropout=0.0)
    return played(networks, mixed=True, steps=200), DIGITS, {}


def vanishing():
    pale = broken(healthy()[0][0], lambda each: each / 2)
    networks = pale, dense_discriminator(dropout=0.0)
    return played(networks, rates=(0.0, 1e-3), loss=MINIMAX), DIGITS, {"loss": "minimax"}


def too_strong():
    networks = dense_generator(), dense_discriminator(dropout=0.0)
    return played(networks, rates=(1e-4, 1e-2), steps=150), DIGITS, {}


def dead():
    networks = dense_generator(hidden="relu"), dense_discriminator()
    bias = networks[0].layers[0].bias
    bias.assign(bias - 100)  # as one step with a huge learning rate leaves it
    return played(networks, steps=100), DIGITS, {}


def runs_about():
    networks = dense_generator(), dense_discriminator()
    return played(networks, rates=(1e-2, 1e-4), steps=150), DIGITS, {}


def knows_four():
    generator, discriminator = healthy()[0]
    anchors = keras.random.normal((4, 8), seed=5)

    def nearest(latents):  # as if all latents had become one of four
        chosen = keras.ops.argmax(keras.ops.matmul(latents, anchors.numpy().T), axis=-1)
        return keras.ops.take(anchors, chosen, axis=0) + 0.02 * latents

    latents = keras.Input((8,))
    images = generator(layers.Lambda(nearest, output_shape=(8,))(latents))
    return (keras.Model(latents, images), discriminator), DIGITS, {}


def black():
    networks = dense_generator(), dense_discriminator()
    networks[0].layers[-2].bias.assign(-20 * np.ones(64))  # where a huge step leaves it
    return played(networks, steps=50), DIGITS, {}


def hurried():
    networks = dense_generator(), dense_discriminator()
    return played(networks, rates=(0.3, 1e-3), steps=150), DIGITS, {}


def swapped():
    networks = dense_generator(), dense_discriminator()
    return played(networks, swapped=True, steps=150), DIGITS, {}


def swapped_losses():
    right = losses.discriminator_loss
    wrong = (losses.non_saturating_generator_loss, lambda real, fake: right(fake, real))
    return healthy()[0], DIGITS, {"loss": wrong}


def blind():
    networks = dense_generator(normalized=True), dense_discriminator(normalized=True)
    return played(networks), DIGITS, {}


def not_a_number():
    generator, discriminator = healthy()[0]
    return (broken(generator, lambda each: each * np.nan), discriminator), DIGITS, {}


def exploded():
    generator, discriminator = healthy()[0]
    return (generator, broken(discriminator, lambda each: 100 * each)), DIGITS, {}


SICK = {
    zero_to_one: "value range",
    zero_to_255: "value range",
    sigmoid_of_dark: "value range",
    ends_in_sigmoid: "sigmoid discriminator",
    frozen: "frozen network",
    forgotten: "one network untrained",
    disconnected: "variables without gradient",
    without_training: "moving statistics unused",
    sampled_too_soon: "moving statistics behind",
    one_batch: "real and fake in one batch",
    vanishing: "vanishing gradient",
    too_strong: "discriminator saturated",
    dead: "ignores its latents",
    runs_about: "collapse",
    knows_four: "few kinds",
    black: "constant images",
    hurried: "saturated pixels",
    swapped: "labels swapped",
    swapped_losses: "labels swapped",
    blind: "discriminator blind",
    not_a_number: "not finite",
    exploded: "exploded",
}
# What else is true of them.
BESIDES = {
    "saturated pixels": {"discriminator saturated", "ignores its latents"},
    "vanishing gradient": {"discriminator saturated"},
    "ignores its latents": {"variables without gradient", "discriminator saturated"},
    "constant images": {"discriminator saturated"},
}


# Relatives of others, or slow to make.
LONG = {zero_to_255, sigmoid_of_dark, sampled_too_soon, one_batch, hurried, swapped_losses}


def each(makers):
    """The makers as parameters, some of them only in the long tests."""
    return [
        pytest.param(make, marks=[pytest.mark.long] if make in LONG else [], id=make.__name__)
        for make in makers
    ]


@pytest.mark.parametrize("make", each(SICK))
def test_a_sick_gan_is_found_and_for_the_right_reason(make):
    networks, images, options = make()
    report = examine(networks, images, **options)
    assert SICK[make] in report.names, report
    assert set(report.names) <= {SICK[make]} | BESIDES.get(SICK[make], set()), report


# ---------------------------------------------------------------- the healthy


def dense():
    return healthy()[0], DIGITS, {}


def convolutional():
    return healthy_dcgan()[0], LARGE_DIGITS, {}


def spectral_hinge():
    networks = dense_generator(), dense_discriminator(dropout=0.0, spectral=True)
    return played(networks, loss=HINGE), DIGITS, {"loss": "hinge"}


def penalized_wasserstein():
    networks = dense_generator(), dense_discriminator(dropout=0.0)
    return played(networks, loss=WASSERSTEIN, penalty=10.0), DIGITS, {"loss": WASSERSTEIN}


def unit_range():
    images = (DIGITS + 1) / 2
    return played((dense_generator("sigmoid"), dense_discriminator()), images=images), images, {}


def of_probabilities():
    judge = keras.Sequential([healthy()[0][1], layers.Activation("sigmoid")])
    return (healthy()[0][0], judge), DIGITS, {"loss": "probabilities"}


def fake_is_one():
    turned = keras.Sequential([healthy()[0][1], layers.Rescaling(-1.0)])
    return (healthy()[0][0], turned), DIGITS, {"real_label": 0}


def fake_is_one_in_functions():
    networks, images, options = fake_is_one()
    turned = (
        lambda fake: losses.non_saturating_generator_loss(-fake),
        lambda real, fake: losses.discriminator_loss(-real, -fake),
    )
    return networks, images, options | {"loss": turned}


HEALTHY = [dense, convolutional, spectral_hinge, penalized_wasserstein, unit_range]
HEALTHY += [of_probabilities, fake_is_one, fake_is_one_in_functions]
LONG |= {of_probabilities, fake_is_one, fake_is_one_in_functions}


@pytest.mark.parametrize("make", each(HEALTHY))
def test_a_healthy_gan_has_no_finding_and_its_report_promises_nothing(make):
    networks, images, options = make()
    report = examine(networks, images, **options)
    assert not report.names, report
    assert "does not prove that the game is good" in str(report)
    assert re.search(r"in \d+% of the pairs", str(report))


def test_an_untrained_gan_is_called_that_and_not_collapsed():
    for networks, images in ((dcgan(), LARGE_DIGITS), (healthy_copy_untrained(), DIGITS)):
        report = examine(networks, images)
        assert report.names == ["networks untrained"] and report[0].severity == "caution", report


def healthy_copy_untrained():
    return dense_generator(), dense_discriminator()


def test_the_losses_of_a_compiled_gan_are_taken():
    gan = GAN(*healthy()[0])
    adam = keras.optimizers.Adam
    gan.compile(adam(), adam(), discriminator_loss=lambda real, fake: 50 + real[0, 0] - fake[0, 0])
    assert examine(gan, DIGITS).names == ["labels swapped"]
    assert not examine(
        SimpleNamespace(generator=gan.generator, discriminator=gan.discriminator), DIGITS
    )


def test_conditional_networks_are_given_their_conditions():
    labels = np.arange(64) % 3
    generator = build_conditional_generator(8, 3, (16, 16, 1), width=4)
    pairs = build_projection_discriminator((16, 16, 1), 3, width=4)
    names = build_dcgan_discriminator((16, 16, 1), 4, classes=3)
    for discriminator in (pairs, names):
        report = examine((generator, discriminator), LARGE_DIGITS[:64], conditions=labels)
        assert "networks untrained" in report.names
    with pytest.raises(ValueError, match="has two inputs: give conditions"):
        examine((generator, pairs), LARGE_DIGITS[:64])


def test_nothing_is_changed():
    generator = dense_generator(normalized=True)
    discriminator = dense_discriminator(spectral=True, normalized=True)
    discriminator.layers[1].trainable = False
    gan = GAN(generator, discriminator)
    gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam())

    def state():
        numbers = [each.numpy() for each in gan.variables]
        numbers += [each.numpy() for each in gan.discriminator_optimizer.variables]
        flags = [layer.trainable for layer in generator.layers + discriminator.layers]
        return numbers, flags, gan.stop_training, list(gan.losses)

    before = state()
    keras.utils.set_random_seed(1)
    following = keras.random.normal((3,))
    keras.utils.set_random_seed(1)
    examine(gan, DIGITS)
    after = state()
    # Dropout's and spectral normalization's own states are among them.
    assert any("seed" in each.path for each in discriminator.variables) and len(before[0]) > 40
    assert all(map(np.array_equal, before[0], after[0])) and before[1:] == after[1:]
    assert np.array_equal(following, keras.random.normal((3,)))  # nor what is drawn next


# ---------------------------------------------------------------- curves

random = np.random.default_rng(0)
NOISE = random.normal(size=(2, 400))
STEPS = np.arange(400)
# Logged every 80 s of a run on CIFAR-10 whose D went blind: hinge loss, mean logits, distance.
WENT_BLIND = {
    "D hinge loss": [2.025, 1.979, 2.000, 1.956, 2.015, 1.975],
    "G loss": [0.471, -0.231, -0.002, 0.064, -0.306, -0.298],
    "mean logit real": [0.009, 0.138, 0.0005, -0.054, 0.190, 0.227],
    "mean logit fake": [0.026, 0.117, 0.0002, -0.098, 0.205, 0.202],
    "distance": [2.10, 4.01, 26.57, 21.56, 28.01, 26.67],
}


SICK_CURVES = {
    "not finite": curves([0.7, 0.9, math.nan], [1.3, math.inf, math.nan]),
    "losses explode": curves(0.7 + 3 * 1.02**STEPS, 1 + 0.1 * NOISE[1]),
    "nothing changes": curves([0.6931] * 20, [1.3863] * 20),
    "discriminator saturated": curves(12 + NOISE[0], 0.003 * np.abs(NOISE[1])),
    "discriminator blind": curves(0.69 + 0.01 * NOISE[0], math.log(4) + 0.005 * NOISE[1]),
    "good, then lost": curves(
        [0.8, 0.9, 1.0, 0.9, 0.8], [1.0, 1.1, 1.0, 1.1, 1.2], fid=[90, 40, 60, 95, 99]
    ),
    "circles": curves(2 + 1.5 * np.sin(STEPS / 20) + 0.1 * NOISE[0], 1 + 0.1 * NOISE[1]),
}


@pytest.mark.parametrize("name", SICK_CURVES)
def test_sick_curves_are_found(name):
    assert examine_history(SICK_CURVES[name]).names == [name]


def test_the_run_that_went_blind_is_found_by_its_loss_scores_and_distance():
    report = examine_history(WENT_BLIND, loss="hinge")
    assert report.names == ["discriminator blind", "good, then lost"]
    assert "D's loss is 2, as if it guessed" in report[0].measured
    assert "real and fake scores differ by less than 0.05" in report[0].measured
    assert "2.1 at point 1, 26.7 at the end" in report[1].measured
    halved = WENT_BLIND | {"D hinge loss": np.divide(WENT_BLIND["D hinge loss"], 2)}
    assert examine_history(halved, loss=HINGE).names == report.names
    short = {name: values[:2] for name, values in WENT_BLIND.items()}
    assert not examine_history(short, loss="hinge")


def logged(name):
    rows = np.genfromtxt(ROOT / "data" / "weights" / name, delimiter=",", names=True)
    return {column: rows[column] for column in rows.dtype.names}


@pytest.mark.parametrize("name", ["dcgan_log.csv", "conditional_log.csv"])
def test_the_runs_of_the_course_are_healthy(name):
    assert not examine_history(logged(name))


def test_a_healthy_history_has_no_finding_and_is_read_in_many_forms():
    history = healthy()[1]
    report = examine_history(history)
    assert not report and "generator_loss: 600 points" in str(report)
    for names in ("G_losses D_losses", "gen_loss disc_loss", "g d", "lossG lossD"):
        read = dict(zip(names.split(), map(list, history.values()), strict=True))
        assert not examine_history(read)
        assert examine_history(read | {names.split()[1]: [1e-4, 1e-5] * 9}).names
    trained = SimpleNamespace(history=history)
    assert not examine_history(trained)
    assert not examine_history(curves(-3 * np.tanh(STEPS / 50), -2 + NOISE[1]), "wasserstein")


def test_a_history_is_read_with_the_networks():
    report = examine(healthy()[0], DIGITS, history=curves([9.0] * 9, [0.0] * 9))
    assert report.names == ["nothing changes", "discriminator saturated"]


# ---------------------------------------------------------------- the report


def test_a_report_is_a_list_in_words_and_in_a_table():
    report = examine((dense_generator(), dense_discriminator()), (DIGITS + 1) / 2)
    assert isinstance(report[0], Finding) and len(report) == len(list(report)) == 2
    assert [each.severity for each in report] == ["certain", "caution"]
    assert repr(report) == str(report)
    table = report._repr_html_()
    for each in report:
        for text in (each.name, each.severity, each.measured, each.meaning, each.section):
            assert text in str(report)
        assert each.name in table and each.severity in table and 'scope="row"' in table
    assert "<table" not in examine(healthy()[0], DIGITS)._repr_html_()


def headings(notebook):
    cells = json.loads((ROOT / "notebooks" / notebook).read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return {heading.replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


def test_every_finding_links_to_a_section_and_is_written_in_sentences():
    signs = [*NETWORK_SIGNS, *CURVE_SIGNS]
    assert {*SICK.values(), *SICK_CURVES} | {"networks untrained"} == {sign.name for sign in signs}
    for sign in signs:
        notebook, _, section = sign.section.partition("#")
        assert section in headings(notebook), sign.section
        assert sign.meaning.endswith((".", "NaN.")) and sign.remedy.endswith((".", "?"))


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"gan": 5}, TypeError, "gan is 5; give an object with a generator"),
        ({"gan": (5, 6)}, TypeError, "The generator is 5; give a Keras model"),
        ({"gan": (keras.Sequential(), 6)}, ValueError, "The generator is not built yet"),
        ({"real_images": DIGITS[:3]}, ValueError, "at least 16 images"),
        ({"real_images": DIGITS * np.nan}, ValueError, "real_images hold NaN or infinity"),
        ({"real_images": DIGITS * 0}, ValueError, "real_images are all alike"),
        (
            {"real_images": LARGE_DIGITS},
            ValueError,
            "makes images of shape .8, 8, 1., but the real",
        ),
        ({"loss": "hinges"}, ValueError, "There is no loss 'hinges'; there are"),
        ({"loss": 5}, TypeError, "loss is 5; give one of 'non-saturating'"),
        ({"loss": "probabilities"}, ValueError, "so they are no probabilities"),
        ({"latents": DIGITS[:9, 0, :, 0]}, ValueError, "one row for each of the 1797"),
        ({"latents": DIGITS[:, 0, :3, 0]}, ValueError, "The generator fails on inputs of shape"),
        ({"history": 5}, TypeError, "losses are 5; give a mapping of curves"),
    ],
    ids=lambda value: next(iter(value), None) if isinstance(value, dict) else None,
)
def test_what_cannot_be_examined_is_refused_in_words(arguments, error, words):
    right = {"gan": (dense_generator(), dense_discriminator()), "real_images": DIGITS}
    with pytest.raises(error, match=words):
        examine(**right | arguments)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ([1.0, 2.0], TypeError, "give a mapping of curves"),
        ({}, ValueError, r"among the curves \(none\)"),
        ({"accuracy": [1.0]}, ValueError, "among the curves accuracy"),
        ({"g_loss": []}, ValueError, "give a list of numbers"),
        ({"g_loss": ["a"]}, TypeError, "give an array of real numbers"),
    ],
)
def test_what_is_no_history_is_refused_in_words(given, error, words):
    with pytest.raises(error, match=words):
        examine_history(given)

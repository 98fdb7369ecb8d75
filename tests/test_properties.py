"""What must hold for every input, tried on generated ones."""

import os

from gan_helpers import animation, captions, losses, pictures, playground, plots
from gan_helpers.data import to_model_range, to_pixels
from gan_helpers.latents import spherical_interpolation
from gan_helpers.metrics import (
    frechet_distance,
    kernel_distance,
    nearest_neighbours,
    precision_and_recall,
)
from gan_helpers.pictures import evenly_spaced
from gan_helpers.profiles import PROFILES, by_profile
from gan_helpers.translation import cut_hole, enlarge, paste_hole, shrink, to_grey

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

SETTINGS = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
MANY, FEW = settings(max_examples=50, **SETTINGS), settings(max_examples=12, **SETTINGS)


def random_of(seed):
    return np.random.default_rng(seed)


SIDES = st.integers(1, 16)
SEEDS = st.integers(0, 2**32 - 1)
ANY_PIXELS = arrays.arrays(np.uint8, arrays.array_shapes(min_dims=0, max_dims=5, min_side=0))


@st.composite
def images(draw, channels=(1, 3), most=12, sides=SIDES):
    shape = draw(st.integers(1, most)), draw(sides), draw(sides), draw(st.sampled_from(channels))
    return random_of(draw(SEEDS)).integers(0, 256, shape, dtype=np.uint8)


@st.composite
def features(draw, dimensions=None):
    shape = draw(st.integers(4, 40)), dimensions or draw(st.integers(1, 6))
    random = random_of(draw(SEEDS))
    scale = 10.0 ** draw(st.integers(-2, 3))
    return scale * (random.normal(size=shape) + random.normal(size=shape[1:]))


@st.composite
def pairs(draw):
    first = draw(features())
    return first, draw(features(dimensions=first.shape[1]))


# ---------------------------------------------------------------- data


@MANY
@given(ANY_PIXELS)
def test_to_model_range_and_back_is_exact(pixels):
    values = to_model_range(pixels)
    assert values.dtype == np.float32 and values.shape == pixels.shape
    assert values.size == 0 or np.abs(values).max() <= 1
    np.testing.assert_array_equal(to_pixels(values), pixels)


@MANY
@given(arrays.arrays(np.float32, st.integers(0, 50), elements=st.floats(-10, 10, width=32)))
def test_to_pixels_is_the_nearest_pixel_within_the_range(values):
    expected = np.clip(127.5 * (values.astype(float) + 1), 0, 255)
    assert np.abs(to_pixels(values) - expected).max(initial=0) <= 0.5 + 1e-4


@FEW
@given(images(), st.integers(1, 4))
def test_shrink_undoes_enlarging_by_repetition(pictures, factor):
    large = pictures.repeat(factor, axis=1).repeat(factor, axis=2)
    np.testing.assert_array_equal(shrink(large, factor), pictures)


@FEW
@given(images(channels=(3,)), st.integers(1, 3))
def test_spoiled_images_keep_their_shape(pictures, factor):
    count, height, width, _ = pictures.shape
    grey = to_grey(pictures)
    assert grey.shape == pictures.shape and (grey == grey[..., :1]).all()
    assert enlarge(pictures, factor).shape == (count, factor * height, factor * width, 3)


@FEW
@given(images(sides=st.sampled_from([8, 10, 12])), st.sampled_from([2, 4, 6]))
def test_pasting_back_the_hole_restores_the_image(pictures, side):
    np.testing.assert_array_equal(paste_hole(cut_hole(pictures, side), pictures, side), pictures)


# ---------------------------------------------------------------- pictures


@FEW
@given(images(), st.integers(1, 15), st.integers(0, 3), st.integers(1, 3))
def test_an_image_grid_keeps_every_pixel(shown, columns, padding, scale):
    grid = pictures.image_grid(shown, columns, padding, scale)
    count, height, width, channels = shown.shape
    across = min(columns, count)
    down = -(-count // across)
    assert grid.shape[:2] == (
        scale * (down * (height + padding) - padding),
        scale * (across * (width + padding) - padding),
    )
    small = grid[::scale, ::scale].reshape(*(side // scale for side in grid.shape[:2]), channels)
    np.testing.assert_array_equal(
        small.repeat(scale, axis=0).repeat(scale, axis=1).reshape(grid.shape), grid
    )
    painted = np.zeros(small.shape[:2], bool)
    for index, picture in enumerate(shown):
        top, left = (
            place * (size + padding)
            for place, size in zip(divmod(index, across), (height, width), strict=True)
        )
        painted[top : top + height, left : left + width] = True
        np.testing.assert_array_equal(small[top : top + height, left : left + width], picture)
    assert (small[~painted] == 255).all()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("animations")


@pytest.mark.parametrize(
    ("save", "suffix", "unit"),
    [(animation.save_gif, ".gif", 10), (animation.save_webp, ".webp", 1)],
)
@FEW
@given(
    pictures=images(most=8),
    seconds=st.floats(0.5, 20),
    hold=st.floats(0, 5),
)
def test_an_animation_keeps_frames_and_duration(
    folder, save, suffix, unit, pictures, seconds, hold
):
    # Each frame differs from the one before: readers merge equal neighbours.
    pictures = pictures.copy()
    pictures[:, 0, 0] = (np.arange(len(pictures)) % 2 * 255)[:, None]
    frames = pictures[..., 0] if pictures.shape[-1] == 1 else pictures
    path = save(list(frames), folder / f"made{suffix}", seconds, hold)
    assert os.listdir(folder).count(path.name) == 1
    durations = []
    with Image.open(path) as read:
        assert (read.width, read.height) == frames.shape[2:0:-1]
        for index in range(getattr(read, "n_frames", 1)):
            read.seek(index)
            read.load()
            durations.append(read.info["duration"])
    assert len(durations) == len(frames)
    # A WebP of one frame is a still.
    total = 1000 * (seconds + hold) if suffix == ".gif" or len(frames) > 1 else 0
    assert abs(sum(durations) - total) <= 2 * unit


@MANY
@given(st.integers(1, 10**6), st.integers(2, 300))
def test_evenly_spaced_indices_rise_from_first_to_last(total, count):
    chosen = evenly_spaced(total, count)
    assert chosen[0] == 0 and chosen[-1] == total - 1
    assert len(chosen) == min(total, count)
    steps = np.diff(chosen)
    assert (steps >= 1).all() and (not steps.size or steps.max() - steps.min() <= 1)


@FEW
@given(images(), st.none() | st.integers(1, 5), st.booleans())
def test_any_valid_pictures_are_shown(shown, columns, titled):
    titles = [f"picture {index}" for index in range(len(shown))] if titled else None
    figure = pictures.plot_images(shown, columns, titles, alt="pictures")
    assert figure.to_png().startswith(b"\x89PNG")


SERIES = st.integers(1, 300).flatmap(
    lambda length: st.tuples(
        *[arrays.arrays(float, length, elements=st.floats(0, 1)) for _ in range(2)]
    )
)


@settings(FEW, max_examples=4)
@given(SERIES, st.floats(1e-6, 1e6))
def test_any_valid_series_are_drawn(series, scale):
    first, second = series
    plots.plot_scores({"real_score": first, "fake_score": second}, alt="scores").to_png()
    history = {"generator_loss": scale * first, "discriminator_loss": -scale * second}
    plots.plot_losses(history, alt="losses").to_png()
    plots.plot_score_histogram(first, second, alt="histogram").to_png()
    curve = np.arange(len(first)), scale * (first + 1e-3)
    plots.plot_distances({"ours": curve}, references={"real": scale}, alt="curve").to_png()


# ---------------------------------------------------------------- losses

FORMULAS = {
    "discriminator_loss": lambda real, fake: np.logaddexp(0, -real) + np.logaddexp(0, fake),
    "non_saturating_generator_loss": lambda fake: np.logaddexp(0, -fake),
    "minimax_generator_loss": lambda fake: -np.logaddexp(0, fake),
    "least_squares_discriminator_loss": lambda real, fake: ((real - 1) ** 2 + fake**2) / 2,
    "least_squares_generator_loss": lambda fake: (fake - 1) ** 2 / 2,
    "hinge_discriminator_loss": lambda real, fake: (
        np.maximum(0, 1 - real) + np.maximum(0, 1 + fake)
    ),
    "hinge_generator_loss": lambda fake: -fake,
    "wasserstein_discriminator_loss": lambda real, fake: fake - real,
    "wasserstein_generator_loss": lambda fake: -fake,
}
LOGITS = arrays.arrays(np.float32, (5, 1), elements=st.floats(-1e4, 1e4, width=32))


@pytest.mark.parametrize("name", FORMULAS)
@FEW
@given(real=LOGITS, fake=LOGITS)
def test_losses_are_finite_and_follow_their_formulas(name, real, fake):
    logits = [tf.constant(real), tf.constant(fake)][-FORMULAS[name].__code__.co_argcount :]
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = getattr(losses, name)(*logits)
    expected = FORMULAS[name](*[each.numpy().astype(float) for each in logits]).mean()
    assert float(loss) == pytest.approx(expected, rel=1e-4, abs=1e-4)
    *of_real, of_fake = tape.gradient(loss, logits)
    # D's losses fall as real logits rise and fake ones sink; G's fall as fake ones rise. Least
    # squares alone turn round at their targets.
    aims_at = {"least_squares_discriminator_loss": (1, 0), "least_squares_generator_loss": (1,)}
    for gradient, values, aim, sign in (
        [(of_real[0], real, 1, -1), (of_fake, fake, 0, 1)] if of_real else [(of_fake, fake, 1, -1)]
    ):
        gradient = gradient.numpy()
        assert np.isfinite(gradient).all()
        if name in aims_at:
            assert (np.sign(gradient) == np.sign(values - aim)).all()
        else:
            assert (sign * gradient >= 0).all()


@FEW
@given(arrays.arrays(np.float32, (4, 6), elements=st.floats(-80, 80, width=32)))
def test_class_losses_follow_their_formulas(logits):
    labels = np.array([0, 5, 2, 2])
    exact = logits.astype(float)
    asked = exact[np.arange(4), labels]
    total = np.logaddexp.reduce(exact, axis=1)
    for found, expected in (
        (losses.realness(logits), total[:, None]),
        (losses.asked_logit(logits, labels), asked[:, None]),
        (losses.class_loss(logits, labels), (total - asked).mean()),
    ):
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(found), expected, rtol=1e-4, atol=1e-4
        )


# ---------------------------------------------------------------- metrics


def of_size(*sets):
    """Squared size of the features: what rounding is to be compared with."""
    return max(1e-9, *(float((rows**2).sum(axis=1).max()) for rows in sets))


@FEW
@given(pairs(), SEEDS)
def test_the_frechet_distance_is_a_distance(both, seed):
    first, second = both
    tolerance = 1e-6 * of_size(first, second)
    distance = frechet_distance(first, second)
    assert distance >= 0
    assert frechet_distance(first, first) <= tolerance
    assert abs(frechet_distance(second, first) - distance) <= tolerance
    shuffled = random_of(seed).permutation(first)
    assert abs(frechet_distance(shuffled, second) - distance) <= tolerance


@FEW
@given(pairs(), SEEDS)
def test_the_kernel_distance_is_symmetric_and_ignores_the_order(both, seed):
    first, second = both
    tolerance = 1e-9 * (1 + of_size(first, second)) ** 3
    estimate, spread = kernel_distance(first, second, subsets=5)
    assert spread >= 0
    assert abs(kernel_distance(second, first, subsets=5).estimate - estimate) <= tolerance
    shuffled = random_of(seed).permutation(first)
    assert abs(kernel_distance(shuffled, second, subsets=5).estimate - estimate) <= tolerance
    # Of a set to itself it is below 0: an unbiased estimate leaves out the pairs of equal points.
    assert kernel_distance(first, first, subsets=5).estimate <= tolerance


@FEW
@given(pairs(), st.integers(1, 3), SEEDS)
def test_precision_and_recall_are_shares_that_change_places(both, neighbours, seed):
    first, second = both
    found = precision_and_recall(first, second, neighbours)
    assert 0 <= found.precision <= 1 and 0 <= found.recall <= 1
    assert precision_and_recall(second, first, neighbours) == found[::-1]
    assert precision_and_recall(first, first, neighbours) == (1, 1)
    assert precision_and_recall(random_of(seed).permutation(first), second, neighbours) == found


@FEW
@given(features(), st.integers(1, 4))
def test_the_nearest_neighbour_of_a_point_is_itself(rows, count):
    indices, distances = nearest_neighbours(rows, rows, count)
    assert indices.shape == distances.shape == (len(rows), count)
    assert (indices[:, 0] == np.arange(len(rows))).all()
    assert (np.diff(distances) >= 0).all() and (distances >= 0).all()


# ---------------------------------------------------------------- latents, points


@FEW
@given(SEEDS, st.integers(2, 64), st.floats(0, 1))
def test_a_walk_on_the_sphere_keeps_its_length_and_ends(seed, latent_dim, position):
    start, end = random_of(seed).normal(size=(2, 3, latent_dim))
    start, end = (10 * each / np.linalg.norm(each, axis=1, keepdims=True) for each in (start, end))
    assume((np.abs((start * end).sum(axis=1)) < 99.9).all())  # neither parallel nor opposite
    there = spherical_interpolation(start, end, [0, position, 1])
    np.testing.assert_allclose(np.linalg.norm(there, axis=-1), 10, rtol=1e-5)
    np.testing.assert_array_equal(there[0], start.astype(np.float32))
    np.testing.assert_allclose(there[2], end, rtol=1e-6, atol=1e-6)


@FEW
@given(SEEDS, st.sampled_from(sorted(playground.DISTRIBUTIONS)), st.floats(0.1, 100))
def test_divergences_and_quality_stay_in_their_limits(seed, name, stretch):
    distribution, random = playground.DISTRIBUTIONS[name], random_of(seed)
    real, fake = (distribution.sample(200, random) for _ in range(2))
    fake = (stretch * fake).astype(np.float32)
    found = playground.divergences(real, fake)
    assert found["KL"] >= 0 and 0 <= found["JS"] <= np.log(2) + 1e-9
    assert playground.divergences(fake, real)["JS"] == pytest.approx(found["JS"])
    assert playground.divergences(real, real) == {"KL": 0, "JS": 0}
    judged = playground.quality(fake, distribution)
    assert 0 <= judged["good"] <= 1 and 0 <= judged["covered"] <= len(distribution.centres)


# ---------------------------------------------------------------- captions, profiles

CAPTIONS = st.builds(
    "a {} {} on {}".format,
    st.sampled_from(list(captions.COLOURS)),
    st.sampled_from(captions.DIGITS),
    st.sampled_from(list(captions.COLOURS)),
)


@MANY
@given(st.lists(CAPTIONS))
def test_captions_survive_encoding(texts):
    codes = captions.encode(texts)
    assert codes.shape == (len(texts), captions.WORDS)
    assert captions.decode(codes) == texts


@FEW
@given(st.lists(st.permutations(list(captions.COLOURS)), min_size=1, max_size=6))
def test_painted_colours_are_read_again(orders):
    inks, papers = ([order[place] for order in orders] for place in (0, 1))
    digits = np.zeros((len(orders), 12, 12, 1), np.uint8)
    digits[:, 3:9, 3:9] = 255
    reading = captions.read_images(captions.paint_digits(digits, inks, papers))
    assert reading.inks.tolist() == inks and reading.papers.tolist() == papers
    np.testing.assert_array_equal(reading.digits, digits)


@FEW
@given(st.lists(st.integers() | st.booleans() | st.none(), min_size=3, max_size=3))
def test_each_profile_gets_its_own_value(values):
    choices = dict(zip(PROFILES, values, strict=True))
    for name, value in choices.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GAN_PROFILE", name)
            assert by_profile(**choices) is value

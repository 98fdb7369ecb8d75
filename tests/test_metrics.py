import hashlib
import inspect
import itertools
import os

from gan_helpers import extractors, weights
from gan_helpers.data import load_cifar10, to_model_range
from gan_helpers.metrics import (
    FeatureExtractor,
    InceptionExtractor,
    PhotoExtractor,
    RotationExtractor,
    UntrainedExtractor,
    build_classifier,
    frechet_distance,
    inception_weights,
    kernel_distance,
    nearest_neighbours,
    precision_and_recall,
)
from gan_helpers.runtime import DatasetError
from gan_helpers.weights import save_weights

import keras
import numpy as np
import pytest
import scipy.linalg
import scipy.spatial
import sklearn.metrics

RANDOM = np.random.default_rng(0)


def correlated(count, dimensions, seed):
    random = np.random.default_rng(seed)
    return random.normal(size=(count, dimensions)) @ random.normal(size=(dimensions, dimensions))


def textbook(first, second):
    """The formula as printed, with scipy's matrix square root."""
    difference = first.mean(axis=0) - second.mean(axis=0)
    first_covariance, second_covariance = np.cov(first.T), np.cov(second.T)
    root = scipy.linalg.sqrtm(first_covariance @ second_covariance).real
    return difference @ difference + np.trace(first_covariance + second_covariance - 2 * root)


# How near the measures come to the formulas in scipy's and scikit-learn's words. They are those by
# which torch-fidelity and prdc measure.
AGREEMENT = 2e-8


@pytest.mark.parametrize("dtype", ["float64", "float32"])  # extractors make float32
@pytest.mark.parametrize("dimensions", [2, 20, 64])
def test_it_agrees_with_the_textbook_formula(dimensions, dtype):
    first, second = correlated(300, dimensions, 1), correlated(200, dimensions, 2) + 0.5
    first, second = first.astype(dtype), second.astype(dtype)
    expected = textbook(first.astype("float64"), second.astype("float64"))
    assert frechet_distance(first, second) == pytest.approx(expected, rel=AGREEMENT)


def test_it_is_symmetric_and_zero_for_the_same_set():
    first, second = correlated(300, 8, 1), correlated(300, 8, 2)
    assert frechet_distance(first, second) == pytest.approx(frechet_distance(second, first))
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-8)


def test_a_shift_alone_gives_its_squared_length():
    first = correlated(500, 5, 1)
    assert frechet_distance(first, first + np.array([3, 0, 4, 0, 0])) == pytest.approx(25)


def test_one_dimension_has_the_closed_form():
    first, second = RANDOM.normal(0, 1, (400, 1)), RANDOM.normal(2, 3, (400, 1))
    expected = (first.mean() - second.mean()) ** 2 + (first.std(ddof=1) - second.std(ddof=1)) ** 2
    assert frechet_distance(first, second) == pytest.approx(expected)


def test_fewer_samples_than_dimensions_still_give_a_real_number():
    first, second = RANDOM.normal(size=(10, 64)), RANDOM.normal(size=(12, 64))
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(first, second) > 1


@pytest.mark.parametrize(("count", "dimensions"), [(10, 64), (100, 192), (2, 3)])
def test_fewer_samples_than_dimensions_agree_with_the_rows_themselves(count, dimensions):
    """The trace of the root of C1 C2 is the sum of the singular values of X1 X2', centered."""
    first, second = correlated(count, dimensions, 1), correlated(count + 2, dimensions, 2) + 0.5
    difference = first.mean(axis=0) - second.mean(axis=0)
    rows = [(x - x.mean(axis=0)) / np.sqrt(len(x) - 1) for x in (first, second)]
    expected = difference @ difference + sum((x**2).sum() for x in rows)
    expected -= 2 * scipy.linalg.svdvals(rows[0] @ rows[1].T).sum()
    # Rounded eigenvalues that should be 0 have roots of 1e-8, and there are many.
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("first", "message"),
    [
        (np.zeros((1, 3)), "count of at least 2"),
        (np.zeros(3), r"\(count, dimensions\)"),
        (np.full((4, 3), np.nan), "NaN or infinity"),
        (np.zeros((4, 2)), "2 dimensions and second 3"),
    ],
)
def test_what_is_no_set_of_features_is_refused(first, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(first, np.zeros((4, 3)))


@pytest.fixture(scope="module")
def extractor(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "classifier.npz"
    save_weights(build_classifier(), path)
    return FeatureExtractor(path)


def test_features_do_not_depend_on_the_company(extractor):
    count = extractors.IMAGES_AT_ONCE + 10
    images = RANDOM.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    features = extractor(images)
    assert features.shape == (count, 192)
    np.testing.assert_allclose(extractor(images[-60:]), features[-60:], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("build", "size"), [(RotationExtractor, 96), (PhotoExtractor, 1280), (UntrainedExtractor, 384)]
)
def test_the_other_rulers_find_blur_and_do_not_depend_on_the_company(build, size):
    extract = build()
    images = load_cifar10("test", limit=260)[0]
    features = extract(images)
    assert features.shape == (260, size) and features.dtype == np.float32
    np.testing.assert_allclose(extract(images[-20:]), features[-20:], rtol=1e-3, atol=1e-4)
    small = images.reshape(260, 8, 4, 8, 4, 3).mean(axis=(2, 4), keepdims=True)
    blurred = np.broadcast_to(small, (260, 8, 4, 8, 4, 3)).reshape(images.shape).astype("uint8")
    halves = kernel_distance(features[::2], features[1::2])
    damaged = kernel_distance(features[::2], extract(blurred[1::2]))
    assert damaged.estimate > halves.estimate + 3 * damaged.spread


def test_rotations_are_told_apart_without_labels():
    extract, images = RotationExtractor(), load_cifar10("test", limit=200)[0]
    turned = np.concatenate([np.rot90(images, turns, (1, 2)) for turns in range(4)])
    probabilities = extract.probabilities(turned)
    assert probabilities.shape == (800, 4)
    assert (probabilities.argmax(axis=1) == np.repeat(range(4), 200)).mean() > 0.75


def test_rulers_that_need_no_classes_take_images_of_any_size():
    gray = RANDOM.integers(0, 256, (3, 28, 28, 1), dtype=np.uint8)
    assert PhotoExtractor()(gray).shape == (3, 1280)
    assert UntrainedExtractor(channels=1)(gray).shape == (3, 384)
    large = RANDOM.integers(0, 256, (2, 64, 48, 3), dtype=np.uint8)
    assert PhotoExtractor()(large).shape == (2, 1280)
    with pytest.raises(ValueError, match="channels"):
        UntrainedExtractor()(gray)
    with pytest.raises(TypeError, match="uint8"):
        PhotoExtractor()(large / 255)


def test_the_untrained_ruler_is_the_same_for_all_and_leaves_other_seeds_alone():
    keras.utils.set_random_seed(5)
    expected = keras.random.normal((3,)).numpy()
    keras.utils.set_random_seed(5)
    first, second = UntrainedExtractor(), UntrainedExtractor()
    np.testing.assert_array_equal(keras.random.normal((3,)), expected)
    for one, other in zip(first.network.weights, second.network.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_images_that_do_not_fit_are_refused(extractor):
    with pytest.raises(ValueError, match=r"\(count, 32, 32, 3\)"):
        extractor(np.zeros((2, 28, 28, 3), np.uint8))
    with pytest.raises(ValueError, match="Make three channels of one"):
        extractor(np.zeros((2, 32, 32, 1), np.uint8))
    with pytest.raises(TypeError, match="uint8"):
        extractor(np.zeros((2, 32, 32, 3), np.float32))


def test_the_shipped_classifier_knows_cifar10(monkeypatch):
    monkeypatch.setenv("GAN_DATA", "sample")
    images, labels = load_cifar10("test")
    logits = FeatureExtractor().classifier.predict(
        to_model_range(images), batch_size=100, verbose=0
    )
    assert (logits.argmax(axis=1) == labels).mean() >= 0.88  # 0.90 less two standard errors


def test_the_shipped_features_rank_blur_and_noise_behind_real_images(monkeypatch):
    monkeypatch.setenv("GAN_DATA", "sample")
    real, _ = load_cifar10("train", limit=400)
    unseen, _ = load_cifar10("test", limit=400)
    blurred = np.mean([np.roll(unseen, shift, axis=2) for shift in range(5)], axis=0)
    noise = RANDOM.integers(0, 256, unseen.shape)
    extract = FeatureExtractor()
    reference = extract(real)
    distances = [
        frechet_distance(reference, extract(images.astype(np.uint8)))
        for images in (unseen, blurred, noise)
    ]
    assert distances[0] < 0.5 * distances[1] < 0.5 * distances[2]


def test_damaged_shipped_weights_are_named(monkeypatch, tmp_path):
    for path in weights.WEIGHTS.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with (tmp_path / "cifar10_classifier.npz").open("r+b") as file:
        file.seek(5000)
        file.write(b"damage")
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path)
    with pytest.raises(DatasetError, match=r"cifar10_classifier\.npz is damaged"):
        FeatureExtractor()


def naive_kernel_distance(first, second):
    """The unbiased estimate as a double sum."""

    def kernel(x, y):
        return (x @ y / len(x) + 1) ** 3

    def within(points):
        pairs = [kernel(x, y) for x, y in itertools.permutations(points, 2)]
        return sum(pairs) / len(pairs)

    between = np.mean([[kernel(x, y) for y in second] for x in first])
    return within(first) + within(second) - 2 * between


def test_kernel_distance_is_the_double_sum():
    first, second = correlated(14, 5, 1), correlated(9, 5, 2)
    measured = kernel_distance(first, second)
    expected = naive_kernel_distance(first, second)
    assert measured.estimate == pytest.approx(expected, rel=AGREEMENT)


def test_kernel_distance_agrees_with_the_kernel_of_scikit_learn():
    first, second = (correlated(count, 20, count).astype("float32") for count in (700, 600))
    first, second = first.astype("float64"), second.astype("float64")
    kernel = sklearn.metrics.pairwise.polynomial_kernel  # degree 3, 1 / dimensions, plus 1
    expected = -2 * kernel(first, second).mean()
    for features in (first, second):
        pairs = kernel(features)
        count = len(features)
        expected += (pairs.sum() - np.trace(pairs)) / (count * (count - 1))
    for dtype in ("float64", "float32"):
        measured = kernel_distance(first.astype(dtype), second.astype(dtype))
        assert measured.estimate == pytest.approx(expected, rel=AGREEMENT)


def test_kernel_distance_of_equal_distributions_is_zero_on_average():
    random = np.random.default_rng(3)
    draws = [random.normal(size=(2, 30, 4)) for _ in range(200)]
    estimates = np.array([kernel_distance(*draw).estimate for draw in draws])
    assert abs(estimates.mean()) < 3 * estimates.std() / np.sqrt(len(estimates))
    assert (estimates < 0).any(), "an unbiased estimate of 0 falls below it too"


def test_the_spread_is_about_the_deviation_of_the_estimate():
    random = np.random.default_rng(4)
    measured = [
        kernel_distance(random.normal(size=(100, 4)), random.normal(0.5, 1, (100, 4)), seed=i)
        for i in range(100)
    ]
    deviation = np.std([distance.estimate for distance in measured])
    assert 0.7 < np.median([distance.spread for distance in measured]) / deviation < 1.5


def test_kernel_distance_repeats_itself_and_is_symmetric():
    first, second = correlated(40, 6, 1), correlated(50, 6, 2)
    assert kernel_distance(first, second) == kernel_distance(first, second)
    there, back = kernel_distance(first, second), kernel_distance(second, first)
    assert there.estimate == pytest.approx(back.estimate)
    assert kernel_distance(first, first).estimate <= 0  # a set is nearer to itself than a new one


def naive_share_inside(points, centres, neighbours):
    distances = scipy.spatial.distance.cdist(centres, centres)
    radii = np.sort(distances, axis=1)[:, neighbours]  # the first is the point itself
    return (scipy.spatial.distance.cdist(points, centres) <= radii).any(axis=1).mean()


@pytest.mark.parametrize("neighbours", [1, 3, 10])
def test_precision_and_recall_agree_with_scipys_distances(neighbours):
    real, fake = correlated(120, 3, 1), correlated(90, 3, 1)[::-1] * 1.4
    measured = precision_and_recall(real, fake, neighbours)
    assert measured.precision == naive_share_inside(fake, real, neighbours)
    assert measured.recall == naive_share_inside(real, fake, neighbours)
    assert 0.05 < measured.precision < 1 and 0.05 < measured.recall < 1


def test_precision_and_recall_of_known_sets():
    random = np.random.default_rng(5)
    left, right = random.normal(0, 1, (200, 2)), random.normal(100, 1, (200, 2))
    both = np.concatenate([left, right])
    assert precision_and_recall(both, both) == (1, 1)
    assert precision_and_recall(left, right) == (0, 0)
    half = precision_and_recall(both, left + 0.01)  # one of two kinds, made well
    assert half.precision > 0.95 and 0.45 < half.recall < 0.52
    doubled = precision_and_recall(left, both)  # half of the fakes are of no real kind
    assert 0.45 < doubled.precision <= 0.5 and doubled.recall == 1


def test_equal_points_lie_among_each_other():
    # A generator that collapsed: every radius is 0, and only its own point is inside.
    point = np.full((10, 4), 0.1)
    assert precision_and_recall(point, point) == (1, 1)
    assert precision_and_recall(RANDOM.normal(size=(10, 4)), point).recall == 0


def test_nearest_neighbours_agree_with_scipy():
    queries, references = RANDOM.normal(size=(20, 6)), RANDOM.normal(size=(50, 6))
    indices, distances = nearest_neighbours(queries, references, count=3)
    expected = scipy.spatial.distance.cdist(queries, references)
    np.testing.assert_array_equal(indices, expected.argsort(axis=1)[:, :3])
    np.testing.assert_allclose(distances, np.sort(expected, axis=1)[:, :3], rtol=AGREEMENT)


def test_a_copy_is_its_own_nearest_neighbour():
    references = RANDOM.normal(size=(50, 6))
    indices, distances = nearest_neighbours(references[7:9], references)
    assert indices.ravel().tolist() == [7, 8]
    np.testing.assert_allclose(distances, 0, atol=1e-6)


@pytest.mark.parametrize("measure", [kernel_distance, precision_and_recall, nearest_neighbours])
def test_every_measure_refuses_what_is_no_set_of_features(measure):
    good = np.zeros((8, 3))
    for bad, message in (
        (np.zeros((0, 3)), "count of at least"),
        (np.zeros((8, 3, 1)), r"\(count, dimensions\)"),
        (np.full((8, 3), np.inf), "NaN or infinity"),
        (np.zeros((8, 2)), "from the same network"),
    ):
        with pytest.raises(ValueError, match=message):
            measure(bad, good)


def test_numbers_that_make_no_sense_are_refused():
    points = np.zeros((4, 3))
    with pytest.raises(ValueError, match="at least 4"):
        kernel_distance(points[:3], points)
    with pytest.raises(ValueError, match="subsets must be"):
        kernel_distance(points, points, subsets=1)
    with pytest.raises(ValueError, match="neighbours must be"):
        precision_and_recall(points, points, neighbours=0)
    with pytest.raises(ValueError, match=r"real has shape .* at least 5"):
        precision_and_recall(points, points, neighbours=4)
    for count in (0, 5):
        with pytest.raises(ValueError, match="from 1 to 4"):
            nearest_neighbours(points, points, count=count)


def test_probabilities_are_those_of_the_whole_classifier(extractor):
    images = RANDOM.integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    logits = np.asarray(extractor.classifier(to_model_range(images)))
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(extractor.probabilities(images), expected, rtol=1e-4)


def test_inception_weights_are_found_where_keras_keeps_them(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert inception_weights() is None
    with pytest.raises(FileNotFoundError, match="weights of InceptionV3 are not at"):
        InceptionExtractor()
    path = tmp_path / "models" / extractors.INCEPTION_FILE
    path.parent.mkdir()
    path.write_bytes(b"weights")
    with pytest.raises(ValueError, match="is damaged: its MD5"):
        inception_weights()
    monkeypatch.setattr(extractors, "INCEPTION_MD5", hashlib.md5(b"weights").hexdigest())
    assert inception_weights() == path


def test_keras_itself_looks_for_the_same_file_with_the_same_sum():
    source = inspect.getsource(keras.applications.InceptionV3)
    assert f'"{extractors.INCEPTION_FILE}"' in source
    assert f'file_hash="{extractors.INCEPTION_MD5}"' in source


def test_inception_weights_are_looked_for_where_keras_puts_them_without_a_home(monkeypatch):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert inception_weights() is None
    with pytest.raises(FileNotFoundError, match=r"[/\\]tmp[/\\]\.keras[/\\]models"):
        InceptionExtractor()


def test_inception_is_shown_enlarged_images(monkeypatch, tmp_path):
    """By a stand-in that returns what it is shown: to build the network takes seconds."""
    pixels = keras.Input((299, 299, 3))
    network = keras.Model(pixels, keras.layers.Flatten()(pixels))
    asked = []

    def build(**options):
        asked.append(options)
        return network

    monkeypatch.setattr(keras.applications, "InceptionV3", build)
    path = tmp_path / "inception.weights.h5"
    path.write_bytes(b"weights")
    extract = InceptionExtractor(path)
    assert asked == [{"include_top": False, "pooling": "avg", "weights": str(path)}]
    count = extractors.INCEPTION_IMAGES_AT_ONCE + 1
    images = RANDOM.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    large = keras.ops.image.resize(to_model_range(images), (299, 299))
    np.testing.assert_allclose(extract(images), network(large), atol=1e-5)
    with pytest.raises(ValueError, match="height, width, 3"):
        extract(images[..., :1])


@pytest.mark.long
def test_inception_features_of_small_images(tmp_path):
    network = keras.applications.InceptionV3(include_top=False, pooling="avg", weights=None)
    path = tmp_path / "inception.weights.h5"
    network.save_weights(path)
    extract = InceptionExtractor(path)
    images = RANDOM.integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    features = extract(images)
    assert features.shape == (3, 2048)
    large = keras.ops.image.resize(to_model_range(images[:1]), (299, 299))
    np.testing.assert_allclose(features[:1], network(large), rtol=1e-3, atol=1e-5)
    assert frechet_distance(features, features) == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="height, width, 3"):
        extract(images[..., :1])

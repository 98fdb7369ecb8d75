from gan_helpers import models
from gan_helpers.data import load_cifar10, to_model_range
from gan_helpers.dataset_files import DatasetError
from gan_helpers.metrics import FeatureExtractor, frechet_distance
from gan_helpers.models import build_classifier, save_weights

import numpy as np
import pytest
import scipy.linalg

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


@pytest.mark.parametrize("dimensions", [2, 20, 64])
def test_it_agrees_with_the_textbook_formula(dimensions):
    first, second = correlated(300, dimensions, 1), correlated(200, dimensions, 2) + 0.5
    assert frechet_distance(first, second) == pytest.approx(textbook(first, second), rel=1e-6)


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
    images = RANDOM.integers(0, 256, (600, 32, 32, 3), dtype=np.uint8)
    features = extractor(images)
    assert features.shape == (600, 192)
    np.testing.assert_allclose(extractor(images[550:]), features[550:], rtol=1e-4, atol=1e-5)


def test_images_that_do_not_fit_are_refused(extractor):
    with pytest.raises(ValueError, match=r"\(count, 32, 32, 3\)"):
        extractor(np.zeros((2, 28, 28, 1), np.uint8))
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
    real, _ = load_cifar10("train", limit=1000)
    unseen, _ = load_cifar10("test")
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
    for path in models.WEIGHTS.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with (tmp_path / "cifar10_classifier.npz").open("r+b") as file:
        file.seek(5000)
        file.write(b"damage")
    monkeypatch.setattr(models, "WEIGHTS", tmp_path)
    with pytest.raises(DatasetError, match=r"cifar10_classifier\.npz is damaged"):
        FeatureExtractor()

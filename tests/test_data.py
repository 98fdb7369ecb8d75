"""Data: what is in the box, what is refused, and both ways to the complete sets."""

import dataclasses
import errno
import gzip
import hashlib
import http.server
import importlib
import importlib.util
import inspect
import io
import json
import os
import pickle
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

from gan_helpers.data import (
    CIFAR10_CLASSES,
    image_batches,
    install,
    load_cifar10,
    load_mnist,
    sources,
    to_model_range,
    to_pixels,
)
from gan_helpers.data import images as image_files
from gan_helpers.data.install import main
from gan_helpers.data.sets import CIFAR10, DATASETS, MNIST, SPLITS
from gan_helpers.runtime import DatasetError, read_arrays, read_sums, write_sums

import numpy as np
import pytest
from PIL import Image

REPOSITORY = Path(__file__).resolve().parent.parent
LOADERS = {"cifar10": load_cifar10, "mnist": load_mnist}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Every test has an empty cache of its own and no settings from outside."""
    monkeypatch.setenv("GAN_DATA_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("GAN_DATA", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    return tmp_path / "cache"


@pytest.fixture
def own_samples(tmp_path, monkeypatch):
    """A copy of the samples that a test may damage."""
    folder = tmp_path / "data"
    shutil.copytree(REPOSITORY / "data", folder)
    monkeypatch.setattr(image_files, "BOX", folder)
    return folder


# The samples


@pytest.mark.parametrize(
    ("name", "split", "shape", "sha256"),
    [
        (
            "cifar10",
            "train",
            (5000, 32, 32, 3),
            "25972108943bb4c075ff3a126492f7f0ef42e6539730c2870f9efeaaaf8a6123",
        ),
        (
            "cifar10",
            "test",
            (1000, 32, 32, 3),
            "51e7c556e2fa0b6d01f080f099fffa2b6c38efab5adeb7d95eba58bd9c2457cb",
        ),
        (
            "mnist",
            "train",
            (10000, 28, 28, 1),
            "7b1bfe384507f4979e285dfd600e355fdbafb95aa237d406b8924483bd3d16ec",
        ),
        (
            "mnist",
            "test",
            (1000, 28, 28, 1),
            "e37c8c359661f2291a40f73642e91b65c26dca85ba9ed0776f88abd95d65e0fe",
        ),
    ],
)
def test_the_sample_holds_the_chosen_real_images(name, split, shape, sha256):
    images, labels = LOADERS[name](split)
    assert images.shape == shape
    assert images.dtype == np.uint8
    assert labels.shape == shape[:1]
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [shape[0] // 10] * 10
    assert (images.min(), images.max()) == (0, 255)
    assert hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest() == sha256


def mean_and_deviation(pixels):
    """Of pixels from 0 to 1, by how often each of the 256 values occurs."""
    shares = np.bincount(pixels.ravel(), minlength=256) / pixels.size
    values = np.arange(256) / 255
    mean = shares @ values
    return mean, np.sqrt(shares @ (values - mean) ** 2)


def test_sample_statistics_are_close_to_the_published_ones():
    images, _ = load_cifar10()
    red, green, blue = (mean_and_deviation(images[..., channel]) for channel in range(3))
    published = [(0.4914, 0.2470), (0.4822, 0.2435), (0.4465, 0.2616)]
    np.testing.assert_allclose([red, green, blue], published, rtol=0, atol=0.01)
    digits, _ = load_mnist()
    np.testing.assert_allclose(mean_and_deviation(digits), (0.1307, 0.3081), rtol=0, atol=0.005)


def test_no_test_image_is_among_the_training_images():
    for load in LOADERS.values():
        train, test = ({image.tobytes() for image in load(split)[0]} for split in ("train", "test"))
        assert not train & test


def test_labels_belong_to_the_pictures_of_their_class():
    images, labels = load_cifar10("test")
    with Image.open(REPOSITORY / "data/cifar10_sample/test/ship.png") as picture:
        first_ship = np.asarray(picture)[:32, :32]
    position = next(n for n, image in enumerate(images) if (image == first_ship).all())
    assert CIFAR10_CLASSES[labels[position]] == "ship"


def test_every_prefix_mixes_the_classes_and_repeats():
    images, labels = load_cifar10(limit=70)
    again, labels_again = load_cifar10(limit=70)
    assert np.array_equal(images, again)
    assert np.array_equal(labels, labels_again)
    assert np.bincount(labels).tolist() == [7] * 10
    assert labels[:10].tolist() != labels[10:20].tolist()
    assert np.array_equal(images, load_cifar10()[0][:70])


@pytest.mark.parametrize(
    "classes", ["cat", 3, np.int64(3), ["cat"], [3], (3, "cat"), {"cat"}, np.array([3])]
)
def test_a_class_goes_by_name_or_number(classes):
    images, labels = load_cifar10("test", classes=classes)
    everything, all_labels = load_cifar10("test")
    assert set(labels) == {3}
    assert np.array_equal(images, everything[all_labels == 3])


def test_several_classes_keep_their_numbers_and_mix():
    _, labels = load_cifar10(classes=["truck", "airplane"], limit=100)
    assert np.bincount(labels, minlength=10).tolist() == [50, *[0] * 8, 50]
    _, digits = load_mnist("test", classes=[7, "1"])
    assert set(digits) == {1, 7}


def test_limit_is_the_most_and_not_the_least():
    assert len(load_mnist("test", classes=5, limit=5000)[0]) == 100
    assert len(load_mnist("test", limit=1)[0]) == 1


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"split": "validation"}, ValueError, "'validation'.*'train', 'test'"),
        ({"classes": "plane"}, ValueError, "'plane' is no class of CIFAR-10.*airplane, auto"),
        ({"classes": ["cat", 10]}, ValueError, "a whole number from 0 to 9, but is 10"),
        ({"classes": -1}, ValueError, "class of CIFAR-10 must be .* but is -1"),
        ({"classes": []}, ValueError, "classes is empty"),
        ({"classes": 3.0}, ValueError, "must be a whole number .* but is 3.0"),
        ({"classes": True}, ValueError, "must be a whole number .* but is True"),
        ({"limit": 0}, ValueError, "limit must be a whole number of at least 1, but is 0"),
        ({"limit": -5}, ValueError, "but is -5"),
        ({"limit": 2.5}, ValueError, "limit must be a whole number .* but is 2.5"),
    ],
)
def test_wrong_arguments_are_explained(arguments, error, words):
    with pytest.raises(error, match=words):
        load_cifar10(**arguments)


def test_one_line_says_which_data_and_how_to_get_the_other(capsys):
    load_cifar10("test", limit=20)
    output = capsys.readouterr()
    assert output.err == ""
    assert output.out.count("\n") == 1
    assert "CIFAR-10 test: 20 of the 1,000 images of the sample" in output.out
    assert "10,000 images" in output.out
    assert "python -m gan_helpers.data cifar10" in output.out


def test_unknown_gan_data_is_an_error(monkeypatch):
    monkeypatch.setenv("GAN_DATA", "smaple")
    with pytest.raises(ValueError, match="GAN_DATA is 'smaple', expected 'sample'"):
        load_mnist()


def test_a_damaged_picture_is_named(own_samples):
    path = own_samples / "cifar10_sample" / "train" / "frog.png"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"frog\.png is damaged.*git checkout"):
        load_cifar10()
    assert len(load_cifar10("test")[0]) == 1000  # the other split does not suffer


def test_a_missing_picture_is_named(own_samples):
    (own_samples / "mnist_sample" / "test" / "4.png").unlink()
    with pytest.raises(DatasetError, match=r"4\.png is missing.*git checkout"):
        load_mnist("test")


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "SHA256SUMS is missing"), ("x", "is damaged"), ("", "does not list mnist_sample")],
)
def test_a_broken_list_of_sums_is_named(own_samples, content, words):
    sums = own_samples / "SHA256SUMS"
    sums.unlink() if content is None else sums.write_text(content)
    with pytest.raises(DatasetError, match=words):
        load_mnist()


def test_the_list_of_sums_is_in_the_standard_format_and_complete():
    folder = REPOSITORY / "data"
    sums = read_sums(folder, "")
    assert set(sums) == {path.relative_to(folder).as_posix() for path in folder.rglob("*.png")}
    assert len(sums) == 40
    for name, sha256 in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256


def test_loading_needs_no_tensorflow():
    code = "import sys, gan_helpers.data; print('tensorflow' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "False", result.stderr


# Ranges


def test_all_pixel_values_survive_the_way_there_and_back():
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    inside = to_model_range(pixels)
    assert inside.dtype == np.float32
    assert (inside.min(), inside.max()) == (-1, 1)
    assert np.all(np.diff(inside.ravel()) > 0)
    assert np.array_equal(to_pixels(inside), pixels)
    assert np.array_equal(to_pixels(inside.astype(np.float64)), pixels)


def test_to_pixels_clips_and_rounds():
    values = np.array([-1.2, -1.0, 0.0, 0.0041, 1.0, 3.0], np.float32)
    assert to_pixels(values).tolist() == [0, 0, 128, 128, 255, 255]
    assert to_pixels(values.astype(np.float16)).dtype == np.uint8


def test_ranges_refuse_what_is_in_another_range():
    pixels = np.zeros((1, 2, 2, 1), np.uint8)
    with pytest.raises(TypeError, match="expects uint8 pixels from 0 to 255, got float32"):
        to_model_range(pixels.astype(np.float32))
    with pytest.raises(TypeError, match="expects floats from -1 to 1, got uint8"):
        to_pixels(pixels)
    with pytest.raises(ValueError, match="as far out as 255"):
        to_pixels(np.array([0.0, 255.0]))
    for wrong in (np.nan, np.inf):
        with pytest.raises(ValueError, match="NaN or infinity"):
            to_pixels(np.array([0.0, wrong]))


# Batches


def numbered_images(count):
    """Images that tell their number and whether they were mirrored: (count, 2, 2, 1)."""
    images = np.zeros((count, 2, 2, 1), np.uint8)
    images[:, :, 0, 0] = np.arange(count)[:, np.newaxis] + 1
    return images


def one_pass(batches):
    return to_pixels(np.concatenate(list(batches.as_numpy_iterator())))


def test_labels_stay_with_their_images():
    images = numbered_images(50)
    labels = np.arange(50) * 3
    plain = list(image_batches(images, 8, seed=1))
    pairs = list(image_batches(images, 8, seed=1, labels=labels))
    for alone, (batch, batch_labels) in zip(plain, pairs, strict=True):
        np.testing.assert_array_equal(alone, batch)
        numbers = [
            int(np.flatnonzero((images == pixels).all(axis=(1, 2, 3)))[0])
            for pixels in np.round((batch.numpy() + 1) * 127.5).astype("uint8")
        ]
        np.testing.assert_array_equal(batch_labels, labels[numbers])


def test_one_label_an_image_is_required():
    with pytest.raises(ValueError, match="one an image"):
        image_batches(numbered_images(50), 8, seed=1, labels=np.arange(49))


def test_images_to_translate_are_mirrored_with_their_targets():
    images = numbered_images(40)
    images[:, :, 0] = 0  # no image is its own mirror image
    for batch, conditions in image_batches(images, 8, seed=1, flip=True, labels=255 - images):
        np.testing.assert_allclose(batch, -conditions, atol=1e-6)


def test_captions_stay_with_their_images():
    captions = np.stack([np.arange(40), np.arange(40) + 100], axis=1)
    images = numbered_images(40)
    for batch, words in image_batches(images, 8, seed=1, labels=captions):
        assert words.dtype == "int32"
        np.testing.assert_array_equal(to_pixels(batch.numpy()), images[words[:, 0]])
        np.testing.assert_array_equal(words[:, 1], words[:, 0] + 100)


def test_true_and_false_are_classes():
    truth = np.arange(40) % 2 == 0
    classes = [labels for _, labels in image_batches(numbered_images(40), 8, seed=1, labels=truth)]
    assert classes[0].dtype == "int32"
    assert sum(int(labels.numpy().sum()) for labels in classes) == 20


@pytest.mark.parametrize(
    ("labels", "error"),
    [
        (np.zeros((40, 4, 4, 1)), TypeError),
        (np.zeros(40), TypeError),
        (np.zeros((40, 4, 4), int), ValueError),
    ],
)
def test_conditions_that_are_neither_words_nor_pixels_are_refused(labels, error):
    with pytest.raises(error, match=r"labels|Images to translate"):
        image_batches(numbered_images(40), 8, seed=1, labels=labels)


def test_batches_are_model_range_and_drop_the_short_rest():
    batches = image_batches(numbered_images(50), 16, seed=0)
    assert batches.element_spec.shape.as_list() == [16, 2, 2, 1]
    assert int(batches.cardinality()) == 3
    got = list(batches.as_numpy_iterator())
    assert [batch.shape for batch in got] == [(16, 2, 2, 1)] * 3
    assert got[0].dtype == np.float32
    numbers = one_pass(batches)[:, 0, 0, 0]
    assert len(set(numbers.tolist())) == 48  # no image twice in one pass
    exact = {image.tobytes() for image in to_model_range(numbered_images(50))}
    assert all(image.tobytes() in exact for batch in got for image in batch)


def test_batches_reshuffle_and_depend_on_the_seed_alone():
    import tensorflow as tf

    images = numbered_images(64)
    batches = image_batches(images, 8, seed=1, flip=True)
    first, second = one_pass(batches), one_pass(batches)
    assert not np.array_equal(first, second)
    assert sorted(first.max(axis=(1, 2, 3))) == list(range(1, 65))
    tf.random.set_seed(99)
    twin = image_batches(images, 8, seed=1, flip=True)
    assert np.array_equal(first, one_pass(twin))
    assert np.array_equal(second, one_pass(twin))
    assert not np.array_equal(first, one_pass(image_batches(images, 8, seed=2, flip=True)))


def test_a_batch_may_be_a_single_image():
    got = list(
        image_batches(numbered_images(3), 1, seed=0, labels=np.arange(3)).as_numpy_iterator()
    )
    assert [batch.shape for batch, _ in got] == [(1, 2, 2, 1)] * 3
    assert sorted(int(label) for _, (label,) in got) == [0, 1, 2]


def test_classes_of_every_whole_type_arrive_as_int32():
    images, classes = numbered_images(40), np.arange(40) % 2
    _, expected = next(iter(image_batches(images, 8, seed=1, labels=classes)))
    for name in ("bool", "int8", "uint8", "int16", "uint32", "int64", "uint64"):
        _, labels = next(iter(image_batches(images, 8, seed=1, labels=classes.astype(name))))
        assert labels.dtype == "int32", name
        assert np.array_equal(labels, expected), name


def test_a_set_may_be_larger_than_a_graph(monkeypatch):
    """A graph ends at 2 GB, so the pictures must not stand in one: what is served looks them up."""
    import tensorflow as tf

    fetches, serve = [], tf.data.Dataset.map

    def spy(batches, fetch, *arguments, **options):
        fetches.append((fetch, batches.element_spec))
        return serve(batches, fetch, *arguments, **options)

    monkeypatch.setattr(tf.data.Dataset, "map", spy)
    images = np.zeros((64, 128, 128, 1), np.uint8)
    list(image_batches(images, 8, seed=0, flip=True, labels=255 - images))
    (fetch, order), *others = fetches
    graph = tf.function(fetch).get_concrete_function(*order).graph
    assert not others
    assert graph.as_graph_def().ByteSize() < images.nbytes / 10
    sizes = [int(tf.size(tensor)) for tensor, _ in graph.captures if tensor.dtype == "uint8"]
    assert sizes == [images.size] * 2


def test_any_pass_can_be_begun_again():
    images = numbered_images(64)
    batches = image_batches(images, 8, seed=1, flip=True)
    passes = [one_pass(batches) for _ in range(4)]
    for number in (2, 0, 3):
        batches.begin_pass(number)
        assert np.array_equal(one_pass(batches), passes[number])
    batches.begin_pass(1)
    assert np.array_equal(one_pass(batches), passes[1])
    assert np.array_equal(one_pass(batches), passes[2]), "it counts on from there"


def test_flip_mirrors_a_random_half_left_to_right():
    images = numbered_images(200)
    batches = image_batches(images, 100, seed=4, flip=True)
    mirrored = one_pass(batches)[:, 0, 1, 0] > 0
    assert 70 < mirrored.sum() < 130
    for image in one_pass(batches):
        original = images[image.max() - 1]
        assert np.array_equal(image, original) or np.array_equal(image, original[:, ::-1])
    straight = one_pass(image_batches(images, 100, seed=4))
    assert not straight[:, 0, 1, 0].any()


@pytest.mark.parametrize(
    ("images", "batch_size", "seed", "error", "words"),
    [
        (numbered_images(4), 5, 0, ValueError, "batch_size must be .* from 1 to 4, but is 5"),
        (numbered_images(4), 0, 0, ValueError, "from 1 to 4, but is 0"),
        (numbered_images(4), 2.0, 0, ValueError, "a whole number .* but is 2.0"),
        (numbered_images(4), 2, None, ValueError, "seed must be a whole number .* but is None"),
        (numbered_images(4)[0], 1, 0, ValueError, r"must be \(count, height, width, channels\)"),
        (
            numbered_images(4) / 255,
            2,
            0,
            TypeError,
            "float64; they must be uint8 pixels",
        ),
    ],
)
def test_wrong_batches_are_explained(images, batch_size, seed, error, words):
    with pytest.raises(error, match=words):
        image_batches(images, batch_size, seed)


# Small sets in the official formats


def small_set(dataset, folder, monkeypatch):
    """Random images instead of the real ones, and a table that takes their files for published."""
    random = np.random.default_rng(0)
    splits = {}
    for split, count in (("train", 300), ("test", 250)):
        labels = random.permutation(np.arange(count) % 10)
        images = random.integers(0, 256, (count, *dataset.image_shape), dtype=np.uint8)
        splits[split] = images, labels
    folder.mkdir()
    for write in PUBLISHED[dataset.name]:
        write(splits, folder)
    small = dataclasses.replace(
        dataset,
        counts={"train": 300, "test": 250},
        sample_counts={"train": 25, "test": 25},
        files={
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*")
            if path.is_file()
        },
    )
    monkeypatch.setitem(DATASETS, dataset.name, small)
    monkeypatch.setattr(image_files, dataset.name.upper(), small)
    return splits


@pytest.fixture
def cifar10(tmp_path, monkeypatch):
    return small_set(CIFAR10, tmp_path / "published CIFAR-10", monkeypatch)


@pytest.fixture
def mnist(tmp_path, monkeypatch):
    return small_set(MNIST, tmp_path / "published MNIST", monkeypatch)


def cifar10_batches(splits):
    """(name, images, labels) of the six files of CIFAR-10."""
    images, labels = splits["train"]
    for number in range(5):
        part = slice(60 * number, 60 * number + 60)
        yield f"data_batch_{number + 1}", images[part], labels[part]
    yield "test_batch", *splits["test"]


def python2_pickle(images, labels):
    """A batch as Python 2 pickled it, like the official files: old module name, byte strings."""

    def text(content):
        return b"T" + struct.pack("<I", len(content)) + content

    rows = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    dtype = b"cnumpy\ndtype\n" + text(b"u1") + b"K\x00K\x01\x87R(K\x03" + text(b"|")
    dtype += b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text(b"b")
    array += b"\x87R(K\x01" + b"M" + struct.pack("<H", len(rows)) + b"M\x00\x0c\x86" + dtype
    array += b"\x89" + text(rows.tobytes()) + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels.tolist()) + b"e"
    return b"\x80\x02}(" + text(b"data") + array + text(b"labels") + numbers + b"u."


def write_batches_folder(splits, folder):
    folder.mkdir(parents=True)
    for name, images, labels in cifar10_batches(splits):
        (folder / name).write_bytes(python2_pickle(images, labels))
    return folder


def write_archive(splits, path, mode="w:gz", **instead):
    """The archive; ``instead`` replaces what a batch holds, or leaves it out."""
    with tarfile.open(path, mode) as archive:
        for name, images, labels in cifar10_batches(splits):
            content = instead.get(name, python2_pickle(images, labels))
            if content is not None:
                add_member(archive, f"cifar-10-batches-py/{name}", content)
    return path


def add_member(archive, name, content):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def write_png_folder(splits, folder):
    folder.mkdir()
    for name, images, _ in cifar10_batches(splits):
        Image.fromarray(images.reshape(len(images), 1024, 3)).save(folder / f"{name}.png")
    for split, name in (("train", "train_lables.json"), ("test", "test_lables.json")):
        (folder / name).write_text(json.dumps(splits[split][1].tolist()))
    return folder


def write_npz(splits, path, padding=0):
    np.savez(
        path,
        padding=np.random.default_rng(1).bytes(padding),
        **{f"x_{split}": splits[split][0][..., 0] for split in SPLITS},
        **{f"y_{split}": splits[split][1].astype(np.uint8) for split in SPLITS},
    )
    return path


def pack(path, mode):
    return gzip.open(path, mode, compresslevel=1)


def write_mnist_pickle(splits, path, opener=pack):
    parts = []
    for split, part in (("train", slice(0, 250)), ("train", slice(250, 300)), ("test", slice(250))):
        images, labels = splits[split]
        parts.append((images[part].reshape(-1, 784).astype(np.float32) / 256, labels[part]))
    with opener(path, "wb") as stream:
        pickle.dump(tuple(parts), stream, protocol=2)
    return path


def write_idx_folder(splits, folder, opener, dot="-"):
    folder.mkdir()
    end = ".gz" if opener is pack else ""
    for split, start in (("train", "train"), ("test", "t10k")):
        images, labels = splits[split]
        with opener(folder / f"{start}-images{dot}idx3-ubyte{end}", "wb") as stream:
            stream.write(struct.pack(">IIII", 0x803, len(images), 28, 28) + images.tobytes())
        with opener(folder / f"{start}-labels{dot}idx1-ubyte{end}", "wb") as stream:
            stream.write(struct.pack(">II", 0x801, len(labels)) + labels.astype("u1").tobytes())
    return folder


PUBLISHED = {
    "cifar10": (
        lambda splits, folder: write_batches_folder(splits, folder / "batches"),
        lambda splits, folder: write_png_folder(splits, folder / "png"),
    ),
    "mnist": (
        lambda splits, folder: write_npz(splits, folder / "mnist.npz"),
        lambda splits, folder: write_mnist_pickle(splits, folder / "mnist.pkl", open),
        lambda splits, folder: write_idx_folder(splits, folder / "idx", open),
    ),
}


def assert_installed(name, splits, capsys):
    for split in SPLITS:
        images, labels = LOADERS[name](split)
        assert np.array_equal(images, splits[split][0])
        assert np.array_equal(labels, splits[split][1])
        assert images.dtype == np.uint8
        assert labels.dtype == np.int64
    assert "of the complete set" in capsys.readouterr().out


ROUTES = {
    "archive": ("cifar10", lambda splits, folder: write_archive(splits, folder / "cifar.tar.gz")),
    "archive that a browser unpacked": (
        "cifar10",
        lambda splits, folder: write_archive(splits, folder / "cifar.tar", "w"),
    ),
    "extracted folder": (
        "cifar10",
        lambda splits, folder: write_batches_folder(splits, folder / "batches"),
    ),
    "folder above": (
        "cifar10",
        lambda splits, folder: (
            write_batches_folder(splits, folder / "above" / "cifar-10-batches-py").parent
        ),
    ),
    "PNG batches": ("cifar10", lambda splits, folder: write_png_folder(splits, folder / "png")),
    "npz": ("mnist", lambda splits, folder: write_npz(splits, folder / "mnist.npz")),
    "pickle": ("mnist", lambda splits, folder: write_mnist_pickle(splits, folder / "mnist.pkl.gz")),
    "IDX": ("mnist", lambda splits, folder: write_idx_folder(splits, folder / "idx", open)),
    "packed IDX": (
        "mnist",
        lambda splits, folder: write_idx_folder(splits, folder / "idx", pack),
    ),
    "IDX with a dot": (
        "mnist",
        lambda splits, folder: write_idx_folder(splits, folder / "idx", open, dot="."),
    ),
    "folder far above": (
        "cifar10",
        lambda splits, folder: write_batches_folder(
            splits, folder / "above" / "of keras" / "batches (1)"
        ).parents[1],
    ),
    "zip": (
        "cifar10",
        lambda splits, folder: zipped(write_batches_folder(splits, folder / "batches")),
    ),
    "folder with a zipped archive": (
        "cifar10",
        lambda splits, folder: (
            zipped(
                write_archive(splits, alone(folder) / "cifar.tar.gz"),
            ).parent
        ),
    ),
    "xz archive": (
        "cifar10",
        lambda splits, folder: write_archive(splits, folder / "cifar.tar (2).xz", "w:xz"),
    ),
    "folder with npz": (
        "mnist",
        lambda splits, folder: write_npz(splits, alone(folder) / "mnist.npz").parent,
    ),
    "second copy of npz": (
        "mnist",
        lambda splits, folder: write_npz(splits, folder / "mnist (1).npz"),
    ),
    "npz by another name": (
        "mnist",
        lambda splits, folder: write_npz(splits, folder / "m.npz").rename(folder / "mnist.zip"),
    ),
    "second copies of packed IDX": (
        "mnist",
        lambda splits, folder: renamed(write_idx_folder(splits, folder / "idx", pack)),
    ),
    "zip of IDX": (
        "mnist",
        lambda splits, folder: zipped(write_idx_folder(splits, folder / "idx", pack, dot=".")),
    ),
}


def alone(folder):
    """A folder in which nothing else lies."""
    (folder / "alone").mkdir()
    return folder / "alone"


def zipped(source):
    """A .zip of a file or a folder instead of it."""
    path = source.with_name(source.name + ".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(source.rglob("*")) or [source]:
            archive.write(file, file.relative_to(source.parent))
    shutil.rmtree(source) if source.is_dir() else source.unlink()
    return path


def renamed(folder):
    """As a browser names what it has fetched before."""
    for path in sorted(folder.iterdir()):
        path.rename(path.with_name(f"{path.stem} (1){path.suffix}"))
    return folder


@pytest.mark.parametrize("route", ROUTES)
def test_every_published_form_gives_the_same_arrays(route, tmp_path, request, capsys):
    name, write = ROUTES[route]
    splits = request.getfixturevalue(name)
    assert main([name, "--from", str(write(splits, tmp_path))]) == 0
    assert "(300 train and 250 test images)" in capsys.readouterr().out
    assert_installed(name, splits, capsys)


@pytest.mark.parametrize("route", ["archive", "npz"])
def test_folders_may_have_umlauts_and_spaces(route, tmp_path, request, monkeypatch, capsys):
    name, write = ROUTES[route]
    splits = request.getfixturevalue(name)
    folder = tmp_path / "Übungen für Käthe – 機械"
    folder.mkdir()
    monkeypatch.setenv("GAN_DATA_HOME", str(folder / "große Daten"))
    assert main([name, "--from", str(write(splits, folder))]) == 0
    assert_installed(name, splits, capsys)
    assert (folder / "große Daten" / name / "SHA256SUMS").is_file()


def test_installing_twice_does_nothing(mnist, tmp_path, own_cache, capsys):
    source = write_npz(mnist, tmp_path / "mnist.npz")
    main(["mnist", "--from", str(source)])
    before = (own_cache / "mnist" / "SHA256SUMS").stat().st_mtime_ns
    capsys.readouterr()
    assert main(["mnist"]) == 0
    assert "already in" in capsys.readouterr().out
    assert (own_cache / "mnist" / "SHA256SUMS").stat().st_mtime_ns == before


def test_the_sample_can_be_forced(mnist, tmp_path, monkeypatch, capsys):
    source = write_npz(mnist, tmp_path / "mnist.npz")
    monkeypatch.setenv("GAN_DATA", "sample")
    assert main(["mnist", "--from", str(source)]) == 0
    assert "GAN_DATA=sample is set" in capsys.readouterr().out
    assert len(load_mnist()[0]) == 10000
    monkeypatch.delenv("GAN_DATA")
    assert len(load_mnist()[0]) == 300


@pytest.mark.parametrize("harm", ["damage", "remove"])
def test_a_harmed_cache_is_named_and_mended(harm, mnist, tmp_path, own_cache, capsys):
    source = write_npz(mnist, tmp_path / "mnist.npz")
    main(["mnist", "--from", str(source)])
    path = own_cache / "mnist" / "train_images.npy"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1])) if harm == "damage" else path.unlink()
    with pytest.raises(DatasetError, match=r"train_images\.npy is .*gan_helpers\.data mnist"):
        load_mnist()
    assert main(["mnist", "--from", str(source)]) == 0
    assert "Installing it again" in capsys.readouterr().out
    assert_installed("mnist", mnist, capsys)


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("train_images.npy", np.zeros((300, 28, 28), np.uint8), "other types or shapes"),
        ("train_labels.npy", np.zeros(300, np.float64), "other types or shapes"),
        ("train_labels.npy", np.full(300, 10), "labels of no class"),
        ("train_labels.npy", None, "holds no arrays"),
    ],
)
def test_an_installed_set_is_checked_even_if_its_hashes_fit(
    name, array, words, mnist, tmp_path, own_cache
):
    main(["mnist", "--from", str(write_npz(mnist, tmp_path / "mnist.npz"))])
    folder = own_cache / "mnist"
    if array is None:
        (folder / name).write_bytes(pickle.dumps(Hostile(tmp_path / "made")))
    else:
        np.save(folder / name, array)
    write_sums(folder, [path.name for path in folder.glob("*.npy")])
    with pytest.raises(DatasetError, match=words):
        load_mnist()
    assert not (tmp_path / "made").exists()


def flip(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def flip_a_byte(path):
    """Change the content of a file, also inside gzip, whose checksum is made right again."""
    content = path.read_bytes()
    packed = content.startswith(b"\x1f\x8b")
    content = flip(gzip.decompress(content) if packed else content)
    path.write_bytes(gzip.compress(content, compresslevel=1) if packed else content)


@pytest.mark.parametrize("route", [name for name in ROUTES if not re.search("zip|xz|other", name)])
def test_a_changed_byte_is_refused_before_anything_is_opened(
    route, tmp_path, own_cache, request, monkeypatch, capsys
):
    name, write = ROUTES[route]
    source = write(request.getfixturevalue(name), tmp_path)
    path = next(path for path in (source, *sorted(source.rglob("*"))) if path.is_file())
    flip_a_byte(path)
    for module, reader in ((pickle, "loads"), (np, "load"), (Image, "open"), (json, "loads")):
        monkeypatch.setattr(module, reader, lambda *_, **__: pytest.fail("It was opened."))
    assert main([name, "--from", str(source)]) == 1
    message = capsys.readouterr().err
    assert f"{path} is not the published" in message
    assert "begins with" in message and f"python -m gan_helpers.data {name}" in message
    assert not own_cache.exists()


@pytest.mark.parametrize("name", ["cifar10", "mnist"])
def test_a_file_of_another_kind_gets_a_sentence(name, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("hello")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"\x80\x02}" + bytes(5000))[:-12])
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04 and no more")
    for path in ("empty", "text", "cut.gz", "cut.npz", "absent"):
        assert main([name, "--from", str(tmp_path / path)]) == 1
        message = capsys.readouterr().err
        assert message.startswith("Not installed. ")
        assert path in message
        assert "Traceback" not in message


def write_zip(_, path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cifar-10-batches-py/data_batch_1", b"content")


def write_other_set(name):
    def write(_, path):
        with tarfile.open(path, "w:gz") as archive:
            add_member(archive, name, pickle.dumps({"data": [], "labels": []}))

    return write


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (write_other_set("cifar-100-python/train"), "lacks data_batch_1"),
        (write_other_set("cifar-10-batches-py/data_batch_1"), "is not the published data_batch_1"),
        (write_zip, "folder of PNG batches"),
        (write_npz, "folder of PNG batches"),
    ],
    ids=["another set", "another set in this folder", "zip", "npz"],
)
def test_an_archive_of_something_else_gets_a_sentence(
    write, words, mnist, tmp_path, own_cache, capsys
):
    source = tmp_path / "cifar-10-python.tar.npz"
    write(mnist, source)
    assert main(["cifar10", "--from", str(source)]) == 1
    message = capsys.readouterr().err
    assert message.startswith("Not installed. ")
    assert words in message and str(source) in message
    assert "Traceback" not in message
    assert not own_cache.exists()


def test_a_missing_part_is_named(cifar10, mnist, tmp_path, capsys):
    png = write_png_folder(cifar10, tmp_path / "png")
    (png / "test_lables.json").unlink()
    batches = write_batches_folder(cifar10, tmp_path / "batches")
    (batches / "data_batch_4").unlink()
    idx = write_idx_folder(mnist, tmp_path / "idx", open)
    (idx / "t10k-labels-idx1-ubyte").unlink()
    for name, folder, missing in (
        ("cifar10", png, "test_lables.json"),
        ("cifar10", batches, "data_batch_4"),
        ("mnist", idx, "t10k-labels-idx1-ubyte"),
    ):
        assert main([name, "--from", str(folder)]) == 1
        assert f"{folder} lacks {missing}" in capsys.readouterr().err


def test_a_folder_of_very_many_files_is_not_searched(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sources, "_MOST_FILES", 3)
    for number in range(4):
        (tmp_path / f"holiday {number}.jpg").touch()
    assert main(["mnist", "--from", str(tmp_path)]) == 1
    assert "more than 3 files. Give the folder of the set alone" in capsys.readouterr().err


@pytest.mark.parametrize("name", DATASETS)
def test_a_refusal_names_the_forms_that_are_taken(name, tmp_path, capsys):
    (tmp_path / "cat.jpg").write_bytes(b"cat")
    assert main([name, "--from", str(tmp_path / "cat.jpg")]) == 1
    message = capsys.readouterr().err
    assert "is no published file of" in message
    assert sources.ACCEPTED[name] in message


# Hostile and damaged files


class Hostile:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("form", ["folder", "tar", "tar.gz", "mnist"])
def test_a_hostile_pickle_is_refused_and_not_run(form, cifar10, mnist, tmp_path, capsys):
    victim = tmp_path / "made by the pickle"
    hostile = pickle.dumps(Hostile(victim))
    name, source = "cifar10", tmp_path / "source"
    if form == "folder":
        write_batches_folder(cifar10, source)
        (source / "data_batch_1").write_bytes(hostile)
    elif form == "mnist":
        name = form
        source.write_bytes(gzip.compress(hostile))
    else:
        write_archive(cifar10, source, {"tar": "w", "tar.gz": "w:gz"}[form], data_batch_1=hostile)
    assert main([name, "--from", str(source)]) == 1
    expected = "no published file of" if name == "mnist" else "not the published data_batch_1"
    message = capsys.readouterr().err
    assert f" is {expected}" in message
    assert ", and was not opened" in message
    assert not victim.exists()


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("kept", [0.001, 0.5, 0.9])
def test_a_truncated_archive_gets_a_sentence(mode, kept, cifar10, tmp_path, own_cache, capsys):
    source = write_archive(cifar10, tmp_path / "cifar", mode)
    content = source.read_bytes()
    source.write_bytes(content[: int(kept * len(content))])
    assert main(["cifar10", "--from", str(source)]) == 1
    message = capsys.readouterr().err
    assert f"{source} cannot be unpacked" in message
    assert "python -m gan_helpers.data cifar10" in message
    assert not own_cache.exists()


def test_an_archive_without_a_batch_is_refused(cifar10, tmp_path, capsys):
    source = write_archive(cifar10, tmp_path / "cifar.tar", "w", data_batch_3=None, test_batch=None)
    with tarfile.open(source, "a") as archive:
        link = tarfile.TarInfo("cifar-10-batches-py/test_batch")
        link.type, link.linkname = tarfile.SYMTYPE, "data_batch_1"
        archive.addfile(link)
    assert main(["cifar10", "--from", str(source)]) == 1
    assert f"{source} lacks data_batch_3, test_batch" in capsys.readouterr().err


def test_no_more_is_unpacked_than_the_longest_file(mnist, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sources, "_MOST_BYTES", 10_000)
    source = write_mnist_pickle(mnist, tmp_path / "mnist.pkl.gz")
    assert main(["mnist", "--from", str(source)]) == 1
    first = hashlib.sha256(gzip.decompress(source.read_bytes())[:10_000]).hexdigest()
    assert f"begins with {first[:12]}" in capsys.readouterr().err


def test_a_file_that_may_not_be_read_is_named(mnist, tmp_path, monkeypatch, capsys):
    source = write_npz(mnist, tmp_path / "mnist.npz")

    def refuse(path, *_):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    assert main(["mnist", "--from", str(source)]) == 1
    assert f"{source} may not be read by you" in capsys.readouterr().err


# Arrays in .npz files


def test_arrays_come_back(tmp_path):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array([1, 2], np.uint8)}
    np.savez_compressed(tmp_path / "arrays.npz", **arrays)
    for names in (None, ["a", "b"], ["b"]):
        found = read_arrays(tmp_path / "arrays.npz", names)
        assert set(found) == set(names or arrays)
        assert all(np.array_equal(array, arrays[name]) for name, array in found.items())


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"b": np.zeros(1)}, "a in it is missing"),
        ({"a": np.array(["text"])}, "a in it holds no numbers"),
        ({"a": np.array([{}], object)}, "It is damaged or another kind of file: get it again"),
    ],
)
def test_arrays_that_are_none_are_refused(arrays, words, tmp_path):
    path = tmp_path / "arrays.npz"
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=words) as caught:
        read_arrays(path, ["a"])
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("damage", [lambda content: content[:-30], lambda content: b"", flip])
def test_a_damaged_file_of_arrays_is_named(damage, tmp_path):
    path = tmp_path / "arrays.npz"
    np.savez(path, a=np.arange(1000))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"arrays\.npz cannot be read .* get it again"):
        read_arrays(path)


# A cache that cannot be read or written


@pytest.fixture
def refused(monkeypatch):
    """Makes a path one of another account; the real way does not hold for root, who reads all."""
    places = []

    def guard(function, refuse):
        def guarded(path, *arguments, **options):
            if any(Path(path).is_relative_to(place) for place in places):
                return refuse(path)
            return function(path, *arguments, **options)

        return guarded

    def refuse(path, *_):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    for name in ("stat", "open"):
        monkeypatch.setattr(Path, name, guard(getattr(Path, name), refuse))
    monkeypatch.setattr(os, "access", guard(os.access, lambda _: False))
    return places.append


def test_an_unreadable_cache_counts_as_not_installed(refused, mnist, tmp_path, own_cache, capsys):
    assert main(["mnist", "--from", str(write_npz(mnist, tmp_path / "mnist.npz"))]) == 0
    refused(own_cache)
    assert len(load_mnist()[0]) == 10000
    assert main(["mnist"]) == 1
    message = capsys.readouterr().err
    assert "may not be written" in message
    assert "GAN_DATA_HOME" in message


@pytest.mark.parametrize("name", ["train_images.npy", "SHA256SUMS"])
def test_an_unreadable_file_is_named(name, refused, mnist, tmp_path, own_cache, monkeypatch):
    main(["mnist", "--from", str(write_npz(mnist, tmp_path / "mnist.npz"))])
    refused(own_cache / "mnist" / name)
    monkeypatch.setattr(image_files, "is_installed", lambda _: True)
    with pytest.raises(DatasetError, match=f"{name} may not be read by you"):
        load_mnist()


def test_an_account_without_a_home_folder_has_the_sample(mnist, tmp_path, monkeypatch, capsys):
    def fail(*_):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", fail)
    assert len(load_mnist()[0]) == 10000
    assert main(["mnist", "--from", str(write_npz(mnist, tmp_path / "mnist.npz"))]) == 1
    assert "no home folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "is full. Free about"),
        (errno.EROFS, "may not be written"),
        (errno.EACCES, "may not be written"),
    ],
)
def test_a_cache_that_cannot_be_written_gets_a_sentence(
    number, words, mnist, tmp_path, own_cache, monkeypatch, capsys
):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    source = write_npz(mnist, tmp_path / "mnist.npz")
    monkeypatch.setattr(install.os, "replace", fail)
    assert main(["mnist", "--from", str(source)]) == 1
    message = capsys.readouterr().err
    assert words in message
    assert "GAN_DATA_HOME" in message
    assert list((own_cache / "mnist").iterdir()) == []  # no half-written file stays
    assert len(load_mnist()[0]) == 10000  # a half-installed set is not used


def test_a_cache_that_is_no_folder_gets_a_sentence(mnist, tmp_path, monkeypatch, capsys):
    source = write_npz(mnist, tmp_path / "mnist.npz")
    monkeypatch.setenv("GAN_DATA_HOME", str(source))
    assert main(["mnist", "--from", str(source)]) == 1
    assert "cannot be used" in capsys.readouterr().err


# The download


class Server(http.server.ThreadingHTTPServer):
    """Serves one file, in the manner of ``mode``, and remembers the ranges asked for."""

    daemon_threads = True

    def __init__(self, content):
        super().__init__(("127.0.0.1", 0), Answer)
        self.content, self.mode, self.ranges, self.over = content, "well", [], threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/mnist.npz"

    def handle_error(self, request, client_address):
        pass  # the client hangs up on purpose


class Answer(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server, mode = self.server, self.server.mode
        asked = self.headers.get("Range")
        server.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        if mode == "ignores ranges":
            asked, start = None, 0
        if mode == "missing":
            self.send_error(404)
            return
        content = server.content
        if mode == "corrupts":
            content = content[:1000] + bytes([content[1000] ^ 1]) + content[1001:]
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if asked else 200)
        if asked:
            told = start + 1 if mode == "wrong part" else start
            self.send_header("Content-Range", f"bytes {told}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if mode in ("truncates", "stalls"):
            content = content[: len(content) // 2]
        self.wfile.write(content[start:])
        if mode == "stalls":
            self.wfile.flush()
            server.over.wait(10)


@pytest.fixture
def server(mnist, tmp_path, monkeypatch):
    content = write_npz(mnist, tmp_path / "served.npz", padding=400_000).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    served = dataclasses.replace(
        DATASETS["mnist"],
        archive_sha256=sha256,
        files=DATASETS["mnist"].files | {"mnist.npz": sha256},
    )
    monkeypatch.setitem(DATASETS, "mnist", served)
    with Server(content) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


def fetch(server, mode="well", timeout="5"):
    server.mode = mode
    return main(["mnist", "--url", server.url, "--timeout", timeout])


def part_file(own_cache):
    return own_cache / "downloads" / "mnist.npz.part"


def test_a_download_installs_and_leaves_nothing_behind(server, mnist, own_cache, capsys):
    assert fetch(server) == 0
    assert server.ranges == [None]
    assert list((own_cache / "downloads").iterdir()) == []
    assert_installed("mnist", mnist, capsys)


@pytest.mark.parametrize(("mode", "timeout"), [("truncates", "5"), ("stalls", "2")])
def test_a_broken_download_is_kept_and_continued(mode, timeout, server, mnist, own_cache, capsys):
    assert fetch(server, mode, timeout) == 1
    message = capsys.readouterr().err
    assert "Not installed. 127.0.0.1" in message
    assert ("sent nothing for 2 seconds" if mode == "stalls" else "broke off") in message
    assert "are kept: the same command continues" in message
    assert "--from PATH" in message
    kept = part_file(own_cache).stat().st_size
    assert 0 < kept <= len(server.content) // 2
    assert server.content.startswith(part_file(own_cache).read_bytes())
    assert fetch(server) == 0
    assert server.ranges == [None, f"bytes={kept}-"]
    assert_installed("mnist", mnist, capsys)


def test_a_corrupt_download_is_deleted(server, mnist, own_cache, capsys):
    assert fetch(server, "corrupts") == 1
    message = capsys.readouterr().err
    assert "SHA-256 is wrong" in message
    assert "deleted" in message
    assert not part_file(own_cache).exists()
    assert not (own_cache / "mnist").exists()
    assert fetch(server) == 0
    assert_installed("mnist", mnist, capsys)


def test_a_host_that_ignores_ranges_starts_afresh(server, mnist, own_cache, capsys):
    fetch(server, "truncates")
    assert fetch(server, "ignores ranges") == 0
    assert "starting afresh" in capsys.readouterr().out
    assert_installed("mnist", mnist, capsys)


def test_a_corrupt_partial_file_costs_one_more_run(server, mnist, own_cache, capsys):
    part_file(own_cache).parent.mkdir(parents=True)
    for wrong in (b"wrong" * 10, bytes(len(server.content) + 7)):  # too short, too long
        part_file(own_cache).write_bytes(wrong)
        assert fetch(server) == 1
        assert "partial file was deleted" in capsys.readouterr().err
    assert fetch(server) == 0
    assert_installed("mnist", mnist, capsys)


def test_another_part_than_the_one_asked_for_is_not_appended(server, own_cache, capsys):
    fetch(server, "truncates")
    before = part_file(own_cache).read_bytes()
    assert fetch(server, "wrong part") == 1
    assert "Traceback" not in capsys.readouterr().err
    assert part_file(own_cache).read_bytes() == before


def test_a_whole_file_is_not_fetched_again(server, mnist, own_cache, capsys):
    part_file(own_cache).parent.mkdir(parents=True)
    part_file(own_cache).with_name("mnist.npz").write_bytes(server.content)
    assert fetch(server) == 0
    assert server.ranges == []
    assert_installed("mnist", mnist, capsys)


def test_a_host_that_refuses_or_is_absent_gets_a_sentence(server, own_cache, capsys):
    assert fetch(server, "missing") == 1
    assert "127.0.0.1 answered 404" in capsys.readouterr().err
    assert main(["mnist", "--url", "http://127.0.0.1:9/mnist.npz", "--timeout", "10"]) == 1
    message = capsys.readouterr().err
    assert "could not be reached" in message
    assert "are kept" not in message
    assert not part_file(own_cache).exists()


@pytest.mark.parametrize(
    "url", ["http://example.org/mnist.npz", "file:///etc/passwd", "http://127.0.0.1.example.org/x"]
)
def test_only_https_or_this_machine_is_asked(url, own_cache, capsys):
    assert main(["mnist", "--url", url]) == 1
    assert "is no HTTPS address" in capsys.readouterr().err
    assert not own_cache.exists()


def use_proxy(monkeypatch, server):
    monkeypatch.delenv("NO_PROXY")
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_address[1]}")


def test_a_download_goes_through_the_proxy_of_the_environment(
    server, mnist, own_cache, monkeypatch, capsys
):
    use_proxy(monkeypatch, server)
    # Nobody listens there: what answers is the proxy.
    assert main(["mnist", "--url", "http://127.0.0.1:9/mnist.npz", "--timeout", "5"]) == 0
    assert server.ranges == [None]
    assert_installed("mnist", mnist, capsys)


def test_a_proxy_is_asked_for_the_official_host_and_its_refusal_gets_a_sentence(
    server, own_cache, monkeypatch, capsys
):
    asked = []

    def refuse(self):
        asked.append(self.path)
        self.send_error(403)

    monkeypatch.setattr(Answer, "do_CONNECT", refuse, raising=False)
    use_proxy(monkeypatch, server)
    assert main(["mnist", "--timeout", "5"]) == 1
    assert asked == ["storage.googleapis.com:443"]
    message = capsys.readouterr().err
    assert "storage.googleapis.com could not be reached, or broke off (ProxyError)" in message
    assert "Traceback" not in message


def test_an_interrupted_run_says_so(mnist, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(install.requests, "get", interrupt)
    assert main(["mnist"]) == 130
    assert "continues at the next run" in capsys.readouterr().err


def test_the_official_addresses_are_secure_and_checked():
    for dataset in DATASETS.values():
        assert dataset.url.startswith("https://")
        assert len(bytes.fromhex(dataset.archive_sha256)) == 32
        assert all(len(bytes.fromhex(sha256)) == 32 for sha256 in dataset.files.values())


@pytest.mark.parametrize("name", DATASETS)
def test_keras_downloads_the_same_files(name):
    module = importlib.import_module(f"keras.datasets.{name}")
    assert f'"{DATASETS[name].archive_sha256}"' in inspect.getsource(module.load_data)


@pytest.mark.parametrize("arguments", [[], ["fashion"], ["mnist", "--from", "a", "--url", "b"]])
def test_a_wrong_command_line_shows_the_usage(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "python -m gan_helpers.data" in capsys.readouterr().err


def test_the_module_is_the_command(tmp_path):
    command = [sys.executable, "-W", "error", "-m", "gan_helpers.data", "mnist", "--from", "absent"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    assert result.returncode == 1
    assert result.stderr.startswith("Not installed. absent does not exist.")


# The script that made the samples


@pytest.fixture
def make_samples(cifar10, mnist, monkeypatch):
    path = REPOSITORY / "scripts" / "make_samples.py"
    specification = importlib.util.spec_from_file_location("make_samples", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.setattr(module, "CIFAR10", DATASETS["cifar10"])
    monkeypatch.setattr(module, "MNIST", DATASETS["mnist"])
    return module


def test_the_same_set_gives_the_same_sample_in_any_form(
    make_samples, cifar10, mnist, tmp_path, monkeypatch
):
    def build(name, cifar10_source, mnist_source):
        output = tmp_path / name
        arguments = ["--cifar10", cifar10_source, "--mnist", mnist_source, "--output", output]
        assert make_samples.main([str(argument) for argument in arguments]) == 0
        return output, {
            path.relative_to(output): path.read_bytes()
            for path in output.rglob("*")
            if path.is_file()
        }

    _, one = build(
        "one",
        write_png_folder(cifar10, tmp_path / "png"),
        write_npz(mnist, tmp_path / "mnist.npz"),
    )
    folder, other = build(
        "other",
        write_archive(cifar10, tmp_path / "cifar.tar.gz"),
        write_mnist_pickle(mnist, tmp_path / "mnist.pkl.gz"),
    )
    assert one == other
    assert len(one) == 41
    monkeypatch.setattr(image_files, "BOX", folder)
    for name, splits in (("cifar10", cifar10), ("mnist", mnist)):
        images, labels = LOADERS[name]()
        assert np.bincount(labels).tolist() == [25] * 10
        complete = {(image.tobytes(), label) for image, label in zip(*splits["train"], strict=True)}
        sample = {(image.tobytes(), label) for image, label in zip(images, labels, strict=True)}
        assert len(sample) == 250
        assert sample < complete


def test_the_order_does_not_decide_which_images_are_chosen(make_samples, mnist):
    images, _ = mnist["train"]
    chosen = make_samples.choose(images, 20)
    assert np.array_equal(chosen, make_samples.choose(images[::-1], 20))
    assert not np.array_equal(chosen, images[:20])


def test_the_script_explains_a_wrong_source(make_samples, tmp_path, capsys):
    assert make_samples.main(["--cifar10", str(tmp_path / "a"), "--mnist", "b"]) == 1
    assert "does not exist" in capsys.readouterr().err

"""The peers' recipes really train, and the table's figures come from what was trained."""

import csv
import sys
from pathlib import Path

from gan_helpers.checkpoints import Checkpoint, save_checkpoint
from gan_helpers.data import load_cifar10

import keras
import numpy as np
import pytest
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
import distance
import kill
import recipes
import rulers
import run
import throughput
import timing
from tiny_gan import make_gan


@pytest.mark.parametrize("recipe", recipes.PEERS, ids=lambda recipe: recipe.name)
def test_a_step_of_each_peer_moves_both_networks(recipe):
    keras.utils.set_random_seed(0)
    networks = recipe.build()
    assert networks[0].output_shape == (None, 32, 32, 3)
    assert networks[1].output_shape == (None, 1)
    before = [[weight.numpy() for weight in net.trainable_weights] for net in networks]
    optimizers = tuple(keras.optimizers.Adam(1e-3) for _ in networks)
    real_images = tf.random.uniform((4, 32, 32, 3), recipe.lowest, 1.0)
    recipe.make_step(networks, optimizers)(real_images)
    for old, network in zip(before, networks, strict=True):
        moved = [
            not np.array_equal(a, b.numpy())
            for a, b in zip(old, network.trainable_weights, strict=True)
        ]
        assert all(moved)
    images = networks[0](tf.random.normal((8, networks[0].input_shape[-1])))
    assert recipe.lowest <= tf.reduce_min(images) and tf.reduce_max(images) <= 1


def test_cross_entropy_is_that_of_keras():
    logits, labels = tf.constant([[-2.0], [0.5], [3.0]]), tf.constant([[0.0], [0.9], [1.0]])
    expected = keras.losses.BinaryCrossentropy(from_logits=True)(labels, logits)
    assert recipes.cross_entropy(logits, labels).numpy() == pytest.approx(float(expected))


@pytest.mark.long
def test_all_recipes_are_judged_at_each_mark(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(distance, "COMPLETE_SET", 0)
    monkeypatch.setattr(distance, "JUDGED", 20)
    monkeypatch.setattr(distance, "WIDTH", 4)  # the networks of this course, for speed
    monkeypatch.setattr(distance, "STEPS_AT_ONCE", 1)
    monkeypatch.setattr(distance, "PEERS", [recipes.PEERS[1]])
    monkeypatch.setattr(distance, "load_cifar10", lambda split: load_cifar10(split, limit=256))
    distance.measure(minutes=0.02, log=tmp_path / "log.csv")
    with (tmp_path / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["minutes"] for row in rows] == ["0.004"] * 3 + ["0.01"] * 3 + ["0.02"] * 3
    assert {row["recipe"] for row in rows} == {
        "gan-flavours-keras",
        "this course, lesson 6",
        "this course, by class",
    }
    assert all(float(row["distance"]) > 0 and float(row["unseen_judge"]) > 0 for row in rows)
    assert "gan-flavours-keras" in capsys.readouterr().out


class Training:
    """Stands for a recipe that trains exactly as long as it is told."""

    def __init__(self, turns, name):
        self.turns, self.name, self.trained = turns, name, 0.0

    def train(self, seconds):
        self.turns.append((self.name, seconds))
        self.trained += seconds
        return seconds

    def images_seen(self):
        return int(100 * self.trained)

    def generate(self, count):
        return np.full(count, self.trained)


class Jury:
    def score(self, images):
        assert len(images) == distance.JUDGED
        return [images[0], images[0] / 2]


def test_recipes_take_turns_and_are_judged_at_each_mark(tmp_path, capsys):
    turns = []
    trainings = {name: Training(turns, name) for name in ("first", "second")}
    distance.compare(trainings, Jury(), minutes=2, log=tmp_path / "logs" / "log.csv")
    expected = [24, 30, 6, 30, 30]  # seconds; the marks are at 24, 60 and 120
    assert turns == [(name, seconds) for seconds in expected for name in trainings]
    with (tmp_path / "logs" / "log.csv").open(newline="") as file:
        rows = [list(row.values()) for row in csv.DictReader(file)]
    assert rows == [
        [name, str(mark), "100", str(60 * mark), str(30 * mark)]
        for mark in (0.4, 1.0, 2.0)
        for name in trainings
    ]
    assert len(capsys.readouterr().out.splitlines()) == len(rows)


def test_the_command_knows_its_parts(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["run.py", "throughputs"])
    with pytest.raises(SystemExit):
        run.main()
    assert "no such part: throughputs; there are throughput, overhead" in capsys.readouterr().err


def test_durations_are_medians_of_runs_in_turns():
    calls = []
    durations = timing.median_seconds(*[lambda name=name: calls.append(name) for name in "ab"])
    assert "".join(calls) == 6 * "ab"
    assert len(durations) == 2 and all(0 <= seconds < 1 for seconds in durations)


@pytest.mark.long
def test_the_shipped_generators_are_judged(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(distance, "COMPLETE_SET", 0)
    monkeypatch.setattr(rulers, "JUDGED", 500)
    monkeypatch.setattr(rulers, "TRUNCATIONS", (0.5,))
    monkeypatch.setattr(rulers, "load_training_stages", lambda name: {})
    photographs = load_cifar10("test", limit=500)[0]
    gray = photographs.mean(axis=-1, keepdims=True).repeat(3, axis=-1).astype("uint8")
    np.savez(tmp_path / "gray.npz", images=gray, labels=np.zeros(500, int))
    rulers.measure([f"gray={tmp_path / 'gray.npz'}"], tmp_path / "saved")
    lines = capsys.readouterr().out.splitlines()
    rows = {line[:28].strip(): line[28:].split() for line in lines if "±" in line}
    names = ["photographs", "dcgan", "conditional", "studio", "styles times 0.5", "gray"]
    assert list(rows) == names
    frechet = {name: [float(row[4 * ruler]) for ruler in range(4)] for name, row in rows.items()}
    # Every ruler prefers photographs to gray ones; with 500 images the untrained one, the last, is
    # too coarse to prefer them to generated ones.
    assert all(np.less(frechet["photographs"], frechet["gray"]))
    for name in ("dcgan", "conditional", "studio", "styles times 0.5"):
        assert all(np.less(frechet["photographs"], frechet[name])[:3])
    assert all(np.less(frechet["studio"], frechet["styles times 0.5"])[:3])
    # Told the class, it pleases the ruler that shares its labels most.
    ratios = np.divide(frechet["conditional"], frechet["dcgan"])
    assert ratios.argmin() == 0
    with np.load(tmp_path / "saved" / "dcgan.npz") as saved:
        assert saved["images"].shape == (500, 32, 32, 3) and set(saved["labels"]) == {-1}


def test_a_killed_run_that_ends_elsewhere_or_loses_an_epoch_is_noticed(tmp_path):
    gan = make_gan()
    for name in ("through", "same"):
        save_checkpoint(gan, tmp_path / name, Checkpoint(1))
    assert kill.compare(tmp_path / "through", tmp_path / "same") == len(gan.get_state())
    save_checkpoint(gan, tmp_path / "losses", Checkpoint(1, {"generator_loss": [1.0]}))
    frame = np.zeros((4, 4), np.uint8)
    save_checkpoint(gan, tmp_path / "frames", Checkpoint(1, frames=[frame], labels=["a"]))
    gan.latent_seed.state.assign(gan.latent_seed.state + 1)
    save_checkpoint(gan, tmp_path / "random state", Checkpoint(1))
    for name in ("losses", "frames", "random state"):
        with pytest.raises(RuntimeError, match=r"other losses|other frames"):
            kill.compare(tmp_path / "through", tmp_path / name)
    with pytest.raises(RuntimeError, match="Epoch 7 was reported as saved, but now it is 6"):
        kill.check(6, reported=7)


def test_products_of_the_networks_are_counted_right():
    generator, discriminator = recipes.build_pytorch_tutorial()
    for network, products in (
        (generator, throughput.GENERATOR_PRODUCTS),
        (discriminator, throughput.DISCRIMINATOR_PRODUCTS),
    ):
        assert products == sum(products_of(layer) for layer in network.layers)


def products_of(layer):
    """Multiply-adds of one image: kernel size times places where the kernel is applied."""
    if isinstance(layer, keras.layers.Dense):
        return int(np.prod(layer.kernel.shape))
    if isinstance(layer, keras.layers.Conv2DTranspose):
        return int(np.prod(layer.kernel.shape) * np.prod(layer.input.shape[1:3]))
    if isinstance(layer, keras.layers.Conv2D):
        return int(np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:3]))
    return 0

"""The script behind the shipped weights, on tiny networks and a few images."""

import importlib.util
import shutil
import sys
from pathlib import Path

from gan_helpers import models, weights
from gan_helpers.data import load_cifar10

import keras
import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "train_pretrained.py"
IMAGE_SHAPE = (32, 32, 3)


def class_generator():
    latents, label = keras.Input((64,)), keras.Input((), dtype="int32")
    told = keras.layers.Add()([latents, keras.layers.Embedding(10, 64)(label)])
    return keras.Model([latents, label], models.build_dense_generator(64, IMAGE_SHAPE, 4)(told))


def namer():
    return keras.Sequential(
        [keras.Input(IMAGE_SHAPE), keras.layers.Flatten(), keras.layers.Dense(10)]
    )


# Without convolutions: their training step takes seconds to trace.
TINY = {
    "dcgan_generator": lambda: models.build_dense_generator(64, IMAGE_SHAPE, width=4),
    "dcgan_discriminator": namer,
    "conditional_generator": class_generator,
    "conditional_discriminator": namer,
    "scarce_generator": lambda: models.build_dense_generator(64, IMAGE_SHAPE, width=4),
    "scarce_discriminator": lambda: models.build_dense_discriminator(IMAGE_SHAPE, width=4),
}


@pytest.fixture
def script(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(SCRIPT.parent)
    specification = importlib.util.spec_from_file_location("train_pretrained", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.setenv("GAN_DATA", "sample")
    monkeypatch.setattr(weights, "PRETRAINED", TINY)
    for owner in (module, module.training_run):
        monkeypatch.setattr(owner, "load_cifar10", lambda split: load_cifar10(split, limit=320))
    monkeypatch.setattr(module, "VALIDATION", 20)
    monkeypatch.setattr(module, "FIRST_SNAPSHOT", 50)
    monkeypatch.setattr(module, "FIRST_STAGE", 50)
    folder = tmp_path / "weights"
    folder.mkdir()
    for name in ("cifar10_classifier.npz", "SHA256SUMS"):
        shutil.copy(weights.WEIGHTS / name, folder)
    for owner in (module, weights):
        monkeypatch.setattr(owner, "WEIGHTS", folder)
    return module


def run(script, monkeypatch, tmp_path, *arguments):
    command = ["train_pretrained.py", *arguments, "--runs", str(tmp_path / "runs")]
    monkeypatch.setattr(sys, "argv", command)
    script.main()


def test_a_stopped_run_goes_on_and_its_results_can_be_loaded(script, monkeypatch, tmp_path):
    distances = iter([3.0, 1.0, 2.0])
    monkeypatch.setattr(script.Validation, "measure", lambda recorder: next(distances))
    run(script, monkeypatch, tmp_path, "dcgan", "--sample", "--epochs", "1")
    first = script.read_log(tmp_path / "runs" / "dcgan")
    run(script, monkeypatch, tmp_path, "dcgan", "--sample", "--epochs", "3")
    rows = script.read_log(tmp_path / "runs" / "dcgan")
    assert rows[:1] == first
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3]
    assert [int(row["images_seen"]) for row in rows] == [320, 640, 960]

    run(script, monkeypatch, tmp_path, "dcgan", "--ship")
    generator = weights.load_pretrained("dcgan_generator")
    stages = weights.load_training_stages()
    assert len(stages) == 8
    assert next(iter(stages)) == 0
    assert 320 < max(stages) <= 640, "the second epoch was the best"
    log = weights.load_training_log("dcgan")
    assert log["distance"].tolist() == [3.0, 1.0, 2.0]
    best = models.build_dense_generator(64, IMAGE_SHAPE, width=4)
    weights.load_weights(best, tmp_path / "runs" / "dcgan" / "generator_epoch_0002.npz")
    assert all(map(np.array_equal, generator.get_weights(), best.get_weights()))


def test_the_conditional_run_works_too(script, monkeypatch, tmp_path):
    run(script, monkeypatch, tmp_path, "conditional", "--sample", "--epochs", "1")
    run(script, monkeypatch, tmp_path, "conditional", "--ship")
    assert weights.load_pretrained("conditional_generator").count_params() > 0


def test_the_run_on_the_sample_ships_stages_to_its_end(script, monkeypatch, tmp_path):
    run(script, monkeypatch, tmp_path, "scarce", "--epochs", "2")
    run(script, monkeypatch, tmp_path, "scarce", "--ship")
    stages = weights.load_training_stages("scarce")
    assert len(stages) == 8
    assert max(stages) > 2 * 320, "several passes an epoch"
    assert len(weights.load_training_log("scarce")["distance"]) == 2
    with pytest.raises(ValueError, match="No weights of 'scarce_generator' are shipped"):
        weights.load_pretrained("scarce_generator")
    with pytest.raises(ValueError, match="no training stages of 'dcgan', only of scarce"):
        weights.load_training_stages()


def test_a_run_under_a_strategy_writes_the_same_files(script, monkeypatch, tmp_path):
    run(
        script,
        monkeypatch,
        tmp_path,
        "dcgan",
        "--sample",
        "--epochs",
        "1",
        "--strategy",
        "mirrored",
    )
    folder = tmp_path / "runs" / "dcgan"
    assert [int(row["images_seen"]) for row in script.read_log(folder)] == [320]
    assert list((folder / "checkpoints").glob("*_epoch_0001*"))
    assert list(folder.glob("snapshot_*.npz"))


def test_several_machines_need_to_know_each_other(script, monkeypatch, tmp_path):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(SystemExit, match="TF_CONFIG is not set"):
        run(script, monkeypatch, tmp_path, "dcgan", "--sample", "--strategy", "multiworker")


def test_epochs_without_a_checkpoint_leave_the_log(script, tmp_path):
    for epoch in (1, 2, 3):
        script.append_to_log(tmp_path, {"epoch": epoch, "distance": 1.0})
    script.cut_log(tmp_path, 2)
    assert [row["epoch"] for row in script.read_log(tmp_path)] == ["1", "2"]


def test_the_sample_is_not_taken_for_the_complete_set(script, monkeypatch, tmp_path):
    with pytest.raises(SystemExit, match="complete CIFAR-10 is not on this machine"):
        run(script, monkeypatch, tmp_path, "dcgan")


def test_snapshots_are_evenly_spaced_in_the_logarithm(script):
    assert script.next_snapshot(0) == 50
    assert script.next_snapshot(50) == 63  # 62.5, rounded up
    assert script.next_snapshot(49_999) == pytest.approx(50 * 1.25**31, abs=1)


def test_the_learning_rates_fall_over_the_last_epochs(script):
    rates = []

    class Model:
        generator_optimizer = keras.optimizers.Adam()
        discriminator_optimizer = keras.optimizers.Adam()

    cool_down = script.CoolDown()
    cool_down.set_model(Model())
    cool_down.set_params({"epochs": 30})
    for epoch in (0, 20, 25, 29):
        cool_down.on_epoch_begin(epoch)
        rates.append(float(Model.generator_optimizer.learning_rate))
        assert float(Model.discriminator_optimizer.learning_rate) == rates[-1]
    expected = np.array([1, 1, 0.5, 0.1]) * script.LEARNING_RATE
    np.testing.assert_allclose(rates, expected, rtol=1e-6)

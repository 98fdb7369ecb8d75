"""The script that trains the studio, on a few images: a run that is cut is the run in one."""

import csv
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "train_studio.py"
TINY = ["--widths", "4", "4", "4", "--blocks", "0", "--batch", "4", "--seen-size", "32"]
TINY += ["--classes", "cat", "ship", "--pixels", "1"]


@pytest.fixture
def train(monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_DATA", "sample")
    monkeypatch.syspath_prepend(SCRIPT.parent)
    specification = importlib.util.spec_from_file_location("train_studio", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    module.GRID = 2

    def run(name, *arguments):
        given = [str(SCRIPT), str(tmp_path / name), *TINY, *arguments]
        monkeypatch.setattr(sys, "argv", given)
        module.main()
        with np.load(tmp_path / name / "state.npz") as stored:
            return dict(stored)

    run.module = module
    return run


def differences(one, other):
    return [
        name for name in one if name != "seconds" and not np.array_equal(one[name], other[name])
    ]


def test_a_run_leaves_weights_a_grid_and_a_log(train, tmp_path):
    state = train("run", "--steps", "2")
    assert state["steps"] == 2
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        *("state.npz", "generator.npz", "grid.png", "log.csv", "settings.json"),
        "stage_00000002.npz",
    }
    with (tmp_path / "run" / "log.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["steps"] for row in rows] == ["1", "2"]
    assert all(np.isfinite(float(value)) for row in rows for value in row.values())


@pytest.mark.long
def test_a_run_in_parts_is_the_run_in_one(train, tmp_path):
    whole = train("whole", "--steps", "5")
    train("parts", "--steps", "2")
    assert differences(whole, train("parts", "--steps", "5")) == []
    with pytest.raises(FileNotFoundError):
        train("nowhere", "--from", str(tmp_path / "none"))


@pytest.mark.long
def test_a_branch_cools_down_from_any_state_also_in_parts(train, tmp_path, monkeypatch):
    train("run", "--steps", "2")
    branch = ["--from", str(tmp_path / "run"), "--cool"]
    cooled = train("cooled", *branch, "3")
    assert cooled["steps"] == 5
    assert differences(cooled, train("run", "--steps", "5"))  # other rates
    assert differences(cooled, train("cooled", *branch, "3")) == []  # it is done


@pytest.mark.long
def test_a_branch_is_shipped_with_what_came_before(train, tmp_path, monkeypatch):
    train("run", "--steps", "4")
    train("branch", "--from", str(tmp_path / "run"), "--batch", "2", "--steps", "5")
    box = tmp_path / "box"
    box.mkdir()
    monkeypatch.setattr(train.module, "WEIGHTS", box)
    monkeypatch.setattr(train.module, "HERO", tmp_path / "hero.gif")
    monkeypatch.setattr(train.module, "STAGE_WIDTHS", [4, 4, 4])
    train("branch", "--batch", "2", "--ship")
    assert {path.name for path in box.iterdir()} == {
        *("studio_generator.npz", "studio_discriminator.npz", "studio_log.csv", "SHA256SUMS"),
        "studio_stage_000000016.npz",
    }
    with (box / "studio_log.csv").open(encoding="utf-8") as file:
        seen = [int(row["images_seen"]) for row in csv.DictReader(file)]
    assert seen == [4, 16, 18]
    with Image.open(tmp_path / "hero.gif") as film, Image.open(tmp_path / "hero.png") as still:
        assert film.n_frames == 3 and still.size[0] > 2 * 2 * 32  # two classes, doubled in size


@pytest.mark.long
def test_a_wider_branch_begins_with_the_same_images(train, tmp_path):
    train("run", "--steps", "2")
    given = [str(tmp_path / "run"), *TINY, "--widths", "6", "5", "7"]
    wide = train.module.Studio(train.module.parse_arguments(given))
    fresh, _ = wide.sample(8, seed=0)
    wide.load(tmp_path / "run" / "state.npz")
    narrow = train.module.Studio(train.module.parse_arguments([*given[:1], *TINY]))
    narrow.load(tmp_path / "run" / "state.npz")
    expected, _ = narrow.sample(8, seed=0)
    images, _ = wide.sample(8, seed=0)
    np.testing.assert_allclose(images.astype(int), expected.astype(int), atol=1)
    assert abs(fresh.astype(int) - expected).max() > 1

"""The script that trains the studio, on a few images: a run that is cut is the run in one."""

import csv
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "train_studio.py"
TINY = ["--widths", "4", "4", "4", "--blocks", "0", "--batch", "4", "--seen-size", "32"]
TINY += ["--classes", "cat", "ship", "--pixels", "1"]


@pytest.fixture
def train(monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_DATA", "sample")
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

    return run


def differences(one, other):
    return [
        name for name in one if name != "seconds" and not np.array_equal(one[name], other[name])
    ]


def test_a_run_leaves_weights_a_grid_and_a_log(train, tmp_path):
    state = train("run", "--steps", "2")
    assert state["steps"] == 2
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        *("state.npz", "generator.npz", "grid.png", "log.csv", "settings.json")
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

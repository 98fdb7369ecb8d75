"""The runs of lesson 2 tell the story that the lesson tells of them.

A game of two networks takes another course on another processor, so the limits are wide: each was
chosen from six seeds, not from the one that is played.
"""

from gan_helpers.playground import PRESETS, Playground

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("games_end")


def modes(values):
    return values["covered"]


# For each run what must hold of the record of its measurements and of its last points.
STORIES = {
    "learns the ring": lambda record, points: (
        modes(record[-1]) >= 6 and record[-1]["good"] > 0.7 and record[-1]["JS"] < 0.35
    ),
    "critic without scores": lambda record, points: (
        modes(record[-1]) >= 6 and max(abs(v["real_score"] - v["fake_score"]) for v in record) < 0.2
    ),
    "one latent number": lambda record, points: (
        max(modes(v) for v in record) >= 5 and record[-1]["good"] < 0.95
    ),
    "two islands": lambda record, points: (
        # Nearly all on land, on both islands, never all.
        record[-1]["good"] > 0.8
        and 0.2 < (points[:, 0] > 0).mean() < 0.8
        and max(v["good"] for v in record) < 1
    ),
    "grid of 25": lambda record, points: (
        modes(record[-1]) >= 14 and record[-1]["JS"] < 0.5 and record[-1]["good"] < 0.9
    ),
    "too small": lambda record, points: record[-1]["good"] < 0.4 and record[-1]["JS"] > 0.5,
    "G far too fast": lambda record, points: (
        np.median([modes(v) for v in record]) <= 3 and np.median([v["JS"] for v in record]) > 0.5
    ),
    "D far too strong": lambda record, points: (
        modes(record[-1]) <= 5 and record[-1]["real_score"] - record[-1]["fake_score"] > 0.25
    ),
    "finds it and loses it": lambda record, points: (
        record[-1]["JS"] > min(v["JS"] for v in record) + 0.08
        and np.std([v["fake_score"] for v in record[len(record) // 2 :]]) > 0.08
    ),
    "both far too fast": lambda record, points: (
        record[-1]["JS"] > 0.6 and points.std(axis=0).max() < 0.5  # that of the data is 0.7
    ),
}


def test_every_run_has_a_story():
    assert len(PRESETS) == 10
    assert set(STORIES) == set(PRESETS)


ALWAYS = "both far too fast"  # the shortest run of the usual size; the others are long


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name == ALWAYS else pytest.mark.long) for name in PRESETS],
)
def test_a_run_ends_as_the_lesson_says(name):
    lab = Playground(preset=name).advance(PRESETS[name].steps)
    record = [moment.values for moment in lab.moments]
    assert STORIES[name](record, lab.moments[-1].fake.astype(float)), record[-1]

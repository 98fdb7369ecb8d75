"""Games over points that fail on demand, the number that shows it, and what was tried as a cure.

How many of five seeds a remedy cured was counted by ``make bench ARGUMENTS="clinic"``, which prints
the whole table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gan_helpers.playground import PointDistribution, Settings, from_points

import numpy as np

__all__ = ["FAILURES", "Failure", "Record", "Remedy"]

Record = list[dict[str, float]]


@dataclass(frozen=True, eq=False)
class Remedy:
    """Something to try.

    Attributes:
        changes: settings that differ from those of the failure.
        source: the paper that proposes it.
        cured: of the five seeds from 0 to 4, those with which the number became healthy.
    """

    changes: Mapping[str, Any]
    source: str
    cured: int


@dataclass(frozen=True, eq=False)
class Failure:
    """A game that fails, and how one sees it.

    Attributes:
        settings: of the game; the seed is the one that the lesson plays.
        steps: updates of the generator.
        number: from the record of measurements, what tells healthy from sick.
        unit: what the number counts, for people.
        sick: at most this when the failure is there.
        healthy: at least this when it is cured.
        remedies: what was tried, by name.
        head_start: updates of the discriminator before the game begins.
        distribution: what is learned, if not the data of the settings.
    """

    settings: Settings
    steps: int
    number: Callable[[Record], float]
    unit: str
    sick: float
    healthy: float
    remedies: Mapping[str, Remedy] = field(default_factory=dict)
    head_start: int = 0
    distribution: PointDistribution | None = None


def _late(record: Record, name: str) -> np.ndarray:
    return np.array([values[name] for values in record[len(record) // 2 :]])


def _modes(record: Record) -> float:
    return float(np.median(_late(record, "covered")))


def _first_gradient(record: Record) -> float:
    return record[1]["gradient_norm"]  # record[0] is from before the head start


def _closeness(record: Record) -> float:
    # Of the worst moment: a game that comes and goes is not healthy.
    return float(np.log(2) - _late(record, "JS").max())


PACKING = "Lin et al. 2018, PacGAN"
UNROLLING = "Metz et al. 2017, Unrolled GANs"
STATISTICS = "Salimans et al. 2016; Karras et al. 2018"
GRADIENT_PENALTY = "Gulrajani et al. 2017"
R1 = "Mescheder et al. 2018"
NOISE = "Sønderby et al. 2017; Arjovsky & Bottou 2017"
DROPOUT = "Srivastava et al. 2014"
TWO_RATES = "Heusel et al. 2017"
WEIGHT_PENALTY = "Krogh & Hertz 1992"
AVERAGE = "Yazici et al. 2019"
FAILURES = {
    "vanishing gradients": Failure(
        Settings(loss="minimax", optimizer="SGD", generator_rate=0.003, discriminator_rate=0.03),
        200,
        _first_gradient,
        "norm of G's gradient after D's head start",
        0.5,
        3,
        {
            "non-saturating loss": Remedy({"loss": "non-saturating"}, "Goodfellow et al. 2014", 5),
            "Wasserstein, gradient penalty": Remedy(
                {"loss": "Wasserstein", "gradient_penalty": 1.0}, GRADIENT_PENALTY, 5
            ),
            "least squares": Remedy({"loss": "least squares"}, "Mao et al. 2017", 0),
            "instance noise": Remedy({"noise": 0.5}, NOISE, 0),
        },
        head_start=1000,
        distribution=from_points(np.array([[1.1, 1.1]]), spread=0.08),
    ),
    "running crowd": Failure(
        Settings(generator_rate=0.01, discriminator_rate=0.0005),
        1000,
        _modes,
        "modes covered, of 8",
        4,
        5,
        {
            "unrolled, 1 step": Remedy({"unrolled": 1}, UNROLLING, 5),
            "unrolled, 5 steps": Remedy({"unrolled": 5}, UNROLLING, 5),
            "unrolled, 10 steps": Remedy({"unrolled": 10}, UNROLLING, 5),
            "packs of 2": Remedy({"packed": 2}, PACKING, 3),
            "minibatch statistics": Remedy({"minibatch_statistics": True}, STATISTICS, 1),
            "R1": Remedy({"r1_penalty": 0.1}, R1, 0),
            "Wasserstein, gradient penalty": Remedy(
                {"loss": "Wasserstein", "gradient_penalty": 1.0}, GRADIENT_PENALTY, 0
            ),
            "equal rates": Remedy({"discriminator_rate": 0.01}, TWO_RATES, 5),
        },
    ),
    "stuck on three modes": Failure(
        Settings(generator_rate=0.001, discriminator_rate=0.01, discriminator_steps=10, seed=1),
        800,
        _modes,
        "modes covered, of 8",
        4,
        6,
        {
            "one D step": Remedy({"discriminator_steps": 1}, "Goodfellow et al. 2014", 4),
            "R1": Remedy({"r1_penalty": 0.1}, R1, 5),
            "gradient penalty": Remedy({"gradient_penalty": 0.1}, GRADIENT_PENALTY, 5),
            "Wasserstein, gradient penalty": Remedy(
                {"loss": "Wasserstein", "gradient_penalty": 1.0}, GRADIENT_PENALTY, 5
            ),
            "fading instance noise": Remedy({"noise": 0.3, "noise_steps": 800}, NOISE, 5),
            "smoothed labels": Remedy({"loss": "smoothed labels"}, "Salimans et al. 2016", 1),
            "dropout": Remedy({"dropout": 0.3}, DROPOUT, 0),
            "weight penalty": Remedy({"weight_penalty": 0.001}, WEIGHT_PENALTY, 0),
            "packs of 2": Remedy({"packed": 2}, PACKING, 1),
            "minibatch statistics": Remedy({"minibatch_statistics": True}, STATISTICS, 2),
            "unrolled, 5 steps": Remedy({"unrolled": 5}, UNROLLING, 0),
            "smaller D": Remedy({"discriminator_width": 8}, "Arora et al. 2017", 2),
        },
    ),
    "no convergence": Failure(
        Settings(optimizer="SGD", generator_rate=0.1, discriminator_rate=0.1),
        2000,
        _closeness,
        "log 2 minus the largest JS divergence of the second half",
        0.03,
        0.12,
        {
            "R1": Remedy({"r1_penalty": 0.1}, R1, 5),
            "instance noise": Remedy({"noise": 0.2}, NOISE, 5),
            "weight penalty": Remedy({"weight_penalty": 0.01}, WEIGHT_PENALTY, 5),
            "averaged generator": Remedy({"average": 0.99}, AVERAGE, 0),
            "slower G": Remedy({"generator_rate": 0.02}, TWO_RATES, 2),
            "slower D": Remedy({"discriminator_rate": 0.02}, TWO_RATES, 1),
        },
    ),
    "D too weak": Failure(
        Settings(discriminator_width=4, seed=1),
        1500,
        _modes,
        "modes covered, of 8",
        4,
        6,
        {
            "a larger D": Remedy({"discriminator_width": None}, "Arora et al. 2017", 5),
            "five D steps": Remedy({"discriminator_steps": 5}, "Goodfellow et al. 2014", 1),
        },
    ),
}

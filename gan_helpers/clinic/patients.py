"""Games over points that fail on demand, and the number that tells sick from healthy."""

from collections.abc import Callable
from dataclasses import dataclass

from gan_helpers.clinic.game import Look
from gan_helpers.playground import PointDistribution, Settings, from_points

import numpy as np

__all__ = ["MYSTERIES", "PATIENTS", "Ruler", "SickGame"]


@dataclass(frozen=True, eq=False)
class Ruler:
    """The number of one kind of failure, with one threshold for every patient and every remedy.

    Attributes:
        unit: what the number counts, for people.
        of: from the moments of a game to the number.
        at: from one moment to what stands under its picture.
        threshold: where health begins.
        more: whether more is healthier.
        written: how the number of one moment is written, a format string.
        number: how the number of a whole game is written.
        ends: of the axis on which the number is drawn.
    """

    unit: str
    of: Callable[[list[Look]], float]
    at: Callable[[Look], float]
    threshold: float
    more: bool
    written: str
    number: str
    ends: tuple[float, float]

    def is_healthy(self, number: float) -> bool:
        return number >= self.threshold if self.more else number <= self.threshold

    @property
    def told(self) -> str:
        """The threshold in words."""
        return f"healthy {'from' if self.more else 'up to'} {self.threshold:g}"


@dataclass(frozen=True, eq=False)
class SickGame:
    """A game that fails.

    Attributes:
        disease: name of its failure.
        settings: of the game; the seed is the one that the mystery patient plays.
        steps: updates of the generator.
        ruler: measures this failure.
        head_start: updates of the discriminator before the game begins.
        distribution: what is learned, if not the data of the settings.
        remedies: names of what was tried, in ``REMEDIES``.
    """

    disease: str
    settings: Settings
    steps: int
    ruler: Ruler
    remedies: tuple[str, ...]
    head_start: int = 0
    distribution: PointDistribution | None = None


def _late(looks: list[Look], name: str) -> np.ndarray:
    return np.array([look.values[name] for look in looks[len(looks) // 2 :]])


# The same threshold in every table and figure.
DISTANCE = Ruler(
    "mean distance of G's points to the cloud, at the end",
    lambda looks: looks[-1].values["distance"],
    lambda look: look.values["distance"],
    0.3,
    False,
    "distance {:.2f}",
    "{:.2f}",
    (0.0, 2.7),
)
MODES = Ruler(
    "modes covered, of 8: median over the second half of the game",
    lambda looks: float(np.median(_late(looks, "covered"))),
    lambda look: look.values["covered"],
    6,
    True,
    "{:.0f} of 8 modes",
    "{:.1f}",
    (0.0, 8.0),
)
WORST = Ruler(
    "JS divergence from the data: the worst of the second half of the game",
    lambda looks: float(_late(looks, "JS").max()),
    lambda look: look.values["JS"],
    0.5,
    False,
    "JS {:.2f}",
    "{:.3f}",
    (0.0, 0.7),
)
PATIENTS = {
    patient.disease: patient
    for patient in (
        SickGame(
            "vanishing gradients",
            Settings(
                loss="minimax",
                optimizer="SGD",
                generator_rate=0.003,
                discriminator_rate=0.05,
                discriminator_steps=5,
                seed=1,
            ),
            500,
            DISTANCE,
            (
                "as it is",
                "non-saturating loss",
                "Wasserstein, gradient penalty, 1",
                "least squares",
                "instance noise, 0.5",
                "R1, 0.1",
                "R3GAN, 0.1",
            ),
            head_start=3000,
            distribution=from_points(np.array([[1.1, 1.1]]), spread=0.08),
        ),
        SickGame(
            "running crowd",
            Settings(generator_rate=0.01, discriminator_rate=0.0005),
            1000,
            MODES,
            (
                "as it is",
                "unrolling, 1 step",
                "unrolling, 5 steps",
                "minibatch statistics",
                "equal rates",
                "R1, 0.1",
                "instance noise, 0.2",
                "Wasserstein, gradient penalty, 1",
                "spectral normalization",
                "R3GAN, 0.1",
            ),
        ),
        SickGame(
            "stuck",
            Settings(generator_rate=0.001, discriminator_rate=0.01, discriminator_steps=10, seed=1),
            800,
            MODES,
            (
                "as it is",
                "R1, 0.1",
                "gradient penalty, 0.1",
                "Wasserstein, gradient penalty, 1",
                "fading instance noise, 0.3",
                "spectral normalization",
                "R3GAN, 0.1",
                "one D step",
                "one-sided labels, 0.9",
                "weight penalty, 0.001",
                "unrolling, 5 steps",
            ),
        ),
        SickGame(
            "no convergence",
            Settings(optimizer="SGD", generator_rate=0.1, discriminator_rate=0.1, seed=2),
            2000,
            WORST,
            (
                "as it is",
                "R1, 0.1",
                "instance noise, 0.2",
                "weight penalty, 0.01",
                "spectral normalization",
                "R3GAN, 0.1",
                "slower G",
                "slower D",
            ),
        ),
        SickGame(
            "D too weak",
            Settings(discriminator_width=4, seed=1),
            1500,
            MODES,
            ("as it is", "a larger D", "five D steps", "R1, 0.1"),
        ),
    )
}
# The letters under which they come to the clinic.
MYSTERIES = {
    "A": "running crowd",
    "B": "vanishing gradients",
    "C": "stuck",
    "D": "no convergence",
}

"""Try a remedy on a patient with several seeds, and judge it by the patient's own number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gan_helpers.checks import check_function, check_whole, describe, find_named
from gan_helpers.clinic.game import Look, PlaneGame
from gan_helpers.clinic.patients import PATIENTS, SickGame
from gan_helpers.clinic.remedy import Remedy, update_discriminator, update_generator

import numpy as np

__all__ = ["Trial", "check_remedy", "check_updates", "try_on"]

LOOKS = 20  # moments that are recorded of a game, beside the first
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Trial:
    """A remedy tried on one patient. Printed, it is one line: the numbers and the verdict.

    Attributes:
        patient: who was treated.
        remedy: name of what was tried.
        seeds: with which the game was played.
        numbers: the patient's number for each of them.
        looks: for each of them what was seen: the untrained generator, after a head start if there
            is one, then 20 moments.
        real: real points of the first game ``(256, 2)``, for pictures.
    """

    patient: SickGame
    remedy: str
    seeds: tuple[int, ...]
    numbers: tuple[float, ...]
    looks: tuple[list[Look], ...]
    real: np.ndarray

    @property
    def healthy(self) -> tuple[bool, ...]:
        """For each seed whether its number is on the healthy side of the threshold."""
        return tuple(self.patient.ruler.is_healthy(number) for number in self.numbers)

    @property
    def verdict(self) -> str:
        """In words: how many seeds were cured."""
        cured, played = sum(self.healthy), len(self.seeds)
        word = "cured" if cured == played else "not cured" if cured == 0 else "sometimes cured"
        return f"{word}, {cured} of {played} seeds"

    def __str__(self) -> str:
        numbers = " ".join(
            self.patient.ruler.number.format(number).rjust(5) for number in self.numbers
        )
        return f"{self.remedy:34} {numbers}   {self.verdict}"


def try_on(
    disease: str,
    remedy: Remedy | None = None,
    seeds: Sequence[int] = (0, 1, 2),
    *,
    updates: tuple[Callable, Callable] = (update_discriminator, update_generator),
    steps: int | None = None,
) -> Trial:
    """Play a patient's game with a remedy, once per seed, by the two updates that are given.

    Args:
        disease: name in ``PATIENTS``.
        remedy: what to try; None for the game as it is.
        seeds: whole numbers; each is another game.
        updates: an update of D and one of G, functions of ``(game, remedy)``, such as the notebook
            writes. ``game`` has ``generator``, ``discriminator``, ``generator_optimizer``,
            ``discriminator_optimizer``, ``draw_real()``, ``draw_latents()`` and ``share``. They
            are compiled by TensorFlow, so a ``print`` in them prints once.
        steps: updates of the generator; None for as many as the patient's game has.

    Raises:
        TypeError: if the remedy is none, or an update is no function.
        ValueError: if the name is unknown, there is no seed, or a number is out of range.
    """
    patient = find_named(PATIENTS, disease, "disease")
    remedy, updates = check_remedy(remedy), check_updates(updates)
    seeds = _check_seeds(seeds)
    head_start, steps = _turns(patient, steps)
    game = PlaneGame(patient.settings, remedy, updates, patient.distribution, steps)
    looks, real = [], []
    for seed in seeds:
        game.begin(seed)
        real.append(game.shown_real)
        looks.append(_play(game, head_start, steps))
    numbers = tuple(patient.ruler.of(each) for each in looks)
    return Trial(patient, remedy.name, seeds, numbers, tuple(looks), real[0])


def check_remedy(remedy: Remedy | None) -> Remedy:
    """The remedy; one that changes nothing for None."""
    remedy = Remedy("as it is") if remedy is None else remedy
    if not isinstance(remedy, Remedy):
        raise TypeError(f"remedy is {describe(remedy)}; give a clinic.Remedy.")
    return remedy


def check_updates(updates: Any) -> tuple[Callable, Callable]:
    """The two updates, if they are functions."""
    if not isinstance(updates, tuple | list) or len(updates) != 2:
        raise TypeError(f"updates is {describe(updates)}; give two functions, D's and G's.")
    for name, update in zip(("D's update", "G's update"), updates, strict=True):
        check_function(name, update, "of (game, remedy)")
    return updates[0], updates[1]


def _check_seeds(seeds: Any) -> tuple[int, ...]:
    if not isinstance(seeds, tuple | list | range) or not seeds:
        raise ValueError(f"seeds is {describe(seeds)}; give some whole numbers, such as (0, 1, 2).")
    return tuple(check_whole("Each seed", seed, 0, LARGEST_SEED) for seed in seeds)


def _turns(patient: SickGame, steps: int | None) -> tuple[int, int]:
    """Updates of D before the game, and those of G in it."""
    if steps is None:
        return patient.head_start, patient.steps
    return min(check_whole("steps", steps), patient.head_start), steps


def _play(game: PlaneGame, head_start: int, steps: int) -> list[Look]:
    looks, every = [game.look()], max(1, steps // LOOKS)
    if head_start:
        game.train_discriminator(head_start)
        looks.append(game.look())
    for start in range(0, steps, every):
        game.train(min(every, steps - start))
        looks.append(game.look())
    return looks

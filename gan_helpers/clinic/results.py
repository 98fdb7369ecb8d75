"""What ``make bench ARGUMENTS="clinic"`` found: every remedy on every patient, with five seeds."""

import json
from collections.abc import Sequence
from importlib import resources

from gan_helpers.checks import check_whole, find_named
from gan_helpers.clinic.patients import PATIENTS
from gan_helpers.clinic.remedy import REMEDIES
from gan_helpers.clinic.trial import try_on

__all__ = ["RESULTS", "measure_all", "real_case", "stored_numbers"]

RESULTS = resources.files("gan_helpers.clinic") / "results.json"
REAL_CASE = resources.files("gan_helpers.clinic") / "real_case.json"


def stored_numbers(disease: str) -> dict[str, tuple[float, ...]]:
    """The numbers of a patient from the stored table: remedy -> one per seed, 0 to 4.

    Raises:
        ValueError: if the disease is none of ``PATIENTS``.
    """
    find_named(PATIENTS, disease, "disease")
    table = json.loads(RESULTS.read_text(encoding="utf-8"))[disease]
    return {remedy: tuple(numbers) for remedy, numbers in table.items()}


def measure_all(disease: str, seeds: int = 5) -> dict[str, list[float]]:
    """Play a patient with each of its remedies anew, for the table that is stored.

    Args:
        disease: name in ``PATIENTS``.
        seeds: so many, from 0 on.
    """
    patient = find_named(PATIENTS, disease, "disease")
    check_whole("seeds", seeds)
    found = {}
    for remedy in patient.remedies:
        trial = try_on(disease, REMEDIES[remedy], range(seeds))
        print(trial, flush=True)
        found[remedy] = [round(number, 6) for number in trial.numbers]
    return found


def real_case() -> dict[str, Sequence[float]]:
    """A run on CIFAR-10 whose discriminator went blind; six moments of its log.

    Returns:
        seconds, distance (Fréchet distance by a CIFAR-10 classifier, 10,000 images),
        discriminator_loss (hinge), generator_loss, real_logit and fake_logit (means of a batch).
    """
    return json.loads(REAL_CASE.read_text(encoding="utf-8"))

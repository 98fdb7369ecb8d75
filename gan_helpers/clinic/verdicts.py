"""Play a patient's game, with a remedy or without, and say whether its number is healthy.

Names that are unknown, and numbers out of range, raise a ``ValueError``.
"""

from dataclasses import replace

from gan_helpers.checks import check_whole, describe, find_named
from gan_helpers.clinic.patients import FAILURES
from gan_helpers.playground import Playground

__all__ = ["compare", "measure", "treat"]

LOOKS = 20  # moments that are recorded of a game


def treat(
    failure: str,
    remedy: str | None = None,
    seed: int | None = None,
    steps: int | None = None,
) -> Playground:
    """Play a failing game to its end, as it is or with a remedy.

    Args:
        failure: name in ``FAILURES``.
        remedy: name among its remedies; None for none.
        seed: instead of the failure's own.
        steps: updates of the generator, instead of the failure's own.

    Returns:
        The playground with its record.
    """
    case = find_named(FAILURES, failure, "failure")
    changes = {}
    if remedy is not None:
        changes |= find_named(case.remedies, remedy, "remedy").changes
    if steps is not None:
        check_whole("steps", steps)
    if seed is not None:
        changes["seed"] = seed
    lab = Playground.from_settings(replace(case.settings, **changes), case.distribution)
    lab.run = f"{failure}: {remedy or 'as it is'}"
    if case.head_start:
        lab.step_discriminator(case.head_start if steps is None else min(steps, case.head_start))
    steps = case.steps if steps is None else steps
    lab.advance(steps, every=max(1, steps // LOOKS))
    lab.rest()  # what is compiled for it serves the next game; it goes on when it is touched
    return lab


def measure(failure: str, lab: Playground) -> float:
    """The number of this failure for a game that was played."""
    case = find_named(FAILURES, failure, "failure")
    if not isinstance(lab, Playground):
        raise TypeError(f"lab is {describe(lab)}; give a playground, such as treat returns.")
    if len(lab.moments) < 2:
        raise ValueError("Nothing was played yet. Call advance(steps) on the playground first.")
    return case.number([moment.values for moment in lab.moments])


def compare(failure: str, steps: int | None = None, at_most: int | None = None) -> None:
    """Play a failure with each of its remedies, and print its number.

    Args:
        failure: name in ``FAILURES``.
        steps: as for ``treat``.
        at_most: only so many of the remedies.
    """
    case = find_named(FAILURES, failure, "failure")
    if at_most is not None:
        check_whole("at_most", at_most, 0)
    print(f"{case.unit}: sick up to {case.sick}, healthy from {case.healthy}")
    for remedy in (None, *list(case.remedies)[:at_most]):
        lab = treat(failure, remedy, steps=steps)
        number = measure(failure, lab)
        lab.close()  # else the kernel would hold each of them to its end
        verdict = (
            "healthy" if number >= case.healthy else "sick" if number <= case.sick else "so-so"
        )
        known = case.remedies[remedy] if remedy else None
        seeds = f"cured {known.cured} of 5 seeds   {known.source}" if known else ""
        print(f"{remedy or 'as it is':30} {number:6.2f}  {verdict:8} {seeds}".rstrip())

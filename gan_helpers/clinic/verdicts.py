"""Play a patient's game, with a remedy or without, and say whether its number is healthy.

Names that are unknown, and numbers out of range, raise a ``ValueError``.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gan_helpers.checks import check_whole, describe, find_named
from gan_helpers.clinic.patients import FAILURES, Failure, Record
from gan_helpers.playground import Playground, PointGAN

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
    changes: dict[str, Any] = {}
    if remedy is not None:
        changes |= find_named(case.remedies, remedy, "remedy").changes
    if seed is not None:
        changes["seed"] = seed
    head_start, steps, every = _turns(case, steps)
    lab = Playground.from_settings(replace(case.settings, **changes), case.distribution)
    lab.run = f"{failure}: {remedy or 'as it is'}"
    if head_start:
        lab.step_discriminator(head_start)
    return lab.advance(steps, every)


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
        known = case.remedies[remedy] if remedy else None
        number = case.number(_record(case, known.changes if known else {}, steps))
        verdict = (
            "healthy" if number >= case.healthy else "sick" if number <= case.sick else "so-so"
        )
        seeds = f"cured {known.cured} of 5 seeds   {known.source}" if known else ""
        print(f"{remedy or 'as it is':30} {number:6.2f}  {verdict:8} {seeds}".rstrip())


def _turns(case: Failure, steps: int | None) -> tuple[int, int, int]:
    """Updates of D before the game, those of G in it, and between two looks."""
    if steps is None:
        head_start, steps = case.head_start, case.steps
    else:
        head_start = min(check_whole("steps", steps), case.head_start)
    return head_start, steps, max(1, steps // LOOKS)


def _record(case: Failure, changes: Mapping[str, Any], steps: int | None) -> Record:
    """What ``treat`` would measure of this game; a picture, half a second each, is not drawn."""
    head_start, steps, every = _turns(case, steps)
    game = PointGAN(replace(case.settings, **changes), distribution=case.distribution)
    record = [game.look().values]
    if head_start:
        for _ in range(head_start):
            game.update_discriminator()
        record.append(game.look().values)
    for start in range(0, steps, every):
        game.train(min(every, steps - start))
        record.append(game.look().values)
    game.rest()
    return record

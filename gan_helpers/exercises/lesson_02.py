"""Exercises of lesson 2: curing a collapse, losses of your own."""

from collections.abc import Callable
from dataclasses import fields, replace

from gan_helpers.exercises.core import Exercise, NotYet, compare_number, one_number
from gan_helpers.losses import least_squares_discriminator_loss, least_squares_generator_loss

import numpy as np

# The game is imported inside the one check that plays it: the lesson's first picture comes sooner.

__all__ = ["q1", "q2"]


# Updates of both networks that the check plays, a few seconds of them; the sick run has 11,000.
# No limit of time: on a slow machine a right answer would be called wrong.
MOST_UPDATES = 4_000
LEAST_COVERED = 6  # of 8; the sick run covers three or four with every seed that was tried
# The ends of the playground's own sliders: beyond them the check would take minutes.
LARGEST = {
    "discriminator_steps": 10,
    "width": 128,
    "discriminator_width": 128,
    "hidden_layers": 4,
    "unrolled": 10,
}


def _check_cure(cure: dict) -> str:
    from gan_helpers.playground import LOSSES, PRESETS, PointGAN, Settings

    sick = PRESETS["D far too strong"]
    if not isinstance(cure, dict) or not cure:
        raise NotYet('write a dict with at least one setting, such as {"width": 64}.')
    known = {field.name for field in fields(Settings)}
    if unknown := set(cure) - known:
        raise NotYet(
            f"there is no setting {unknown.pop()!r}; there are {', '.join(sorted(known))}."
        )
    if forbidden := {"data", "seed"} & set(cure):
        raise NotYet(f"{forbidden.pop()} must stay: cure this run, do not choose another.")
    for name, largest in LARGEST.items():
        if (cure.get(name) or 0) > largest:
            raise NotYet(
                f"{cure[name]} for {name!r} would take too long here; {largest} is the most that "
                "the check plays."
            )
    game = PointGAN(replace(sick.settings, **cure))
    # The same game in two thirds of the time: compiled for its own loss, not for all of them.
    game.play_for(LOSSES[game.settings.loss])
    settings = game.settings
    # Looking ahead costs a step of D and the way back through it.
    updates_a_step = 1 + settings.discriminator_steps + 2 * settings.unrolled
    game.train(min(sick.steps, MOST_UPDATES // updates_a_step))
    covered = game.look().values["covered"]
    if covered < LEAST_COVERED:
        shortened = "" if game.step == sick.steps else ", all that the check has time for,"
        raise NotYet(
            f"after {game.step} steps{shortened} {covered} of 8 modes are covered; "
            f"{LEAST_COVERED} are enough. Who is too fast for whom?"
        )
    return f"{covered} of 8 modes after {game.step} steps."


q1 = Exercise(
    lesson=2,
    number=1,
    names=("cure",),
    check_answer=_check_cure,
    hints=(
        "D draws valleys of low scores around the modes that G has found before G has reached the "
        "others. Give G more of the time.",
        "D has ten updates for one of G, and a learning rate ten times that of G.",
        'One setting is enough: give "discriminator_steps" its usual value.',
    ),
    code="""
    cure = {"discriminator_steps": 1}
    """,
    why=(
        "With one update a turn D draws its valleys late: by then points have reached every mode. "
        "A slower D cures it too, and so does a G that is as fast as D."
    ),
)


def _check_least_squares(discriminator_loss: Callable, generator_loss: Callable) -> str:
    # Different numbers of rows: real and fake each have a mean of their own.
    real = np.array([[2.0], [-1.0], [0.5], [3.0]], np.float32)
    fake = np.array([[0.3], [-2.0], [1.5]], np.float32)
    found = one_number(generator_loss(fake), "my_generator_loss")
    correct = float(least_squares_generator_loss(fake))
    scores = 1 / (1 + np.exp(-fake))
    slips = [
        (2 * correct, "my_generator_loss is twice as large: the formula begins with ½."),
        (
            0.5 * np.square(fake).mean(),
            "my_generator_loss pulls the fakes' logits to 0, which is D's wish. G wants 1.",
        ),
        (
            0.5 * np.square(scores - 1).mean(),
            "my_generator_loss took a sigmoid. Here the logits themselves should reach 1.",
        ),
        (
            0.5 * np.abs(fake - 1).mean(),
            "my_generator_loss takes the distance, not its square.",
        ),
    ]
    _compare("my_generator_loss", found, correct, slips)
    found = one_number(discriminator_loss(real, fake), "my_discriminator_loss")
    correct = float(least_squares_discriminator_loss(real, fake))
    real_part, fake_part = 0.5 * np.square(real - 1).mean(), 0.5 * np.square(fake).mean()
    slips = [
        (2 * correct, "my_discriminator_loss is twice as large: both terms begin with ½."),
        (real_part, "my_discriminator_loss leaves out the fakes: their logits should reach 0."),
        (fake_part, "my_discriminator_loss leaves out the real points: their logits should be 1."),
        (
            0.5 * np.square(real).mean() + 0.5 * np.square(fake - 1).mean(),
            "real and fake are swapped in my_discriminator_loss: real = 1, fake = 0.",
        ),
        (real_part - fake_part, "the second term is subtracted; D wants both squares small."),
    ]
    _compare("my_discriminator_loss", found, correct, slips)
    return "D pulls real logits to 1 and fake ones to 0; G pulls the fake ones to 1."


def _compare(name: str, found: float, correct: float, slips: list[tuple[float, str]]) -> None:
    otherwise = f"{name} gives {found:.4f} where {correct:.4f} is right. Compare term by term."
    compare_number(found, correct, slips, otherwise)


q2 = Exercise(
    lesson=2,
    number=2,
    names=("my_discriminator_loss", "my_generator_loss"),
    check_answer=_check_least_squares,
    hints=(
        "Each term is half the mean of a square: of the logits minus their target.",
        "D's targets are 1 for real and 0 for fake. G's target for the fakes is 1.",
        "The generator's is 0.5 * ops.mean(ops.square(fake_logits - 1)).",
    ),
    code="""
    def my_discriminator_loss(real_logits, fake_logits):
        real_part = ops.mean(ops.square(real_logits - 1))
        return 0.5 * real_part + 0.5 * ops.mean(ops.square(fake_logits))


    def my_generator_loss(fake_logits):
        return 0.5 * ops.mean(ops.square(fake_logits - 1))
    """,
    why=(
        "These are the losses of the least squares GAN (Mao et al. 2017). A logit far beyond its "
        "target costs as much as one far short of it, so D never becomes boundlessly sure, and "
        "fakes that D already believes are still pulled toward the real ones."
    ),
)

"""GANs that fail on demand, in the plane and on digits, and what cures them."""

from gan_helpers.clinic.digits import count_digits, train_digits, train_namer
from gan_helpers.clinic.drawing import plot_charts, plot_dots, plot_strip
from gan_helpers.clinic.game import Look
from gan_helpers.clinic.patients import MYSTERIES, PATIENTS, Ruler, SickGame
from gan_helpers.clinic.remedy import (
    REMEDIES,
    Remedy,
    update_discriminator,
    update_generator,
)
from gan_helpers.clinic.results import RESULTS, measure_all, real_case, stored_numbers
from gan_helpers.clinic.trial import Trial, try_on

__all__ = [
    "MYSTERIES",
    "PATIENTS",
    "REMEDIES",
    "RESULTS",
    "Look",
    "Remedy",
    "Ruler",
    "SickGame",
    "Trial",
    "count_digits",
    "measure_all",
    "plot_charts",
    "plot_dots",
    "plot_strip",
    "real_case",
    "stored_numbers",
    "train_digits",
    "train_namer",
    "try_on",
    "update_discriminator",
    "update_generator",
]

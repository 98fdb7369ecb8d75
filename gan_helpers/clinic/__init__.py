"""GANs that fail on demand, in the plane and on digits, and what cures them.

Also what ``doctor`` looks for: the signs of failure in networks and in curves.
"""

from gan_helpers.clinic.curve_signs import CURVE_SIGNS, Curves
from gan_helpers.clinic.digits import count_digits, train_digits, train_namer
from gan_helpers.clinic.drawing import plot_charts, plot_dots, plot_strip
from gan_helpers.clinic.findings import Finding, Report, diagnose
from gan_helpers.clinic.game import Look
from gan_helpers.clinic.measures import Patient
from gan_helpers.clinic.network_signs import NETWORK_SIGNS
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
    "CURVE_SIGNS",
    "MYSTERIES",
    "NETWORK_SIGNS",
    "PATIENTS",
    "REMEDIES",
    "RESULTS",
    "Curves",
    "Finding",
    "Look",
    "Patient",
    "Remedy",
    "Report",
    "Ruler",
    "SickGame",
    "Trial",
    "count_digits",
    "diagnose",
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

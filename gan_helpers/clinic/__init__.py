"""GANs that fail on demand, in the plane and on digits, and what cures them.

Also what ``doctor`` looks for: the signs of failure in networks and in curves.
"""

from gan_helpers.clinic.curve_signs import CURVE_SIGNS, Curves
from gan_helpers.clinic.digits import count_digits, train_digits, train_namer
from gan_helpers.clinic.findings import Finding, Report, diagnose
from gan_helpers.clinic.measures import Patient
from gan_helpers.clinic.network_signs import NETWORK_SIGNS
from gan_helpers.clinic.patients import FAILURES, Failure, Remedy
from gan_helpers.clinic.verdicts import compare, measure, treat

__all__ = [
    "CURVE_SIGNS",
    "FAILURES",
    "NETWORK_SIGNS",
    "Curves",
    "Failure",
    "Finding",
    "Patient",
    "Remedy",
    "Report",
    "compare",
    "count_digits",
    "diagnose",
    "measure",
    "train_digits",
    "train_namer",
    "treat",
]

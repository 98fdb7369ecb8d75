"""GANs that fail on demand, in the plane and on digits, and what cures them."""

from gan_helpers.clinic.digits import count_digits, train_digits, train_namer
from gan_helpers.clinic.patients import FAILURES, Failure, Remedy
from gan_helpers.clinic.verdicts import compare, measure, treat

__all__ = [
    "FAILURES",
    "Failure",
    "Remedy",
    "compare",
    "count_digits",
    "measure",
    "train_digits",
    "train_namer",
    "treat",
]

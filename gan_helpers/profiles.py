"""The three lengths of a lesson: quick for machines, lesson for people, full for a long run."""

import os
from typing import TypeVar

__all__ = ["PROFILES", "by_profile", "current_profile"]

Value = TypeVar("Value")

PROFILES = ("quick", "lesson", "full")


def current_profile() -> str:
    """Name of the active profile: the environment variable ``GAN_PROFILE``, else ``"lesson"``.

    Raises:
        ValueError: if ``GAN_PROFILE`` names no profile.
    """
    name = os.environ.get("GAN_PROFILE", "lesson")
    if name not in PROFILES:
        raise ValueError(
            f"GAN_PROFILE is {name!r}, which is no profile. "
            f"Set it to one of {', '.join(PROFILES)}, or unset it for 'lesson'."
        )
    return name


def by_profile(*, quick: Value, lesson: Value, full: Value) -> Value:
    """Return the value meant for the active profile.

    Raises:
        ValueError: if ``GAN_PROFILE`` names no profile.

    Example:
        >>> by_profile(quick=1, lesson=12, full=100)  # GAN_PROFILE is not set
        12
    """
    return {"quick": quick, "lesson": lesson, "full": full}[current_profile()]

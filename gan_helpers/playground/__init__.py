"""A live GAN over points in the plane: its game, its picture, and the widget that drives them."""

from gan_helpers.playground.engine import BATCH_SIZE, JUDGED, POOL, SHOWN, SURFACE
from gan_helpers.playground.game import Moment, PointGAN
from gan_helpers.playground.missions import MISSIONS, Mission
from gan_helpers.playground.networks import build_point_discriminator, build_point_generator
from gan_helpers.playground.playground import Playground
from gan_helpers.playground.points import (
    DISTRIBUTIONS,
    EDGE,
    PointDistribution,
    divergences,
    from_points,
    quality,
)
from gan_helpers.playground.presets import PRESETS, Preset
from gan_helpers.playground.rules import LOSSES, OPTIMIZERS, GameError, Loss
from gan_helpers.playground.settings import Settings
from gan_helpers.playground.update import Update

__all__ = [
    "BATCH_SIZE",
    "DISTRIBUTIONS",
    "EDGE",
    "JUDGED",
    "LOSSES",
    "MISSIONS",
    "OPTIMIZERS",
    "POOL",
    "PRESETS",
    "SHOWN",
    "SURFACE",
    "GameError",
    "Loss",
    "Mission",
    "Moment",
    "Playground",
    "PointDistribution",
    "PointGAN",
    "Preset",
    "Settings",
    "Update",
    "build_point_discriminator",
    "build_point_generator",
    "divergences",
    "from_points",
    "quality",
]

"""Runs that tell a story: the settings of a game, how long it takes, and what to watch for."""

from dataclasses import dataclass
from typing import Any

from gan_helpers.playground.settings import Settings

__all__ = ["PRESETS", "Preset"]


@dataclass(frozen=True)
class Preset:
    """A run that tells a story.

    Attributes:
        settings: how it starts; with its seed it goes the same way each time.
        steps: updates of the generator until the story is told.
        question: what to watch for.
    """

    settings: Settings
    steps: int
    question: str


DEEPER: dict[str, Any] = {
    "width": 64,
    "hidden_layers": 3,
    "generator_rate": 0.001,
    "discriminator_rate": 0.001,
}

# What each of them shows holds for other seeds too, as tests/test_presets.py checks.
PRESETS = {
    "learns the ring": Preset(
        Settings(seed=1, **DEEPER), 2000, "Do the points find all eight modes, and in which order?"
    ),
    "critic without scores": Preset(
        Settings(
            seed=1,
            loss="Wasserstein, clipped",
            generator_rate=0.005,
            discriminator_rate=0.005,
        ),
        2000,
        "This loss asks D for no probability. Will the ring be found, and what do scores say?",
    ),
    "one latent number": Preset(
        Settings(seed=0, latent_dim=1),
        2000,
        "A line is bent into the plane. How will it visit eight separate modes?",
    ),
    "two islands": Preset(
        Settings(seed=0, data="disjoint blobs"),
        1500,
        "Can G put points on both islands and none in the water between them?",
    ),
    "grid of 25": Preset(
        Settings(seed=3, data="grid of 25", **DEEPER),
        3000,
        "The same networks, three times as many modes. Will all be covered?",
    ),
    "too small": Preset(
        Settings(seed=1, width=4),
        2000,
        "Four units per layer. Whose size matters here, that of G or that of D?",
    ),
    "G far too fast": Preset(
        Settings(seed=0, generator_rate=0.01, discriminator_rate=0.0005),
        800,
        "G learns twenty times as fast as D. Where will its points be, and for how long?",
    ),
    "D far too strong": Preset(
        Settings(seed=1, generator_rate=0.001, discriminator_rate=0.01, discriminator_steps=10),
        1000,
        "D learns ten times as fast and has ten turns. Can G still learn from it?",
    ),
    "finds it and loses it": Preset(
        Settings(seed=0, optimizer="SGD", generator_rate=0.1, discriminator_rate=0.1),
        2000,
        "Plain SGD with large steps. When would you stop it?",
    ),
    "both far too fast": Preset(
        Settings(seed=3, generator_rate=0.1, discriminator_rate=0.1),
        600,
        "Fifty times the usual learning rates. What is left of the generator's variety?",
    ),
}

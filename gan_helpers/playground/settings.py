"""What can be chosen about a game over points, and what networks of one's own must be."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from gan_helpers.checks import check_name, check_number, check_whole, describe
from gan_helpers.contracts import check_network
from gan_helpers.playground.engine import BATCH_SIZE
from gan_helpers.playground.points import DISTRIBUTIONS
from gan_helpers.playground.rules import LOSSES, OPTIMIZERS

import keras

__all__ = [
    "OF_DISCRIMINATOR",
    "Settings",
    "change_settings",
    "check_setting_names",
    "check_settings",
    "fit_settings",
]

Networks = Mapping[str, keras.Model]
PENALTIES = ("noise", "gradient_penalty", "r1_penalty", "weight_penalty")
# Settings that shape a network, or both: without use where these were given.
SHAPING = {
    ("generator",): ("latent_dim",),
    ("discriminator",): (
        "dropout",
        "weight_penalty",
        "minibatch_statistics",
        "discriminator_width",
        "discriminator_layers",
    ),
    ("generator", "discriminator"): ("width", "hidden_layers"),
}


# What D has as G has it, unless it is set by itself.
OF_DISCRIMINATOR = {
    "width": "discriminator_width",
    "hidden_layers": "discriminator_layers",
    "optimizer": "discriminator_optimizer",
}


@dataclass(frozen=True)
class Settings:
    """Everything about a game that can be chosen from a list or a slider.

    Attributes:
        data: name of a distribution in ``DISTRIBUTIONS``.
        latents: "normal" (standard) or "uniform" (from -1 to 1).
        latent_dim: numbers in a latent vector, 1 or 2.
        hidden_layers: hidden layers of both networks.
        width: units in each of them.
        discriminator_layers: hidden layers of D, if not ``hidden_layers``.
        discriminator_width: units in each of them, if not ``width``.
        loss: name in ``LOSSES``.
        optimizer: "Adam" (with beta_1 = 0.5) or "SGD".
        discriminator_optimizer: that of D, if it is another one.
        generator_rate: learning rate of the generator.
        discriminator_rate: learning rate of the discriminator.
        discriminator_steps: updates of the discriminator in each round.
        generator_steps: updates of the generator after them.
        seed: of the first weights, the latents and the batches.

    Remedies, all off at first; see ``gan_helpers.remedies`` and lesson 4:

        noise: standard deviation of the normal noise on everything that D sees.
        noise_steps: updates of the generator after which it has faded away; 0 to keep it.
        gradient_penalty: weight of ``remedies.gradient_penalty``.
        r1_penalty: weight of ``remedies.r1_penalty``.
        weight_penalty: L2 penalty on the discriminator's kernels.
        dropout: share of the discriminator's hidden units left out in training.
        minibatch_statistics: tell the discriminator how much the points of a batch differ.
        packed: points that the discriminator judges together.
        unrolled: steps of the discriminator that the generator looks ahead.
        unrolled_rate: learning rate of these steps.
        average: decay of the averaged generator that is shown and measured; 0 for none.
    """

    data: str = "ring of 8"
    latents: str = "normal"
    latent_dim: int = 2
    hidden_layers: int = 2
    width: int = 32
    loss: str = "non-saturating"
    optimizer: str = "Adam"
    generator_rate: float = 0.002
    discriminator_rate: float = 0.002
    discriminator_steps: int = 1
    seed: int = 0
    noise: float = 0.0
    noise_steps: int = 0
    gradient_penalty: float = 0.0
    r1_penalty: float = 0.0
    weight_penalty: float = 0.0
    dropout: float = 0.0
    minibatch_statistics: bool = False
    packed: int = 1
    unrolled: int = 0
    unrolled_rate: float = 0.1
    average: float = 0.0
    discriminator_width: int | None = None
    discriminator_layers: int | None = None
    discriminator_optimizer: str | None = None
    generator_steps: int = 1

    def of_discriminator(self, name: str) -> Any:
        """What holds for D of a setting that is G's: "width", "hidden_layers" or "optimizer"."""
        own = getattr(self, OF_DISCRIMINATOR[name])
        return getattr(self, name) if own is None else own

    def resolved(self) -> "Settings":
        """The same settings with everything that holds for D written out."""
        return replace(
            self, **{own: self.of_discriminator(name) for name, own in OF_DISCRIMINATOR.items()}
        )


def fit_settings(settings: Settings, given: Networks) -> Settings:
    """The settings of a game that begins; how many latents there are, a given generator says.

    Args:
        settings: what was chosen.
        given: networks to play with instead of those that the settings describe, by name.

    Raises:
        TypeError: if the settings are none, or a network is none.
        ValueError: if a setting is unknown, or nothing would use it, or a network does not fit.
    """
    check_settings(settings)
    _check_networks(given, settings.packed)
    usual = Settings()
    if "generator" in given:
        own = replace(usual, latent_dim=given["generator"].input_shape[-1])
        if settings.latent_dim == usual.latent_dim:
            settings = replace(settings, latent_dim=own.latent_dim)
        usual = own
    _check_used(given, usual, settings)
    return settings


def change_settings(settings: Settings, changes: Mapping[str, Any], given: Networks) -> Settings:
    """The settings after changes by name, with the errors of ``fit_settings``."""
    check_setting_names(changes)
    changed = replace(settings, **changes)
    check_settings(changed)
    _check_networks(given, changed.packed)
    _check_used(given, settings, changed)
    return changed


def check_setting_names(settings: Mapping[str, Any]) -> None:
    """Raise a ValueError if a key names no field of ``Settings``."""
    for name in settings:
        check_name("setting", name, [field.name for field in fields(Settings)])


def check_settings(settings: Settings) -> None:
    """Raise an error that names the first setting out of its range."""
    if not isinstance(settings, Settings):
        raise TypeError(f"settings is {describe(settings)}; give an object of playground.Settings.")
    for name, known in (
        ("data", DISTRIBUTIONS),
        ("latents", ("normal", "uniform")),
        ("loss", LOSSES),
        ("optimizer", OPTIMIZERS),
    ):
        check_name(name, getattr(settings, name), known)
    for name, least in (
        ("latent_dim", 1),
        ("hidden_layers", 1),
        ("width", 1),
        ("discriminator_steps", 1),
        ("generator_steps", 1),
        ("packed", 1),
        ("seed", 0),
        ("noise_steps", 0),
        ("unrolled", 0),
    ):
        check_whole(name, getattr(settings, name), least)
    for name in ("discriminator_width", "discriminator_layers"):
        if getattr(settings, name) is not None:
            check_whole(name, getattr(settings, name))
    if settings.discriminator_optimizer is not None:
        check_name("discriminator_optimizer", settings.discriminator_optimizer, OPTIMIZERS)
    if not isinstance(settings.minibatch_statistics, bool):
        raise ValueError(
            f"minibatch_statistics is {describe(settings.minibatch_statistics)}; it must be True "
            "or False."
        )
    for name in PENALTIES:
        check_number(name, getattr(settings, name), 0)
    for name in ("dropout", "average"):
        check_number(name, getattr(settings, name), 0, below=1)
    if BATCH_SIZE % settings.packed:  # and with it SHOWN, its double
        raise ValueError(f"packed is {settings.packed}; it must divide {BATCH_SIZE}.")
    for name in ("generator_rate", "discriminator_rate", "unrolled_rate"):
        check_number(name, getattr(settings, name), above=0)


def _check_used(given: Networks, before: Settings, after: Settings) -> None:
    for owners, names in SHAPING.items():
        for name in names if given.keys() >= set(owners) else ():
            if getattr(after, name) != getattr(before, name):
                own = " and ".join(owners)
                raise ValueError(
                    f"{name}={getattr(after, name)!r} would change nothing, because you gave the "
                    f"{own}; build it into your own {own} instead."
                )


def _check_networks(given: Networks, packed: int) -> None:
    for name, network in given.items():
        check_network(name, network)
        shapes = network.input_shape, network.output_shape
        flat = all(len(shape) == 2 for shape in shapes)
        if name == "generator":
            fits = flat and shapes[1][-1] == 2
            wanted = "latents (batch, latent_dim) to points (batch, 2)"
        else:
            fits = flat and (shapes[0][-1], shapes[1][-1]) == (2 * packed, 1)
            wanted = f"points (batch, {2 * packed}) to logits (batch, 1), with packed={packed}"
        if not fits:
            raise ValueError(
                f"The {name} goes from {shapes[0]} to {shapes[1]}; it must go from {wanted}."
            )

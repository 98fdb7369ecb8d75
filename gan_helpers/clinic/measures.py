"""What is measured on the two networks of a GAN, while nothing of them changes."""

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from gan_helpers import losses
from gan_helpers.checks import describe, find_named
from gan_helpers.contracts import as_taken, last_operation

import keras
import numpy as np
import tensorflow as tf
from keras import ops

__all__ = ["SAME", "Loss", "Patient", "blind_level", "losses_of"]

SAME = 1e-3  # images this much nearer to each other than real ones are one image


class Loss(NamedTuple):
    """A pair of losses of logits."""

    discriminator: Callable[[Any, Any], Any]
    generator: Callable[[Any], Any]


LOSSES = {
    "non-saturating": Loss(losses.discriminator_loss, losses.non_saturating_generator_loss),
    "minimax": Loss(losses.discriminator_loss, losses.minimax_generator_loss),
    # Cross-entropy of the outputs of a sigmoid. Of p the doctor makes the logit log(p / (1 - p)).
    "probabilities": Loss(losses.discriminator_loss, losses.non_saturating_generator_loss),
    "least squares": Loss(
        losses.least_squares_discriminator_loss, losses.least_squares_generator_loss
    ),
    "hinge": Loss(losses.hinge_discriminator_loss, losses.hinge_generator_loss),
    "wasserstein": Loss(losses.wasserstein_discriminator_loss, losses.wasserstein_generator_loss),
}


def losses_of(loss: Any) -> Loss:
    if loss is None or isinstance(loss, str):
        return find_named(LOSSES, "non-saturating" if loss is None else loss, "loss")
    if not isinstance(loss, tuple | list) or len(loss) != 2:
        raise TypeError(
            f"loss is {describe(loss)}; give one of {', '.join(map(repr, LOSSES))}, or the pair of "
            "functions (generator_loss, discriminator_loss)."
        )
    losses.check_loss("generator_loss", loss[0], 1)
    losses.check_loss("discriminator_loss", loss[1], 2)
    return Loss(discriminator=loss[1], generator=loss[0])


def blind_level(loss: Loss) -> float:
    """D's loss while it knows nothing; 0 if, as for Wasserstein, it says nothing."""
    return float(loss.discriminator(np.zeros((2, 1), "float32"), np.zeros((2, 1), "float32")))


class Patient:
    """Two networks, and what is measured on them."""

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        real: np.ndarray,
        latents: Any,
        conditions: np.ndarray | None,
        loss: Any,
        fakes_are_one: bool,
    ) -> None:
        self.networks = {"generator": generator, "discriminator": discriminator}
        self.real, self.latents, self.conditions = real, latents, conditions
        self.loss, self.sign = losses_of(loss), -1.0 if fakes_are_one else 1.0
        # Somebody's own functions know that a fake is 1.
        self.turn = 1.0 if loss is None or isinstance(loss, str) else self.sign
        self.probabilities, self.least_squares = loss == "probabilities", loss == "least squares"
        self.values = {
            name: [tf.convert_to_tensor(each.value) for each in network.trainable_variables]
            for name, network in self.networks.items()
        }
        self.asked = False
        self._play()
        if conditions is not None and not self.asked:
            raise ValueError("These networks take no condition: leave conditions=... out.")

    def _call(self, name: str, inputs: Any, training: bool = True) -> Any:
        """A network's output; its own state is neither used up nor changed."""
        network = self.networks[name]
        if len(getattr(network, "inputs", None) or [0]) == 2:
            if self.conditions is None:
                raise ValueError(
                    f"The {name} has two inputs: give conditions=..., the class or other condition "
                    "of each real image."
                )
            inputs = [inputs, as_taken(network, self._told(len(inputs)))]
        fixed = [each.value for each in network.non_trainable_variables]
        try:
            output, _ = network.stateless_call(self.values[name], fixed, inputs, training=training)
            return ops.cast(output, "float32")
        except Exception as error:  # whatever layers of somebody raise
            shapes = [tuple(each.shape) for each in tf.nest.flatten(inputs)]
            raise ValueError(
                f"The {name} fails on inputs of shape {', '.join(map(str, shapes))}: "
                f"{(str(error).splitlines() or [type(error).__name__])[0]} Give it what it was "
                "built for, such as real images of the shape that D takes."
            ) from error

    def _told(self, count: int) -> np.ndarray:
        """The conditions of so many images; a batch of real and fake ones has them twice."""
        assert self.conditions is not None
        self.asked = True
        return np.concatenate([self.conditions] * (count // len(self.conditions)))

    def _judge(self, images: Any) -> Any:
        """Logits, larger for what D takes for real."""
        logits = outputs = self._call("discriminator", images)
        if self.probabilities:
            lowest, highest = float(ops.min(outputs)), float(ops.max(outputs))
            if lowest < 0 or highest > 1:
                raise ValueError(
                    f"D's outputs run from {lowest:.3g} to {highest:.3g}, so they are no "
                    "probabilities: leave loss='probabilities' out."
                )
            # As far from 0 and 1 as Keras's own cross-entropy keeps them.
            shares = ops.clip(outputs, 1e-7, 1 - 1e-7)
            logits = ops.log(shares) - ops.log(1 - shares)
        if len(logits.shape) == 2 and logits.shape[1] > 1:
            asked = self.conditions is not None and len(self.networks["generator"].inputs) == 2
            told = self._told(len(logits)) if asked else None
            logits = losses.asked_logit(logits, told) if asked else losses.realness(logits)
        return self.sign * logits

    def _play(self) -> None:
        """One step as in training, but for the updates."""
        generated, judged = self.values["generator"], self.values["discriminator"]
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([generated, judged])
            fakes = self._call("generator", self.latents)
            if tuple(fakes.shape) != self.real.shape:
                raise ValueError(
                    f"The generator makes images of shape {tuple(fakes.shape[1:])}, but the real "
                    f"ones have shape {self.real.shape[1:]}. Give real images as D gets them, or "
                    "build the generator for their shape."
                )
            real_logits, fake_logits = self._judge(self.real), self._judge(fakes)
            generator_loss = self.loss.generator(self.turn * fake_logits)
            discriminator_loss = self.loss.discriminator(
                self.turn * real_logits, self.turn * fake_logits
            )
            reference = losses.non_saturating_generator_loss(fake_logits)
        self.gradients = {
            "generator": tape.gradient(generator_loss, generated),
            "discriminator": tape.gradient(discriminator_loss, judged),
        }
        self.reference_norm = _root_mean_square(tape.gradient(reference, generated))
        self.generator_loss = float(generator_loss)
        self.discriminator_loss = float(discriminator_loss)
        self.real_scores, self.fake_scores = _scores(real_logits), _scores(fake_logits)
        self.fakes = np.asarray(fakes)

    def loss_of(self, real: float, fake: float) -> float:
        """D's loss of one real and one fake logit."""
        logits = (np.full((2, 1), self.turn * each, "float32") for each in (real, fake))
        return float(self.loss.discriminator(*logits))

    @cached_property
    def finite(self) -> bool:
        arrays = [each.numpy() for net in self.networks.values() for each in net.weights]
        arrays += [self.fakes, self.real_scores, self.fake_scores]
        return all(np.isfinite(each).all() for each in arrays) and math.isfinite(
            self.generator_loss + self.discriminator_loss
        )

    @cached_property
    def blind_level(self) -> float:
        return blind_level(self.loss)

    @cached_property
    def shown(self) -> np.ndarray:
        """What the generator makes outside of training."""
        return np.asarray(self._call("generator", self.latents, training=False))

    @cached_property
    def auc(self) -> float:
        """Share of pairs of a real and a fake image in which D scores the real one higher."""
        return _auc(self.real_scores, self.fake_scores)

    @cached_property
    def auc_mixed(self) -> float:
        """The same when D gets both in one batch."""
        scores = _scores(self._judge(np.concatenate([self.real, self.fakes])))
        return _auc(*np.split(scores, 2))

    @cached_property
    def gradient_norm(self) -> float:
        return _root_mean_square(self.gradients["generator"])

    @cached_property
    def spread(self) -> float:
        """How far apart generated images are, as a share of how far apart real ones are."""
        return _mean_off_diagonal(self.fake_distances) / _mean_off_diagonal(self.real_distances)

    @cached_property
    def contrast(self) -> float:
        """Standard deviation of all generated pixels, as a share of that of the real ones."""
        return float(self.fakes.std() / self.real.std())

    @cached_property
    def real_distances(self) -> np.ndarray:
        return _distances(self.real, self.real)

    @cached_property
    def fake_distances(self) -> np.ndarray:
        return _distances(self.fakes, self.fakes)

    @cached_property
    def kinds(self) -> tuple[float, float]:
        """The effective numbers of generated images, and of real ones or latents."""
        latents = np.asarray(self.latents)
        known = min(_effective(self.real_distances), _effective(_distances(latents, latents)))
        # Of images that are all the same, only rounding would be counted.
        return 1.0 if self.spread < SAME else _effective(self.fake_distances), known

    @cached_property
    def farness(self) -> float:
        """Energy coefficient: 0 if both kinds of image are distributed alike, at most 1.

        Source: Szekely and Rizzo 2013, "Energy statistics: A class of statistics based on
        distances".
        """
        between = 2 * _distances(self.real, self.fakes).mean()
        within = map(_mean_off_diagonal, (self.real_distances, self.fake_distances))
        return float((between - sum(within)) / between)

    @cached_property
    def ends(self) -> dict[str, str]:
        """The operation that each network ends in."""
        inputs = {"generator": self.latents, "discriminator": self.real}
        found = {}
        for name, network in self.networks.items():
            given = ops.convert_to_tensor(inputs[name])
            if len(getattr(network, "inputs", None) or [0]) == 2:
                given = [given, as_taken(network, self.conditions)]
            found[name] = last_operation(network, given)
        return found

    def untrained(self, name: str) -> bool:
        """Whether all biases, offsets and scales are what they begin as; False if it has none."""
        first = self._first_values(name)
        return bool(first) and all(first)

    def trained(self, name: str) -> bool:
        """Whether one of them is not; False too if it has none, and nothing can be known."""
        return not all(self._first_values(name))

    def _first_values(self, name: str) -> list[bool]:
        kinds = ("bias", "beta", "gamma")
        found = [each.numpy() for each in self.networks[name].weights if each.name in kinds]
        return [each.min() == each.max() and each.flat[0] in (0, 1) for each in found]

    def describe(self) -> list[str]:
        """What was measured, in sentences."""
        if not self.finite:
            return []
        return [
            f"real images from {self.real.min():.3g} to {self.real.max():.3g}, generated ones "
            f"from {self.fakes.min():.3g} to {self.fakes.max():.3g}",
            f"losses: generator {self.generator_loss:.3g}, discriminator "
            f"{self.discriminator_loss:.3g}",
            f"D scores the real image of a pair higher in {self.auc:.0%} of the pairs (50%: it "
            f"guesses); mean logits {self.real_scores.mean():.3g} and "
            f"{self.fake_scores.mean():.3g}",
            f"gradient of G: {self.gradient_norm:.2g} for each weight (root mean square)",
            f"generated images are {self.spread:.0%} as far apart as real ones; effective number "
            f"of {len(self.fakes)}: {self.kinds[0]:.0f}, of real images or latents "
            f"{self.kinds[1]:.0f}",
            f"pixels of real and generated images are {self.farness:.2f} apart (0: alike, 1: "
            "nothing in common)",
        ]


def _scores(logits: Any) -> np.ndarray:
    """One score an image, also of a D that makes a map of logits."""
    return np.asarray(logits).reshape(len(logits), -1).mean(axis=1)


def _auc(real: np.ndarray, fake: np.ndarray) -> float:
    above, equal = real[:, None] > fake, real[:, None] == fake
    return float(above.mean() + equal.mean() / 2)


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Between all rows, Euclidean."""
    first, second = (each.reshape(len(each), -1).astype("float64") for each in (first, second))
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * first @ second.T
    distances = np.sqrt(squares.clip(min=0))
    if first.shape == second.shape and (first == second).all():
        np.fill_diagonal(distances, 0)  # not the root of a rounding error
    return distances


def _mean_off_diagonal(distances: np.ndarray) -> float:
    count = len(distances)
    return float(distances.sum() / (count * (count - 1)))


def _effective(distances: np.ndarray) -> float:
    """How many different things there are: the Vendi score.

    Alike are two that are much nearer than half of the median distance.
    Source: Friedman and Dieng 2023, "The Vendi Score", with a Gaussian kernel.
    """
    width = np.median(distances) / 2
    if width == 0:
        return 1.0
    eigenvalues = np.linalg.eigvalsh(np.exp(-((distances / width) ** 2)) / len(distances))
    shares = eigenvalues[eigenvalues > 1e-12]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def _root_mean_square(gradients: Sequence[Any]) -> float:
    """Over all numbers of all gradients; 0 if there are none."""
    flat = [np.ravel(tf.convert_to_tensor(each)) for each in gradients if each is not None]
    joined = np.concatenate(flat).astype("float64") if flat else np.zeros(1)
    return float(np.sqrt((joined**2).mean()))

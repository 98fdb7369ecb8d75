"""What is wrong with a GAN: its two networks are measured, or its curves read, and it is said.

Nothing is trained and nothing is changed: the networks are called without their state. Every limit
below has its reason beside it; the numbers in these reasons come from games on 8 x 8 and 16 x 16
digits, three seeds each.
"""

import html
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from gan_helpers import losses
from gan_helpers.checks import as_array, check_whole, describe, find_named
from gan_helpers.contracts import as_taken, check_model, last_operation
from gan_helpers.runtime import LARGEST_LOSS
from gan_helpers.training import GAN

import keras
import numpy as np
import tensorflow as tf
from keras import ops

__all__ = ["Finding", "Report", "examine", "examine_history"]

CERTAIN, LIKELY, CAUTION = "certain", "likely", "caution"
FEWEST, MOST = 16, 128  # images that are looked at: fewer say nothing, more take long
CLINIC = "04_failure_clinic.ipynb"
VANISHING, NO_REST = f"{CLINIC}#Vanishing-gradients", f"{CLINIC}#No-convergence"
CROWD = f"{CLINIC}#Mode-collapse,-first-kind:-a-running-crowd"
STUCK = f"{CLINIC}#Mode-collapse,-second-kind:-stuck"
WEAK, BUGS = f"{CLINIC}#D-too-weak", f"{CLINIC}#Five-quiet-bugs"
TABLE = f"{CLINIC}#The-symptom-table"
RANGES = "05_cifar10_and_convolutions.ipynb#Why-pixels-go-to-[−1,-1]"  # noqa: RUF001


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


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or may be.

    Attributes:
        name: a few words, always the same for the same thing.
        severity: "certain", "likely", or "caution" for what can be right in some games.
        measured: what was measured, with its numbers.
        meaning: what it means.
        remedy: what to try.
        section: the section of a lesson that teaches it, as a link from the folder of the lessons.
    """

    name: str
    severity: str
    measured: str
    meaning: str
    remedy: str
    section: str


class Report(Sequence[Finding]):
    """A list of findings, the surest first, that prints as text and shows as a table.

    Attributes:
        names: the names of the findings.
        checked: what was measured, one sentence each.
    """

    def __init__(self, findings: Sequence[Finding], checked: Sequence[str]) -> None:
        order = [CERTAIN, LIKELY, CAUTION]
        self._findings = sorted(findings, key=lambda finding: order.index(finding.severity))
        self.checked = list(checked)

    @property
    def names(self) -> list[str]:
        return [finding.name for finding in self]

    def __len__(self) -> int:
        return len(self._findings)

    def __getitem__(self, index: Any) -> Any:
        return self._findings[index]

    @property
    def _head(self) -> str:
        count = len(self)
        if count:
            return f"{count} finding{'s' if count > 1 else ''}"
        return "No finding. That does not prove that the game is good: look at pictures and measure"

    def __str__(self) -> str:
        lines = [f"{self._head}."]
        for number, each in enumerate(self, start=1):
            lines += [
                f"{number}. {each.name} ({each.severity})",
                f"   measured: {each.measured}",
                f"   meaning:  {each.meaning}",
                f"   try:      {each.remedy}",
                f"   read:     {each.section}",
            ]
        return "\n".join([*lines, "Measured:", *(f"   {line}" for line in self.checked)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cell = '<td style="text-align: left">{}</td>'
        heads = "".join(
            f'<th scope="col">{head}</th>'
            for head in ("Finding", "How sure", "Measured", "Meaning", "What to try", "Lesson")
        )
        rows = []
        for each in self:
            texts = (each.severity, each.measured, each.meaning, each.remedy)
            link = html.escape(each.section, quote=True)
            title = html.escape(each.section.partition("#")[2].replace("-", " "))
            rows.append(
                f'<tr><th scope="row">{html.escape(each.name)}</th>'
                + "".join(cell.format(html.escape(text)) for text in texts)
                + cell.format(f'<a href="{link}">{title}</a>')
                + "</tr>"
            )
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        items = "".join(f"<li>{html.escape(line)}</li>" for line in self.checked)
        return f"<p>{self._head}.</p>{table if rows else ''}<p>Measured:</p><ul>{items}</ul>"


@dataclass(frozen=True)
class Sign:
    """A check, what its finding says, and the findings that follow from it and are left out."""

    name: str
    severity: str
    section: str
    meaning: str
    remedy: str
    explains: tuple[str, ...]
    look: Callable[[Any], str | None]  # what was measured if the sign is there


NETWORK_SIGNS: list[Sign] = []
CURVE_SIGNS: list[Sign] = []


def _sign(
    table: list[Sign],
    name: str,
    severity: str,
    section: str,
    meaning: str,
    remedy: str,
    explains: str = "",
) -> Callable[[Callable[[Any], str | None]], Callable[[Any], str | None]]:
    """Enter the function below into a table."""

    def enter(look: Callable[[Any], str | None]) -> Callable[[Any], str | None]:
        left_out = tuple(explains.split(", "))
        table.append(Sign(name, severity, section, meaning, remedy, left_out, look))
        return look

    return enter


def _findings(table: list[Sign], patient: Any) -> list[Finding]:
    found: list[tuple[Sign, str]] = []
    for sign in table:
        measured = sign.look(patient)
        if measured is not None:
            found.append((sign, measured))
        if found and found[0][0] is table[0]:  # of what is not finite, nothing else can be said
            break
    explained = {name for sign, _ in found for name in sign.explains}
    return [
        Finding(sign.name, sign.severity, measured, sign.meaning, sign.remedy, sign.section)
        for sign, measured in found
        if sign.name not in explained
    ]


# ------------------------------------------------------------------ two networks


def examine(
    gan: Any,
    real_images: Any,
    loss: str | tuple[Callable, Callable] | None = None,
    *,
    latents: Any = None,
    conditions: Any = None,
    real_label: int = 1,
    seed: int = 0,
    history: Any = None,
) -> Report:
    """Measure the two networks of a GAN and say what is wrong with them, without changing them.

    Up to 128 real images are compared with as many generated ones. Both losses and their gradients
    are computed once, in training mode, as a training step would.

    Args:
        gan: an object with a ``generator`` and a ``discriminator``, such as a ``training.GAN``, or
            the pair ``(generator, discriminator)``; any built Keras models.
        real_images: at least 16 real images ``(count, ...)``, exactly as D is given them.
        loss: "non-saturating", "minimax", "least squares", "hinge" or "wasserstein", all of logits;
            "probabilities" for cross-entropy of a D that ends in a sigmoid; or the functions
            ``(generator_loss, discriminator_loss)`` as ``GAN.compile`` takes them. Without it the
            losses of a compiled GAN, else "non-saturating".
        latents: the generator's input ``(count, ...)``, as many as there are real images;
            without them standard normal, of the shape that the generator takes.
        conditions: for networks with two inputs, or with one logit a class: the class or other
            condition of each real image.
        real_label: 1 if D should give real images the higher output, 0 for the fake ones, as in
            tutorials that call a fake 1.
        seed: seed of the latents.
        history: curves to read too; see ``examine_history``.

    Returns:
        The findings.

    Raises:
        TypeError: if ``gan`` holds no two Keras models, or arrays are no numbers.
        ValueError: if shapes or counts do not fit, the networks are not built or fail on the
            images, or real images are not finite or all alike.

    Example:
        >>> from gan_helpers.models import build_dense_discriminator, build_dense_generator
        >>> shape = (8, 8, 1)
        >>> networks = build_dense_generator(4, shape, 4), build_dense_discriminator(shape, 4)
        >>> pixels = np.random.default_rng(0).integers(0, 256, (32, *shape))
        >>> examine(networks, pixels)[0].name
        'value range'
    """
    generator, discriminator = _networks(gan)
    real, chosen = _real_images(real_images)
    if loss is None and isinstance(gan, GAN) and gan.compiled:
        loss = (gan.generator_loss, gan.discriminator_loss)
    check_whole("real_label", real_label, 0, 1)
    check_whole("seed", seed, 0)
    told = None if conditions is None else _rows("conditions", conditions, len(real_images), chosen)
    if latents is None:
        taken = _latents(generator, len(real), seed)
    else:
        taken = _rows("latents", latents, len(real_images), chosen).astype("float32")
    patient = Patient(generator, discriminator, real, taken, told, loss, real_label == 0)
    read = None if history is None else examine_history(history, loss)
    found = _findings(NETWORK_SIGNS, patient)
    return Report(
        [*found, *(read or [])], [*patient.describe(bool(found)), *(read.checked if read else [])]
    )


def _networks(gan: Any) -> tuple[keras.Model, keras.Model]:
    if isinstance(gan, tuple | list) and len(gan) == 2:
        pair = tuple(gan)
    elif hasattr(gan, "generator") and hasattr(gan, "discriminator"):
        pair = gan.generator, gan.discriminator
    else:
        raise TypeError(
            f"gan is {describe(gan)}; give an object with a generator and a discriminator, or the "
            "pair (generator, discriminator)."
        )
    for name, network in zip(("generator", "discriminator"), pair, strict=True):
        check_model(name, network)
    return pair


def _real_images(images: Any) -> tuple[np.ndarray, np.ndarray]:
    """At most ``MOST`` of them as float32, taken evenly, and their numbers."""
    images = as_array("real_images", images)
    if images.ndim < 2 or len(images) < FEWEST or 0 in images.shape:
        raise ValueError(
            f"real_images have shape {images.shape}; it must be (count, ...), with at least "
            f"{FEWEST} images."
        )
    chosen = np.linspace(0, len(images) - 1, min(len(images), MOST)).astype(int)
    images = images[chosen].astype("float32")
    if not np.isfinite(images).all():
        raise ValueError(
            "real_images hold NaN or infinity, and would spoil every weight. Look at what made "
            "them, such as a division by a maximum of 0."
        )
    if (images == images[0]).all():
        raise ValueError("real_images are all alike; give different ones, as D sees in training.")
    return images, chosen


def _rows(name: str, values: Any, count: int, chosen: np.ndarray) -> np.ndarray:
    values = as_array(name, values)
    if values.ndim < 1 or len(values) != count or not np.isfinite(values).all():
        raise ValueError(
            f"{name} are {describe(values)}; give finite numbers, one row for each of the {count} "
            "real images."
        )
    return values[chosen]


def _latents(generator: keras.Model, count: int, seed: int) -> Any:
    inputs = getattr(generator, "inputs", None)
    shape = tuple(inputs[0].shape[1:]) if inputs else (None,)
    if None in shape:
        raise ValueError(
            "The shape of the generator's latents is not known; give latents=..., an array with a "
            "row for each real image."
        )
    return keras.random.normal((count, *shape), seed=seed)


def _losses(loss: Any) -> Loss:
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


def _blind_level(loss: Loss) -> float:
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
        self.loss, self.sign = _losses(loss), -1.0 if fakes_are_one else 1.0
        self.named = loss is None or isinstance(loss, str)
        self.probabilities, self.least_squares = loss == "probabilities", loss == "least squares"
        self.values = {
            name: [tf.convert_to_tensor(each.value) for each in network.trainable_variables]
            for name, network in self.networks.items()
        }
        self._play()

    def _call(self, name: str, inputs: Any, training: bool = True) -> Any:
        """A network's output; its own state is neither used up nor changed."""
        network = self.networks[name]
        if len(getattr(network, "inputs", None) or [0]) == 2:
            if self.conditions is None:
                raise ValueError(
                    f"The {name} has two inputs: give conditions=..., the class or other condition "
                    "of each real image."
                )
            told = as_taken(network, self.conditions)
            inputs = [inputs, ops.concatenate([told] * (len(inputs) // len(told)))]
        fixed = [each.value for each in network.non_trainable_variables]
        try:
            output, _ = network.stateless_call(
                self.values[name], fixed, inputs, training=training
            )
            return ops.cast(output, "float32")
        except Exception as error:  # whatever layers of somebody raise
            shapes = [tuple(each.shape) for each in tf.nest.flatten(inputs)]
            raise ValueError(
                f"The {name} fails on inputs of shape {', '.join(map(str, shapes))}: "
                f"{(str(error).splitlines() or [type(error).__name__])[0]} Give it what it was "
                "built for, such as real images of the shape that D takes."
            ) from error

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
            told = self.conditions
            logits = losses.asked_logit(logits, told) if asked else losses.realness(logits)
        return self.sign * logits

    def _play(self) -> None:
        """One step as in training, but for the updates."""
        generated, judged = self.values["generator"], self.values["discriminator"]
        turn = self.sign if not self.named else 1.0  # their functions know D's own sign
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
            generator_loss = self.loss.generator(turn * fake_logits)
            discriminator_loss = self.loss.discriminator(turn * real_logits, turn * fake_logits)
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

    @cached_property
    def finite(self) -> bool:
        arrays = [each.numpy() for net in self.networks.values() for each in net.weights]
        arrays += [self.fakes, self.real_scores, self.fake_scores]
        return all(np.isfinite(each).all() for each in arrays) and math.isfinite(
            self.generator_loss + self.discriminator_loss
        )

    @cached_property
    def blind_level(self) -> float:
        return _blind_level(self.loss)

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
        return _effective(self.fake_distances), known

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
        kinds = ("bias", "beta", "gamma")
        found = [each.numpy() for each in self.networks[name].weights if each.name in kinds]
        return bool(found) and all((each == each.flat[0]).all() and each.flat[0] in (0, 1) for each in found)

    def describe(self, sick: bool) -> list[str]:
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

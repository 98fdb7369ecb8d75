"""What ``GAN.compile`` and ``GAN.fit`` refuse: before the first step, in a sentence with a remedy.

What is allowed, and what Keras's other methods do, stands in ``docs/keras.md``.
"""

import inspect
import string
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from typing import Any

from gan_helpers.checks import (
    ENOUGH_TO_TELL,
    as_array,
    check_extremes,
    check_some_dark,
    describe,
)
from gan_helpers.contracts import NO_WEIGHTS
from gan_helpers.runtime import NO_VALIDATION, check_file, quiet  # noqa: F401 - quiet before Keras

import keras
import numpy as np
import tensorflow as tf

__all__ = ["NOT_TO_COMPILE", "BatchGuard", "check_fit", "check_optimizers", "refuse"]

# What Keras takes and a GAN has no use for -> what to do instead.
NOT_TO_FIT = {
    "validation_data": NO_VALIDATION,
    "validation_split": NO_VALIDATION,
    "validation_steps": NO_VALIDATION,
    "validation_batch_size": NO_VALIDATION,
    "validation_freq": NO_VALIDATION,
    "class_weight": NO_WEIGHTS,
    "sample_weight": NO_WEIGHTS,
}
TWO_OF_EACH = (
    "A GAN has an optimizer and a loss for each network: compile(generator_optimizer, "
    "discriminator_optimizer), and generator_loss= and discriminator_loss= if you want others."
)
NOT_TO_COMPILE = {
    "optimizer": TWO_OF_EACH,
    "loss": TWO_OF_EACH,
    "loss_weights": TWO_OF_EACH,
    "metrics": NO_VALIDATION,
    "weighted_metrics": NO_VALIDATION,
}
TWO_RATES = (
    "A GAN has two optimizers. Give each a schedule, for example keras.optimizers.Adam("
    "keras.optimizers.schedules.CosineDecay(2e-4, 10_000)), or set the learning_rate of "
    "model.generator_optimizer and model.discriminator_optimizer in a keras.callbacks."
    "LambdaCallback."
)
NOT_TO_CALL = {
    keras.callbacks.LearningRateScheduler: TWO_RATES,
    keras.callbacks.ReduceLROnPlateau: TWO_RATES,
    keras.callbacks.SwapEMAWeights: "GAN(ema_decay=...) averages the generator by itself.",
    keras.callbacks.TerminateOnNaN: (
        "It looks for one loss; take gan_helpers.callbacks.StopOnNaN, which also puts the model "
        "back to where it was sound."
    ),
}


def refuse(method: Callable, options: Mapping[str, Any], remedies: Mapping[str, str]) -> None:
    """Refuse options of a method of Keras for which a GAN has no use.

    Raises:
        ValueError: with a sentence that says what to do instead.
    """
    usual = inspect.signature(method).parameters
    for name in remedies.keys() & options.keys():
        value = options[name]
        # What changes nothing may be said.
        if value is None or (isinstance(value, Real) and value == usual[name].default):
            continue
        raise ValueError(f"{method.__name__}({name}=...) is not for a GAN. {remedies[name]}")


def check_fit(
    x: Any, callbacks: Any, options: Mapping[str, Any], measures: Iterable[str]
) -> list[keras.callbacks.Callback]:
    """Refuse what Keras's ``fit`` takes and a GAN has no use for.

    Args:
        x: the training data.
        callbacks: a callback, a list of them, which may be nested, or None.
        options: further arguments of ``fit``.
        measures: names of what the model reports.

    Returns:
        The callbacks.

    Raises:
        ValueError: with a sentence that says what to do instead.
    """
    refuse(keras.Model.fit, options, NOT_TO_FIT)
    if options.get("steps_per_epoch") is not None and hasattr(x, "begin_pass"):
        raise ValueError(
            "steps_per_epoch would let one pass over these batches run on into the next epoch, "
            "whose order would then not be its own. Take fewer images instead, for example "
            "image_batches(images[:1000], ...), and more epochs."
        )
    # Keras's CallbackList is no list, but holds one.
    found = list(tf.nest.flatten(getattr(callbacks, "callbacks", callbacks) or []))
    # What a callback of your own may add to the logs is not known.
    known = all(type(each).__module__.startswith(("keras.", "gan_helpers.")) for each in found)
    for place, callback in enumerate(found):
        _check_callback(callback, list(measures), known)
        for source in (getattr(callback, "recorder", None), getattr(callback, "best", None)):
            if not isinstance(source, keras.callbacks.Callback) or source in found[:place]:
                continue
            # One that has recorded may stay away from a later training.
            recorded = getattr(source, "frames", None) or getattr(source, "epochs", None)
            if source in found or not recorded:
                names = type(source).__name__, type(callback).__name__
                raise ValueError(
                    f"What the {names[0]} records goes on to the {names[1]}: in the list of "
                    f"callbacks, put the {names[0]} before the {names[1]}."
                )
    return found


def _check_callback(callback: Any, measures: list[str], known: bool) -> None:
    name, monitor = type(callback).__name__, getattr(callback, "monitor", None)
    for kind, remedy in NOT_TO_CALL.items():
        if isinstance(callback, kind):
            raise ValueError(f"{name} is not for a GAN. {remedy}")
    if isinstance(callback, keras.callbacks.ModelCheckpoint):
        if not callback.save_weights_only:
            check_file(callback.filepath)
        monitor = monitor if callback.save_best_only else None
        parts = string.Formatter().parse(str(callback.filepath))
        fields = {field for _, field, *_ in parts if field} - {"epoch", "batch", *measures}
        if known and fields:
            raise ValueError(
                f"ModelCheckpoint names its file by {', '.join(sorted(fields))}, which a GAN does "
                f"not report; it reports {', '.join(measures)}."
            )
    never = monitor and (monitor == "loss" or monitor.startswith("val_"))
    if monitor and monitor not in measures and (known or never):
        raise ValueError(
            f"{name} waits for {monitor!r}, but a GAN reports {', '.join(measures)}, and none of "
            "these says how good the images are. To keep the best epoch, give a "
            "DistanceRecorder(test_images) to CheckpointSaver(folder, best=...)."
        )
    if monitor and getattr(callback, "mode", "min") == "auto":
        raise ValueError(f"Say what is better of {monitor!r}: {name}(..., mode='min'), or 'max'.")


def check_trainable(gan: Any) -> None:
    """Refuse a generator or discriminator that is frozen.

    Raises:
        ValueError: if one has nothing to train.
    """
    for name in ("generator", "discriminator"):
        if not getattr(gan, name).trainable_variables:
            raise ValueError(
                f"The {name} is frozen. Say {name}.trainable = True: each optimizer moves its own "
                "network alone, so none needs to be frozen for the other."
            )


def check_optimizers(generator_optimizer: Any, discriminator_optimizer: Any) -> None:
    """Refuse anything but two Keras optimizers.

    Raises:
        TypeError: if one is no Keras optimizer.
        ValueError: if one optimizer is given for both networks.
    """
    for name, optimizer in (
        ("generator_optimizer", generator_optimizer),
        ("discriminator_optimizer", discriminator_optimizer),
    ):
        if not isinstance(optimizer, keras.optimizers.Optimizer):
            raise TypeError(
                f"{name} is {describe(optimizer)}; give a Keras optimizer, for example "
                "keras.optimizers.Adam(2e-4, beta_1=0.5)."
            )
    if generator_optimizer is discriminator_optimizer:
        raise ValueError(
            "The two networks need an optimizer each: one optimizer keeps one set of "
            "moments. Make two, for example two keras.optimizers.Adam(2e-4, beta_1=0.5)."
        )


class BatchGuard:
    """Looks at every batch whose values nobody knows yet, before the step that learns from it.

    A few images in [0, 1] could be bright ones in [-1, 1], so small batches are looked at together
    until there are enough; if the first of a source are refused then, the model is put back to
    where it was before them.

    Args:
        model: with a ``contract``, ``get_state`` and ``set_state``.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.begin()

    def begin(self) -> None:
        """The batches of another source follow."""
        self._first = self._empty = True
        self._before: dict[str, np.ndarray] | None = None
        self._forget()

    def _forget(self) -> None:
        self._count, self._lowest, self._highest = 0, np.inf, -np.inf

    def look(self, data: Any) -> None:
        """Refuse a batch that the networks cannot learn from.

        Raises:
            TypeError, ValueError: as ``Contract.check_batch`` and ``Contract.check_values``.
        """
        self._empty = False
        images, conditions = self.model.contract.check_batch(data)
        pixels = as_array("Training images", images)
        self.model.contract.check_values(conditions, len(pixels))
        lowest, highest = float(pixels.min()), float(pixels.max())
        check_extremes(lowest, highest, "Training images")
        self._count += len(pixels)
        self._lowest, self._highest = min(self._lowest, lowest), max(self._highest, highest)
        try:
            check_some_dark(self._count, self._lowest, self._highest, "training images")
        except ValueError:
            if self._before is not None:
                self.model.set_state(self._before)
            self.begin()
            raise
        if self._count >= ENOUGH_TO_TELL:
            self._first, self._before = False, None
            self._forget()
        elif self._first and self._before is None:
            self._before = self.model.get_state()

    def end(self) -> None:
        """The source has no more batches.

        Raises:
            ValueError: if there was none.
        """
        if self._empty:
            raise ValueError(
                "There are no training images: the dataset has no batch. With drop_remainder=True "
                "it needs as many images as are in a batch."
            )

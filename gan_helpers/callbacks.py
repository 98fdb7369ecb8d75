"""Keras callbacks for ``GAN.fit``: record samples, watch them live, measure, stop in time.

``CheckpointSaver``, which saves them all, stands in ``checkpoints`` and can be had from here too.
"""

import hashlib
import math
import os
import time
from collections.abc import Callable
from typing import TypeAlias

from gan_helpers.checkpoints import CheckpointSaver
from gan_helpers.checks import check_number, check_whole
from gan_helpers.metrics import FeatureExtractor, frechet_distance
from gan_helpers.pictures import image_grid
from gan_helpers.plots import FAKE_STYLE, REAL_STYLE, LessonFigure, new_figure
from gan_helpers.runtime import LARGEST_LOSS
from gan_helpers.training import GAN

import keras
import numpy as np
import tensorflow as tf
from IPython.display import DisplayHandle, display

__all__ = [
    "CheckpointSaver",
    "DistanceRecorder",
    "LiveView",
    "SampleRecorder",
    "StopOnNaN",
    "TimeBudget",
]


Logs: TypeAlias = dict[str, float] | None


class SampleRecorder(keras.callbacks.Callback):
    """Keep one picture grid of the same latents after each epoch; frame 0 is untrained.

    The latents never change, so a GIF of the frames shows one set of images developing.

    Args:
        fixed_latents: float array ``(count, latent_dim)``.
        columns: images a row; default a grid as square as possible.
        every: record after this many epochs; 1 records each.
        conditions: the class, or another condition, of each image, for a conditional GAN.

    Attributes:
        frames: uint8 grids, ``(height, width, 3)`` or ``(height, width)`` for grey images.
        labels: one caption a frame, such as ``"epoch 3"``.
    """

    def __init__(
        self,
        fixed_latents: tf.Tensor | np.ndarray,
        columns: int | None = None,
        every: int = 1,
        conditions: np.ndarray | None = None,
    ) -> None:
        super().__init__()
        check_whole("every", every)
        self.fixed_latents = fixed_latents
        self.columns = columns
        self.every = every
        self.conditions = conditions
        self.frames: list[np.ndarray] = []
        self.labels: list[str] = []
        self._epoch = 0

    @property
    def subject(self) -> str:
        """A fingerprint of what the frames show: the same latents, asked for the same images."""
        parts = [self.fixed_latents, *([] if self.conditions is None else [self.conditions])]
        digest = hashlib.sha256()
        for part in parts:
            digest.update(np.asarray(part, "float32").tobytes())
        return digest.hexdigest()

    def frame_shape(self, gan: GAN) -> tuple[int, ...]:
        """Shape of the frames that it records from this model."""
        images = np.zeros((len(self.fixed_latents), *gan.generator.output_shape[1:]), np.uint8)
        return image_grid(images, columns=self.columns).shape

    def on_train_begin(self, logs: Logs = None) -> None:
        self._epoch = 0
        if not self.frames:
            steps = int(self.model.steps.numpy())
            self._record("untrained" if steps == 0 else f"step {steps}")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = 0 if self.model.diverged else epoch + 1
        if self._epoch % self.every == 0:
            self._record_epoch()

    def on_train_end(self, logs: Logs = None) -> None:
        # Training may stop between two frames; the last frame shows where it ended.
        self._record_epoch()

    def _record_epoch(self) -> None:
        label = f"epoch {self._epoch}"
        if self._epoch and self.labels[-1] != label:
            self._record(label)

    def _record(self, label: str) -> None:
        images = self.model.generate(self.fixed_latents, self.conditions)
        self.frames.append(image_grid(images, columns=self.columns))
        self.labels.append(label)


class LiveView(keras.callbacks.Callback):
    """Show the newest samples and the scores in one picture that updates after each epoch.

    Args:
        recorder: the recorder whose newest frame is shown; list it before this callback.
    """

    def __init__(self, recorder: SampleRecorder) -> None:
        super().__init__()
        self.recorder = recorder
        self.epochs: list[int] = []
        self.history: dict[str, list[float]] = {}
        self.handle: DisplayHandle | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self.start = time.monotonic()
        self.epochs, self.history = [], {}
        moment = self.recorder.labels[-1]
        progress = "before training" if moment == "untrained" else f"goes on after {moment}"
        self.handle = display(self._picture(progress), display_id=True)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.epochs.append(epoch + 1)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        seconds = time.monotonic() - self.start
        label = f"epoch {epoch + 1} of {self.params['epochs']}, {seconds:.0f} s"
        if self.handle is not None:  # None where no notebook displays it
            self.handle.update(self._picture(label))

    def _picture(self, progress: str) -> LessonFigure:
        label = self.recorder.labels[-1]
        alt = f"Samples, {label}, and the mean scores so far; progress: {progress}."
        figure, (left, right) = new_figure(columns=2, height=4.8, width=11.0, alt=alt)
        figure.few_colours = "photographs"  # a stored notebook stays small
        # A fixed range: brightness must not depend on the picture.
        left.imshow(self.recorder.frames[-1], cmap="gray", vmin=0, vmax=255, origin="upper")
        left.set_title(f"samples: {label}")
        figure.suptitle(progress)
        left.axis("off")
        for name, legend, style in (
            ("real_score", "real images", REAL_STYLE),
            ("fake_score", "fake images", FAKE_STYLE),
        ):
            scores = self.history.get(name, [])
            # Markers only while there are few points: later they would hide the line.
            markers = {} if len(scores) <= 20 else {"marker": ""}
            right.plot(self.epochs[: len(scores)], scores, label=legend, **(style | markers))
        right.axhline(0.5, color="black", linewidth=1)
        right.set(ylim=(0, 1), xlim=(0.5, self.params["epochs"] + 0.5))
        right.xaxis.get_major_locator().set_params(integer=True)
        right.set(xlabel="epoch", ylabel="mean score", title="What the discriminator says")
        right.legend(loc="upper right")
        return figure


class DistanceRecorder(keras.callbacks.Callback):
    """Measure the Fréchet distance to real images after each epoch, against the training time.

    As many images are generated as there are real ones to compare with, from the same latents
    every time. The clock counts training alone: it stands still while this callback measures.

    Args:
        real_images: uint8 ``(count, 32, 32, 3)``, best images that are not trained on. Distances
            of different counts are not comparable.
        labels: whole numbers ``(count,)``, the class of each real image, if the model is
            conditional; it then draws the same classes.
        every: measure after this many epochs.
        seed: seed of the latents.
        clock: seconds since any fixed moment; tests hand in their own.

    Attributes:
        epochs: epochs after which it measured.
        minutes: training time until then.
        distances: what it measured; see ``gan_helpers.metrics.frechet_distance``.

    Raises:
        TypeError, ValueError: when training begins, if the model makes images of another shape, or
            the labels are not what it can be asked for.
    """

    def __init__(
        self,
        real_images: np.ndarray,
        labels: np.ndarray | None = None,
        every: int = 1,
        seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        check_whole("every", every)
        self.extract = FeatureExtractor()
        self.real_features = self.extract(real_images)
        self.image_shape = np.shape(real_images)[1:]
        self.labels = labels
        self.every = every
        self.seed = seed
        self.clock = clock
        self.epochs: list[int] = []
        self.minutes: list[float] = []
        self.distances: list[float] = []
        self.seconds = 0.0

    def on_train_begin(self, logs: Logs = None) -> None:
        if self.model.contract.image_shape != self.image_shape:
            raise ValueError(
                f"DistanceRecorder compares images of shape {self.image_shape}, but this GAN makes "
                f"{self.model.contract.image_shape}. Leave it out, or train a GAN of that shape."
            )
        self.model.contract.check_wishes(self.labels, len(self.real_features))

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.start = self.clock()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.seconds += self.clock() - self.start
        if (epoch + 1) % self.every == 0 and not self.model.diverged:
            self.epochs.append(epoch + 1)
            self.minutes.append(self.seconds / 60)
            self.distances.append(self.measure())

    @property
    def measured(self) -> dict[str, list[float]]:
        """All that was measured so far, and the clock; a checkpoint keeps it."""
        return {
            "epochs": list(self.epochs),
            "minutes": list(self.minutes),
            "distances": list(self.distances),
            "seconds": [self.seconds],
        }

    @measured.setter
    def measured(self, measured: dict[str, list[float]]) -> None:
        self.epochs = [int(epoch) for epoch in measured.get("epochs", [])]
        self.minutes = list(measured.get("minutes", []))
        self.distances = list(measured.get("distances", []))
        (self.seconds,) = measured.get("seconds", [0.0])

    def measure(self) -> float:
        """Distance between the model's images as they are now and the real ones."""
        images = self.model.sample(len(self.real_features), self.seed, self.labels)
        return frechet_distance(self.extract(images), self.real_features)


class TimeBudget(keras.callbacks.Callback):
    """Stop training after a number of minutes, at the end of the batch under way.

    ``GAN_TIME_BUDGET=off`` in the environment lifts every budget, for results that must not depend
    on the speed of the machine, such as the outputs stored in the lessons.

    Args:
        minutes: wall-clock limit, above 0.
        clock: seconds since any fixed moment; tests hand in their own.

    Raises:
        ValueError: if the minutes are not above 0, or ``GAN_TIME_BUDGET`` is anything but "off".
    """

    def __init__(self, minutes: float, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        check_number("minutes", minutes, above=0)
        budgets = os.environ.get("GAN_TIME_BUDGET")
        if budgets not in (None, "off"):
            raise ValueError(f"GAN_TIME_BUDGET is {budgets!r}. Set it to off, or unset it.")
        self.minutes = math.inf if budgets == "off" else minutes
        self.clock = clock

    def on_train_begin(self, logs: Logs = None) -> None:
        self.start = self.clock()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self.clock() - self.start > 60 * self.minutes and not self.model.stop_training:
            self.model.stop_training = True
            print(f"Time budget of {self.minutes:g} minutes used up: training stops here.")


class StopOnNaN(keras.callbacks.Callback):
    """Stop when training has diverged, say where, and put the model back to its last sound state.

    The rule: a loss that is not a finite number or above ``training.LARGEST_LOSS``, at any step, or
    a weight that is not finite at the end of an epoch. The model goes back to the end of the epoch
    before, or to where training began; ``CheckpointSaver`` and the recorders pass over the broken
    epoch. It keeps one copy of the state in memory.

    Keras's own ``TerminateOnNaN`` looks only for a loss called "loss", which a GAN has not.
    """

    def on_train_begin(self, logs: Logs = None) -> None:
        self._sound_state, self._sound_moment = self.model.get_state(), "before this training"
        self._stopped = False

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch, self._first_step = epoch, int(self.model.steps.numpy())

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if int(self.model.diverged_at.numpy()) and not self._stopped:
            self._stop(f"a loss is not a finite number, or above {LARGEST_LOSS:,.0f}")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if int(self.model.diverged_at.numpy()):
            return
        if self.model.diverged:
            self.model.diverged_at.assign(self.model.steps.numpy())  # for the callbacks that follow
            self._stop("a weight is not a finite number")
        else:
            self._sound_state = self.model.get_state()
            self._sound_moment = f"after epoch {epoch + 1}"

    def _stop(self, reason: str) -> None:
        step = int(self.model.diverged_at.numpy())
        self._stopped = self.model.stop_training = True
        self.model.set_state(self._sound_state)
        print(
            f"Stopped: at step {step} (epoch {self._epoch + 1}, batch {step - self._first_step}) "
            f"{reason}. The model is as it was {self._sound_moment}. Usual causes: a learning rate "
            "too high, images outside [-1, 1]. Change the cause, build the model anew and train."
        )

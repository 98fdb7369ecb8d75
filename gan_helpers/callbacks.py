"""Keras callbacks for ``GAN.fit``: record samples, watch them live, stop in time, save."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from gan_helpers.animation import image_grid
from gan_helpers.metrics import FeatureExtractor, frechet_distance
from gan_helpers.plots import FAKE_STYLE, REAL_STYLE, LessonFigure, new_figure
from gan_helpers.training import Checkpoint, load_checkpoint, save_checkpoint

import keras
import numpy as np
import tensorflow as tf
from IPython.display import display

__all__ = [
    "CheckpointSaver",
    "DistanceRecorder",
    "LiveView",
    "SampleRecorder",
    "StopOnNaN",
    "TimeBudget",
]


Logs: TypeAlias = dict[str, float] | None


def _diverged(logs: Logs) -> bool:
    return not all(math.isfinite(value) for value in (logs or {}).values())


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
        if every < 1:
            raise ValueError(f"every must be at least 1 epoch, but is {every!r}.")
        self.fixed_latents = fixed_latents
        self.columns = columns
        self.every = every
        self.conditions = conditions
        self.frames: list[np.ndarray] = []
        self.labels: list[str] = []
        self._epoch = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        if not self.frames:
            steps = int(self.model.steps.numpy())
            self._record("untrained" if steps == 0 else f"step {steps}")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = 0 if _diverged(logs) else epoch + 1
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
        self.handle = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self.start = time.monotonic()
        self.epochs, self.history = [], {}
        self.handle = display(self._picture("before training"), display_id=True)

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
        left.imshow(self.recorder.frames[-1], cmap="gray", vmin=0, vmax=255)
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
        if every < 1:
            raise ValueError(f"every must be at least 1 epoch, but is {every!r}.")
        self.extract = FeatureExtractor()
        self.real_features = self.extract(real_images)
        self.labels = labels
        self.every = every
        self.seed = seed
        self.clock = clock
        self.epochs: list[int] = []
        self.minutes: list[float] = []
        self.distances: list[float] = []
        self.seconds = 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.start = self.clock()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.seconds += self.clock() - self.start
        if (epoch + 1) % self.every == 0 and not _diverged(logs):
            self.epochs.append(epoch + 1)
            self.minutes.append(self.seconds / 60)
            self.distances.append(self.measure())

    def measure(self) -> float:
        """Distance between the model's images as they are now and the real ones."""
        images = self.model.sample(len(self.real_features), self.seed, self.labels)
        return frechet_distance(self.extract(images), self.real_features)


class TimeBudget(keras.callbacks.Callback):
    """Stop training after a number of minutes, at the end of the batch under way.

    Args:
        minutes: wall-clock limit, above 0.
        clock: seconds since any fixed moment; tests hand in their own.
    """

    def __init__(self, minutes: float, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        if not minutes > 0:
            raise ValueError(f"minutes must be above 0, but is {minutes!r}.")
        self.minutes = minutes
        self.clock = clock

    def on_train_begin(self, logs: Logs = None) -> None:
        self.start = self.clock()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self.clock() - self.start > 60 * self.minutes and not self.model.stop_training:
            self.model.stop_training = True
            print(f"Time budget of {self.minutes:g} minutes used up: training stops here.")


class StopOnNaN(keras.callbacks.Callback):
    """Stop at the first loss that is not a finite number, and say where.

    Keras's own ``TerminateOnNaN`` looks only for a loss called "loss", which a GAN has not.
    """

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        broken = [name for name, value in (logs or {}).items() if not math.isfinite(value)]
        if broken:
            self.model.stop_training = True
            print(
                f"Stopped at batch {batch}: {', '.join(broken)} is not a finite number. "
                "Usual causes: a learning rate too high, images outside [-1, 1]."
            )


class CheckpointSaver(keras.callbacks.Callback):
    """Save a checkpoint after each epoch, so that training can stop and resume.

    Args:
        folder: where the checkpoints lie.
        recorder: its frames are stored and restored too.
        every: save after this many epochs; the last epoch is always saved.
    """

    def __init__(
        self, folder: str | Path, recorder: SampleRecorder | None = None, every: int = 1
    ) -> None:
        super().__init__()
        if every < 1:
            raise ValueError(f"every must be at least 1 epoch, but is {every!r}.")
        self.folder = Path(folder)
        self.recorder = recorder
        self.every = every
        self.epoch = 0
        self.history: dict[str, list[float]] = {}

    def restore(self, gan: keras.Model) -> int:
        """Load the newest checkpoint into ``gan``; return the epoch to hand to ``fit``.

        Raises:
            FileNotFoundError: if there is no checkpoint yet.
            ValueError: if ``gan`` is not compiled or has another architecture.
        """
        checkpoint = load_checkpoint(gan, self.folder)
        self.epoch = checkpoint.epoch
        self.history = checkpoint.history
        if self.recorder is not None:
            self.recorder.frames = checkpoint.frames
            self.recorder.labels = checkpoint.labels
        return checkpoint.epoch

    def on_train_begin(self, logs: Logs = None) -> None:
        self.saved_epoch = self.epoch

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if _diverged(logs):
            return  # the older checkpoint stays the newest
        self.epoch = epoch + 1
        for name, value in (logs or {}).items():
            # Cut off what an earlier, longer run left behind, then append this epoch.
            self.history.setdefault(name, [])[epoch:] = [float(value)]
        if self.epoch % self.every == 0:
            self._save()

    def on_train_end(self, logs: Logs = None) -> None:
        if self.epoch != self.saved_epoch:
            self._save()

    def _save(self) -> None:
        frames = self.recorder.frames if self.recorder else []
        labels = self.recorder.labels if self.recorder else []
        checkpoint = Checkpoint(self.epoch, self.history, list(frames), list(labels))
        save_checkpoint(self.model, self.folder, checkpoint)
        self.saved_epoch = self.epoch

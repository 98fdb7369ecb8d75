"""Checkpoints of a training run: written whole or not at all, checked before they are used.

A checkpoint is a folder such as ``save_000007_epoch_0012``, the seventh that was written. It holds
``state.npz`` (weights, moments, random states), ``progress.json``, ``frames.npz`` and, so that
damage is noticed, ``SHA256SUMS``. That of the best epoch so far begins with ``best`` instead.
"""

import json
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from gan_helpers.checks import check_whole
from gan_helpers.runtime import (
    DatasetError,
    is_finite,
    read_arrays,
    read_sums,
    verified_path,
    write_sums,
)
from gan_helpers.training import GAN

import keras
import numpy as np

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "CheckpointSaver",
    "find_checkpoints",
    "put_back",
    "read_checkpoint",
    "save_checkpoint",
    "set_aside",
]

Logs: TypeAlias = dict[str, float] | None

FILES = ("state.npz", "progress.json", "frames.npz")
NAME = re.compile(r"(save|best)_(\d+)_epoch_(\d+)")


class CheckpointError(Exception):
    """A checkpoint cannot be used; the message names the file and what to do."""


@dataclass(eq=False)
class Checkpoint:
    """What a checkpoint holds beside the state of the model.

    Attributes:
        epoch: number of finished epochs.
        history: metric name -> one value for each finished epoch.
        frames: uint8 pictures recorded so far, all of one shape.
        labels: one caption a frame.
        measured: what a ``DistanceRecorder`` has measured so far.
        diverged: whether the run ended there because the next epoch went wrong.
        subject: fingerprint of the latents and conditions that the frames show; "" if unknown.
    """

    epoch: int
    history: dict[str, list[float]] = field(default_factory=dict)
    frames: list[np.ndarray] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    measured: dict[str, list[float]] = field(default_factory=dict)
    diverged: bool = False
    subject: str = ""


def save_checkpoint(
    gan: GAN, folder: str | Path, checkpoint: Checkpoint, keep: int = 2, best: bool = False
) -> Path:
    """Write the state of the model and its progress.

    Everything is written to a temporary folder that is renamed when it is complete and on the disk,
    and only then are older checkpoints removed. So a run that is killed at any moment, or finds the
    disk full, leaves at least the older checkpoint.

    Args:
        gan: a compiled model.
        folder: where the checkpoints of this run lie; made if missing.
        checkpoint: progress to store.
        keep: number of newest checkpoints that stay, at least 1.
        best: whether this is the best so far. It then stays until a better one is saved.

    Returns:
        The folder of the new checkpoint.

    Raises:
        ValueError: if ``keep`` is below 1.
        FloatingPointError: if the state holds a number that is not finite.
        OSError: if the folder cannot be written.
        All leave the older checkpoints as they are.
    """
    if keep < 1:
        raise ValueError(f"keep must be at least 1 checkpoint, but is {keep!r}.")
    state = gan.get_state()
    if not is_finite(state.values()):
        raise FloatingPointError("the model holds numbers that are not finite: it has diverged")
    folder = Path(folder)
    temporary = folder / "being_written"
    try:
        # What a killed run left half-written.
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        _write(temporary, state, checkpoint)
        number = 1 + max((_number(path) for path in find_checkpoints(folder)), default=0)
        kind = "best" if best else "save"
        saved = temporary.rename(folder / f"{kind}_{number:06}_epoch_{checkpoint.epoch:04}")
    except Exception:
        shutil.rmtree(temporary, ignore_errors=True)  # gives the room back
        raise
    # Later epochs are left over from an earlier, longer run in this folder.
    earlier = [path for path in find_checkpoints(folder) if _epoch(path) < checkpoint.epoch]
    run = [*earlier, saved]
    kept = [*run[-keep:], *[path for path in run if path.name.startswith("best")][-1:]]
    for path in find_checkpoints(folder):
        if path not in kept:
            # A folder that another program holds open stays; the next save tries again.
            shutil.rmtree(path, ignore_errors=True)
    return saved


def put_back(gan: GAN, state: dict[str, np.ndarray]) -> None:
    """Give a model a stored state; if it was compiled with other learning rates, say so.

    Raises:
        ValueError: as ``GAN.set_state``.
    """
    gan.set_state(state)
    for name, rate in gan.compiled_rates().items():
        if state[name] != np.float32(rate):
            role = name.partition("_")[0]
            print(
                f"The {role} goes on with the learning rate {rate:g}, as compiled; until the "
                f"checkpoint it was {state[name]:g}."
            )


def read_checkpoint(
    folder: str | Path, which: str = "newest"
) -> tuple[dict[str, np.ndarray], Checkpoint]:
    """Read a checkpoint; if it is damaged, say so and read the one before it.

    Returns:
        state: for ``GAN.set_state``.
        checkpoint: the progress.

    Raises:
        ValueError: if ``which`` is neither "newest" nor "best".
        FileNotFoundError: if the folder holds no such checkpoint.
        CheckpointError: if all of them are damaged.
    """
    if which not in ("newest", "best"):
        raise ValueError(f"which is {which!r}, expected 'newest' or 'best'.")
    found = find_checkpoints(Path(folder))
    wanted = [path for path in found if which == "newest" or path.name.startswith("best")]
    if not wanted:
        raise FileNotFoundError(
            f"There is no {'checkpoint' if which == 'newest' else 'best checkpoint'} in {folder}. "
            "Train with a CheckpointSaver for this folder first, or check the path."
        )
    problems = []
    for path in reversed(wanted):
        try:
            state, checkpoint = _read(path)
        except CheckpointError as error:
            problems.append(str(error))
            continue
        for problem in problems:
            print(f"{problem} The checkpoint before it is used, that of epoch {checkpoint.epoch}.")
        return state, checkpoint
    raise CheckpointError(
        f"No {'' if which == 'newest' else 'best '}checkpoint in {folder} can be used. "
        f"{' '.join(problems)} Delete the folder to begin anew."
    )


def find_checkpoints(folder: Path) -> list[Path]:
    """The folders of complete checkpoints, oldest first."""
    return sorted((path for path in folder.glob("*") if NAME.fullmatch(path.name)), key=_number)


def set_aside(folder: Path) -> None:
    """Move the checkpoints of an earlier run into the folder ``previous``, in place of older ones.

    Raises:
        OSError: if the folder cannot be written.
    """
    found = find_checkpoints(folder)
    if not found:
        return
    shutil.rmtree(folder / "previous", ignore_errors=True)
    (folder / "previous").mkdir(exist_ok=True)
    for path in found:
        path.rename(folder / "previous" / path.name)


class CheckpointSaver(keras.callbacks.Callback):
    """Save checkpoints, so that nothing trained is lost and training can stop and go on.

    One is saved when training begins, one after every ``every`` epochs, one at the end. The newest
    two and the best stay. If one cannot be written, because the disk is full for example, a
    sentence says so, training goes on, and the next save tries again. A run that begins anew sets
    the checkpoints of the one before it aside, in the folder ``previous``.

    Args:
        folder: where the checkpoints lie.
        recorder: a ``SampleRecorder``; its frames are stored and restored too. List it before this
            callback.
        every: save after this many epochs.
        best: a ``DistanceRecorder``; its distances are stored and restored too, and the checkpoint
            with the smallest is kept. List it before this callback.

    Attributes:
        epoch: number of finished epochs.
        history: metric name -> one value for each finished epoch.
    """

    def __init__(
        self,
        folder: str | Path,
        recorder: keras.callbacks.Callback | None = None,
        every: int = 1,
        best: keras.callbacks.Callback | None = None,
    ) -> None:
        super().__init__()
        check_whole("every", every)
        self.folder = Path(folder)
        self.recorder = recorder
        self.every = every
        self.best = best
        self.epoch = 0
        self.history: dict[str, list[float]] = {}
        self.saved_epoch: int | None = None  # of this run; None: nothing is saved yet

    def resume(self, gan: GAN, epochs: int) -> int:
        """Go on with the run in the folder, if there is one to go on with.

        A run that has all its epochs, or that diverged, is over: an untrained model then begins
        anew. A model that has been trained is the one of that run, and goes on.

        Args:
            gan: a compiled model, built as it was when the run began.
            epochs: how many the run shall have in all.

        Returns:
            The number of finished epochs, to hand to ``fit`` as ``initial_epoch``; 0 at first.

        Raises:
            ValueError, CheckpointError: as ``restore``.
        """
        if not find_checkpoints(self.folder):
            return self._begin_anew()
        state, checkpoint = read_checkpoint(self.folder)
        over = checkpoint.diverged or checkpoint.epoch >= epochs
        if over and int(gan.steps) == 0:
            print(
                f"The run in {self.folder} is over; this one begins anew. "
                f"Its checkpoints move to {self.folder / 'previous'}."
            )
            return self._begin_anew()
        print(f"Goes on after epoch {checkpoint.epoch} of {epochs}, from {self.folder}.")
        return self._go_on(gan, state, checkpoint)

    def restore(self, gan: GAN, which: str = "newest") -> int:
        """Load a checkpoint into ``gan``, the newest or the best; return the epoch for ``fit``.

        Everything is checked first: after an error the model is as it was.

        Raises:
            FileNotFoundError: if there is no checkpoint yet.
            CheckpointError: if all checkpoints are damaged.
            ValueError: if ``gan`` is not compiled or has another architecture, or the frames have
                another shape than the recorder makes.
        """
        return self._go_on(gan, *read_checkpoint(self.folder, which))

    def save(self, diverged: bool = False) -> None:
        """Save now. If it fails, print why; the older checkpoints stay."""
        recorder, best = self.recorder, self.best
        checkpoint = Checkpoint(
            self.epoch,
            self.history,
            list(recorder.frames) if recorder else [],
            list(recorder.labels) if recorder else [],
            best.measured if best else {},
            diverged,
            recorder.subject if recorder else "",
        )
        try:
            if self.saved_epoch is None:
                set_aside(self.folder)
            save_checkpoint(self.model, self.folder, checkpoint, best=self._is_best())
        except OSError as problem:
            saved = "nothing" if self.saved_epoch is None else f"epoch {self.saved_epoch}"
            print(
                f"Epoch {self.epoch} is not saved: {problem}. The newest checkpoint of this run "
                f"holds {saved}. The model in memory is as it should be; the next save tries "
                "again, and so does saver.save()."
            )
        else:
            self.saved_epoch = self.epoch

    def on_train_begin(self, logs: Logs = None) -> None:
        self._first_epoch = True
        self._steps: int | None = None  # at the end of self.epoch
        self._measured_before: int | None = None

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if self._first_epoch:
            self._first_epoch = False
            self.epoch, self._steps = epoch, int(self.model.steps.numpy())
            # Cut off what an earlier, longer run left behind.
            self.history = {name: values[:epoch] for name, values in self.history.items()}
            if self.saved_epoch != epoch:
                self.save()
        elif self.best and self.best.epochs[-1:] == [epoch] and self._measured_before != epoch:
            raise ValueError(
                "The DistanceRecorder measured after the checkpoint was saved: in the list of "
                "callbacks, put it before the CheckpointSaver that keeps the best epoch."
            )

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.model.diverged:
            return  # the older checkpoint stays the newest
        self.epoch, self._steps = epoch + 1, int(self.model.steps.numpy())
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        self._measured_before = self.best.epochs[-1] if self.best and self.best.epochs else None
        if self.epoch % self.every == 0 or self._is_best():
            self.save()

    def on_train_end(self, logs: Logs = None) -> None:
        diverged = bool(int(self.model.diverged_at.numpy()))
        # After divergence this holds only if StopOnNaN has put back the state of self.epoch.
        sound = int(self.model.steps.numpy()) == self._steps
        if sound and (self.epoch != self.saved_epoch or diverged):
            self.save(diverged)

    def _is_best(self) -> bool:
        if self.best is None or self.best.epochs[-1:] != [self.epoch]:
            return False
        return self.best.distances[-1] == min(self.best.distances)

    def _begin_anew(self) -> int:
        self._take_over(Checkpoint(epoch=0))
        self.saved_epoch = None
        return 0

    def _go_on(self, gan: GAN, state: dict[str, np.ndarray], checkpoint: Checkpoint) -> int:
        if self.recorder is not None and checkpoint.frames:
            expected = self.recorder.frame_shape(gan)
            if checkpoint.frames[0].shape != expected:
                raise ValueError(
                    f"The stored frames have shape {checkpoint.frames[0].shape}, but the recorder "
                    f"makes frames of shape {expected}. Give it as many latents and columns as "
                    "then, or begin anew in another folder."
                )
            # Checkpoints of the first edition do not say what their frames show.
            if checkpoint.subject and checkpoint.subject != self.recorder.subject:
                raise ValueError(
                    "The stored frames show other latents, or other conditions, than the recorder "
                    "would go on with: the animation would change its subject. Give it the same "
                    "fixed_latents, from the same seed, or begin anew in another folder."
                )
        put_back(gan, state)
        self._take_over(checkpoint)
        self.saved_epoch = checkpoint.epoch
        return checkpoint.epoch

    def _take_over(self, checkpoint: Checkpoint) -> None:
        self.epoch, self.history = checkpoint.epoch, checkpoint.history
        if self.recorder is not None:
            self.recorder.frames, self.recorder.labels = checkpoint.frames, checkpoint.labels
        if self.best is not None:
            self.best.measured = checkpoint.measured


def _write(folder: Path, state: dict[str, Any], checkpoint: Checkpoint) -> None:
    np.savez(folder / "state.npz", **state)
    progress = {name: value for name, value in vars(checkpoint).items() if name != "frames"}
    (folder / "progress.json").write_text(json.dumps(progress), encoding="utf-8")
    np.savez_compressed(folder / "frames.npz", frames=np.array(checkpoint.frames, np.uint8))
    write_sums(folder, FILES)
    for path in folder.iterdir():
        # A battery that ends must not leave a complete name with incomplete files.
        with path.open("rb+") as file:
            os.fsync(file.fileno())


def _read(path: Path) -> tuple[dict[str, np.ndarray], Checkpoint]:
    try:
        sums = read_sums(path, "")
        state_file, progress_file, frames_file = (
            verified_path(path, name, sums, "") for name in FILES
        )
        state = read_arrays(state_file)
        frames = list(read_arrays(frames_file, ["frames"])["frames"])
        progress: dict[str, Any] = json.loads(progress_file.read_text(encoding="utf-8"))
        checkpoint = Checkpoint(**progress, frames=frames)
    except DatasetError as problem:
        raise CheckpointError(str(problem).strip()) from None
    except Exception as problem:  # a file can be damaged in more ways than anyone can list
        raise CheckpointError(f"{path} cannot be read: {problem}") from problem
    return state, checkpoint


def _number(path: Path) -> int:
    return int(path.name.split("_")[1])


def _epoch(path: Path) -> int:
    return int(path.name.split("_")[3])

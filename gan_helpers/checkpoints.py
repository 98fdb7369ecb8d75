"""Checkpoints of a training run: written whole or not at all, checked before they are used.

A checkpoint is a folder such as ``save_000007_epoch_0012_by_1a2b3c4d``, the seventh that was
written. It holds ``state.npz`` (weights, moments, random states), ``progress.json``, ``frames.npz``
and, so that damage is noticed, ``SHA256SUMS``. That of the best epoch so far begins with ``best``
instead. The end names the run; the first edition had none. Of two kernels that train in one folder
neither touches the other's run: only when its process has ended, another may go on with it.
"""

import json
import os
import re
import shutil
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from gan_helpers.checks import check_path, check_whole
from gan_helpers.runtime import (
    DatasetError,
    is_finite,
    is_running,
    own_name,
    read_arrays,
    read_sums,
    remove_leftovers,
    remove_whole,
    take_name,
    unfinished,
    verified_path,
    without_owner,
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
State: TypeAlias = dict[str, np.ndarray]

FILES = ("state.npz", "progress.json", "frames.npz")
NAME = re.compile(r"(save|best)_(\d+)_epoch_(\d+)(_by_[0-9a-f]{8})?")


_LAST = weakref.WeakValueDictionary[Path, "CheckpointSaver"]()  # by folder


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
    and only then are older checkpoints of this run removed. So a run that is killed at any moment,
    or finds the disk full, leaves at least the older checkpoint.

    Args:
        gan: a compiled model.
        folder: where the checkpoints lie; made if missing. The run is the one that this process
            has written there so far, else one whose process has ended, else a new one.
        checkpoint: progress to store.
        keep: number of newest checkpoints of the run that stay, at least 1.
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
    folder = check_path("folder", folder)
    folder.mkdir(parents=True, exist_ok=True)
    run = take_name(folder, _runs(find_checkpoints(folder)))
    remove_leftovers(folder)
    temporary = unfinished(folder, run, "written")
    try:
        temporary.mkdir()
        _write(temporary, state, checkpoint)
        # A number is given once, also if what had it is set aside: no reader mixes up two of them.
        # The name is free, since no other process writes this run.
        earlier = [*find_checkpoints(folder), *find_checkpoints(folder / "previous")]
        number = 1 + max(map(_number, earlier), default=0)
        name = f"{'best' if best else 'save'}_{number:06}_epoch_{checkpoint.epoch:04}"
        saved = temporary.rename(folder / (f"{name}_by_{run}" if run else name))
    except Exception:
        shutil.rmtree(temporary, ignore_errors=True)  # gives the room back
        raise
    written = [path for path in find_checkpoints(folder) if _run(path) == run]
    # Later epochs are left over from before this run was taken back to an earlier one.
    sequel = [*[path for path in written if _epoch(path) < checkpoint.epoch], saved]
    kept = [*sequel[-keep:], *[path for path in sequel if path.name.startswith("best")][-1:]]
    for path in written:
        if path not in kept:
            remove_whole(path, folder, run)
    return saved


def put_back(gan: GAN, state: State) -> None:
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


def read_checkpoint(folder: str | Path, which: str = "newest") -> tuple[State, Checkpoint]:
    """Read a checkpoint; if it is damaged, say so and read the one before it.

    It is one of the run that this process writes there, if there is one. Else it is one of those
    whose processes have ended, the run with the most epochs first, and only if there is none of
    another process that is running.

    Args:
        folder: where the checkpoints lie.
        which: "newest" or "best".

    Returns:
        state: for ``GAN.set_state``.
        checkpoint: the progress.

    Raises:
        ValueError: if ``which`` is neither "newest" nor "best".
        FileNotFoundError: if the folder holds no such checkpoint.
        CheckpointError: if all of them are damaged.
    """
    return _read_first(check_path("folder", folder), which)[1:]


def find_checkpoints(folder: str | Path) -> list[Path]:
    """The folders of complete checkpoints of all runs, oldest first."""
    paths = check_path("folder", folder).glob("*")
    return sorted((path for path in paths if NAME.fullmatch(path.name)), key=_number)


def set_aside(folder: str | Path) -> None:
    """Move the checkpoints of earlier runs into the folder ``previous``, in place of older ones.

    Those of another process that is running stay, here and there. Raises OSError if the folder
    cannot be written.
    """
    folder = check_path("folder", folder)
    found, previous = find_checkpoints(folder), folder / "previous"
    with without_owner(folder, _runs(found)) as free:
        moved = [path for path in found if _run(path) in free]
        if not moved:
            return
        previous.mkdir(exist_ok=True)
        for path in find_checkpoints(previous):
            if _run(path) in free or not is_running(folder, _run(path)):
                remove_whole(path, folder, _run(path))
        for path in moved:
            path.rename(previous / path.name)


class CheckpointSaver(keras.callbacks.Callback):
    """Save checkpoints, so that nothing trained is lost and training can stop and go on.

    One is saved when training begins, one after every ``every`` epochs, one at the end. The newest
    two and the best stay. If one cannot be written, because the disk is full for example, a
    sentence says so, training goes on, and the next save tries again. A run that begins anew sets
    the checkpoints of the one before it aside, in the folder ``previous``. Those of another kernel
    that is still open are left alone: two may train in one folder, each for itself.

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
        self.folder = check_path("folder", folder).absolute()
        self.recorder, self.every, self.best = recorder, every, best
        self.epoch, self.history = 0, dict[str, list[float]]()
        self.saved_epoch: int | None = None  # None: nothing of this run is saved yet
        self._read_run: str | None = None  # the run to go on with; None: begins anew

    def resume(self, gan: GAN, epochs: int) -> int:
        """Go on with the run in the folder, if there is one to go on with.

        One that has all its epochs, or diverged, is over: an untrained model then begins anew.
        That of another open kernel is left alone, and a sentence says so.

        Args:
            gan: a compiled model, built as it was when the run began.
            epochs: how many the run shall have in all.

        Returns:
            The number of finished epochs, to hand to ``fit`` as ``initial_epoch``; 0 at first.

        Raises:
            ValueError, CheckpointError: as ``restore``.
        """
        if others := _others(self.folder):
            print(others)
        try:
            path, state, checkpoint = _read_first(self.folder, "newest", running=False)
        except FileNotFoundError:
            return self._begin_anew()
        over = checkpoint.diverged or checkpoint.epoch >= epochs
        if over and int(gan.steps) == 0:
            print(
                f"The run in {self.folder} is over; this one begins anew. "
                f"Its checkpoints move to {self.folder / 'previous'}."
            )
            return self._begin_anew()
        print(f"Goes on after epoch {checkpoint.epoch} of {epochs}, from {self.folder}.")
        return self._go_on(gan, path, state, checkpoint)

    def restore(self, gan: GAN, which: str = "newest") -> int:
        """Load a checkpoint into ``gan``, the newest or the best; return the epoch for ``fit``.

        Everything is checked first: after an error the model is as it was.

        Raises:
            FileNotFoundError: if there is no checkpoint yet, or only those of another open kernel.
            CheckpointError: if all checkpoints are damaged.
            ValueError: if ``gan`` is not compiled or has another architecture, or the frames have
                another shape than the recorder makes.
        """
        return self._go_on(gan, *_read_first(self.folder, which, running=False))

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
            _LAST[self.folder] = self

    def on_train_begin(self, logs: Logs = None) -> None:
        if self.saved_epoch is not None and _LAST.get(self.folder, self) is not self:
            raise ValueError(
                f"Another saver of this kernel has used {self.folder} since. Give each its own."
            )
        self._first_epoch = True
        self._steps: int | None = None  # at the end of self.epoch
        if self._read_run is not None:
            # If another kernel has gone on with it meanwhile, a new run branches off.
            take_name(self.folder, [self._read_run])

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if self._first_epoch:
            self._first_epoch = False
            self.epoch, self._steps = epoch, int(self.model.steps.numpy())
            # Cut off what an earlier, longer run left behind.
            self.history = {name: values[:epoch] for name, values in self.history.items()}
            if self.saved_epoch != epoch:
                self.save()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.model.diverged:
            return  # the older checkpoint stays the newest
        self.epoch, self._steps = epoch + 1, int(self.model.steps.numpy())
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
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
        self.saved_epoch = self._read_run = None
        return 0

    def _go_on(self, gan: GAN, path: Path, state: State, checkpoint: Checkpoint) -> int:
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
        _LAST[self.folder] = self
        self._take_over(checkpoint)
        self.saved_epoch, self._read_run = checkpoint.epoch, _run(path)
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


def _read(path: Path) -> tuple[State, Checkpoint]:
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


def _read_first(folder: Path, which: str, running: bool = True) -> tuple[Path, State, Checkpoint]:
    """As ``read_checkpoint``, if need be without runs of others that are running; with its path."""
    if which not in ("newest", "best"):
        raise ValueError(f"which is {which!r}, expected 'newest' or 'best'.")
    kind = "checkpoint" if which == "newest" else "best checkpoint"
    while True:
        problems = []
        found = _readable(folder, running)
        wanted = [path for path in found if which == "newest" or path.name.startswith("best")]
        if not wanted:
            raise FileNotFoundError(
                f"There is no {kind} in {folder}. Train with a CheckpointSaver for this folder "
                f"first, or check the path. {'' if running else _others(folder)}".strip()
            )
        for path in wanted:
            try:
                state, checkpoint = _read(path)
            except CheckpointError as error:
                if not path.exists():
                    break  # its run has removed it meanwhile, and has a newer one
                problems.append(str(error))
                continue
            used = f"The checkpoint before it is used, that of epoch {checkpoint.epoch}."
            for problem in problems:
                print(problem, used)
            return path, state, checkpoint
        else:
            raise CheckpointError(
                f"No {kind} in {folder} can be used. {' '.join(problems)} Delete the folder to "
                "begin anew."
            )


def _readable(folder: Path, running: bool) -> list[Path]:
    """The checkpoints to choose from, those to be preferred first."""
    found = find_checkpoints(folder)[::-1]
    runs = _runs(found)
    chosen = [run for run in runs if run == own_name(folder)]
    chosen = chosen or [run for run in runs if not is_running(folder, run)]
    chosen = chosen or (runs if running else [])
    return [path for run in chosen for path in found if _run(path) == run]


def _runs(paths: Iterable[Path]) -> list[str]:
    """The names of the runs that have checkpoints there, the one with the most epochs first."""
    # The newest is no good sign: who opens a second kernel by mistake and closes both wants the
    # run that was begun first.
    furthest: dict[str, tuple[int, int]] = {}
    for path in paths:
        furthest[_run(path)] = max(furthest.get(_run(path), (0, 0)), (_epoch(path), _number(path)))
    return sorted(furthest, key=lambda run: furthest[run], reverse=True)


def _others(folder: Path) -> str:
    """What a person should know if another process that is running has checkpoints there."""
    if not any(is_running(folder, run) for run in _runs(find_checkpoints(folder))):
        return ""
    return (
        f"Another kernel that is still open keeps its checkpoints in {folder}: they stay as they "
        "are, and this run has its own beside them; to go on with the other run instead, shut its "
        "kernel down, then restart this one, and to keep the two apart, choose another folder."
    )


def _number(path: Path) -> int:
    return int(path.name.split("_")[1])


def _epoch(path: Path) -> int:
    return int(path.name.split("_")[3])


def _run(path: Path) -> str:
    return path.name.partition("_by_")[2]

"""Checkpoints of a training run: written whole or not at all, checked before they are used.

A checkpoint is a folder such as ``save_000007_epoch_0012``, the seventh that was written. It holds
``state.npz`` (weights, moments, random states), ``progress.json``, ``frames.npz`` and, so that
damage is noticed, ``SHA256SUMS``. That of the best epoch so far begins with ``best`` instead.
"""

import json
import math
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gan_helpers.runtime import DatasetError, read_arrays, read_sums, verified_path, write_sums
from gan_helpers.training import GAN, is_finite

import numpy as np

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "find_checkpoints",
    "load_checkpoint",
    "read_checkpoint",
    "save_checkpoint",
    "set_aside",
]

FILES = ("state.npz", "progress.json", "frames.npz")
NAME = re.compile(r"(save|best)_(\d+)_epoch_(\d+)")
# Frames of a long run; what is more was not recorded here.
MOST_FRAME_BYTES = 4_000_000_000


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
    """

    epoch: int
    history: dict[str, list[float]] = field(default_factory=dict)
    frames: list[np.ndarray] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    measured: dict[str, list[float]] = field(default_factory=dict)
    diverged: bool = False

    def check(self) -> None:
        """Raise a ValueError that names the first attribute that is not as described above."""
        if type(self.epoch) is not int or self.epoch < 0:
            raise ValueError(f"epoch is {self.epoch!r}, expected a whole number, 0 or more.")
        for name in ("history", "measured"):
            lists = getattr(self, name)
            if not isinstance(lists, dict) or not all(map(_is_numbers, lists.values())):
                raise ValueError(f"{name} is {lists!r:.80}, expected lists of finite numbers.")
        for name, values in self.history.items():
            if len(values) > self.epoch:
                raise ValueError(
                    f"history has {len(values)} values of {name}, but only {self.epoch} epochs "
                    "are finished."
                )
        shapes = {(frame.shape, frame.dtype.name) for frame in self.frames}
        if len(shapes) > 1 or any(dtype != "uint8" or len(s) not in (2, 3) for s, dtype in shapes):
            raise ValueError(f"frames are {shapes}, expected uint8 pictures of one shape.")
        texts = isinstance(self.labels, list) and all(isinstance(x, str) for x in self.labels)
        if not texts or len(self.labels) != len(self.frames):
            raise ValueError(
                f"labels are {self.labels!r:.80}, expected one caption for each of the "
                f"{len(self.frames)} frames."
            )
        if not isinstance(self.diverged, bool):
            raise ValueError(f"diverged is {self.diverged!r}, expected true or false.")


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
        ValueError: if ``keep`` is below 1, or the progress is not as ``Checkpoint`` describes it.
        FloatingPointError: if the state holds a number that is not finite.
        OSError: if the folder cannot be written.
        All leave the older checkpoints as they are.
    """
    if keep < 1:
        raise ValueError(f"keep must be at least 1 checkpoint, but is {keep!r}.")
    checkpoint.check()
    state = gan.get_state()
    if not is_finite(state):
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
    except OSError:
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


def load_checkpoint(gan: GAN, folder: str | Path, which: str = "newest") -> Checkpoint:
    """Restore a checkpoint into a compiled model of the same architecture.

    Everything is checked first: after an error the model is as it was.

    Args:
        gan: the model.
        folder: where the checkpoints of the run lie.
        which: ``"newest"``, or ``"best"`` for that with the smallest distance.

    Returns:
        The stored progress; hand its ``epoch`` to ``fit`` as ``initial_epoch``.

    Raises:
        ValueError: if the model is not compiled, or the state is that of another architecture.
        FileNotFoundError, CheckpointError: as ``read_checkpoint``.
    """
    state, checkpoint = read_checkpoint(folder, which)
    gan.set_state(state)
    return checkpoint


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
        except CheckpointError as problem:
            problems.append(str(problem))
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


def _write(folder: Path, state: dict[str, np.ndarray], checkpoint: Checkpoint) -> None:
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
        # The state is stored as it is, so it takes no more than its file.
        state = read_arrays(state_file, most_bytes=state_file.stat().st_size)
        frames = list(read_arrays(frames_file, ["frames"], MOST_FRAME_BYTES)["frames"])
        progress: dict[str, Any] = json.loads(progress_file.read_text(encoding="utf-8"))
        checkpoint = Checkpoint(**progress, frames=frames)
        checkpoint.check()
    except DatasetError as problem:
        raise CheckpointError(str(problem).strip()) from None
    except Exception as problem:  # a file can be damaged in more ways than anyone can list
        raise CheckpointError(f"{path} cannot be read: {problem}") from problem
    return state, checkpoint


def _number(path: Path) -> int:
    return int(NAME.fullmatch(path.name)[2])


def _epoch(path: Path) -> int:
    return int(NAME.fullmatch(path.name)[3])


def _is_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(
        isinstance(value, int | float) and math.isfinite(value) for value in values
    )

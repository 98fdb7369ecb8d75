"""Kill a training run again and again, and prove that nothing is lost.

A small GAN trains in a process of its own and saves a checkpoint after each epoch. SIGKILL, which a
program can neither catch nor delay, ends the process: while it starts and resumes, at any moment of
training, or while a checkpoint is being written. Each next process must go on from an epoch that is
no earlier than the last one reported as saved. In the end the weights, moments, random states,
losses and frames must be those of a run that was never killed.
"""

import contextlib
import io
import multiprocessing
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from gan_helpers.callbacks import CheckpointSaver, SampleRecorder, StopOnNaN
from gan_helpers.checkpoints import read_checkpoint
from gan_helpers.data import image_batches
from gan_helpers.models import build_dense_discriminator, build_dense_generator
from gan_helpers.training import GAN

import keras
import numpy as np

KILLS = 50
SEED = 0
IMAGE_SHAPE = (8, 8, 1)
EPOCHS = 160  # more than fit between 50 kills
UNFINISHED = "being_written*"  # a checkpoint that is being written
PATIENCE = 120  # seconds until a process that says nothing counts as one that hangs


class Reporter(keras.callbacks.Callback):
    """Tell the parent the newest saved epoch; stands behind the saver in the list."""

    def __init__(self, saver: CheckpointSaver, parent: Connection) -> None:
        super().__init__()
        self.saver, self.parent = saver, parent

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.parent.send(self.saver.saved_epoch)


def measure() -> None:
    start = time.monotonic()
    # A process that has loaded TensorFlow, but not started it, forks one for each life of the run.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"gan_helpers.{name}" for name in ("callbacks", "playground")])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        through, killed = folder / "through", folder / "killed"
        live(context, through)
        counts = kill_again_and_again(context, killed)
        arrays = compare(through, killed)
    row(f"kills, of {EPOCHS} epochs", KILLS)
    for what, count in counts.items():
        row(f"  {what}", count)
    row("lives that did not go on", 0)
    row("epochs lost that had been reported as saved", 0)
    row(f"arrays that differ from the run never killed, of {arrays}", 0)
    row("seconds", round(time.monotonic() - start))


def row(what: str, count: int) -> None:
    print(f"{what:56} {count:9}")


def kill_again_and_again(
    context: multiprocessing.context.BaseContext, folder: Path
) -> dict[str, int]:
    """Kill as often as KILLS says, then let the run end; how many kills fell on what."""
    random = np.random.default_rng(SEED)
    counts = {"while starting or resuming": 0, "while training": 0, "while writing": 0}
    reported = 0
    for number in range(KILLS):
        process, child = begin(context, folder)
        if number % 10 == 9:
            time.sleep(random.uniform(0, 4))
        else:
            reported = listen(child, reported, saves=random.integers(1, 3))
            if number % 2:
                wait_for(folder, UNFINISHED)
            time.sleep(random.uniform(0, 0.02 if number % 2 else 0.2))
        process.kill()
        process.join()
        # What it still said before it died.
        reported, has_begun = drain(child, reported)
        writing = any(folder.glob(UNFINISHED))
        begun = has_begun or number % 10 != 9
        moment = "writing" if writing else "training" if begun else "starting or resuming"
        counts[f"while {moment}"] += 1
    live(context, folder, reported)
    return counts


def begin(
    context: multiprocessing.context.BaseContext, folder: Path
) -> tuple[multiprocessing.process.BaseProcess, Connection]:
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=train, args=(folder, there))
    process.start()
    there.close()
    return process, here


def live(context: multiprocessing.context.BaseContext, folder: Path, reported: int = 0) -> None:
    """One life until the run has all its epochs."""
    process, child = begin(context, folder)
    listen(child, reported, saves=EPOCHS)
    process.join()
    if process.exitcode != 0:
        raise RuntimeError(f"The run ended with status {process.exitcode}.")


def listen(child: Connection, reported: int, saves: int) -> int:
    """Hear where the process goes on, then of so many saves, or of the end; the newest epoch."""
    epoch = receive(child)
    check(epoch, reported)
    for _ in range(saves):
        if epoch < EPOCHS:
            epoch = receive(child)
    return epoch


def drain(child: Connection, reported: int) -> tuple[int, bool]:
    """The newest epoch that was reported, and whether there was any report."""
    heard = False
    try:
        while child.poll():
            epoch = child.recv()
            check(epoch, reported)
            reported, heard = epoch, True
    except EOFError:
        pass  # the end of what a dead process said
    return reported, heard


def check(epoch: int, reported: int) -> None:
    if epoch < reported:
        raise RuntimeError(f"Epoch {reported} was reported as saved, but now it is {epoch}.")


def receive(child: Connection) -> int:
    if not child.poll(PATIENCE):
        raise RuntimeError(f"The run said nothing for {PATIENCE} seconds.")
    return child.recv()


def wait_for(folder: Path, pattern: str) -> None:
    end = time.monotonic() + PATIENCE
    while not any(folder.glob(pattern)):
        if time.monotonic() > end:
            raise RuntimeError(f"No checkpoint was written for {PATIENCE} seconds.")


def train(folder: Path, parent: Connection) -> None:
    """One life: begin or go on, exactly as a lesson's cell does."""
    keras.utils.set_random_seed(SEED)
    gan = GAN(
        build_dense_generator(latent_dim=4, image_shape=IMAGE_SHAPE, width=8),
        build_dense_discriminator(IMAGE_SHAPE, width=8),
        seed=SEED,
        augment=keras.layers.GaussianNoise(0.1, seed=SEED),
    )
    # Eagerly, because compiling the step would take longer than most lives.
    adams = [keras.optimizers.Adam(1e-3) for _ in range(2)]
    gan.compile(*adams, run_eagerly=True)
    images = np.random.default_rng(0).integers(0, 256, (32, *IMAGE_SHAPE), dtype="uint8")
    batches = image_batches(images, 16, seed=SEED, flip=True)
    recorder = SampleRecorder(keras.random.normal((4, 4), seed=SEED), every=20)
    saver = CheckpointSaver(folder, recorder)
    with contextlib.redirect_stdout(io.StringIO()):  # fifty times the same sentence
        epoch = saver.resume(gan, EPOCHS)
    parent.send(epoch)
    gan.fit(
        batches,
        initial_epoch=epoch,
        epochs=EPOCHS,
        verbose=0,
        callbacks=[recorder, saver, StopOnNaN(), Reporter(saver, parent)],
    )


def compare(through: Path, killed: Path) -> int:
    """Raise a RuntimeError unless both runs ended with the same; return the number of arrays."""
    (state, progress), (other_state, other_progress) = map(read_checkpoint, (through, killed))
    different = [
        name for name, array in state.items() if not np.array_equal(array, other_state[name])
    ]
    if different or progress.history != other_progress.history:
        raise RuntimeError(f"The killed run ended elsewhere: {different}, or other losses.")
    same_frames = np.array_equal(progress.frames, other_progress.frames)
    if progress.labels != other_progress.labels or not same_frames:
        raise RuntimeError("The killed run recorded other frames.")
    return len(state)

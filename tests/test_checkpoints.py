"""What is trained is not lost: by a stop, a kill, a full disk, a damaged file or a wrong model."""

import errno
import json
import multiprocessing
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from gan_helpers.callbacks import CheckpointSaver, SampleRecorder
from gan_helpers.checkpoints import (
    Checkpoint,
    CheckpointError,
    find_checkpoints,
    put_back,
    read_checkpoint,
    save_checkpoint,
    set_aside,
)
from gan_helpers.data import image_batches, to_pixels
from gan_helpers.models import build_dcgan_discriminator, build_dcgan_generator
from gan_helpers.runtime import own_name, write_sums, writers
from gan_helpers.training import GAN

import keras
import numpy as np
import pytest
from checkpoint_writers import FakeGAN, save, write_and_live_on, write_at_once
from tiny_gan import IMAGE_SHAPE, fit, make_dense_gan, make_images, same, same_state

FILES = ("state.npz", "progress.json", "frames.npz", "SHA256SUMS")
EPOCHS = 4


def advance(gan):
    """What training would change, as far as these tests look at it."""
    gan.steps.assign_add(1)
    gan.generator.weights[0].assign(gan.generator.weights[0] + 1.0)


def load_checkpoint(gan, folder, which="newest"):
    state, checkpoint = read_checkpoint(folder, which)
    put_back(gan, state)
    return checkpoint


def names(folder):
    """What lies there but the locks, without the names of the runs."""
    paths = [path for path in folder.iterdir() if path.suffix != ".lock"]
    return sorted(path.name.partition("_by_")[0] for path in paths)


def reseal(path):
    """Make the sums fit again, as another program that writes checkpoints would."""
    write_sums(path, FILES[:-1])


# To stop and go on equals to train through. The second half runs in a process of its own.


def make_full_gan(seed):
    """Everything at once that is random or has a memory."""
    shift = keras.layers.RandomTranslation(0.125, 0.125, fill_mode="constant", seed=seed)
    return make_dense_gan(seed, logits=3, augment=shift, steps_per_execution=2)


def train(folder, gan):
    """The cell of a lesson: begin, or go on."""
    recorder = SampleRecorder(keras.random.normal((4, 4), seed=0))
    saver = CheckpointSaver(folder, recorder, every=2)
    images, labels = to_pixels(make_images(20)), np.arange(20) % 3
    batches = image_batches(images, 4, seed=5, flip=True, labels=labels)
    epoch = saver.resume(gan, EPOCHS)
    gan.fit(batches, initial_epoch=epoch, epochs=EPOCHS, verbose=0, callbacks=[recorder, saver])


def test_stopping_and_going_on_in_a_new_process_equals_training_through(tmp_path):
    train(tmp_path / "through", make_full_gan(1))
    # What the run had left behind when half of it was done.
    shutil.copytree(tmp_path / "through", tmp_path / "stopped")
    shutil.rmtree(next((tmp_path / "stopped").glob("save_000003_epoch_0004*")))
    code = "import sys, test_checkpoints as t; t.train(sys.argv[1], t.make_full_gan(2))"
    command = [sys.executable, "-c", code, tmp_path / "stopped"]
    output = subprocess.run(
        command, check=True, cwd=Path(__file__).parent, capture_output=True, text=True
    ).stdout
    assert "after epoch 2 of 4" in output

    state, through = read_checkpoint(tmp_path / "through")
    resumed_state, resumed = read_checkpoint(tmp_path / "stopped")
    assert same_state(state, resumed_state)
    assert (resumed.epoch, resumed.history) == (through.epoch, through.history)
    assert len(through.history["class_loss"]) == EPOCHS
    assert resumed.labels == through.labels
    assert through.labels == ["untrained", "epoch 1", "epoch 2", "epoch 3", "epoch 4"]
    assert same(resumed.frames, through.frames)


# What is kept


def test_a_checkpoint_returns_its_progress_and_keeps_the_newest_two(gan, tmp_path):
    frames = [np.full((4, 4), value, np.uint8) for value in (0, 255)]
    for epoch in (1, 2, 10):
        stored = Checkpoint(
            epoch, {"generator_loss": [0.5] * epoch}, frames, ["a", "b"], {"minutes": [1.5]}
        )
        save_checkpoint(gan, tmp_path, stored)
    loaded = load_checkpoint(gan, tmp_path)
    assert (loaded.epoch, loaded.history, loaded.labels) == (10, stored.history, ["a", "b"])
    assert loaded.measured == {"minutes": [1.5]} and not loaded.diverged
    assert same(loaded.frames, frames)
    assert names(tmp_path) == ["save_000002_epoch_0002", "save_000003_epoch_0010"]


def test_the_best_stays_until_a_better_one_comes(gan, tmp_path):
    for epoch in range(1, 8):
        save_checkpoint(gan, tmp_path, Checkpoint(epoch), best=epoch in (2, 3))
        advance(gan)
    assert names(tmp_path) == [
        "best_000003_epoch_0003",
        "save_000006_epoch_0006",
        "save_000007_epoch_0007",
    ]
    assert load_checkpoint(gan, tmp_path).epoch == 7
    assert load_checkpoint(gan, tmp_path, which="best").epoch == 3
    assert int(gan.steps) == 2


def test_a_shorter_run_in_the_same_folder_replaces_a_longer_one(gan, tmp_path):
    for epoch in (40, 41, 1, 2):
        save_checkpoint(gan, tmp_path, Checkpoint(epoch), best=epoch == 40)
    assert load_checkpoint(gan, tmp_path).epoch == 2
    assert names(tmp_path) == ["save_000003_epoch_0001", "save_000004_epoch_0002"]


def test_saving_an_epoch_again_replaces_it(gan, tmp_path):
    for history in ({"generator_loss": [1.0]}, {"generator_loss": [2.0]}):
        save_checkpoint(gan, tmp_path, Checkpoint(1, history))
    assert load_checkpoint(gan, tmp_path).history == history
    assert names(tmp_path) == ["save_000002_epoch_0001"]


def test_a_folder_that_is_no_checkpoint_is_left_alone(gan, tmp_path):
    (tmp_path / "save_000009_epoch_0009 copy").mkdir()
    save_checkpoint(gan, tmp_path, Checkpoint(1))
    assert load_checkpoint(gan, tmp_path).epoch == 1
    assert (tmp_path / "save_000009_epoch_0009 copy").exists()


def test_what_is_set_aside_can_be_loaded(gan, tmp_path):
    for epoch in (5, 6):
        set_aside(tmp_path)  # at first there is nothing to move
        save_checkpoint(gan, tmp_path, Checkpoint(epoch))
    assert load_checkpoint(gan, tmp_path).epoch == 6
    assert load_checkpoint(gan, tmp_path / "previous").epoch == 5
    set_aside(tmp_path)
    assert load_checkpoint(gan, tmp_path / "previous").epoch == 6


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # on Windows
    save("~/my runs", 1, epoch=3)
    assert names(tmp_path / "my runs") == ["save_000001_epoch_0003"]
    assert read_checkpoint("~/my runs")[1].epoch == 3
    assert CheckpointSaver("~/my runs").resume(FakeGAN(), 9) == 3
    assert find_checkpoints("~/my runs")
    set_aside("~/my runs")
    assert not find_checkpoints("~/my runs")


# Two kernels, one folder


@contextmanager
def kernels(target, *arguments):
    """Processes of their own, one for each tuple of arguments."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=target, args=values) for values in arguments]
    for process in processes:
        process.start()
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.join()


def check_belongs_together(state, checkpoint):
    assert checkpoint.history["writer"] == [state["writer"]]
    assert checkpoint.epoch == state["epoch"]


def test_two_kernels_that_save_at_the_same_moments_lose_nothing(tmp_path, capsys):
    epochs, reads = 200, 0
    barrier = multiprocessing.get_context("spawn").Barrier(2)
    arguments = [(tmp_path, writer, epochs, barrier) for writer in (1, 2)]
    with kernels(write_at_once, *arguments) as processes:
        while any(process.is_alive() for process in processes):
            try:
                check_belongs_together(*read_checkpoint(tmp_path))
            except FileNotFoundError:
                assert not reads  # not even for a moment, once there is one
                time.sleep(0.05)
            else:
                reads += 1
        assert [process.exitcode for process in processes] == [0, 0], "each save succeeded"
    assert reads > 10
    assert capsys.readouterr().out == ""  # no checkpoint was found damaged

    found = find_checkpoints(tmp_path)
    assert len(names(tmp_path)) == len(found)  # nothing is left unfinished
    runs = {}
    for path in found:
        shutil.copytree(path, tmp_path / "alone" / path.name)
        state, checkpoint = read_checkpoint(tmp_path / "alone")
        shutil.rmtree(tmp_path / "alone")
        check_belongs_together(state, checkpoint)
        runs.setdefault(int(state["writer"]), []).append(checkpoint.epoch)
    assert runs == {1: [2, epochs - 1, epochs], 2: [2, epochs - 1, epochs]}


def test_a_run_is_its_kernels_until_that_has_ended(tmp_path, capsys):
    here, there = multiprocessing.get_context("spawn").Pipe()
    folders = [tmp_path / "both are open", tmp_path / "the other is closed", tmp_path / "not mine"]
    for folder in folders:
        folder.mkdir()
        (folder / "being_written").mkdir()  # by the first edition, killed
    shared, ended, third = folders
    with kernels(write_and_live_on, (folders, 4, there)):
        assert here.poll(60) and here.recv() == "written"
        theirs = sorted(shared.iterdir())
        assert names(shared) == [
            "being_written",
            "best_000001_epoch_0001",
            "save_000003_epoch_0003",
            "save_000004_epoch_0004",
        ]
        saver = CheckpointSaver(shared)
        assert saver.resume(FakeGAN(), 9) == 0
        assert "Another kernel that is still open" in capsys.readouterr().out
        with pytest.raises(FileNotFoundError, match="Another kernel that is still open"):
            saver.restore(FakeGAN())
        assert read_checkpoint(shared)[1].epoch == 4  # it may be looked at
        for epoch in (1, 2, 3):
            set_aside(shared)
            save(shared, 2, epoch, best=epoch == 3)
        assert set(theirs) <= set(shared.iterdir())
        assert saver.resume(FakeGAN(), 9) == 3
    capsys.readouterr()
    # It has been killed.
    gan, saver = FakeGAN(), CheckpointSaver(ended)
    assert saver.resume(gan, 9) == 4
    assert "Another kernel" not in capsys.readouterr().out
    check_belongs_together(gan.state, Checkpoint(4, {"writer": [1]}))
    saver.set_model(gan)
    saver.on_train_begin()
    saver.epoch = 5
    saver.save()
    assert names(ended) == [
        "best_000001_epoch_0001",
        "save_000004_epoch_0004",
        "save_000005_epoch_0005",
    ]
    assert len({path.name[-8:] for path in find_checkpoints(ended)}) == 1, "it is the same run"
    set_aside(third)
    assert names(third) == ["being_written", "previous"]
    assert read_checkpoint(third / "previous")[1].epoch == 4


def test_of_two_ended_runs_the_longer_goes_on_and_the_other_stays(tmp_path):
    locks = []
    for writer, epochs in ((1, 5), (2, 3)):
        for epoch in range(epochs):
            save(tmp_path, writer, epoch, best=epoch == 1)
        locks.append(writers._OWN.popitem()[1][1])  # as if another kernel had written it
    for lock in locks:
        lock.release()  # as if that had ended
    gan, saver = FakeGAN(), CheckpointSaver(tmp_path)
    assert saver.resume(gan, 9) == 4 and gan.state["writer"] == 1
    save(tmp_path, 1, 5)
    epochs_of = {}
    for path in find_checkpoints(tmp_path):
        epochs_of.setdefault(path.name[-8:], []).append(int(path.name[18:22]))
    assert sorted(epochs_of.values()) == [[1, 2], [1, 4, 5]]


def test_a_disk_without_locks_is_no_hindrance(tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(writers.FileLock, "acquire", fail)
    for kernel in range(2):
        monkeypatch.setattr(writers, "_OWN", {})
        (tmp_path / "being_written_by_1a2b3c4d_1a2b3c4d").mkdir(exist_ok=True)  # perhaps just now
        assert CheckpointSaver(tmp_path).resume(FakeGAN(), 9) == 3 * kernel
        for epoch in range(1, 4):
            save(tmp_path, 1, 3 * kernel + epoch)
    assert [name[-4:] for name in names(tmp_path)] == ["tten", "0002", "0003", "0005", "0006"]
    set_aside(tmp_path)
    assert read_checkpoint(tmp_path / "previous")[1].epoch == 6


def test_a_folder_that_is_held_open_goes_with_the_next_save(tmp_path, monkeypatch):
    """As on Windows, where a folder with an open file cannot be moved."""

    def rename(path, target):
        if "removed" in target.name:
            raise PermissionError(errno.EACCES, "Permission denied")
        return shutil.move(path, target) and target

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename)
        for epoch in (1, 2, 3):
            save(tmp_path, 1, epoch)
    assert len(names(tmp_path)) == 3
    save(tmp_path, 1, 4)
    assert [name[-4:] for name in names(tmp_path)] == ["0003", "0004"]


def test_a_deleted_folder_is_made_again(tmp_path):
    for epoch in (1, 2):
        shutil.rmtree(tmp_path / "runs", ignore_errors=True)
        save(tmp_path / "runs", 1, epoch)
        lock = tmp_path / "runs" / f"by_{own_name(tmp_path / 'runs')}.lock"
        assert lock.exists() and names(tmp_path / "runs") == [f"save_000001_epoch_000{epoch}"]


# A save that fails


def fail_to_write(path, **arrays):
    path.write_bytes(b"half of it")
    raise OSError(errno.EFBIG, "File too large")


@contextmanager
def full_disk(limit=20_000):
    """No file may grow beyond this many bytes, which is what writing to a full disk is like."""
    try:
        import resource
    except ImportError:  # Windows has no such limit; there the writing itself fails
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(np, "savez", fail_to_write)
            yield
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_the_older_checkpoint_and_no_rest(gan, tmp_path):
    save_checkpoint(gan, tmp_path, Checkpoint(1))
    with full_disk(), pytest.raises(OSError, match="File too large"):
        save_checkpoint(gan, tmp_path, Checkpoint(2))
    assert names(tmp_path) == ["save_000001_epoch_0001"]
    assert load_checkpoint(gan, tmp_path).epoch == 1


@pytest.mark.parametrize("step", ["write_sums", "_write", "rename", "rmtree"])
def test_a_kill_at_any_step_leaves_a_complete_checkpoint(gan, tmp_path, monkeypatch, step):
    """KeyboardInterrupt stands in for the kill: nothing in the package catches it."""

    def kill(*arguments, **options):
        raise KeyboardInterrupt

    save_checkpoint(gan, tmp_path, Checkpoint(1))
    place = {"rename": Path, "rmtree": shutil}.get(step, sys.modules["gan_helpers.checkpoints"])
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(place, step, kill)
        save_checkpoint(gan, tmp_path, Checkpoint(1, {"generator_loss": [2.0]}))
    assert load_checkpoint(gan, tmp_path).epoch == 1
    save_checkpoint(gan, tmp_path, Checkpoint(2))
    save_checkpoint(gan, tmp_path, Checkpoint(3))
    assert [name[-4:] for name in names(tmp_path)] == ["0002", "0003"]


def test_a_kill_amid_the_removal_leaves_no_half_of_a_checkpoint(tmp_path, monkeypatch):
    def kill(path, **options):
        (path / "state.npz").unlink()
        raise KeyboardInterrupt

    for epoch in (1, 2):
        save(tmp_path, 1, epoch)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shutil, "rmtree", kill)
        save(tmp_path, 1, 3)
    found = find_checkpoints(tmp_path)
    assert len(found) == 2 and all((path / "state.npz").exists() for path in found)


def test_a_model_that_is_not_finite_is_not_saved(gan, tmp_path):
    save_checkpoint(gan, tmp_path, Checkpoint(1))
    gan.generator.weights[0].assign(gan.generator.weights[0] * np.nan)
    with pytest.raises(FloatingPointError, match="has diverged"):
        save_checkpoint(gan, tmp_path, Checkpoint(2))
    assert load_checkpoint(gan, tmp_path).epoch == 1


def test_keeping_no_checkpoint_is_refused(gan, tmp_path):
    with pytest.raises(ValueError, match="keep must be at least 1"):
        save_checkpoint(gan, tmp_path, Checkpoint(1), keep=0)


# A load that fails


def shorten(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [shorten, flip_a_bit, Path.unlink])
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_file_is_noticed_and_the_checkpoint_before_it_used(
    gan, tmp_path, capsys, file, damage
):
    frames = [np.zeros((4, 4), np.uint8)]
    for epoch in (1, 2):
        newest = save_checkpoint(gan, tmp_path, Checkpoint(epoch, frames=frames, labels=["a"]))
        advance(gan)
    damage(newest / file)
    assert load_checkpoint(gan, tmp_path).epoch == 1
    assert int(gan.steps) == 0
    message = capsys.readouterr().out
    assert newest.name in message and "that of epoch 1" in message


def test_arrays_damaged_before_they_were_sealed_are_named(gan, tmp_path):
    path = save_checkpoint(gan, tmp_path, Checkpoint(1))
    shorten(path / "state.npz")
    reseal(path)
    with pytest.raises(CheckpointError, match=r"state\.npz cannot be read as arrays of numbers"):
        load_checkpoint(gan, tmp_path)


def test_if_all_are_damaged_the_model_stays_as_it_is(gan, tmp_path):
    shorten(save_checkpoint(gan, tmp_path, Checkpoint(1)) / "state.npz")
    advance(gan)
    before = gan.get_state()
    with pytest.raises(CheckpointError, match=r"can be used.*state\.npz is damaged.*begin anew"):
        load_checkpoint(gan, tmp_path)
    assert same_state(gan.get_state(), before)


@pytest.mark.parametrize("progress", ["no JSON", "[1, 2]", "{}", '{"epoch": 1, "surprise": 1}'])
def test_progress_of_another_program_changes_nothing(gan, tmp_path, progress):
    path = save_checkpoint(gan, tmp_path, Checkpoint(1))
    (path / "progress.json").write_text(progress)
    reseal(path)
    advance(gan)
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_checkpoint(gan, tmp_path)
    assert int(gan.steps) == 1


def test_frames_that_do_not_fit_together_leave_the_older_checkpoint(gan, tmp_path):
    save_checkpoint(gan, tmp_path, Checkpoint(1))
    frames = [np.zeros((4, 4), np.uint8), np.zeros((5, 4), np.uint8)]
    with pytest.raises(ValueError, match="shape"):
        save_checkpoint(gan, tmp_path, Checkpoint(2, frames=frames, labels=["a", "b"]))
    assert names(tmp_path) == ["save_000001_epoch_0001"]


def test_a_checkpoint_of_another_architecture_changes_nothing(gan, tmp_path):
    other = GAN(
        build_dcgan_generator(4, IMAGE_SHAPE, width=8),
        build_dcgan_discriminator(IMAGE_SHAPE, width=4),
    )
    other.compile(keras.optimizers.Adam(), keras.optimizers.Adam())
    save_checkpoint(other, tmp_path, Checkpoint(1))
    before = gan.get_state()
    with pytest.raises(ValueError, match="another model"):
        load_checkpoint(gan, tmp_path)
    assert same_state(gan.get_state(), before)


def test_a_missing_checkpoint_is_named(gan, tmp_path):
    with pytest.raises(FileNotFoundError, match="no checkpoint in"):
        load_checkpoint(gan, tmp_path)
    save_checkpoint(gan, tmp_path, Checkpoint(1))
    with pytest.raises(FileNotFoundError, match="no best checkpoint in"):
        load_checkpoint(gan, tmp_path, which="best")
    with pytest.raises(ValueError, match="expected 'newest' or 'best'"):
        load_checkpoint(gan, tmp_path, which="last")


# What a run that goes on may change, and what not


def run_epochs(folder, gan, latents, epochs=1):
    recorder = SampleRecorder(latents)
    saver = CheckpointSaver(folder, recorder)
    first = saver.resume(gan, epochs)
    fit(gan, make_images(), epochs, initial_epoch=first, callbacks=[recorder, saver])
    return recorder


def test_a_new_learning_rate_stays_and_is_said(tmp_path, capsys):
    latents = keras.random.normal((4, 4), seed=0)
    run_epochs(tmp_path, make_dense_gan(), latents)
    other = make_dense_gan(seed=3)
    other.generator_optimizer.learning_rate = 5e-4
    run_epochs(tmp_path, other, latents, epochs=2)
    assert float(other.generator_optimizer.learning_rate) == pytest.approx(5e-4)
    assert int(other.steps) == 8
    printed = capsys.readouterr().out
    assert "The generator goes on with the learning rate 0.0005, as compiled" in printed
    assert "it was 0.001" in printed and "discriminator" not in printed


def test_two_models_of_one_kernel_do_not_share_a_folder(tmp_path):
    models = [make_dense_gan(seed) for seed in (0, 1)]
    savers = [CheckpointSaver(tmp_path) for _ in models]
    for gan, saver in zip(models, savers, strict=True):
        fit(gan, make_images(8), epochs=2, callbacks=[saver])
    with pytest.raises(ValueError, match="Give each its own"):
        fit(models[0], make_images(8), epochs=3, initial_epoch=2, callbacks=[savers[0]])
    assert savers[1].restore(models[1]) == 2
    again = CheckpointSaver(tmp_path)  # as when its cell runs again
    assert again.resume(models[1], epochs=3) == 2
    fit(models[1], make_images(8), epochs=3, initial_epoch=2, callbacks=[again])
    assert again.epoch == 3


def test_a_folder_stays_where_it_was_when_the_working_folder_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    saver, gan = CheckpointSaver("run"), make_dense_gan()
    fit(gan, make_images(8), callbacks=[saver])
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    fit(gan, make_images(8), epochs=2, initial_epoch=1, callbacks=[saver])
    assert not list(Path().iterdir())
    assert read_checkpoint(tmp_path / "run")[1].epoch == 2


def test_an_animation_keeps_its_subject(gan, tmp_path):
    run_epochs(tmp_path, gan, keras.random.normal((4, 4), seed=0))
    before = gan.get_state()
    saver = CheckpointSaver(tmp_path, SampleRecorder(keras.random.normal((4, 4), seed=1)))
    with pytest.raises(ValueError, match="the animation would change its subject"):
        saver.resume(gan, 2)
    assert same_state(gan.get_state(), before)


def test_a_checkpoint_of_the_first_edition_is_gone_on_with(gan, tmp_path):
    """It says neither what its frames show nor, in its name, whose it is."""
    latents = keras.random.normal((4, 4), seed=0)
    run_epochs(tmp_path, gan, latents)
    for path in tmp_path.glob("s*"):
        progress = json.loads((path / "progress.json").read_text())
        del progress["subject"]
        (path / "progress.json").write_text(json.dumps(progress))
        reseal(path)
        path.rename(tmp_path / path.name.partition("_by_")[0])
    writers._OWN.popitem()[1][1].release()  # this process has not written it
    assert run_epochs(tmp_path, gan, latents, epochs=2).labels == [
        "untrained",
        "epoch 1",
        "epoch 2",
    ]

from gan_helpers.callbacks import (
    CheckpointSaver,
    DistanceRecorder,
    LiveView,
    SampleRecorder,
    StopOnNaN,
    TimeBudget,
)
from gan_helpers.checkpoints import read_checkpoint, save_checkpoint
from gan_helpers.data import image_batches, load_cifar10, to_pixels
from gan_helpers.metrics import FeatureExtractor, frechet_distance
from gan_helpers.pictures import image_grid

import keras
import numpy as np
import pytest
import tiny_gan
from tiny_gan import fit, make_images, same_state


@pytest.fixture
def recorder():
    return SampleRecorder(keras.random.normal((4, 4), seed=0))


def test_frame_0_is_the_untrained_generator(gan, recorder):
    untrained = gan.generate(recorder.fixed_latents)
    fit(gan, make_images(), epochs=3, callbacks=[recorder])
    assert recorder.labels == ["untrained", "epoch 1", "epoch 2", "epoch 3"]
    assert recorder.frames[0].dtype == np.uint8
    for image in untrained[..., 0]:
        windows = np.lib.stride_tricks.sliding_window_view(recorder.frames[0], image.shape)
        assert (windows == image).all(axis=(2, 3)).any(), "the untrained images are in frame 0"
    assert not np.array_equal(recorder.frames[0], recorder.frames[-1])


def test_training_on_adds_frames_without_a_second_untrained_one(gan, recorder):
    fit(gan, make_images(), epochs=1, callbacks=[recorder])
    fit(gan, make_images(), epochs=2, initial_epoch=1, callbacks=[recorder])
    assert recorder.labels == ["untrained", "epoch 1", "epoch 2"]


def test_every_thins_the_frames(gan, recorder):
    recorder.every = 2
    fit(gan, make_images(), epochs=5, callbacks=[recorder])
    assert recorder.labels == ["untrained", "epoch 2", "epoch 4", "epoch 5"]


def test_a_conditional_generator_is_recorded_with_its_conditions():
    classes = np.array([0, 2, 1, 0])
    gan = tiny_gan.make_conditional_gan()
    latents = keras.random.normal((4, gan.latent_dim), seed=0)
    recorder = SampleRecorder(latents, columns=2, conditions=classes)
    recorder.set_model(gan)
    recorder.on_train_begin()
    expected = image_grid(gan.generate(latents, classes), columns=2)
    assert np.array_equal(recorder.frames[0], expected)


def test_recording_does_not_change_training(gan, one_gan, recorder):
    fit(gan, make_images(), epochs=2, callbacks=[recorder])
    watched = gan.get_state()
    tiny_gan.as_untrained(one_gan)
    fit(gan, make_images(), epochs=2)
    assert same_state(gan.get_state(), watched)


def test_the_time_budget_stops_after_the_batch_under_way(gan, capsys):
    seconds = iter([0.0, 10.0, 50.0, 61.0])  # start, then after each of three batches
    history = fit(gan, make_images(), epochs=9, callbacks=[TimeBudget(1, clock=seconds.__next__)])
    assert int(gan.steps) == 3
    assert len(history.epoch) == 1
    assert "Time budget of 1 minutes used up" in capsys.readouterr().out


def test_the_environment_lifts_time_budgets(gan, monkeypatch, capsys):
    monkeypatch.setenv("GAN_TIME_BUDGET", "off")
    hours = iter(range(0, 3_600_000, 3600))
    history = fit(gan, make_images(), epochs=3, callbacks=[TimeBudget(1, clock=hours.__next__)])
    assert len(history.epoch) == 3 and "used up" not in capsys.readouterr().out
    monkeypatch.setenv("GAN_TIME_BUDGET", "7")
    with pytest.raises(ValueError, match="GAN_TIME_BUDGET is '7'"):
        TimeBudget(1)


def test_the_last_frame_shows_where_training_ended(gan, recorder):
    recorder.every = 2
    fit(gan, make_images(), epochs=3, callbacks=[recorder])
    assert recorder.labels == ["untrained", "epoch 2", "epoch 3"]


def test_a_model_that_was_trained_is_not_called_untrained(gan, recorder):
    fit(gan, make_images(), epochs=1)
    fit(gan, make_images(), epochs=1, callbacks=[recorder])
    assert recorder.labels == ["step 4", "epoch 1"]


@pytest.mark.parametrize("minutes", [0, -1, float("nan")])
def test_an_empty_time_budget_is_refused(minutes):
    with pytest.raises(ValueError, match="above 0"):
        TimeBudget(minutes)


def nan_in_the_second_batch():
    images = make_images()
    images[8:16] = np.nan
    return images


def test_nan_stops_training_says_where_and_puts_the_model_back(gan, capsys):
    fit(gan, make_images(), epochs=1)
    before = gan.get_state()
    options = {"epochs": 5, "initial_epoch": 3, "callbacks": [StopOnNaN()]}
    history = fit(gan, nan_in_the_second_batch(), **options)
    assert history.epoch == [3]
    assert same_state(gan.get_state(), before)
    message = capsys.readouterr().out
    assert "at step 6 (epoch 4, batch 2) a loss is not a finite number" in message
    assert "as it was before this training" in message and "learning rate too high" in message


def test_an_exploding_loss_stops_training(capsys):
    def explode(fake_logits):
        return 20_000 + keras.ops.mean(fake_logits)

    gan = tiny_gan.make_gan(generator_loss=explode, run_eagerly=True)
    before = gan.get_state()
    fit(gan, make_images(8), epochs=3, callbacks=[StopOnNaN()])
    assert same_state(gan.get_state(), before)
    assert "above 10,000" in capsys.readouterr().out


def test_weights_that_break_in_the_last_step_of_an_epoch_are_not_saved(tmp_path, capsys):
    def break_the_gradient(fake_logits):
        return keras.ops.sqrt(0 * keras.ops.mean(fake_logits))  # 0, with the gradient NaN

    gan = tiny_gan.make_gan(generator_loss=break_the_gradient, run_eagerly=True)
    before = gan.get_state()
    recorder = SampleRecorder(keras.random.normal((4, 4), seed=0))
    callbacks = [recorder, CheckpointSaver(tmp_path), StopOnNaN()]
    for order in (callbacks, callbacks[::-1]):
        fit(gan, make_images(8), callbacks=order)
        assert same_state(gan.get_state(), before)
        assert "a weight is not a finite number" in capsys.readouterr().out
        state, checkpoint = read_checkpoint(tmp_path)
        assert same_state(state, before)
        assert checkpoint.epoch == 0 and checkpoint.diverged
    assert recorder.labels == ["untrained"]


def test_after_nan_the_last_good_checkpoint_stays_the_newest(gan, recorder, tmp_path):
    callbacks = [recorder, CheckpointSaver(tmp_path, recorder, every=2), StopOnNaN()]
    fit(gan, make_images(), epochs=1, callbacks=callbacks)
    sound = gan.get_state()
    fit(gan, np.full_like(make_images(), np.nan), epochs=3, initial_epoch=1, callbacks=callbacks)
    state, checkpoint = read_checkpoint(tmp_path)
    assert checkpoint.epoch == 1 and checkpoint.diverged
    assert same_state(state, sound)
    assert recorder.labels == ["untrained", "epoch 1"]


def test_without_a_guard_a_broken_model_is_not_saved_either(gan, tmp_path):
    saver = CheckpointSaver(tmp_path)
    fit(gan, make_images(), epochs=1, callbacks=[saver])
    fit(gan, nan_in_the_second_batch(), epochs=3, initial_epoch=1, callbacks=[saver])
    assert read_checkpoint(tmp_path)[1].epoch == 1


def test_a_resumed_run_continues_epochs_history_and_frames(gan, one_gan, recorder, tmp_path):
    saver = CheckpointSaver(tmp_path, recorder)
    first = fit(gan, make_images(), epochs=2, callbacks=[recorder, saver]).history

    stopped = gan.get_state()
    tiny_gan.as_untrained(one_gan)
    new_recorder = SampleRecorder(recorder.fixed_latents)
    new_saver = CheckpointSaver(tmp_path, new_recorder)
    epoch = new_saver.restore(gan)
    assert same_state(gan.get_state(), stopped)
    second = fit(
        gan, make_images(), epochs=4, initial_epoch=epoch, callbacks=[new_recorder, new_saver]
    ).history

    assert epoch == 2
    assert new_recorder.labels == ["untrained", "epoch 1", "epoch 2", "epoch 3", "epoch 4"]
    expected = first["generator_loss"] + second["generator_loss"]
    assert new_saver.history["generator_loss"] == pytest.approx(expected)


def test_the_last_epoch_is_saved_even_when_thinned(gan, tmp_path):
    fit(gan, make_images(), epochs=3, callbacks=[CheckpointSaver(tmp_path, every=2)])
    assert read_checkpoint(tmp_path)[1].epoch == 3


def test_training_anew_in_the_same_folder_replaces_the_history(gan, tmp_path):
    saver = CheckpointSaver(tmp_path)
    fit(gan, make_images(), epochs=3, callbacks=[saver])
    fit(gan, make_images(), epochs=2, callbacks=[saver])
    assert len(saver.history["generator_loss"]) == 2


# A cell that trains, run again


@pytest.fixture(scope="module")
def one_dense_gan():
    gan = tiny_gan.make_dense_gan()
    return gan, gan.get_state()


@pytest.fixture
def dense_gan(one_dense_gan):
    """Only trained on batches in their order; to change the kind of data is to trace anew."""
    return tiny_gan.as_untrained(one_dense_gan)


class Cell:
    """The cells of a lesson that make the callbacks and train; each run is a run of the second."""

    def __init__(self, folder):
        self.recorder = SampleRecorder(keras.random.normal((4, 4), seed=0))
        self.saver = CheckpointSaver(folder, self.recorder, every=2)
        self.batches = image_batches(to_pixels(make_images()), 8, seed=1)

    def run(self, gan, epochs=3, interruption=None):
        callbacks = [self.recorder, *([interruption] if interruption else []), self.saver]
        initial_epoch = self.saver.resume(gan, epochs)
        gan.fit(
            self.batches,
            initial_epoch=initial_epoch,
            epochs=epochs,
            verbose=0,
            callbacks=[*callbacks, StopOnNaN()],
        )
        return self


def interrupt(moment, number):
    """A callback that does what the stop button does, at that moment of that batch or epoch."""

    def stop(index, logs=None):
        if index == number:
            raise KeyboardInterrupt

    return keras.callbacks.LambdaCallback(**{moment: stop})


@pytest.fixture(scope="module")
def uninterrupted(one_dense_gan, tmp_path_factory):
    gan = tiny_gan.as_untrained(one_dense_gan)
    cell = Cell(tmp_path_factory.mktemp("uninterrupted")).run(gan)
    return cell, gan.get_state()


@pytest.mark.parametrize(
    ("moment", "number"),
    [("on_train_batch_end", 2), ("on_epoch_begin", 1), ("on_epoch_end", 1), ("on_epoch_end", 2)],
)
def test_an_interrupted_cell_run_again_ends_as_if_never_interrupted(
    dense_gan, uninterrupted, tmp_path, moment, number
):
    gan = dense_gan
    expected, expected_state = uninterrupted
    cell = Cell(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        cell.run(gan, interruption=interrupt(moment, number))
    assert gan.sample(2, seed=0).shape == (2, *tiny_gan.IMAGE_SHAPE), "it can be used"
    cell.run(gan)
    assert same_state(gan.get_state(), expected_state)
    assert cell.saver.history == expected.saver.history
    assert cell.recorder.labels == expected.recorder.labels
    assert tiny_gan.same(cell.recorder.frames, expected.recorder.frames)


def test_a_finished_cell_run_again_changes_nothing_and_more_epochs_go_on(
    dense_gan, tmp_path, capsys
):
    gan = dense_gan
    cell = Cell(tmp_path).run(gan)
    state = gan.get_state()
    cell.run(gan)
    assert same_state(gan.get_state(), state)
    assert cell.recorder.labels == ["untrained", "epoch 1", "epoch 2", "epoch 3"]
    assert "after epoch 3 of 3" in capsys.readouterr().out
    cell.run(gan, epochs=4)
    assert cell.recorder.labels[-2:] == ["epoch 3", "epoch 4"]
    assert len(cell.saver.history["generator_loss"]) == 4


def test_a_run_that_is_over_begins_anew_and_is_set_aside(
    dense_gan, one_dense_gan, tmp_path, capsys
):
    gan = dense_gan
    old = Cell(tmp_path).run(gan, epochs=2)
    for cell in (Cell(tmp_path), old):  # all cells again, or all but that of the callbacks
        state = gan.get_state()
        tiny_gan.as_untrained(one_dense_gan)
        assert cell.saver.resume(gan, 2) == 0
        assert "begins anew" in capsys.readouterr().out
        cell.run(gan, epochs=2)
        assert cell.recorder.labels == ["untrained", "epoch 1", "epoch 2"]
        assert read_checkpoint(tmp_path)[1].epoch == 2
        assert same_state(read_checkpoint(tmp_path / "previous")[0], state)


def test_a_run_that_diverged_begins_anew(gan, one_gan, tmp_path, capsys):
    callbacks = [CheckpointSaver(tmp_path), StopOnNaN()]
    fit(gan, nan_in_the_second_batch(), epochs=3, callbacks=callbacks)
    tiny_gan.as_untrained(one_gan)
    assert CheckpointSaver(tmp_path).resume(gan, 3) == 0
    assert "begins anew" in capsys.readouterr().out


def test_a_saver_that_does_not_ask_for_the_earlier_run_does_not_destroy_it(gan, tmp_path):
    fit(gan, make_images(), epochs=2, callbacks=[CheckpointSaver(tmp_path)])
    fit(gan, make_images(), epochs=1, callbacks=[CheckpointSaver(tmp_path)])
    assert read_checkpoint(tmp_path / "previous")[1].epoch == 2
    assert read_checkpoint(tmp_path)[1].epoch == 1


# Saves that fail, frames that do not fit


def test_a_save_that_fails_is_told_and_training_goes_on(gan, tmp_path, monkeypatch, capsys):
    def save(model, folder, checkpoint, **options):
        if checkpoint.epoch == 2:
            raise PermissionError(13, "Permission denied", str(folder))
        return save_checkpoint(model, folder, checkpoint, **options)

    monkeypatch.setattr("gan_helpers.checkpoints.save_checkpoint", save)
    saver = CheckpointSaver(tmp_path)
    fit(gan, make_images(), epochs=2, callbacks=[saver])
    message = capsys.readouterr().out
    assert "Epoch 2 is not saved: [Errno 13] Permission denied" in message
    assert "holds epoch 1" in message
    assert read_checkpoint(tmp_path)[1].epoch == 1
    monkeypatch.undo()
    saver.save()
    assert read_checkpoint(tmp_path)[1].epoch == 2
    assert len(saver.history["generator_loss"]) == 2


def test_frames_that_the_recorder_would_not_make_change_nothing(gan, recorder, tmp_path):
    fit(gan, make_images(), callbacks=[recorder, CheckpointSaver(tmp_path, recorder)])
    before = gan.get_state()
    for latents in (keras.random.normal((9, 4), seed=0), keras.random.normal((4, 4), seed=0)):
        saver = CheckpointSaver(tmp_path, SampleRecorder(latents))
        if len(latents) == 9:
            gan.steps.assign(99)
            with pytest.raises(ValueError, match="as many latents and columns"):
                saver.restore(gan)
            assert int(gan.steps) == 99
        else:
            assert saver.restore(gan) == 1
    assert same_state(gan.get_state(), before)


# The best


class ScriptedDistances(DistanceRecorder):
    """Measures what it is told, without looking at images."""

    def __init__(self, values):
        keras.callbacks.Callback.__init__(self)
        self.values = iter(values)
        self.every = 1
        self.clock = iter(range(0, 600, 30)).__next__
        self.measured = {}

    def on_train_begin(self, logs=None):
        pass

    def measure(self):
        return next(self.values)


def test_the_best_epoch_is_kept_with_its_distances(gan, tmp_path):
    distance = ScriptedDistances([9.0, 8.0, 7.0, 8.5, 8.0, 9.0])
    saver = CheckpointSaver(tmp_path, every=2, best=distance)
    fit(gan, make_images(), epochs=6, callbacks=[distance, saver])
    states = []
    for which, epoch in (("best", 3), ("newest", 6)):
        other = ScriptedDistances([])
        assert CheckpointSaver(tmp_path, best=other).restore(gan, which) == epoch
        assert other.measured == {
            "epochs": list(range(1, epoch + 1)),
            "minutes": [0.5 * number for number in range(1, epoch + 1)],
            "distances": distance.distances[:epoch],
            "seconds": [30.0 * epoch],
        }
        states.append(int(gan.steps))
    assert states == [12, 24]


def test_measuring_after_saving_or_not_at_all_is_refused(gan, tmp_path):
    distance = ScriptedDistances([9.0, 8.0])
    saver = CheckpointSaver(tmp_path, best=distance)
    for order in ([saver, distance], [saver]):
        with pytest.raises(ValueError, match="before the CheckpointSaver"):
            fit(gan, make_images(), epochs=2, callbacks=order)
    assert int(gan.steps) == 0


def test_the_live_view_shows_one_picture_and_updates_it(gan, recorder, monkeypatch):
    shown = []

    class Handle:
        def update(self, picture):
            shown.append(picture)

    def display(picture, display_id):
        shown.append(picture)
        return Handle()

    monkeypatch.setattr("gan_helpers.callbacks.display", display)
    fit(gan, make_images(), epochs=2, callbacks=[recorder, LiveView(recorder)])
    assert len(shown) == 3
    assert "before training" in shown[0].alt
    assert "epoch 2 of 2" in shown[-1].alt
    pictures = [picture._repr_mimebundle_()[0]["image/png"] for picture in shown]
    assert len(set(pictures)) == 3
    fit(gan, make_images(), epochs=3, initial_epoch=2, callbacks=[recorder, LiveView(recorder)])
    assert "goes on after epoch 2" in shown[3].alt


def test_a_live_view_before_its_recorder_is_told_where_it_belongs(gan, recorder):
    with pytest.raises(ValueError, match="put the SampleRecorder before the LiveView"):
        fit(gan, make_images(), callbacks=[LiveView(recorder), recorder])
    assert int(gan.steps) == 0


@pytest.mark.parametrize("every", [0, 2.5, True])
@pytest.mark.parametrize(
    "make",
    [
        lambda n: SampleRecorder(None, every=n),
        lambda n: CheckpointSaver(".", every=n),
        lambda n: DistanceRecorder(None, every=n),
    ],
)
def test_every_is_a_whole_number_of_epochs(make, every):
    with pytest.raises(ValueError, match="every must be a whole number of at least 1"):
        make(every)


def test_distances_are_measured_against_the_training_time_alone(monkeypatch):
    monkeypatch.setenv("GAN_DATA", "sample")
    real, _ = load_cifar10("test", limit=40)
    keras.utils.set_random_seed(0)
    gan = tiny_gan.GAN(
        tiny_gan.build_dcgan_generator(width=4),
        tiny_gan.build_dcgan_discriminator(width=4),
    )
    gan.compile(keras.optimizers.Adam(0.05), keras.optimizers.Adam(0.05), run_eagerly=True)
    # Begin and end of each epoch; between epochs the clock runs on while distances are measured.
    moments = iter([0.0, 60.0, 500.0, 530.0, 900.0, 990.0])
    recorder = DistanceRecorder(real, every=2, seed=5, clock=moments.__next__)
    images = np.random.default_rng(0).uniform(-1, 1, (8, 32, 32, 3)).astype("float32")
    fit(gan, images, epochs=3, callbacks=[recorder])
    assert recorder.epochs == [2]
    assert recorder.minutes == [1.5]
    extract = FeatureExtractor()
    expected = frechet_distance(extract(gan.sample(40, seed=5)), extract(real))
    assert recorder.measure() == pytest.approx(expected)
    assert recorder.distances[0] != recorder.measure(), "one more epoch has moved the model"


def test_conditional_models_are_measured_on_the_classes_of_the_real_images(monkeypatch):
    monkeypatch.setenv("GAN_DATA", "sample")
    real, labels = load_cifar10("test", limit=40)
    asked = []

    class Model:
        def sample(self, count, seed, labels):
            asked.append(labels)
            return real

    recorder = DistanceRecorder(real, labels)
    recorder.set_model(Model())
    assert recorder.measure() == pytest.approx(0, abs=1e-4)
    np.testing.assert_array_equal(asked[0], labels)

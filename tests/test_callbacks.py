from gan_helpers.animation import image_grid
from gan_helpers.callbacks import (
    CheckpointSaver,
    DistanceRecorder,
    LiveView,
    SampleRecorder,
    StopOnNaN,
    TimeBudget,
)
from gan_helpers.data import load_cifar10
from gan_helpers.metrics import FeatureExtractor, frechet_distance

import keras
import numpy as np
import pytest
import test_training
from test_training import fit, make_images


@pytest.fixture
def gan():
    return test_training.make_gan()


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
    gan = test_training.make_conditional_gan()
    latents = keras.random.normal((4, gan.latent_dim), seed=0)
    recorder = SampleRecorder(latents, columns=2, conditions=classes)
    recorder.set_model(gan)
    recorder.on_train_begin()
    expected = image_grid(gan.generate(latents, classes), columns=2)
    assert np.array_equal(recorder.frames[0], expected)


def test_recording_does_not_change_training(gan, recorder):
    watched, alone = test_training.make_gan(), test_training.make_gan()
    fit(watched, make_images(), epochs=2, callbacks=[recorder])
    fit(alone, make_images(), epochs=2)
    assert test_training.same(
        test_training.weights_of(watched.generator), test_training.weights_of(alone.generator)
    )


def test_the_time_budget_stops_after_the_batch_under_way(gan, capsys):
    seconds = iter([0.0, 10.0, 50.0, 61.0])  # start, then after each of three batches
    history = fit(gan, make_images(), epochs=9, callbacks=[TimeBudget(1, clock=seconds.__next__)])
    assert int(gan.steps) == 3
    assert len(history.epoch) == 1
    assert "Time budget of 1 minutes used up" in capsys.readouterr().out


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


def test_nan_stops_training_and_names_the_measure(gan, capsys):
    images = make_images()
    images[8:16] = np.nan  # the second of four batches
    fit(gan, images, epochs=3, callbacks=[StopOnNaN()])
    assert int(gan.steps) == 2
    message = capsys.readouterr().out
    assert "batch 1" in message and "discriminator_loss" in message


def test_after_nan_the_last_good_checkpoint_stays_the_newest(gan, recorder, tmp_path):
    callbacks = [recorder, CheckpointSaver(tmp_path, recorder), StopOnNaN()]
    fit(gan, make_images(), epochs=1, callbacks=callbacks)
    fit(gan, np.full_like(make_images(), np.nan), epochs=3, initial_epoch=1, callbacks=callbacks)
    fresh = test_training.make_gan(seed=3)
    assert CheckpointSaver(tmp_path).restore(fresh) == 1
    assert np.isfinite(fresh.discriminator.get_weights()[0]).all()
    assert recorder.labels == ["untrained", "epoch 1"]


def test_a_resumed_run_continues_epochs_history_and_frames(gan, recorder, tmp_path):
    saver = CheckpointSaver(tmp_path, recorder)
    first = fit(gan, make_images(), epochs=2, callbacks=[recorder, saver]).history

    fresh = test_training.make_gan(seed=7)
    new_recorder = SampleRecorder(recorder.fixed_latents)
    new_saver = CheckpointSaver(tmp_path, new_recorder)
    epoch = new_saver.restore(fresh)
    second = fit(
        fresh, make_images(), epochs=4, initial_epoch=epoch, callbacks=[new_recorder, new_saver]
    ).history

    assert epoch == 2
    assert new_recorder.labels == ["untrained", "epoch 1", "epoch 2", "epoch 3", "epoch 4"]
    expected = first["generator_loss"] + second["generator_loss"]
    assert new_saver.history["generator_loss"] == pytest.approx(expected)


def test_the_last_epoch_is_saved_even_when_thinned(gan, tmp_path):
    fit(gan, make_images(), epochs=3, callbacks=[CheckpointSaver(tmp_path, every=2)])
    assert (tmp_path / "epoch_0003").exists()


def test_training_anew_in_the_same_folder_replaces_the_history(gan, tmp_path):
    saver = CheckpointSaver(tmp_path)
    fit(gan, make_images(), epochs=3, callbacks=[saver])
    fit(gan, make_images(), epochs=2, callbacks=[saver])
    assert len(saver.history["generator_loss"]) == 2


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
    assert "epoch 2 of 2" in shown[-1].alt
    pictures = [picture._repr_mimebundle_()[0]["image/png"] for picture in shown]
    assert len(set(pictures)) == 3


@pytest.mark.parametrize(
    "make", [lambda n: SampleRecorder(None, every=n), lambda n: CheckpointSaver(".", every=n)]
)
def test_every_must_be_at_least_one_epoch(make):
    with pytest.raises(ValueError, match="at least 1 epoch"):
        make(0)


def test_distances_are_measured_against_the_training_time_alone(monkeypatch):
    monkeypatch.setenv("GAN_DATA", "sample")
    real, _ = load_cifar10("test", limit=40)
    keras.utils.set_random_seed(0)
    gan = test_training.GAN(
        test_training.build_dcgan_generator(width=4),
        test_training.build_dcgan_discriminator(width=4),
    )
    gan.compile(keras.optimizers.Adam(0.05), keras.optimizers.Adam(0.05))
    # Begin and end of each epoch; between epochs the clock runs on while distances are measured.
    moments = iter([0.0, 60.0, 500.0, 530.0, 900.0, 990.0])
    recorder = DistanceRecorder(real, every=2, seed=5, clock=moments.__next__)
    images = np.random.default_rng(0).uniform(-1, 1, (16, 32, 32, 3)).astype("float32")
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

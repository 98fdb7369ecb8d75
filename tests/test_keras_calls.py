"""What Keras users call means what they know, or is refused in words: each row of docs/keras.md."""

import inspect
import itertools
import re
from pathlib import Path
from types import SimpleNamespace

from gan_helpers import losses, models
from gan_helpers.data import image_batches, to_pixels
from gan_helpers.training import GAN

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import callbacks, layers, ops
from tiny_gan import as_untrained, make_dense_gan, make_images, same_state

PAGE = (Path(__file__).parent.parent / "docs" / "keras.md").read_text(encoding="utf-8")
IMAGES = make_images(32)
LATENTS = np.zeros((3, 4), np.float32)


def rows(heading):
    """The table under a heading: what is called -> what the page says becomes of it."""
    text = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, flags=re.MULTILINE))


@pytest.fixture(scope="module")
def built():
    gan = make_dense_gan()
    return gan, gan.get_state()


@pytest.fixture
def gan(built):
    return as_untrained(built)


class OwnSource(keras.utils.PyDataset):
    def __init__(self, images, batch):
        super().__init__()
        self.images, self.batch = images, batch

    def __len__(self):
        return len(self.images) // self.batch

    def __getitem__(self, index):
        return self.images[index * self.batch : (index + 1) * self.batch]


def endless(images, batch):
    while True:
        for start in range(0, len(images), batch):
            yield (images[start : start + batch],)


def sliced(images, batch):
    return tf.data.Dataset.from_tensor_slices(images).batch(batch)


# Every way in: name -> a call that trains on the images, in batches of so many.
WAYS = {
    "array": lambda gan, images, batch: gan.fit(images, batch_size=batch, verbose=0),
    "tensor": lambda gan, images, batch: gan.fit(tf.constant(images), batch_size=batch, verbose=0),
    "tf.data": lambda gan, images, batch: gan.fit(sliced(images, batch), verbose=0),
    "PyDataset": lambda gan, images, batch: gan.fit(OwnSource(images, batch), verbose=0),
    "generator": lambda gan, images, batch: gan.fit(
        endless(images, batch), steps_per_epoch=32 // batch, verbose=0
    ),
    "train_on_batch": lambda gan, images, batch: [
        gan.train_on_batch(part)
        for (part,) in itertools.islice(endless(images, batch), 32 // batch)
    ],
}
WRONG = {
    "from 0 to 255": (lambda images: np.float32(to_pixels(images)), r"run from 0 to 25\d; they"),
    "from 0 to 1": (lambda images: (images + 1) / 2, "seem to lie in"),
    "pixels": (to_pixels, "their type is uint8"),
    "of another size": (lambda images: images[:, :4], "that image_shape"),
    "without channels": (lambda images: images[..., 0], r"images\[..., None\]"),
}


@pytest.mark.parametrize("way", WAYS)
def test_wrong_images_are_refused_by_every_way_in_and_change_nothing(gan, way):
    before = gan.get_state()
    for name, (spoil, words) in WRONG.items():
        for batch in (32, 8):
            with pytest.raises(ValueError, match=words):
                WAYS[way](gan, spoil(IMAGES), batch)
            assert same_state(before, gan.get_state()), name
    WAYS[way](gan, IMAGES, 8)
    assert int(gan.steps) == 4


@pytest.mark.parametrize("way", WAYS)
def test_images_that_are_no_numbers_are_refused_by_every_way_in(gan, way):
    broken = IMAGES.copy()
    broken[3, 0, 0] = np.nan
    with pytest.raises(ValueError, match="images hold NaN"):
        WAYS[way](gan, broken, 32)
    assert int(gan.steps) == 0


def test_a_dataset_without_a_batch_is_refused(gan):
    for empty in (sliced(IMAGES, 64).filter(lambda batch: False), sliced(IMAGES, 64).take(0)):
        with pytest.raises(ValueError, match="no training images"):
            gan.fit(empty, verbose=0)


def test_what_keras_does_anyway_may_be_said(gan):
    gan.fit(IMAGES, verbose=0, validation_split=0.0, validation_freq=1, validation_data=None)
    assert int(gan.steps) == 1


def test_what_is_frozen_is_refused(gan):
    for network in (gan.generator, gan.discriminator):
        network.trainable = False
        with pytest.raises(ValueError, match=r"is frozen\. Say \w+\.trainable = True"):
            gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam())
        network.trainable = True


def test_two_outputs_are_refused(gan):
    images = keras.Input((8, 8, 1))
    flat = layers.Flatten()(images)
    with pytest.raises(ValueError, match="one logit a class"):
        GAN(gan.generator, keras.Model(images, [layers.Dense(1)(flat), layers.Dense(3)(flat)]))


@pytest.mark.parametrize(
    "augment", [layers.RandomContrast(0.2), layers.Rescaling(127.5, 127.5), layers.CenterCrop(4, 4)]
)
def test_an_augment_that_leaves_range_or_shape_is_refused(gan, augment):
    with pytest.raises(ValueError, match="shape and range must stay"):
        GAN(gan.generator, gan.discriminator, augment=augment)


@pytest.mark.parametrize(
    "augment",
    [
        layers.RandomFlip(seed=0),
        layers.GaussianNoise(0.1, seed=0),
        layers.RandomContrast(0.2, value_range=(-1, 1), seed=0),
        models.RandomShift(2, seed=0),
    ],
)
def test_an_augment_that_fits_is_taken_and_its_random_state_is_as_it_was(gan, augment):
    before = [variable.numpy() for variable in augment.variables]
    GAN(gan.generator, gan.discriminator, augment=augment)
    for variable, value in zip(augment.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_a_generator_with_a_lambda_can_be_averaged(gan):
    painter = network(layers.Dense(64, "tanh"), layers.Lambda(lambda x: x), shape=(4,))
    painter.add(layers.Reshape((8, 8, 1)))
    averaged = GAN(painter, gan.discriminator)
    assert averaged.sample(2, seed=0).shape == (2, 8, 8, 1)


def test_dicts_and_lists_are_told_what_to_do_instead(gan):
    for wrong in ({"image": IMAGES}, sliced({"image": IMAGES}, 8), [IMAGES, IMAGES]):
        with pytest.raises(TypeError, match="give one array"):
            gan.fit(wrong, verbose=0)
    assert int(gan.steps) == 0


def test_of_four_channels_the_one_to_leave_out_is_named():
    pixels = keras.Sequential([keras.Input((4,)), layers.Dense(192), layers.Reshape((8, 8, 3))])
    judge = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(1)])
    gan = GAN(pixels, judge)
    gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam())
    with pytest.raises(ValueError, match=r"images\[..., :3\]"):
        gan.fit(np.zeros((8, 8, 8, 4), np.float32), verbose=0)


def test_classes_numbered_from_1_are_refused_by_every_way_in():
    gan, labels = make_dense_gan(logits=3), np.arange(32) % 3 + 1
    before = gan.get_state()
    for train in (
        lambda: gan.fit(IMAGES, labels, verbose=0),
        lambda: gan.fit(sliced((IMAGES, labels), 8), verbose=0),
        lambda: gan.fit(image_batches(to_pixels(IMAGES), 8, 0, labels=labels), verbose=0),
        lambda: gan.fit(((IMAGES, labels) for _ in range(2)), steps_per_epoch=1, verbose=0),
        lambda: gan.train_on_batch(IMAGES, labels),
    ):
        with pytest.raises(ValueError, match=r"from 1 to 3, but are numbered from 0 to 2\. S"):
            train()
    assert same_state(before, gan.get_state())


def test_labels_in_other_forms_are_told_what_is_wrong_by_every_way_in():
    gan, labels = make_dense_gan(logits=3), np.arange(32) % 3
    gan.fit(sliced((IMAGES, labels), 8), verbose=0)  # traced with labels that are right
    begun = gan.get_state()
    for wrong, words in (
        (labels[:, None], "from one class an image"),
        (labels[:10], "10 conditions for 32|Data cardinality|have shape"),
        (labels.astype(object), "array of real numbers"),
        (labels.astype(str), "array of real numbers"),
    ):
        for train in (
            lambda y: gan.fit(IMAGES, y, verbose=0),
            lambda y: gan.fit(image_batches(to_pixels(IMAGES), 8, 0, labels=y), verbose=0),
            lambda y: gan.train_on_batch(IMAGES, y),
        ):
            with pytest.raises((TypeError, ValueError), match=words):
                train(wrong)
    assert same_state(begun, gan.get_state())
    gan.fit(IMAGES, labels.tolist(), verbose=0)
    assert int(gan.steps) == 5


@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # as Keras puts it
def test_means_weigh_a_batch_by_its_images():
    gan = make_dense_gan(rate=0.0)  # so that both parts are judged by the same networks
    parts = [gan.train_on_batch(part, return_dict=True) for part in (IMAGES[:24], IMAGES[24:])]
    gan = make_dense_gan(rate=0.0)
    batches = sliced(IMAGES, 8).take(3).unbatch().batch(24).concatenate(sliced(IMAGES[24:], 8))
    history = gan.fit(batches, verbose=0).history
    for name, (mean,) in history.items():
        assert mean == pytest.approx((3 * parts[0][name] + parts[1][name]) / 4, rel=1e-5)


def network(*end, shape=(8, 8, 1)):
    return keras.Sequential([keras.Input(shape), layers.Flatten(), *end])


@pytest.mark.parametrize(
    "end",
    [
        [layers.Dense(1, "sigmoid")],
        [layers.Dense(1), layers.Activation("sigmoid"), layers.Reshape((1,))],
        [layers.Dense(1), layers.Lambda(ops.sigmoid)],
        [keras.Sequential([keras.Input((64,)), layers.Dense(1, "sigmoid")])],
        [layers.Dense(2), layers.Softmax()],
        [layers.Dense(1, "tanh")],
    ],
)
def test_a_discriminator_that_squashes_its_logits_is_refused(gan, end):
    with pytest.raises(ValueError, match="it must give logits"):
        GAN(gan.generator, network(*end))


@pytest.mark.parametrize("end", ["sigmoid", "relu"])
def test_a_generator_that_makes_no_dark_pixel_is_refused(gan, end):
    painter = network(layers.Dense(64, end), layers.Reshape((8, 8, 1)), shape=(4,))
    with pytest.raises(ValueError, match="activation='tanh'"):
        GAN(painter, gan.discriminator)


@pytest.mark.parametrize("end", [[], [layers.LeakyReLU()], [layers.BatchNormalization()]])
def test_other_ends_of_a_network_are_not_refused(gan, end):
    GAN(gan.generator, network(layers.Dense(1), *end))


def of_probabilities(real, fake):
    judge = keras.losses.BinaryCrossentropy()
    return judge(ops.ones_like(real), real) + judge(ops.zeros_like(fake), fake)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (keras.losses.BinaryCrossentropy(), "compares a truth with a prediction"),
        (keras.losses.binary_crossentropy, "compares a truth with a prediction"),
        ("binary_crossentropy", "give a function"),
        (of_probabilities, "for probabilities"),
        (lambda real, fake: -ops.mean(ops.log(real) + ops.log(1 - fake)), "for probabilities"),
        (lambda real, fake: ops.softplus(-real), "return one number"),
        (lambda real: real, "fails when it is given 2 x"),
        (lambda real, fake: None, "return one number"),
        (lambda real, fake: 0.5, "return one number"),
        (lambda real, fake: tf.constant(0.5), "does not depend on the logits"),
    ],
)
def test_a_loss_that_is_none_of_logits_is_refused(gan, loss, words):
    with pytest.raises((TypeError, ValueError), match=words):
        gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam(), discriminator_loss=loss)


def test_all_losses_of_the_course_are_losses_of_logits(gan):
    for name in losses.__all__:
        if name.endswith("generator_loss"):
            losses.check_loss(name, getattr(losses, name), 1)
        elif name.endswith("discriminator_loss"):
            losses.check_loss(name, getattr(losses, name), 2)


# Argument -> a value that is not the default, and the steps that training on 32 images then takes.
FIT = {
    "x": (image_batches(to_pixels(IMAGES), 8, 0), 8),
    "y": (None, 2),
    "batch_size": (8, 8),
    "epochs": (3, 3),
    "verbose": (0, 2),
    "callbacks": ([callbacks.LambdaCallback()], 2),
    "validation_split": (0.5, None),
    "validation_data": (IMAGES, None),
    "validation_steps": (1, None),
    "validation_batch_size": (4, None),
    "validation_freq": (2, None),
    "shuffle": (False, 2),
    "class_weight": ({0: 1.0}, None),
    "sample_weight": (np.zeros(32), None),
    "initial_epoch": (1, 1),
    "steps_per_epoch": (1, 2),
}


@pytest.mark.parametrize("name", [*inspect.signature(keras.Model.fit).parameters][1:])
def test_every_argument_of_fit(gan, name):
    value, steps = FIT[name]
    given = {"x": IMAGES, "epochs": 2, "verbose": 0} | {name: value}
    assert rows("Arguments of `fit`")[name].startswith("refused" if steps is None else "works")
    if steps is None:
        with pytest.raises(ValueError, match=rf"fit\({name}=...\) is not for a GAN. \w+"):
            gan.fit(**given)
    elif isinstance(given["x"], np.ndarray):
        gan.fit(**{"batch_size": 32} | given)
    else:
        gan.fit(**given)
    assert int(gan.steps) == (steps or 0)


COMPILE = {"loss_weights": [1.0], "metrics": ["mae"], "weighted_metrics": ["mae"], "loss": "mse"}
COMPILE |= {"optimizer": "adam", "run_eagerly": True, "steps_per_execution": 4}
COMPILE |= {"jit_compile": False, "auto_scale_loss": False}


@pytest.mark.parametrize("name", [*inspect.signature(keras.Model.compile).parameters][1:])
def test_every_argument_of_compile(gan, name):
    answer = rows("Arguments of `compile`")[name]
    optimizers = keras.optimizers.Adam(), keras.optimizers.Adam()
    if answer.startswith("refused"):
        with pytest.raises(ValueError, match=rf"compile\({name}=...\) is not for a GAN. \w+"):
            gan.compile(*optimizers, **{name: COMPILE[name]})
    else:
        assert answer.startswith("works")
        gan.compile(*optimizers, **{name: COMPILE[name]})
        gan.fit(IMAGES, verbose=0)
        assert int(gan.steps) == 1
        gan.compile(*optimizers)


CALLBACKS = {
    "BackupAndRestore": lambda folder: callbacks.BackupAndRestore(folder / "backup"),
    "CSVLogger": lambda folder: callbacks.CSVLogger(folder / "log.csv"),
    "Callback": lambda folder: callbacks.Callback(),
    "CallbackList": lambda folder: callbacks.CallbackList([callbacks.CSVLogger(folder / "a.csv")]),
    "EarlyStopping": lambda folder: callbacks.EarlyStopping("generator_loss", mode="min"),
    "History": lambda folder: callbacks.History(),
    "LambdaCallback": lambda folder: callbacks.LambdaCallback(),
    "LearningRateScheduler": lambda folder: callbacks.LearningRateScheduler(lambda epoch: 0.1),
    "ModelCheckpoint": lambda folder: callbacks.ModelCheckpoint(folder / "gan.keras"),
    "ProgbarLogger": lambda folder: callbacks.ProgbarLogger(),
    "ReduceLROnPlateau": lambda folder: callbacks.ReduceLROnPlateau(),
    "RemoteMonitor": lambda folder: callbacks.RemoteMonitor(),
    "SwapEMAWeights": lambda folder: callbacks.SwapEMAWeights(),
    "TerminateOnNaN": lambda folder: callbacks.TerminateOnNaN(),
}
BUILT_IN = [name for name in dir(callbacks) if isinstance(getattr(callbacks, name), type)]


@pytest.mark.filterwarnings("ignore:__array__ implementation", "ignore:Could not reach RemoteMon")
@pytest.mark.parametrize("name", BUILT_IN)
def test_every_callback_of_keras(gan, name, tmp_path):
    answer = rows("Callbacks")[name]
    if answer.startswith("needs the package"):
        assert name not in CALLBACKS
    elif answer.startswith("refused"):
        with pytest.raises(ValueError, match=f"{name} is not for a GAN"):
            gan.fit(IMAGES, verbose=0, callbacks=[CALLBACKS[name](tmp_path)])
        assert int(gan.steps) == 0
    else:
        assert answer.startswith("works")
        made = CALLBACKS[name](tmp_path)
        gan.fit(IMAGES, verbose=0, callbacks=made if name == "CallbackList" else [made])
        assert int(gan.steps) == 1
        assert {
            "CSVLogger": "log.csv",
            "CallbackList": "a.csv",
            "ModelCheckpoint": "gan.keras",
        }.get(name, "") in [*(path.name for path in tmp_path.iterdir()), ""]


@pytest.mark.parametrize(
    "callback",
    [
        callbacks.EarlyStopping(),
        callbacks.EarlyStopping("loss"),
        callbacks.ModelCheckpoint("best.weights.h5", save_weights_only=True, save_best_only=True),
        callbacks.ModelCheckpoint("gan.h5"),
        callbacks.ModelCheckpoint("gan-{val_loss:.2f}.keras"),
        callbacks.EarlyStopping("generator_loss"),
    ],
)
def test_callbacks_that_would_wait_for_ever_or_fail_late_are_refused(gan, callback):
    with pytest.raises(ValueError, match=r"for '(val_)?loss'|in .keras|by val_loss|mode='min'"):
        gan.fit(IMAGES, verbose=0, callbacks=[[callback]])
    assert int(gan.steps) == 0


def test_a_number_that_a_callback_of_your_own_reports_can_be_waited_for(gan):
    class Adds(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["mine"] = epoch

    waits = callbacks.EarlyStopping("mine", mode="min", patience=1)
    assert gan.fit(IMAGES, epochs=9, verbose=0, callbacks=[Adds(), waits]).epoch == [0, 1]


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_a_backup_of_keras_goes_on_where_it_was(tmp_path):
    class Interrupts(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    backup = callbacks.BackupAndRestore(tmp_path / "backup")
    gan = make_dense_gan()
    with pytest.raises(KeyboardInterrupt):
        gan.fit(IMAGES, epochs=4, verbose=0, callbacks=[backup, Interrupts()])
    again = make_dense_gan(seed=1)
    backup = callbacks.BackupAndRestore(tmp_path / "backup")
    assert again.fit(IMAGES, epochs=4, verbose=0, callbacks=[backup]).epoch == [2, 3]
    assert int(again.steps) == 4


@pytest.mark.filterwarnings("ignore:__array__ implementation")
@pytest.mark.parametrize("name", [*rows("Methods")])
def test_every_method(gan, name, tmp_path):
    answer = rows("Methods")[name]
    if answer.startswith("refused"):
        with pytest.raises(NotImplementedError, match="is not for a GAN"):
            getattr(gan, name)(IMAGES)
        return
    assert answer.startswith("works")
    METHODS[name](gan, tmp_path)


def check_saved(gan, folder):
    gan.fit(IMAGES, verbose=0)
    gan.save(folder / "gan.keras")
    with pytest.raises(ValueError, match=r"ends in \.keras"):
        gan.save(folder / "gan.h5")
    again = keras.models.load_model(folder / "gan.keras")
    before, after = gan.get_state(), again.get_state()
    changed = [name for name in before if not np.array_equal(before[name], after[name])]
    assert all(before[name].dtype.kind in "iu" for name in changed)  # random states
    assert np.array_equal(gan.sample(4, seed=0), again.sample(4, seed=0))
    again.fit(IMAGES, verbose=0)
    assert int(again.steps) == 2


def check_weights(gan, folder):
    gan.fit(IMAGES, verbose=0)
    gan.save_weights(folder / "gan.weights.h5")
    again = make_dense_gan(seed=1)
    again.load_weights(folder / "gan.weights.h5")
    assert np.array_equal(gan.sample(4, seed=0), again.sample(4, seed=0))


def check_export(gan, folder):
    gan.export(folder / "program", verbose=False)
    program = tf.saved_model.load(folder / "program")
    np.testing.assert_allclose(program.serve(tf.constant(LATENTS)), gan(LATENTS), atol=1e-6)


METHODS = {
    "train_on_batch": lambda gan, folder: gan.train_on_batch(IMAGES),
    "predict": lambda gan, folder: np.testing.assert_allclose(
        gan.predict(LATENTS, verbose=0), gan(LATENTS), atol=1e-6
    ),
    "predict_on_batch": lambda gan, folder: np.testing.assert_allclose(
        gan.predict_on_batch(LATENTS), gan(LATENTS), atol=1e-6
    ),
    "save": check_saved,
    "save_weights": check_weights,
    "load_weights": check_weights,
    "export": check_export,
    "get_config": lambda gan, folder: GAN.from_config(gan.get_config()),
    "summary": lambda gan, folder: gan.summary(print_fn=lambda *lines, **options: None),
}


@pytest.mark.parametrize("trained", [False, True])
def test_weights_loaded_into_the_generator_alone_are_what_is_sampled(gan, trained, tmp_path):
    gan.fit(IMAGES, epochs=3, verbose=0)
    gan.generator.save_weights(tmp_path / "generator.weights.h5")
    other = make_dense_gan(seed=1)
    if trained:
        other.fit(IMAGES, epochs=2, verbose=0)
    other.generator.load_weights(tmp_path / "generator.weights.h5")
    latents = keras.random.normal((4, 4), seed=0)
    np.testing.assert_allclose(
        other.predict(latents, verbose=0), gan.generator(latents), rtol=0, atol=1e-6
    )
    np.testing.assert_array_equal(
        other.generate(latents), to_pixels(ops.convert_to_numpy(gan.generator(latents)))
    )


def test_weights_loaded_into_the_average_stay_there(gan):
    other = make_dense_gan(seed=1)
    other.ema_generator.set_weights([weight + 1 for weight in gan.generator.get_weights()])
    before = other.sample(4, seed=0)
    assert not np.array_equal(before, make_dense_gan(seed=1).sample(4, seed=0))
    assert np.array_equal(before, other.sample(4, seed=0))


@pytest.mark.parametrize(
    ("shift", "compiled"), [("RandomShift", True), ("RandomTranslation", False)]
)
def test_on_a_gpu_xla_compiles_what_it_can_without_a_warning(shift, compiled, monkeypatch):
    layer = {
        "RandomShift": lambda: models.RandomShift(2, seed=0),
        "RandomTranslation": lambda: layers.RandomTranslation(0.1, 0.1, seed=0),
    }[shift]()
    device = SimpleNamespace(device_type="GPU", name="/gpu:0")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [device])
    assert make_dense_gan(augment=layer).jit_compile is compiled

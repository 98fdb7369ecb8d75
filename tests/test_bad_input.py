"""Every public function refuses what it cannot use: in words, and before anything is done."""

import functools
import importlib
import os
import pkgutil
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import gan_helpers
from gan_helpers import (
    animation,
    captions,
    checks,
    clinic,
    data,
    doctor,
    latents,
    losses,
    metrics,
    models,
    pictures,
    playground,
    plots,
    remedies,
    runtime,
    training,
    translation,
    weights,
    widgets,
)

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

FEWEST_WORDS = 6  # a message of fewer cannot say what was given and what is expected

SETTINGS = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
MANY, SOME = (settings(max_examples=count, **SETTINGS) for count in (20, 8))
ONE = settings(max_examples=1, phases=[Phase.generate], **SETTINGS)  # the simplest example


class Foreign:
    """Like a tensor of another library: it has a shape, but NumPy cannot read it."""

    shape, ndim, dtype = (4, 8, 8, 3), 4, "float32"

    def __len__(self):
        return 4

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on a tensor that requires grad")


# ---------------------------------------------------------------- what is wrong

NOTHING = st.just(None)
OBJECTS = st.sampled_from([object(), Foreign(), {}, np.array([None, 1])])
TEXTS = st.sampled_from(["", "three", "1.5", b"bytes"])
NO_NUMBERS = OBJECTS | TEXTS | st.sampled_from([[], [1], (1, 2), True, 1j])
NOT_FINITE = st.sampled_from([np.nan, np.inf, -np.inf])
FRACTIONS = st.floats(0.01, 0.99).map(lambda share: 3 + share)
BELOW_0 = st.integers(-(10**6), -1)
NOT_WHOLE = NO_NUMBERS | NOT_FINITE | FRACTIONS | BELOW_0
NO_SIZE = NOT_WHOLE | st.just(0)
NO_RATE = NO_NUMBERS | NOT_FINITE | st.floats(-100, 0)
NO_WEIGHT = NO_NUMBERS | NOT_FINITE | st.floats(-100, -0.001)
NO_SHARE = NO_WEIGHT | st.floats(1, 100)
NO_NAME = OBJECTS | st.sampled_from(["", "no such name", b"cat", 1.5, -1, [["cat"]]])
NO_TEXT = OBJECTS | st.sampled_from([5, 1.5, ["a"]])
NO_PATH = OBJECTS | st.sampled_from([5, 1.5, ["a.npz"]])
NO_FUNCTION = OBJECTS | st.sampled_from(["adam", 5, [1]])
NO_ARRAY = OBJECTS | st.sampled_from(["text", ["a", "b"], [[1, 2], [3]], {1: 2}, 1j])


def array(dtype: Any, axes: int, values: Any = None, **sizes: Any) -> st.SearchStrategy:
    shape = arrays.array_shapes(min_dims=axes, max_dims=axes, min_side=1, max_side=9, **sizes)
    return arrays.arrays(dtype, shape, elements=values)


def with_one(value: float, *shape: int) -> st.SearchStrategy:
    """Zeros with one wrong number somewhere."""

    def place(index: int) -> np.ndarray:
        values = np.zeros(shape, np.float32)
        values.flat[index] = value
        return values

    return st.integers(0, int(np.prod(shape)) - 1).map(place)


BYTES, UNIT, MODEL = st.integers(0, 255), st.floats(0, 1, width=32), st.floats(-1, 1, width=32)
FLOATS = array(np.float32, 4, UNIT) | array(np.float64, 4, st.floats(0, 255))
NO_PIXELS = (
    NO_ARRAY
    | FLOATS
    | array(np.int64, 4, BYTES)
    | array(np.uint8, 3, BYTES)
    | array(np.uint8, 2, BYTES)
    | array(np.bool_, 4)
    | st.sampled_from([np.zeros((0, 8, 8, 3), np.uint8), np.zeros((2, 0, 8, 3), np.uint8)])
)
NO_MODEL_RANGE = (
    NO_ARRAY
    | array(np.uint8, 4, BYTES)
    | array(np.float32, 3, UNIT)
    | with_one(np.nan, 2, 8, 8, 1)
    | with_one(np.inf, 2, 8, 8, 1)
    | with_one(255.0, 2, 8, 8, 1)
    | with_one(-2.0, 2, 8, 8, 1)
    | st.just(np.zeros((0, 8, 8, 1), np.float32))
)
NO_FEATURES = (
    NO_ARRAY
    | array(np.float32, 1, UNIT)
    | array(np.float32, 3, UNIT)
    | with_one(np.nan, 8, 3)
    | with_one(-np.inf, 8, 3)
    | st.sampled_from([np.zeros((0, 3)), np.zeros((8, 0)), np.zeros((1, 3))])
)
NO_POINTS = (
    NO_ARRAY
    | array(np.float32, 1, UNIT)
    | arrays.arrays(np.float32, (4, 3), elements=UNIT)
    | with_one(np.nan, 4, 2)
    | with_one(np.inf, 4, 2)
    | st.just(np.zeros((0, 2)))
)
NO_LABELS = NO_ARRAY | st.sampled_from(
    [
        [0, 1, 2],
        [0, 1, 2, -1],
        [0, 1, 2, 10**12],
        [0.5, 1, 2, 3],
        [0, 1, 2, np.nan],
        [[0, 1, 2, 3]],
        np.eye(4)[:, :, None],
    ]
)
NO_CLASSES = NO_LABELS | st.just([0, 1, 2, 10])
NO_LOGITS = NO_ARRAY | array(np.uint8, 2, BYTES) | array(np.int64, 2) | st.just(np.zeros((0, 1)))
NO_SEEDS = st.sampled_from([None, 3, "abc", (), (-1,), (0.5,), (None,), {0: 1}])
NO_TRIALS = st.sampled_from([None, 5, "trial", [], {}, [5], {"A": 5}])
NO_FRAMES = (
    OBJECTS
    | st.sampled_from([5, "frames", [], [None], ["a"], [[1, 2], [3]]])
    | st.lists(array(np.float32, 2, UNIT), min_size=1, max_size=3)
    | st.lists(array(np.uint8, 1, BYTES), min_size=1, max_size=3)
    | st.just([np.zeros((4, 4), np.uint8), np.zeros((4, 5), np.uint8)])
    | st.just([np.zeros((4, 4, 2), np.uint8)])
)
NO_SHAPE = NO_ARRAY | st.sampled_from(
    [5, None, (8, 8), (8, 8, 1, 1), (0, 8, 1), (8, -8, 1), (8.5, 8, 1), ("a", 8, 1), (8, 8, True)]
)
HALVED = NO_SHAPE | st.sampled_from([(28, 28, 1), (8, 12, 3)])
NO_LATENTS = (
    NO_ARRAY
    | arrays.arrays(np.float32, (3, 5), elements=MODEL)
    | arrays.arrays(np.int64, (3, 4), elements=BYTES)
    | with_one(np.nan, 3, 4)
    | st.sampled_from([None, 5, np.zeros(4, np.float32), np.zeros((0, 4), np.float32)])
)
SCORES = [0.2, 0.8]
NO_SCORES = NO_ARRAY | st.sampled_from([[], [0.5, np.nan], [1.5], [-0.1, 0.5], [3.0, -4.0]])
MEASURES = ("generator_loss", "discriminator_loss", "real_score", "fake_score")
NO_HISTORY = (
    NO_ARRAY
    | st.sampled_from([None, {}, {"generator_loss": [1.0], "real_score": [0.5]}])
    | st.just({name: [0.5] * (1 + index % 2) for index, name in enumerate(MEASURES)})
    | st.sampled_from([[np.nan], [], 0.5, ["a"], [[0.5]]]).map(
        lambda values: {name: values for name in MEASURES}
    )
)


# ---------------------------------------------------------------- what is right


def pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def floats(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


@functools.cache
def generator() -> keras.Model:
    return models.build_dense_generator(4, (8, 8, 1), width=4)


@functools.cache
def discriminator() -> keras.Model:
    return models.build_dense_discriminator((8, 8, 1), width=4)


@functools.cache
def digit_generator() -> keras.Model:
    return models.build_dense_generator(4, (28, 28, 1), width=4)


@functools.cache
def point_discriminator() -> keras.Model:
    return playground.build_point_discriminator(width=4)


@functools.cache
def encoder() -> keras.Model:
    return models.build_text_encoder(7, words=2, size=4)


def compiled(gan: training.GAN) -> training.GAN:
    gan.compile(adam(), adam(), run_eagerly=True)  # compiling a step takes longer than one step
    return gan


@functools.cache
def uncompiled_gan() -> training.GAN:
    return training.GAN(generator(), discriminator())


@functools.cache
def gan() -> training.GAN:
    return compiled(training.GAN(generator(), discriminator()))


@functools.cache
def class_gan() -> training.GAN:
    return compiled(
        training.GAN(
            models.build_conditional_generator(4, 3, (8, 8, 1), width=4),
            models.build_projection_discriminator((8, 8, 1), 3, width=4),
        )
    )


@functools.cache
def image_gan() -> training.GAN:
    return compiled(
        training.GAN(
            translation.build_translator((8, 8, 1), 4, width=4),
            translation.build_patch_discriminator((8, 8, 1), width=4),
        )
    )


@functools.cache
def caption_gan() -> training.GAN:
    other = models.build_text_encoder(7, words=2, size=4)
    return compiled(
        training.GAN(
            models.build_caption_generator(4, encoder(), (8, 8, 1), width=4),
            models.build_caption_discriminator(other, (8, 8, 1), width=4),
        )
    )


@functools.cache
def extractor() -> metrics.FeatureExtractor:
    return metrics.FeatureExtractor()


@functools.cache
def game() -> playground.PointGAN:
    return playground.PointGAN(playground.Settings(width=4))


@functools.cache
@functools.cache
def trial() -> clinic.Trial:
    return clinic.try_on("D too weak", seeds=(0,), steps=1)


@functools.cache
def lab() -> playground.Playground:
    return playground.Playground(width=4)


def enter_policy(name: str) -> None:
    with runtime.dtype_policy(name):
        pass


def draw(level: int) -> plots.LessonFigure:
    return plots.new_figure(alt=f"level {level}")[0]


def adam() -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(1e-3)


class Case(NamedTuple):
    """A function, arguments that it takes, and for each of them what it must refuse."""

    call: Callable
    right: Callable[[], dict[str, Any]]
    wrong: dict[str, st.SearchStrategy]


def sized(build: Callable, sizes: str, shape: Any = None, **others: Any) -> Case:
    """A builder of networks: its sizes, and the shape of its images."""
    right = {name: 4 for name in sizes.split()}
    wrong = {name: NO_SIZE | NOTHING for name in right}
    if shape is not None:
        right["image_shape"], wrong["image_shape"] = (8, 8, 1), shape
    for name, strategy in others.items():
        wrong[name] = strategy
    return Case(build, lambda: dict(right), wrong)


def of_images(function: Callable, channels: int = 3, **others: Any) -> Case:
    return Case(
        function, lambda: {"images": pixels(4, 8, 8, channels)}, {"images": NO_PIXELS, **others}
    )


def of_logits(function: Callable, *names: str, **others: Any) -> Case:
    return Case(
        function,
        lambda: {name: floats(4, 1) for name in names},
        dict.fromkeys(names, NO_LOGITS) | others,
    )


def of_classes(function: Callable) -> Case:
    return Case(
        function,
        lambda: {"class_logits": floats(4, 10), "labels": np.arange(4)},
        {"class_logits": NO_LOGITS | st.just(floats(4)), "labels": NO_CLASSES},
    )


def of_features(function: Callable, first: str, second: str, **others: Any) -> Case:
    return Case(
        function,
        lambda: {first: floats(8, 3), second: floats(9, 3)},
        {first: NO_FEATURES, second: NO_FEATURES | st.just(floats(9, 4)), **others},
    )


def of_curves(function: Callable) -> Case:
    right = {"generator_loss": [1.0], "discriminator_loss": [1.0]}
    right |= {"real_score": [0.5], "fake_score": [0.5]}
    return Case(
        function,
        lambda: {"history": right, "alt": "curves"},
        {"history": NO_HISTORY, "alt": NO_TEXT | st.just(" "), "step_label": NO_TEXT},
    )


def of_frames(function: Callable, **others: Any) -> Case:
    return Case(
        function,
        lambda: {"frames": list(pixels(3, 4, 4)), "alt": "frames"},
        {
            "frames": NO_FRAMES,
            "alt": NO_TEXT | st.just(" "),
            "labels": OBJECTS | st.sampled_from(["abc", ["a"], 5]),
            "scale": NO_SIZE,
            **others,
        },
    )


def written(function: Callable, suffix: str, **others: Any) -> Case:
    return Case(
        function,
        lambda: {"frames": list(pixels(3, 4, 4)), "path": f"made{suffix}"},
        {
            "frames": NO_FRAMES,
            "path": NO_PATH | st.sampled_from(["made.png", "made"]),
            "seconds": NO_RATE,
            "hold": NO_WEIGHT,
            **others,
        },
    )


def loaded(function: Callable) -> Case:
    return Case(
        function,
        lambda: {"limit": 10},
        {
            "split": NO_NAME | NOTHING,
            "classes": st.sampled_from(["no class", [], [99], -1, 1.5, True, object(), [None]]),
            "limit": NO_SIZE,
        },
    )


def trained(make: Callable[[], training.GAN], conditions: Any, wrong: Any) -> Case:
    return Case(
        lambda **data: make().fit(**data, epochs=1, verbose=0),
        lambda: {"x": floats(4, 8, 8, 1), "y": conditions},
        {
            "x": array(np.uint8, 4, BYTES)
            | arrays.arrays(np.float32, (4, 8, 8, 3), elements=MODEL)
            | with_one(np.nan, 4, 8, 8, 1)
            | with_one(255.0, 4, 8, 8, 1)
            | st.just(np.abs(floats(32, 8, 8, 1)))
            | st.just(np.zeros((0, 8, 8, 1), np.float32)),
            "y": wrong,
        },
    )


def sampled(make: Callable[[], training.GAN], conditions: Any, wrong: Any) -> Case:
    return Case(
        lambda **data: make().generate(**data),
        lambda: {"latents": floats(4, 4), "labels": conditions},
        {"latents": NO_LATENTS, "labels": wrong},
    )


NO_CLASS_OF_3 = NO_LABELS | NOTHING | st.just([0, 1, 2, 3])
NO_CONDITION_IMAGE = NO_MODEL_RANGE | NOTHING | st.just(pixels(4, 8, 8, 1))
NO_CAPTION = NO_ARRAY | st.sampled_from(
    [None, [0, 1, 2, 3], [[0, 1]] * 3, [[0, 7]] * 4, [[0, -1]] * 4, [[0, 0.5]] * 4]
)

CASES = {
    # data
    "data.load_cifar10": loaded(data.load_cifar10),
    "data.load_mnist": loaded(data.load_mnist),
    "data.to_model_range": Case(
        data.to_model_range,
        lambda: {"images": pixels(2, 3)},
        {"images": NO_ARRAY | FLOATS | array(np.int64, 2)},
    ),
    "data.to_pixels": Case(
        data.to_pixels,
        lambda: {"images": floats(2, 3)},
        {
            "images": NO_ARRAY
            | array(np.uint8, 2, BYTES)
            | with_one(np.nan, 2, 2)
            | with_one(255.0, 2, 2)
        },
    ),
    "data.image_batches": Case(
        data.image_batches,
        lambda: {"images": pixels(4, 8, 8, 3), "batch_size": 2, "seed": 0, "labels": [0, 1, 2, 3]},
        {
            "images": NO_PIXELS | st.just(pixels(5, 8, 8, 3)),
            "batch_size": NO_SIZE | NOTHING | st.just(5),
            "seed": NO_NUMBERS | FRACTIONS | NOTHING | st.just(2**70),
            "flip": NO_NUMBERS.filter(lambda flip: flip is not True),
            "labels": NO_LABELS | st.just(floats(4, 8, 8, 3)) | st.just(floats(4, 1, 1, 1, 1)),
        },
    ),
    # models
    "models.build_dense_generator": sized(
        models.build_dense_generator, "latent_dim width", NO_SHAPE
    ),
    "models.build_dense_discriminator": sized(models.build_dense_discriminator, "width", NO_SHAPE),
    "playground.build_point_generator": sized(
        playground.build_point_generator, "latent_dim width hidden_layers", seed=NOT_WHOLE | NOTHING
    ),
    "playground.build_point_discriminator": sized(
        playground.build_point_discriminator,
        "width hidden_layers packed",
        seed=NOT_WHOLE | NOTHING,
        dropout=NO_SHARE | NOTHING,
        weight_penalty=NO_WEIGHT | NOTHING,
    ),
    "models.build_dcgan_generator": sized(models.build_dcgan_generator, "latent_dim width", HALVED),
    "models.build_dcgan_discriminator": sized(
        models.build_dcgan_discriminator, "width classes", HALVED, dropout=NO_SHARE | NOTHING
    ),
    "models.build_conditional_generator": sized(
        models.build_conditional_generator, "latent_dim classes width", HALVED
    ),
    "models.build_projection_discriminator": sized(
        models.build_projection_discriminator, "classes width", HALVED, dropout=NO_SHARE | NOTHING
    ),
    "models.build_text_encoder": sized(models.build_text_encoder, "vocabulary words size"),
    "metrics.build_classifier": sized(metrics.build_classifier, "classes width", HALVED),
    "models.build_caption_generator": Case(
        models.build_caption_generator,
        lambda: {"latent_dim": 4, "encoder": encoder(), "image_shape": (8, 8, 1), "width": 4},
        {
            "latent_dim": NO_SIZE | NOTHING,
            "encoder": NO_FUNCTION | NOTHING | st.builds(generator),
            "image_shape": HALVED,
            "width": NO_SIZE | NOTHING,
        },
    ),
    "models.build_caption_discriminator": Case(
        models.build_caption_discriminator,
        lambda: {"encoder": encoder(), "image_shape": (8, 8, 1), "width": 4},
        {
            "encoder": NO_FUNCTION | NOTHING | st.builds(generator),
            "image_shape": HALVED,
            "width": NO_SIZE | NOTHING,
            "dropout": NO_SHARE | NOTHING,
        },
    ),
    "weights.build_pretrained": Case(
        weights.build_pretrained, lambda: {"name": "scarce_generator"}, {"name": NO_NAME | NOTHING}
    ),
    "weights.load_pretrained": Case(
        weights.load_pretrained, lambda: {"name": "dcgan_generator"}, {"name": NO_NAME | NOTHING}
    ),
    "weights.load_training_log": Case(
        weights.load_training_log, lambda: {"name": "dcgan"}, {"name": NO_NAME | NOTHING}
    ),
    "weights.load_training_stages": Case(
        weights.load_training_stages, lambda: {}, {"name": NO_NAME | NOTHING}
    ),
    "weights.shipped_weights": Case(
        weights.shipped_weights,
        lambda: {"name": "dcgan_generator.npz"},
        {"name": NO_PATH | NOTHING},
    ),
    "weights.save_weights": Case(
        weights.save_weights,
        lambda: {"model": generator(), "path": "made.npz"},
        {
            "model": NO_FUNCTION | NOTHING | st.builds(keras.Sequential),
            "path": NO_PATH | NOTHING | st.sampled_from(["made.h5", "made"]),
        },
    ),
    "weights.load_weights": Case(
        weights.load_weights,
        lambda: {
            "model": extractor().classifier,
            "path": weights.shipped_weights("cifar10_classifier.npz"),
        },
        {
            "model": NO_FUNCTION | NOTHING | st.builds(generator),
            "path": NO_PATH | NOTHING | st.just(__file__),
        },
    ),
    # losses
    **{
        f"losses.{name}": of_logits(
            getattr(losses, name),
            *(["real_logits"] if "discriminator" in name else []),
            "fake_logits",
        )
        for name in losses.__all__
        if name.endswith(("generator_loss", "discriminator_loss"))
    },
    "losses.realness": of_logits(losses.realness, "class_logits"),
    "losses.asked_logit": of_classes(losses.asked_logit),
    "losses.class_loss": of_classes(losses.class_loss),
    # remedies
    "remedies.smoothed_discriminator_loss": of_logits(
        remedies.smoothed_discriminator_loss,
        "real_logits",
        "fake_logits",
        target=NO_RATE | st.floats(1.01, 50),
    ),
    "remedies.relativistic_discriminator_loss": of_logits(
        remedies.relativistic_discriminator_loss, "real_logits", "fake_logits"
    ),
    "remedies.relativistic_generator_loss": of_logits(
        remedies.relativistic_generator_loss, "real_logits", "fake_logits"
    ),
    "remedies.pack": Case(
        remedies.pack,
        lambda: {"samples": floats(4, 2), "count": 2},
        {
            "samples": NO_LOGITS | st.sampled_from([floats(4), floats(4, 2, 2), floats(3, 2)]),
            "count": NO_SIZE | NOTHING | st.just(3),
        },
    ),
    "remedies.r1_penalty": Case(
        remedies.r1_penalty,
        lambda: {"discriminator": point_discriminator(), "real": floats(4, 2)},
        {"discriminator": NO_FUNCTION | NOTHING, "real": NO_LOGITS | NOTHING},
    ),
    "remedies.gradient_penalty": Case(
        remedies.gradient_penalty,
        lambda: {
            "discriminator": point_discriminator(),
            "real": floats(4, 2),
            "fake": floats(4, 2),
            "shares": floats(4, 1),
        },
        {
            "discriminator": NO_FUNCTION | NOTHING,
            "real": NO_LOGITS | NOTHING | st.just(floats(3, 2)),
            "fake": NO_LOGITS | NOTHING | st.just(floats(4, 3)),
            "shares": NO_LOGITS
            | NOTHING
            | st.sampled_from([floats(4), floats(3, 1), floats(4, 2)]),
        },
    ),
    "remedies.MinibatchDeviation": Case(
        lambda samples: remedies.MinibatchDeviation()(samples),
        lambda: {"samples": floats(4, 2)},
        {"samples": st.sampled_from([floats(4), floats(4, 2, 2), floats(4, 2, 2, 1)])},
    ),
    "remedies.unroll": Case(
        remedies.unroll,
        lambda: {
            "discriminator": point_discriminator(),
            "loss": losses.discriminator_loss,
            "real": floats(4, 2),
            "fake": floats(4, 2),
            "steps": 1,
            "rate": 0.1,
        },
        {
            "discriminator": NO_FUNCTION | NOTHING,
            "loss": NO_FUNCTION | NOTHING,
            "real": NO_LOGITS | NOTHING,
            "fake": NO_LOGITS | NOTHING,
            "steps": NOT_WHOLE | NOTHING,
            "rate": NO_RATE | NOTHING,
        },
    ),
    # metrics
    "metrics.frechet_distance": of_features(metrics.frechet_distance, "first", "second"),
    "metrics.kernel_distance": of_features(
        metrics.kernel_distance,
        "first",
        "second",
        subsets=NO_SIZE | NOTHING | st.just(1),
        seed=NOT_WHOLE,
    ),
    "metrics.precision_and_recall": of_features(
        metrics.precision_and_recall, "real", "fake", neighbours=NO_SIZE | NOTHING | st.just(8)
    ),
    "metrics.nearest_neighbours": Case(
        metrics.nearest_neighbours,
        lambda: {"queries": floats(2, 3), "references": floats(5, 3)},
        {
            "queries": NO_FEATURES.filter(lambda rows: np.shape(rows) != (1, 3)),
            "references": NO_FEATURES.filter(lambda rows: np.shape(rows) != (1, 3)),
            "count": NO_SIZE | NOTHING | st.just(6),
        },
    ),
    "metrics.FeatureExtractor": Case(
        metrics.FeatureExtractor, lambda: {}, {"weights": NO_PATH | st.just(__file__)}
    ),
    "metrics.FeatureExtractor, called": Case(
        lambda images: extractor()(images),
        lambda: {"images": pixels(2, 32, 32, 3)},
        {"images": NO_PIXELS | st.just(pixels(2, 28, 28, 1))},
    ),
    "metrics.FeatureExtractor.probabilities": Case(
        lambda images: extractor().probabilities(images),
        lambda: {"images": pixels(2, 32, 32, 3)},
        {"images": NO_PIXELS | st.just(pixels(2, 28, 28, 1))},
    ),
    # doctor
    "doctor.examine": Case(
        doctor.examine,
        lambda: {"gan": uncompiled_gan(), "real_images": floats(16, 8, 8, 1)},
        {
            "gan": OBJECTS | TEXTS | st.sampled_from([None, 5, [1, 2], (1, 2, 3)]),
            "real_images": NO_ARRAY
            | NOTHING
            | with_one(np.nan, 16, 8, 8, 1)
            | st.sampled_from([floats(15, 8, 8, 1), floats(16, 8, 8, 3), np.ones((16, 8, 8, 1))]),
            "loss": OBJECTS | TEXTS | st.sampled_from(["no loss", 5, (abs,), (5, 6), (abs, abs)]),
            "latents": NO_ARRAY
            | st.sampled_from([floats(15, 4), floats(16, 5), np.full((16, 4), np.nan)]),
            "conditions": NO_ARRAY
            | st.sampled_from([[0, 1], np.full(16, np.inf), np.zeros(16, int)]),
            "real_label": NO_NUMBERS.filter(lambda label: label is not True)
            | st.sampled_from([-1, 2, 0.5, None]),
            "seed": NOT_WHOLE | NOTHING,
            "history": OBJECTS | TEXTS | st.sampled_from([5, {"accuracy": [1.0]}]),
        },
    ),
    "doctor.examine_history": Case(
        doctor.examine_history,
        lambda: {"losses": {"g_loss": [0.7, 0.8], "d_loss": [1.3, 1.2]}},
        {
            "losses": NO_ARRAY
            | st.sampled_from([None, [1.0, 2.0], {"accuracy": [1.0]}])
            | st.sampled_from([[], 0.5, ["a"], [[0.5]], None]).map(lambda each: {"g_loss": each}),
            "loss": OBJECTS | TEXTS | st.sampled_from(["no loss", 5, (abs,), (5, 6), (abs, abs)]),
        },
    ),
    # latents
    "latents.spherical_interpolation": Case(
        latents.spherical_interpolation,
        lambda: {"start": floats(3, 4), "end": floats(3, 4)[::-1], "position": 0.5},
        {
            "start": NO_ARRAY
            | with_one(np.nan, 3, 4)
            | st.sampled_from([None, 5.0, floats(2, 4), np.zeros((3, 4))]),
            "end": NO_ARRAY
            | with_one(np.inf, 3, 4)
            | st.sampled_from([None, 5.0, floats(3, 5), -floats(3, 4)]),
            "position": NO_ARRAY | NOTHING | NOT_FINITE,
        },
    ),
    "latents.invert": Case(
        latents.invert,
        lambda: (
            {"generator": generator(), "images": floats(2, 8, 8, 1)}
            | {"latent_dim": 4, "starts": 1, "steps": 1, "learning_rate": 0.1}
        ),
        {
            "generator": NO_FUNCTION | NOTHING,
            "images": NO_MODEL_RANGE | NOTHING | st.just(floats(2, 8, 8, 3)),
            "mask": NO_ARRAY
            | st.sampled_from([np.full((8, 8, 1), 0.5), np.zeros((8, 8, 1)), np.ones((5, 5, 1))]),
            "latent_dim": NO_SIZE | NOTHING | st.just(5),
            "starts": NO_SIZE | NOTHING,
            "steps": NO_SIZE | NOTHING,
            "learning_rate": NO_RATE | NOTHING,
            "prior": NO_WEIGHT | NOTHING,
            "seed": NOT_WHOLE | NOTHING,
        },
    ),
    # captions
    "captions.encode": Case(
        captions.encode,
        lambda: {"captions": "a blue one on red"},
        {
            "captions": st.sampled_from(
                [None, 5, "", "a blue one", "a mauve one on red", [5], [None], [["a"]], b"a blue"]
            )
        },
    ),
    "captions.decode": Case(
        captions.decode,
        lambda: {"codes": [[0, 1, 2, 3, 4]]},
        {
            "codes": NO_ARRAY
            | st.sampled_from([None, 5, [0, 1], [[0, 1, 2, 3, 18]], [[0, 1, 2, 3, -1]]])
            | st.just([[0, 1, 2, 3, 0.5]])
            | st.just([[0, 1, 2, 3, np.nan]])
        },
    ),
    "captions.paint_digits": Case(
        captions.paint_digits,
        lambda: {"images": pixels(4, 8, 8, 1), "inks": "red", "papers": ["blue"] * 4},
        {
            "images": NO_PIXELS | st.just(pixels(4, 8, 8, 3)),
            "inks": NO_NAME | NOTHING | st.sampled_from(["mauve", ["red"], [1, 2, 3, 4]]),
            "papers": NO_NAME | NOTHING | st.sampled_from(["mauve", ["red"], [1, 2, 3, 4]]),
        },
    ),
    "captions.caption_digits": Case(
        captions.caption_digits,
        lambda: {"images": pixels(4, 8, 8, 1), "labels": np.arange(4), "seed": 0},
        {
            "images": NO_PIXELS | st.just(pixels(4, 8, 8, 3)),
            "labels": NO_CLASSES | NOTHING,
            "seed": NOT_WHOLE | NOTHING,
        },
    ),
    "captions.read_images": of_images(captions.read_images),
    # translation
    "translation.build_translator": sized(translation.build_translator, "latent_dim width", HALVED),
    "translation.build_patch_discriminator": sized(
        translation.build_patch_discriminator, "width", HALVED
    ),
    "translation.cut_hole": Case(
        translation.cut_hole,
        lambda: {"images": pixels(4, 8, 8, 3), "side": 4},
        {"images": NO_PIXELS, "side": NO_SIZE | NOTHING | st.sampled_from([3, 8, 16])},
    ),
    "translation.paste_hole": Case(
        translation.paste_hole,
        lambda: {"known": pixels(4, 8, 8, 3), "filled": pixels(4, 8, 8, 3), "side": 4},
        {
            "known": NO_PIXELS | st.just(pixels(3, 8, 8, 3)),
            "filled": NO_PIXELS | st.just(pixels(4, 8, 8, 1)),
            "side": NO_SIZE | NOTHING | st.sampled_from([3, 8, 16]),
        },
    ),
    "translation.shrink": of_images(
        translation.shrink, factor=NO_SIZE | NOTHING | st.sampled_from([3, 16])
    ),
    "translation.enlarge": of_images(translation.enlarge, factor=NO_SIZE | NOTHING),
    "translation.to_grey": of_images(translation.to_grey),
    # points
    "playground.from_points": Case(
        playground.from_points,
        lambda: {"points": floats(4, 2)},
        {
            "points": NO_POINTS
            | NOTHING
            | st.sampled_from([np.full((2, 2), 9), np.zeros((2001, 2))]),
            "spread": NO_RATE | NOTHING,
        },
    ),
    "playground.PointDistribution": Case(
        playground.PointDistribution,
        lambda: {"name": "mine", "centres": floats(4, 2), "spread": 0.1},
        {"centres": NO_POINTS | NOTHING, "spread": NO_WEIGHT | NOTHING},
    ),
    "playground.divergences": Case(
        playground.divergences,
        lambda: {"real": floats(4, 2), "fake": floats(5, 2)},
        {"real": NO_POINTS | NOTHING, "fake": NO_POINTS | NOTHING},
    ),
    "playground.quality": Case(
        playground.quality,
        lambda: {"fake": floats(4, 2), "distribution": playground.DISTRIBUTIONS["line"]},
        {"fake": NO_POINTS | NOTHING, "distribution": NO_FUNCTION | NOTHING},
    ),
    "playground.PointGAN": Case(
        playground.PointGAN,
        lambda: {"settings": playground.Settings(width=4)},
        {
            "settings": NO_FUNCTION,
            "distribution": NO_FUNCTION,
            "generator": NO_FUNCTION | st.builds(generator),
            "discriminator": NO_FUNCTION | st.builds(generator),
            "generator_loss": NO_FUNCTION,
            "discriminator_loss": NO_FUNCTION,
        },
    ),
    "playground.PointGAN.change": Case(
        lambda **changes: game().change(**changes),
        lambda: {"noise": 0.0},
        {
            **dict.fromkeys(("data", "latents", "loss", "optimizer"), NO_NAME | NOTHING),
            **dict.fromkeys(
                ("latent_dim", "hidden_layers", "width", "discriminator_steps", "generator_steps"),
                NO_SIZE | NOTHING,
            ),
            **dict.fromkeys(("seed", "noise_steps", "unrolled"), NOT_WHOLE | NOTHING),
            **dict.fromkeys(("noise", "gradient_penalty", "r1_penalty"), NO_WEIGHT | NOTHING),
            **dict.fromkeys(("dropout", "average"), NO_SHARE | NOTHING),
            **dict.fromkeys(("generator_rate", "unrolled_rate"), NO_RATE | NOTHING),
            "packed": NO_SIZE | NOTHING | st.just(3),
            "minibatch_statistics": st.sampled_from([None, 1, "yes", []]),
            **dict.fromkeys(("discriminator_width", "discriminator_layers"), NO_SIZE),
            "discriminator_optimizer": NO_NAME,
            "no_such_setting": st.integers(),
        },
    ),
    "playground.PointGAN.train": Case(
        lambda steps: game().train(steps), lambda: {"steps": 0}, {"steps": NOT_WHOLE | NOTHING}
    ),
    "playground.PointGAN.use_points": Case(
        lambda distribution: game().use_points(distribution),
        lambda: {"distribution": playground.DISTRIBUTIONS["line"]},
        {"distribution": NO_FUNCTION | NOTHING},
    ),
    "playground.Playground": Case(
        playground.Playground,
        lambda: {"width": 4},
        {
            "data": NO_POINTS | NO_NAME | NOTHING,
            "generator": NO_FUNCTION,
            "discriminator_loss": NO_FUNCTION,
            "preset": NO_NAME,
            "mission": NO_NAME,
            "width": NO_SIZE | NOTHING,
            "no_such_setting": st.integers(),
        },
    ),
    "playground.Playground.advance": Case(
        lambda **numbers: lab().advance(**numbers),
        lambda: {"steps": 0},  # nothing is compiled for it
        {"steps": NOT_WHOLE | NOTHING, "every": NO_SIZE},
    ),
    "playground.Playground.step_generator": Case(
        lambda times: lab().step_generator(times),
        lambda: {"times": 0},
        {"times": NOT_WHOLE | NOTHING},
    ),
    "playground.Playground.continue_from": Case(
        lambda step: lab().continue_from(step),
        lambda: {"step": 0},
        {"step": NOT_WHOLE | NOTHING | st.just(10**9)},
    ),
    "playground.Playground.filmstrip": Case(
        lambda **numbers: lab().filmstrip(**numbers),
        lambda: {"count": 2},
        {
            "count": NO_SIZE | NOTHING | st.just(1),
            "steps": st.sampled_from([(), [], [-1], [1.5], [None], "abc", 3, {"a": 1}]),
        },
    ),
    "clinic.try_on": Case(
        clinic.try_on,
        lambda: {"disease": "D too weak", "seeds": (0,), "steps": 1},
        {
            "disease": NO_NAME | NOTHING,
            "remedy": NO_FUNCTION,
            "seeds": NO_SEEDS,
            "updates": NO_FUNCTION | NOTHING | st.just((print, 5)),
            "steps": NO_SIZE,
        },
    ),
    "clinic.measure_all": Case(
        clinic.measure_all,
        lambda: {"disease": "D too weak"},
        {"disease": NO_NAME | NOTHING, "seeds": NO_SIZE | NOTHING},
    ),
    "clinic.stored_numbers": Case(
        clinic.stored_numbers, lambda: {"disease": "stuck"}, {"disease": NO_NAME | NOTHING}
    ),
    "clinic.plot_strip": Case(
        clinic.plot_strip,
        lambda: {"trials": trial()},
        {
            "trials": NO_TRIALS,
            "at": st.sampled_from([None, 3, "abc", (), (0.5,), (0, 2), (0, np.nan), (0,) * 5]),
            "seed": NOT_WHOLE | NOTHING | st.just(1),
        },
    ),
    "clinic.plot_dots": Case(
        clinic.plot_dots,
        lambda: {"patient": trial().patient, "numbers": {"pill": (1.0,)}},
        {
            "patient": NO_FUNCTION | NOTHING,
            "numbers": st.sampled_from([None, 5, "abc", [], {}, {"pill": 3}, {"pill": ["a"]}]),
            "mine": st.sampled_from([5, "abc", [5]]),
        },
    ),
    "clinic.plot_charts": Case(
        clinic.plot_charts,
        lambda: {"charts": {"A": trial()}},
        {
            "charts": NO_TRIALS,
            "seed": NOT_WHOLE | NOTHING | st.just(1),
        },
    ),
    "clinic.train_namer": Case(
        clinic.train_namer,
        lambda: {"images": floats(4, 28, 28, 1), "labels": np.arange(4), "epochs": 1},
        {
            "images": NO_MODEL_RANGE | NOTHING | st.just(np.abs(floats(32, 28, 28, 1))),
            "labels": NO_CLASSES | NOTHING,
            "epochs": NO_SIZE | NOTHING,
            "seed": NOT_WHOLE | NOTHING,
        },
    ),
    "clinic.train_digits": Case(
        clinic.train_digits,
        lambda: {"images": floats(4, 28, 28, 1), "steps": 0},
        {
            "images": NO_MODEL_RANGE | NOTHING | st.just(np.abs(floats(32, 28, 28, 1))),
            "remedy": NO_FUNCTION,
            "steps": NOT_WHOLE | NOTHING,
            "seed": NOT_WHOLE | NOTHING,
            "updates": NO_FUNCTION | NOTHING | st.just((print, 5)),
            "generator_rate": NO_RATE | NOTHING,
            "discriminator_rate": NO_RATE | NOTHING,
            "beta_1": NO_SHARE | NOTHING,
        },
    ),
    "clinic.count_digits": Case(
        clinic.count_digits,
        lambda: {
            "namer": models.build_dense_discriminator((28, 28, 1), width=4),
            "generator": digit_generator(),
            "count": 2,
        },
        {
            "namer": NO_FUNCTION | NOTHING,
            "generator": NO_FUNCTION | NOTHING | st.builds(generator),
            "count": NO_SIZE | NOTHING,
            "seed": NOT_WHOLE | NOTHING,
        },
    ),
    # plots, widgets
    "plots.new_figure": Case(
        plots.new_figure,
        lambda: {"alt": "nothing"},
        {
            "rows": NO_SIZE | NOTHING,
            "columns": NO_SIZE | NOTHING,
            "alt": NO_TEXT | NOTHING | st.just(""),
            "height": NO_RATE | NOTHING,
            "width": NO_RATE,
        },
    ),
    "pictures.plot_images": Case(
        pictures.plot_images,
        lambda: {"images": pixels(4, 8, 8, 3), "alt": "pictures"},
        {
            "images": NO_PIXELS | st.just(pixels(4, 8, 8, 2)),
            "columns": NO_SIZE,
            "titles": OBJECTS | st.sampled_from([5, "abcd", ["a"]]),
            "title": NO_TEXT,
            "alt": NO_TEXT | NOTHING | st.just(" "),
        },
    ),
    "plots.plot_losses": of_curves(plots.plot_losses),
    "plots.plot_scores": of_curves(plots.plot_scores),
    "plots.plot_distances": Case(
        plots.plot_distances,
        lambda: {"curves": {"ours": ([1, 2], [3, 4])}, "alt": "curves"},
        {
            "curves": NO_ARRAY
            | st.sampled_from([None, 5, [1, 2], {"a": None}, {"a": ([1], [2, 3])}, {"a": ([], [])}])
            | st.sampled_from([{"a": ([1], [0])}, {"a": ([1], [np.nan])}, {"a": (["b"], [1])}])
            | st.just({str(each): ([1], [2]) for each in range(5)}),
            "references": st.sampled_from([5, [1], "a", {"a": 0}, {"a": "b"}, {"a": np.nan}]),
            "step_label": NO_TEXT,
            "alt": NO_TEXT | NOTHING,
        },
    ),
    "plots.plot_score_histogram": Case(
        plots.plot_score_histogram,
        lambda: {"real_scores": SCORES, "fake_scores": SCORES, "alt": "bars"},
        {
            "real_scores": NO_SCORES | NOTHING,
            "fake_scores": NO_SCORES | NOTHING,
            "bins": NO_SIZE | NOTHING,
            "alt": NO_TEXT | NOTHING,
        },
    ),
    "plots.LessonFigure": Case(
        plots.LessonFigure, lambda: {"alt": "nothing"}, {"alt": NO_TEXT | NOTHING | st.just("")}
    ),
    "widgets.figure_with_sliders": Case(
        lambda draw, **ranges: widgets.figure_with_sliders(draw, **ranges),
        lambda: {"draw": draw, "level": (0, 2, 1, 1)},
        {
            "draw": NO_FUNCTION | NOTHING,
            "level": OBJECTS
            | st.sampled_from([None, 5, "a", (), (1, 2), (0, 2, 3, 1), (0, 2, 1, 0), ("a", "a")])
            | st.sampled_from([(0.0, np.inf, 1.0, 1.0), (0.0, 2.0, 1.0, np.nan)]),
        },
    ),
    # animation
    "pictures.image_grid": of_images(
        pictures.image_grid, columns=NO_SIZE, padding=NOT_WHOLE | NOTHING, scale=NO_SIZE | NOTHING
    ),
    "pictures.filmstrip": of_frames(pictures.filmstrip, count=NO_SIZE | NOTHING),
    **{
        f"widgets.{name}": Case(
            getattr(widgets, name),
            lambda: {"frames": list(pixels(3, 4, 4)), "alt": "frames"},
            {
                "frames": NO_FRAMES,
                "alt": NO_TEXT | st.just(" "),
                "labels": OBJECTS | st.sampled_from(["abc", ["a"], 5]),
            },
        )
        for name in ("flipbook", "Flipbook")
    },
    "widgets.scrubber": of_frames(widgets.scrubber, interval=NO_SIZE | NOTHING),
    "widgets.Scrubber": of_frames(widgets.Scrubber, interval=NO_SIZE | NOTHING),
    **{
        f"animation.{name}": Case(
            getattr(animation, name),
            lambda: {"path": animation.save_gif(list(pixels(2, 4, 4)), "shown.gif"), "alt": "dots"},
            {
                "path": NO_PATH | NOTHING | st.just(__file__),
                "alt": NO_TEXT | NOTHING | st.just(""),
                "still": NO_ARRAY.filter(lambda still: not isinstance(still, str)) | FLOATS,
                "scale": NO_SIZE,
            },
        )
        for name in ("Animation", "show_animation")
    },
    "animation.save_gif": written(
        animation.save_gif, ".gif", colours=NO_SIZE | NOTHING | st.sampled_from([1, 257])
    ),
    "animation.save_webp": written(animation.save_webp, ".webp", quality=NOT_WHOLE | st.just(101)),
    "pictures.check_frame": Case(
        pictures.check_frame,
        lambda: {"frame": pixels(4, 4), "index": 0},
        {"frame": NO_ARRAY | NOTHING | FLOATS | array(np.uint8, 4, BYTES) | array(np.uint8, 1)},
    ),
    "pictures.checked_frames": Case(
        lambda frames: list(pictures.checked_frames(frames)),
        lambda: {"frames": pixels(3, 4, 4)},
        {"frames": NO_FRAMES | NOTHING},
    ),
    "pictures.evenly_spaced": Case(
        pictures.evenly_spaced,
        lambda: {"total": 5, "count": 2},
        {"total": NO_SIZE | NOTHING, "count": NO_SIZE | NOTHING | st.just(1)},
    ),
    # runtime, training
    "runtime.dtype_policy": Case(
        enter_policy, lambda: {"name": "float32"}, {"name": NO_NAME | NOTHING}
    ),
    "training.GAN": Case(
        training.GAN,
        lambda: {"generator": generator(), "discriminator": discriminator()},
        {
            "generator": NO_FUNCTION
            | NOTHING
            | st.builds(keras.Sequential)
            | st.builds(digit_generator)
            | st.builds(discriminator),
            "discriminator": NO_FUNCTION | NOTHING | st.builds(generator),
            "ema_decay": NO_SHARE | NOTHING,
            "seed": NOT_WHOLE | NOTHING,
            "augment": NO_FUNCTION,
        },
    ),
    "training.GAN.compile": Case(
        lambda **choices: uncompiled_gan().compile(**choices),
        lambda: {"generator_optimizer": adam(), "discriminator_optimizer": adam()},
        {
            "generator_optimizer": NO_FUNCTION | NOTHING,
            "discriminator_optimizer": NO_FUNCTION | NOTHING,
            "generator_loss": NO_FUNCTION | NOTHING,
            "discriminator_loss": NO_FUNCTION | NOTHING,
            "class_loss_weight": NO_WEIGHT | NOTHING,
            "pixel_weight": NO_WEIGHT | NOTHING | st.just(1.0),
        },
    ),
    "training.GAN.fit": trained(gan, None, st.just(np.arange(4))),
    "training.GAN.fit, classes": trained(class_gan, np.arange(4) % 3, NO_CLASS_OF_3),
    "training.GAN.fit, images": trained(image_gan, floats(4, 8, 8, 1), NO_CONDITION_IMAGE),
    "training.GAN.fit, captions": trained(caption_gan, np.array([[0, 6]] * 4), NO_CAPTION),
    "training.GAN.generate": sampled(gan, None, st.just([0, 1, 2, 3])),
    "training.GAN.generate, classes": sampled(class_gan, [0, 1, 2, 0], NO_CLASS_OF_3),
    "training.GAN.generate, images": sampled(image_gan, floats(4, 8, 8, 1), NO_CONDITION_IMAGE),
    "training.GAN.generate, captions": sampled(caption_gan, [[0, 6]] * 4, NO_CAPTION),
    "training.GAN.sample": Case(
        lambda **numbers: gan().sample(**numbers),
        lambda: {"count": 2, "seed": 0},
        {"count": NO_SIZE | NOTHING, "seed": NOT_WHOLE | NOTHING},
    ),
}

# What the functions above ask of their arguments, each with what it must refuse.
CHECKS = {
    "as_array": (checks.as_array, NO_ARRAY | NOTHING),
    "check_alt": (lambda name, value: checks.check_alt(value), NO_TEXT | NOTHING | st.just(" ")),
    "check_class_numbers": (
        lambda name, value: checks.check_class_numbers(value, 4, 10, name),
        NO_CLASSES,
    ),
    "check_dropout": (lambda name, value: checks.check_dropout(value), NO_SHARE | NOTHING),
    "check_flag": (checks.check_flag, NO_NUMBERS.filter(lambda flag: flag is not True)),
    "check_function": (
        lambda name, value: checks.check_function(name, value, "of one number"),
        NO_FUNCTION | NOTHING,
    ),
    "check_image_shape": (lambda name, value: checks.check_image_shape(value), NO_SHAPE),
    "check_image_shape, halved": (lambda name, value: checks.check_image_shape(value, 8), HALVED),
    "check_model_range": (
        lambda name, value: checks.check_model_range(value, name),
        NO_MODEL_RANGE | NOTHING,
    ),
    "check_name": (
        lambda name, value: checks.check_name(name, value, ["cat", "dog"]),
        NO_NAME | NOTHING,
    ),
    "check_number, a rate": (
        lambda name, value: checks.check_number(name, value, above=0),
        NO_RATE | NOTHING,
    ),
    "check_number, a weight": (
        lambda name, value: checks.check_number(name, value, 0),
        NO_WEIGHT | NOTHING,
    ),
    "check_number, a share": (
        lambda name, value: checks.check_number(name, value, 0, below=1),
        NO_SHARE | NOTHING,
    ),
    "check_path": (checks.check_path, NO_PATH | NOTHING),
    "check_pixels": (lambda name, value: checks.check_pixels(value, (), name), NO_PIXELS | NOTHING),
    "check_sizes": (lambda name, value: checks.check_sizes(**{name: value}), NO_SIZE | NOTHING),
    "check_text": (checks.check_text, NO_TEXT),
    "check_texts": (
        lambda name, value: checks.check_texts(name, value, 3, "frames"),
        OBJECTS.filter(lambda value: not isinstance(value, np.ndarray))
        | st.sampled_from(["abc", ["a"], 5]),
    ),
    "check_training_images": (
        lambda name, value: checks.check_training_images(value, name),
        NO_MODEL_RANGE | NOTHING | st.just(np.abs(floats(32, 8, 8, 1))),
    ),
    "check_whole": (lambda name, value: checks.check_whole(name, value, 0), NOT_WHOLE | NOTHING),
    "check_whole, up to 10": (
        lambda name, value: checks.check_whole(name, value, most=10),
        NO_SIZE | st.just(11),
    ),
}

# Public, but not for data from outside, or checked elsewhere.
NOT_HERE = {
    "callbacks": None,  # tests/test_callbacks.py
    "captions": {"Reading"},  # a result
    "checkpoints": None,  # files; tests/test_checkpoints.py
    "checks": None,  # the checks themselves
    # Written in the module itself, results, called by try_on, or parts of doctor.
    "clinic": {"Look", "Remedy", "Ruler", "SickGame", "Trial", "real_case"}
    | {"update_discriminator", "update_generator"}
    | {"Curves", "Finding", "Patient", "Report", "diagnose"},
    "contracts": None,  # asked by GAN
    "guards": None,  # tests/test_keras_calls.py
    "data": {"Dataset", "read_complete"},  # files: tests/test_data.py
    "doctor": {"Finding", "Report"},  # results
    "forge": None,  # tests/test_forge.py
    "exercises": None,  # tests/test_exercises.py
    "grading": None,  # files; tests/test_grader.py
    "latents": {"Inversion"},
    "losses": {"check_loss"},  # tests/test_keras_calls.py
    # Checked in tests/test_metrics.py and tests/test_studio.py.
    "extractors": None,
    "photo_features": None,
    "studio": None,
    "metrics": {"InceptionExtractor", "KernelDistance", "PrecisionAndRecall", "inception_weights"}
    | {"PhotoExtractor", "RotationExtractor", "UntrainedExtractor"},
    "models": {
        "RandomShift",
        "downsampling_block",
        "small_normal",
        "upsampling_block",
    },  # parts of networks
    "pictures": {
        "check_labels",
        "magnify",
        "picture_figure",
        "plot_rows",  # tests/test_plots.py
        "plot_training",
        "shown_scale",
        "still_png",
        "to_png",
    },  # parts
    # Checked by PointGAN, results, or checked in tests/test_playground.py.
    "playground": {
        "GameError",
        "Loss",
        "Mission",
        "Moment",
        "Preset",
        "Settings",
        "Update",
    },
    "plots": {"LessonAxes", "few_colours_png"},
    "profiles": None,  # any value will do; tests/test_profiles.py
    "runtime": {
        "BaseModel",
        "DatasetError",
        "check_file",
        "copied",
        "fastest_dtype_policy",
        "file_sha256",
        "is_finite",
    }
    | {"check_settings", "keras_home", "mend_streams", "print_any_character"}  # take nothing
    # Parts of checkpoints: tests/test_checkpoints.py
    | {"is_running", "own_name", "remove_leftovers", "remove_whole", "take_name", "unfinished"}
    | {"without_owner"}
    | {
        "read_arrays",
        "read_sums",
        "replacing",
        "scaled_for_float16",
        "verified_path",
    }
    | {"write_sums"},  # files: tests/test_data.py; parts of GAN: tests/test_training.py
    "widgets": {"AccessibleNames", "FigureWithSliders", "TitledImage", "WidgetWithStill"}
    | {"make_sliders", "with_still"},
}


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """What is written goes into an empty folder."""
    before, folder = os.getcwd(), tmp_path_factory.mktemp("written")
    os.chdir(folder)
    yield folder
    os.chdir(before)


@pytest.fixture(scope="module", autouse=True)
def built_before():
    """Networks that are drawn: building one takes random numbers, which no draw may do."""
    for build in (generator, discriminator, digit_generator, trial):
        build()


def test_no_public_function_is_forgotten():
    found = set()
    for module in pkgutil.iter_modules(gan_helpers.__path__):
        left_out = NOT_HERE.get(module.name, set())
        if left_out is None:
            continue
        content = importlib.import_module(f"gan_helpers.{module.name}")
        public = {name for name in content.__all__ if callable(getattr(content, name))}
        assert left_out <= public, module.name
        found |= {f"{module.name}.{name}" for name in public - left_out}
    assert found == {".".join(name.split(",")[0].split(".")[:2]) for name in CASES}


GAMES = {"clinic.measure_all"}  # plays them; so does tests/test_clinic.py


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.long] if name in GAMES else [], id=name)
        for name in CASES
    ],
)
def test_valid_input_is_taken(name):
    CASES[name].call(**CASES[name].right())


def refuse_in_words(call, *arguments, **named):
    with pytest.raises((TypeError, ValueError)) as refused:
        call(*arguments, **named)
    assert len(str(refused.value).split()) >= FEWEST_WORDS, refused.value


def refuses_arguments(folder, case, draws, kinds):
    """Each argument in turn is wrong in each of its kinds; nothing is left in the folder."""
    right = case.right()
    there = sorted(folder.iterdir())
    for argument, wrong in case.wrong.items():
        for kind in kinds(wrong):
            refuse_in_words(case.call, **right | {argument: draws.draw(kind, label=argument)})
    assert sorted(folder.iterdir()) == there


@pytest.mark.parametrize(
    ("shape", "channels"),
    [
        ((2, 8, 8), (1, 3)),
        ((2, 8, 8, 4), (1, 3)),
        ((2, 8, 8, 4), (3,)),
        ((2, 8, 8, 2), (1, 3)),
        ((2, 8, 8, 3), (1,)),
        ((2, 8, 8, 1), (3,)),
        ((2, 3, 8, 8), (1, 3)),
    ],
)
def test_what_is_told_about_a_wrong_shape_mends_it(shape, channels):
    images = np.zeros(shape, np.uint8)
    with pytest.raises(ValueError, match="it must be") as caught:
        checks.check_pixels(images, channels)
    told = re.search(r" with ((?:images|numpy).*?)(?: \(|\.$)", str(caught.value))[1]
    assert len(checks.check_pixels(eval(told, {"images": images, "numpy": np}), channels)) == 2


def test_frames_with_an_alpha_channel_are_told_how_to_lose_it():
    with pytest.raises(ValueError, match=r"Drop the alpha channel with frame\[\.\.\., :3\]"):
        pictures.filmstrip([np.zeros((8, 8, 4), np.uint8)], alt="x")


def test_no_check_is_forgotten():
    parts = {
        "check_extremes",
        "check_shares",  # tests/test_studio.py
        "check_some_dark",
        "check_whole_numbers",
        "describe",
        "find_named",
    } | {"pixel_remedy", "shape_remedy"}
    assert {name.split(",")[0] for name in CHECKS} | parts == set(checks.__all__)


@pytest.mark.parametrize("name", CHECKS)
@MANY
@given(draws=st.data())
def test_a_check_refuses_garbage_in_words(name, draws):
    check, wrong = CHECKS[name]
    refuse_in_words(check, "thing", draws.draw(wrong))


@pytest.mark.parametrize("name", CASES)
@ONE
@given(draws=st.data())
def test_a_function_refuses_each_kind_of_garbage(folder, name, draws):
    # What stands between the | of a strategy.
    refuses_arguments(folder, CASES[name], draws, lambda wrong: wrong.branches)


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
@SOME
@given(draws=st.data())
def test_a_function_refuses_garbage_drawn_at_random(folder, name, draws):
    refuses_arguments(folder, CASES[name], draws, lambda wrong: [wrong])

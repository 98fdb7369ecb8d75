"""Builders of the course's networks: plain Keras layers, nothing hidden.

Every generator maps latents ``(batch, latent_dim)`` to images in [-1, 1], shape
``(batch, *image_shape)``. Every discriminator maps images in [-1, 1] to logits ``(batch, 1)``:
a score before the sigmoid, positive for "real".
"""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gan_helpers.quiet  # noqa: F401 - before Keras loads TensorFlow
from gan_helpers.blocks import (
    check_dropout,
    check_image_shape,
    check_model,
    downsampling_block,
    small_normal,
    upsampling_block,
)
from gan_helpers.checks import (
    check_name,
    check_number,
    check_path,
    check_sizes,
    check_whole,
    describe,
)
from gan_helpers.dataset_files import read_sums, verified_path
from gan_helpers.precision import dtype_policy
from gan_helpers.remedies import MinibatchDeviation
from gan_helpers.untrusted import MOST_BYTES, read_arrays

import keras
import numpy as np
from keras import layers, ops

__all__ = [
    "build_caption_discriminator",
    "build_caption_generator",
    "build_classifier",
    "build_conditional_generator",
    "build_dcgan_discriminator",
    "build_dcgan_generator",
    "build_dense_discriminator",
    "build_dense_generator",
    "build_point_discriminator",
    "build_point_generator",
    "build_pretrained",
    "build_projection_discriminator",
    "build_text_encoder",
    "load_pretrained",
    "load_training_log",
    "load_training_stages",
    "load_weights",
    "save_weights",
    "shipped_weights",
]

WEIGHTS = Path(__file__).resolve().parent.parent / "data" / "weights"
REMEDY = "Restore the file with `git checkout -- data`."
LOGS = ("dcgan", "conditional", "scarce")
STAGE = re.compile(r"(\w+)_stage_(\d+)\.npz")


def build_dense_generator(
    latent_dim: int = 64, image_shape: tuple[int, int, int] = (28, 28, 1), width: int = 128
) -> keras.Sequential:
    """A generator of dense layers: latents -> width -> 2 width -> pixels.

    Args:
        latent_dim: length of one latent vector.
        image_shape: (height, width, channels) of the images.
        width: units of the first hidden layer; the second has twice as many.

    Returns:
        A built model from ``(batch, latent_dim)`` to ``(batch, *image_shape)`` in [-1, 1].

    Raises:
        ValueError: if a size is not a positive whole number.
    """
    latent_dim, width = check_sizes(latent_dim=latent_dim, width=width)
    image_shape = check_image_shape(image_shape)
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(width),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dense(2 * width),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dense(math.prod(image_shape), activation="tanh"),
            layers.Reshape(image_shape),
        ],
        name="generator",
    )


def build_dense_discriminator(
    image_shape: tuple[int, int, int] = (28, 28, 1), width: int = 128
) -> keras.Sequential:
    """A discriminator of dense layers: pixels -> 2 width -> width -> one logit.

    Dropout keeps it from learning the training images by heart.

    Args:
        image_shape: (height, width, channels) of the images.
        width: units of the second hidden layer; the first has twice as many.

    Returns:
        A built model from ``(batch, *image_shape)`` in [-1, 1] to logits ``(batch, 1)``.

    Raises:
        ValueError: if a size is not a positive whole number.
    """
    (width,) = check_sizes(width=width)
    image_shape = check_image_shape(image_shape)
    return keras.Sequential(
        [
            keras.Input(image_shape),
            layers.Flatten(),
            layers.Dense(2 * width),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dropout(0.3),
            layers.Dense(width),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dropout(0.3),
            layers.Dense(1),
        ],
        name="discriminator",
    )


def build_point_generator(
    latent_dim: int = 2, width: int = 32, hidden_layers: int = 2, seed: int = 0
) -> keras.Sequential:
    """A generator of points in the plane: latents -> hidden dense layers -> two coordinates.

    Args:
        latent_dim: length of one latent vector.
        width: units of each hidden layer.
        hidden_layers: number of hidden layers.
        seed: seed of the first weights.

    Returns:
        A built model from ``(batch, latent_dim)`` to ``(batch, 2)``, without limits.

    Raises:
        ValueError: if a size is not a positive whole number.
    """
    latent_dim, width, hidden_layers = check_sizes(
        latent_dim=latent_dim, width=width, hidden_layers=hidden_layers
    )
    parts = _dense_layers(width, hidden_layers, 2, seed)
    return keras.Sequential([keras.Input((latent_dim,)), *parts], name="generator")


def build_point_discriminator(
    width: int = 32,
    hidden_layers: int = 2,
    seed: int = 0,
    *,
    packed: int = 1,
    dropout: float = 0.0,
    weight_penalty: float = 0.0,
    minibatch_statistics: bool = False,
) -> keras.Sequential:
    """A discriminator of points in the plane: coordinates -> hidden dense layers -> one logit.

    Args:
        width: units of each hidden layer.
        hidden_layers: number of hidden layers.
        seed: seed of the first weights.
        packed: points that are judged together, see ``remedies.pack``.
        dropout: share of the hidden units that each training step leaves out.
        weight_penalty: factor of the sum of squared kernel weights, an L2 regularizer.
        minibatch_statistics: whether the last layer is told how much the points of the batch
            differ, see ``remedies.MinibatchDeviation``.

    Returns:
        A built model from ``(batch, 2 * packed)`` to logits ``(batch, 1)``.

    Raises:
        ValueError: if a size is not a positive whole number, dropout is outside [0, 1), or the
            penalty is negative.
    """
    width, hidden_layers, packed = check_sizes(
        width=width, hidden_layers=hidden_layers, packed=packed
    )
    check_dropout(dropout)
    check_number("weight_penalty", weight_penalty, 0)
    regularizer = keras.regularizers.L2(weight_penalty) if weight_penalty else None
    *hidden, last = _dense_layers(width, hidden_layers, 1, seed, regularizer)
    parts = [keras.Input((2 * packed,))]
    for layer in hidden:
        parts += [layer, layers.Dropout(dropout, seed=seed)] if dropout else [layer]
    if minibatch_statistics:
        parts.append(MinibatchDeviation())
    return keras.Sequential([*parts, last], name="discriminator")


def build_dcgan_generator(
    latent_dim: int = 64, image_shape: tuple[int, int, int] = (32, 32, 3), width: int = 64
) -> keras.Sequential:
    """The DCGAN generator: latents -> a small stack of maps -> three doublings -> an image.

    Kernel 4 with stride 2 is divisible, so the transposed convolutions overlap evenly.
    Source: Radford et al. 2016, "Unsupervised Representation Learning with DCGANs".

    Args:
        latent_dim: length of one latent vector.
        image_shape: (height, width, channels); height and width divisible by 8.
        width: channels of the last hidden block; earlier blocks have 2 and 4 times as many.

    Returns:
        A built model from ``(batch, latent_dim)`` to ``(batch, *image_shape)`` in [-1, 1].

    Raises:
        ValueError: if a size is not a positive whole number or not divisible by 8.
    """
    latent_dim, width = check_sizes(latent_dim=latent_dim, width=width)
    height, columns, channels = check_image_shape(image_shape, divisible_by=8)
    first_shape = (height // 8, columns // 8, 4 * width)
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(math.prod(first_shape), use_bias=False, kernel_initializer=small_normal()),
            layers.Reshape(first_shape),
            layers.BatchNormalization(),
            layers.ReLU(),
            *upsampling_block(2 * width),
            *upsampling_block(width),
            layers.Conv2DTranspose(
                channels,
                kernel_size=4,
                strides=2,
                padding="same",
                kernel_initializer=small_normal(),
            ),
            # Pixels and logits in full precision, also where the policy is mixed_bfloat16.
            layers.Activation("tanh", dtype="float32"),
        ],
        name="generator",
    )


def build_dcgan_discriminator(
    image_shape: tuple[int, int, int] = (32, 32, 3),
    width: int = 32,
    dropout: float = 0.0,
    classes: int = 1,
) -> keras.Sequential:
    """The DCGAN discriminator: three halvings of the image, then one logit, or one a class.

    The first block has no BatchNormalization, so the discriminator sees the image's own
    brightness. Call it separately on real and on fake images: in one batch the shared
    statistics would tell which is which.
    Source: Radford et al. 2016.

    Args:
        image_shape: (height, width, channels); height and width divisible by 8.
        width: channels of the first block; later blocks have 2 and 4 times as many.
        dropout: share of the features that is switched off after each block while training, in
            [0, 1). It helps against learning a few thousand images by heart, and costs speed.
        classes: number of logits. With more than one, ``GAN`` has the discriminator learn the
            classes of the real images too.

    Returns:
        A built model from ``(batch, *image_shape)`` in [-1, 1] to logits ``(batch, classes)``.

    Raises:
        ValueError: if a size is not a positive whole number or not divisible by 8, or dropout is
            outside [0, 1).
    """
    width, classes = check_sizes(width=width, classes=classes)
    image_shape = check_image_shape(image_shape, divisible_by=8)
    check_dropout(dropout)
    return keras.Sequential(
        [
            keras.Input(image_shape),
            *downsampling_block(width, dropout, normalize=False),
            *downsampling_block(2 * width, dropout),
            *downsampling_block(4 * width, dropout),
            layers.Flatten(),
            layers.Dense(classes, kernel_initializer=small_normal(), dtype="float32"),
        ],
        name="discriminator",
    )


def build_conditional_generator(
    latent_dim: int = 64,
    classes: int = 10,
    image_shape: tuple[int, int, int] = (32, 32, 3),
    width: int = 64,
) -> keras.Model:
    """The DCGAN generator that is told which class to make.

    After each normalization the class sets the spread and the mean of every map. Appended to the
    latents instead, it drowns them: all images of a class become one.
    Source: de Vries et al. 2017, "Modulating Early Visual Processing by Language"; in a GAN,
    Miyato and Koyama 2018.

    Args:
        latent_dim: length of one latent vector.
        classes: number of classes.
        image_shape: (height, width, channels); height and width divisible by 8.
        width: channels of the last hidden block; earlier blocks have 2 and 4 times as many.

    Returns:
        A built model from ``[latents, labels]``, shapes ``(batch, latent_dim)`` and ``(batch,)``,
        to ``(batch, *image_shape)`` in [-1, 1].

    Raises:
        ValueError: if a size is not a positive whole number or not divisible by 8.
    """
    latent_dim, classes = check_sizes(latent_dim=latent_dim, classes=classes)
    labels = keras.Input((), dtype="int32", name="labels")
    plain = build_dcgan_generator(latent_dim, image_shape, width)
    return _tell_generator(
        plain,
        labels,
        lambda channels, start: layers.Embedding(classes, channels, start)(labels),
    )


def build_projection_discriminator(
    image_shape: tuple[int, int, int] = (32, 32, 3),
    classes: int = 10,
    width: int = 32,
    dropout: float = 0.0,
) -> keras.Model:
    """The DCGAN discriminator that judges an image and its class together.

    The logit is w . h + e(class) . h for the features h of the image: one sum says whether the
    image looks real, the other whether it looks like this class.
    Source: Miyato and Koyama 2018, "cGANs with Projection Discriminator", equation 3; there the
    features are summed over the places of the map, here each place has its own weights.

    Args:
        image_shape: (height, width, channels); height and width divisible by 8.
        classes: number of classes.
        width: channels of the first block; later blocks have 2 and 4 times as many.
        dropout: as for ``build_dcgan_discriminator``.

    Returns:
        A built model from ``[images, labels]``, shapes ``(batch, *image_shape)`` and ``(batch,)``,
        to logits ``(batch, 1)``.

    Raises:
        ValueError: if a size is not a positive whole number or not divisible by 8, or dropout is
            outside [0, 1).
    """
    (classes,) = check_sizes(classes=classes)
    labels = keras.Input((), dtype="int32", name="labels")
    plain = build_dcgan_discriminator(image_shape, width, dropout)
    return _tell_discriminator(
        plain, labels, lambda size: layers.Embedding(classes, size, small_normal())(labels)
    )


def build_text_encoder(vocabulary: int, words: int = 5, size: int = 64) -> keras.Model:
    """A small reader: numbers of words -> one vector each -> one vector for the caption.

    A GRU reads the words in their order, so "a blue seven on yellow" and "a yellow seven on blue"
    differ; a mean of the words' vectors would not.
    Source: Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder".

    Args:
        vocabulary: number of different words.
        words: words of a caption.
        size: length of the vectors.

    Returns:
        A built model from int32 ``(batch, words)`` to ``(batch, size)``, each number in (-1, 1).

    Raises:
        ValueError: if a size is not a positive whole number.
    """
    vocabulary, words, size = check_sizes(vocabulary=vocabulary, words=words, size=size)
    return keras.Sequential(
        [
            keras.Input((words,), dtype="int32"),
            # Keras starts such vectors near 0. All captions would begin as nearly the same code,
            # and the networks would need long to hear a word.
            layers.Embedding(vocabulary, size, keras.initializers.RandomNormal(stddev=1.0)),
            # Unrolled: a few words cost less as plain steps than as a loop.
            layers.GRU(size, unroll=True),
        ],
        name="text_encoder",
    )


def build_caption_generator(
    latent_dim: int,
    encoder: keras.Model,
    image_shape: tuple[int, int, int] = (32, 32, 3),
    width: int = 64,
) -> keras.Model:
    """The DCGAN generator that is told what to make in words.

    As in ``build_conditional_generator``, but spread and mean of each map are linear functions of
    the encoded caption instead of rows of a table.

    Args:
        latent_dim: length of one latent vector.
        encoder: such as ``build_text_encoder`` makes; it becomes part of the generator and learns
            with it, so give each network one of its own.
        image_shape: (height, width, channels); height and width divisible by 8.
        width: channels of the last hidden block; earlier blocks have 2 and 4 times as many.

    Returns:
        A built model from ``[latents, captions]``, shapes ``(batch, latent_dim)`` and ``(batch,
        words)``, to ``(batch, *image_shape)`` in [-1, 1].

    Raises:
        TypeError: if the encoder is no Keras model.
        ValueError: if a size is not a positive whole number or not divisible by 8, or the encoder
            does not make one vector of each caption.
    """
    _check_encoder(encoder)
    captions = keras.Input(encoder.input_shape[1:], dtype="int32", name="captions")
    code = encoder(captions)
    plain = build_dcgan_generator(latent_dim, image_shape, width)
    return _tell_generator(
        plain,
        captions,
        lambda channels, start: layers.Dense(
            channels, kernel_initializer=small_normal(), bias_initializer=start
        )(code),
    )


def build_caption_discriminator(
    encoder: keras.Model,
    image_shape: tuple[int, int, int] = (32, 32, 3),
    width: int = 32,
    dropout: float = 0.0,
) -> keras.Model:
    """The DCGAN discriminator that judges an image and its caption together.

    As in ``build_projection_discriminator``, with a linear function of the encoded caption in the
    place of the class's vector.

    Args:
        encoder: such as ``build_text_encoder`` makes; another one than the generator's.
        image_shape: (height, width, channels); height and width divisible by 8.
        width: channels of the first block; later blocks have 2 and 4 times as many.
        dropout: as for ``build_dcgan_discriminator``.

    Returns:
        A built model from ``[images, captions]`` to logits ``(batch, 1)``.

    Raises:
        TypeError: if the encoder is no Keras model.
        ValueError: if a size is not a positive whole number or not divisible by 8, dropout is
            outside [0, 1), or the encoder does not make one vector of each caption.
    """
    _check_encoder(encoder)
    captions = keras.Input(encoder.input_shape[1:], dtype="int32", name="captions")
    code = encoder(captions)
    plain = build_dcgan_discriminator(image_shape, width, dropout)
    return _tell_discriminator(
        plain,
        captions,
        lambda size: layers.Dense(size, use_bias=False, kernel_initializer=small_normal())(code),
    )


def build_classifier(
    image_shape: tuple[int, int, int] = (32, 32, 3), classes: int = 10, width: int = 32
) -> keras.Sequential:
    """A small convolutional classifier; its features serve ``gan_helpers.metrics``.

    Convolutions of kernel 3, three halvings by the maximum, then the maximum over what is left.

    Args:
        image_shape: (height, width, channels); height and width divisible by 8.
        classes: number of logits.
        width: channels of the first block; later ones have 2, 4 and 6 times as many.

    Returns:
        A built model from images in [-1, 1] to logits ``(batch, classes)``. The output of its
        layer ``"features"`` has shape ``(batch, 6 * width)``.

    Raises:
        ValueError: if a size is not a positive whole number or not divisible by 8.
    """
    classes, width = check_sizes(classes=classes, width=width)
    image_shape = check_image_shape(image_shape, divisible_by=8)
    return keras.Sequential(
        [
            keras.Input(image_shape),
            *_normalized_convolution(width),
            *_halving_stage(2 * width),
            *_halving_stage(4 * width),
            *_halving_stage(6 * width),
            layers.GlobalMaxPooling2D(name="features", dtype="float32"),
            # Small logits at the start keep the first steps calm.
            layers.Rescaling(0.125, dtype="float32"),
            layers.Dense(classes, use_bias=False, dtype="float32"),
        ],
        name="classifier",
    )


def save_weights(model: keras.Model, path: str | Path) -> Path:
    """Store a model's weights as float16 arrays, for shipping; half the size of float32.

    Args:
        model: a built model.
        path: where to write; must end in ``.npz``. Missing folders are made.

    Returns:
        The path.

    Raises:
        TypeError: if it is no Keras model, or no path.
        ValueError: if the model has no weights yet, the path ends otherwise, or a weight is not
            finite or too large for float16; then nothing is written.
    """
    check_model("model", model)
    path = check_path("path", path)
    if path.suffix != ".npz":
        raise ValueError(f"The path {str(path)!r} must end in '.npz', the format that is written.")
    if not model.weights:
        raise ValueError("The model has no weights, so there is nothing to store.")
    arrays = [np.asarray(ops.convert_to_numpy(weight.value)) for weight in model.weights]
    # NaN fails this comparison too.
    if not all((np.abs(array) <= np.finfo(np.float16).max).all() for array in arrays):
        raise ValueError(
            "A weight is NaN, infinite or beyond 65504, the largest number of float16. A network "
            "like this has diverged: look at its losses."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path, **{f"weight_{i:03d}": array.astype("float16") for i, array in enumerate(arrays)}
    )
    return path


def load_weights(model: keras.Model, path: str | Path) -> keras.Model:
    """Load what ``save_weights`` stored into a model of the same architecture; return the model.

    Raises:
        FileNotFoundError: if there is no such file.
        TypeError: if it is no Keras model, or no path.
        ValueError: if the file is damaged, holds no floats, or they do not fit the model, which
            then stays as it was.
    """
    check_model("model", model)
    path = check_path("path", path)
    if not path.is_file():
        raise FileNotFoundError(
            f"There are no weights at {path}. Restore the file with `git checkout -- data`, or "
            "train it with the scripts named in data/README.md."
        )
    expected = [tuple(weight.shape) for weight in model.weights]
    model_bytes = sum(4 * math.prod(shape) for shape in expected)
    stored = read_arrays(path, most_bytes=MOST_BYTES + 2 * model_bytes)
    arrays = [stored[name] for name in sorted(stored)]
    if [array.shape for array in arrays] != expected or any(a.dtype.kind != "f" for a in arrays):
        raise ValueError(
            f"{path} does not fit this model: {len(arrays)} arrays against {len(expected)} "
            "weights, or other shapes. Build the model with the arguments it was trained with."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        arrays = [array.astype("float32") for array in arrays]
    if not all(np.isfinite(array).all() for array in arrays):
        raise ValueError(f"{path} holds numbers that are not finite. Get the file again.")
    model.set_weights(arrays)
    return model


def build_pretrained(name: str) -> keras.Model:
    """An untrained network with the architecture of a shipped one; names as in PRETRAINED.

    Raises:
        ValueError: if there is no network of this name.
    """
    return PRETRAINED[check_name("network", name, PRETRAINED)]()


def load_pretrained(name: str) -> keras.Model:
    """A network of the course's DCGANs, trained on the complete CIFAR-10 for about an hour.

    Args:
        name: "dcgan_generator", "dcgan_discriminator", "conditional_generator" or
            "conditional_discriminator". The generators are averages over training steps.

    Returns:
        The network in float32, with inputs and outputs as its builder says.

    Raises:
        ValueError: if there is no network of this name.
        DatasetError: if its file is missing or damaged.
    """
    check_name("network", name, PRETRAINED)
    sums = read_sums(WEIGHTS, REMEDY)
    shipped = [known for known in PRETRAINED if f"{known}.npz" in sums]
    if name not in shipped:
        raise ValueError(f"No weights of {name!r} are shipped, only of {', '.join(shipped)}.")
    return _load_shipped(name, f"{name}.npz")


def load_training_stages(name: str = "dcgan") -> dict[int, keras.Model]:
    """The averaged DCGAN generator at eight moments of its training.

    Args:
        name: "dcgan", trained on the complete set, the first stage untrained; or "scarce", trained
            on the first 1,000 images of the sample for long.

    Returns:
        Number of images seen -> generator, in the order of the training.

    Raises:
        ValueError: if there are no stages of this name.
        DatasetError: if a file is missing or damaged.
    """
    matches = map(STAGE.fullmatch, sorted(read_sums(WEIGHTS, REMEDY)))
    found = [match for match in matches if match]
    names = sorted({match[1] for match in found})
    if not isinstance(name, str) or name not in names:
        raise ValueError(
            f"There are no training stages of {describe(name)}, only of {', '.join(names)}."
        )
    return {
        int(match[2]): _load_shipped(f"{name}_generator", match[0])
        for match in found
        if match[1] == name
    }


def load_training_log(name: str) -> dict[str, np.ndarray]:
    """The log of the run that made shipped weights, one number an epoch.

    Args:
        name: "dcgan", "conditional" or "scarce".

    Returns:
        Column -> float array: "epoch", "images_seen", "seconds" of training, the losses and mean
        scores of the epoch, and "distance", the Fréchet distance to the first 5,000 test images of
        as many generated ones ("scarce": to the 1,000 test images of the sample).

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if there is no log of this name.
        DatasetError: if it is damaged.
    """
    check_name("training log", name, LOGS)
    path = WEIGHTS / f"{name}_log.csv"
    if not path.exists():
        raise FileNotFoundError(f"There is no training log at {path}. {REMEDY}")
    path = shipped_weights(path.name)
    columns, *rows = path.read_text(encoding="utf-8").splitlines()
    values = np.loadtxt(rows, delimiter=",", ndmin=2)
    return dict(zip(columns.split(","), values.T, strict=True))


def shipped_weights(name: str) -> Path:
    """The path of a file in data/weights, after its SHA-256 has been checked.

    Raises:
        DatasetError: if it is missing or damaged.
        TypeError: if the name is no text.
    """
    check_path("name", name)
    return verified_path(WEIGHTS, name, read_sums(WEIGHTS, REMEDY), REMEDY)


def _load_shipped(name: str, file: str) -> keras.Model:
    with dtype_policy("float32"):
        return load_weights(build_pretrained(name), shipped_weights(file))


def _dense_layers(
    width: int, hidden_layers: int, outputs: int, seed: int, regularizer: Any = None
) -> list[layers.Layer]:
    """Rectified dense layers whose first weights depend on the seed alone, not on other models."""
    check_whole("seed", seed, 0)
    # Generator and discriminator of one seed must not start with the same numbers.
    seeds = np.random.SeedSequence([seed, outputs]).generate_state(hidden_layers + 1)
    made = [
        layers.Dense(
            width,
            "relu",
            kernel_initializer=keras.initializers.HeNormal(int(number)),
            kernel_regularizer=regularizer,
        )
        for number in seeds[:-1]
    ]
    last = keras.initializers.GlorotUniform(int(seeds[-1]))
    return [
        *made,
        layers.Dense(outputs, kernel_initializer=last, kernel_regularizer=regularizer),
    ]


def _normalized_convolution(channels: int, pool: bool = False) -> list[layers.Layer]:
    return [
        layers.Conv2D(channels, 3, padding="same", use_bias=False),
        *([layers.MaxPooling2D()] if pool else []),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
    ]


def _halving_stage(channels: int) -> list[layers.Layer]:
    return [*_normalized_convolution(channels, pool=True), *_normalized_convolution(channels)]


def _tell_generator(
    plain: keras.Sequential,
    condition: keras.KerasTensor,
    factor: Callable[[int, str], keras.KerasTensor],
) -> keras.Model:
    """The plain generator, but a condition sets spread and mean after each normalization.

    ``factor(channels, start)`` makes of the condition ``(batch, channels)`` numbers that are all
    "ones" or "zeros" at the start.
    """
    latents = maps = plain.inputs[0]
    for layer in plain.layers:
        if isinstance(layer, layers.BatchNormalization):
            maps = _normalize_by_condition(maps, factor)
        else:
            maps = layer(maps)
    return keras.Model([latents, condition], maps, name="generator")


def _normalize_by_condition(
    maps: keras.KerasTensor, factor: Callable[[int, str], keras.KerasTensor]
) -> keras.KerasTensor:
    channels = maps.shape[-1]
    scale, offset = (
        layers.Reshape((1, 1, channels))(factor(channels, start)) for start in ("ones", "zeros")
    )
    maps = layers.BatchNormalization(center=False, scale=False)(maps)
    return layers.Add()([layers.Multiply()([maps, scale]), offset])


def _tell_discriminator(
    plain: keras.Sequential,
    condition: keras.KerasTensor,
    direction: Callable[[int], keras.KerasTensor],
) -> keras.Model:
    """The plain discriminator, plus the product of its features with the condition's direction."""
    images = features = plain.inputs[0]
    *hidden, last = plain.layers
    for layer in hidden:
        features = layer(features)
    match = layers.Dot(axes=1, dtype="float32")([features, direction(features.shape[-1])])
    logits = layers.Add(dtype="float32")([last(features), match])
    return keras.Model([images, condition], logits, name="discriminator")


def _check_encoder(encoder: keras.Model) -> None:
    check_model("encoder", encoder)
    if len(encoder.inputs) != 1 or [
        len(shape) for shape in (encoder.input_shape, encoder.output_shape)
    ] != [2, 2]:
        raise ValueError(
            f"The encoder goes from {encoder.input_shape} to {encoder.output_shape}; it must make "
            "(batch, size) of (batch, words), as those of build_text_encoder do."
        )


PRETRAINED: dict[str, Callable[[], keras.Model]] = {
    "dcgan_generator": lambda: build_dcgan_generator(width=48),
    "dcgan_discriminator": lambda: build_dcgan_discriminator(width=48, classes=10),
    "conditional_generator": lambda: build_conditional_generator(width=48),
    "conditional_discriminator": lambda: build_dcgan_discriminator(width=48, classes=10),
    "scarce_generator": lambda: build_dcgan_generator(width=32),
    "scarce_discriminator": lambda: build_dcgan_discriminator(width=32),
}

"""Weights as small files: those that come with the course, and how others are stored."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gan_helpers.checks import check_name, check_path, describe
from gan_helpers.contracts import check_model
from gan_helpers.models import (
    build_conditional_generator,
    build_dcgan_discriminator,
    build_dcgan_generator,
)
from gan_helpers.runtime import (
    BOX,
    BOX_REMEDY,
    dtype_policy,
    quiet,  # noqa: F401 - before Keras loads TensorFlow
    read_arrays,
    read_sums,
    replacing,
    verified_path,
)
from gan_helpers.studio import build_projected_discriminator, build_studio_generator

import keras
import numpy as np
from keras import ops

__all__ = [
    "build_pretrained",
    "load_pretrained",
    "load_training_log",
    "load_training_stages",
    "load_weights",
    "save_weights",
    "shipped_weights",
]

WEIGHTS = BOX / "weights"
LOGS = ("dcgan", "conditional", "scarce", "studio")
STAGE = re.compile(r"(\w+)_stage_(\d+)\.npz")


def save_weights(model: keras.Model, path: str | Path) -> Path:
    """Store a model's weights as float16 arrays, for shipping; half the size of float32.

    Args:
        model: a built model.
        path: where to write; must end in ``.npz``. Missing folders are made. The file appears
            only when it is complete.

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
    small = (array.astype("float16") for array in arrays)
    named: dict[str, Any] = {f"weight_{i:03d}": array for i, array in enumerate(small)}
    with replacing(path) as unfinished:
        np.savez_compressed(unfinished, **named)
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
        own = path.resolve().is_relative_to(WEIGHTS)
        remedy = BOX_REMEDY if own else f"Those of the course lie in {WEIGHTS}."
        raise FileNotFoundError(f"There are no weights at {path}. {remedy}")
    expected = [tuple(weight.shape) for weight in model.weights]
    stored = read_arrays(path)
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
    """A network of the course, trained on the complete CIFAR-10.

    Args:
        name: "studio_generator" or "studio_discriminator", trained for eight hours on two cores;
            "dcgan_generator" or "conditional_generator", for about one on one core. The generators
            are averages over training steps.

    Returns:
        The network in float32, with inputs and outputs as its builder says.

    Raises:
        ValueError: if there is no network of this name.
        DatasetError: if its file is missing or damaged.
    """
    check_name("network", name, PRETRAINED)
    sums = read_sums(WEIGHTS, BOX_REMEDY)
    shipped = [known for known in PRETRAINED if f"{known}.npz" in sums]
    if name not in shipped:
        raise ValueError(f"No weights of {name!r} are shipped, only of {', '.join(shipped)}.")
    return _load_shipped(name, f"{name}.npz")


def load_training_stages(name: str = "dcgan") -> dict[int, keras.Model]:
    """The averaged generator at some moments of its training.

    Args:
        name: "dcgan", eight moments, the first untrained and the last of ``load_pretrained``;
            "studio", four on the way to what ``load_pretrained`` gives; or "scarce", eight of a
            DCGAN trained on the first 1,000 images of the sample for long.

    Returns:
        Number of images seen -> generator, in the order of the training.

    Raises:
        ValueError: if there are no stages of this name.
        DatasetError: if a file is missing or damaged.
    """
    matches = map(STAGE.fullmatch, sorted(read_sums(WEIGHTS, BOX_REMEDY)))
    found = [match for match in matches if match]
    names = sorted({match[1] for match in found})
    if not isinstance(name, str) or name not in names:
        raise ValueError(
            f"There are no training stages of {describe(name)}, only of {', '.join(names)}."
        )
    kind = "stage" if f"{name}_stage" in PRETRAINED else "generator"
    return {
        int(match[2]): _load_shipped(f"{name}_{kind}", match[0])
        for match in found
        if match[1] == name
    }


def load_training_log(name: str) -> dict[str, np.ndarray]:
    """The log of the run that made shipped weights, one number an epoch or, for "studio", a minute.

    Args:
        name: "dcgan", "conditional", "scarce" or "studio".

    Returns:
        Column -> float array: "images_seen", "seconds" of training, and the losses; "studio" has
        "heads_loss" and "pixels_loss" (0 before there was a discriminator on pixels). The others
        also "epoch", the mean scores of the epoch, and "distance", the Fréchet distance to the
        first 5,000 test images of as many generated ones ("scarce": to the 1,000 test images of
        the sample).

    Raises:
        FileNotFoundError: if the file is missing.
        ValueError: if there is no log of this name.
        DatasetError: if it is damaged.
    """
    check_name("training log", name, LOGS)
    path = WEIGHTS / f"{name}_log.csv"
    if not path.exists():
        raise FileNotFoundError(f"There is no training log at {path}. {BOX_REMEDY}")
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
    return verified_path(WEIGHTS, name, read_sums(WEIGHTS, BOX_REMEDY), BOX_REMEDY)


def _load_shipped(name: str, file: str) -> keras.Model:
    with dtype_policy("float32"):
        return load_weights(build_pretrained(name), shipped_weights(file))


PRETRAINED: dict[str, Callable[[], keras.Model]] = {
    "dcgan_generator": lambda: build_dcgan_generator(width=48),
    "dcgan_discriminator": lambda: build_dcgan_discriminator(width=48, classes=10),
    "conditional_generator": lambda: build_conditional_generator(width=48),
    "conditional_discriminator": lambda: build_dcgan_discriminator(width=48, classes=10),
    "studio_generator": lambda: build_studio_generator(widths=(160, 160, 96, 48)),
    "studio_stage": build_studio_generator,  # before it was made wider
    "studio_discriminator": lambda: build_projected_discriminator(classes=10),
    "scarce_generator": lambda: build_dcgan_generator(width=32),
    "scarce_discriminator": lambda: build_dcgan_discriminator(width=32),
}

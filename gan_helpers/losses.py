"""GAN losses as pure functions of logits: tensors of scores before the sigmoid, any shape.

Each function returns a scalar, the mean over the batch. Working on logits keeps the
logarithms finite: softplus(x) = log(1 + exp(x)) never evaluates log(0), whereas
log(sigmoid(x)) does when the discriminator is sure.

A discriminator loss takes ``(real_logits, fake_logits)``, a generator loss ``(fake_logits)``,
so that any pair can be handed to ``GAN.compile``. What is no float raises a ``TypeError``, and what
has no values or does not fit a ``ValueError``.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeAlias

from gan_helpers.checks import as_array, check_class_numbers, check_function, describe
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import numpy as np
import tensorflow as tf
from keras import ops

Tensor: TypeAlias = Any  # a tensor of the Keras backend or a NumPy array
Arguments = ParamSpec("Arguments")
TRIED = (-0.9, -0.1, 0.3, 1.1, 1.9)
_ARGUMENTS = ("real_logits", "fake_logits")

__all__ = [
    "asked_logit",
    "check_loss",
    "class_loss",
    "discriminator_loss",
    "hinge_discriminator_loss",
    "hinge_generator_loss",
    "least_squares_discriminator_loss",
    "least_squares_generator_loss",
    "minimax_generator_loss",
    "non_saturating_generator_loss",
    "realness",
    "wasserstein_discriminator_loss",
    "wasserstein_generator_loss",
]


def as_floats(name: str, values: Tensor) -> Tensor:
    """The tensor or array of floats, if it is one and not empty.

    A compiled step runs this once, while it is traced; NaN passes, as ``StopOnNaN`` looks for it.

    Raises:
        TypeError: if it holds anything but floats.
        ValueError: if it is empty.
    """
    if not ops.is_tensor(values) and not isinstance(values, keras.KerasTensor | keras.Variable):
        values = as_array(name, values)
    if not keras.backend.is_float_dtype(keras.backend.standardize_dtype(values.dtype)):
        raise TypeError(f"{name} are {values.dtype}; give floats, such as a network's output.")
    # TensorFlow knows tensors of an unknown number of axes.
    if getattr(values.shape, "rank", 0) is not None and 0 in tuple(values.shape):
        raise ValueError(f"{name} have shape {tuple(values.shape)}: give at least one.")
    return values


def check_loss(name: str, loss: Any, arguments: int) -> Callable[..., Tensor]:
    """The loss, if it makes one number of logits: it is tried on a few.

    Args:
        name: of the argument, such as "generator_loss".
        loss: what was given.
        arguments: 1 for a loss of fake logits, 2 for one of real and fake logits.

    Raises:
        TypeError: if it is no function, or fails, or is one of Keras, of truth and prediction.
        ValueError: if it returns anything but one finite number or takes logits for probabilities.
    """
    check_function(name, loss, f"of {' and '.join(_ARGUMENTS[-arguments:])} that returns a scalar")
    if isinstance(loss, keras.losses.Loss) or getattr(loss, "__module__", "").startswith("keras."):
        raise TypeError(
            f"{name} is Keras's {getattr(loss, '__name__', type(loss).__name__)}, which compares a "
            "truth with a prediction; the losses of a GAN are functions of logits. Take one of "
            "gan_helpers.losses, or write a function that calls Keras's with from_logits=True."
        )
    values = []
    for logit in TRIED:
        logits = tf.fill((4, 1), logit)
        try:
            with tf.GradientTape() as tape:
                tape.watch(logits)
                value = loss(*[logits] * arguments)
        except Exception as error:  # whatever somebody's function raises
            raise TypeError(
                f"{name} fails when it is given {arguments} x (4, 1) logits: {error}"
            ) from error
        if not ops.is_tensor(value) or value.shape != ():
            raise ValueError(
                f"{name} returns {describe(value)}; return one number computed from the logits, "
                "the mean over the batch, for example with keras.ops.mean."
            )
        if tape.gradient(value, logits) is None:
            raise ValueError(f"{name} does not depend on the logits, so nothing learns from it.")
        values.append(float(value))
    # Keras's cross-entropy of probabilities cuts off what is none, and so changes between 0 and 1.
    outside = len(set(values[:2])) == len(set(values[3:])) == 1
    if not np.isfinite(values).all() or (outside and len(set(values)) > 1):
        raise ValueError(
            f"{name} is {', '.join(f'{value:.3g}' for value in values)} for logits of "
            f"{', '.join(map(str, TRIED))}: it seems to take them for probabilities. With Keras's "
            "cross-entropies say from_logits=True; in a formula of your own put "
            "keras.ops.sigmoid around the logits."
        )
    return loss


def takes_logits(loss: Callable[Arguments, Tensor]) -> Callable[Arguments, Tensor]:
    """The same loss, with every argument whose name ends in "logits" put through ``as_floats``.

    Keras knows it by its name, so that ``GAN.save`` can write it down.
    """
    signature = inspect.signature(loss)

    @keras.saving.register_keras_serializable("gan_helpers")
    @functools.wraps(loss)
    def checked(*arguments: Arguments.args, **named: Arguments.kwargs) -> Tensor:
        given = signature.bind(*arguments, **named)
        logits = {name: value for name, value in given.arguments.items() if name.endswith("logits")}
        given.arguments.update({name: as_floats(name, value) for name, value in logits.items()})
        return loss(*given.args, **given.kwargs)

    return checked


@takes_logits
def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Binary cross-entropy: -log D(x) - log(1 - D(G(z))), in nats; log 4 when D always says 1/2.

    Source: Goodfellow et al. 2014, "Generative Adversarial Networks", equation 1.

    Example:
        >>> round(float(discriminator_loss(real_logits=[0.0], fake_logits=[0.0])), 3)  # log 4
        1.386
    """
    return ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(fake_logits))


@takes_logits
def non_saturating_generator_loss(fake_logits: Tensor) -> Tensor:
    """-log D(G(z)): large gradients exactly when the discriminator wins; log 2 at D = 1/2.

    Source: Goodfellow et al. 2014, section 3.

    Example:
        >>> [round(float(non_saturating_generator_loss([logit])), 2) for logit in (-5.0, 0.0, 5.0)]
        [5.01, 0.69, 0.01]
    """
    return ops.mean(ops.softplus(-fake_logits))


@takes_logits
def minimax_generator_loss(fake_logits: Tensor) -> Tensor:
    """log(1 - D(G(z))): the generator's half of the value function; -log 2 at D = 1/2.

    Its gradient vanishes when the discriminator is sure that fakes are fake.
    Source: Goodfellow et al. 2014, equation 1.

    Example:
        >>> [round(float(minimax_generator_loss([logit])), 2) for logit in (-5.0, 0.0, 5.0)]
        [-0.01, -0.69, -5.01]
    """
    return -ops.mean(ops.softplus(fake_logits))


@takes_logits
def least_squares_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Half the squared distance of real scores to 1 and fake scores to 0.

    Source: Mao et al. 2017, "Least Squares Generative Adversarial Networks", equation 9.
    """
    return 0.5 * (ops.mean(ops.square(real_logits - 1.0)) + ops.mean(ops.square(fake_logits)))


@takes_logits
def least_squares_generator_loss(fake_logits: Tensor) -> Tensor:
    """Half the squared distance of fake scores to 1.

    Source: Mao et al. 2017, equation 9.
    """
    return 0.5 * ops.mean(ops.square(fake_logits - 1.0))


@takes_logits
def hinge_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Push real logits above 1 and fake logits below -1, then stop caring.

    Source: Lim and Ye 2017, "Geometric GAN"; Miyato et al. 2018, equation 16.

    Example:
        >>> float(hinge_discriminator_loss(real_logits=[1.0, 7.0], fake_logits=[-1.0, -7.0]))
        0.0
    """
    return ops.mean(ops.relu(1.0 - real_logits)) + ops.mean(ops.relu(1.0 + fake_logits))


@takes_logits
def hinge_generator_loss(fake_logits: Tensor) -> Tensor:
    """Raise the fake logits without limit: -D(G(z)).

    Source: Lim and Ye 2017; Miyato et al. 2018, equation 17.
    """
    return -ops.mean(fake_logits)


@takes_logits
def wasserstein_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Mean fake score minus mean real score; needs a Lipschitz discriminator to mean anything.

    Source: Arjovsky et al. 2017, "Wasserstein GAN", equation 2.

    Example:
        >>> float(wasserstein_discriminator_loss(real_logits=[3.0], fake_logits=[1.0]))
        -2.0
    """
    return ops.mean(fake_logits) - ops.mean(real_logits)


@takes_logits
def wasserstein_generator_loss(fake_logits: Tensor) -> Tensor:
    """Raise the critic's mean score of the fakes.

    Source: Arjovsky et al. 2017, algorithm 1.
    """
    return -ops.mean(fake_logits)


@takes_logits
def realness(class_logits: Tensor) -> Tensor:
    """One logit for "real" from one logit for each real class: the log of their summed exponents.

    The discriminator then sorts images into its classes and "fake", whose logit is fixed at 0. The
    sigmoid of the result is the probability of all real classes together.

    Args:
        class_logits: shape ``(batch, classes)``. With a single class the result is that logit.

    Returns:
        Logits of shape ``(batch, 1)`` for any of the losses above.

    Source: Salimans et al. 2016, "Improved Techniques for Training GANs", section 5.

    Example:
        >>> round(float(realness([[0.0, 0.0]])[0, 0]), 3)  # log(1 + 1)
        0.693
    """
    _check_class_logits(class_logits)
    return ops.logsumexp(class_logits, axis=-1, keepdims=True)


@takes_logits
def asked_logit(class_logits: Tensor, labels: Tensor) -> Tensor:
    """Of one logit a class, that of the class which each image should have.

    It says "real and of this class". Where a dense layer makes the logits, it is the inner product
    of the image's features and a learned vector of the class, as in Miyato and Koyama 2018,
    "cGANs with Projection Discriminator".

    Args:
        class_logits: shape ``(batch, classes)``.
        labels: whole numbers ``(batch,)``, from 0 to classes - 1.

    Returns:
        Logits of shape ``(batch, 1)`` for any of the losses above.

    Example:
        >>> ops.convert_to_numpy(asked_logit([[1.0, 5.0], [2.0, 3.0]], labels=[1, 0])).tolist()
        [[5.0], [2.0]]
    """
    _check_class_logits(class_logits, labels)
    return ops.take_along_axis(class_logits, ops.cast(labels, "int32")[:, None], axis=-1)


@takes_logits
def class_loss(class_logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the right class among the real ones, in nats; log 10 for ten equal logits.

    Args:
        class_logits: shape ``(batch, classes)``.
        labels: whole numbers ``(batch,)``, from 0 to classes - 1.

    Source: Salimans et al. 2016, section 5, the supervised part of the loss.

    Example:
        >>> round(float(class_loss([[0.0] * 10], labels=[7])), 3)  # log 10
        2.303
    """
    _check_class_logits(class_logits, labels)
    labels = ops.cast(labels, "int32")
    return ops.mean(
        keras.losses.sparse_categorical_crossentropy(labels, class_logits, from_logits=True)
    )


def _check_class_logits(class_logits: Tensor, labels: Tensor | None = None) -> None:
    shape = tuple(class_logits.shape)
    if len(shape) != 2:
        raise ValueError(f"class_logits have shape {shape}; it must be (batch, classes).")
    if labels is None:
        return
    if not ops.is_tensor(labels) or hasattr(labels, "numpy"):
        check_class_numbers(labels, *shape)
    # In a compiled step the numbers are not known yet.
    elif len(labels.shape) != 1:
        raise ValueError(
            f"labels have shape {tuple(labels.shape)}; it must be (batch,): one class an image."
        )

"""Remedies for GANs that fail, as pure functions and Keras layers, each with its paper.

Some remedies need nothing of ours: noise on what D sees is ``keras.layers.GaussianNoise``, a
penalty on D's weights a ``kernel_regularizer``, forgetting ``keras.layers.Dropout``, two learning
rates are two optimizers. The averaged generator is part of ``training.GAN``.

A penalty is added to the discriminator's loss, times a weight of your choice.

What is no float, and a function or network that is none, raises a ``TypeError``; shapes that do not
fit, and numbers out of range, a ``ValueError``.
"""

from collections.abc import Callable
from typing import Any

from gan_helpers.checks import check_function, check_number, check_whole
from gan_helpers.contracts import check_model
from gan_helpers.losses import Tensor, as_floats, takes_logits
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import tensorflow as tf
from keras import ops

__all__ = [
    "MinibatchDeviation",
    "gradient_penalty",
    "pack",
    "r1_penalty",
    "relativistic_discriminator_loss",
    "relativistic_generator_loss",
    "smoothed_discriminator_loss",
    "unroll",
]


def gradient_penalty(
    discriminator: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, shares: Tensor
) -> Tensor:
    """How far D's slope is from 1 between real and fake: mean of (|dD/dx| - 1)^2.

    For the Wasserstein losses, usually with a weight of 10. D must not have BatchNormalization:
    each sample needs a slope of its own.

    Args:
        discriminator: from samples ``(batch, ...)`` to logits ``(batch, 1)``.
        real: real samples.
        fake: as many generated ones.
        shares: uniform random numbers from 0 to 1, ``(batch, 1, ...)``: where on the line from
            fake (0) to real (1) the slope is taken.

    Source: Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", equation 3.

    Example:
        >>> real, fake, shares = [[1.0], [2.0]], [[3.0], [4.0]], [[0.1], [0.7]]
        >>> round(float(gradient_penalty(lambda x: 3 * x, real, fake, shares)), 6)  # (3 - 1)^2
        4.0
    """
    real, fake = as_floats("real", real), as_floats("fake", fake)
    if tuple(real.shape) != tuple(fake.shape):
        raise ValueError(
            f"real has shape {tuple(real.shape)} and fake {tuple(fake.shape)}; give as many "
            "generated samples as real ones."
        )
    shares = as_floats("shares", shares)
    wanted = (real.shape[0], *[1] * (len(real.shape) - 1))
    if len(shares.shape) != len(wanted) or any(
        None not in (size, other) and size != other
        for size, other in zip(shares.shape, wanted, strict=True)
    ):
        raise ValueError(
            f"shares have shape {tuple(shares.shape)}; it must be {wanted}: one for each sample."
        )
    between = fake + shares * (real - fake)
    squares = _squared_slopes(discriminator, between)
    # Not the root of 0: its slope is infinite.
    return ops.mean(ops.square(ops.sqrt(squares + 1e-12) - 1.0))


def r1_penalty(discriminator: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """How steep D is at real samples: mean of |dD/dx|^2.

    At the equilibrium D must be flat there; with this penalty it can stay so. The paper's weight
    is gamma / 2, with gamma from 0.1 to 10.

    Args:
        discriminator: from samples ``(batch, ...)`` to logits ``(batch, 1)``.
        real: real samples.

    Source: Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?",
    equation 9.

    Example:
        >>> float(r1_penalty(lambda x: 3 * x, real=[[1.0], [2.0]]))  # 3^2
        9.0
    """
    real = as_floats("real", real)
    return ops.mean(_squared_slopes(discriminator, real))


def _squared_slopes(discriminator: Callable[[Tensor], Tensor], samples: Tensor) -> Tensor:
    check_function("discriminator", discriminator, "from samples to logits")
    samples = tf.convert_to_tensor(samples)
    with tf.GradientTape() as tape:
        tape.watch(samples)
        # The sum: each sample's logit depends on that sample alone.
        logits = ops.sum(discriminator(samples))
    slopes = tape.gradient(logits, samples)
    return ops.sum(ops.square(slopes), axis=list(range(1, len(slopes.shape))))


@takes_logits
def smoothed_discriminator_loss(
    real_logits: Tensor, fake_logits: Tensor, target: float = 0.9
) -> Tensor:
    """Cross-entropy in which real samples should score ``target``, not 1.

    A D that is never right to be sure does not grow boundless logits. Only one side is smoothed:
    fakes with a target above 0 would be rewarded for staying where they are.

    Args:
        real_logits: logits of real samples.
        fake_logits: logits of generated ones.
        target: the score that real samples should get, above 0 and at most 1.

    Source: Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.4.
    """
    check_number("target", target, most=1, above=0)
    real_part = target * ops.softplus(-real_logits) + (1 - target) * ops.softplus(real_logits)
    return ops.mean(real_part) + ops.mean(ops.softplus(fake_logits))


@takes_logits
def relativistic_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """D should score each real sample above the fake beside it: softplus(fake - real).

    Only differences of logits count. With ``r1_penalty`` at real and at generated samples (R1 and
    R2) it is the loss of R3GAN.

    Args:
        real_logits: logits of real samples.
        fake_logits: logits of as many generated ones; the two are compared pair by pair.

    Source: Huang et al. 2024, "The GAN is dead; long live the GAN! A Modern Baseline GAN",
    equation 2; Jolicoeur-Martineau 2019, "The relativistic discriminator".

    Example:
        >>> round(float(relativistic_discriminator_loss([5.0], [5.0])), 3)  # log 2
        0.693
    """
    _check_pairs(real_logits, fake_logits)
    return ops.mean(ops.softplus(fake_logits - real_logits))


@takes_logits
def relativistic_generator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """G wants each fake scored above the real sample beside it: softplus(real - fake).

    A loss of both logits, unlike the others for a generator: ``GAN.compile`` does not take it.

    Args:
        real_logits: logits of real samples.
        fake_logits: logits of as many generated ones.

    Source: Huang et al. 2024, equation 2.
    """
    _check_pairs(real_logits, fake_logits)
    return ops.mean(ops.softplus(real_logits - fake_logits))


def _check_pairs(real_logits: Tensor, fake_logits: Tensor) -> None:
    if tuple(real_logits.shape) != tuple(fake_logits.shape):
        raise ValueError(
            f"real_logits have shape {tuple(real_logits.shape)} and fake_logits "
            f"{tuple(fake_logits.shape)}; give as many of both, for they are compared in pairs."
        )


def pack(samples: Tensor, count: int) -> Tensor:
    """Put ``count`` samples side by side, to be judged together.

    A pack of generated samples that are all alike is easily told from a pack of real ones.

    Args:
        samples: ``(batch, features)``; the batch must be a multiple of ``count``.
        count: samples in a pack.

    Returns:
        ``(batch / count, count * features)``.

    Source: Lin et al. 2018, "PacGAN: The power of two samples in generative adversarial networks".

    Example:
        >>> ops.convert_to_numpy(pack([[1.0], [2.0], [3.0], [4.0]], count=2)).tolist()
        [[1.0, 2.0], [3.0, 4.0]]
    """
    count = check_whole("count", count)
    samples = as_floats("samples", samples)
    if len(samples.shape) != 2:
        raise ValueError(f"samples have {len(samples.shape)} axes; give (batch, features).")
    batch, features = samples.shape
    if batch is not None and batch % count:
        raise ValueError(f"{batch} samples cannot be put into packs of {count}.")
    return ops.reshape(samples, (-1, count * features))


@keras.saving.register_keras_serializable("gan_helpers")
class MinibatchDeviation(keras.layers.Layer):
    """Tells each sample how much the samples of its batch differ, as one more feature.

    The feature is the standard deviation over the batch, averaged over all features, the same for
    each sample. A generator that collapses gives itself away by it. Real and generated samples must
    go through D in batches of their own.

    Input ``(batch, features)``, output ``(batch, features + 1)``. Input of another shape raises a
    ``ValueError``.

    Source: Karras et al. 2018, "Progressive Growing of GANs", section 3, after Salimans et al.
    """

    def call(self, inputs: Tensor) -> Tensor:
        if len(inputs.shape) != 2:
            raise ValueError(
                f"samples have shape {tuple(inputs.shape)}; it must be (batch, features). Put "
                "keras.layers.Flatten before this layer."
            )
        variance = ops.var(inputs, axis=0)
        deviation = ops.mean(ops.sqrt(variance + 1e-8))
        column = ops.broadcast_to(deviation, (ops.shape(inputs)[0], 1))
        return ops.concatenate([inputs, column], axis=-1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (*input_shape[:-1], input_shape[-1] + 1)


def unroll(
    discriminator: keras.Model,
    loss: Callable[[Tensor, Tensor], Tensor],
    real: Tensor,
    fake: Tensor,
    steps: int,
    rate: float,
) -> Callable[[Tensor], Tensor]:
    """D as it would be after some steps of learning, as a function that knows how it got there.

    The generator that asks this D for its gradient looks ahead: it sees that D will answer a crowd
    of points at one place. D itself does not change.

    Args:
        discriminator: model from samples to logits, without state such as BatchNormalization's.
        loss: D's loss, function of ``(real_logits, fake_logits)``.
        real: real samples to learn from.
        fake: generated ones; what the function returns depends on them through D's steps too.
        steps: steps of plain gradient descent; 0 gives D as it is.
        rate: their learning rate.

    Returns:
        A function from samples to logits.

    Source: Metz et al. 2017, "Unrolled Generative Adversarial Networks", equations 5 to 9.
    """
    check_model("discriminator", discriminator)
    check_function("loss", loss, "of (real_logits, fake_logits) that returns a scalar")
    real, fake = as_floats("real", real), as_floats("fake", fake)
    check_whole("steps", steps, 0)
    check_number("rate", rate, above=0)
    fixed = [variable.value for variable in discriminator.non_trainable_variables]

    def judge(weights: list[Any], samples: Tensor) -> Tensor:
        logits, _ = discriminator.stateless_call(weights, fixed, samples, training=True)
        return logits

    weights = [tf.identity(variable.value) for variable in discriminator.trainable_variables]
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            value = loss(judge(weights, real), judge(weights, fake))
        gradients = tape.gradient(value, weights)
        weights = [
            weight - rate * gradient for weight, gradient in zip(weights, gradients, strict=True)
        ]
    return lambda samples: judge(weights, samples)

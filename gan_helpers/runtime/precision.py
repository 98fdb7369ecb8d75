"""Which number format trains fastest on this machine."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from gan_helpers.checks import describe
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import tensorflow as tf

__all__ = ["dtype_policy", "fastest_dtype_policy", "scaled_for_float16"]

SIZE = 512  # a product of matrices of this size takes about a millisecond
REPEATS = 7
WORTHWHILE = 1.5  # products must be this many times faster: the rest of a step gains less


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Build the networks of a ``with`` block under a Keras policy; afterwards the old one holds.

    Args:
        name: such as "mixed_bfloat16" or "float32".

    Raises:
        ValueError: if Keras knows no such policy.
    """
    if not isinstance(name, str):
        raise ValueError(f'name is {describe(name)}; give a policy such as "float32".')
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def fastest_dtype_policy() -> str:
    """Name the Keras policy to train with: "mixed_bfloat16" where that is faster, or "float32".

    bfloat16 keeps float32's range with 8 bits of precision; mixed means that weights stay
    float32. Recent processors and GPUs multiply it several times faster, others have to emulate
    it and lose. So the two are timed here, which takes a few hundredths of a second.
    """
    faster = _seconds(tf.float32) > WORTHWHILE * _seconds(tf.bfloat16)
    return "mixed_bfloat16" if faster else "float32"


def scaled_for_float16(
    optimizer: keras.optimizers.Optimizer, network: keras.Model
) -> keras.optimizers.Optimizer:
    """The optimizer; for a network in float16, one that scales the loss, as Keras wraps its own.

    Small gradients are 0 in float16. Source: Micikevicius et al. 2018, "Mixed Precision Training".
    """
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer) or not any(
        layer.compute_dtype == "float16" for layer in network.layers
    ):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


def _seconds(dtype: tf.DType) -> float:
    """Median duration of a matrix product in this format."""
    matrix = tf.ones((SIZE, SIZE), dtype)
    durations = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        # Reading one number waits until the product is done.
        tf.matmul(matrix, matrix)[0, 0].numpy()
        durations.append(time.perf_counter() - start)
    return statistics.median(durations[1:])

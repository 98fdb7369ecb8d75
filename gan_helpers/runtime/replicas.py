"""What training on several devices or machines needs beside the step; one device passes through.

Each replica runs the step on its own part of a batch. Networks, ``augment``, GAN and ``compile``
stand inside the scope of a ``tf.distribute.MirroredStrategy`` or ``MultiWorkerMirroredStrategy``,
the batches outside. Losses and weights are those of one device, to rounding, with three exceptions
that are Keras's: BatchNormalization takes its statistics from one replica's part, unless made with
``synchronized=True``; its moving statistics are then those of the first replica; and dropout and
``augment`` draw alike on all replicas.
"""

from collections.abc import Callable
from typing import Any

from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import tensorflow as tf
from keras import ops

__all__ = ["any_replica", "check_shares", "compile_options", "loggable", "own_part", "share"]


def replica_count() -> int:
    """How many replicas run the step under way."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def own_part(draw: Callable[[Any], tf.Tensor], count: int | tf.Tensor) -> tf.Tensor:
    """Of what ``draw`` makes for the whole batch, the ``count`` rows of this replica.

    All replicas draw alike; each keeps a part of its own.
    """
    replicas = replica_count()
    drawn = draw(replicas * count)
    if replicas == 1:
        return drawn
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    return drawn[replica * count : (replica + 1) * count]


def share(goal: tf.Tensor) -> tf.Tensor:
    """A replica's share of a loss.

    A loss is a mean over the images of one replica, and the optimizers add up the gradients of all:
    with these shares the sum is that of the whole batch.
    """
    return goal / replica_count()


def any_replica(flag: tf.Tensor) -> tf.Tensor:
    """Whether the flag is up on any replica: all must know of it, so that all stop together."""
    if replica_count() == 1:
        return flag
    context, total = tf.distribute.get_replica_context(), tf.distribute.ReduceOp.SUM
    return context.all_reduce(total, ops.cast(flag, "float32")) > 0


def loggable(mean: tf.Tensor) -> tf.Tensor:
    """A running mean as Keras can average it over replicas."""
    # Between machines Keras 3 averages along the first axis, which a scalar has not: its own
    # models fail there (https://github.com/keras-team/keras/issues/20585).
    several = isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy)
    return ops.reshape(mean, (1,)) if several else mean


def compile_options(strategy: tf.distribute.Strategy, options: dict[str, Any]) -> dict[str, Any]:
    """Options for Keras's ``compile`` that suit the devices."""
    several = strategy.num_replicas_in_sync > 1
    # XLA makes a GAN's step two to three times slower on a processor, and pays on a GPU.
    one_gpu = bool(tf.config.list_physical_devices("GPU")) and not several
    # Keras 3 cannot hand several batches at a time to several replicas.
    limits = {"steps_per_execution": 1} if several else {}
    # "auto" leaves out what XLA cannot compile, such as Keras's RandomTranslation.
    return {"jit_compile": "auto" if one_gpu else False} | options | limits


def check_shares(x: Any, replicas: int) -> None:
    """Refuse training data that so many replicas cannot share equally.

    Raises:
        ValueError: if it is no dataset whose batches all have one size that they can share.
    """
    if replicas == 1:
        return
    sizes: set[int | None] = {None}
    if isinstance(x, tf.data.Dataset):
        sizes = {part.shape[0] for part in tf.nest.flatten(x.element_spec)}
    # A replica without images would have losses that are no numbers.
    if any(size is None or size % replicas for size in sizes):
        raise ValueError(
            f"{replicas} replicas must share every batch equally: train on a dataset whose batches "
            f"all have one size divisible by {replicas}, such as image_batches(images, "
            f"batch_size={16 * replicas}, seed=0) makes."
        )

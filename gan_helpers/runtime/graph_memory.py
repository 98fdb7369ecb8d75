"""Let TensorFlow forget the graphs of models that are no more.

Keras's optimizers add up the gradients of all replicas, even of a single one, by a function that
has a gradient of its own. TensorFlow registers such functions, with the whole graph around them,
for the life of the process: every model that was ever trained would stay in memory, and a lesson
that runs three times would hold three of each. A single replica has nothing to add up.

Imported for its effect, after TensorFlow.
"""

from typing import Any

import tensorflow as tf

__all__: list[str] = []

_all_reduce = tf.distribute.ReplicaContext.all_reduce


def _all_reduce_if_several(
    self: tf.distribute.ReplicaContext, reduce_op: Any, value: Any, options: Any = None
) -> Any:
    if self.num_replicas_in_sync == 1:
        return value
    return _all_reduce(self, reduce_op, value, options)


tf.distribute.ReplicaContext.all_reduce = _all_reduce_if_several
